"""Fetching messages as bytes, without touching a flag, in amounts that memory can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from integrations.imap.message import digest
from integrations.imap.replies import LARGEST, Facts, Order, spans
from integrations.imap.session import Session

_AT_ONCE = 8 << 20  # bytes of mail held from one FETCH
_PAGES_TOLD_OF = 5  # whose sizes, times and flags are asked for together
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
    return spans(uids)


def unpack(text: str) -> set[int]:
    """The numbers that `pack` wrote."""
    found: set[int] = set()
    for span in filter(None, text.split(",")):
        low, _, high = span.partition(":")
        found.update(range(int(low), int(high or low) + 1))
    return found


def own_digest(raw: bytes) -> str:
    """The digest of a letter of ours, the same whatever line ends a server gives it back with."""
    return digest(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


class Ahead:
    """The messages of one folder, page by page; the next ones are on their way while some are read.

    The folder must be open whenever a page is taken, and pages are taken in order.
    """

    def __init__(self, session: Session, pages: Sequence[Sequence[int]]) -> None:
        self._session, self._pages = session, pages
        self._about: dict[int, Facts] = {}
        self._told = 0  # pages the server has told of
        self._ordered: list[int] = []
        self._order: Order | None = None

    def page(self, number: int) -> Iterator[Letter]:
        """The messages of a page in their order, those that are gone left out."""
        if number >= self._told:
            self._told = number + _PAGES_TOLD_OF
            uids = [uid for page in self._pages[number : self._told] for uid in page]
            self._about = self._session.fetch(uids, "RFC822.SIZE", "INTERNALDATE", "FLAGS")
        groups = list(_portions(self._pages[number], self._about))
        for following, group in enumerate(groups, 1):
            bodies, faults = self._bodies(group)
            self._send(groups[following] if following < len(groups) else self._first_of(number + 1))
            for uid in group:
                if uid in bodies or uid in faults:
                    yield _letter(uid, self._about[uid], bodies.get(uid), faults.get(uid, ""))

    def _first_of(self, number: int) -> list[int]:
        known = self._pages[number] if number < min(self._told, len(self._pages)) else ()
        return next(_portions(known, self._about), [])

    def _send(self, group: list[int]) -> None:
        if group:
            self._ordered, self._order = group, self._session.order(group, _body_item(group, self._about))

    def _bodies(self, group: list[int]) -> tuple[dict[int, bytes | None], dict[int, str]]:
        """The bytes of each message that is there, and what the server said of those it would not give."""
        order, self._order = self._order, None
        sent = order if order is not None and self._ordered == group and not order.lost else None
        bodies, faults = _bodies(self._session, group, self._about, sent)
        # It was told of a while ago: what is still there and has no content is a fault, what is not there is gone.
        silent = [uid for uid in group if uid not in bodies and uid not in faults]
        return {**bodies, **dict.fromkeys(self._session.fetch(silent, "FLAGS"))}, faults


def fetch_letters(session: Session, uids: Sequence[int]) -> Iterator[Letter]:
    """These messages of the open folder in the same order, those that are gone left out."""
    return Ahead(session, [uids]).page(0)


def fetch_headers(session: Session, uids: Sequence[int]) -> Iterator[Letter]:
    """The header blocks of these messages, each at most 64 KiB."""
    for uid, facts in session.fetch(uids, "RFC822.SIZE", "INTERNALDATE", "FLAGS", _HEADER).items():
        yield _letter(uid, facts, facts.content)


def fetch_print_fields(session: Session, uids: Sequence[int]) -> Iterator[Letter]:
    """The few header fields a fingerprint is made of."""
    for uid, facts in session.fetch(uids, "RFC822.SIZE", "INTERNALDATE", _PRINT_FIELDS).items():
        yield _letter(uid, facts, facts.content)


def fetch_fields(session: Session, uids: Sequence[int], *names: str) -> dict[int, bytes]:
    """The named header fields of these messages, as one raw block each."""
    item = f"BODY.PEEK[HEADER.FIELDS ({' '.join(names)})]"
    return {
        uid: facts.content or b""
        for some in chunks(uids, 500)
        for uid, facts in session.fetch(some, item).items()
    }  # fmt: skip


def fetch_flags(session: Session, uids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The flags and labels of these messages in lower case; those that are gone are left out."""
    return {
        uid: facts.marks
        for some in chunks(uids, 500)
        for uid, facts in session.fetch(some, "FLAGS").items()
        if facts.marks is not None
    }


def fetch_raw(session: Session, uids: Sequence[int]) -> dict[int, bytes]:
    """These messages whole; for our own letters, which are small."""
    return {
        uid: facts.content
        for some in chunks(uids, 50)
        for uid, facts in session.fetch(some, _WHOLE).items()
        if facts.content is not None
    }


def arrival(facts: Facts) -> datetime:
    """When the server took the message; now, where it does not say."""
    return facts.at or datetime.now(UTC)


def _letter(uid: int, facts: Facts, raw: bytes | None, fault: str = "") -> Letter:
    return Letter(uid, raw, _size(facts), arrival(facts), facts.marks or frozenset(), fault)


def _size(facts: Facts) -> int:
    return LARGEST + 1 if facts.size is None else facts.size  # not told: taken for large, so that it is cut


def _portions(uids: Sequence[int], about: Mapping[int, Facts]) -> Iterator[list[int]]:
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


def _body_item(uids: Sequence[int], about: Mapping[int, Facts]) -> str:
    return f"{_WHOLE}<0.{LARGEST}>" if _size(about[uids[0]]) > LARGEST else _WHOLE


def _bodies(
    session: Session, uids: Sequence[int], about: Mapping[int, Facts], order: Order | None = None
) -> tuple[dict[int, bytes], dict[int, str]]:
    """The bytes of each message, and what the server said of those it would not give; `order` asks for them already."""
    try:
        found = session.receive(order or session.order(uids, _body_item(uids, about)))
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        # A server says NO to a whole FETCH for one message it cannot read: the others must not suffer.
        session.heed(error)
        if len(uids) == 1:
            return {}, {uids[0]: f"the server would not give it: {error}"}
        return _one_by_one(session, uids, about)
    return {uid: facts.content for uid, facts in found.items() if facts.content is not None}, {}


def _one_by_one(
    session: Session, uids: Sequence[int], about: Mapping[int, Facts]
) -> tuple[dict[int, bytes], dict[int, str]]:
    bodies: dict[int, bytes] = {}
    faults: dict[int, str] = {}
    for uid in uids:
        body, fault = _bodies(session, [uid], about)
        bodies |= body
        faults |= fault
    return bodies, faults
