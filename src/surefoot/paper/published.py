"""The paper's own figures, to be drawn beside ours (Lightman et al. 2023)."""

FIGURE_3 = {
    "prm": {
        10: 0.67829,
        25: 0.7149,
        50: 0.73368,
        75: 0.74248,
        100: 0.74964,
        200: 0.76042,
        300: 0.76592,
        400: 0.76853,
        500: 0.77148,
        750: 0.77465,
        1000: 0.77632,
        1250: 0.7785,
        1500: 0.77984,
        1860: 0.782,
    },
    "orm": {1860: 0.724},
    "majority": {1860: 0.696},
}
"""Series -> N -> share of the 500 MATH problems solved.

The PRM's as the authors' script logged it, of the others the end of the curve.
"""
DATA_EFFICIENCY = 2.6
"""Section 4.2: how many times fewer ratings active learning needs than uniform labelling."""
TABLE_1 = {"prm": 0.729, "orm": 0.638, "majority": 0.613}
"""Best-of-100 on fresh science and mathematics questions, all exams together."""
