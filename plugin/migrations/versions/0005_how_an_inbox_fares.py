"""How an inbox fares: since when something is wrong with it, of what kind, until when, and what the team was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("inbox", sa.Column("fault_kind", sa.String, nullable=False, server_default=""))
    op.add_column("inbox", sa.Column("fault_since", sa.BigInteger))
    op.add_column("inbox", sa.Column("fault_until", sa.BigInteger))
    op.add_column("inbox", sa.Column("told", sa.String, nullable=False, server_default=""))
