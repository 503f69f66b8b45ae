"""The tables. A column's meaning never changes; a new meaning is a new column, by a migration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every version of the tables, oldest first, as the migrations name them."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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
    Index("complaint_by_receipt", "received_at", "id"),
    Index("complaint_by_sender", "inbox", "sender"),
    Index("complaint_by_due", "next_due"),
    Index("complaint_by_incident", "incident"),
)

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
)

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
    Index("written_by_sender", "inbox", "sender", "at"),
    Index("written_live", "inbox", "live"),
)

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
    Index("task_due", "for_inbox", "run_at"),
    Index("task_by_case", "case_id"),
)

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
