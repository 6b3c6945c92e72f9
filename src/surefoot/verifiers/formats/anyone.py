"""One door to all verifiers: ours, other people's folders, servers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from surefoot.errors import UserError
from surefoot.model_server import is_address
from surefoot.records import Problem, Scores, Solution, VerifierKind
from surefoot.verifiers.aggregate import Aggregation, Neutral, aggregate, step_score
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.folder import Verifier, load_verifier
from surefoot.verifiers.formats.catalogue import IMPLICIT, OWN, format_names
from surefoot.verifiers.formats.foreign import Floats, ForeignVerifier, Text, load_foreign
from surefoot.verifiers.formats.implicit import load_implicit
from surefoot.verifiers.formats.recognise import recognise
from surefoot.verifiers.formats.served import SERVED_FORMATS, YES_NO, load_served
from surefoot.verifiers.scoring import BATCH_TOKENS, score_solutions

AnyVerifier: TypeAlias = Verifier | ForeignVerifier


def load_any(
    name: str,
    format: str | None = None,
    *,
    reference: Path | None = None,
    served_model: str | None = None,
    served_tokens: int = 1,
) -> AnyVerifier:
    """A verifier of any format.

    Args:
        name: Folder, or address of a server.
        format: One of `format_names()`, or of `SERVED_FORMATS` for a server;
            None: as the folder tells.
        reference: The reference model of an implicit PRM.
        served_model: Which model of a server.
        served_tokens: Tokens of a server's reply.

    Raises:
        UserError: No such verifier or format, or it cannot be loaded.
    """
    if is_address(name):
        _check_format(format, SERVED_FORMATS)
        return load_served(name, format or YES_NO, served_model, served_tokens)
    _check_format(format, format_names())
    folder = Path(name)
    found = format or recognise(folder)
    if found == OWN:
        return load_verifier(folder)
    if found == IMPLICIT:
        return load_implicit(folder, reference)
    return load_foreign(folder, found)


def _check_format(format: str | None, known: Sequence[str]) -> None:
    if format is not None and format not in known:
        raise UserError(f"--verifier-format: no format {format!r}; there are: {', '.join(known)}")


def format_of(verifier: AnyVerifier) -> str:
    """Name of its format."""
    return verifier.format if isinstance(verifier, ForeignVerifier) else OWN


def kind_of(verifier: AnyVerifier) -> VerifierKind:
    """PRM or ORM."""
    return verifier.kind if isinstance(verifier, ForeignVerifier) else verifier.settings.kind


def score_any(
    verifier: AnyVerifier,
    problems: Mapping[str, Problem],
    solutions: Sequence[Solution],
    *,
    aggregation: Aggregation | None = None,
    neutral: Neutral | None = None,
    batch_tokens: int = BATCH_TOKENS,
    encoder: Encoder | None = None,
    skip_long: bool = False,
) -> list[Scores]:
    """Scores by a verifier of any format; arguments and errors as `score_solutions`."""
    if isinstance(verifier, Verifier):
        return score_solutions(
            verifier,
            problems,
            solutions,
            aggregation=aggregation,
            neutral=neutral,
            batch_tokens=batch_tokens,
            encoder=encoder,
            skip_long=skip_long,
        )
    texts: dict[tuple[str, tuple[str, ...]], Text] = {}
    for solution in solutions:
        if solution.problem_id not in problems:
            raise UserError(
                f"problem {solution.problem_id!r} of a solution is not among the"
                f" {len(problems)} problems given"
            )
        statement = problems[solution.problem_id].statement
        key = (statement, solution.steps)
        if solution.steps:
            texts.setdefault(key, Text(solution.solution_id, *key))
    judged = verifier.judge(list(texts.values()), batch_tokens, skip_long) if texts else []
    chances = dict(zip(texts, judged, strict=True))
    nothing = np.zeros((0, 3))
    return [
        _scores(
            verifier,
            solution,
            chances.get((problems[solution.problem_id].statement, solution.steps), nothing),
            aggregation or verifier.aggregation,
            neutral or verifier.neutral,
        )
        for solution in solutions
    ]


def _scores(
    verifier: ForeignVerifier,
    solution: Solution,
    chances: Floats,
    how: Aggregation,
    neutral: Neutral,
) -> Scores:
    step_probabilities = tuple((float(a), float(b), float(c)) for a, b, c in chances)
    step_scores = tuple(step_score(p, neutral) for p in step_probabilities)
    is_prm = verifier.kind == "prm"
    last = step_scores[-1] if step_scores else 0.0
    return Scores(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        solution_score=aggregate(step_scores, how) if is_prm else last,
        step_scores=step_scores,
        step_probabilities=step_probabilities if is_prm else None,
        aggregation=how if is_prm else None,
        verifier=verifier.name,
        kind=verifier.kind,
    )
