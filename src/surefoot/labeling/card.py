"""A card of an export: what it is, how it was made, what its fields mean."""

from collections.abc import Mapping
from typing import Any

WHAT = {
    "prm800k": "Step ratings in the layout of PRM800K, an opinion a row.",
    "math-shepherd": "Step ratings in the layout of Math-Shepherd, an opinion a row.",
    "trl": "Step ratings as TRL's stepwise supervision, an opinion a row.",
    "openrlhf": "Step ratings as OpenRLHF takes them, an opinion a row.",
    "processbench": "First errors in the layout of ProcessBench, an opinion a row.",
    "steps": "Step ratings as a flat table, a rated step a row.",
    "parquet": "Step ratings as tables that join: problems, solutions, labels, sessions.",
}

FIELDS: dict[str, dict[str, str]] = {
    "prm800k": {
        "labeler": "who rated; a made-up name",
        "timestamp": "when it was submitted (UTC)",
        "generation": "round of labelling; null in phase 1, -1 for screening",
        "is_quality_control_question": "served to compare raters; leave it out of training",
        "is_initial_screening_question": "an exam for new raters; leave it out of training",
        "question": "problem, reference answer and, in phase 2, the solution that was shown",
        "label": "`steps` with their `completions` and ratings, up to the first -1; what comes"
        " after it is not rated. `total_time` in milliseconds, `finish_reason`",
    },
    "math-shepherd": {
        "input": "question and steps, a tag after each step",
        "label": "the same with + or - in place of each tag",
    },
    "trl": {
        "prompt": "the question",
        "completions": "the steps, up to the last rated one",
        "labels": "for each whether it is right, or how likely it is",
    },
    "openrlhf": {
        "input": "question and steps, a tag after each step",
        "value": "+ or - for each, or a chance",
    },
    "processbench": {
        "id, generator": "of the solution",
        "problem, steps": "as they were shown",
        "label": "index of the first wrong step, from 0; -1: none is wrong",
    },
    "steps": {
        "step, text, rating": "which step (from 0), and what a rater said: -1, 0 or 1",
        "is_first_error, is_last": "its place in the solution",
        "n_raters, majority": "how many rated this step, and the commonest rating",
        "marks": "why training should leave it out; empty: it should not",
        "others": "docs/formats.md of Surefoot has them all",
    },
    "parquet": {
        "problems, solutions": "each once",
        "labels": "ratings of one solution by one rater; null: not rated",
        "sessions": "all that was offered and rated, as it was",
    },
}
"""Layout -> field -> meaning."""


def card(manifest: Mapping[str, Any]) -> str:
    """The card of an export, as Markdown, from its manifest alone."""
    name, counts, origin = manifest["format"], manifest["counts"], manifest["origin"]
    ratings = counts["ratings"]
    parts = [
        f"# Step ratings ({name})",
        WHAT[name],
        "## How it was made",
        f"By `{manifest['tool']}` at {manifest['made_at']}, out of the {origin['kind']}"
        f" {origin['name']!r}{_protocol(origin)}. Each step up to the first error is rated:"
        " 1 right, 0 true without progress, -1 wrong.",
        _choices(manifest),
        "## What is in it",
        "| | |\n|---|---|\n"
        f"| rows | {counts['rows']} |\n"
        f"| problems, solutions, raters |"
        f" {counts['problems']}, {counts['solutions']}, {counts['raters']} |\n"
        f"| ratings 1, 0, -1 | {ratings['1']}, {ratings['0']}, {ratings['-1']} |\n"
        f"| opinions with a first error | {counts['with_first_error']} of {counts['opinions']} |",
        _left_out(manifest["left_out"]),
        "## Fields",
        "\n".join(f"- **{field}**: {meaning}" for field, meaning in FIELDS[name].items()),
        "## Licence",
        "Not stated: to be written here by whoever publishes it. Problems and solutions may be"
        " under licences of their own.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _protocol(origin: Mapping[str, Any]) -> str:
    return f" ({origin['protocol']} of PRM800K's protocol)" if origin["protocol"] else ""


def _choices(manifest: Mapping[str, Any]) -> str:
    said = ", ".join(
        f"{name.replace('_', ' ')}: {_word(value)}"
        for name, value in manifest["choices"].items()
        if value is not None
    )
    models = sorted({g["verifier"] for g in manifest["generations"] if g.get("verifier")})
    chose = f" Solutions were chosen by {', '.join(models)}." if models else ""
    return f"Chosen: {said}.{chose}" if said else chose.strip()


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value)


def _left_out(left_out: Mapping[str, int]) -> str:
    if not left_out:
        return ""
    return "Left out: " + ", ".join(f"{n} {reason}" for reason, n in left_out.items()) + "."
