"""What `--overwrite` of a training command may delete."""

from pathlib import Path

import pytest

from surefoot.errors import UserError
from surefoot.training import checkpoint


def test_overwrite_does_not_delete_what_is_no_model(tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "dear.txt").write_text("dear")
    with pytest.raises(UserError, match="no model"):
        checkpoint.open_run(letters, {}, overwrite=True)
    assert (letters / "dear.txt").read_text() == "dear"


def test_overwrite_replaces_a_model(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    checkpoint.open_run(model, {"seed": 1}, overwrite=True)
    assert not (model / "config.json").exists()
