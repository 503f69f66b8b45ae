"""Bytes from an IMAP mailbox -> Message.

`parse` is total: it answers with a Message or raises Unparsable, in bounded time, whatever it is given.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from integrations.imap.apart import Order, looks_dear, read_apart
from integrations.imap.body import Content, contents
from integrations.imap.letter import HeaderInjection, digest, draft_bytes, reminder_bytes
from integrations.imap.sender import Voice, Whose, automatic, bounced, channel, posts_reviews, trusted, voice, vouched
from integrations.imap.wire import Fields, Part, Unparsable, addresses, decoded, ids, read, scan, scrub, split
from plugin.model import Address, Direction, Message, Origin, Place, clip

__all__ = [
    "HeaderInjection", "Unparsable", "Whose", "digest", "draft_bytes", "fingerprint", "parse", "read_here",
    "reminder_bytes",
]  # fmt: skip

SUBJECT_LIMIT = 500
REFERENCES_LIMIT = 100
_NAMED_BY = ("message-id", "from", "date", "subject")
_CASE = re.compile(r"[a-z0-9]{6,40}")


class Account(Protocol):
    """What `read_file` reads of an inbox's settings."""

    @property
    def name(self) -> str: ...
    @property
    def identities(self) -> tuple[Address, ...]: ...
    @property
    def ours(self) -> tuple[str, ...]: ...


def parse(
    raw: bytes,
    *,
    inbox: str,
    place: Place,
    internal_date: datetime,
    whose: Whose,
    sent: bool,
    historic: bool,
    nth: int = 1,
) -> Message:
    """Read one mail, whole or cut off at its end; raises Unparsable, which names the limit or what is missing.

    `internal_date` is aware. `sent` says that it lies in a Sent folder. `nth` tells apart mails without a Message-ID
    that are equal in everything and came in the same second; it counts from 1. A mail that looks dear is read in a
    process of its own, which takes at most five seconds of the processor and 512 MiB.
    """
    with _told_as_unparsable():
        mail = read(raw)
        if looks_dear(mail, len(raw)):
            order = Order(inbox, place, internal_date, whose.identities, whose.ours, sent, historic, nth)
            return read_apart(raw, order)
        return _understood(
            mail, inbox=inbox, place=place, internal_date=internal_date, whose=whose, sent=sent, historic=historic,
            nth=nth,
        )  # fmt: skip


def read_here(raw: bytes, **about: Any) -> Message:
    """As `parse` does, however dear the mail looks; for the process that may take so much and no more."""
    with _told_as_unparsable():
        return _understood(read(raw), **about)


@contextmanager
def _told_as_unparsable() -> Iterator[None]:
    try:
        yield
    except Unparsable:
        raise
    except Exception as error:
        # The libraries beneath raise nearly anything over a mail made to break them; all of it means one thing.
        raise Unparsable(f"reading it ended in {type(error).__name__}: {str(error)[:200]}") from error


def _understood(
    mail: Part, *, inbox: str, place: Place, internal_date: datetime, whose: Whose, sent: bool, historic: bool, nth: int
) -> Message:
    content = contents(mail)
    speaker = voice(mail.fields, content, whose, sent)
    arrived = internal_date.astimezone(UTC)
    return _message(
        mail.fields, content, speaker, automatic(mail.fields, content, whose, speaker),
        inbox=inbox, key=_key(mail, arrived, nth), place=place, arrived=arrived, sent=sent, historic=historic,
    )  # fmt: skip


def _message(
    fields: Fields,
    content: Content,
    speaker: Voice,
    machine: str,
    *,
    inbox: str,
    key: str,
    place: Place,
    arrived: datetime,
    sent: bool,
    historic: bool,
) -> Message:
    if not speaker.sender.email and not machine:
        raise Unparsable("it names no sender in From, Sender or Return-Path")
    inner, ours = speaker.inner, speaker.direction is Direction.OUT
    subject = inner.subject if inner and (inner.subject or speaker.origin is Origin.FORWARD) else ""
    return Message(
        inbox=inbox,
        key=key,
        place=place,
        message_id=next(iter(ids(fields.text("message-id"))), ""),
        references=_thread(fields, speaker),
        at=_sent_at(fields, arrived) if ours else arrived,
        direction=speaker.direction,
        sender=_called(speaker.sender),
        answer_to=speaker.answer_to,
        identity=speaker.identity,
        to=speaker.to,
        subject=clip(subject or scrub(decoded(fields.text("subject")), 2_000), SUBJECT_LIMIT),
        text=inner.text if inner else content.text,
        origin=speaker.origin,
        channel=channel(fields, speaker, machine),
        attachments=inner.attachments or content.attachments if inner else content.attachments,
        automatic=machine,
        bounced=bounced(fields, content) if machine == "bounce" else "",
        genuine=ours and (sent or vouched(fields, speaker.answer_to)),
        trusted=trusted(fields),
        historic=historic,
        case_mark=_case_mark(fields),
        draft_mark=next(iter(ids(fields.text("x-amends-draft"))), ""),
    )


def _called(sender: Address) -> Address:
    """A review site without its name, for it is nobody to greet."""
    return replace(sender, name="") if posts_reviews(sender.email) else sender


def _thread(fields: Fields, speaker: Voice) -> tuple[str, ...]:
    """What it follows; a form says nothing of that, but for one our own server vouches for: anyone can claim both."""
    if speaker.origin is Origin.FORM and not any(vouched(fields, one) for one in addresses(fields.text("from"))[:1]):
        return ()
    known = speaker.inner.references if speaker.inner else ()
    return tuple(dict.fromkeys((*known, *_references(fields))))[-REFERENCES_LIMIT:]


def _references(fields: Fields) -> tuple[str, ...]:
    """The ancestry, oldest first, the parent last, each once; of a very long one the youngest hundred."""
    parents = ids(fields.text("in-reply-to"))
    older = [one for one in ids(fields.text("references")) if one not in parents]
    return tuple(dict.fromkeys((*older, *parents)))[-REFERENCES_LIMIT:]


def _sent_at(fields: Fields, arrived: datetime) -> datetime:
    """The Date of a mail of ours, unless it is later than its arrival or more than a day before it."""
    try:
        stated = parsedate_to_datetime(fields.text("date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return arrived
    stated = (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).astimezone(UTC)
    return stated if arrived - timedelta(days=1) <= stated <= arrived else arrived


def _case_mark(fields: Fields) -> str:
    mark = fields.text("x-amends-case")
    return mark if _CASE.fullmatch(mark) else ""


def fingerprint(header: bytes, size: int = 0) -> str:
    """24 hex over Message-ID, From, Date and Subject, and the mail's size in bytes where it is known.

    Recognises a mail by what a server tells cheaply, where its UID is lost; `header` may hold just these fields.
    """
    return _hash([*_named_by(scan(split(header)[0])), str(size).encode() if size else b""])


def _key(mail: Part, arrived: datetime, nth: int) -> str:
    """24 hex, the same for the same mail wherever it lies, whatever trace fields were added on the way."""
    parts = [*_named_by(mail.fields), b"\n".join(mail.body.split(b"\r\n")).rstrip()]  # faster than `replace`
    if not mail.fields.raw("message-id"):
        parts.append(arrived.replace(microsecond=0).isoformat().encode())
        parts.append(str(nth).encode() if nth > 1 else b"")
    return _hash(parts)


def _named_by(fields: Fields) -> list[bytes]:
    return [b" ".join(fields.first.get(name, b"").split()) for name in _NAMED_BY]


def _hash(parts: Iterable[bytes]) -> str:
    """Length before each piece, so that no two lists of pieces run together."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(b"%d:" % len(part))
        sha.update(part)
    return sha.hexdigest()[:24]


def read_file(raw: bytes, settings: Account, place: Place, received: datetime) -> Message:
    """Read one mail from a file the way this kind of inbox reads it; raises Unparsable."""
    whose = Whose(settings.identities, settings.ours)
    return parse(raw, inbox=settings.name, place=place, internal_date=received, whose=whose, sent=False, historic=False)
