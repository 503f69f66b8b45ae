"""Whatever a stranger puts into a name or a subject: the draft's header is ours, and it goes to him alone."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

from tests.faults.house import Account
from tests.faults.letters import COMPLAINTS
from tests.faults.table import record
from tests.witness import Seen

NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Amends-Case",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
]  # fmt: skip
HOSTILE = [
    b"Refund =?UTF-8?Q?=0A?=Bcc: evil@evil.example", b"=?utf-8?q?=0D=0ABcc:_evil@evil.example?=",
    b"=?utf-8?b?DQpCY2M6IGV2aWxAZXZpbC5leGFtcGxl?=", b"=?utf-8?q?=3D=3Futf-8=3Fq=3F=0ABcc=3A_evil=40x=3F=3D?=",
    b"Refund\r\n Bcc: evil@evil.example", b"Refund\r\n\tTo: evil@evil.example",
    b"=?utf-8?q?a=0DBcc:_evil@evil.example?=", b"a\x0bBcc: evil@evil.example", b"a\x0cBcc: evil@evil.example",
    b"a\xc2\x85Bcc: evil@evil.example", b"a\xe2\x80\xa8Bcc: evil@evil.example", b"a\xe2\x80\xa9Bcc: evil@evil.example",
    b"=?utf-8?q?a=00b?=", b"=?=?utf-8?q?a?==?utf-8?q?=0ABcc:x?=", b"==??utf-8?q?=0A?=Bcc: x",
    b"=?utf-8?Q?=0D=0A=0D=0Abody?=", b"=?utf-8?q?a?= =?utf-8?q?=0A?= =?utf-8?q?Bcc:_x?=",
    b"=?utf-8?q?" + b"=0ABcc:x" * 8 + b"?=", b"=?" * 60, b"?=" * 60, b'"quoted\\" <evil@evil.example>',
    b"Anna <evil@evil.example>", b"Anna, evil@evil.example", b"Anna; evil@evil.example,", b"(comment", b"((((((((((",
    b")", b"\\", b'\\\\"', b"<>", b"@", b":;", b"a" * 900, b"\xc3\xa4" * 400, b"\xff\xfe\xfd",
    b"=?iso-2022-jp?b?GyRC?=\r\n Bcc: x", b"=?klingon?q?=0ABcc:?=", b"\xe2\x80\xaeevil\xe2\x80\xac", b"&#10;Bcc: x",
    b"%0ABcc: x", b"{signature} {if name}{end} [[mark]]", b"\x1b]0;x\x07", b"", b"\t", b"Re: Re: =?utf-8?q?=0ARe:?=",
]  # fmt: skip


def test_hostile_values_are_at_least_forty() -> None:
    assert len(set(HOSTILE)) >= 40


def test_d05_no_name_and_no_subject_adds_a_field_or_a_recipient(ours: Account) -> None:
    for number, value in enumerate(HOSTILE):
        ours.witness.append("INBOX", _mail(number, name=_quoted(value), subject=b"Broken lamp"))
        ours.witness.append("INBOX", _mail(1000 + number, name=b"Anna", subject=value))
    ours.shop.once()

    drafts = {str(draft.mail["In-Reply-To"]): draft for draft in ours.drafts()}
    senders = {f"<hostile-{1000 * which + n}@x.example>": f"anna{1000 * which + n}@example.org"
               for n in range(len(HOSTILE)) for which in (0, 1)}  # fmt: skip
    other = sum(draft.mail.keys() != NAMES for draft in drafts.values())
    record("D05", f"{other} of {len(HOSTILE)} hostile values, each as a name and as a subject, added a field",
           not other and drafts.keys() == senders.keys())  # fmt: skip
    assert drafts.keys() == senders.keys()
    for answered, draft in drafts.items():
        the_header_is_ours(draft)
        assert [to.addr_spec for to in draft.mail["To"].addresses] == [senders[answered]]


def test_d05_a_sender_that_keeps_no_grammar_adds_no_field_and_no_second_recipient(ours: Account) -> None:
    for number, value in enumerate(HOSTILE):
        ours.witness.append("INBOX", _mail(number, name=value, subject=b"Broken lamp"))
    ours.shop.amends("run", "--once")

    drafts = ours.drafts()
    assert len(drafts) > len(HOSTILE) * 0.9
    for draft in drafts:
        the_header_is_ours(draft)
        assert len(draft.mail["To"].addresses) == 1
        which = str(draft.mail["In-Reply-To"]).removeprefix("<hostile-").partition("@")[0]
        assert draft.mail["To"].addresses[0].addr_spec in (f"anna{which}@example.org", "evil@evil.example")


def the_header_is_ours(draft: Seen) -> None:
    for policy_of_reader in (default, default.clone(utf8=True)):
        mail = message_from_bytes(draft.mail.as_bytes(), policy=policy_of_reader)
        assert mail.keys() == NAMES, draft.mail.as_string()
    assert str(draft.mail["From"]) == "Example Support <support@example.com>"
    assert draft.mail.defects == []
    assert not any(ord(letter) < 32 for name in ("To", "Subject", "From") for letter in str(draft.mail[name]))


def _quoted(name: bytes) -> bytes:
    """As a mail program writes a name that holds anything (RFC 5322, 3.2.4)."""
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _mail(number: int, *, name: bytes, subject: bytes) -> bytes:
    text = COMPLAINTS[1][1].format(order="LL-1")
    head = (
        b"From: " + name + b" <anna%d@example.org>\r\nTo: support@example.com\r\nSubject: " % number + subject
        + b"\r\nMessage-ID: <hostile-%d@x.example>\r\nDate: Fri, 20 Nov 2026 08:00:00 +0000\r\n" % number
    )  # fmt: skip
    return head + b"\r\n" + text.encode() + b"\r\n"
