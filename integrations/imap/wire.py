"""Bytes of a mail, cut into fields and parts within fixed limits; what is beyond is refused before any parser runs.

Over some mails of a few kilobytes Python's `email` takes minutes, or raises anything. So the cutting is done here, in
linear passes with counted steps, and mail-parser is handed one text part or one header value at a time.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message as Mime
from functools import lru_cache

from plugin.model import Address, AmendsError

HEADER_LIMIT = 64 * 1024
BODY_LIMIT = 1024 * 1024
PARTS_LIMIT = 500
DEPTH_LIMIT = 25
BOUNDARY_LIMIT = 5_000
ENCODED_WORDS_LIMIT = 500
ADDRESSES_LIMIT = 1_000

_PARAMETERS_LIMIT = 4_096  # characters; reading them in the stdlib costs the square of their number
_EMAIL_LIMIT = 254
_REMEMBERED = 2_000  # characters
_USUAL = 250  # bytes or characters of what is worth remembering

_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:[ \t]*(.*(?:\r?\n[ \t].*)*)", re.M)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_ENVELOPE = re.compile(rb">?From [^\r\n]*\r?\n")
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*("[^"]*"?|[^\s;"]+)')
_MSG_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_PLAIN_EMAIL = r"([A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
_WORD = r"=\?(utf-8|iso-8859-1|iso-8859-15|windows-1252|us-ascii)\?([qb])\?([!->@-~]+)\?="
_WORDS = re.compile(_WORD, re.I)
_PLAIN = re.compile(rf"((?:(?:[A-Za-z0-9]+|{_WORD.replace('(', '(?:')}) )*)<{_PLAIN_EMAIL}>|{_PLAIN_EMAIL}", re.I)
_QUOTED_PRINTABLE = re.compile(r"(?:[!-<>@-~]|=[0-9A-F]{2})+", re.I)
_BASE64 = re.compile(r"(?:[A-Z0-9+/]{4})*(?:[A-Z0-9+/]{4}|[A-Z0-9+/]{3}=|[A-Z0-9+/]{2}==)", re.I)
_NO_NAME = re.compile(r"[\"\\()<>@:;=?\[\]]")
_BARE = re.compile(r"<?([A-Za-z0-9._+-]{1,64})>?$")
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bBqQ]\?[^?\s]*\?=")
_HARMLESS = b"\t\n" + bytes(range(0x20, 0x7F))
_CHARSET = re.compile(r"[a-z0-9_.:+-]{1,40}")
_NO_CHARSET = re.compile(
    "puny|idna|escape"
)  # Python's codecs, not charsets of mail; some cost the square of the length
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "us-ascii": "utf-8", "ascii": "utf-8"}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_INVISIBLE = re.compile(r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


class Unparsable(AmendsError):
    """This mail cannot be read safely; `reason` says which limit it breaks or what is missing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this mail cannot be read: {reason}; it is kept as it is, look at it in the mail program")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of a mail or part in their order, names in lower case, values as they came, still folded."""

    rows: tuple[tuple[str, bytes], ...]
    first: Mapping[str, bytes]
    _texts: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.first

    def raw(self, name: str) -> bytes:
        """The first value under `name`, unfolded, or nothing."""
        return _unfold(self.first.get(name, b""))

    def text(self, name: str) -> str:
        """The first value under `name`, unfolded, encoded words undecoded."""
        if name not in self.first:
            return ""
        if (text := self._texts.get(name)) is None:
            text = self._texts[name] = as_text(_unfold(self.first[name]))
        return text

    def among(self, *names: str) -> Iterator[tuple[str, bytes]]:
        """Every field under these names, in order, with its value unfolded."""
        return ((name, _unfold(value)) for name, value in self.rows if name in names)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the header of a part says of its body; `kind` may be empty, `file_name` is undecoded."""

    kind: str
    boundary: bytes
    charset: str
    encoding: str
    disposition: str
    file_name: str
    flowed: bool
    delsp: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A mail or one part of it; `parts` is empty where nothing could be cut further."""

    fields: Fields
    shape: Shape
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
    end, body = _blank_line(raw, start)
    return raw[start:end], raw[body:]


def header(raw: bytes) -> bytes:
    """The header block of a message, with whatever line ends it has."""
    return raw[: _blank_line(raw, 0)[0]]


def _blank_line(raw: bytes, start: int) -> tuple[int, int]:
    """Where the header ends and where the body begins; `find` looks at a long body much faster than a pattern."""
    at = raw.find(b"\n\r\n", start)
    bare = raw.find(b"\n\n", start, at + 1 if at >= 0 else len(raw))
    if bare >= 0:
        at = bare
    if at < 0:
        return len(raw), len(raw)
    end = at - 1 if at > start and raw[at - 1 : at] == b"\r" else at
    return end, at + (2 if bare >= 0 else 3)


def scan(head: bytes) -> Fields:
    """The fields of a header block; lines that are none are passed over."""
    return _usual(head) if len(head) <= _USUAL else _latest(head)


def _scan(head: bytes) -> Fields:
    rows = [(_name(name), value) for name, value in _FIELD.findall(head)]
    return Fields(tuple(rows), dict(rows[::-1]))


_usual = lru_cache(maxsize=512)(_scan)
"""Remembered: the headers of parts are few and come again in every mail."""

_latest = lru_cache(maxsize=2)(_scan)
"""Remembered: the header of a mail is read twice, for its fingerprint and for what it says."""


@lru_cache(maxsize=1024)
def _name(name: bytes) -> str:
    return name.decode("ascii").lower()


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
    shape = _shape(fields)
    kind = shape.kind or default
    if not kind.startswith("multipart/"):
        return Part(fields, shape, kind if "/" in kind else "text/plain", body)
    if depth == DEPTH_LIMIT:
        raise Unparsable(f"its parts are nested deeper than {DEPTH_LIMIT} levels")
    inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    pieces = list(_pieces(body, shape.boundary, budget))
    parts = tuple([_sub_part(piece, inner, depth + 1, budget) for piece in pieces])
    return Part(fields, shape, kind, body, parts)


def _shape(fields: Fields) -> Shape:
    kind, disposition = fields.text("content-type"), fields.text("content-disposition")
    encoding = fields.text("content-transfer-encoding")
    usual = len(kind) + len(disposition) + len(encoding) <= _USUAL
    return (_usual_shape if usual else _read_shape)(kind, disposition, encoding)


def _read_shape(kind: str, disposition: str, encoding: str) -> Shape:
    return Shape(
        kind=kind.partition(";")[0].strip().lower(),
        boundary=parameter(kind, "boundary").encode("utf-8", "replace").rstrip(),  # RFC 2046, 5.1.1
        charset=_charset(parameter(kind, "charset")),
        encoding=encoding.partition(";")[0].strip(" \t\"'").lower(),
        disposition=disposition.partition(";")[0].strip().lower(),
        file_name=parameter(disposition, "filename") or parameter(kind, "name"),
        flowed="flowed" in kind.lower(),
        delsp="yes" in parameter(kind, "delsp").lower(),
    )


_usual_shape = lru_cache(maxsize=512)(_read_shape)
"""Remembered: the same few headers of parts come again in every mail."""


def _charset(told: str) -> str:
    name = told.strip(" '\"").lower()
    name = _WIDER.get(name, name)
    return name if _CHARSET.fullmatch(name) and not _NO_CHARSET.search(name) else "utf-8"


def _sub_part(piece: bytes, default: str, depth: int, budget: _Budget) -> Part:
    head, body = (b"", piece.lstrip(b"\r\n")) if piece[:1] in (b"\r", b"\n") else split(piece)
    if len(head) > HEADER_LIMIT or (head and not _FIELD.match(head)):
        head, body = b"", piece  # no header at all: some programs forget the empty line
    return _part(scan(head), body, default, depth, budget)


def parameter(value: str, name: str) -> str:
    """A parameter of a Content-Type or Content-Disposition, continuations and charsets undone (RFC 2231), or ""."""
    value = value[:_PARAMETERS_LIMIT]
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
    return _usual_decoded(value) if len(value) <= _REMEMBERED else _decoded(value)


def _decoded(value: str) -> str:
    try:
        return _plain_words(value)
    except ValueError:  # rare or broken
        return _parsed_words(value)


_usual_decoded = lru_cache(maxsize=64)(_decoded)
"""Remembered: the subject of one mail is asked for several times."""


def _parsed_words(value: str) -> str:
    """By mail-parser, which knows what to make of broken words."""
    try:
        from mailparser.utils import decode_header_part  # noqa: PLC0415 - for odd words only; it takes long to load

        return str(decode_header_part(value))
    except (MessageError, ValueError, LookupError):
        return value  # not decodable: scrubbing takes such words out


def _plain_words(value: str) -> str:
    """Words of the usual charsets, all well-formed, as mail-parser decodes them; ValueError where anything is rare."""
    pieces = _WORDS.split(value)
    plains = pieces[::4]
    if not (value.isascii() and value.isprintable()) or any("=?" in plain for plain in plains):
        raise ValueError(value)
    text, run, charset = [plains[0]], b"", ""
    for name, encoding, payload, plain in zip(pieces[1::4], pieces[2::4], pieces[3::4], plains[1:], strict=True):
        if run and name.lower() != charset:
            text.append(run.decode(charset))
            run = b""
        run, charset = run + _word_octets(encoding, payload), name.lower()
        if plain.strip():  # blanks between two words are no text (RFC 2047, 6.2), and a letter may begin before them
            text += [run.decode(charset), plain]
            run = b""
    return "".join((*text, run.decode(charset or "ascii"))).strip()


def _one_word(word: str) -> str:
    """One encoded word with the blanks it holds; ValueError where it is rare or broken."""
    if (match := _WORDS.fullmatch(word)) is None:
        raise ValueError(word)
    return _word_octets(match[2], match[3]).decode(match[1])


def _word_octets(encoding: str, payload: str) -> bytes:
    if encoding in "qQ" and _QUOTED_PRINTABLE.fullmatch(payload):
        return a2b_qp(payload, header=True)
    if encoding in "bB" and _BASE64.fullmatch(payload):
        return a2b_base64(payload)
    raise ValueError(payload)


def scrub(value: str, limit: int = 500) -> str:
    """`value` in one line that does no harm in a header or on a page: no controls, encoded words, bidi overrides."""
    line = value if value.isprintable() else _INVISIBLE.sub("", _CONTROLS.sub(" ", value))
    if "=?" in line:
        line = _ENCODED_WORD.sub(" ", line).replace("=?", "= ?")
    return " ".join(line.split())[:limit].rstrip()


def oddities(text: str) -> str:
    """What is left of a text without its plain ASCII, tabs and LF: of most next to nothing, looked through at once."""
    return text.encode("utf-8", "surrogatepass").translate(None, _HARMLESS).decode("utf-8", "surrogatepass")


def ids(value: str) -> list[str]:
    """The well-formed message ids in a field value, in order (RFC 5322, 3.6.4)."""
    return _MSG_ID.findall(value)


def is_email(value: str) -> bool:
    """Whether `value` is a plain address that may stand in a header as it is."""
    return len(value) <= _EMAIL_LIMIT and _EMAIL.fullmatch(value) is not None and not _CONTROLS.search(value)


def addresses(value: str, field: str = "an address field") -> tuple[Address, ...]:
    """The mailboxes in an address field, the unusable ones left away; one last look finds a bare or broken one."""
    if not value:
        return ()
    if value.count(",") > ADDRESSES_LIMIT:
        raise Unparsable(f"its field {field} names more than {ADDRESSES_LIMIT} addresses")
    return _mailboxes(value) if len(value) < 500 else _mailboxes.__wrapped__(value)


@lru_cache(maxsize=1024)
def _mailboxes(value: str) -> tuple[Address, ...]:
    """Remembered: the same few people write and are written to, and this is the dearest step of reading a header."""
    plain = _PLAIN.fullmatch(value)
    if plain and len(plain[2] or plain[3]) <= _EMAIL_LIMIT:  # no list, no quotes, no comment: nothing to interpret
        name = _plain_name(plain[1] or "")
        if name is not None:
            return (_address(name, plain[2] or plain[3]),)
    return _parsed_mailboxes(value)


def _plain_name(phrase: str) -> str | None:
    """A name of plain and encoded words, decoded one by one; None where it is not one of letters and spaces."""
    if "=?" not in phrase:
        return phrase
    name, joined = "", False
    for word in phrase.split():
        encoded = word.startswith("=?")
        try:
            text = _one_word(word) if encoded else word
        except ValueError:
            return None
        name += text if joined and encoded else " " + text
        joined = encoded
    return name if name.isprintable() and not _NO_NAME.search(name) else None


def _parsed_mailboxes(value: str) -> tuple[Address, ...]:
    """By mail-parser, which knows the whole grammar and what people make of it."""
    from mailparser.utils import get_addresses  # noqa: PLC0415 - for odd addresses only; it takes long to load

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
