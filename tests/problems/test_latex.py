r"""Worked solutions as steps: cut at sentences and lines, never inside mathematics."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.problems.latex import last_boxed, latex_steps

CASES = {
    "sentences": ("We add. Then $2+2=4$. So $4.$ Done!", 4),
    "a decimal and an abbreviation": ("It is 3.5, i.e. $7/2$, of e.g. 7. Next.", 2),
    "a sentence that ends inside mathematics": ("Hence $x = 6.$ That means $y = 1.$", 2),
    "text inside mathematics": (r"So $a \text{ if. Then $x$ holds. Yes}$ is true. Good.", 2),
    "display joined to its sentence": ("We get\n\\[x = 2. \\]\nThen $y=3$.", 2),
    "display that goes on in lower case": (r"From \[x = 2,\]we get \[y = 3.\]Then we stop.", 2),
    "lines of the author": ("For 1:\n$a = 1$\n$b = 2$\n\nTherefore $3$.", 4),
    "a line that goes on": ("We take the sum\nof all numbers.", 1),
    "aligned lines": (
        "So \\begin{align*}\na &= 1. \\\\\n\nB &= 2.\n\\end{align*} Thus it ends.",
        2,
    ),
    "a drawing": ('See: [asy]\ndraw(A--B); // a line\nlabel("http://x");\n[/asy]\n\nNow go on.', 2),
    "a dollar that never closes": ("It costs 5$ today. And more.\n\nThe end.", 3),
    "escaped dollars": (r"It costs \$5. Then \$6. Then $\$7.$ End.", 4),
    "nothing": (" \n ", 0),
}


@pytest.mark.parametrize("case", CASES)
def test_number_of_steps(case: str) -> None:
    text, n = CASES[case]
    steps = latex_steps(text)
    assert len(steps) == n, steps


def test_drawings_lose_only_their_comments() -> None:
    (first, second) = latex_steps(CASES["a drawing"][0])
    assert first == 'See: [asy] draw(A--B); label("http://x"); [/asy]'
    assert second == "Now go on."


PIECES = [*"aB. \n$\\[]{}(),!", "$$", r"\[", r"\]", r"\begin{x}", r"\end{x}", "[asy]", "[/asy]"]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_nothing_is_lost_whatever_the_text(text: str) -> None:
    steps = latex_steps(text)
    assert "".join("".join(steps).split()) == "".join(text.split())
    assert all(step == step.strip() and "\n" not in step and step for step in steps)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"$\boxed{2}$", "2"),
        (r"\boxed{1} or \boxed{ \frac{1}{2} }", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"so $\boxed 7$.", "7"),
        (r"\fbox{A}", "A"),
        (r"\boxed{}", ""),
        (r"\boxed{1", None),
        (r"\boxedtimes{3}", None),
        ("2", None),
    ],
)
def test_the_last_box(text: str, answer: str | None) -> None:
    assert last_boxed(text) == answer


def test_real_solutions(shared_data: Path) -> None:
    """Published solutions, each fourth: nothing lost or cut in two, the published answers."""
    for row in published(shared_data):
        solution = row["solution"]
        steps = latex_steps(solution)
        bare = re.sub(
            r"\[asy\].*?\[/asy\]",
            lambda drawing: re.sub(r"//.*\n", "\n", drawing[0]),
            solution,
            flags=re.DOTALL,
        )
        assert "".join("".join(steps).split()) == "".join(bare.split())
        for opening, closing in BRACKETS:
            if len(opening.findall(solution)) == len(closing.findall(solution)):
                for step in steps:
                    assert len(opening.findall(step)) == len(closing.findall(step)), step
        assert last_boxed(solution) == row["answer"].strip()


BRACKETS = [
    (re.compile(r"\\begin\{"), re.compile(r"\\end\{")),
    (re.compile(r"\[asy\]"), re.compile(r"\[/asy\]")),
    (re.compile(r"(?<!\\)\\\["), re.compile(r"(?<!\\)\\\]")),
]


def published(shared_data: Path) -> Iterator[dict[str, str]]:
    for name in ("train", "test"):
        path = shared_data / "math" / f"prm800k_split_{name}.jsonl"
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines()[::4])
