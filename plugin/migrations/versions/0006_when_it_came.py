"""When a mail in quarantine had come, so that its clocks run from then once it can be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("quarantine", sa.Column("received_at", sa.BigInteger))
    op.add_column("quarantine", sa.Column("historic", sa.Boolean, nullable=False, server_default="0"))
