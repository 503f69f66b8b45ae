"""What a mail says: its text, what is attached, and the mail inside it; never more than the reader asked for.

A part of type message/* is not looked into: the words of a mail that was forwarded or came back are not the sender's.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import a2b_qp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message as Mime
from html import unescape

import inscriptis
import mailparser
from lxml.etree import LxmlError

from integrations.imap.wire import Part, decoded, parameter, read, scrub
from plugin.model import Attachment

TEXT_LIMIT = 200_000
HTML_LIMIT = 300_000

_CHARSET = re.compile(r"[a-z0-9_.:+-]{1,40}")
_NO_CHARSET = re.compile(
    "puny|idna|escape"
)  # Python's codecs, not charsets of mail; some cost the square of the length
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "us-ascii": "utf-8", "ascii": "utf-8"}
_COMMON = frozenset({"utf-8", "iso-8859-1", "iso-8859-15", "latin-1", "windows-1252"})
_DECODED = re.compile(r"[^\x00-\x7f\ufffd]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
_NEWLINE = re.compile(r"[\r\x0b\x0c\x85\u2028\u2029]")
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TABLE = re.compile(r"<(/?)(table|thead|tbody|tfoot|tr|td|th)\b", re.I)
_STYLE = re.compile(r"""\bstyle\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|mso-hide\s*:\s*all", re.I)
_SEALS = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}


@dataclass(frozen=True, slots=True)
class Content:
    """The text a person wrote, what is attached, the mail inside it, and the fields of a delivery report."""

    text: str
    attachments: tuple[Attachment, ...]
    inner: Part | None = None
    report: str = ""


def contents(mail: Part) -> Content:
    """Read a mail that was cut; text is at most 200,000 characters with LF line ends and no controls."""
    leaves = list(_leaves(mail))
    texts = [leaf for leaf in leaves if leaf.kind in ("text/plain", "text/html") and not _attached(leaf, mail)]
    attached = tuple(_attachment(leaf) for leaf in leaves if _is_attachment(leaf, mail))
    report = "\n".join(_clean(_decode(leaf)) for leaf in leaves if leaf.kind == "message/delivery-status")
    return Content(_text(texts), attached, _inner(leaves), report)


def _leaves(part: Part) -> Iterator[Part]:
    """The parts that hold something; a multipart that could not be cut counts as the text it shows."""
    if part.parts:
        for child in part.parts:
            yield from _leaves(child)
    elif part.kind.startswith("multipart/"):
        yield Part(part.fields, "text/plain", part.body)
    else:
        yield part


def _attached(leaf: Part, mail: Part) -> bool:
    """Whether a text is a file rather than words to read."""
    disposition = leaf.fields.text("content-disposition").partition(";")[0].strip().lower()
    return disposition == "attachment" or (disposition != "inline" and leaf is not mail and bool(_file_name(leaf)))


def _is_attachment(leaf: Part, mail: Part) -> bool:
    if leaf.kind in _SEALS or leaf.kind in ("message/delivery-status", "text/rfc822-headers"):
        return False
    return leaf.kind not in ("text/plain", "text/html") or _attached(leaf, mail)


def _attachment(leaf: Part) -> Attachment:
    """Name and size only; the name loses its folders."""
    bare = re.split(r"[\\/]", scrub(decoded(_file_name(leaf)), 1_000))[-1].strip(". ")
    return Attachment(bare[-200:] or f"unnamed ({leaf.kind[:60]})", _size(leaf))


def _file_name(leaf: Part) -> str:
    return parameter(leaf.fields, "content-disposition", "filename") or parameter(leaf.fields, "content-type", "name")


def _size(leaf: Part) -> int:
    if _encoding(leaf) != "base64":
        return len(leaf.body)
    letters = len(leaf.body) - leaf.body.count(b"\r") - leaf.body.count(b"\n") - leaf.body[-4:].count(b"=")
    return letters * 3 // 4


def _encoding(leaf: Part) -> str:
    return leaf.fields.text("content-transfer-encoding").partition(";")[0].strip(" \t\"'").lower()


def _inner(leaves: Sequence[Part]) -> Part | None:
    """The first mail inside this one, whole or only its header."""
    for leaf in leaves:
        if leaf.kind in ("message/rfc822", "message/global"):
            return read(_decode(leaf, "latin-1").encode("latin-1") if _encoding(leaf) == "base64" else leaf.body)
        if leaf.kind in ("text/rfc822-headers", "message/rfc822-headers"):
            return read(leaf.body)
    return None


def _text(texts: Sequence[Part]) -> str:
    """The plain texts; where they say nothing, the HTML ones as text."""
    plain = "\n\n".join(filter(None, (_plain(leaf) for leaf in texts if leaf.kind == "text/plain")))
    if plain.strip():
        return plain[:TEXT_LIMIT].rstrip()
    html = "\n\n".join(html_text(_decode(leaf)) for leaf in texts if leaf.kind == "text/html")
    return html[:TEXT_LIMIT].strip()


def _plain(leaf: Part) -> str:
    text = _clean(_decode(leaf))
    if "flowed" in leaf.fields.text("content-type").lower():
        text = _unflowed(text, "yes" in parameter(leaf.fields, "content-type", "delsp").lower())
    return text.strip("\n")


def _clean(text: str) -> str:
    """LF line ends and no controls; most texts need one look and no second."""
    plain = text.replace("\r\n", "\n")
    return _CONTROLS.sub("", _NEWLINE.sub("\n", plain)) if _UNCLEAN.search(plain) else plain


def _decode(leaf: Part, charset: str = "") -> str:
    """The text of one part; bytes that are no UTF-8 though they should be count as Windows-1252."""
    declared = charset or _charset(leaf)
    try:
        text = _octets(leaf, declared).decode(declared)
    except ValueError:  # rare or broken
        text = _parsed(leaf, declared)
    if declared == "utf-8" and "\ufffd" in text and not _DECODED.search(text):
        return _parsed(leaf, "windows-1252")
    return text


def _octets(leaf: Part, charset: str) -> bytes:
    """A plain part's bytes as they were before they were encoded; ValueError where it is broken or anything is rare."""
    if charset not in _COMMON:
        raise ValueError(charset)
    encoding = _encoding(leaf)
    if encoding == "base64":
        return b64decode(b"".join(leaf.body.split()), validate=True)
    if encoding == "quoted-printable":
        return a2b_qp(leaf.body)
    if encoding in ("", "7bit", "8bit", "binary"):
        return leaf.body
    raise ValueError(encoding)


def _parsed(leaf: Part, charset: str) -> str:
    """The text of a part that is not plain: by mail-parser, which knows what to make of broken ones."""
    # "binary" keeps mail-parser from taking 7bit text as it stands, which leaves ISO-2022-JP undecoded.
    encoding = _encoding(leaf)
    encoding = encoding if encoding in ("base64", "quoted-printable", "x-uuencode", "uuencode") else "binary"
    mime = Mime()
    mime["Content-Type"] = f"text/plain; charset={charset}"
    mime["Content-Transfer-Encoding"] = encoding
    mime.set_payload(leaf.body.decode("ascii", "surrogateescape"))
    texts = mailparser.MailParser(mime).text_plain
    return str(texts[0]) if texts else ""


def _charset(leaf: Part) -> str:
    name = parameter(leaf.fields, "content-type", "charset").strip(" '\"").lower()
    name = _WIDER.get(name, name)
    return name if _CHARSET.fullmatch(name) and not _NO_CHARSET.search(name) else "utf-8"


def _unflowed(text: str, delsp: bool) -> str:
    """Lines broken by the mail program joined again (RFC 3676, 4.2); quoted lines keep their breaks."""
    pieces: list[str] = []
    flows = False
    for line in text.split("\n"):
        fixed = line == "-- " or line.startswith(">")
        pieces.append("" if flows and not fixed else "\n")
        flows = line.endswith(" ") and not fixed
        body = line if fixed else line.removeprefix(" ")
        pieces.append(body[:-1] if flows and delsp else body)
    return "".join(pieces[1:])


def html_text(html: str) -> str:
    """HTML as text without what it hides. Tables are read cell by cell: columns padded with blanks can grow huge."""
    page = _clean(html[:HTML_LIMIT])
    calm = _STYLE.sub(lambda style: 'style="display:none"' if _HIDDEN.search(style[1]) else "", page)
    try:
        text = inscriptis.get_text(_TABLE.sub(_as_block, calm))
    except (LxmlError, ValueError, RecursionError):
        text = ""
    text = _clean(text) if text.strip() else _stripped(page)
    return re.sub(r"\n[ \n]*\n", "\n\n", "\n".join(line.strip() for line in text.split("\n")))


def _as_block(tag: re.Match[str]) -> str:
    if tag[2].lower() in ("td", "th"):
        return f" <{tag[1]}span"
    return f"<{tag[1]}div"


def _stripped(html: str) -> str:
    """Text between the tags, for HTML too deep for the real reader; scripts and styles are left away."""
    kept: list[str] = []
    silent = ""
    for piece in html.split("<"):
        tag, _, text = piece.partition(">")
        name = tag.strip().partition(" ")[0].lower()
        if silent:
            silent = "" if name == "/" + silent else silent
        elif name in ("script", "style", "title"):
            silent = name
        if not silent:
            kept.append(text)
    return unescape(" ".join(filter(None, (text.strip() for text in kept))))
