"""Pages that must agree with the code: `make docs` writes two of them."""

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from surefoot.cli import VERBS, find_verb, load_config

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def make_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "docs" / "make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tree_in_the_readme_is_what_is_on_disk(make_docs: ModuleType) -> None:
    assert make_docs.readme() == (ROOT / "README.md").read_text(encoding="utf-8"), "run `make docs`"


def test_every_module_has_a_line_in_the_tree(make_docs: ModuleType) -> None:
    names = re.findall(r"^ *([\w.]+\.py) ", make_docs.tree(), re.MULTILINE)
    on_disk = [p.name for p in (ROOT / "src").rglob("*.py") if p.name != "__init__.py"]
    assert sorted(n for n in on_disk if n not in names) == []


@pytest.mark.parametrize("terminal", ["40", "200"])
def test_the_command_page_is_what_help_shows(
    make_docs: ModuleType, monkeypatch: pytest.MonkeyPatch, terminal: str
) -> None:
    monkeypatch.setenv("COLUMNS", terminal)
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert make_docs.cli_page() == page, "run `make docs`"


def test_help_offers_nothing_that_cannot_be_typed(make_docs: ModuleType) -> None:
    page = make_docs.cli_page()
    assert "None" not in page
    assert "(default: )" not in page
    assert "  --limit INT" in page
    assert "  --aggregation {product,min,mean,last}" in page


def test_the_paper_map_names_tests_and_commands_that_exist() -> None:
    page = (ROOT / "docs" / "paper_map.md").read_text(encoding="utf-8")
    tests = re.findall(r"`(tests/[\w/.]+)`", page)
    commands = re.findall(r"`surefoot ([^`]+)`", page)
    assert tests
    assert commands
    assert [path for path in tests if not (ROOT / path).is_file()] == []
    for words in commands:
        assert find_verb(words.split()) is not None


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example_that_parses(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = load_config(verb).__doc__ or ""
    examples = re.findall(rf"^ *surefoot {verb} *((?:.*\\\n)*.*)$", text, re.MULTILINE)
    if verb != "demo":
        assert examples, "the docstring of Config shows how to call it"
    for example in examples:
        # A bad flag would end in SystemExit, a bad value in UserError.
        importlib.import_module("surefoot.cli").parse(
            verb, shlex.split(example.replace("\\\n", " "))
        )


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_pages_name_files_that_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:docs|tests|benchmarks|src)/[\w/.-]+\.\w+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
