"""Letters carry our header fields and nobody else's."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest

from integrations.imap.message import HeaderInjection, Whose, digest, draft_bytes, parse, reminder_bytes
from plugin.model import Address, Draft, Message, Place, Reminder

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SUPPORT = Address("support@example.com", "Example Support")
ANNA = Address("anna@web.example", "Anna Größe")
LONG_ID = "<" + "A" * 90 + "@mail.prod.example>"
NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Amends-Case",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
]  # fmt: skip


def draft(
    *,
    to: Address = ANNA,
    subject: str = "Größe falsch",
    references: tuple[str, ...] = ("<a@x>", LONG_ID),
    text: str = "Dear Anna\n\nWe are sorry.\n\n-- \nExample Ltd",
    quoted: str = "",
    case: str = "abc123",
    message_id: str = "<amends.1@example.com>",
) -> Draft:
    """A draft to Anna."""
    return Draft(
        message_id=message_id,
        case=case,
        sender=SUPPORT,
        to=to,
        subject=subject,
        references=references,
        text=text,
        at=AT,
        quoted=quoted,
    )


def opened(raw: bytes) -> EmailMessage:
    """What a mail program makes of these bytes."""
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def read(raw: bytes) -> Message:
    """What our own reading makes of these bytes, found in Sent."""
    place, whose = Place("Sent", 1, 1), Whose((SUPPORT,), ())
    return parse(raw, inbox="support", place=place, internal_date=AT, whose=whose, sent=True, historic=False)


GOLDEN = [
    (
        Address("anna@web.example", "Anna Gross"),
        "Kettle",
        "To: Anna Gross <anna@web.example>\r\nSubject: Re: Kettle\r\n",
    ),
    (
        Address("anna@web.example", "Gross, Anna"),
        "Order LL-48213, the lamp, the shade and the bulbs: what came was not at all what I had ordered from you",
        'To: "Gross, Anna" <anna@web.example>\r\n'
        "Subject: Re: Order LL-48213, the lamp, the shade and the bulbs: what came\r\n"
        " was not at all what I had ordered from you\r\n",
    ),
    (
        Address("anna@web.example", "Anna Größe"),
        "Lampe LL-48213 ist für mich zu groß, bitte um Rat",
        "To: =?utf-8?q?Anna_Gr=C3=B6=C3=9Fe?= <anna@web.example>\r\n"
        "Subject: Re: Lampe LL-48213 ist =?utf-8?q?f=C3=BCr_mich_zu_gro=C3=9F=2C?=\r\n bitte um Rat\r\n",
    ),
    (
        Address("anna@web.example", "ランプ"),
        "注文したランプがまだ届きません。至急ご確認のうえ返金をお願いいたします。",
        "To: =?utf-8?b?44Op44Oz44OX?= <anna@web.example>\r\n"
        "Subject: Re:\r\n =?utf-8?b?5rOo5paH44GX44Gf44Op44Oz44OX44GM44G+44Gg5bGK44GN44G+?=\r\n"
        " =?utf-8?b?44Gb44KT44CC6Iez5oCl44GU56K66KqN44Gu44GG44GI6L+U6YeR?=\r\n"
        " =?utf-8?b?44KS44GK6aGY44GE44GE44Gf44GX44G+44GZ44CC?=\r\n",
    ),
    (
        Address("anna@web.example", ""),
        "a" * 90 + " b",
        "To: anna@web.example\r\nSubject: Re:\r\n " + "a" * 90 + "\r\n b\r\n",
    ),
    (
        Address("用户@例え.example", "Anna"),
        "x",
        "To: Anna <用户@例え.example>\r\nSubject: Re: x\r\n",
    ),
]


@pytest.mark.parametrize(("to", "subject", "written"), GOLDEN)
def test_names_and_subjects_are_folded_and_encoded_the_same_way_for_ever(
    to: Address, subject: str, written: str
) -> None:
    letter = draft_bytes(draft(to=to, subject=subject))
    assert letter.startswith(f"From: Example Support <support@example.com>\r\n{written}Date: ".encode())
    assert opened(letter)["Subject"] == f"Re: {subject}"
    assert (read(letter).subject, read(letter).to) == (f"Re: {subject}", (to,))


@pytest.mark.parametrize("letters", ["é", "a é", "日本 語", "x\N{PILE OF POO}", "? _é", "aé " * 3])
def test_encoded_words_of_any_length_are_short_lines_and_read_back(letters: str) -> None:
    for length in range(1, 160, 7):
        subject = " ".join((letters * length)[:480].split())
        letter = draft_bytes(draft(subject=subject))
        assert opened(letter)["Subject"] == f"Re: {subject}"
        assert max(map(len, letter.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 998
        encoded = [word for word in letter.split() if word.startswith(b"=?")]
        assert all(len(word) <= 75 for word in encoded)


def test_a_draft_is_an_answer_in_the_thread() -> None:
    message = opened(draft_bytes(draft(), AT))
    assert message.keys() == NAMES
    assert (message["From"], message["To"]) == (
        "Example Support <support@example.com>",
        "Anna Größe <anna@web.example>",
    )
    assert (message["Subject"], message["In-Reply-To"]) == ("Re: Größe falsch", LONG_ID)
    assert message["References"].split() == ["<a@x>", LONG_ID]
    assert (message["Message-ID"], message["X-Amends-Case"]) == ("<amends.1@example.com>", "abc123")
    assert message["Date"].datetime == AT
    assert message.get_content_type() == "text/plain" and message.get_content_charset() == "utf-8"


def test_ids_longer_than_a_line_stay_as_they_are_on_the_wire() -> None:
    assert f"In-Reply-To: {LONG_ID}\r\nReferences: <a@x>\r\n {LONG_ID}\r\n".encode() in draft_bytes(draft(), AT)


def test_a_first_letter_without_a_thread_has_no_thread_fields() -> None:
    assert "References" not in opened(draft_bytes(draft(references=()), AT))


@pytest.mark.parametrize("theirs", ["Kettle", "Re: Kettle", "RE: AW: Kettle", "Re[2]: Sv: Kettle", "  re : Kettle"])
def test_the_subject_has_one_re(theirs: str) -> None:
    assert opened(draft_bytes(draft(subject=theirs), AT))["Subject"] == "Re: Kettle"


def test_their_text_is_quoted_below_and_ends_at_ten_kilobytes() -> None:
    short = opened(draft_bytes(draft(quoted="It leaks.\r\n\r\nAnna"), AT)).get_content()
    assert short.replace("\r\n", "\n").endswith("-- \nExample Ltd\n\n> It leaks.\n>\n> Anna\n")
    long = opened(draft_bytes(draft(quoted="ä" * 70 + "\n" + "line of theirs\n" * 2_000), AT)).get_content()
    assert len(long.encode()) < 13_000 and long.rstrip().endswith("> […]")


def test_long_lines_and_odd_characters_arrive_as_written() -> None:
    text = "x" * 5_000 + "\nFrom here\n.\ntrailing \n日本語 \u20ac\n=41"
    raw = draft_bytes(draft(text=text), AT)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998 and b"\n" not in raw.replace(b"\r\n", b"")
    assert opened(raw).get_content().replace("\r\n", "\n").rstrip("\n") == text


def test_our_reading_understands_our_writing() -> None:
    message = read(draft_bytes(draft(), AT))
    assert (message.message_id, message.case_mark, message.at) == ("<amends.1@example.com>", "abc123", AT)
    assert (message.sender, message.to, message.subject) == (SUPPORT, (ANNA,), "Re: Größe falsch")
    assert message.references == ("<a@x>", LONG_ID)
    assert message.text == "Dear Anna\n\nWe are sorry.\n\n-- \nExample Ltd"


HOSTILE = [
    "Refund =?UTF-8?Q?=0A?=Bcc: evil@x.example",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3F=0ABcc=3A_evil=40x=3F=3D?=",
    "=?utf-8?b?DQpCY2M6IGV2aWxAeA==?=",
    "a\r\nBcc: evil@x.example", "a\nBcc: evil@x.example", "a\rBcc: evil@x.example", "a\r\n\r\nbody", "\r\nBcc: evil@x",
    "a\x0bBcc: evil@x", "a\x0cBcc: evil@x", "a\x85Bcc: evil@x", "a\u2028Bcc: evil@x", "a\u2029Bcc: evil@x", "a\0b",
    "=?=?utf-8?q?a?==?utf-8?q?=0ABcc:x?=", "==??utf-8?q?=0A?=Bcc: x", "=?utf-8?Q?=0D=0A_Bcc:_x?=", "=?a b?q?=0ABcc:?=",
    "=?utf-8?q?" + "=0ABcc:x" * 50 + "?=", "=?utf-8?q?a?=" * 60, "=?" * 200, "?=" * 200,
    '"quoted\\" <evil@x.example>', "Anna <evil@x.example>", "Anna, evil@x.example", "Anna; evil@x.example,", "(comment",
    "((((((((((", ")", "\\", "\\\\\"", "<>", "@", ":;", "a" * 2_000, "ä" * 2_000, "wörd " * 300, "\ud800\udfff",
    "\u202eevil\u202c", "\u200b\u2066x\u2069", "=?utf-8?b?" + "A" * 900 + "?=", " =0A Bcc: x", "Bcc: evil@x", "\t\t",
    "",
    "\x1b]0;x\x07", "=?iso-2022-jp?b?GyRC?=\nBcc: x", "&#10;Bcc: x", "%0ABcc: x",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_taken_from_a_mail_can_add_a_field(value: str) -> None:
    letter = draft_bytes(draft(subject=value, to=Address("anna@web.example", value)), AT)
    for message in (opened(letter), email.message_from_bytes(letter)):
        assert message.keys() == NAMES
        assert not message.defects
    to = opened(letter)["To"]
    assert [one.addr_spec for one in to.addresses] == ["anna@web.example"]
    head = letter.split(b"\r\n\r\n")[0]
    assert all(line[:1] in b" \t" or line.partition(b":")[0].decode() in NAMES for line in head.split(b"\r\n"))


def test_hostile_values_are_at_least_forty() -> None:
    assert len(set(HOSTILE)) >= 40


@pytest.mark.parametrize("address", ["a@x\r\nBcc: e@x", "a@x, e@x", "<a@x>", "a", "", "a b@x", '"a"@x', "a@x\0"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(HeaderInjection, match="no address"):
        draft_bytes(draft(to=Address(address)), AT)


@pytest.mark.parametrize("bad", ["<a@x>\r\nBcc: e@x", "a@x", "", "<a b@x>"])
def test_an_id_that_is_none_is_refused_or_left_away(bad: str) -> None:
    with pytest.raises(HeaderInjection, match="no message id"):
        draft_bytes(draft(message_id=bad), AT)
    assert opened(draft_bytes(draft(references=("<a@x>", bad)), AT))["References"] == "<a@x>"


def test_a_case_that_is_none_is_refused() -> None:
    with pytest.raises(HeaderInjection, match="no case"):
        draft_bytes(draft(case="abc\r\nBcc: e@x"), AT)


def test_an_address_in_another_script_is_kept() -> None:
    letter = draft_bytes(draft(to=Address("用户@例え.example", "用户")), AT)
    assert "用户@例え.example".encode() in letter
    assert read(letter).to[0].email == "用户@例え.example"


def test_a_reminder_is_a_note_from_us_to_us_that_no_machine_answers() -> None:
    note = Reminder(
        message_id="<amends.r1@example.com>", case="abc123", subject="To do: answer - Größe", text="Anna waits.", at=AT
    )
    message = opened(reminder_bytes(note, SUPPORT))
    assert message.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Amends-Case",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip
    assert message["From"] == message["To"] == "Amends <support@example.com>"
    assert (message["Auto-Submitted"], message["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert (message["Subject"], message.get_content().strip()) == ("To do: answer - Größe", "Anna waits.")
    assert read(reminder_bytes(note, SUPPORT)).automatic == "auto-reply"


def test_the_same_letter_has_the_same_bytes_and_digest() -> None:
    assert digest(draft_bytes(draft())) == digest(draft_bytes(draft(), AT)) != digest(draft_bytes(draft(text="x"), AT))
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
