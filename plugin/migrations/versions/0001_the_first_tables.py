"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.BigInteger  # microseconds since 1970 UTC


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False, server_default="")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default="0")


def upgrade() -> None:
    """Make them."""
    _who_and_what()
    _mail()
    _work()


def _who_and_what() -> None:
    op.create_table(
        "inbox",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("cursor", sa.Text),
        sa.Column("last_success", MOMENT),
        _text("fault"),
        sa.Column("fault_at", MOMENT),
        _text("calendars"),
    )
    op.create_table(
        "book", sa.Column("version", sa.String, primary_key=True), sa.Column("sources", sa.Text, nullable=False)
    )
    op.create_table(
        "complaint",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("inbox", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("next_due", MOMENT),
        _text("sender"),
    )
    op.create_index("complaint_by_receipt", "complaint", ["received_at", "id"])
    op.create_index("complaint_by_sender", "complaint", ["inbox", "sender"])
    op.create_index("complaint_by_due", "complaint", ["next_due"])
    op.create_table(
        "event",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def _mail() -> None:
    op.create_table(
        "message",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        _text("message_id"),
        _text("case_id"),
        _text("verdict"),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("message_by_id", "message", ["inbox", "message_id"])
    op.create_index("message_by_case", "message", ["case_id"])
    op.create_table(
        "place",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("folder", sa.String, primary_key=True),
        sa.Column("validity", sa.BigInteger, primary_key=True),
        sa.Column("uid", sa.BigInteger, primary_key=True),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("message", sa.String, nullable=False),
    )
    op.create_index("place_by_fingerprint", "place", ["inbox", "fingerprint"])
    op.create_index("place_by_message", "place", ["inbox", "message"])
    op.create_table(
        "letter",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        _text("subject"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("inbox", sa.String, nullable=False),
        sa.Column("folder", sa.String, nullable=False),
        sa.Column("validity", sa.BigInteger, nullable=False),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )


def _work() -> None:
    op.create_table(
        "written",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("message_id", sa.String, primary_key=True),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _text("sender"),
        _flag("untrusted"),
        _flag("live"),
        _text("folder"),
        sa.Column("validity", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("uid", sa.BigInteger, nullable=False, server_default="0"),
        _text("digest"),
    )
    op.create_index("written_by_sender", "written", ["inbox", "sender", "at"])
    op.create_index("written_live", "written", ["inbox", "live"])
    op.create_table(
        "task",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("inbox", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("for_inbox", sa.Boolean, nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        _text("fault"),
    )
    op.create_index("task_due", "task", ["for_inbox", "run_at"])
    op.create_index("task_by_case", "task", ["case_id"])
