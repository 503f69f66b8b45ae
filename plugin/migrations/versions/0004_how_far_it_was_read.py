"""How far each conversation of a helpdesk was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "bookmark",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("read", sa.Text, nullable=False),
    )
