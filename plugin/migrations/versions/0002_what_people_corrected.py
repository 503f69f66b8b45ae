"""What people said of the judge's labels, and the judges that learned from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.BigInteger  # microseconds since 1970 UTC


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "correction",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("label", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("was", sa.String, nullable=False, server_default=""),
        sa.Column("case_id", sa.String, nullable=False, server_default=""),
        sa.Column("by", sa.String, nullable=False, server_default=""),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("correction_by_time", "correction", ["at"])
    op.create_table(
        "judge",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("replaced", sa.Integer, nullable=False, server_default="0"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("learned", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False, server_default=""),
        sa.Column("in_force", sa.Boolean, nullable=False, server_default="0"),
    )
