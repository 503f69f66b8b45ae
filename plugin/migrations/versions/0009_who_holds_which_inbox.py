"""Workers who share the inboxes of a store between them; without them, as on one machine, both tables stay empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "worker",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "holding",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("worker", sa.String, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
