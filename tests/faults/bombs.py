"""Mails of at most a megabyte that are made to cost whoever reads them minutes, gigabytes or the process."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

_HEAD = (
    b"From: Eve <eve@example.org>\r\nTo: support@example.com\r\nSubject: Complaint\r\nMessage-ID: <bomb@x.example>\r\n"
)
_MIB = 1 << 20


def _body(kind: bytes, body: bytes, encoding: bytes = b"8bit") -> bytes:
    fields = b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n"
    return _HEAD + fields + body + b"\r\n"


def _page(body: bytes) -> bytes:
    return _body(b"text/html; charset=utf-8", body)


def _text(body: bytes) -> bytes:
    return _body(b"text/plain; charset=utf-8", body)


def _nested(depth: int, core: bytes = b"I am disappointed.") -> bytes:
    opening = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return _HEAD + opening + b"\r\n" + core + b"\r\n"


def _mixed(parts: bytes) -> bytes:
    return _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"


def _many(field: bytes, word: bytes, times: int) -> bytes:
    start = b"" if field in (b"From", b"Subject") else b"From: eve@example.org\r\n"
    start = b"From: eve@example.org\r\n" if field == b"Subject" else start
    return start + field + b": " + word * times + b"\r\n\r\nHello\r\n"


BOMBS: dict[str, bytes] = {
    # what Python's own parser stumbles over
    "a broken Message-ID": b"From: eve@example.org\r\nMessage-ID: <a@[b\r\n\r\nHello\r\n",
    "an unknown charset": _body(b"text/plain; charset=klingon", b"Hello \xff"),
    "5,000 open brackets in To": _many(b"To", b"(", 5_000),
    "60,000 open brackets in From": _many(b"From", b"(", 60_000),
    "1,000 parts within parts": _nested(1_000),
    "20,000 encoded words in a subject": _many(b"Subject", b"=?utf-8?q?a?= ", 20_000),
    "100,000 empty parts": _mixed(b"--b\r\n\r\n" * 100_000),
    "5,000 addresses": _many(b"To", b"anna@example.org, ", 5_000),
    # what the libraries beneath find dear
    "addresses of semicolons": _many(b"Reply-To", b";", 60_000),
    "groups without end": _many(b"To", b"a:b;", 15_000),
    "400 encoded words, unknown charset": _many(b"Subject", b"=?klingon?q?=41?= ", 400),
    "one encoded word of 60 kB": _many(b"Subject", b"=?utf-8?q?" + b"=41" * 20_000 + b"?=", 1),
    "a page of paragraphs": _page(b"<p>" * 340_000),
    "a page of line breaks": _page(b"<br>" * 260_000),
    "a page of open tags": _page(b"<b>" * 340_000),
    "a page 60,000 deep": _page(b"<div>" * 60_000),
    "tables in tables": _page(b"<table><tr><td>" * 60_000),
    "quotations in quotations": _page(b"<blockquote>" * 80_000),
    "a column as wide as the world": _page(b"<table><tr><td colspan=1000000000>x</td></tr></table>" * 9_000),
    "a style without end": _page(b"<p style='color : " + b"color : " * 120_000 + b"'>x"),
    "attributes without end": _page(b"<p " + b"a=b " * 250_000 + b">x"),
    "entities within entities": _page(
        b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><p>' + b"&b;" * 9_000
    ),
    "450 pages of tables": _mixed((b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<table><tr><td>x</td>" * 100) * 450),
    "a megabyte of uuencode": _body(b"text/plain", b"begin 644 x\n" + b"M0000\n" * 170_000, b"x-uuencode"),
    "a megabyte in ISO-2022": _body(b"text/plain; charset=iso-2022-jp", b"\x1b$B" * 340_000),
    "a megabyte of a codec that is no charset": _body(b"text/plain; charset=punycode", b"a-" * 500_000),
    "flowed lines of nothing": _body(b"text/plain; format=flowed; delsp=yes", b"x \r\n" * 260_000),
    # what is dear to understand
    "quotations without end": _text(b"> " * 500_000),
    "headers in the text": _text(b"From: a@b.example\nSubject: x\n" * 35_000),
    "numbers without end": _text(b"1" * _MIB),
    "words never seen": _text(b" ".join(b"w%d" % number for number in range(150_000))),
    "nothing but complaints": _text(b"I am disappointed. " * 55_000),
    "a megabyte of blanks": _text(b" " * (_MIB - 1) + b"x"),
    "accents upon accents": _text(("e" + "\u0301" * 500_000).encode()),
    "forwarded mail in forwarded mail": _HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
}
"""By what is wrong with them."""


def zip_bomb() -> bytes:
    """A file of 22 kB that unpacks to 2 GiB: sixty-four archives, each of 32 MiB of zeros."""
    inner = BytesIO()
    with ZipFile(inner, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("0", bytes(32 << 20))
    outer = BytesIO()
    with ZipFile(outer, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(64):
            archive.writestr(f"{number}.zip", inner.getvalue())
    return outer.getvalue()


def with_attachment(name: str, content: bytes, text: bytes) -> bytes:
    """A mail with a text and a file of these very letters, which should be base64."""
    kind = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    file = kind + b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n\r\n' + content + b"\r\n"
    return _mixed(b"--b\r\nContent-Type: text/plain\r\n\r\n" + text + b"\r\n--b\r\n" + file)
