"""The surface: sizes of files and functions, and the list of all flags."""

import ast
import dataclasses
from pathlib import Path

import pytest

from surefoot.cli import VERBS, load_config

SRC = Path(__file__).resolve().parent.parent / "src" / "surefoot"
LONGEST_FILE = 400
LONGEST_FUNCTION = 80
FILES = sorted(SRC.rglob("*.py"))

FLAGS: dict[str, str] = {}
"""Verb -> its fields, in order. A change here is a change of the command line."""


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_files_and_functions_are_short(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(SRC)))
def test_names_say_what_is_inside(file: Path) -> None:
    assert file.stem not in {"utils", "util", "helpers", "common", "manager", "base", "misc"}


@pytest.mark.parametrize("verb", VERBS)
def test_flags_are_those_on_the_list(verb: str) -> None:
    fields = " ".join(field.name for field in dataclasses.fields(load_config(verb)))
    assert fields == FLAGS[verb]


def test_the_list_has_no_verb_too_many() -> None:
    assert set(FLAGS) == set(VERBS)
