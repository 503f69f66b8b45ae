"""What a mail says: its text, what is attached, and the mail inside it; never more than the reader asked for.

A part of type message/* is not looked into: the words of a mail that was forwarded or came back are not the sender's.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import a2b_qp
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from email.message import Message as Mime
from html import unescape

from integrations.imap.wire import Part, decoded, oddities, read, scrub
from plugin.model import Attachment

TEXT_LIMIT = 200_000
HTML_LIMIT = 300_000

_COMMON = frozenset({"utf-8", "iso-8859-1", "iso-8859-15", "latin-1", "windows-1252"})
_DECODED = re.compile(r"[^\x00-\x7f\ufffd]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
_NEWLINE = re.compile(r"[\r\x0b\x0c\x85\u2028\u2029]")
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BLOCK = re.compile(r"<(/?)(table|thead|tbody|tfoot|tr|td|th|hr|blockquote)\b", re.I)
_STYLE = re.compile(r"""style\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?<![-\w])color\s*:\s*transparent"
    r"|(?:font-size|max-height|opacity)\s*:\s*0(?![.\d])"
)
_WHITE = re.compile(r"(?<![-\w])color\s*:\s*(?:#fff(?:fff)?\b|white\b|rgb\(255, ?255, ?255\))")
_INDENTED = re.compile(r"border(?:-left)?(?:-style|-width)?\s*:\s*(?:none|0)", re.I)
_OPEN, _INDENT, _CLOSE = "\ue000", "\ue001", "\ue002"
"""Private letters that stand for where a quotation or an indented paragraph begins, and where either ends."""
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
        yield replace(part, kind="text/plain", parts=())
    else:
        yield part


def _attached(leaf: Part, mail: Part) -> bool:
    """Whether a text is a file rather than words to read."""
    disposition = leaf.shape.disposition
    return disposition == "attachment" or (disposition != "inline" and leaf is not mail and bool(leaf.shape.file_name))


def _is_attachment(leaf: Part, mail: Part) -> bool:
    if leaf.kind in _SEALS or leaf.kind in ("message/delivery-status", "text/rfc822-headers"):
        return False
    return leaf.kind not in ("text/plain", "text/html") or _attached(leaf, mail)


def _attachment(leaf: Part) -> Attachment:
    """Name and size only; the name loses its folders."""
    bare = re.split(r"[\\/]", scrub(decoded(leaf.shape.file_name), 1_000))[-1].strip(". ")
    return Attachment(bare[-200:] or f"unnamed ({leaf.kind[:60]})", _size(leaf))


def _size(leaf: Part) -> int:
    if leaf.shape.encoding != "base64":
        return len(leaf.body)
    letters = len(leaf.body) - leaf.body.count(b"\r") - leaf.body.count(b"\n") - leaf.body[-4:].count(b"=")
    return letters * 3 // 4


def _inner(leaves: Sequence[Part]) -> Part | None:
    """The first mail inside this one, whole or only its header."""
    for leaf in leaves:
        if leaf.kind in ("message/rfc822", "message/global"):
            return read(_decode(leaf, "latin-1").encode("latin-1") if leaf.shape.encoding == "base64" else leaf.body)
        if leaf.kind in ("text/rfc822-headers", "message/rfc822-headers"):
            return read(leaf.body)
    return None


def _text(texts: Sequence[Part]) -> str:
    """The plain texts; where they say nothing, the HTML ones as text."""
    plain = "\n\n".join(filter(None, (_plain(leaf) for leaf in texts if leaf.kind == "text/plain")))
    if plain.strip():
        return plain[:TEXT_LIMIT].rstrip()
    return "\n\n".join(_pages(texts))[:TEXT_LIMIT].strip()


def _pages(texts: Sequence[Part]) -> Iterator[str]:
    """The HTML parts as text; all of them together are read only as far as one page would be."""
    left = HTML_LIMIT
    for leaf in texts:
        if leaf.kind == "text/html" and left > 0:
            page = _decode(leaf)[:left]
            left -= len(page)
            yield html_text(page)


def _plain(leaf: Part) -> str:
    text = _clean(_decode(leaf))
    if leaf.shape.flowed:
        text = _unflowed(text, leaf.shape.delsp)
    return text.strip("\n")


def _clean(text: str) -> str:
    """LF line ends and no controls; most texts need one look and no second."""
    plain = text.replace("\r\n", "\n")
    return _CONTROLS.sub("", _NEWLINE.sub("\n", plain)) if _UNCLEAN.search(oddities(plain)) else plain


def _decode(leaf: Part, charset: str = "") -> str:
    """The text of one part; bytes that are no UTF-8 though they should be count as Windows-1252."""
    declared = charset or leaf.shape.charset
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
    encoding = leaf.shape.encoding
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
    encoding = leaf.shape.encoding
    encoding = encoding if encoding in ("base64", "quoted-printable", "x-uuencode", "uuencode") else "binary"
    mime = Mime()
    mime["Content-Type"] = f"text/plain; charset={charset}"
    mime["Content-Transfer-Encoding"] = encoding
    mime.set_payload(leaf.body.decode("ascii", "surrogateescape"))
    from mailparser import MailParser  # noqa: PLC0415 - most mail is read without it, and it takes long to load

    texts = MailParser(mime).text_plain
    return str(texts[0]) if texts else ""


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
    """HTML as text without what it hides; lines of a blockquote begin with ">", a rule is drawn.

    Tables are read cell by cell: columns padded with blanks can grow huge.
    """
    page = _clean(html[:HTML_LIMIT])
    page = page.replace(_OPEN, "").replace(_INDENT, "").replace(_CLOSE, "")
    from inscriptis import get_text  # noqa: PLC0415 - most mail has plain text, and the two take long to load
    from lxml.etree import LxmlError  # noqa: PLC0415 - as above

    try:
        text = get_text(_calm(_BLOCK.sub(_as_block, page)))
    except (LxmlError, ValueError, RecursionError):
        text = ""
    text = _clean(text) if text.strip() else _stripped(page)
    lines = (line.strip() for line in text.split("\n"))
    return re.sub(r"\n[ \n]*\n", "\n\n", "\n".join(_marked(lines) if _CLOSE in text or _OPEN in text else lines))


def _calm(page: str) -> str:
    """Without styles, but for those that hide: white letters do where nothing has another ground."""
    low = page.encode().lower().decode()  # as long as the page, letter by letter, which str.lower is not
    ground = "background" in low or "bgcolor" in low
    pieces: list[str] = []
    done = 0
    for style in _STYLE.finditer(low):
        hidden = _HIDDEN.search(style[1]) or (not ground and _WHITE.search(style[1]))
        pieces += page[done : style.start()], 'style="display:none"' if hidden else ""
        done = style.end()
    return "".join(pieces) + page[done:]


def _as_block(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name in ("td", "th"):
        return f" <{tag[1]}span"
    if name == "hr":
        return "<div>____</div><div"
    if name == "blockquote":
        return _quotation(tag)
    return f"<{tag[1]}div"


def _quotation(tag: re.Match[str]) -> str:
    """The ends of a quotation; one without a line at its left is how mail programs indent a paragraph."""
    if tag[1]:
        return f"<div>{_CLOSE}</div></div"
    rest = tag.string[tag.end() : tag.end() + 300].partition(">")[0]
    return f"<div>{_INDENT if _INDENTED.search(rest) else _OPEN}</div><div"


def _marked(lines: Iterable[str]) -> Iterator[str]:
    """The lines with a ">" for each quotation they stand in."""
    within: list[str] = []
    for line in lines:
        if line in (_OPEN, _INDENT):
            within.append(">" if line == _OPEN and len(within) < 9 else "")
        elif line == _CLOSE:
            del within[-1:]
        else:
            yield f"{''.join(within)} {line}".strip() if within else line


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
