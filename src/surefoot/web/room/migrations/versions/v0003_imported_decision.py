"""Decisions for opinions from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FOREIGN = "fk_adjudication_imported_id"


def upgrade() -> None:
    """Adds a column of decisions."""
    # SQLite cannot add a foreign key to a table that is there; the batch makes it anew.
    with op.batch_alter_table("adjudication") as table:
        table.add_column(sa.Column("imported_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f(FOREIGN), "imported", ["imported_id"], ["id"])


def downgrade() -> None:
    """Takes it away again, with the decisions for opinions from elsewhere."""
    op.execute("DELETE FROM adjudication WHERE imported_id IS NOT NULL")
    with op.batch_alter_table("adjudication") as table:
        table.drop_constraint(op.f(FOREIGN), type_="foreignkey")
        table.drop_column("imported_id")
