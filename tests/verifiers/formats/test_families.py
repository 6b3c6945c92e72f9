"""Each family against its own published way, written out plainly: one text, one full pass.

The references below follow the published code of each family (tags searched in
the ids, all logits, heads as modules), not ours.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from tiny_prms import (
    add_tensors,
    llama,
    llama3_tokenizer,
    mistral,
    qwen2,
    qwen2_classifier,
    qwen_tokenizer,
    save,
    seeded_linear,
    sentence_piece,
)
from torch import nn

from surefoot.records import Problem, Solution
from surefoot.verifiers.formats.anyone import format_of, load_any, score_any
from surefoot.verifiers.formats.foreign import ForeignVerifier

STATEMENT = "What is 2 + 3 - 1?"
SOLUTIONS: list[tuple[str, ...]] = [
    ("add 2 and 3.", "2 + 3 = 5", "5 - 1 = 4", "# Answer 4"),
    ("add 2 and 3.", "2 + 3 = 6", "6 - 1 = 5", "# Answer 5"),
    ("add 2 and 3.", "2 + 3 = 5"),
    ("4",),
    ("take 1 from 3;\nthat is 2.", "2 + 2 = 4"),
]
REMOTE_CODE = {"auto_map": {"AutoModel": "gone.Model", "AutoConfig": "gone.Config"}}
"""What published folders name and nobody here runs: there is no such file."""

Reference = Callable[[str, Sequence[str]], list[list[float]]]
"""Statement and steps -> for each step the chances of wrong, neutral, right."""


class Family(NamedTuple):
    """A saved tiny verifier and what it should give."""

    folder: Path
    reference: Reference
    format: str
    options: dict[str, Any] = {}  # noqa: RUF012


def two_way(right: Sequence[float]) -> list[list[float]]:
    return [[1 - p, 0.0, p] for p in right]


def logits(model: Any, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(torch.tensor([ids])).logits[0].double()
        return found


def states(model: Any, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(torch.tensor([ids])).last_hidden_state[0]
        return found


def math_shepherd(root: Path) -> Family:
    tokenizer = sentence_piece()
    model = mistral(tokenizer)
    folder = save(root / "math-shepherd-mistral-7b-prm", model, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        output = "\n".join(f"Step {i + 1}: {step} ки" for i, step in enumerate(steps))
        ids = tokenizer.encode(f"{statement} {output}")
        assert ids[0] == tokenizer.bos_token_id
        candidates = tokenizer.encode("+ -")[1:]
        scores = logits(model, ids)[:, candidates].softmax(-1)[:, 0]
        tag = tokenizer.encode("ки")[-1]
        return two_way([float(scores[i]) for i, token in enumerate(ids) if token == tag])

    return Family(folder, reference, "math-shepherd")


def er_prm(root: Path) -> Family:
    tokenizer = sentence_piece()
    model = llama(tokenizer)
    folder = save(root / "llama3.1-math-prm", model, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        ids = tokenizer.encode(f"{statement} " + "".join(f"{step} ки" for step in steps))
        right, wrong = (tokenizer.encode(sign)[-1] for sign in (" +", " -"))
        scores = logits(model, ids)[:, [right, wrong]].softmax(-1)[:, 0]
        tag = tokenizer.encode(" ки")[-1]
        return two_way([float(scores[i]) for i, token in enumerate(ids) if token == tag])

    return Family(folder, reference, "er-prm")


def math_psa(root: Path) -> Family:
    tokenizer = qwen_tokenizer()
    model = qwen2(tokenizer)
    folder = save(root / "Math-psa", model, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        process = " \n\n\n\n\n ".join([*steps, ""]).strip(" ")
        ids = tokenizer.encode(f"{statement} {process}")
        candidates = tokenizer.encode(" + -")
        (tag,) = tokenizer.encode(" \n\n\n\n\n")
        scores = logits(model, ids)[:, candidates].softmax(-1)[:, 0]
        return two_way([float(scores[i]) for i, token in enumerate(ids) if token == tag])

    return Family(folder, reference, "math-psa")


def rlhflow_prm(root: Path) -> Family:
    tokenizer = llama3_tokenizer()
    model = llama(tokenizer)
    folder = save(root / "Llama3.1-8B-PRM-Deepseek-Data", model, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        candidates = [tokenizer.encode("+")[-1], tokenizer.encode("-")[-1]]
        conversation, found = [], []
        for k, step in enumerate(steps):
            text = statement + " " + step if k == 0 else step
            conversation.append({"content": text, "role": "user"})
            conversation.append({"content": "+", "role": "assistant"})
            ids = chat_ids(tokenizer, conversation)
            found.append(float(logits(model, ids)[-3, candidates].softmax(-1)[0]))
        return two_way(found)

    return Family(folder, reference, "rlhflow-prm")


def rlhflow_orm(root: Path) -> Family:
    tokenizer = llama3_tokenizer()
    model = llama(tokenizer)
    folder = save(root / "Llama3.1-8B-ORM-Mistral-Data", model, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        candidates = [tokenizer.encode("+")[-1], tokenizer.encode("-")[-1]]
        found = []
        for n_steps in range(1, len(steps) + 1):
            text = statement + " " + "\n".join(steps[:n_steps])
            conversation = [
                {"content": text, "role": "user"},
                {"content": "+", "role": "assistant"},
            ]
            ids = chat_ids(tokenizer, conversation)
            found.append(float(logits(model, ids)[-3, candidates].softmax(-1)[0]))
        return two_way(found)

    return Family(folder, reference, "rlhflow-orm-mistral")


def qwen(root: Path) -> Family:
    tokenizer = qwen_tokenizer()
    model = qwen2(tokenizer).model
    head = nn.Sequential(seeded_linear(32, 32), nn.ReLU(), seeded_linear(32, 2, seed=2))
    folder = save(
        root / "Qwen2.5-Math-PRM-7B",
        qwen2(tokenizer),
        tokenizer,
        architectures=["Qwen2ForProcessRewardModel"],
        **REMOTE_CODE,
    )
    add_tensors(folder, {f"score.{k}": v for k, v in head.state_dict().items()})

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        system = "Please reason step by step, and put your final answer within \\boxed{}."
        messages = [
            {"role": "system", "content": system},
            {"role": "user", "content": statement},
            {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
        ]
        ids = tokenizer.encode(tokenizer.apply_chat_template(messages, tokenize=False))
        with torch.no_grad():
            scores = head(states(model, ids)).double().softmax(-1)[:, 1]
        (tag,) = tokenizer.encode("<extra_0>")
        return two_way([float(scores[i]) for i, token in enumerate(ids) if token == tag])

    return Family(folder, reference, "qwen")


def skywork(root: Path) -> Family:
    tokenizer = qwen_tokenizer()
    tokenizer.bos_token = "<|endoftext|>"
    model = qwen2(tokenizer).model
    head = seeded_linear(32, 1)
    folder = save(
        root / "Skywork-o1-Open-PRM-Qwen-2.5-1.5B",
        qwen2(tokenizer),
        tokenizer,
        architectures=["Qwen2ForPrmModel"],
    )
    add_tensors(folder, {f"v_head.summary.{k}": v for k, v in head.state_dict().items()})

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        ids = tokenizer.encode(tokenizer.bos_token + statement + "\n")
        newline = tokenizer.encode("\n")[-1]
        flags = [0] * len(ids)
        for line in "\n".join(steps).split("\n"):
            step_ids = [*tokenizer.encode(line), newline]
            ids += step_ids
            flags += [0] * (len(step_ids) - 1) + [1]
        with torch.no_grad():
            values = head(states(model, ids)).squeeze(-1).double().sigmoid()
        lines = iter(float(v) for v, flag in zip(values, flags, strict=True) if flag)
        # A step of several lines is as good as its last line.
        return two_way([[next(lines) for _ in step.split("\n")][-1] for step in steps])

    return Family(folder, reference, "skywork")


def reasoneval(root: Path, *, small: bool) -> Family:
    tokenizer = sentence_piece("<s>" if small else "<unk>")
    model = (mistral if small else llama)(tokenizer)
    head = seeded_linear(32, 3)
    extra = {"score_dimension": 3, "use_bias": True} if small else {"score_dim": 3, "bias": True}
    name = "ReasonEval-7B" if small else "ReasonEval-34B"
    folder = save(root / name, model, tokenizer, **extra)
    add_tensors(folder, {f"score_head.{k}": v for k, v in head.state_dict().items()})

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        separator = tokenizer.pad_token
        prompt = f"Question:\n{statement}\nAnswer:\nLet's think step by step.\n"
        combined = "".join(step + separator for step in steps)
        tokenized = tokenizer(prompt + separator + combined)["input_ids"]
        separator_id = tokenizer(separator)["input_ids"][-1]
        labeled, adjusted, count = [], [], 0
        for i, token in enumerate(tokenized):
            if token == separator_id:
                labeled.append(i - 1 - count)
                count += 1
            else:
                adjusted.append(token)
        if small:
            adjusted, labeled = [1, *adjusted], labeled[2:]
        else:
            labeled = labeled[1:]
        assert len(labeled) == len(steps)
        with torch.no_grad():
            scores = head(states(model.model, adjusted))[labeled].double().softmax(-1)
        found: list[list[float]] = scores.tolist()
        return found

    return Family(folder, reference, "reasoneval-7b" if small else "reasoneval-34b")


def trl(root: Path, *, separator: str, name: str, format: str) -> Family:
    tokenizer = qwen_tokenizer()
    model = qwen2_classifier(tokenizer)
    folder = save(root / name, model, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        separator_ids = tokenizer.encode(separator, add_special_tokens=False)
        ids = tokenizer(statement, add_special_tokens=False)["input_ids"]
        labels = [-100] * len(ids)
        for step in steps:
            own = tokenizer(step, add_special_tokens=False)["input_ids"] + separator_ids
            ids, labels = ids + own, [*labels, *[-100] * (len(own) - 1), 1]
        scores = logits(model, ids).softmax(-1)[:, 1]
        return two_way([float(s) for s, label in zip(scores, labels, strict=True) if label == 1])

    return Family(folder, reference, format)


def pqm(root: Path) -> Family:
    tokenizer = qwen_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["[PRM]"]})
    model = llama(tokenizer)
    head = seeded_linear(32, 1)
    # The config of the base model: one token fewer than the weights have rows.
    folder = save(root / "PQM-zeta-4", model, tokenizer, vocab_size=len(tokenizer) - 1)
    add_tensors(folder, {f"v_head.summary.{k}": v for k, v in head.state_dict().items()})

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        query = (
            "Below is an instruction that describes a task.\nWrite a response that appropriately"
            f" completes the request.\n\n### Instruction:\n{statement}\n\n"
            "### Response: Let's think step by step"
        )
        named = [f"Step {i + 1}: " + step.strip() for i, step in enumerate(steps)]
        answer = " [PRM]\n".join(named) + " [PRM]"
        ids = tokenizer.encode(f"{query}\n{answer}", add_special_tokens=False)
        tag = tokenizer.encode("[PRM]", add_special_tokens=False)[-1]
        with torch.no_grad():
            values = head(states(model.model, ids)).squeeze(-1).double().sigmoid()
        return two_way([float(values[i]) for i, token in enumerate(ids) if token == tag])

    return Family(folder, reference, "pqm")


def llemma(root: Path) -> Family:
    tokenizer = sentence_piece()
    model = llama(tokenizer)
    two_rows = seeded_linear(32, 2).weight.data
    n_rows = len(model.lm_head.weight)
    model.lm_head.weight.data = two_rows.repeat(n_rows // 2 + 1, 1)[:n_rows].clone()
    folder = save(root / "llemma-7b-prm-prm800k-level-1to3-hf", model, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        *before, last = steps
        last = last.replace("# Answer ", "# Answer\n\n")
        text = f"# Question\n\n{statement}\n\n# Solution\n\n" + "\n\n".join([*before, last])
        ids = [*tokenizer.encode(text), tokenizer.eos_token_id]
        newline = tokenizer.encode("\n", add_special_tokens=False)[-1]
        pairs = [i for i in range(len(ids)) if ids[i : i + 2] == [newline, newline]]
        # After "# Question", the statement and "# Solution"; and after "# Answer".
        pairs = pairs[3 : len(pairs) - ("# Answer" in last)]
        scores = logits(model, ids).mean(-1).sigmoid()
        return two_way([float(scores[i]) for i in [*pairs, len(ids) - 1]])

    return Family(folder, reference, "llemma")


def implicit(root: Path) -> Family:
    tokenizer = qwen_tokenizer()
    model, base = qwen2(tokenizer), qwen2(tokenizer, seed=3)
    folder = save(root / "EurusPRM-Stage2", model, tokenizer)
    other = save(root / "base", base, tokenizer)

    def reference(statement: str, steps: Sequence[str]) -> list[list[float]]:
        named = [f"Step {i + 1}: " + step for i, step in enumerate(steps)]

        def chat(n_steps: int) -> str:
            messages = [
                {"role": "user", "content": statement},
                {"role": "assistant", "content": "\n\n".join(named[:n_steps])},
            ]
            return str(tokenizer.apply_chat_template(messages, tokenize=False))

        ids = tokenizer.encode(chat(len(steps)))
        ends = []
        for n_steps in range(len(steps) + 1):
            text = chat(n_steps).strip()
            if n_steps not in (0, len(steps)):
                text += "\n\n"
            ends.append(len(tokenizer.encode(text, add_special_tokens=False)) - 2)
        gains = []
        for part in (model, base):
            all_logs = logits(part, ids)[:-1].log_softmax(-1)
            gains.append(all_logs.gather(1, torch.tensor(ids[1:])[:, None]).squeeze(1))
        mask = torch.zeros(len(ids) - 1)
        mask[ends[0] :] = 1.0
        sums = (0.001 * (gains[0] - gains[1]) * mask).cumsum(-1)
        at = torch.tensor(ends[1:]).clamp(0, len(ids) - 2)
        return two_way(sums[at].sigmoid().tolist())

    return Family(folder, reference, "implicit", {"reference": other})


def chat_ids(tokenizer: Any, conversation: list[dict[str, str]]) -> list[int]:
    text = tokenizer.apply_chat_template(conversation, tokenize=False)
    found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return found


FAMILIES: dict[str, Callable[[Path], Family]] = {
    "math-shepherd": math_shepherd,
    "er-prm": er_prm,
    "math-psa": math_psa,
    "rlhflow-prm": rlhflow_prm,
    "rlhflow-orm": rlhflow_orm,
    "qwen": qwen,
    "skywork": skywork,
    "reasoneval-7b": lambda root: reasoneval(root, small=True),
    "reasoneval-34b": lambda root: reasoneval(root, small=False),
    "trl": lambda root: trl(root, separator="\n", name="my-prm", format="trl"),
    "trl-blank-line": lambda root: trl(
        root, separator="\n\n", name="PURE-PRM-7B", format="trl-blank-line"
    ),
    "pqm": pqm,
    "llemma": llemma,
    "implicit": implicit,
}


@pytest.fixture(scope="module", params=list(FAMILIES))
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Family:
    return FAMILIES[request.param](tmp_path_factory.mktemp("prm"))


@pytest.fixture(scope="module")
def verifier(family: Family) -> ForeignVerifier:
    found = load_any(str(family.folder), **family.options)
    assert isinstance(found, ForeignVerifier)
    return found


def solutions(rows: Sequence[tuple[str, ...]]) -> list[Solution]:
    return [
        Solution(solution_id=f"s{i}", problem_id="p", steps=steps) for i, steps in enumerate(rows)
    ]


PROBLEMS = {"p": Problem(problem_id="p", statement=STATEMENT, answer="4")}


def test_the_folder_tells_its_format(family: Family, verifier: ForeignVerifier) -> None:
    assert format_of(verifier) == family.format


def test_scores_are_those_of_the_published_way(family: Family, verifier: ForeignVerifier) -> None:
    scored = score_any(verifier, PROBLEMS, solutions(SOLUTIONS))
    spread = []
    for steps, scores in zip(SOLUTIONS, scored, strict=True):
        expected = np.array(family.reference(STATEMENT, steps))
        assert len(expected) == len(steps)
        np.testing.assert_allclose(scores.step_scores, 1 - expected[:, 0], atol=1e-5)
        if verifier.kind == "prm":
            assert scores.step_probabilities is not None
            np.testing.assert_allclose(scores.step_probabilities, expected, atol=1e-5)
        else:
            assert scores.step_probabilities is None
            assert scores.solution_score == scores.step_scores[-1]
        spread += list(scores.step_scores)
    # Something was read: not one constant.
    assert max(spread) - min(spread) > (1e-3 if family.format == "implicit" else 0.05)


def test_batches_change_rounding_only(verifier: ForeignVerifier) -> None:
    one = score_any(verifier, PROBLEMS, solutions(SOLUTIONS))
    other = score_any(verifier, PROBLEMS, solutions(SOLUTIONS[::-1]), batch_tokens=1)[::-1]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a.step_scores, b.step_scores, atol=1e-5)


def test_a_solution_that_holds_tags_itself_gets_one_score_a_step(
    verifier: ForeignVerifier,
) -> None:
    steps = ("so + ки and <extra_0>", "Step 2: [PRM] \n\n\n\n\n -", "# Answer 4")
    (scores,) = score_any(verifier, PROBLEMS, solutions([steps]))
    assert len(scores.step_scores) == 3
    assert all(0 <= p <= 1 for p in scores.step_scores)


def test_no_steps_and_no_solutions(verifier: ForeignVerifier) -> None:
    assert score_any(verifier, PROBLEMS, []) == []
    (scores,) = score_any(verifier, PROBLEMS, solutions([()]))
    assert (scores.step_scores, scores.solution_score) == ((), 0.0)


def test_models_that_share_no_beginnings_give_the_same(
    verifier: ForeignVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = score_any(verifier, PROBLEMS, solutions(SOLUTIONS))
    for module in ("scoring", "formats.implicit"):
        monkeypatch.setattr(f"surefoot.verifiers.{module}.tree_way", lambda model: "padded")
    padded = score_any(verifier, PROBLEMS, solutions(SOLUTIONS))
    for a, b in zip(shared, padded, strict=True):
        np.testing.assert_allclose(a.step_scores, b.step_scores, atol=1e-5)
