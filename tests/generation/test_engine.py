"""The engine against sampling written down plainly."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from one_by_one import KINDS, random_model, sample_plainly, word_tokenizer

from surefoot.errors import SurefootError, UserError
from surefoot.generation.engine import Engine
from surefoot.generation.request import Draw, Request, Settings

TOKENIZER = word_tokenizer()
PROMPTS = ([3, 6, 4, 7], [5], [3, 6, 4, 6, 3, 6, 5, 7, 8, 9], [9, 10, 9])


def requests(n: int, max_tokens: int = 12) -> list[Request]:
    return [
        Request(prompt=p, keys=[f"p{i}/{k}" for k in range(n)], max_tokens=max_tokens + i)
        for i, p in enumerate(PROMPTS)
    ]


def draw(model: Any, asked: list[Request], **how: Any) -> list[list[Draw]]:
    return Engine(model, TOKENIZER, Settings(**how)).draw(asked)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", [{}, {"temperature": 0.7, "top_p": 0.8, "seed": 5}])
def test_cached_and_shared_equals_one_by_one(kind: str, how: dict[str, Any]) -> None:
    model = random_model(kind)
    asked = requests(6)
    for request, draws in zip(asked, draw(model, asked, rows=10, **how), strict=True):
        for key, drawn in zip(request.keys, draws, strict=True):
            tokens, log_probability, finish = sample_plainly(
                model, TOKENIZER, request.prompt, key, max_tokens=request.max_tokens, **how
            )
            assert list(drawn.tokens) == tokens
            assert drawn.finish == finish
            assert drawn.log_probability == pytest.approx(log_probability, abs=1e-3)


@settings(max_examples=12)
@given(rows=st.integers(1, 70), n=st.integers(1, 20), seed=st.integers(0, 3))
def test_the_batch_changes_nothing(rows: int, n: int, seed: int) -> None:
    model = random_model()
    alone = [
        draw(model, [Request(prompt=r.prompt, keys=[k], max_tokens=r.max_tokens)], seed=seed)[0][0]
        for r in requests(n)
        for k in r.keys[-1:]
    ]
    together = [draws[-1] for draws in draw(model, requests(n), rows=rows, seed=seed)]
    assert [d.tokens for d in together] == [d.tokens for d in alone]


def test_many_rows_of_one_prompt_equal_single_rows() -> None:
    model = random_model()
    keys = [f"q/{i}" for i in range(64)]
    batch = draw(model, [Request(prompt=[3, 6, 4, 7], keys=keys, max_tokens=24)], rows=64)[0]
    for key, drawn in list(zip(keys, batch, strict=True))[::8]:
        single = draw(model, [Request(prompt=[3, 6, 4, 7], keys=[key], max_tokens=24)], rows=1)
        assert single[0][0].tokens == drawn.tokens
    assert len({d.tokens for d in batch}) > 20


def test_solutions_that_agree_share_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Greedy solutions never part: N of them cost as many rows as one."""
    model = random_model()
    seen: list[int] = []
    forward = model.forward

    def counting(input_ids: torch.Tensor, **rest: Any) -> Any:
        seen.append(len(input_ids))
        return forward(input_ids=input_ids, **rest)

    engine = Engine(model, TOKENIZER, Settings(temperature=0.0))
    monkeypatch.setattr(model, "forward", counting)
    asked = Request(prompt=[5], keys=[str(i) for i in range(50)], max_tokens=9)
    drawn = engine.draw([asked])[0]
    assert len({d.tokens for d in drawn}) == 1
    assert set(seen) == {1}


def test_every_solution_is_reported_as_it_finishes() -> None:
    seen: list[Draw] = []
    result = Engine(random_model(), TOKENIZER, Settings(rows=7)).draw(requests(5), seen.append)
    assert sorted(d.tokens for d in seen) == sorted(d.tokens for ds in result for d in ds)


def test_stop_rules() -> None:
    """Every solution ends where it may, at the first place where it may."""
    drawn = [d for ds in draw(random_model(), requests(150, max_tokens=30)) for d in ds]
    ends = set()
    for d in drawn:
        text = TOKENIZER.decode(list(d.tokens))
        if d.finish == "length":
            assert len(d.tokens) in range(30, 34)
            ends.add("length")
        elif d.tokens[-1] == 0:
            assert 0 not in d.tokens[:-1]
            ends.add("end of text" if len(d.tokens) > 1 else "end of text at once")
        else:
            assert text.endswith("\n")
            before = text[:-1].rsplit("\n", 1)[-1] if text != "\n" else ""
            ends.add("answer" if "# Answer" in text and before.strip() else "empty line")
    assert ends == {"length", "end of text", "end of text at once", "answer", "empty line"}


def test_end_of_text_in_first_position() -> None:
    model = random_model()
    with torch.no_grad():  # the logit of the first token wins everywhere
        model.lm_head.weight.zero_()
        model.model.norm.weight.zero_()
    drawn = draw(model, requests(3), temperature=0.0)
    assert {(d.tokens, d.finish) for ds in drawn for d in ds} == {((0,), "stop")}


def test_one_token_is_the_least() -> None:
    drawn = draw(random_model(), [Request(prompt=[5], keys=["a", "b"], max_tokens=1)])
    assert [len(d.tokens) for d in drawn[0]] == [1, 1]


def test_no_requests_no_draws() -> None:
    model = random_model()
    assert draw(model, []) == []
    assert draw(model, [Request(prompt=[1], keys=[], max_tokens=3)]) == [[]]


def test_the_models_attention_comes_back() -> None:
    model = random_model()
    before = model.config._attn_implementation
    draw(model, requests(1))
    assert model.config._attn_implementation == before


def test_weights_that_overflow_are_named() -> None:
    model = random_model()
    engine = Engine(model, TOKENIZER, Settings())
    with torch.no_grad():
        model.lm_head.weight.fill_(float("nan"))
    with pytest.raises(SurefootError, match="not a number"):
        engine.draw(requests(1))


@pytest.mark.parametrize(
    ("kind", "config", "why"),
    [
        ("Gemma2", {"head_dim": 8, "num_key_value_heads": 2}, "capped scores"),
        ("Mamba", {"state_size": 4}, "cannot be sampled in process"),
    ],
)
def test_other_architectures_are_refused(kind: str, config: dict[str, Any], why: str) -> None:
    import transformers

    shape = {"vocab_size": 12, "hidden_size": 16, "num_hidden_layers": 2, "eos_token_id": 0}
    model = transformers.AutoModelForCausalLM.from_config(
        getattr(transformers, f"{kind}Config")(**shape, **config)
    ).eval()
    with pytest.raises(UserError, match=why):
        Engine(model, TOKENIZER)


def test_a_seed_is_a_stream_of_its_own() -> None:
    model = random_model()
    runs = [draw(model, requests(20), seed=seed) for seed in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert all(a != b for a, b in pairwise(runs[1:]))
