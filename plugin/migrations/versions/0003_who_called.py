"""Notices: who called about what, and whether it was heeded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.BigInteger  # microseconds since 1970 UTC


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "notice",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("topic", sa.String, nullable=False, server_default=""),
        sa.Column("act", sa.String, nullable=False, server_default=""),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("heeded_at", MOMENT),
    )
    op.create_index("notice_by_heeding", "notice", ["heeded_at", "inbox", "at"])
