"""Scoring: one forward pass reads all step scores of many solutions.

Reads solutions and their problems; makes `Scores`. The solutions form a forest
in which each distinct beginning is computed once (`surefoot.verifiers.trie`);
logits are made at the steps' last tokens and for the rating tokens only. A model
that cannot compute forests reads padded texts, batched by length.

Axes: B rows, T tokens, D width, K step ends of the batch, C choices of rating.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from surefoot.errors import UserError
from surefoot.records import Problem, Scores, Solution
from surefoot.steps import review_prompt
from surefoot.verifiers.aggregate import Aggregation, Neutral, aggregate, step_score
from surefoot.verifiers.encode import EncodedSolution, Encoder
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.packed import Way, reading_trees, states_by_piece, tree_way
from surefoot.verifiers.readout import head_logits, hidden_states
from surefoot.verifiers.trie import build

log = logging.getLogger("surefoot")
_PASS_NUMBERS = 2**21
"""Numbers in a pass's widest tensor on a CPU."""
BATCH_TOKENS = 16_384
"""Tokens of a batch, repeated or padding ones included, unless asked otherwise."""


Read: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""(K, D) states to (K, C) probabilities."""


class ReadText(Protocol):
    """Tokens, and where something is read among them."""

    @property
    def ids(self) -> list[int]:
        """(T,) tokens."""

    @property
    def step_ends(self) -> list[int]:
        """(S,) positions in `ids`."""


class _Text(NamedTuple):
    """What determines a score: equal texts are scored once."""

    problem_id: str
    steps: tuple[str, ...]


def score_solutions(
    verifier: Verifier,
    problems: Mapping[str, Problem],
    solutions: Sequence[Solution],
    *,
    aggregation: Aggregation | None = None,
    neutral: Neutral | None = None,
    batch_tokens: int = BATCH_TOKENS,
    encoder: Encoder | None = None,
    skip_long: bool = False,
) -> list[Scores]:
    """Score solutions.

    Args:
        verifier: An ORM or PRM.
        problems: By `problem_id`.
        solutions: Any number. One without steps gets a solution score of 0.
        aggregation: How step scores make the solution score; None takes the
            verifier's own. An ORM has none: its score is the one at the last token.
        neutral: Whether neutral steps count as right; None takes the verifier's own.
        batch_tokens: Tokens of a batch, each distinct beginning counted once. A
            longer solution is a batch of its own. Changes the scores by rounding only.
        encoder: To keep its cache from call to call.
        skip_long: Score steps that lie beyond what the verifier can read 0 (a
            rating of -1 for certain) instead of raising; logs how many solutions.

    Returns:
        One record a solution, in the order given.

    Raises:
        UserError: A solution's problem is not among `problems`, or it is longer
            than the verifier can read.
    """
    encoder = encoder or Encoder(verifier.tokenizer)
    texts = [_Text(s.problem_id, s.steps) for s in solutions]
    unique = list(dict.fromkeys(texts))
    encoded = [
        encoder(review_prompt(_problem(problems, text.problem_id).statement), text.steps)
        for text in unique
    ]
    if skip_long:
        whole, encoded = encoded, [_cut(text, _reads_at_most(verifier)) for text in encoded]
        n_cut = sum(
            len(a.step_ends) > len(b.step_ends) for a, b in zip(whole, encoded, strict=True)
        )
        if n_cut:
            log.warning("%d solutions are longer than %s reads", n_cut, verifier.name)
    else:
        _check_length(verifier, encoded, unique, solutions)
    rows = rating_probabilities(verifier, encoded, batch_tokens)
    rated = {
        text: _unread_are_wrong(found, len(text.steps))
        for text, found in zip(unique, rows, strict=True)
    }
    make = _prm_scores if verifier.settings.kind == "prm" else _orm_scores
    how = aggregation or verifier.settings.aggregation
    neutral = neutral or verifier.settings.neutral
    return [
        make(verifier, solution, rated[text], how, neutral)
        for solution, text in zip(solutions, texts, strict=True)
    ]


def rating_probabilities(
    verifier: Verifier, encoded: Sequence[EncodedSolution], batch_tokens: int = BATCH_TOKENS
) -> list[NDArray[np.float64]]:
    """The chances of the ratings at the last token of each step.

    Args:
        verifier: Its ratings are -1, 0, +1 (PRM) or -1, +1 (ORM).
        encoded: Tokenised solutions.
        batch_tokens: Tokens of a batch, see `score_solutions`.

    Returns:
        For each solution (S, C) probabilities, a softmax over the rating
        tokens only, at the verifier's temperature, in the order of `encoded`.
    """
    ratings = (-1, 0, 1) if verifier.settings.kind == "prm" else (-1, 1)
    choices = torch.tensor(
        [i for r, i in verifier.rating_ids.items() if r in ratings], device=verifier.model.device
    )

    def read(states_KD: torch.Tensor) -> torch.Tensor:
        logits_KC = head_logits(verifier.model, states_KD, choices)
        # float64: a chance of an error of 1e-9 must not vanish in 1 - p.
        return (logits_KC.double() / verifier.settings.temperature).softmax(dim=1)

    return read_ends(verifier.model, encoded, read, len(choices), batch_tokens)


@torch.no_grad()
def read_ends(
    model: PreTrainedModel,
    encoded: Sequence[ReadText],
    read: Read,
    n_columns: int,
    batch_tokens: int = BATCH_TOKENS,
) -> list[NDArray[np.float64]]:
    """What `read` makes of a model's states at the ends of steps.

    Args:
        model: Any decoder.
        encoded: Tokenised texts with the positions that are read.
        read: Called with the states of a batch.
        n_columns: C, the numbers that `read` makes of a state.
        batch_tokens: Tokens of a batch, see `score_solutions`.

    Returns:
        For each text (S, C), in the order of `encoded`.
    """
    way = tree_way(model)
    if way == "padded":
        return _padded(model, encoded, read, n_columns, batch_tokens)
    with reading_trees(model, way):
        return _shared(model, encoded, read, n_columns, batch_tokens, way)


def _shared(
    model: PreTrainedModel,
    encoded: Sequence[ReadText],
    read: Read,
    n_columns: int,
    batch_tokens: int,
    way: Way,
) -> list[NDArray[np.float64]]:
    """(S, C) numbers of each text; each distinct beginning is computed once."""
    trie, nodes = build([e.ids[: max(e.step_ends, default=-1) + 1] for e in encoded])
    ends = [own[e.step_ends] for own, e in zip(nodes, encoded, strict=True)]
    is_read = np.zeros(len(trie), dtype=bool)
    for end in ends:
        is_read[end] = True
    found_NC = np.zeros((len(trie), n_columns))
    n_tokens = min(batch_tokens, _fastest_pass(model))
    for piece, states_ND in states_by_piece(model, trie, way, n_tokens):
        chosen = np.flatnonzero(is_read[piece])
        states_KD = states_ND[torch.from_numpy(chosen).to(states_ND.device)]
        found_NC[piece[chosen]] = read(states_KD).cpu().numpy()
    return [found_NC[end] for end in ends]


def _fastest_pass(model: PreTrainedModel) -> int:
    """Tokens above which a pass on a CPU only grows slower, by leaving the caches."""
    widest = getattr(model.config, "intermediate_size", None)
    if model.device.type != "cpu" or not isinstance(widest, int):
        return sys.maxsize
    return max(512, _PASS_NUMBERS // widest)


def _padded(
    model: PreTrainedModel,
    encoded: Sequence[ReadText],
    read: Read,
    n_columns: int,
    batch_tokens: int,
) -> list[NDArray[np.float64]]:
    """The same, one row a text, batched by length."""
    found = [np.zeros((0, n_columns))] * len(encoded)
    for indices in length_batches([len(e.ids) for e in encoded], batch_tokens):
        batch = [encoded[i] for i in indices]
        rows_KC = _forward(model, batch, read, n_columns)
        ends = np.cumsum([len(e.step_ends) for e in batch])[:-1]
        for index, rows in zip(indices, np.split(rows_KC, ends), strict=True):
            found[index] = rows
    return found


def length_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices in batches of similar length, the longest first.

    The longest come first so that a batch too large for the memory shows at once.

    Args:
        lengths: Tokens of each row.
        batch_tokens: Rows times the longest row's tokens stay below this,
            except in a batch of one row.

    Yields:
        Non-empty batches that hold each index once.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    start = 0
    while start < len(order):
        n_rows = max(1, batch_tokens // max(1, lengths[order[start]]))
        yield order[start : start + n_rows]
        start += n_rows


def _forward(
    model: PreTrainedModel, batch: Sequence[ReadText], read: Read, n_columns: int
) -> NDArray[np.float64]:
    """(K, C) numbers at all step ends of the batch, row after row."""
    rows = [row for row, e in enumerate(batch) for _ in e.step_ends]
    columns = [end for e in batch for end in e.step_ends]
    if not rows:
        return np.zeros((0, n_columns))
    input_ids_BT = torch.zeros((len(batch), max(len(e.ids) for e in batch)), dtype=torch.long)
    for row, e in enumerate(batch):
        input_ids_BT[row, : len(e.ids)] = torch.tensor(e.ids)
    hidden_BTD = hidden_states(model, input_ids_BT.to(model.device))
    found: NDArray[np.float64] = read(hidden_BTD[rows, columns]).cpu().numpy()
    return found


def _prm_scores(
    verifier: Verifier,
    solution: Solution,
    probabilities: NDArray[np.float64],
    how: Aggregation,
    neutral: Neutral,
) -> Scores:
    step_probabilities = tuple((float(a), float(b), float(c)) for a, b, c in probabilities)
    step_scores = tuple(step_score(p, neutral) for p in step_probabilities)
    return Scores(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        solution_score=aggregate(step_scores, how),
        step_scores=step_scores,
        step_probabilities=step_probabilities,
        aggregation=how,
        verifier=verifier.name,
        kind="prm",
    )


def _orm_scores(
    verifier: Verifier,
    solution: Solution,
    probabilities: NDArray[np.float64],
    how: Aggregation,
    neutral: Neutral,
) -> Scores:
    step_scores = tuple(float(p) for p in probabilities[:, 1])
    return Scores(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        # The last step's last token is the solution's final token.
        solution_score=step_scores[-1] if step_scores else 0.0,
        step_scores=step_scores,
        verifier=verifier.name,
        kind="orm",
    )


def _problem(problems: Mapping[str, Problem], problem_id: str) -> Problem:
    try:
        return problems[problem_id]
    except KeyError:
        raise UserError(
            f"problem {problem_id!r} of a solution is not among the {len(problems)} problems given"
        ) from None


def _check_length(
    verifier: Verifier,
    encoded: Sequence[EncodedSolution],
    texts: Sequence[_Text],
    solutions: Sequence[Solution],
) -> None:
    # A solution without steps is not read.
    read = [i for i, text in enumerate(texts) if text.steps]
    longest = max(read, key=lambda i: len(encoded[i].ids), default=None)
    limit = _reads_at_most(verifier)
    if longest is None or len(encoded[longest].ids) <= limit:
        return
    culprit = next(s for s in solutions if _Text(s.problem_id, s.steps) == texts[longest])
    raise UserError(
        f"solution {culprit.solution_id!r} has {len(encoded[longest].ids)} tokens with its problem,"
        f" but {verifier.name} reads at most {limit}; --skip-long scores steps beyond that 0"
    )


def _cut(text: EncodedSolution, limit: int) -> EncodedSolution:
    """The steps that end within the first `limit` tokens."""
    ends = [end for end in text.step_ends if end < limit]
    return EncodedSolution(text.ids[: ends[-1] + 1] if ends else [], text.n_prompt, ends)


def _unread_are_wrong(rated: NDArray[np.float64], n_steps: int) -> NDArray[np.float64]:
    """(n_steps, C): steps that were not read are given rating -1 for certain."""
    unread = np.zeros((n_steps - len(rated), rated.shape[1]))
    unread[:, 0] = 1.0
    return np.concatenate([rated, unread])


def _reads_at_most(verifier: Verifier) -> int:
    return getattr(verifier.model.config, "max_position_embeddings", None) or sys.maxsize
