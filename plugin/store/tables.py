"""The tables. A column's meaning never changes; a new meaning is a new column, by a migration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnClause,
    ColumnElement,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    and_,
    literal_column,
)
from sqlalchemy.types import UserDefinedType

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""Every version of the tables, oldest first, as the migrations name them."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Native(UserDefinedType[str]):
    """A type of PostgreSQL's own; SQLAlchemy's would load its whole dialect for those who use SQLite."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        """The type of this name."""
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """As the database calls it."""
        return self.name


def micros(moment: datetime | None) -> int | None:
    """Microseconds since 1970 UTC, as moments lie in the database."""
    return None if moment is None else (moment - EPOCH) // _MICROSECOND


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970 UTC, so that every database sorts it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


metadata = MetaData()


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, String, nullable=False, server_default="", **options)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default="0")


def fixed(word: str) -> ColumnClause[str]:
    """A word of ours that stands in the statement itself, since a partial index fits nothing that is sent beside it."""
    return literal_column(f"'{word}'", String)


def fixed_number(number: int) -> ColumnClause[int]:
    """A number of ours that stands in the statement itself, as above."""
    return literal_column(str(number), Integer)


def _part_of(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    """An index of those rows alone of which lists are made, so that it stays as small as what is open.

    It is as partial in PostgreSQL (migration 0008); to say so here would load that dialect for those who use SQLite.
    """
    Index(name, *columns, sqlite_where=where)


inboxes = Table(
    "inbox",
    metadata,
    Column("name", String, primary_key=True),
    Column("cursor", Text),
    Column("last_success", Moment),
    _text("fault"),
    Column("fault_at", Moment),
    _text("calendars"),  # a digest of the calendars in which its open due-bys were counted
    _text("fault_kind"),  # unreachable | throttled | refused | unwritten
    Column("fault_since", Moment),
    Column("fault_until", Moment),  # asked to wait till then
    _text("told"),  # the kind of fault the team was told of last, and not yet that it is over
)

books = Table(
    "book",
    metadata,
    Column("version", String, primary_key=True),
    Column("sources", Text, nullable=False),
)

cases = Table(
    "complaint",  # "case" is a word of SQL
    metadata,
    Column("id", String, primary_key=True),
    Column("inbox", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("next_due", Moment),
    _text("sender"),
    _text("incident"),  # the name of the one it was linked to
    Column("idle_since", Moment),  # resolved then, or undecided since, and nothing is to come of it
    Column("texts", Integer, nullable=False, server_default="0"),  # of its letters: see AS_WRITTEN and its like
    # 1 where the index for searching has all of it; else 0, and one less each time it had to forget it
    # 1 where the index for searching has all of it
    Column("sought", Integer, nullable=False, server_default="0", info={"derived": True}),
    Index("complaint_by_sender", "sender", "inbox"),
)
OPEN = cases.c.status == fixed("open")
LISTED = cases.c.status.in_([fixed("open"), fixed("resolved")])
OWING = cases.c.next_due.is_not(None)
QUIET = and_(OPEN, cases.c.next_due.is_(None))
IDLE = cases.c.idle_since.is_not(None)
UNSOUGHT = cases.c.sought <= fixed_number(0)
CAUSED = cases.c.incident != fixed("")
"""Which cases a list is made of. A statement asks by these very words, or it reads every case there ever was."""
_part_of("complaint_listed", cases.c.received_at, cases.c.id, where=LISTED)
_part_of("complaint_open", cases.c.received_at, cases.c.id, where=OPEN)
_part_of("complaint_open_of", cases.c.inbox, cases.c.id, where=OPEN)
_part_of("complaint_owing", cases.c.next_due, cases.c.id, where=OWING)
_part_of("complaint_quiet", cases.c.received_at, cases.c.id, where=QUIET)
_part_of("complaint_caused", cases.c.incident, cases.c.received_at, cases.c.id, where=CAUSED)
_part_of("complaint_idle", cases.c.texts, cases.c.idle_since, cases.c.id, where=IDLE)
_part_of("complaint_unsought", cases.c.received_at, cases.c.id, where=UNSOUGHT)
AS_WRITTEN, PACKED, GONE = 0, 1, 2
"""What became of the texts of a case: nothing yet, all of them lie compressed, all of them were given up."""

tallies = Table(
    "tally",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("kind", String, primary_key=True),  # message, by verdict | case, by status | gone, by month and outcome
    Column("name", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

sought = Table(
    "sought",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # later cases have the higher ones
    Column("case_id", String, nullable=False, unique=True),
    Column(
        "words", LargeBinary().with_variant(Native("TSVECTOR"), "postgresql"), nullable=False
    ),  # what is in the index
    info={"derived": True},  # from the letters, so a copy for another database makes it anew
)
Index("sought_words", sought.c.words).ddl_if(dialect="postgresql")  # a GIN

incidents = Table(
    "incident",
    metadata,
    Column("name", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),  # the facts as they stood in a person's file
    Column("at", Moment, nullable=False),
    _text("by"),
    Column("closed_at", Moment),
    _text("closed_by"),
    _flag("spread"),  # every case is in line with it
)

events = Table(
    "event",
    metadata,
    Column("case_id", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),
)

messages = Table(
    "message",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("key", String, primary_key=True),
    _text("message_id"),
    _text("case_id"),
    _text("verdict"),  # complaint, undecided, no, automatic, ours, unproved, unverified, echo
    Column("at", Moment, nullable=False),
    Index("message_by_id", "inbox", "message_id"),
    Index("message_by_case", "case_id"),
    Index("message_by_time", "at"),
)

places = Table(
    "place",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("folder", String, primary_key=True),
    Column("validity", BigInteger, primary_key=True),
    Column("uid", BigInteger, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("message", String, nullable=False),
    Index("place_by_fingerprint", "inbox", "fingerprint"),
    Index("place_by_message", "inbox", "message"),
)

bookmarks = Table(
    "bookmark",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("read", Text, nullable=False),  # the inbox's own words
)

letters = Table(
    "letter",
    metadata,
    Column("case_id", String, primary_key=True),
    Column("key", String, primary_key=True),  # a message's key, or the Message-ID of what we wrote
    Column("kind", String, nullable=False),  # message, reply (its own words), draft, edited, reminder
    _text("subject"),
    Column("text", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),  # a message's assessment, a draft's slots, as JSON
    Column("packed", LargeBinary),  # text and detail compressed; then both are empty here
)
REMINDING = letters.c.kind == fixed("reminder")
_part_of("letter_reminding", letters.c.key, where=REMINDING)

written = Table(
    "written",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("message_id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    _text("sender"),
    _flag("untrusted"),
    _flag("live"),  # lies in the mailbox and nobody has touched it yet
    _text("folder"),
    Column("validity", BigInteger, nullable=False, server_default="0"),
    Column("uid", BigInteger, nullable=False, server_default="0"),
    _text("digest"),
    Index("written_by_case", "case_id"),
)
LIVE = written.c.live.is_(True)
DRAFTED = and_(written.c.kind == fixed("draft"), written.c.digest != fixed(""))
_part_of("written_live", written.c.inbox, written.c.at, where=LIVE)
_part_of("written_drafts", written.c.inbox, written.c.at, where=DRAFTED)

tasks = Table(
    "task",
    metadata,
    Column("key", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("inbox", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("for_inbox", Boolean, nullable=False),
    Column("run_at", Moment, nullable=False),
    Column("lease_until", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _text("fault"),
    Index("task_due", "for_inbox", "run_at", "key"),
    Index("task_due_of", "inbox", "for_inbox", "run_at", "key"),
    Index("task_by_case", "case_id"),
)
FAULTY = tasks.c.fault != fixed("")
_part_of("task_faulty", tasks.c.inbox, tasks.c.run_at, where=FAULTY)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", String, primary_key=True),
    Column("inbox", String, nullable=False),
    Column("folder", String, nullable=False),
    Column("validity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("received_at", Moment),  # when the server took it; nothing where nobody knows
    _flag("historic"),  # it lay there before the inbox was attached
    Index("quarantine_by_time", "at", "id"),
    Index("quarantine_of", "inbox"),
)

corrections = Table(
    "correction",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("key", String, primary_key=True),  # of the message
    Column("label", String, primary_key=True),  # complaint, category, severity
    Column("value", String, nullable=False),
    _text("was"),
    _text("case_id"),
    _text("by"),
    Column("at", Moment, nullable=False),
    Index("correction_by_time", "at"),
)

judges = Table(
    "judge",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column(
        "replaced", Integer, nullable=False, server_default="0"
    ),  # the version in force before; 0 is the shipped one
    Column("at", Moment, nullable=False),
    Column("learned", Text, nullable=False),  # what it adds to the weights of the shipped model, as JSON
    Column("figures", Text, nullable=False, server_default=""),
    _flag("in_force"),
)

notices = Table(
    "notice",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("id", String, primary_key=True),  # the same when it comes again
    _text("topic"),
    _text("act"),  # what the notices of one act of a person have in common
    Column("at", Moment, nullable=False),
    Column("heeded_at", Moment),  # nothing as long as it waits
    Index("notice_by_heeding", "heeded_at", "inbox", "at"),
)

workers = Table(
    "worker",
    metadata,
    Column("name", String, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
)

holdings = Table(
    "holding",
    metadata,
    Column("inbox", String, primary_key=True),
    Column("worker", String, nullable=False),
    Column("since", Moment, nullable=False),
)
