r"""One spelling for what is written in several ways, and the words and signs that mean the same."""

import pytest

from surefoot.grading.judge import judge
from surefoot.grading.spelling import respelled

SAME = [
    # separators of thousands
    ["1234567", "1,234,567", r"1{,}234{,}567", r"1\,234\,567", "1 234 567", r"1,\!234,\!567"],
    # Unicode
    ["x^{12}+1", "x\u00b9\u00b2+1", "\uff58^12\uff0b1"],
    ["10^{-3}", "10\u207b\u00b3", "0.001"],
    [r"x_{12}", "x\u2081\u2082"],
    ["5", "\ufeff5", "5\u200b", "\uff15"],
    [r"-\frac12", "\u2212\u00bd", "-1/2"],
    # repeating decimals
    ["1/3", r"0.\overline{3}", r"0.\bar{3}", "0.(3)", "0.333...", r"0.\dot3", "0.333\u2026"],
    ["7/6", r"1.1\overline{6}", "1.1666..."],
    # what is not seen
    ["5", r"\color{red}{5}", r"\textcolor{blue}{5}", r"5\phantom{0}", r"5\label{a}", r"\large 5"],
    ["(1,2)", r"\left(1,\hspace{2mm}2\right.)", r"\lparen 1,2\rparen"],
    [r"\{1,2\}", r"\lbrace 1,2\rbrace"],
    # endings and tens
    ["5", "5th", "5^{th}", r"5^{\text{th}}", r"5\text{th}"],
    ["1500", "1.5 x 10^3", r"1.5\times10^{3}", "1.5e3"],
    # words
    [
        "(A)",
        "A",
        r"\text{A}",
        "A)",
        "Option A",
        r"\text{choice (A)}",
        r"\textbf{(A)}",
        "(A) 12",
        r"\text{(A) Plane}",
    ],
    ["no solution", r"\emptyset", "No solutions.", r"\text{none}", "DNE"],
    ["northeast", "north-east", "north east", '"Northeast"'],
    ["3:2", "3 to 2", r"3\text{ to }2", "6:4"],
    ["4:30 p.m.", r"4\!:\!30\text{ PM}", "4{:}30 pm", r"\text{4:30 p.m.}", "16:30"],
    ["noon", "12:00 p.m.", r"\text{12 noon}"],
    ["5", "The answer is 5.", r"\text{The answer is }5", "= 5", "Final answer: 5"],
    # units
    ["90 minutes", "1.5 hours", r"1\text{ hour }30\text{ minutes}", "1 hour and 30 min", "1 1/2 h"],
    ["12 m/s", r"12\frac{\text{m}}{\text{s}}", "12 meters per second", r"12\text{ m/s}"],
    ["15 cm^2", "15 sq. cm", r"15\text{ square centimeters}", r"15\,\mathrm{cm}^2", "0.0015 m^2"],
    ["$5.50", r"\$5.50", "5 dollars and 50 cents", "USD 5.50", "550 cents"],
    ["5 million", "5,000,000", r"5\cdot10^6"],
    [r"20^\circ\text{C}", "20 degrees Celsius", r"20\degree C"],
    ["24", "2 dozen"],
    [r"33\frac13\%", "33 1/3 %", r"\frac{100}{3}\%", "1/3"],
    # a coefficient of one
    [r"1\%", "0.01"],
    [r"1^\circ", r"\frac{\pi}{180}"],
    [r"\$1", "1 dollar", "100 cents"],
    [r"\pm1", "1, -1", r"\{-1,1\}"],
    # bases
    ["101_2", r"101_{\text{two}}", "(101)_2", "101 base 2", r"N = 101_{(2)}", "0101_2"],
    [r"\text{FF}_{16}", "FF_{16}", r"\mathrm{FF}_{16}"],
    # infix fractions, vectors, matrices
    [r"\frac{x+1}{2}", r"x+1 \over 2", "(x+1)/2", r"\nicefrac{x+1}{2}"],
    [r"\binom{5}{2}", r"{5 \choose 2}", "10"],
    [r"\langle 1,2\rangle", r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)"],
    [r"\frac12\begin{pmatrix}2\\4\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"],
    [r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", "-2"],
    [r"[[1,2],[3,4]]", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"],
    # names
    ["(x,y)=(1,2)", "x=1, y=2", "y = 2, x = 1"],
    ["f^{-1}(x) = 2x", "2x"],
    [r"P(A \cap B) = \frac12", "0.5"],
    [r"m\angle ABC = 30^\circ", "30"],
    ["xy = 12", r"y = \frac{12}{x}", "xy - 12 = 0"],
    ["3+4i", r"3+4\mathrm{i}", "4i+3"],
]
DIFFERENT = [
    ("(1,000)", "1000"),
    (r"5\phantom{0}", "50"),
    ("0.333...", "0.333"),
    ("0.(3)", "0.3"),
    ("15 cm^2", "15 cm^3"),
    ("1 hour 30 minutes", "1.3 hours"),
    (r"20^\circ\text{C}", r"20^\circ\text{F}"),
    ("xy = 12", r"x = 12y"),
    (r"\frac{x}{y} = 1", "xy = 1"),
    ("x = x", "y = 2x + 1"),
    ("y - y = 0", "x^2 + y^2 = 4"),
    ("x=1, y=2", "(x,y)=(2,1)"),
    ("7 or 5", "(7,5)"),
    (r"\pm 1", "(1,-1)"),
    ("[1,2,3)", "(1,2,3)"),
    (r"x\in\{2,3\}", r"y\in\{2,3\}"),
    (r"\$\frac23 \approx \$1.67", r"\frac23"),
    ("101_2", "101_3"),
    ("(B) or (C)", "(B)"),
    ("(B) 12", "12"),
    ("4:51:07", "4:51:06 p.m."),
    (r"\max(3,4)", "3"),
    (r"1\%", "1.01"),
]


@pytest.mark.parametrize("group", SAME, ids=lambda group: group[0])
def test_spellings_of_one_answer(group: list[str]) -> None:
    for other in group[1:]:
        assert judge(group[0], other).verdict == "correct", other
        assert judge(other, group[0]).verdict == "correct", other


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_what_looks_alike_but_differs(left: str, right: str) -> None:
    assert judge(left, right).verdict == "incorrect"
    assert judge(right, left).verdict == "incorrect"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(1,\\!234)", "(1234)"),
        ("(1,234)", "(1,234)"),
        ("2nd", "2"),
        ("2th", "2th"),
        ("11th", "11"),
        ("1+/-2", r"1\pm 2"),
        ("3.1415...", "3.1415..."),
    ],
)
def test_what_is_respelled(text: str, expected: str) -> None:
    assert respelled(text) == expected
