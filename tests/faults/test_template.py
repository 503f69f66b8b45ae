"""What a stranger writes is never read as a template: not in a slot, not in a phrase, not in a subject."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, product

import pytest

from plugin.hours import Hours
from plugin.letters import SHIPPED, Material, compose
from plugin.letters.phrases import LANGUAGES, VOICES
from plugin.letters.slots import SLOTS
from plugin.model import CATEGORIES, Assessment, Evidence, Fact
from tests.faults.house import Account
from tests.faults.table import record
from tests.faults.test_injection import HOSTILE, NAMES, the_header_is_ours

PAYLOADS = [
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{=7*7}}", "*{7*7}", "@(7*7)", "{% if 1 %}{{7*7}}{% endif %}",
    "[[${7*7}]]",
    "{{config.items()}}", "{{self.__init__.__globals__}}", "{name.__class__.__mro__}", "{0.__class__}", "{signature}",
    "{if name}{signature}{end}", "{if no_order}[[pay]]{end}", "{{signature}}", "{ signature }", "{apology}", "{talk}",
    "%(signature)s", "%s%n%x", "$signature", "\\{signature\\}", "{value}", "{day}", "{signature!r:>99999999}",
    "[[check the address]]", "]] {signature} [[", "{end}{end}{if warm}", "{\u200bsignature}", "{sig\u00adnature}",
]  # fmt: skip
"""What template languages of the world would evaluate, and ours."""

HOURS = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}, ())
EVERYTHING = (*SLOTS, *sorted(SHIPPED.names - set(SLOTS)))
SECRET = "Zzyzx & Daughters"


def material(payload: str) -> Material:
    """A complaint that says nothing but the payload, wherever a letter could take something from."""
    said = f"{payload} is what came. I had to wait for {payload} because of this, without my daughter."
    kinds = ("order", "invoice", "product", "date", "amount", "place", "phone")
    return Material(
        name=payload,
        subject=f"Order {payload} 4711",
        assessment=Assessment(
            complaint=True, maybe=False, score=0.9, own_text=said, asks=("refund", "callback"), heated=True,
            evidence=(Evidence("complaint", said[:3], 0, 3),),
            facts=tuple(Fact(kind, f"{payload} 12", 0, 1) for kind in kinds),
        ),
        received_at=datetime(2026, 11, 23, 10, 15, tzinfo=UTC),
        hours=HOURS,
        dates={"update": datetime(2026, 11, 26, 17, 30, tzinfo=UTC), "resolution": datetime(2026, 12, 7, tzinfo=UTC)},
        language="en",
        signature=SECRET,
        case="c1",
        up_to="15 EUR",
        offer=("voucher",),
    )  # fmt: skip


def letters(payload: str) -> list[str]:
    """Everything there is to say to somebody who wrote the payload, in every language and voice."""
    source = "Subject: {name} {order} {sentence} {effect}\n\n" + "\n".join(f"{{{name}}}" for name in EVERYTHING)
    known = material(payload)
    voices = zip(product(LANGUAGES, VOICES), cycle(CATEGORIES), strict=False)
    written = [
        compose(source, replace(known, language=language, voice=voice, category=category))
        for (language, voice), category in voices
    ]
    return [f"{letter.subject}\n{letter.text}" for letter in written]


def test_x02_no_payload_is_read_as_a_template() -> None:
    harmless = letters("a plain word")
    evaluated, longest = 0, 0
    for payload in PAYLOADS:
        for text, like in zip(letters(payload), harmless, strict=True):
            marks = re.findall(r"\[\[[^\[\]\n]+\]\]", text)
            bare = re.sub(r"\[\[[^\[\]\n]+\]\]", "", text)
            wrong = "49" in bare or text.count(SECRET) != like.count(SECRET) or re.search(r"[{}\[\]<>]", bare)
            evaluated += bool(wrong) or "[[check the address]]" in marks or "[[pay]]" in marks
            longest = max(longest, len(text.encode()))
    tried = f"{evaluated} of {len(PAYLOADS)} payloads evaluated, in {len(harmless)} letters each"
    record("X02", f"{tried}; longest {longest:,} bytes", not evaluated and longest <= 64 * 1024, server="-")
    assert not evaluated
    assert longest <= 64 * 1024


@pytest.mark.parametrize("payload", PAYLOADS)
def test_x02_a_payload_ten_thousand_times_over_is_still_only_text(payload: str) -> None:
    known = material(payload * 10_000)
    letter = compose("".join(f"{{{name}}}" for name in EVERYTHING) * 50, known)
    assert len(letter.text.encode()) <= 64 * 1024
    assert not re.search(r"[{}]|49", letter.text)


def test_d05_a_subject_of_ours_made_of_their_words_adds_no_field(ours: Account) -> None:
    drafts = ours.shop.folder / "my-playbooks" / "drafts"
    drafts.mkdir(parents=True, exist_ok=True)
    every = "\n\n".join(f"{{if {name}}}{{{name}}}{{end}}" for name in EVERYTHING)
    (drafts / "all.en.txt").write_text(f"Subject: {{name}} {{order}} {{product}} {{sentence}} {{effect}}\n\n{every}\n")
    ours.shop.playbook("all", "name: all\nwhen: complaint_received\nthen:\n  - draft: {text: all, for: answer}\n")
    for number, value in enumerate(HOSTILE):
        ours.witness.append("INBOX", _mail(number, value))
    ours.shop.once()

    written = [draft for draft in ours.drafts() if not str(draft.mail["Subject"]).startswith("Re: Broken")]
    other = sum(draft.mail.keys() != NAMES for draft in written)
    record("D05", f"{other} of {len(written)}, told again in a subject of ours, added a field", not other)
    assert len(written) > 30  # of some of them a person is asked first whether they are complaints
    for draft in written:
        the_header_is_ours(draft)
        assert len(draft.mail["To"].addresses) == 1
        assert "evil@" not in str(draft.mail["To"])


def _mail(number: int, value: bytes) -> bytes:
    """A complaint that tells the value where a letter looks for facts and for what it meant."""
    head = (
        b"From: Anna <anna%d@example.org>\r\nTo: support@example.com\r\nSubject: Broken lamp\r\n" % number
        + b"Message-ID: <told-%d@x.example>\r\nDate: Fri, 20 Nov 2026 08:00:00 +0000\r\n" % number
        + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    said = (
        b"My lamp of order no. LL-1 %s arrived broken. I had to wait without light because of %s. I want my money back."
    )
    return head + said.replace(b"%s", value.replace(b"\r\n", b" ")) + b"\r\n"
