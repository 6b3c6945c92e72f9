"""When a solution is finished, and which of its tokens can finish it.

A solution ends at the end-of-text token, after the line that states the final
answer (`# Answer ...`), or at an empty line, which in a few-shot prompt
separates one worked example from the next. The empty line is not part of the
solution. Reads text only, so the rule is the same for every tokenizer.
"""

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.generation.folder import decode
from surefoot.records import Finish
from surefoot.steps import ANSWER_MARK, STEP_SEPARATOR, is_answer_step


def end_of_solution(text: str) -> int | None:
    r"""Length of the solution that a text begins with; None if it goes on.

    Only a line ended by a newline can end it. A bare `# Answer` line waits for
    the next non-empty line, which `surefoot.steps.split_steps` takes as the
    answer (PRM800K writes answers so).

    Example:
        >>> end_of_solution("1+1=2\n# Answer 2\nProblem: ...")
        17
        >>> end_of_solution("1+1=2\n\nProblem: ...")
        6
        >>> end_of_solution("1+1=2\n# Answer 2") is None
        True
    """
    end = 0
    waits_for_answer = False
    for line in text.split(STEP_SEPARATOR)[:-1]:
        is_empty = not line.strip()
        if is_empty and not waits_for_answer:
            return end
        end += len(line) + len(STEP_SEPARATOR)
        if waits_for_answer and not is_empty:
            return end
        if is_answer_step(line):
            if line.strip() != ANSWER_MARK:
                return end
            waits_for_answer = True
    return None


def cut_solution(text: str) -> str:
    """The text up to the end of its solution; all of it if it goes on."""
    return text[: end_of_solution(text)]


class StopRule:
    """The rule on token ids, for one generator.

    Args:
        model: Names end-of-text tokens, and says how many tokens there are.
        tokenizer: Turns tokens into the text that the rule reads.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        n_tokens = model.get_output_embeddings().weight.shape[0]
        self.tokenizer = tokenizer
        self.ends = end_tokens(model, tokenizer)
        self.telling = newline_tokens(tokenizer, n_tokens)
        self.telling[[token for token in self.ends if token < n_tokens]] = True

    def may_finish(self, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which tokens could end a solution, whatever stands before them."""
        return self.telling[tokens]

    def finish_of(self, tokens: NDArray[np.int64], max_tokens: int) -> Finish | None:
        """Why these sampled tokens are a whole solution; None if it goes on."""
        last = int(tokens[-1])
        if last in self.ends:
            return "stop"
        if self.telling[last]:
            text = decode(self.tokenizer, tokens.tolist())
            if end_of_solution(text) is not None:
                return "stop"
        return "length" if len(tokens) >= max_tokens else None


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Ids of the tokens that end a text, as the tokenizer or the model names them."""
    named: list[int | list[int] | None] = [tokenizer.eos_token_id]
    for config in (model.config, getattr(model, "generation_config", None)):
        named.append(getattr(config, "eos_token_id", None))
    ids: set[int] = set()
    for entry in named:
        ids.update(entry if isinstance(entry, list) else [] if entry is None else [entry])
    return frozenset(ids)


def newline_tokens(tokenizer: PreTrainedTokenizerBase, n_tokens: int) -> NDArray[np.bool_]:
    """Which tokens hold a newline: only after those can the stop rule change.

    Args:
        tokenizer: Any tokenizer; each of its tokens is decoded once.
        n_tokens: V, the width of the model's output; ids past the tokenizer's
            vocabulary hold none.

    Returns:
        (V,) booleans.
    """
    holds = np.zeros(n_tokens, dtype=np.bool_)
    n_known = min(len(tokenizer), n_tokens)
    holds[:n_known] = [STEP_SEPARATOR in decode(tokenizer, [token]) for token in range(n_known)]
    return holds
