"""Model folders: what loads, and the one line for each that does not."""

import json
import shutil
from pathlib import Path

import pytest

from surefoot.errors import ModelFolderError
from surefoot.generation.folder import decode, encode, encode_prompt, load_model, save_model


def test_loads_ready_to_run(tiny_folder: Path) -> None:
    model, tokenizer = load_model(tiny_folder)
    assert not model.training
    assert model.dtype.is_floating_point
    assert model.dtype.itemsize == 4
    assert tokenizer.eos_token == "<|endoftext|>"


def test_saving_says_nothing_and_loads_again(
    tiny_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model, tokenizer = load_model(tiny_folder)
    save_model(tmp_path, model, tokenizer)
    assert capfd.readouterr() == ("", "")
    again, _ = load_model(tmp_path)
    assert all(a.equal(b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_text_survives_the_tokenizer(tiny_folder: Path) -> None:
    _, tokenizer = load_model(tiny_folder)
    text = "Problem: 12 + x²?\nSolution:\n  a , b\n<|endoftext|>"
    assert decode(tokenizer, encode(tokenizer, text)) == text
    assert encode_prompt(tokenizer, text) == encode(tokenizer, text)


def test_a_tokenizer_that_opens_texts_opens_prompts(tiny_folder: Path) -> None:
    from tokenizers.processors import TemplateProcessing

    _, tokenizer = load_model(tiny_folder)
    tokenizer.bos_token = tokenizer.eos_token
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", tokenizer.bos_token_id)]
    )
    assert encode_prompt(tokenizer, "12") == [tokenizer.bos_token_id, *encode(tokenizer, "12")]


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ("*", "no such model folder"),
        ("config.json", "config.json is missing"),
        ("model.safetensors", "no weights"),
        ("tokenizer*.json", "no tokenizer"),
    ],
)
def test_what_is_missing_is_named(
    tiny_folder: Path, tmp_path: Path, missing: str, why: str
) -> None:
    folder = tmp_path / "m"
    if missing != "*":
        shutil.copytree(tiny_folder, folder)
        for file in folder.glob(missing):
            file.unlink()
    with pytest.raises(ModelFolderError, match=why) as error:
        load_model(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("")
    with pytest.raises(ModelFolderError, match="not a folder"):
        load_model(tmp_path / "m")


def test_spoilt_files(tiny_folder: Path, tmp_path: Path) -> None:
    for name, content, part in (
        ("config.json", "{", "config.json"),
        ("config.json", '{"model_type": "no-such-kind"}', "config.json"),
        ("model.safetensors", "nothing", "weights"),
        ("tokenizer.json", "{}", "tokenizer"),
    ):
        folder = tmp_path / f"{name}-{len(content)}"
        shutil.copytree(tiny_folder, folder)
        (folder / name).write_text(content)
        with pytest.raises(ModelFolderError, match=f"{part} cannot be loaded") as error:
            load_model(folder)
        assert "\n" not in str(error.value)


def test_a_tokenizer_of_another_model(tiny_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(tiny_folder, folder)
    words = json.loads((folder / "tokenizer.json").read_text())
    words["added_tokens"] += [
        {**words["added_tokens"][0], "id": 1000 + i, "content": f"<|extra{i}|>"} for i in range(50)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(words))
    with pytest.raises(ModelFolderError, match="of another model"):
        load_model(folder)


def test_no_name_is_taken_for_a_hub_model_offline() -> None:
    with pytest.raises(ModelFolderError, match="no such model folder"):
        load_model("someone/some-model")
