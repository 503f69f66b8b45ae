"""Lists of what is open cost the same however much is closed; words are searched for; old letters lie compressed.

The indexes hold the rows alone of which lists are made, what is counted on pages is kept as a number, and the index for
searching is filled afterwards, case by case: `sought` tells of which cases it has all.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0008"
down_revision = "0007"

_OLD = (
    ("complaint_by_receipt", "complaint"), ("complaint_by_sender", "complaint"), ("complaint_by_due", "complaint"),
    ("complaint_by_incident", "complaint"), ("written_by_sender", "written"), ("written_live", "written"),
    ("task_due", "task"),
)  # fmt: skip
_NEW: tuple[tuple[str, str, list[str], str], ...] = (
    ("complaint_by_sender", "complaint", ["sender", "inbox"], ""),
    ("complaint_listed", "complaint", ["received_at", "id"], "status IN ('open', 'resolved')"),
    ("complaint_open", "complaint", ["received_at", "id"], "status = 'open'"),
    ("complaint_open_of", "complaint", ["inbox", "id"], "status = 'open'"),
    ("complaint_owing", "complaint", ["next_due", "id"], "next_due IS NOT NULL"),
    ("complaint_quiet", "complaint", ["received_at", "id"], "status = 'open' AND next_due IS NULL"),
    ("complaint_caused", "complaint", ["incident", "received_at", "id"], "incident != ''"),
    ("complaint_idle", "complaint", ["texts", "idle_since", "id"], "idle_since IS NOT NULL"),
    ("complaint_unsought", "complaint", ["received_at", "id"], "sought <= 0"),
    ("message_by_time", "message", ["at"], ""),
    ("letter_reminding", "letter", ["key"], "kind = 'reminder'"),
    ("written_by_case", "written", ["case_id"], ""),
    ("written_live", "written", ["inbox", "at"], "live IS {true}"),
    ("written_drafts", "written", ["inbox", "at"], "kind = 'draft' AND digest != ''"),
    ("task_due", "task", ["for_inbox", "run_at", "key"], ""),
    ("task_due_of", "task", ["inbox", "for_inbox", "run_at", "key"], ""),
    ("task_faulty", "task", ["inbox", "run_at"], "fault != ''"),
    ("quarantine_by_time", "quarantine", ["at", "id"], ""),
    ("quarantine_of", "quarantine", ["inbox"], ""),
)
_FILL = (
    "UPDATE complaint SET idle_since = received_at WHERE status = 'undecided' AND next_due IS NULL",
    "UPDATE complaint SET idle_since = coalesce((SELECT max(event.at) FROM event WHERE event.case_id = complaint.id "
    "AND event.kind = 'Resolved'), received_at) WHERE status = 'resolved' AND next_due IS NULL",
    "UPDATE complaint SET idle_since = NULL WHERE id IN (SELECT case_id FROM task)",
    "INSERT INTO tally (inbox, kind, name, number) SELECT inbox, 'message', verdict, count(*) FROM message "
    "GROUP BY inbox, verdict",
    "INSERT INTO tally (inbox, kind, name, number) SELECT inbox, 'case', status, count(*) FROM complaint "
    "GROUP BY inbox, status",
)


def upgrade() -> None:
    """Add columns and tables, exchange the indexes, and count what is there."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column("complaint", sa.Column("idle_since", sa.BigInteger))
    op.add_column("complaint", sa.Column("texts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("complaint", sa.Column("sought", sa.Integer, nullable=False, server_default="0"))
    op.add_column("letter", sa.Column("packed", sa.LargeBinary))
    op.create_table(
        "tally",
        sa.Column("inbox", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    for statement in _FILL:
        op.execute(statement)
    _exchange_indexes("1" if sqlite else "true")
    _search(sqlite=sqlite)


def _exchange_indexes(true: str) -> None:
    for name, table in _OLD:
        op.drop_index(name, table)
    for name, table, columns, where in _NEW:
        part = sa.text(where.format(true=true)) if where else None
        op.create_index(name, table, columns, sqlite_where=part, postgresql_where=part)


def _search(*, sqlite: bool) -> None:
    op.create_table(
        "sought",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.String, nullable=False, unique=True),
        sa.Column("words", sa.LargeBinary if sqlite else TSVECTOR, nullable=False),
    )
    if sqlite:
        # Words come cut and folded, so the tokenizer has only to part them at spaces (SQLite, FTS5, tokenizers).
        op.execute("CREATE VIRTUAL TABLE search USING fts5(words, content='', detail=none, columnsize=0, "
                   "tokenize='ascii')")  # fmt: skip
    else:
        op.execute("CREATE INDEX sought_words ON sought USING gin (words)")
