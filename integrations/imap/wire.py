"""Bytes of a mail, cut into fields and parts within fixed limits; what is beyond is refused before any parser runs.

Over some mails of a few kilobytes Python's `email` takes minutes, or raises anything. So the cutting is done here, in
linear passes with counted steps, and mail-parser is handed one text part or one header value at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message as Mime
from functools import lru_cache

from mailparser.utils import decode_header_part, get_addresses

from plugin.model import Address, AmendsError

HEADER_LIMIT = 64 * 1024
BODY_LIMIT = 1024 * 1024
PARTS_LIMIT = 500
DEPTH_LIMIT = 25
BOUNDARY_LIMIT = 5_000
ENCODED_WORDS_LIMIT = 500
ADDRESSES_LIMIT = 1_000

_PARAMETERS_LIMIT = 4_096  # characters; reading them in the stdlib costs the square of their number

_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:[ \t]*(.*(?:\r?\n[ \t].*)*)", re.M)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_BLANK = re.compile(rb"\r?\n\r?\n")
_ENVELOPE = re.compile(rb">?From [^\r\n]*\r?\n")
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*("[^"]*"?|[^\s;"]+)')
_MSG_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_PLAIN_EMAIL = r"([A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
_PLAIN = re.compile(rf"((?:[A-Za-z0-9]+ )*)<{_PLAIN_EMAIL}>|{_PLAIN_EMAIL}")
_BARE = re.compile(r"<?([A-Za-z0-9._+-]{1,64})>?$")
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bBqQ]\?[^?\s]*\?=")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_INVISIBLE = re.compile(r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


class Unparsable(AmendsError):
    """This mail cannot be read safely; `reason` says which limit it breaks or what is missing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this mail cannot be read: {reason}; it is kept as it is, look at it in the mail program")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of a mail or part in their order, names in lower case, values raw and unfolded."""

    rows: tuple[tuple[str, bytes], ...]
    first: Mapping[str, bytes]

    def __contains__(self, name: str) -> bool:
        return name in self.first

    def raw(self, name: str) -> bytes:
        """The first value under `name` as it came, or nothing."""
        return self.first.get(name, b"")

    def text(self, name: str) -> str:
        """The first value under `name`, encoded words undecoded."""
        return as_text(self.first.get(name, b""))

    def every(self, name: str) -> Iterator[str]:
        """All values under `name`, in order."""
        return (as_text(value) for row, value in self.rows if row == name)


@dataclass(frozen=True, slots=True)
class Part:
    """A mail or one part of it; `parts` is empty where nothing could be cut further."""

    fields: Fields
    kind: str  # "text/plain"
    body: bytes
    parts: tuple[Part, ...] = ()


class _Budget:
    """What one mail may still cost."""

    def __init__(self) -> None:
        self.parts, self.boundaries = PARTS_LIMIT, BOUNDARY_LIMIT

    def part(self) -> None:
        self.parts -= 1
        if self.parts < 0:
            raise Unparsable(f"it has more than {PARTS_LIMIT} parts")

    def boundary(self) -> None:
        self.boundaries -= 1
        if self.boundaries < 0:
            raise Unparsable(f"it has more than {BOUNDARY_LIMIT} boundary lines")


def read(raw: bytes) -> Part:
    """The mail cut into parts: at most 64 KiB of header and 1 MiB of body, the rest is left away; or Unparsable."""
    head, body = split(raw)
    if len(head) > HEADER_LIMIT:
        raise Unparsable(f"its header is longer than {HEADER_LIMIT // 1024} KiB")
    fields = scan(head)
    _check_words(head, fields)
    return _part(fields, body[:BODY_LIMIT], "text/plain", 0, _Budget())


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Header block and body; a line `From …` of a mail folder file above the header is dropped."""
    envelope = _ENVELOPE.match(raw)
    start = envelope.end() if envelope else 0
    if raw[start : start + 2].startswith((b"\n", b"\r\n")):
        return b"", raw[start:].lstrip(b"\r\n")
    blank = _BLANK.search(raw, start)
    if blank is None:
        return raw[start:], b""
    return raw[start : blank.start()], raw[blank.end() :]


def scan(head: bytes) -> Fields:
    """The fields of a header block; lines that are none are passed over."""
    rows = tuple((name.decode("ascii").lower(), _unfold(value)) for name, value in _FIELD.findall(head))
    return Fields(rows, dict(reversed(rows)))


def _unfold(value: bytes) -> bytes:
    return (_FOLD.sub(b" ", value) if b"\n" in value else value).strip()


def _check_words(head: bytes, fields: Fields) -> None:
    """Decoding costs the square of the number of encoded words, so their number is bounded."""
    if head.count(b"=?") <= ENCODED_WORDS_LIMIT:
        return
    for name, value in fields.rows:
        if value.count(b"=?") > ENCODED_WORDS_LIMIT:
            raise Unparsable(f"its field {name} has more than {ENCODED_WORDS_LIMIT} encoded words")


def _part(fields: Fields, body: bytes, default: str, depth: int, budget: _Budget) -> Part:
    budget.part()
    kind = fields.text("content-type").partition(";")[0].strip().lower() or default
    if not kind.startswith("multipart/"):
        return Part(fields, kind if "/" in kind else "text/plain", body)
    if depth == DEPTH_LIMIT:
        raise Unparsable(f"its parts are nested deeper than {DEPTH_LIMIT} levels")
    inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    pieces = list(_pieces(body, boundary_of(fields), budget))
    return Part(fields, kind, body, tuple(_sub_part(piece, inner, depth + 1, budget) for piece in pieces))


def _sub_part(piece: bytes, default: str, depth: int, budget: _Budget) -> Part:
    head, body = (b"", piece.lstrip(b"\r\n")) if piece[:1] in (b"\r", b"\n") else split(piece)
    if len(head) > HEADER_LIMIT or (head and not _FIELD.match(head)):
        head, body = b"", piece  # no header at all: some programs forget the empty line
    return _part(scan(head), body, default, depth, budget)


def boundary_of(fields: Fields) -> bytes:
    """The boundary of a multipart, or nothing (RFC 2046, 5.1.1)."""
    return parameter(fields, "content-type", "boundary").encode("utf-8", "replace").rstrip()


def parameter(fields: Fields, field: str, name: str) -> str:
    """A parameter of Content-Type or Content-Disposition, continuations and charsets undone (RFC 2231), or ""."""
    value = fields.text(field)[:_PARAMETERS_LIMIT]
    if name not in value.lower():
        return ""
    if "*" not in value and "\\" not in value:
        return next((plain.strip('"') for key, plain in _PARAMETER.findall(value) if key.lower() == name), "")
    mime = Mime()
    mime["Content-Type"] = value.replace("\r", " ").replace("\n", " ")
    found = mime.get_param(name, "")
    if isinstance(found, tuple):
        return _charset_undone(found)
    return str(found)


def _charset_undone(value: tuple[str | None, str | None, str]) -> str:
    """The text of an RFC 2231 value; one with an unknown charset is taken as UTF-8."""
    octets = value[2].encode("latin-1", "replace")
    try:
        return octets.decode(value[0] or "utf-8", "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def _pieces(body: bytes, boundary: bytes, budget: _Budget) -> Iterator[bytes]:
    """What stands between the boundary lines; a missing last one is forgiven, a mail may have been fetched in part."""
    if not boundary:
        return
    line, start, position = b"\n--" + boundary, -1, 0
    body = b"\n" + body
    while (position := body.find(line, position)) >= 0:
        budget.boundary()
        end = body.find(b"\n", position + 1)
        rest = body[position + len(line) : end if end >= 0 else len(body)].strip()
        if rest in (b"", b"--"):
            if start >= 0:
                yield body[start:position].removesuffix(b"\r")
            start = end + 1 if end >= 0 else len(body)
            if rest:
                return
        position = end if end >= 0 else len(body)
    if start >= 0:
        yield body[start:]


def as_text(value: bytes) -> str:
    """A header value as text: UTF-8, else Windows-1252, so that no letter of an old program is lost."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def decoded(value: str) -> str:
    """A header value with its encoded words decoded (RFC 2047), still to be scrubbed."""
    if "=?" not in value:
        return value
    try:
        return str(decode_header_part(value))
    except (MessageError, ValueError, LookupError):
        return value  # not decodable: scrubbing takes such words out


def scrub(value: str, limit: int = 500) -> str:
    """`value` in one line that does no harm in a header or on a page: no controls, encoded words, bidi overrides."""
    line = _INVISIBLE.sub("", _CONTROLS.sub(" ", value))
    line = _ENCODED_WORD.sub(" ", line).replace("=?", "= ?")
    return " ".join(line.split())[:limit].rstrip()


def ids(value: str) -> list[str]:
    """The well-formed message ids in a field value, in order (RFC 5322, 3.6.4)."""
    return _MSG_ID.findall(value)


def is_email(value: str) -> bool:
    """Whether `value` is a plain address that may stand in a header as it is."""
    return len(value) <= 254 and _EMAIL.fullmatch(value) is not None and not _CONTROLS.search(value)


def addresses(value: str, field: str = "an address field") -> tuple[Address, ...]:
    """The mailboxes in an address field, the unusable ones left away; one last look finds a bare or broken one."""
    if not value:
        return ()
    if value.count(",") > ADDRESSES_LIMIT:
        raise Unparsable(f"its field {field} names more than {ADDRESSES_LIMIT} addresses")
    return _mailboxes(value) if len(value) < 500 else _mailboxes.__wrapped__(value)


@lru_cache(maxsize=4096)
def _mailboxes(value: str) -> tuple[Address, ...]:
    """Remembered: the same few people write and are written to, and this is the dearest step of reading a header."""
    plain = _PLAIN.fullmatch(value)
    if plain and len(value) <= 254:  # no list, no quotes, no comment: nothing to interpret
        return (_address(plain[1] or "", plain[2] or plain[3]),)
    try:
        pairs = get_addresses(value, decode_names=True)
    except (MessageError, ValueError, LookupError):
        pairs = get_addresses(value)  # a name that cannot be decoded is no reason to lose the mail
    found = tuple(_address(name, email) for name, email in pairs if is_email(email.lower()))
    return found or _rescued(value)


def _address(name: str, email: str) -> Address:
    clean = scrub(decoded(name), 200)
    return Address(email.lower(), "" if clean.lower() == email.lower() else clean)


def _rescued(value: str) -> tuple[Address, ...]:
    """The address in a field that keeps no grammar: the last that looks like one, or a bare local name."""
    plain = scrub(decoded(value), 1_000)
    emails = [email.lower() for email in _EMAIL.findall(plain) if is_email(email.lower())]
    if emails:
        return (Address(emails[-1], scrub(plain.partition("<")[0].strip(' "'), 200) if "<" in plain else ""),)
    bare = _BARE.search(plain)
    return (Address(bare[1].lower()),) if bare else ()
