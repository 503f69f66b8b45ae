"""Draft or Reminder -> bytes, with exactly the header fields we mean to write and no other.

Whatever came from a mail (a name, a subject) is scrubbed before it is set, and the finished letter is read again: a
field too many means that somebody smuggled one in, and nothing is written.
"""

from __future__ import annotations

import hashlib
import quopri
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence, Sized
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.utils import format_datetime
from functools import lru_cache
from typing import TypeVar

from integrations.imap.wire import ids, is_email, oddities, scan, scrub, split
from plugin.model import Address, AmendsError, Draft, Reminder, clip

QUOTE_LIMIT = 10_000
LINE_LIMIT = 998
SUBJECT_LIMIT = 500
_LINE = 76  # characters of a line of the header, as one with encoded words may have (RFC 2047, 2)
_QUOTED_AT_MOST, _BASE64_AT_MOST = 54, 39  # characters and octets in such a word, so that `Subject: ` fits before it
_IN_WORD = {octet: f"={octet:02X}" for octet in range(256)} | {ord(" "): "_"} | {
    octet: chr(octet) for octet in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!*+-/"
}  # fmt: skip

Piece = TypeVar("Piece", bound=Sized)

_REPLY = re.compile(r"^(?:\s*(?:re|aw|antw|sv|vs|res|odp|réf|rif)\s*(?:\[\d+\])?\s*:)+\s*", re.I)
_NEWLINE = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]+")
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CASE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class HeaderInjection(AmendsError):
    """A letter would have carried other header fields than ours; it was not written."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"a letter was not written: a value taken from a mail would have changed its header ({found})")


def draft_bytes(draft: Draft, at: datetime | None = None) -> bytes:
    """The draft as it is laid into Drafts, CRLF line ends, dated `at` or by itself; raises HeaderInjection."""
    references = [one for one in draft.references if ids(one) == [one]]
    fields = [
        ("From", _mailbox("From", draft.sender)),
        ("To", _mailbox("To", draft.to)),
        ("Subject", _subject("Re: " + _REPLY.sub("", scrub(draft.subject)))),
        ("Date", format_datetime(at or draft.at)),
        ("Message-ID", _one_id(draft.message_id)),
        ("In-Reply-To", references[-1] if references else ""),
        ("References", "\r\n ".join(references)),
        ("X-Amends-Case", _case(draft.case)),
    ]
    head = f"\n\n{draft.quote_head}" if draft.quote_head else ""
    return _letter(fields, f"{_lines(draft.text + head)}\n{_quoted(draft.quoted)}")


def reminder_bytes(reminder: Reminder, identity: Address) -> bytes:
    """A note from us to us, marked so that no machine answers it (RFC 3834, 5); raises HeaderInjection."""
    ourselves = Address(identity.email, "Amends")
    fields = [
        ("From", _mailbox("From", ourselves)),
        ("To", _mailbox("To", ourselves)),
        ("Subject", _subject(scrub(reminder.subject))),
        ("Date", format_datetime(reminder.at)),
        ("Message-ID", _one_id(reminder.message_id)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Amends-Case", _case(reminder.case)),
    ]
    return _letter(fields, f"{_lines(reminder.text)}\n")


def digest(raw: bytes) -> str:
    """SHA-256 in hex: a letter is only ours to take back while its bytes are the ones we wrote."""
    return hashlib.sha256(raw).hexdigest()


def _letter(fields: Sequence[tuple[str, str]], text: str) -> bytes:
    """Fields without a value are left out. Quoted-printable keeps long lines and trailing blanks as they are."""
    written = [(name, value) for name, value in fields if value]
    written += [
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ]
    head = "".join([f"{name}: {value}\r\n" for name, value in written]).encode("utf-8")
    body = quopri.encodestring(text.encode("utf-8")).replace(b"\n", b"\r\n")
    letter = head + b"\r\n" + body
    _prove(letter, [name.lower() for name, _ in written], body)
    return letter


def _folded(name: str, words: Sequence[str]) -> str:
    """A value of words, a line break before those that would not fit; a word longer than a line keeps its length.

    Done here and not by Python, which folds otherwise from version to version: the same letter always has the same
    bytes.
    """
    lines, length = [words[0]], len(name) + 2 + len(words[0])
    for word in words[1:]:
        fits = length + 1 + len(word) <= _LINE
        lines += [" " if fits else "\r\n ", word]
        length = (length if fits else 0) + 1 + len(word)
    return "".join(lines)


def _words(text: str) -> list[str]:
    """The words of a text; from the first to the last that is not plain ASCII they are encoded (RFC 2047, 5)."""
    words = text.split(" ")
    odd = [number for number, word in enumerate(words) if not _is_plain(word)]
    if not odd:
        return words
    return [*words[: odd[0]], *_encoded(" ".join(words[odd[0] : odd[-1] + 1])), *words[odd[-1] + 1 :]]


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text


def _encoded(text: str) -> list[str]:
    """Encoded words that say `text`, half readable where most of it is ASCII, never cut within a letter (RFC 2047)."""
    letters = [letter.encode("utf-8") for letter in text]
    quoted = ["".join(map(_IN_WORD.__getitem__, octets)) for octets in letters]
    if sum(map(len, quoted)) <= 2 * sum(map(len, letters)):
        return [f"=?utf-8?q?{''.join(run)}?=" for run in _runs(quoted, _QUOTED_AT_MOST)]
    return [f"=?utf-8?b?{b64encode(b''.join(run)).decode()}?=" for run in _runs(letters, _BASE64_AT_MOST)]


def _runs(pieces: Sequence[Piece], limit: int) -> Iterator[Sequence[Piece]]:
    """The pieces in order, as many at a time as are not longer than `limit` together."""
    start = length = 0
    for at, piece in enumerate(pieces):
        if at > start and length + len(piece) > limit:
            yield pieces[start:at]
            start, length = at, 0
        length += len(piece)
    yield pieces[start:]


def _prove(letter: bytes, names: list[str], body: bytes) -> None:
    """Read the letter again: the same fields in the same order, the same body, no line too long."""
    head, rest = split(letter)
    found = [name for name, _ in scan(head).rows]
    lines = head.decode("latin-1").split("\r\n")
    starts = [line.partition(":")[0].lower() for line in lines if not line.startswith((" ", "\t"))]
    if found != names or starts != names or rest != body:
        raise HeaderInjection(", ".join(one for one in starts + found if one not in names) or "a field twice")
    if max(map(len, letter.split(b"\r\n"))) > LINE_LIMIT or b"\n" in head.replace(b"\r\n", b""):
        raise HeaderInjection("a line that is too long or broken")


@lru_cache(maxsize=256)
def _mailbox(field: str, address: Address) -> str:
    """`Name <address>`, the name quoted where it must be; raises HeaderInjection where the address is none."""
    if not is_email(address.email):
        raise HeaderInjection(f"{scrub(address.email, 80)!r} is no address")
    local, _, domain = address.email.rpartition("@")
    name = scrub(address.name, 100)
    if _is_plain(name):
        return _folded(field, str(Mailbox(name, local, domain)).split(" "))
    return _folded(field, [*_encoded(name), f"<{Mailbox('', local, domain).addr_spec}>"])


def _subject(value: str) -> str:
    return _folded("Subject", _words(clip(value, SUBJECT_LIMIT)))


def _one_id(value: str) -> str:
    if ids(value) != [value]:
        raise HeaderInjection(f"{scrub(value, 80)!r} is no message id")
    return value


def _case(value: str) -> str:
    if value and not _CASE.fullmatch(value):
        raise HeaderInjection(f"{scrub(value, 80)!r} is no case")
    return value


def _lines(text: str) -> str:
    if _ODD.search(oddities(text)):
        text = _CONTROLS.sub("", _NEWLINE.sub("\n", text))
    return text.rstrip("\n")


def _quoted(text: str) -> str:
    """Their text, each line behind `> `; at most 10 kB of it, cut at a line."""
    clean = _lines(text).strip("\n")
    if not clean:
        return ""
    octets = clean.encode("utf-8")
    if len(octets) > QUOTE_LIMIT:
        clean = octets[:QUOTE_LIMIT].decode("utf-8", "ignore").rpartition("\n")[0] or clean[:1_000]
        clean += "\n[…]"
    lines = ("> " + clean.replace("\n", "\n> ")).split("\n")
    return "\n" + "\n".join(map(str.rstrip, lines)) + "\n"
