"""The records that flow through the pipeline, one class a table.

    Problem -> Solution -> Grade   (automatic verdict on the final answer)
                        -> Labels  (ratings of the steps) <- Session (how they came about)
                        -> Scores  (a verifier's numbers)
    Session -> RatedStep           (all of it that concerns one step, for analyses)

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

Mark: TypeAlias = Literal["flagged", "quality_control", "screening", "give_up", "bad_problem"]

VERDICTS: tuple[Verdict, ...] = ("correct", "incorrect", "no_answer", "undecided")
RATINGS: tuple[Rating, ...] = (-1, 0, 1)
MARKS: tuple[Mark, ...] = ("flagged", "quality_control", "screening", "give_up", "bad_problem")


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
    chances: tuple[float | None, ...] | None = None
    """Soft labels: one entry a step, the chance in [0, 1] that it is right, by
    rollouts, say; None where there is none. A step may have both."""
    marks: tuple[Mark, ...] = ()
    """Why training leaves these labels out unless told otherwise: the rater was
    unsure of a step (`flagged`) or gave up, the problem makes no sense, or it
    was asked to test the rater."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One rater's work on one solution: a row of a file of labels, kept whole.

    Step by step it holds all *alternatives* that were rated, not only the one
    that was followed. `surefoot.labeling.sessions` tells how Labels follow.
    """

    session_id: str
    problem_id: str
    solution_id: str | None = None
    """The solution that was followed; None where not even one step was taken."""
    rater: str = "unknown"
    """As in Labels; with `solution_id` the key of the labels that follow."""
    format: str
    """Layout of the row it comes from: `prm800k`, `trl`, ..."""
    alternatives: tuple[tuple[str, ...] | None, ...]
    """(S,) lists: the texts offered as this step; None if none was there yet."""
    alternative_ratings: tuple[tuple[Rating | None, ...] | None, ...]
    """(S,) lists: the rating of each alternative."""
    alternative_flags: tuple[tuple[bool | None, ...] | None, ...] | None = None
    """(S,) lists: whether the rater was unsure of it; None: could not be said."""
    chosen: tuple[int | None, ...]
    """(S,) the alternative that the next step continues; None: a person's step or none."""
    human_steps: tuple[str | None, ...] | None = None
    """(S,) the step that the rater wrote, where no alternative was good."""
    chances: tuple[float | None, ...] | None = None
    """(S,) soft labels of the steps that were followed, as in Labels."""
    shown_steps: tuple[str, ...] | None = None
    """The whole solution, where the rater was shown one (PRM800K phase 2)."""
    shown_answer: str | None = None
    """Its final answer."""
    shown_score: float | None = None
    """Its solution score by the verifier that selected it."""
    generation: int | None = None
    """Round of labelling and retraining; -1 is screening; None in phase 1."""
    is_quality_control: bool = False
    """Served to many raters to compare them."""
    is_screening: bool = False
    """Served to new raters as an exam."""
    finish_reason: str | None = None
    """`found_error`, `solution`, `bad_problem` or `give_up`."""
    milliseconds: int | None = None
    """Time from opening to submitting."""
    timestamp: str | None = None
    """When it was submitted, as the source writes it."""
    other: str | None = None
    """JSON: in what the source's row differs from what `label export` would
    write of the fields above; see `surefoot.labeling.difference`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedStep:
    """One rating of one step by one rater, with what an analysis wants beside it.

    Steps that are not rated have no row.
    """

    session_id: str
    """With `step` and `alternative` the key."""
    problem_id: str
    solution_id: str | None = None
    """The solution that was followed."""
    rater: str = "unknown"
    step: int
    """0-based index into the steps of the solution."""
    n_steps: int
    """Steps of the solution, rated or not; of an alternative, up to it."""
    alternative: int | None = None
    """None for a step of the solution; else the number of another text that was
    rated in its place, from 0 within the session."""
    text: str
    rating: Rating | None
    """None where there is a chance only."""
    chance: float | None = None
    is_first_error: bool
    """The first step of the solution rated -1."""
    is_last: bool
    """The last step of the solution."""
    is_flagged: bool = False
    """Whether the rater was unsure of it."""
    n_raters: int | None = None
    """Raters of this step of this solution, this one included; None for an alternative."""
    majority: Rating | None = None
    """The commonest of their ratings; None if there is none, or two are equally common."""
    generation: int | None = None
    finish_reason: str | None = None
    marks: tuple[Mark, ...] = ()
    milliseconds: int | None = None
    """Of the whole session."""
    timestamp: str | None = None
    generator: str | None = None
    """Model that wrote the solution."""
    solution_score: float | None = None
    """Of the verifier that selected the solution."""
