"""What tyro prints, made plain: help as one would write it by hand, refusals as one line."""

import re
import textwrap


def plain_help(text: str) -> str:
    """Help without gaps, None as something to type, defaults of flags, and others' line ends."""
    # As long as before, since texts stand in a column.
    several = r"\{None\}\|\{\[(\S+) \[(\1 )?\.\.\.\]\]\}"
    text = re.sub(several, lambda found: f"[{found[1]} ...]".ljust(len(found[0])), text)
    text = re.sub(r"\{None\}\|(\S+)", r"\1       ", text).replace("{None,", "{")
    text = re.sub(r"\s+\(default:\s+(None|True|False|'')?\)", "", text)
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_reflowed(lines)))


def refusal(text: str) -> str:
    """What is wrong with a flag, out of its frame: title, rule, text, rule, ..."""
    parts = [" ".join(part.split()) for part in re.split(r"^ +-{9,} *$", text, flags=re.MULTILINE)]
    said = [part for part in parts[1:] if part and not part.startswith(("For full", "Argument"))]
    return "; ".join(said) or parts[0]


def _reflowed(lines: list[str]) -> list[str]:
    """The texts of options, wrapped anew.

    tyro ends a line where the docstring in the code ends one that is followed by its
    indentation, and wraps it once more where the terminal is narrower.
    """
    column = next((line.index("show this help") for line in lines if "show this help" in line), 0)
    width = max((len(line) for line in lines if line.strip("- ") == ""), default=0)
    if not column or width - column < MIN_WIDTH:
        return lines
    out: list[str] = []
    text: list[str] = []

    def end() -> None:
        """Wrap what was gathered; its first line goes beside its flag if there is room."""
        wrapped = textwrap.wrap(
            " ".join(text), width - column, break_long_words=False, break_on_hyphens=False
        )
        text.clear()
        if wrapped and out and 0 < len(out[-1]) <= column - 2:
            out[-1] = out[-1].ljust(column) + wrapped.pop(0)
        out.extend(" " * column + line for line in wrapped)

    for line in lines:
        if line and not line[:column].strip():
            text.append(line.strip())
            continue
        end()
        if re.match(r"  \S", line) and line[column - 2 : column] == "  ":
            out.append(line[:column].rstrip())
            text.append(line[column:].strip())
        else:
            out.append(line)
    end()
    return out


MIN_WIDTH = 30
"""Columns of text below which nothing is wrapped anew."""
