"""Writes the pages that follow from the code: `python docs/make_docs.py`.

`docs/cli.md` is the `--help` of every command; the tree in README.md is the
first line of every module's docstring. `tests/test_docs.py` compares both with
what is on disk.
"""

import ast
import contextlib
import io
import os
from pathlib import Path
from unittest import mock

from surefoot.cli import VERBS, overview, parse

ROOT = Path(__file__).resolve().parent.parent
CLI_PAGE = ROOT / "docs" / "cli.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- tree: make docs -->", "<!-- end of tree -->"
WIDTH = "100"

ROOT_FILES = {
    "CHANGELOG.md": "what changed, in users' words",
    "CONTRIBUTING.md": "layers, vocabulary, how to prove a change",
    "LICENSE": "the licence",
    "Makefile": "install, demo, test, lint, docs",
    "constraints.txt": "the versions everything is tested with",
    "pyproject.toml": "the package and its tools",
}
"""Shown where they exist. Other things in the root are nobody's business."""

CANNOT_SAY = {
    "fsdp2.yaml": "launch configuration of Accelerate for a model in shares",
    "training_killed.svg": "the loss of a PRM, unbroken and killed eight times",
    "demo.svg": "the demo's curves: best-of-N by PRM and ORM, majority voting, any right",
    "report.css": "how the report looks: light, dark, printed",
    "report.html.jinja": "the report's page, filled in by report.py",
}
"""Files in formats whose first line is taken."""

WHOLE = {
    "results": "the figures of results.md",
    "models": "weights that come with the package",
    "static": "the pages of the labelling room, built from page/ by `make page`",
}
"""Folders of one line each."""

LAYERS = (
    "problems",
    "grading",
    "generation",
    "labeling",
    "verifiers",
    "training",
    "search",
    "evaluation",
    "paper",
    "web",
    "commands",
    "models",
)
"""Packages in the order in which they build on each other."""

COMMENT_COLUMN = 44


def cli_page() -> str:
    """The whole of `docs/cli.md`."""
    parts = [
        "# Commands\n\nWritten by `make docs` from `--help`; do not edit.\n",
        f"```\n{overview()}\n```\n",
    ]
    parts += [f"## surefoot {name}\n\n```\n{help_text(name)}\n```\n" for name in VERBS]
    return "\n".join(parts)


def help_text(name: str) -> str:
    """What `surefoot NAME --help` prints on a terminal of `WIDTH` columns."""
    shown = io.StringIO()
    with (
        mock.patch.dict(os.environ, {"COLUMNS": WIDTH, "NO_COLOR": "1"}),
        contextlib.redirect_stdout(shown),
        contextlib.suppress(SystemExit),
    ):
        parse(name, ["--help"])
    return shown.getvalue().strip()


def readme() -> str:
    """README.md with the tree of now."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n```\n{tree()}\n```\n{END}{after}"


def tree() -> str:
    """One line a file: root, docs, benchmarks, runs, the package by layers, tests.

    Folders of tests and shipped models get one line each.

    Raises:
        ValueError: A file has no first line to show.
    """
    lines = [_line(0, name, text) for name, text in ROOT_FILES.items() if (ROOT / name).exists()]
    lines += _folder(ROOT / "docs", 0)
    lines += _folder(ROOT / "benchmarks", 0)
    lines += _folder(ROOT / "runs", 0)
    lines.append(_line(0, "page/", "what the pages of the labelling room are built from"))
    package = ROOT / "src" / "surefoot"
    lines.append("src/surefoot/")
    lines += [_described(file, 1) for file in _files(package)]
    for name in LAYERS:
        lines += _folder(package / name, 1)
    lines.append("tests/")
    lines += [_described(file, 1) for file in _files(ROOT / "tests")]
    for folder in sorted(p for p in (ROOT / "tests").iterdir() if p.is_dir()):
        if any(folder.rglob("test_*.py")):
            lines.append(_line(1, f"{folder.name}/", f"of surefoot.{folder.name}"))
    return "\n".join(lines)


def _folder(folder: Path, depth: int) -> list[str]:
    if not folder.is_dir():
        return []
    if folder.name in WHOLE:
        return [_line(depth, f"{folder.name}/", WHOLE[folder.name])]
    init = folder / "__init__.py"
    lines = [_line(depth, f"{folder.name}/", _first_line(init) if init.exists() else "")]
    lines += [_described(file, depth + 1) for file in _files(folder)]
    for inner in sorted(p for p in folder.iterdir() if p.is_dir() and p.name != "__pycache__"):
        lines += _folder(inner, depth + 1)
    return lines


def _files(folder: Path) -> list[Path]:
    return sorted(
        p
        for p in folder.iterdir()
        if p.is_file() and p.name not in ("__init__.py", "py.typed") and not p.name.startswith(".")
    )


def _described(file: Path, depth: int) -> str:
    return _line(depth, file.name, _first_line(file))


def _line(depth: int, name: str, text: str) -> str:
    start = "    " * depth + name
    return f"{start:{COMMENT_COLUMN}} {text}".rstrip()


def _first_line(file: Path) -> str:
    """The first line of a docstring, of a page's heading, or of a comment."""
    if file.name in CANNOT_SAY:
        return CANNOT_SAY[file.name]
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        text = ast.get_docstring(ast.parse(text)) or ""
    lines = (line for line in text.splitlines() if not line.startswith("#!/"))
    first = next((line for line in lines if line.strip()), "")
    first = first.strip().strip("#/*{}<>!- ").removesuffix(".")
    if not first:
        raise ValueError(f"{file}: has no first line that says what it is")
    return first


if __name__ == "__main__":
    CLI_PAGE.write_text(cli_page(), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
