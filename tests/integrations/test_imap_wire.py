"""The short ways through an ordinary mail lead where mail-parser leads, on every mail this project has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, product
from pathlib import Path

import pytest

from bench.mail import mails
from integrations.imap import body, wire
from integrations.imap.message import Unparsable, Whose, fingerprint, parse
from integrations.imap.wire import addresses, decoded, header, oddities, read, scan, split
from plugin.model import Address, Message, Place

ROOT = Path(__file__).parents[2]
FILES = sorted(chain.from_iterable((ROOT / folder).rglob("*.eml") for folder in ("tests", "plugin")))
BENCH = [mail.raw for mail in mails(200, 3)]
US = Address("support@example.com", "Example Support")
WORDS = (
    "=?utf-8?q?J=C3=BCrgen_?=", "=?UTF-8?B?SsO8cmdlbg==?=", "=?iso-8859-1?Q?M=FCller?=", "=?utf-8?q?=C3?=",
    "=?utf-8?q?=BC?=", "=?klingon?q?x?=", "=?utf-8?b?SsO?=", "=?us-ascii?q?a=0Ab?=", "=?utf-8?q?a=22b?=", "Anna",
    '"Anna, B"', "(c)", "<x@y.example>", "a@b.example", ",", "", "=?windows-1252?q?=80?=", "=?utf-8*en?q?x?=", "?=",
    "=?", "=?utf-8?q??=", "O'Brien", "Müller", "=?utf-8?q?=E2=80=AEx?=", "=?utf-8?q?=C2=A0x?=", "=?utf-8?q?a_=3C?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=", "=?iso-8859-15?b?pA==?=",
)  # fmt: skip


def values() -> Iterator[str]:
    """Header values of two words and an address, near to one another and apart, mostly odd ones."""
    for first, second, gap, end in product(WORDS, WORDS, (" ", "", "  "), ("", " <jo@customer.example>")):
        yield f"{first}{gap}{second}{end}"


@pytest.fixture
def the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing counts as ordinary, so that mail-parser reads everything; nothing is remembered."""
    never = re.compile(r"(?!)")
    for name in ("_PLAIN", "_WORDS"):
        monkeypatch.setattr(wire, name, never)
    monkeypatch.setattr(body, "_COMMON", frozenset[str]())
    for remembered in (wire._mailboxes, wire._usual_decoded, wire._usual_shape, wire._usual):
        remembered.cache_clear()


def message(raw: bytes) -> Message | str:
    """What is made of a mail, or why nothing is."""
    whose, at = Whose((US,), (US.email,)), datetime(2026, 11, 20, tzinfo=UTC)
    try:
        return parse(
            raw, inbox="support", place=Place("INBOX", 1, 1), internal_date=at, whose=whose, sent=False, historic=False
        )
    except Unparsable as error:
        return error.reason


SHORT = {path.name: message(path.read_bytes()) for path in FILES}
SHORT_BENCH = [message(raw) for raw in BENCH]
SHORT_VALUES = {value: (decoded(value), addresses(value)) for value in values()}


@pytest.mark.usefixtures("the_long_way")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_both_ways_lead_to_the_same_message(path: Path) -> None:
    assert message(path.read_bytes()) == SHORT[path.name]


@pytest.mark.usefixtures("the_long_way")
def test_both_ways_lead_to_the_same_message_for_the_mails_of_the_measuring() -> None:
    assert [message(raw) for raw in BENCH] == SHORT_BENCH


@pytest.mark.usefixtures("the_long_way")
def test_both_ways_make_the_same_of_odd_names_and_subjects() -> None:
    wrong = {value: found for value, found in SHORT_VALUES.items() if found != (decoded(value), addresses(value))}
    assert wrong == {}


def test_the_short_way_is_taken() -> None:
    assert wire._plain_words("=?utf-8?q?J=C3=BC?= =?utf-8?b?cmdlbg==?= M") == "Jürgen M"
    assert wire._plain_name("=?utf-8?q?J=C3=BCrgen?= M ") == " Jürgen M"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n\r\n", "\r\n\n"])
def test_the_header_ends_at_the_first_empty_line_whatever_the_line_ends(end: str, gap: str) -> None:
    raw = f"A: 1{end}B: 2{gap}x\n\ny\r\n\r\nz".encode()
    head, rest = split(raw)
    assert (header(raw), rest) == (head, b"x\n\ny\r\n\r\nz")
    assert [name for name, _ in scan(head).rows] == ["a", "b"]
    assert fingerprint(raw, 9) == fingerprint(header(raw), 9)


def test_a_mail_without_an_empty_line_is_all_header() -> None:
    assert split(b"A: 1\r\nB: 2\r\n") == (b"A: 1\r\nB: 2\r\n", b"")
    assert read(b"").body == b""


def test_oddities_are_all_that_is_not_plain_ascii() -> None:
    assert oddities("a\tb\nc ~") == ""
    assert oddities("Grüße\r\n\0\u2028\ud800") == "üß\r\0\u2028\ud800"
