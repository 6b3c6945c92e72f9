"""Figures of graders on labelled pairs, and the tables that show them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from killable import LIMIT, Reply

Row = Mapping[str, Any]
Figures = dict[str, float]

GROUPS: dict[str, Callable[[Row], bool]] = {
    "main": lambda row: not row["policy"] and row["source"] != "adversarial",
    "real, as the reference": lambda row: _is_real(row) and row["given"] == row["gold"],
    "real, otherwise written": lambda row: _is_real(row) and row["given"] != row["gold"],
    "policy": lambda row: row["policy"] and row["source"] != "adversarial",
    "adversarial": lambda row: row["source"] == "adversarial",
}
"""Which rows a table looks at. A row of the group `adversarial` may be a matter of policy too; its
verdict does not count there, only its time."""

COLUMNS = (
    "grader | false accept | false reject | undecided | errors | slow "
    "| median ms | p99 ms | max ms | pairs/s"
)


def _is_real(row: Row) -> bool:
    return str(row["source"]).startswith("real/") and not row["policy"]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; 0 for none."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[max(-int(-share * len(ranked) // 1), 1) - 1]


def times(replies: Sequence[Reply]) -> Figures:
    """Median, p99, maximum (ms) and pairs a second; a killed pair counts with its limit."""
    seconds = [reply.seconds for reply in replies]
    return {
        "median_ms": 1000 * percentile(seconds, 0.5),
        "p99_ms": 1000 * percentile(seconds, 0.99),
        "max_ms": 1000 * max(seconds, default=0.0),
        "pairs_per_second": len(seconds) / max(sum(seconds), 1e-9),
    }


def figures(rows: Sequence[Row], replies: Sequence[Reply]) -> Figures:
    """Counts and times of one grader on some rows.

    A false accept is an accepted row labelled different, a false reject a row labelled equal
    with the verdict "different". No verdict is neither: undecided, an error or slow.
    """
    judged = [(r, reply) for r, reply in zip(rows, replies, strict=True) if not r["policy"]]
    return {
        "n": len(rows),
        "n_equal": sum(row["expected"] for row, _ in judged),
        "n_different": sum(not row["expected"] for row, _ in judged),
        "false_accepts": sum(bool(reply.equal) and not row["expected"] for row, reply in judged),
        "false_rejects": sum(reply.equal is False and row["expected"] for row, reply in judged),
        "undecided": sum(reply.equal is None and reply.error is None for reply in replies),
        # Some peers stop themselves at the same limit and call the answer wrong.
        "slow": sum(reply.seconds > 0.99 * LIMIT for reply in replies),
        "errors": sum(reply.error not in (None, "slow") for reply in replies),
        **times(replies),
    }


def share(part: float, whole: float) -> str:
    """`12 (3.4 %)`; only the count where there is nothing to divide by."""
    return f"{part:.0f} ({part / whole:.2%})" if whole else f"{part:.0f}"


def group_table(found: Mapping[str, Figures]) -> list[str]:
    """Markdown of one group, a line a grader."""
    lines = [f"| {COLUMNS} |", "|---|" + "---:|" * COLUMNS.count("|")]
    for title, f in found.items():
        cells = [
            title,
            share(f["false_accepts"], f["n_different"]),
            share(f["false_rejects"], f["n_equal"]),
            share(f["undecided"], f["n"]),
            f"{f['errors']:.0f}",
            f"{f['slow']:.0f}",
            f"{f['median_ms']:.3f}",
            f"{f['p99_ms']:.1f}",
            f"{f['max_ms']:.0f}",
            f"{f['pairs_per_second']:,.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def by_category(
    rows: Sequence[Row], replies: Mapping[str, Sequence[Reply]], expected: bool
) -> list[str]:
    """Markdown: of the main rows with that label, how many each grader gets wrong, by category.

    A cell is `wrong+none/n`: rows with the wrong verdict, and rows with none (left out if 0).
    """
    places: dict[str, list[int]] = defaultdict(list)
    for k, row in enumerate(rows):
        if GROUPS["main"](row) and row["expected"] is expected:
            places[row["category"]].append(k)

    def cell(title: str, which: Sequence[int]) -> str:
        wrong = sum(replies[title][k].equal is (not expected) for k in which)
        none = sum(replies[title][k].equal is None for k in which)
        return f"{wrong}+{none}" if none else f"{wrong}"

    ranked = sorted(places, key=lambda name: (-len(places[name]), name))
    lines = [f"| category | n | {' | '.join(replies)} |", "|---|" + "---:|" * (len(replies) + 1)]
    for name in ranked:
        cells = [cell(title, places[name]) for title in replies]
        lines.append(f"| {name} | {len(places[name])} | {' | '.join(cells)} |")
    return lines


def policy_table(rows: Sequence[Row], replies: Mapping[str, Sequence[Reply]]) -> list[str]:
    """Markdown: share accepted of each policy category; the label is in brackets."""
    places: dict[str, list[int]] = defaultdict(list)
    for k, row in enumerate(rows):
        if GROUPS["policy"](row):
            places[f"{row['category']} ({str(row['expected'])[0]})"].append(k)
    lines = [
        f"| policy category (label) | n | {' | '.join(replies)} |",
        "|---|" + "---:|" * (len(replies) + 1),
    ]
    for name in sorted(places, key=lambda name: (-len(places[name]), name)):
        which = places[name]
        cells = [
            f"{sum(bool(r[k].equal) for k in which) / len(which):.0%}" for r in replies.values()
        ]
        lines.append(f"| {name} | {len(which)} | {' | '.join(cells)} |")
    return lines


def changed(forth: Sequence[Reply], back: Sequence[Reply]) -> float:
    """Share of pairs whose verdict is another one when the answers are swapped."""
    pairs = list(zip(forth, back, strict=True))
    return sum(a.equal is not b.equal for a, b in pairs) / max(len(pairs), 1)


def disagreements(
    rows: Sequence[Row], ours: Sequence[Reply], theirs: Sequence[Reply]
) -> list[dict[str, Any]]:
    """The rows outside the adversarial ones on which two graders differ.

    A pair on which theirs gave no verdict (slow or an error) is left out.
    """
    return [
        {**row, "ours": mine.equal, "theirs": other.equal}
        for row, mine, other in zip(rows, ours, theirs, strict=True)
        if row["source"] != "adversarial" and other.error is None and mine.equal is not other.equal
    ]
