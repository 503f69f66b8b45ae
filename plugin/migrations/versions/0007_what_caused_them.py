"""Incidents, as people told of them, and which cases each of them caused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table, and the column that names the incident of a case."""
    op.create_table(
        "incident",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String, nullable=False, server_default=""),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", sa.String, nullable=False, server_default=""),
        sa.Column("spread", sa.Boolean, nullable=False, server_default="0"),
    )
    op.add_column("complaint", sa.Column("incident", sa.String, nullable=False, server_default=""))
    op.create_index("complaint_by_incident", "complaint", ["incident"])
