"""The records that flow through the pipeline, one class a table.

    Problem -> Solution -> Grade   (automatic verdict on the final answer)
                        -> Labels  (ratings of the steps)
                        -> Scores  (a verifier's numbers)

Records are plain, frozen and hold nothing but text, numbers and tuples of
them; `surefoot.tables` writes and reads them. `problem_id` and `solution_id`
join the tables. A field that may be None says so and what None means.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["correct", "incorrect", "no_answer", "undecided"]
Rating: TypeAlias = Literal[-1, 0, 1]
Finish: TypeAlias = Literal["stop", "length"]
VerifierKind: TypeAlias = Literal["prm", "orm"]

VERDICTS: tuple[Verdict, ...] = ("correct", "incorrect", "no_answer", "undecided")
RATINGS: tuple[Rating, ...] = (-1, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A question with a known final answer."""

    problem_id: str
    statement: str
    answer: str
    """Reference final answer, as the source writes it (LaTeX in MATH)."""
    reference_solution: str | None = None
    """A worked solution, one step a line; None where the source has none."""
    subject: str | None = None
    """MATH's subject or the family of a procedural problem."""
    level: int | None = None
    """Difficulty, 1 (easy) to 5; None where the source does not say."""
    split: str | None = None
    """`train` or `test`."""
    source: str | None = None
    """Where it comes from: `math`, `gsm8k`, `arith`, `prm800k`, a file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """One sampled chain of steps."""

    solution_id: str
    problem_id: str
    steps: tuple[str, ...]
    """The lines of the solution, the `# Answer` line last if it was reached."""
    answer: str | None = None
    """Final answer as written, or None if the solution states none."""
    finish: Finish = "stop"
    """`stop`: the generator ended it; `length`: it was cut at the token limit."""
    n_tokens: int | None = None
    """Tokens sampled; None for a solution that was not sampled here."""
    log_probability: float | None = None
    """Sum of the tokens' log-probabilities (nats) under the generator at
    temperature 1; None when unknown."""
    generator: str | None = None
    """Name or folder of the model that wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The automatic verdict on one solution's final answer."""

    solution_id: str
    problem_id: str
    verdict: Verdict
    reason: str | None = None
    """Why, in a few words; always given for `undecided`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """All ratings of one solution by one rater."""

    solution_id: str
    problem_id: str
    ratings: tuple[Rating | None, ...]
    """One entry a step; None is unrated (after the first error, say)."""
    reasons: tuple[str | None, ...] | None = None
    """Why each step got its rating, where the rater says; else None."""
    rater: str = "unknown"
    """Who rated: a person's name, `checker`, a verifier's folder."""
    source: str | None = None
    """Where the ratings come from, e.g. `prm800k` and its phase."""

    @property
    def first_error(self) -> int | None:
        """0-based index of the first step rated -1, or None."""
        return next((i for i, rating in enumerate(self.ratings) if rating == -1), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """A verifier's numbers for one solution."""

    solution_id: str
    problem_id: str
    solution_score: float
    """In [0, 1]: the aggregate of the step scores (PRM), or the prediction at
    the last token (ORM)."""
    step_scores: tuple[float, ...]
    """(S,) in [0, 1]. PRM: chance that the step is right. ORM: prediction of a
    right final answer, read at each step's last token."""
    step_probabilities: tuple[tuple[float, float, float], ...] | None = None
    """(S, 3) chance of ratings -1, 0, +1 (PRM only), so that scores can be
    aggregated again in another way; None for an ORM."""
    aggregation: str | None = None
    """How `solution_score` was made, e.g. `product`; None for an ORM."""
    verifier: str | None = None
    """Name or folder of the verifier."""
    kind: VerifierKind = "prm"
