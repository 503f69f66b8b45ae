"""Draft or Reminder -> bytes, with exactly the header fields we mean to write and no other.

Whatever came from a mail (a name, a subject) is scrubbed before it is set, and the finished letter is read again: a
field too many means that somebody smuggled one in, and nothing is written.
"""

from __future__ import annotations

import hashlib
import quopri
import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from integrations.imap.wire import ids, is_email, scan, scrub, split
from plugin.model import Address, AmendsError, Draft, Reminder, clip

QUOTE_LIMIT = 10_000
LINE_LIMIT = 998
SUBJECT_LIMIT = 500
_FOLDED_FROM = 76  # characters of a field's name and value

_REPLY = re.compile(r"^(?:\s*(?:re|aw|antw|sv|vs|res|odp|réf|rif)\s*(?:\[\d+\])?\s*:)+\s*", re.I)
_NEWLINE = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]+")
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
        ("From", _mailbox(draft.sender)),
        ("To", _mailbox(draft.to)),
        ("Subject", _subject("Re: " + _REPLY.sub("", scrub(draft.subject)))),
        ("Date", format_datetime(at or draft.at)),
        ("Message-ID", _one_id(draft.message_id)),
        ("In-Reply-To", references[-1] if references else ""),
        ("References", "\r\n ".join(references)),
        ("X-Amends-Case", _case(draft.case)),
    ]
    return _letter(fields, f"{_lines(draft.text)}\n{_quoted(draft.quoted)}")


def reminder_bytes(reminder: Reminder, identity: Address) -> bytes:
    """A note from us to us, marked so that no machine answers it (RFC 3834, 5); raises HeaderInjection."""
    ourselves = Address(identity.email, "Amends")
    fields = [
        ("From", _mailbox(ourselves)),
        ("To", _mailbox(ourselves)),
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
    head = "".join(_field(name, value) for name, value in written).encode("utf-8")
    body = quopri.encodestring(text.encode("utf-8")).replace(b"\n", b"\r\n")
    letter = head + b"\r\n" + body
    _prove(letter, [name.lower() for name, _ in written], body)
    return letter


def _field(name: str, value: str) -> str:
    """One field on the wire. Ids are folded by us: Python encodes those longer than a line, which breaks threads."""
    if name not in ("Subject", "From", "To") or _is_plain(name, value):
        return f"{name}: {value}\r\n"
    policy = SMTP if name == "Subject" or value.rpartition("<")[2].isascii() else SMTPUTF8
    return str(policy.header_factory(name, value).fold(policy=policy))


def _is_plain(name: str, value: str) -> bool:
    """Whether a value can stand as it is: one short line of ASCII; Python takes a hundred times as long to say so."""
    return value.isascii() and value.isprintable() and len(name) + len(value) < _FOLDED_FROM and "=?" not in value


def _prove(letter: bytes, names: list[str], body: bytes) -> None:
    """Read the letter again: the same fields in the same order, the same body, no line too long."""
    head, rest = split(letter)
    found = [name for name, _ in scan(head).rows]
    lines = head.decode("latin-1").split("\r\n")
    starts = [line.partition(":")[0].lower() for line in lines if not line.startswith((" ", "\t"))]
    if found != names or starts != names or rest != body:
        raise HeaderInjection(", ".join(one for one in starts + found if one not in names) or "a field twice")
    if any(len(line) > LINE_LIMIT for line in letter.split(b"\r\n")) or b"\n" in head.replace(b"\r\n", b""):
        raise HeaderInjection("a line that is too long or broken")


def _mailbox(address: Address) -> str:
    """`Name <address>`, the name quoted where it must be; raises HeaderInjection where the address is none."""
    if not is_email(address.email):
        raise HeaderInjection(f"{scrub(address.email, 80)!r} is no address")
    local, _, domain = address.email.rpartition("@")
    return str(Mailbox(scrub(address.name, 100), local, domain))


def _subject(value: str) -> str:
    return clip(value, SUBJECT_LIMIT)


def _one_id(value: str) -> str:
    if ids(value) != [value]:
        raise HeaderInjection(f"{scrub(value, 80)!r} is no message id")
    return value


def _case(value: str) -> str:
    if value and not _CASE.fullmatch(value):
        raise HeaderInjection(f"{scrub(value, 80)!r} is no case")
    return value


def _lines(text: str) -> str:
    return _CONTROLS.sub("", _NEWLINE.sub("\n", text)).rstrip("\n")


def _quoted(text: str) -> str:
    """Their text, each line behind `> `; at most 10 kB of it, cut at a line."""
    clean = _lines(text).strip("\n")
    if not clean:
        return ""
    octets = clean.encode("utf-8")
    if len(octets) > QUOTE_LIMIT:
        clean = octets[:QUOTE_LIMIT].decode("utf-8", "ignore").rpartition("\n")[0] or clean[:1_000]
        clean += "\n[…]"
    return "\n" + "".join(f"> {line}".rstrip() + "\n" for line in clean.split("\n"))
