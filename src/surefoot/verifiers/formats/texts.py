"""How each family writes a problem and its steps, and where it reads them.

Each function follows the code that its authors, or those who first ran the
models, published (named beside it; read, not run: no weights were at hand).
It returns the sequences that the model reads, with one position a step in all.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from transformers import PreTrainedTokenizerBase

from surefoot.errors import ModelFolderError
from surefoot.generation.folder import encode
from surefoot.steps import ANSWER_MARK, is_answer_step
from surefoot.verifiers.formats.readings import (
    Reading,
    Tagged,
    numbered,
    one_token,
    read_tags,
    special_token,
    tagged,
)

WriteText: TypeAlias = Callable[[PreTrainedTokenizerBase, str, Sequence[str]], list[Reading]]
"""Tokenizer, statement, steps (at least one) -> sequences."""

KI = "ки"
QWEN_TAG = "<extra_0>"
QWEN_SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
PQM_TAG = "[PRM]"
PSA_TAG = " \n\n\n\n\n"


def math_shepherd(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> list[Reading]:
    r"""`{q} Step 1: ... ки\nStep 2: ... ки`, read at each tag.

    Source: model card of peiyi9979/math-shepherd-mistral-7b-prm, as run by
    huggingface/search-and-learn and openreasoner/openr.
    """
    text = tagged(f"{statement} ", [f"{step} " for step in numbered(steps)], KI, "\n")
    return [read_tags(tokenizer, text, one_token(tokenizer, KI), opens=True)]


def er_prm(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> list[Reading]:
    """`{q} {step} ки{step} ки`, read at each tag.

    Source: RyanLiu112/compute-optimal-tts, `rm_call.py` and `infer_fns.py`.
    """
    text = tagged(f"{statement} ", [step.strip() for step in steps], f" {KI}")
    return [read_tags(tokenizer, text, one_token(tokenizer, f" {KI}"), opens=True)]


def math_psa(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> list[Reading]:
    r"""`{q} {step} \n\n\n\n\n {step} \n\n\n\n\n`, read at each run of newlines.

    Source: openreasoner/openr, `prm/code/finetune_qwen.py`, `prm/infer_fns.py`.
    """
    text = tagged(f"{statement} ", [step.strip() for step in steps], PSA_TAG, " ")
    return [read_tags(tokenizer, text, one_token(tokenizer, PSA_TAG), opens=True)]


def qwen(tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]) -> list[Reading]:
    """A chat whose assistant ends each step with `<extra_0>`, read there.

    Source: model card of Qwen/Qwen2.5-Math-PRM-7B, as run by huggingface/search-and-learn.
    """
    answer = tagged("", steps, QWEN_TAG)
    messages = [
        {"role": "system", "content": QWEN_SYSTEM},
        {"role": "user", "content": statement},
        {"role": "assistant", "content": answer.text},
    ]
    text = render_chat(tokenizer, messages)
    start = text.rfind(answer.text)
    if start < 0:
        raise ModelFolderError(f"{tokenizer.name_or_path}: its chat template changes the answer")
    spans = [(start + first, start + last) for first, last in answer.spans]
    return [read_tags(tokenizer, Tagged(text, spans), special_token(tokenizer, QWEN_TAG))]


def rlhflow_prm(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> list[Reading]:
    """A chat: the user says the steps, the assistant `+`; read where `+` is predicted.

    Source: RLHFlow/RLHF-Reward-Modeling, `math-rm/prm_evaluate.py`.
    """
    said = [step.strip() for step in steps]
    said[0] = f"{statement} {said[0]}"
    messages, spans = [], []
    tail = len(_after_plus(tokenizer))
    for text in said:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "+"}]
        plus = len(render_chat(tokenizer, messages)) - tail
        spans.append((plus - 1, plus))
    text = render_chat(tokenizer, messages)
    return [read_tags(tokenizer, Tagged(text, spans), one_token(tokenizer, "+"), shift=-1)]


def rlhflow_orm(join: str) -> WriteText:
    """A chat of one question, `{q} {solution}`; read where the assistant's `+` is predicted.

    The model is trained on whole solutions; each beginning of one is read as if
    it were whole, so that there is a number for each step as well.

    Args:
        join: What stands between steps: a newline in the Mistral data, an
            empty line in the Deepseek data.

    Source: RLHFlow/RLHF-Reward-Modeling, `math-rm/orm_evaluate.py`.
    """

    def write(
        tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
    ) -> list[Reading]:
        token, tail = one_token(tokenizer, "+"), len(_after_plus(tokenizer))
        found = []
        for n_steps in range(1, len(steps) + 1):
            said = f"{statement} {join.join(steps[:n_steps])}"
            text = render_chat(
                tokenizer,
                [{"role": "user", "content": said}, {"role": "assistant", "content": "+"}],
            )
            plus = len(text) - tail
            found.append(read_tags(tokenizer, Tagged(text, [(plus - 1, plus)]), token, shift=-1))
        return found

    return write


def skywork(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> list[Reading]:
    r"""`{bos}{q}\n`, then each line tokenised alone and closed by the newline's token, read there.

    A step of several lines is read at its last line.

    Source: SkyworkAI/skywork-o1-prm-inference, `model_utils/io_utils.py`.
    """
    newline = one_token(tokenizer, "\n")
    ids = encode(tokenizer, f"{tokenizer.bos_token or ''}{statement}\n")
    ends = []
    for step in steps:
        for line in step.split("\n"):
            ids += [*encode(tokenizer, line), newline]
        ends.append(len(ids) - 1)
    return [Reading(ids, ends)]


def trl(separator: str) -> WriteText:
    """`[bos] q`, then each step and the separator, each tokenised alone; read at the last token.

    Args:
        separator: TRL's default is a newline; others took an empty line.

    Source: huggingface/trl, `tokenize_row` of `experimental/prm/prm_trainer.py`.
    """

    def write(
        tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
    ) -> list[Reading]:
        closing = encode(tokenizer, separator)
        opening = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        ids, ends = [*opening, *encode(tokenizer, statement)], []
        for step in steps:
            ids += [*encode(tokenizer, step), *closing]
            ends.append(len(ids) - 1)
        return [Reading(ids, ends)]

    return write


def reasoneval(*, back: int) -> WriteText:
    """The problem, then the steps without anything between; read at (or before) their last tokens.

    The published code marks the boundaries with the padding token, notes where
    they are and takes them out again. Tokens next to one are those of a text
    that begins there, so each part is tokenised behind it.

    Args:
        back: How far before a step's last token it is read. The published code
            of the 34B model reads at the last token. That of the 7B model counts
            the opening token as a boundary, puts it back, and so reads one token
            before the last; its published example scores come from there.

    Source: GAIR-NLP/ReasonEval, `codes/examples.py`.
    """

    def write(
        tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
    ) -> list[Reading]:
        mark = tokenizer.pad_token
        if mark is None:
            raise ModelFolderError(f"{tokenizer.name_or_path}: the tokenizer has no padding token")
        prompt = f"Question:\n{statement}\nAnswer:\nLet's think step by step.\n"
        opening = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        ids, ends = [*opening, *encode(tokenizer, prompt)], []
        n_mark = len(encode(tokenizer, mark))
        for step in steps:
            ids += encode(tokenizer, mark + step)[n_mark:]
            ends.append(len(ids) - 1 - back)
        return [Reading(ids, ends)]

    return write


def pqm(tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]) -> list[Reading]:
    """An instruction, then each step with `[PRM]`, a token of its own, read there.

    Source: WindyLee0822/Process_Q_Model, `bon_eval_hf.py`.
    """
    head = (
        "Below is an instruction that describes a task.\n"
        "Write a response that appropriately completes the request.\n\n"
        f"### Instruction:\n{statement}\n\n### Response: Let's think step by step\n"
    )
    return _pqm(tokenizer, head, steps)


def pqm_inst(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> list[Reading]:
    """The same with the opening that `train_main.py` of the same repository trains on."""
    return _pqm(tokenizer, f"[INST] {statement} [/INST]\n", steps)


def _pqm(tokenizer: PreTrainedTokenizerBase, head: str, steps: Sequence[str]) -> list[Reading]:
    text = tagged(head, [f"{step} " for step in numbered(steps)], PQM_TAG, "\n")
    return [read_tags(tokenizer, text, special_token(tokenizer, PQM_TAG))]


def llemma(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> list[Reading]:
    r"""Steps with empty lines between; read at the first newline after each, the last at `eos`.

    The line `# Answer 5` is written as the models know it: `# Answer`, an empty line, `5`.

    Source: model cards of ScalableMath/llemma-7b-(o)prm-...-hf (trained "on the
    positions of \n\n and <eos>"); Edward-Sun/easy-to-hard, `inference_reward.py`.
    """
    if tokenizer.eos_token_id is None:
        raise ModelFolderError(f"{tokenizer.name_or_path}: the tokenizer has no end token")
    written = [_spell_answer(step) for step in steps]
    text = tagged(f"# Question\n\n{statement}\n\n# Solution\n\n", written[:-1], "\n", "\n")
    whole = text._replace(text=text.text + ("\n" if text.spans else "") + written[-1])
    reading = read_tags(tokenizer, whole, one_token(tokenizer, "\n"), opens=True)
    return [Reading([*reading.ids, tokenizer.eos_token_id], [*reading.step_ends, len(reading.ids)])]


def _spell_answer(step: str) -> str:
    if not is_answer_step(step):
        return step
    return f"{ANSWER_MARK}\n\n{step.strip().removeprefix(ANSWER_MARK).strip()}"


def render_chat(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> str:
    """A chat as text, by the tokenizer's own template.

    Raises:
        ModelFolderError: There is no template.
    """
    if not tokenizer.chat_template:
        raise ModelFolderError(
            f"{tokenizer.name_or_path}: the tokenizer has no chat template,"
            " which this verifier format needs"
        )
    return str(tokenizer.apply_chat_template(messages, tokenize=False))


def _after_plus(tokenizer: PreTrainedTokenizerBase) -> str:
    """What the template writes behind an assistant's `+`."""
    messages = [{"role": "user", "content": "1"}, {"role": "assistant", "content": "+"}]
    return render_chat(tokenizer, messages).rpartition("+")[2]
