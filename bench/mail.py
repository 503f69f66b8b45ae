"""The mails the measuring is done with: the same bytes every time, of the kinds and sizes a small business gets."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from quopri import encodestring
from random import Random
from textwrap import fill

from bench.words import WORDS, Words

US = "support@example.com"
SEED = 20_261_122

_KINDS = {"complaint": 35, "business": 38, "newsletter": 15, "auto-reply": 8, "bounce": 4}
_LANGUAGES = {"en": 35, "de": 30, "fr": 12, "es": 11, "nl": 6, "it": 6}
_FIRST = ("Anna", "Jürgen", "Zoë", "François", "Maria", "John", "Łukasz", "Inés", "Priya", "Tom", "Giulia", "Sanne")
_LAST = ("Müller", "Smith", "García", "Rossi", "de Vries", "Dubois", "Kowalski", "Jones", "Patel", "Weber", "Martin")
_AUTOMATIC = {
    "newsletter": ("List-Unsubscribe: <https://shop.example/unsubscribe>",),
    "auto-reply": ("Auto-Submitted: auto-replied",),
}
_REPORT = (  # RFC 3464
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    b"Final-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
)
_START = datetime(2026, 9, 1, 8, tzinfo=UTC)
_SMALLEST = 2_048  # bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: `kind` is complaint, business, newsletter, auto-reply or bounce, or why it is poison."""

    kind: str
    raw: bytes


def mails(count: int, seed: int = SEED) -> Iterator[Mail]:
    """So many mails of 2 to 60 KB; a third are complaints, each by somebody who has not complained before."""
    chance = Random(seed)  # noqa: S311 - the same mails every time, nothing secret
    for number in range(count):
        yield _Writer(chance, number).mail()


def poison() -> list[Mail]:
    """Twelve mails that cannot be read safely: two of each of six sorts."""
    return [Mail(sort, raw) for number in range(2) for sort, raw in _poison(number).items()]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the mail of one number; as bytes, since the email package would take longer over it than all of Amends."""

    chance: Random
    number: int

    def mail(self) -> Mail:
        kind, words = self._pick(_KINDS), WORDS[self._pick(_LANGUAGES)]
        paragraphs = list(self._paragraphs(kind, words))
        name = f"{self.chance.choice(_FIRST)} {self.chance.choice(_LAST)}"
        body = self._body(kind, words, [words.greeting, *paragraphs, words.close, name])
        raw = self._header(kind, name, paragraphs[0].removesuffix(".")[:70]) + body
        padding = b"X-Trace: " + b"t" * 60 + b"\r\n"
        return Mail(kind, padding * max(0, (_SMALLEST - len(raw)) // len(padding) + 1) + raw)

    def _pick(self, weights: dict[str, int]) -> str:
        return self.chance.choices(list(weights), list(weights.values()))[0]

    def _say(self, sentence: str) -> str:
        number, days = self.chance.randrange(10_000, 100_000), self.chance.randrange(3, 60)
        return sentence.format(n=f"LL-{number}", d=days, a=self.chance.randrange(10, 900))

    def _paragraphs(self, kind: str, words: Words) -> Iterator[str]:
        """The first says what the mail is about; most of a long letter is ordinary talk."""
        opening = {"complaint": words.complaints[0], "newsletter": words.offer, "auto-reply": words.away}
        yield self._say(opening.get(kind, self.chance.choice(words.business)))
        for _ in range(max(1, min(60, int(self.chance.lognormvariate(2.0, 0.9))))):
            angry = kind == "complaint" and self.chance.random() < 0.4
            some = words.complaints[1:] if angry else words.business
            yield " ".join(self._say(self.chance.choice(some)) for _ in range(self.chance.randrange(2, 5)))

    def _header(self, kind: str, name: str, subject: str) -> bytes:
        box = {"newsletter": "news", "bounce": "mailer-daemon"}.get(kind, f"customer{self.number}")
        date = format_datetime(_START + timedelta(minutes=self.number))
        fields = [f"Return-Path: <{'' if kind == 'bounce' else f'{box}@mail.example'}>"]
        for hop in range(self.chance.randrange(2, 5)):
            fields.append(
                f"Received: from mx{hop}.example (mx{hop}.example [192.0.2.{hop}])\r\n\tby in.example; {date}"
            )
        fields += [
            f"From: {_encoded(name)} <{box}@mail.example>",
            f"To: Example Support <{US}>",
            f"Subject: {'Undelivered Mail Returned to Sender' if kind == 'bounce' else _encoded(subject)}",
            f"Date: {date}",
            f"Message-ID: <{self.number}.{self.chance.getrandbits(48):012x}@mail.example>",
            "MIME-Version: 1.0",
            *_AUTOMATIC.get(kind, ()),
        ]
        return "".join(f"{field}\r\n" for field in fields).encode()

    def _body(self, kind: str, words: Words, told: Sequence[str]) -> bytes:
        charset = self.chance.choice(words.charsets)
        encoding = "7bit" if charset == "us-ascii" else self.chance.choice(("quoted-printable", "base64", "8bit"))
        text = "\n\n".join(fill(paragraph, 76) for paragraph in told) + "\n"
        body = _part(f'text/plain; charset="{charset}"', encoding, text.encode(charset, "replace"))
        if self.chance.random() < 0.75:
            body = _multipart("alternative", f"a{self.number}", [body, self._html(told)])
        if kind == "bounce":
            return _multipart("report; report-type=delivery-status", f"r{self.number}", [body, _REPORT])
        if kind in ("complaint", "business") and self.chance.random() < 0.18:
            body = _multipart("mixed", f"m{self.number}", [body, *self._attachments()])
        return body

    def _html(self, told: Sequence[str]) -> bytes:
        style = "".join(f".c{n} {{ margin: 0; padding: 4px }}\n" for n in range(self.chance.randrange(1, 30)))
        page = "".join(f"<p class=c1>{paragraph}</p>\n" for paragraph in told)
        html = f"<html><head><style>{style}</style></head><body>{page}</body></html>\n"
        return _part('text/html; charset="utf-8"', "quoted-printable", html.encode())

    def _attachments(self) -> Iterator[bytes]:
        for name in self.chance.sample(("photo.jpg", "invoice.pdf", "receipt scan.pdf"), self.chance.randrange(1, 3)):
            data = self.chance.randbytes(self.chance.randrange(2_000, 16_000))
            yield _part(f'application/octet-stream; name="{name}"', "base64", data)


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=70).encode(linesep="\r\n")


def _part(kind: str, encoding: str, content: bytes) -> bytes:
    """One part with its header; `content` has LF line ends."""
    encode = {"base64": encodebytes, "quoted-printable": encodestring}.get(encoding, bytes)
    header = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    return header + encode(content).replace(b"\n", b"\r\n") + b"\r\n"


def _multipart(kind: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    header = f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n".encode()
    line = b"--" + boundary.encode()
    return header + b"".join(line + b"\r\n" + part for part in parts) + line + b"--\r\n"


def _poison(number: int) -> dict[str, bytes]:
    """Six ways a mail may break a program that reads it trustingly."""
    top = f"Message-ID: <poison-{number}@mail.example>\r\nSubject: Broken lamp\r\n".encode()
    sender = b"From: Anna Jones <anna@mail.example>\r\n"
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (depth, depth) for depth in range(60)
    )
    mixed = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return {
        "endless header": top + sender + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\nhello\r\n",
        "nested parts": top + sender + nested,
        "countless parts": top + sender + mixed + b"--b\r\n\r\nx\r\n" * 2_000,
        "countless boundaries": top + sender + mixed + b"--b\r\n" * 9_000,
        "countless encoded words": top + sender + b"X-Words:" + b" =?utf-8?q?a?=" * 3_000 + b"\r\n\r\nhello\r\n",
        "nobody": top + b"\r\nI have no sender.\r\n",
    }
