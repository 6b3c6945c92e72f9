"""docs/verifiers.md lists the formats that there are, with their aggregation."""

import re
from pathlib import Path

from surefoot.verifiers.formats.catalogue import FORMATS, IMPLICIT
from surefoot.verifiers.formats.served import SERVED_FORMATS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "verifiers.md"


def rows() -> dict[str, list[str]]:
    """Format -> the cells of its row."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 7:
            for name in re.findall(r"`([\w-]+)`", cells[0]):
                found[name + (" (server)" if "(server)" in cells[0] else "")] = cells
    return found


def test_every_format_has_a_row_and_every_row_a_format() -> None:
    assert set(rows()) == {*FORMATS, IMPLICIT, *(f"{name} (server)" for name in SERVED_FORMATS)}


def test_aggregations_are_those_of_the_table() -> None:
    for name, row in FORMATS.items():
        if row.kind == "prm":
            assert rows()[name][5].split()[0] == row.aggregation, name
