"""Fetching messages as bytes, without touching a flag, in amounts that memory can hold.

Only lists of numbers are ever fetched: imapclient 4 obeys a range like `1:*` and then fails on the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from integrations.imap.message import digest
from integrations.imap.session import Session

LARGEST = 1 << 20  # bytes; of a larger message only so much is fetched
_AT_ONCE = 8 << 20  # bytes of mail held from one FETCH
_WHOLE = "BODY.PEEK[]"
_PRINT_FIELDS = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM DATE SUBJECT)]"
_HEADER = "BODY.PEEK[HEADER]<0.65536>"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as the server gave it; `raw` is at most 1 MiB of its `size`, None where the server gave nothing."""

    uid: int
    raw: bytes | None
    size: int
    at: datetime
    flags: frozenset[str]
    fault: str = ""  # what the server said instead of giving it


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in order, `size` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def pack(uids: set[int]) -> str:
    """A set of numbers as short text in IMAP's own notation, like `1:100,105`; empty for none."""
    spans: list[list[int]] = []
    for uid in sorted(uids):
        if spans and uid == spans[-1][1] + 1:
            spans[-1][1] = uid
        else:
            spans.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in spans)


def unpack(text: str) -> set[int]:
    """The numbers that `pack` wrote."""
    found: set[int] = set()
    for span in filter(None, text.split(",")):
        low, _, high = span.partition(":")
        found.update(range(int(low), int(high or low) + 1))
    return found


def own_digest(raw: bytes) -> str:
    """The digest of a letter of ours, the same whatever line ends a server gives it back with."""
    return digest(re.sub(rb"\r?\n", b"\r\n", raw))


def fetch_letters(session: Session, uids: Sequence[int]) -> Iterator[Letter]:
    """These messages of the open folder in the same order, those that are gone left out."""
    about = session.fetch(uids, "RFC822.SIZE", "INTERNALDATE", "FLAGS")
    for group in _portions(uids, about):
        bodies, faults = _bodies(session, group, about)
        for uid in group:
            facts = about[uid]
            yield Letter(
                uid, bodies.get(uid), _size(facts), arrival(facts), flags_of(facts), faults.get(uid, "")
            )  # fmt: skip


def fetch_headers(session: Session, uids: Sequence[int]) -> Iterator[Letter]:
    """The header blocks of these messages, each at most 64 KiB."""
    for uid, facts in session.fetch(uids, "RFC822.SIZE", "INTERNALDATE", "FLAGS", _HEADER).items():
        yield Letter(uid, _part(facts, b"BODY[HEADER]"), _size(facts), arrival(facts), flags_of(facts))


def fetch_print_fields(session: Session, uids: Sequence[int]) -> Iterator[Letter]:
    """The few header fields a fingerprint is made of."""
    for uid, facts in session.fetch(uids, "RFC822.SIZE", "INTERNALDATE", _PRINT_FIELDS).items():
        yield Letter(uid, _part(facts, b"BODY[HEADER.FIELDS"), _size(facts), arrival(facts), frozenset())


def fetch_fields(session: Session, uids: Sequence[int], *names: str) -> dict[int, bytes]:
    """The named header fields of these messages, as one raw block each."""
    item = f"BODY.PEEK[HEADER.FIELDS ({' '.join(names)})]"
    return {
        uid: _part(facts, b"BODY[HEADER.FIELDS") or b""
        for some in chunks(uids, 500)
        for uid, facts in session.fetch(some, item).items()
    }


def fetch_flags(session: Session, uids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The flags of these messages in lower case; those that are gone are left out."""
    return {
        uid: flags_of(facts)
        for some in chunks(uids, 500)
        for uid, facts in session.fetch(some, "FLAGS").items()
        if b"FLAGS" in facts
    }


def fetch_raw(session: Session, uids: Sequence[int]) -> dict[int, bytes]:
    """These messages whole; for our own letters, which are small."""
    return {
        uid: raw
        for some in chunks(uids, 50)
        for uid, facts in session.fetch(some, _WHOLE).items()
        if (raw := _part(facts, b"BODY[]")) is not None
    }


def flags_of(facts: Mapping[bytes, Any]) -> frozenset[str]:
    """The flags and keywords in an answer, in lower case: they have no case (RFC 9051, 2.3.2)."""
    return frozenset(_text(flag).lower() for flag in facts.get(b"FLAGS") or ())


def arrival(facts: Mapping[bytes, Any]) -> datetime:
    """When the server took the message; now, where it does not say."""
    date = facts.get(b"INTERNALDATE")
    return date.astimezone(UTC) if isinstance(date, datetime) else datetime.now(UTC)


def _text(flag: object) -> str:
    return flag.decode("ascii", "replace") if isinstance(flag, bytes) else str(flag)


def _size(facts: Mapping[bytes, Any]) -> int:
    size = facts.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else LARGEST + 1  # not told: taken for large, so that it is cut


def _portions(uids: Sequence[int], about: Mapping[int, Mapping[bytes, Any]]) -> Iterator[list[int]]:
    """The messages that are there, in groups of at most 8 MiB; large and small ones apart."""
    group: list[int] = []
    weight = 0
    for uid in uids:
        if uid not in about:
            continue
        size = min(_size(about[uid]), LARGEST)
        large = _size(about[uid]) > LARGEST
        if group and (weight + size > _AT_ONCE or large != (_size(about[group[0]]) > LARGEST)):
            yield group
            group, weight = [], 0
        group.append(uid)
        weight += size
    if group:
        yield group


def _bodies(
    session: Session, uids: Sequence[int], about: Mapping[int, Mapping[bytes, Any]]
) -> tuple[dict[int, bytes], dict[int, str]]:
    """The bytes of each message, and what the server said of those it would not give."""
    item = f"{_WHOLE}<0.{LARGEST}>" if _size(about[uids[0]]) > LARGEST else _WHOLE
    try:
        found = session.fetch(uids, item)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        # A server says NO to a whole FETCH for one message it cannot read: the others must not suffer.
        session.heed(error)
        if len(uids) == 1:
            return {}, {uids[0]: f"the server would not give it: {error}"}
        return _one_by_one(session, uids, about)
    bodies = {uid: raw for uid, facts in found.items() if (raw := _part(facts, b"BODY[]")) is not None}
    return bodies, {}


def _one_by_one(
    session: Session, uids: Sequence[int], about: Mapping[int, Mapping[bytes, Any]]
) -> tuple[dict[int, bytes], dict[int, str]]:
    bodies: dict[int, bytes] = {}
    faults: dict[int, str] = {}
    for uid in uids:
        body, fault = _bodies(session, [uid], about)
        bodies |= body
        faults |= fault
    return bodies, faults


def _part(facts: Mapping[bytes, Any], name: bytes) -> bytes | None:
    """The value whose name begins so: servers differ in how they repeat the rest of it."""
    value = next((value for key, value in facts.items() if key.startswith(name)), None)
    return value if value is None or isinstance(value, bytes) else str(value).encode()
