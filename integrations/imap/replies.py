"""What a server tells of messages, taken from the connection as it comes: one pass over each line, literals as bytes.

imapclient looks at every character of an answer from Python, which for a backlog took longer than reading the mails.
So FETCH is asked and answered here, on imapclient's connection. Nothing is believed that does not keep to the grammar
(RFC 9051, 7.5.2 and 9): then the connection is given up, for nobody can say where the next answer begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from imapclient.datetime_util import parse_to_datetime
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.imap_utf7 import decode as decode_utf7

LARGEST = 1 << 20  # bytes; of a larger message only so much is kept
_LITERAL_AT_MOST = 1 << 32  # bytes; RFC 9051, 4.3: a number of 32 bits, unless both sides agreed on more
_ANSWER_AT_MOST = 16 << 20  # bytes kept of one answer, which tells of one message
_AT_ONCE = 1 << 16

_LITERAL = re.compile(rb"~?\{(\d{1,18})\+?\}\r\n$")
_FETCH = re.compile(rb"\* \d+ FETCH *\(", re.I)
_STATUS = re.compile(rb"\* (?:OK|NO|BAD|BYE|PREAUTH)\b", re.I)
_NAME = re.compile(rb" *([^\s()\"{\[\]]+(?:\[[^\]]*\](?:<\d+(?:\.\d+)?>)?)?) +")
_NUMBER = re.compile(rb"\d{1,19}(?=[ )])")
_FLAGS = re.compile(rb"\(([^()\"]*)\)")
_STRING = re.compile(rb'~?\{\d+\+?\}|"((?:[^"\\]|\\.)*)"|(NIL)(?=[ )])', re.I)
_ANY = re.compile(rb' *(?:([()])|~?(\{)\d+\+?\}|"(?:[^"\\]|\\.)*"|[^\s()"{\[]*(?:\[[^\]]*\][^\s()"{\[]*)?)')
_LABEL = re.compile(rb' *(?:(\))|~?(\{)\d+\+?\}|"((?:[^"\\]|\\.)*)"|([^\s()"{]+))')
_END = re.compile(rb" *\) *$")
# Most answers tell of flags alone; the items of such a line may stand in any order.
_MARKS_ALONE = re.compile(
    rb"\* \d{1,10} FETCH \((?:(?:UID (\d{1,10})|FLAGS \(([^()\"]*)\)|MODSEQ \(\d{1,19}\))(?: (?=[A-Z])|(?=\))))+\)\r\n"
)
_MOMENT = re.compile(rb"([ \d]?\d)-([A-Z][a-z][a-z])-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$")
_PART = re.compile(r"BODY(?:\.PEEK)?(\[[^\s\]]*\]?)")
_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}


class NotImap(IMAPClientAbortError):  # type: ignore[misc]
    """The server's answer is not IMAP; nothing more can be believed on this connection."""

    def __init__(self, found: bytes, why: str = "") -> None:
        # Not what was found: that may be a customer's words, and this is logged.
        super().__init__(f"the server's answer to FETCH is not IMAP: {why or f'a line of {len(found)} bytes'}")


@dataclass(slots=True)
class Facts:
    """What the server told of one message, at most 1 MiB of its content; None for what it did not tell."""

    size: int | None = None
    at: datetime | None = None
    flags: frozenset[str] | None = None
    content: bytes | None = None
    labels: frozenset[str] | None = None  # those people can make, in lower case; Gmail alone has any

    @property
    def marks(self) -> frozenset[str] | None:
        """Flags and labels, in lower case."""
        return self.flags if self.flags is None or self.labels is None else self.flags | self.labels


class Order:
    """A FETCH on its way; its answer must be read, or held, before that of anything said after it.

    With a `change`, `+FLAGS` or `-FLAGS`, it is a STORE of these flags, and most servers tell what stands there then.
    A server may answer to several at a time: what is told of messages that a FETCH said after it, `behind` it, asks
    for is put down there as well. `lost` tells that its connection is gone, and the answer with it.
    """

    def __init__(
        self, imap: Any, uids: Sequence[int], items: Sequence[str], change: str = "", behind: Sequence[Order] = ()
    ) -> None:
        self._imap, self._asked, self._verb = imap, frozenset(uids), "STORE" if change else "FETCH"
        part = next((match[1] for item in items if (match := _PART.match(item))), "")
        self._part = f"BODY{part}".encode().upper() if part else b"-"
        self._found: dict[int, Facts] = {}
        self._behind = behind
        self._held: dict[int, Facts] | IMAPClientError | None = None
        self.lost = False
        self._tag: bytes = imap._new_tag()
        imap.tagged_commands.pop(self._tag, None)  # the answer is read here, so imaplib need not wait for it
        said = f"UID {self._verb} {spans(uids)} {change}".strip()
        imap.send(b"%s %s (%s)\r\n" % (self._tag, said.encode(), " ".join(items).encode()))

    @property
    def has_content(self) -> bool:
        """Whether it asks for parts of messages, which no other order takes in for it."""
        return self._part != b"-"

    def receive(self) -> dict[int, Facts]:
        """What the server tells of the messages that were asked for; those that are gone are left out.

        Raises IMAPClientError where it refuses, IMAPClientAbortError where it hangs up or answers with nonsense.
        """
        held = self._held
        if isinstance(held, IMAPClientError):
            raise held
        return self._read_answer() if held is None else held

    def hold(self) -> None:
        """Take in the answer for later, so that something else can be said; raises where the connection is broken."""
        self.lost = True  # until it is all there
        try:
            self._held = self._read_answer()
        except IMAPClientAbortError:
            raise
        except IMAPClientError as refusal:
            self._held = refusal
        self.lost = False

    def _read_answer(self) -> dict[int, Facts]:
        while True:
            line = self._line()
            if marks := _MARKS_ALONE.fullmatch(line):
                self._told(int(marks[1] or 0), Facts(flags=None if marks[2] is None else _flags(marks[2])))
            elif line.startswith(b"* "):
                self._untagged(line)
            elif line.startswith(self._tag + b" "):
                return self._ended(line[len(self._tag) + 1 :].strip())
            else:
                raise NotImap(line)

    def _line(self) -> bytes:
        try:
            line: bytes = self._imap.readline()
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:  # imaplib's limit of a line; where the next one begins nobody knows
            raise NotImap(b"", str(error)) from error
        if not line.endswith(b"\r\n"):
            raise IMAPClientAbortError("socket error: EOF" if not line else f"unterminated line of {len(line)} bytes")
        return line

    def _ended(self, said: bytes) -> dict[int, Facts]:
        status, _, text = said.partition(b" ")
        if status.upper() == b"OK":
            return self._found
        if status.upper() not in (b"NO", b"BAD"):
            raise NotImap(said)
        raise IMAPClientError(f"{self._verb.lower()} failed: {text.decode('utf-8', 'replace')}")

    def _untagged(self, line: bytes) -> None:
        if _STATUS.match(line):
            if line[2:5].upper() == b"BYE":
                raise IMAPClientAbortError(line[5:].decode("utf-8", "replace").strip() or "the server said good-bye")
            return
        text, literals = self._whole(line)
        if start := _FETCH.match(text):
            self._take(text, start.end(), iter(literals))

    def _whole(self, line: bytes) -> tuple[bytes, list[bytes]]:
        """One answer with its literals beside it; each leaves its `{length}` in the text."""
        texts, literals, room = [], [], _ANSWER_AT_MOST
        while literal := _LITERAL.search(line):
            texts.append(line[:-2])
            literals.append(self._literal(int(literal[1])))
            room -= len(line) + len(literals[-1])
            if room < 0:
                raise NotImap(line)
            line = self._line()
        texts.append(line[:-2])
        return (b"".join(texts) if literals else texts[0]), literals

    def _literal(self, size: int) -> bytes:
        if size > _LITERAL_AT_MOST:
            raise NotImap(b"{%d}" % size)
        kept = self._read(min(size, LARGEST))
        rest = size - len(kept)
        while rest > 0:
            rest -= len(self._read(min(rest, _AT_ONCE)))
        return kept

    def _read(self, size: int) -> bytes:
        octets: bytes = self._imap.read(size)
        if len(octets) != size:
            raise IMAPClientAbortError("socket error: EOF")
        return octets

    def _take(self, text: bytes, at: int, literals: Iterator[bytes]) -> None:
        """Puts down one message's facts; what nobody asked for is passed over."""
        facts, uid = Facts(), 0
        while not _END.match(text, at):
            name = _NAME.match(text, at)
            if name is None:
                raise NotImap(text)
            key, at = name[1].upper(), name.end()
            if key == b"UID":
                uid, at = _number(text, at)
            elif key == b"RFC822.SIZE":
                facts.size, at = _number(text, at)
            elif key == b"FLAGS":
                facts.flags, at = _flag_list(text, at)
            elif key == b"X-GM-LABELS":
                facts.labels, at = _label_list(text, at, literals)
            elif key == b"INTERNALDATE":
                moment, at = _string(text, at, literals)
                facts.at = _moment(moment) if moment is not None else None
            elif key.startswith(self._part):
                facts.content, at = _string(text, at, literals)
            else:
                at = _passed(text, at, literals)
        self._told(uid, facts)

    def _told(self, uid: int, facts: Facts) -> None:
        """Puts down what was told of a message, for whoever asked for it."""
        for order in self._behind:
            if uid in order._asked and order._verb == "FETCH":  # of a STORE nobody knows whether it was done before
                order._merge(uid, replace(facts))
        if uid in self._asked:
            self._merge(uid, facts)

    def _merge(self, uid: int, facts: Facts) -> None:
        """A server may tell of a message in several answers, and of changed flags at any time."""
        known = self._found.setdefault(uid, facts)
        if known is not facts:
            known.size = known.size if facts.size is None else facts.size
            known.at = known.at if facts.at is None else facts.at
            known.flags = known.flags if facts.flags is None else facts.flags
            known.labels = known.labels if facts.labels is None else facts.labels
            known.content = known.content if facts.content is None else facts.content


def spans(uids: Sequence[int] | set[int]) -> str:
    """Numbers as short text in IMAP's own notation, like `1:100,105`; empty for none."""
    found: list[list[int]] = []
    for uid in sorted(uids):
        if found and uid <= found[-1][1] + 1:
            found[-1][1] = uid
        else:
            found.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in found)


def _number(text: bytes, at: int) -> tuple[int, int]:
    if (match := _NUMBER.match(text, at)) is None:
        raise NotImap(text[at:])
    return int(match[0]), match.end()


def _flag_list(text: bytes, at: int) -> tuple[frozenset[str], int]:
    if (match := _FLAGS.match(text, at)) is None:
        raise NotImap(text[at:])
    return _flags(match[1]), match.end()


@lru_cache(maxsize=1024)
def _flags(told: bytes) -> frozenset[str]:
    """In lower case, for flags have no case (RFC 9051, 2.3.2); most messages carry the same few."""
    return frozenset(flag.decode("ascii", "replace").lower() for flag in told.split())


def _label_list(text: bytes, at: int, literals: Iterator[bytes]) -> tuple[frozenset[str], int]:
    """The labels in brackets, without Gmail's own, which begin with a backslash (its IMAP extensions, X-GM-LABELS)."""
    found: set[str] = set()
    if text[at : at + 1] != b"(":
        raise NotImap(text[at:])
    at += 1
    while match := _LABEL.match(text, at):
        at = match.end()
        if match[1]:
            return frozenset(label for label in found if not label.startswith("\\")), at
        quoted = match[3] if match[3] is None else re.sub(rb"\\(.)", rb"\1", match[3])
        found.add(_label(_next(text, literals) if match[2] else match[4] or quoted or b""))
    raise NotImap(text[at:])


@lru_cache(maxsize=1024)
def _label(told: bytes) -> str:
    """In lower case, as labels have none; modified UTF-7 (RFC 9051, A.1), or as it is where it is none."""
    try:
        return str(decode_utf7(told)).lower()
    except ValueError:
        return told.decode("utf-8", "replace").lower()


def _string(text: bytes, at: int, literals: Iterator[bytes]) -> tuple[bytes | None, int]:
    match = _STRING.match(text, at)
    if match is None:
        raise NotImap(text[at:])
    if match[1] is not None:
        return re.sub(rb"\\(.)", rb"\1", match[1]), match.end()
    return (None if match[2] else _next(text, literals)), match.end()


def _next(text: bytes, literals: Iterator[bytes]) -> bytes:
    """The literal whose `{length}` stands here; one that is not at the end of a line has none."""
    if (literal := next(literals, None)) is None:
        raise NotImap(text)
    return literal


def _passed(text: bytes, at: int, literals: Iterator[bytes]) -> int:
    """Behind a value nobody asked for, whatever it is made of."""
    depth = 0
    while True:
        match = _ANY.match(text, at)
        if match is None or match.end() == at:
            raise NotImap(text)
        depth += {b"(": 1, b")": -1}.get(match[1] or b"", 0)
        if match[2]:
            _next(text, literals)
        at = match.end()
        if depth <= 0:
            return at


def _moment(told: bytes) -> datetime | None:
    """An arrival time in UTC (RFC 9051, 9, date-time); None where it is none."""
    match = _MOMENT.match(told)
    try:
        if match is None or match[2] not in _MONTHS:
            return _odd_moment(told)
        day, year, hour, minute, second = (int(match[number]) for number in (1, 3, 4, 5, 6))
        ahead = timedelta(hours=int(match[8]), minutes=int(match[9]))
        zone = timezone(-ahead if match[7] == b"-" else ahead)
        return datetime(year, _MONTHS[match[2]], day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _odd_moment(told: bytes) -> datetime:
    """Servers that write it their own way; one without a zone means the local time."""
    moment: datetime = parse_to_datetime(told, normalise=False)
    return moment.astimezone(UTC)
