"""Rows of a data set on the Hugging Face hub, through `datasets` (extra `hub`)."""

import re
from collections.abc import Iterator
from pathlib import Path

from surefoot.errors import MissingExtra, UserError
from surefoot.problems.rows import Row

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def is_hub_name(source: str) -> bool:
    """Whether a source that is not on this disk can be a hub name: `openai/gsm8k`."""
    plain = _HUB_NAME.fullmatch(source) and not source.startswith(".")
    return bool(plain) and not source.endswith((".jsonl", ".json", ".parquet", ".gz"))


def hub_rows(source: str, config: str | None = None) -> Iterator[Row]:
    """Rows of a data set's train and test splits.

    Args:
        source: Its name, e.g. `openai/gsm8k`.
        config: The configuration to read; all of them by default (MATH is
            published with one a subject).

    Raises:
        MissingExtra: `datasets` is not installed.
        UserError: The hub does not give it: no network, or no such name.
    """
    try:
        import datasets
    except ImportError:
        purpose = f"{source}: no such file or folder, and reading it as a hub name"
        raise MissingExtra("datasets", "hub", purpose) from None
    try:
        configs = [config] if config else datasets.get_dataset_config_names(source)
        for name in configs:
            for split, rows in datasets.load_dataset(source, name).items():
                if split not in ("train", "test"):
                    continue
                place = Path(source) / name / split
                for number, fields in enumerate(rows, start=1):
                    yield Row(place, number, fields, split)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"{source}: no such file or folder, and the hub does not give it: {reason}"
        ) from error
