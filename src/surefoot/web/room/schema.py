"""Tables of the labelling room.

    project, guideline
    problem <- solution <- task <- assignment <- event        append-only
                            |           |    <- rating        what the events say now
                            option      |    <- submission    a session each
    generation              imported    |    <- gold_result   was it right?
                            adjudication
                            labeler <- credential
    audit                                                     append-only

`rating`, and `slots` and `done` of a task, follow from other rows and can be
made again; `surefoot label replay` does. Times are milliseconds since 1970.
"""

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NO_CANDIDATE = -1
"""In a key, for the step as it is shown."""

OPEN = "slots > 0 AND state = 'open'"
"""The condition of the index of claims. SQLite uses the index only if a query
holds these very words, not bound parameters (measured: 5 s against 5 ms)."""

FLAGGED = "is_flagged"
TOLD = "type IN ('note', 'report_step')"
LEFT = "finish_reason IN ('bad_problem', 'give_up')"
SEVERAL = "kind = 'work' AND done + imported >= 2"
"""Conditions of small indexes of what leads look at, to be used in the same way."""


class Table(DeclarativeBase):
    """What all tables have in common."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        str: Text(),
        int: Integer(),
        float: Float(53),
        bool: Boolean(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


def _time() -> Any:
    return mapped_column(BigInteger)


class ProjectRow(Table):
    """The one project of a database."""

    __tablename__ = "project"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    protocol: Mapped[str]
    settings: Mapped[dict[str, Any]]
    secret: Mapped[str]
    """For what raters must not be able to guess, e.g. when a gold question comes."""
    created_at: Mapped[int] = _time()


class GuidelineRow(Table):
    """A version of the guidelines; assignments name the one they were opened with."""

    __tablename__ = "guideline"
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    sha256: Mapped[str]
    created_at: Mapped[int] = _time()


class ProblemRow(Table):
    """As `surefoot.records.Problem`."""

    __tablename__ = "problem"
    problem_id: Mapped[str] = mapped_column(primary_key=True)
    statement: Mapped[str]
    answer: Mapped[str]
    reference_solution: Mapped[str | None]
    subject: Mapped[str | None]
    level: Mapped[int | None]
    split: Mapped[str | None]
    source: Mapped[str | None]


class SolutionRow(Table):
    """As `surefoot.records.Solution`, and the score that selected it."""

    __tablename__ = "solution"
    solution_id: Mapped[str] = mapped_column(primary_key=True)
    problem_id: Mapped[str] = mapped_column(ForeignKey("problem.problem_id"))
    steps: Mapped[list[Any]]
    answer: Mapped[str | None]
    finish: Mapped[str]
    n_tokens: Mapped[int | None]
    log_probability: Mapped[float | None]
    generator: Mapped[str | None]
    score: Mapped[float | None]


class GenerationRow(Table):
    """A round of labelling: which verifier chose, and how."""

    __tablename__ = "generation"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    verifier: Mapped[str | None]
    policy: Mapped[dict[str, Any]]
    created_at: Mapped[int] = _time()


class TaskRow(Table):
    """A solution to be rated by `want` people."""

    __tablename__ = "task"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`work`, `gold`, `screening`."""
    solution_id: Mapped[str] = mapped_column(ForeignKey("solution.solution_id"))
    problem_id: Mapped[str]
    generation: Mapped[int | None]
    priority: Mapped[float]
    """The highest comes first."""
    want: Mapped[int]
    slots: Mapped[int]
    """`want` less `imported` and the assignments that hold a slot; never below 0."""
    done: Mapped[int]
    """Assignments that were submitted, late ones too."""
    imported: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Opinions that came with imported labels and count as if given here."""
    state: Mapped[str]
    """`open`, `complete`, `adjudicate`, `resolved`, `withdrawn`."""
    gold: Mapped[dict[str, Any] | None]
    """What counts as right, for tasks that are not work:
    `{"first_errors": [3, 4]}`, each acceptable; null among them: no error."""
    chosen_as: Mapped[str | None]
    """Why active learning chose it: `surefoot.labeling.selection.Why`."""

    __table_args__ = (
        UniqueConstraint("solution_id", "kind"),
        Index(
            "task_claim",
            "kind",
            text("priority DESC"),
            "id",
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        Index("task_several", "id", sqlite_where=text(SEVERAL), postgresql_where=text(SEVERAL)),
    )


class OptionRow(Table):
    """A text offered as a step, or a critique; see `surefoot.labeling.drafts.Option`."""

    __tablename__ = "option"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignment.assignment_id"))
    """For whom it was made; null: for everybody."""
    number: Mapped[int]
    step: Mapped[int]
    text: Mapped[str]
    origin: Mapped[str]
    follows: Mapped[str | None]

    __table_args__ = (UniqueConstraint("task_id", "number"),)


class LabelerRow(Table):
    """A person."""

    __tablename__ = "labeler"
    labeler_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    """`labeler`, `lead`, `admin`."""
    state: Mapped[str]
    """`screening`, `active`, `paused`, `failed`, `blocked`."""
    keymap: Mapped[dict[str, Any] | None]
    export_id: Mapped[str] = mapped_column(unique=True)
    """The name under which ratings are exported."""
    created_at: Mapped[int] = _time()


class CredentialRow(Table):
    """An invite or a session; of its secret only the hash is kept."""

    __tablename__ = "credential"
    id: Mapped[int] = mapped_column(primary_key=True)
    labeler_id: Mapped[str] = mapped_column(ForeignKey("labeler.labeler_id"), index=True)
    kind: Mapped[str]
    """`invite`, `session`."""
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[int] = _time()
    expires_at: Mapped[int] = _time()
    used_at: Mapped[int | None] = _time()
    revoked_at: Mapped[int | None] = _time()


class AssignmentRow(Table):
    """A task in a person's hands."""

    __tablename__ = "assignment"
    assignment_id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    labeler_id: Mapped[str] = mapped_column(ForeignKey("labeler.labeler_id"))
    problem_id: Mapped[str]
    solution_id: Mapped[str]
    state: Mapped[str]
    """`leased`, `submitted`, `reopened`, `expired`, `released`."""
    holds_slot: Mapped[bool]
    leased_at: Mapped[int] = _time()
    lease_expires_at: Mapped[int] = _time()
    submitted_at: Mapped[int | None] = _time()
    """First submission."""
    guideline_version: Mapped[int]
    last_seq: Mapped[int]
    """Highest number of an event that is stored."""
    release_reason: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("task_id", "labeler_id"),
        Index("assignment_of_labeler", "labeler_id", "solution_id"),
        Index("assignment_by_time", "labeler_id", "leased_at"),
        Index(
            "assignment_lapse",
            "lease_expires_at",
            sqlite_where=text("state = 'leased'"),
            postgresql_where=text("state = 'leased'"),
        ),
    )


class EventRow(Table):
    """As `surefoot.labeling.events.Event`; never changed, never removed."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.assignment_id"))
    event_id: Mapped[str] = mapped_column(unique=True)
    seq: Mapped[int]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    mono_ms: Mapped[float]
    wall: Mapped[str]
    session_id: Mapped[str]
    """Made by the browser for each time the page is opened."""
    received_at: Mapped[int] = _time()

    __table_args__ = (
        UniqueConstraint("assignment_id", "seq"),
        Index("event_told", "id", sqlite_where=text(TOLD), postgresql_where=text(TOLD)),
    )


class RatingRow(Table):
    """What holds of one step or option after all events."""

    __tablename__ = "rating"
    assignment_id: Mapped[str] = mapped_column(
        ForeignKey("assignment.assignment_id"), primary_key=True
    )
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    candidate: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rating: Mapped[int | None]
    rating_seq: Mapped[int]
    """Number of the event that said so; 0: none did."""
    changes: Mapped[int]
    """Events that rated it."""
    is_flagged: Mapped[bool]
    flag_seq: Mapped[int]

    __table_args__ = (
        Index(
            "rating_flagged",
            "assignment_id",
            sqlite_where=text(FLAGGED),
            postgresql_where=text(FLAGGED),
        ),
    )


class SubmissionRow(Table):
    """A finished piece of work; another revision if it was reopened."""

    __tablename__ = "submission"
    submission_id: Mapped[str] = mapped_column(primary_key=True)
    """UUID made by the browser, so that a repeated one is known."""
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.assignment_id"))
    revision: Mapped[int]
    finish_reason: Mapped[str]
    reason: Mapped[str | None]
    first_error: Mapped[int | None]
    active_ms: Mapped[int] = _time()
    wall_ms: Mapped[int] = _time()
    last_seq: Mapped[int]
    """Events up to this one count."""
    last_option: Mapped[int]
    """Options up to this `option.id` were there."""
    session: Mapped[str]
    """JSON of the `surefoot.records.Session`."""
    session_sha256: Mapped[str]
    is_late: Mapped[bool]
    """Whether others had all slots when it first came; an extra opinion."""
    at: Mapped[int] = _time()

    __table_args__ = (
        UniqueConstraint("assignment_id", "revision"),
        Index("submission_by_time", "at"),
        Index("submission_left", "at", sqlite_where=text(LEFT), postgresql_where=text(LEFT)),
    )


class GoldResultRow(Table):
    """Whether the last submission of a gold or screening task was right."""

    __tablename__ = "gold_result"
    assignment_id: Mapped[str] = mapped_column(
        ForeignKey("assignment.assignment_id"), primary_key=True
    )
    labeler_id: Mapped[str] = mapped_column(ForeignKey("labeler.labeler_id"))
    kind: Mapped[str]
    """`gold`, `screening`."""
    is_right: Mapped[bool]
    first_error: Mapped[int | None]
    """What the rater said."""
    at: Mapped[int] = _time()

    __table_args__ = (Index("gold_result_of_labeler", "labeler_id", "at"),)


class AdjudicationRow(Table):
    """Which of several opinions holds, as a lead decided."""

    __tablename__ = "adjudication"
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignment.assignment_id"))
    """Whose submission holds."""
    imported_id: Mapped[int | None] = mapped_column(ForeignKey("imported.id"))
    """Or which opinion from elsewhere. Both null: none, the problem is bad and the task
    withdrawn."""
    labeler_id: Mapped[str] = mapped_column(ForeignKey("labeler.labeler_id"))
    """Who decided."""
    note: Mapped[str | None]
    at: Mapped[int] = _time()


class ImportedRow(Table):
    """A session that was rated elsewhere: an opinion on a task, exported again as it came."""

    __tablename__ = "imported"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    session: Mapped[str]
    """JSON of the `surefoot.records.Session`."""
    session_sha256: Mapped[str]
    first_error: Mapped[int | None]
    is_whole: Mapped[bool]
    """Rated to the first error or to the end, so that it counts as an opinion."""
    at: Mapped[int] = _time()

    __table_args__ = (UniqueConstraint("task_id", "session_sha256"),)


class AuditRow(Table):
    """Who did what to whom; each row's hash covers the one before."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    detail: Mapped[dict[str, Any]]
    at: Mapped[int] = _time()
    previous_hash: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
