"""Which folder is of which format, and what is said where it cannot be told."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny_prms import (
    add_tensors,
    change_config,
    llama,
    qwen2,
    qwen2_classifier,
    qwen_tokenizer,
    save,
    seeded_linear,
    sentence_piece,
)

from surefoot.errors import ModelFolderError, UserError
from surefoot.records import Problem, Solution
from surefoot.verifiers.formats.anyone import load_any, score_any
from surefoot.verifiers.formats.catalogue import format_names
from surefoot.verifiers.formats.recognise import recognise

PROBLEMS = {"p": Problem(problem_id="p", statement="What is 2 + 3?", answer="5")}
SOLUTION = Solution(solution_id="s", problem_id="p", steps=("2 + 3 = 5", "# Answer 5"))


def test_a_plain_language_model_is_told_by_its_name_alone(tmp_path: Path) -> None:
    names = {
        "math-shepherd-mistral-7b-prm": "math-shepherd",
        "Llama3.1-8B-PRM-Mistral-Data": "rlhflow-prm",
        "Llama3.1-8B-ORM-Deepseek-Data": "rlhflow-orm-deepseek",
        "EurusPRM-Stage1": "implicit",
        "Math-psa": "math-psa",
    }
    tokenizer = qwen_tokenizer()
    for name, format in names.items():
        assert recognise(save(tmp_path / name, qwen2(tokenizer), tokenizer)) == format
    renamed = save(tmp_path / "copy", qwen2(tokenizer), tokenizer)
    with pytest.raises(ModelFolderError, match="--verifier-format which it is: surefoot, math-sh"):
        recognise(renamed)
    change_config(renamed, _name_or_path="RLHFlow/Llama3.1-8B-PRM-Deepseek-Data")
    assert recognise(renamed) == "rlhflow-prm"


def test_a_head_tells_whatever_the_name(tmp_path: Path) -> None:
    tokenizer, pieces = qwen_tokenizer(), sentence_piece()
    heads = {
        "qwen": (qwen2(tokenizer), tokenizer, {"score.0.weight": (4, 4), "score.2.weight": (2, 4)}),
        "skywork": (qwen2(tokenizer), tokenizer, {"v_head.summary.weight": (1, 4)}),
        "reasoneval-7b": (llama(pieces), pieces, {"score_head.weight": (3, 4)}),
    }
    for format, (model, tok, shapes) in heads.items():
        folder = save(tmp_path / f"m{format[:2]}", model, tok)
        add_tensors(folder, {name: torch.ones(shape) for name, shape in shapes.items()})
        assert recognise(folder) == format
    change_config(tmp_path / "mre", score_dim=3)
    assert recognise(tmp_path / "mre") == "reasoneval-34b"
    classifier = save(tmp_path / "c", qwen2_classifier(tokenizer), tokenizer)
    assert recognise(classifier) == "trl"
    stranger = save(tmp_path / "stranger", llama(pieces), pieces)
    add_tensors(stranger, {"v_head.summary.weight": torch.ones(1, 4)})
    with pytest.raises(ModelFolderError, match="not a verifier that can be told"):
        recognise(stranger)


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="no such verifier folder"):
        recognise(tmp_path / "gone")
    with pytest.raises(ModelFolderError, match=r"neither verifier.json nor config.json"):
        recognise(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelFolderError, match=r"weights cannot be read"):
        recognise(tmp_path)
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(ModelFolderError, match=r"config.json: is not JSON"):
        recognise(tmp_path)
    with pytest.raises(UserError, match="--verifier-format: no format 'prm'; there are: surefoot"):
        load_any(str(tmp_path), "prm")


def test_every_format_refuses_a_model_that_is_not_of_it_in_one_line(tmp_path: Path) -> None:
    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = None
    folder = save(tmp_path / "plain", qwen2(tokenizer), tokenizer)
    fine = {"math-psa", "er-prm"}  # a byte-level model reads these, if only as noise
    for format in format_names():
        if format not in fine:
            with pytest.raises(UserError) as refused:
                load_any(str(folder), format, reference=folder)
            assert str(folder) in str(refused.value)


def test_an_implicit_prm_needs_a_reference_with_its_vocabulary(tmp_path: Path) -> None:
    tokenizer, pieces = qwen_tokenizer(), sentence_piece()
    folder = save(tmp_path / "EurusPRM-Stage2", qwen2(tokenizer), tokenizer)
    other = save(tmp_path / "other", llama(pieces), pieces)
    with pytest.raises(UserError, match="--reference FOLDER"):
        load_any(str(folder))
    with pytest.raises(ModelFolderError, match="its vocabulary is not that of"):
        load_any(str(folder), reference=other)


def test_a_head_of_another_size_is_refused(tmp_path: Path) -> None:
    tokenizer = qwen_tokenizer()
    folder = save(tmp_path / "rm", qwen2(tokenizer), tokenizer)
    parts = {"score.0": seeded_linear(32, 32), "score.2": seeded_linear(32, 1)}
    add_tensors(
        folder, {f"{n}.{k}": v for n, m in parts.items() for k, v in m.state_dict().items()}
    )
    with pytest.raises(ModelFolderError, match=r"score.2.weight has 1 rows; a PRM .* has 2"):
        load_any(str(folder))


@pytest.mark.parametrize("stored", ["safetensors", "bin"])
def test_a_lora_adapter_is_added_to_its_base(tmp_path: Path, stored: str) -> None:
    tokenizer = qwen_tokenizer()
    base = save(tmp_path / "Qwen2.5-Math-7B-Instruct", qwen2(tokenizer), tokenizer)
    adapter = tmp_path / "Math-psa"
    adapter.mkdir()
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 8}
    settings["base_model_name_or_path"] = f"Qwen/{base.name}"
    (adapter / "adapter_config.json").write_text(json.dumps(settings))
    torch.manual_seed(0)
    module = "model.layers.1.self_attn.q_proj"
    down, up = torch.randn(2, 32), torch.randn(32, 2)
    prefix = f"base_model.model.{module}"
    tensors = {f"{prefix}.lora_A.weight": down, f"{prefix}.lora_B.weight": up}
    if stored == "bin":
        torch.save(tensors, adapter / "adapter_model.bin")
    else:
        save_file(tensors, adapter / "adapter_model.safetensors")
    merged = qwen2(tokenizer)
    merged.get_submodule(module).weight.data += 8 / 2 * up @ down
    whole = save(tmp_path / "merged-Math-psa", merged, tokenizer)
    ours, expected, bare = (
        score_any(load_any(str(folder), "math-psa"), PROBLEMS, [SOLUTION])[0].step_scores
        for folder in (adapter, whole, base)
    )
    assert ours == pytest.approx(expected, abs=1e-6)
    assert ours != pytest.approx(bare, abs=1e-3)
    (adapter / "adapter_config.json").write_text(json.dumps({**settings, "use_dora": True}))
    with pytest.raises(ModelFolderError, match="only plain LoRA"):
        load_any(str(adapter))


def test_too_long_is_refused_or_wrong(tmp_path: Path) -> None:
    tokenizer = qwen_tokenizer()
    folder = save(tmp_path / "my-prm", qwen2_classifier(tokenizer), tokenizer)
    whole = score_any(load_any(str(folder)), PROBLEMS, [SOLUTION])[0].step_scores
    change_config(folder, max_position_embeddings=20)
    short = load_any(str(folder))
    with pytest.raises(UserError, match=r"solution 's' has .* reads at most 20; --skip-long"):
        score_any(short, PROBLEMS, [SOLUTION])
    (scores,) = score_any(short, PROBLEMS, [SOLUTION], skip_long=True)
    assert scores.step_scores == pytest.approx((whole[0], 0.0))
