"""Quality control: results of gold questions, adjudication; opinions from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SMALL = (
    ("event_told", "event", "id", "type IN ('note', 'report_step')"),
    ("rating_flagged", "rating", "assignment_id", "is_flagged"),
    ("submission_left", "submission", "at", "finish_reason IN ('bad_problem', 'give_up')"),
    ("task_several", "task", "id", "kind = 'work' AND done + imported >= 2"),
)
"""Name, table, column and condition of indexes that hold few rows."""


def upgrade() -> None:
    """Adds three tables, two columns of tasks and four small indexes."""
    op.add_column(
        "task", sa.Column("imported", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("task", sa.Column("chosen_as", sa.Text(), nullable=True))
    op.create_table(
        "gold_result",
        sa.Column("assignment_id", sa.Text(), nullable=False),
        sa.Column("labeler_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("first_error", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _foreign("gold_result", "assignment_id", "assignment.assignment_id"),
        _foreign("gold_result", "labeler_id", "labeler.labeler_id"),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_gold_result")),
    )
    op.create_index("gold_result_of_labeler", "gold_result", ["labeler_id", "at"], unique=False)
    op.create_table(
        "adjudication",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Text(), nullable=True),
        sa.Column("labeler_id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _foreign("adjudication", "task_id", "task.id"),
        _foreign("adjudication", "assignment_id", "assignment.assignment_id"),
        _foreign("adjudication", "labeler_id", "labeler.labeler_id"),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_adjudication")),
    )
    op.create_table(
        "imported",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("session_sha256", sa.Text(), nullable=False),
        sa.Column("first_error", sa.Integer(), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _foreign("imported", "task_id", "task.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported")),
        sa.UniqueConstraint(
            "task_id", "session_sha256", name=op.f("uq_imported_task_id_session_sha256")
        ),
    )
    op.create_index(op.f("ix_imported_task_id"), "imported", ["task_id"], unique=False)
    for name, table, column, condition in SMALL:
        where = sa.text(condition)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Takes them away again, with what is in them."""
    for name, table, _, _ in SMALL:
        op.drop_index(name, table_name=table)
    op.drop_index(op.f("ix_imported_task_id"), table_name="imported")
    op.drop_table("imported")
    op.drop_table("adjudication")
    op.drop_index("gold_result_of_labeler", table_name="gold_result")
    op.drop_table("gold_result")
    op.drop_column("task", "chosen_as")
    op.drop_column("task", "imported")


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))
