"""Whose words, whose mail: forms, forwards, identities, colleagues' folders, and what proves that we answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

from tests.faults.house import Account, House
from tests.faults.test_whose_mail import COMPLAINT, DAEMON, MAILS, acknowledged, cases, timeline
from tests.witness import written

FORMS = sorted((MAILS / "forms").glob("*.eml"))
FORWARDS = sorted((MAILS / "forwards").glob("*.eml"))
LANGUAGES = ("english", "german", "french", "spanish", "italian", "dutch", "portuguese")
SEAL = "Authentication-Results: mx.example.com; dkim=pass header.d=example.com; dmarc=pass header.from=example.com"
TRACE = "Received: from mail.example.com by mx.example.com; Fri, 20 Nov 2026 10:00:00 +0000"
TRACES = [
    ([SEAL, TRACE], True),
    ([TRACE, SEAL], True),
    ([], False),
    ([TRACE], False),
    ([SEAL.replace("pass", "fail"), TRACE], False),
    ([SEAL.replace("pass", "none"), TRACE], False),
    ([SEAL.replace("pass", "none"), TRACE, SEAL], False),
    ([TRACE, SEAL.replace("pass", "fail"), SEAL], False),
    ([TRACE, SEAL.replace("mx.example.com", "mx.else.example")], False),
    ([TRACE, "Received: from x by mx.example.com", SEAL], False),
]
"""What may stand on top of a mail that says it is ours, and whether that proves it."""
QUICK = """\
    name: quick
    about: Promises that are soon due.
    when: complaint_received
    then:
      - due_by: {for: acknowledgement, within: 1 second}
"""


# ---- forms and forwards ---------------------------------------------------------------------------------------------


def test_every_form_is_answered_to_its_writer_in_his_language_with_his_words_quoted(ours: Account) -> None:
    ours.witness.append_all("INBOX", (path.read_bytes() for path in FORMS))
    ours.shop.once()
    found = {case["sender"]: case["language"] for case in cases(ours)}
    assert len(found) == len(FORMS)
    drafts = {str(draft.mail["To"]): draft for draft in ours.drafts()}
    assert drafts.keys() == found.keys()
    for path in FORMS:
        raw = path.read_text("utf-8")
        writer = next(one for one in found if one.partition("<")[2].rstrip(">") in raw)
        assert LANGUAGES[("en", "de", "fr", "es", "it", "nl", "pt").index(found[writer])] in path.stem
        quoted = "\n".join(line for line in drafts[writer].text.splitlines() if line.startswith(">"))
        assert writer.partition("<")[2].rstrip(">") not in quoted
        assert not re.search(r"contact ?form|https?:|submission|[Tt]él[ée]phone|IP\b|\*\*", quoted)


def test_every_forward_is_a_complaint_of_who_wrote_the_inner_mail(ours: Account) -> None:
    for number, path in enumerate(FORWARDS):
        raw = path.read_bytes().replace(b"anna@web.example", b"anna%d@web.example" % number)
        ours.witness.append("INBOX", raw)
    ours.shop.once()
    assert len(cases(ours)) == len(FORWARDS)
    assert {re.sub(r"\d", "", case["sender"].partition("<")[2]) for case in cases(ours)} == {"anna@web.example>"}
    drafts = ours.drafts()
    assert len(drafts) == len(FORWARDS)
    assert all(draft.text.lstrip().startswith("[[check the address]]") for draft in drafts)


def test_what_a_colleague_passes_on_again_opens_no_second_case(ours: Account) -> None:
    first = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    (before,) = cases(ours)
    ours.witness.deliver(
        f"Look at this.\n\n---------- Forwarded message ---------\nFrom: Anna Jones <anna@example.org>\n"
        f"Date: Thu, 19 Nov 2026 at 18:02\nSubject: Broken lamp\nTo: <support@example.com>\n\n{COMPLAINT}\n",
        subject="Fwd: Broken lamp", sender="Bob <bob@example.com>", after=first,
    )  # fmt: skip
    ours.shop.once()
    assert cases(ours) == [before]
    assert len(ours.drafts()) == 1
    assert [line["standing"] for line in timeline(ours, before["id"]) if line["event"] == "Joined"] == ["passed-on"]


def test_another_complaint_passed_on_in_a_known_thread_is_a_case_of_its_own(ours: Account) -> None:
    first = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    raw = (MAILS / "forwards" / "gmail-italian.eml").read_bytes()
    ours.witness.append("INBOX", f"In-Reply-To: {first}\r\n".encode() + raw)
    ours.shop.once()
    assert sorted(case["sender"] for case in cases(ours)) == [
        "Anna Jones <anna@example.org>",
        "Anna Ricci <anna@web.example>",
    ]


# ---- identities -----------------------------------------------------------------------------------------------------


def test_what_was_written_to_sales_is_answered_from_sales(house: House, tmp_path: Path) -> None:
    with house.account(tmp_path, attach=False) as ours:
        settings = ours.shop.folder / "amends.yaml"
        both = "[Example Support <support@example.com>, Example Sales <sales@example.com>]"
        settings.write_text(re.sub(r"(?<=identities: ).*", both, settings.read_text("utf-8")), "utf-8")
        ours.shop.once()
        for to in ("sales@example.com", "Sales <sales+spring@example.com>", "x@else.example, sales@example.com"):
            raw = ours.witness.write(COMPLAINT, subject="Broken lamp", Delivered_To="support@example.com")
            ours.witness.append("INBOX", raw.replace(b"To: " + ours.user.encode(), b"To: " + to.encode(), 1))
        ours.shop.once()
        assert [str(draft.mail["From"]) for draft in ours.drafts()] == ["Example Sales <sales@example.com>"] * 3


# ---- what proves an answer ------------------------------------------------------------------------------------------


def test_an_answer_on_our_behalf_in_a_colleagues_sent_folder_counts(house: House, tmp_path: Path) -> None:
    with account(house, tmp_path, "sent: [auto, Shared/bob/Sent]", "Shared/bob/Sent") as ours:
        complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
        ours.shop.once()
        ours.witness.append("Shared/bob/Sent", answer(complaint, Sender="Bob <bob@example.com>"))
        ours.shop.once()
        assert acknowledged(ours)
        assert replied(ours) == ["bob@example.com"]
        assert ours.drafts() == []


def test_an_answer_in_a_watched_folder_counts_where_our_server_vouches_for_it(ours: Account) -> None:
    asked = complaints(ours, len(TRACES))
    ours.shop.once()
    for (trace, _), (person, complaint) in zip(TRACES, asked.items(), strict=True):
        above = "".join(f"{line}\r\n" for line in trace).encode()
        ours.witness.append("INBOX", above + answer(complaint, to=person))
    ours.shop.once()
    met = {case["sender"]: any(due["met_at"] for due in case["due"]) for case in cases(ours)}
    assert [met[person] for person in asked] == [counts for _, counts in TRACES]
    assert {str(draft.mail["To"]) for draft in ours.drafts()} == {person for person in asked if not met[person]}


def test_a_customer_who_answers_a_mail_we_never_saw_was_answered(ours: Account) -> None:
    complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    unseen = {"References": f"{complaint} <gone@example.com>", "In_Reply_To": "<gone@example.com>"}
    ours.witness.deliver("Thank you for calling.", subject="Re: Broken lamp", **unseen)
    ours.shop.once()
    assert notes(ours) == dict.fromkeys(("acknowledgement", "update"), "answered, not seen")
    assert not acknowledged(ours)


def test_a_mail_marked_as_answered_shows_so_and_reminds_only_once(ours: Account) -> None:
    ours.shop.playbook("quick", QUICK)
    ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    ours.witness.flag(1, "\\Answered")
    for _ in range(3):
        ours.shop.once()
    assert notes(ours)["acknowledgement"] == "answered, not seen"
    reminders = [seen for seen in ours.witness.folder("INBOX") if str(seen.mail["Subject"]).startswith("To do:")]
    assert len(reminders) <= 1


def test_a_bounce_in_any_form_un_meets_the_promise(ours: Account) -> None:
    asked = complaints(ours, 4)
    ours.shop.once()
    answers = [answer(complaint, to=person) for person, complaint in asked.items()]
    ours.witness.append_all("Sent", answers)
    ours.shop.once()
    assert all(any(due["met_at"] for due in case["due"]) for case in cases(ours))
    for how, raw in zip(("report", "words", "our own server", "quoted"), answers, strict=True):
        ours.witness.append("INBOX", bounce(how, str(message_from_bytes(raw)["Message-ID"])))
    ours.shop.once()
    acknowledgements = [due for case in cases(ours) for due in case["due"] if due["for"] == "acknowledgement"]
    assert [(due["met_at"], due["note"]) for due in acknowledgements] == [(None, "the reply bounced")] * 4


def test_a_letter_of_another_system_outside_the_thread_proves_nothing_and_is_noted(ours: Account) -> None:
    ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    ours.witness.append("Sent", answer("", subject="[Ticket 4711] Re: Broken lamp"))
    ours.witness.append("Sent", answer("", subject="Our spring catalogue"))
    ours.shop.once()
    (case,) = cases(ours)
    assert not acknowledged(ours)
    assert [draft["state"] for draft in case["drafts"]] == ["written"]
    (note,) = (line["note"] for line in timeline(ours, case["id"]) if line["event"] == "Noted")
    assert f"amends replied {case['id']}" in note


# ---- two at once ----------------------------------------------------------------------------------------------------


def test_two_colleagues_who_answer_within_ten_minutes_are_told_at_once(ours: Account) -> None:
    complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
    ours.shop.once()
    ours.witness.append("Sent", answer(complaint, Sender="Bob <bob@example.com>"))
    ours.shop.once()
    assert ours.shop.json("tasks")["tasks"] == []
    ours.witness.append("Sent", answer(complaint, Sender="Carla <carla@example.com>"))
    for _ in range(2):
        ours.shop.once()
    (task,) = ours.shop.json("tasks")["tasks"]
    assert "two answers went out within ten minutes, by bob@example.com and carla@example.com" in task["note"]
    (case,) = cases(ours)
    assert any("two answers" in line["text"] for line in timeline(ours, case["id"]) if not line["minor"])
    (reminder,) = (seen for seen in ours.witness.folder("INBOX") if str(seen.mail["Subject"]).startswith("To do:"))
    assert "two answers went out within ten minutes" in reminder.text.replace("\n", " ")
    assert "\\Flagged" in reminder.flags


def test_one_answer_in_two_sent_folders_is_one(house: House, tmp_path: Path) -> None:
    with account(house, tmp_path, "sent: [auto, Shared/bob/Sent]", "Shared/bob/Sent") as ours:
        complaint = ours.witness.deliver(COMPLAINT, subject="Broken lamp")
        ours.shop.once()
        raw = answer(complaint)
        ours.witness.append("Sent", raw)
        ours.witness.append("Shared/bob/Sent", raw)
        ours.shop.once()
        assert ours.shop.json("tasks")["tasks"] == []
        assert len(replied(ours)) == 1


# ---- what the tests are made of -------------------------------------------------------------------------------------


@contextmanager
def account(house: House, folder: Path, more: str, *folders: str) -> Iterator[Account]:
    """A mailbox with these settings, and these folders in it before anybody looks."""
    with house.account(folder, more=more, attach=False) as ours:
        ours.witness.make(*folders)
        ours.shop.once()
        yield ours


def complaints(ours: Account, number: int) -> dict[str, str]:
    """So many people complain of the same: the Message-ID of each complaint, by who wrote it."""
    people = [f"Anna Jones <anna{nth}@example.org>" for nth in range(number)]
    return {one: ours.witness.deliver(COMPLAINT, subject="Broken lamp", sender=one) for one in people}


def answer(
    complaint: str, *, to: str = "Anna Jones <anna@example.org>", subject: str = "Re: Broken lamp", **headers: str
) -> bytes:
    """What one of us wrote to a customer."""
    return written("Dear Anna, a new lamp is on its way.", sender="Example Support <support@example.com>",
                   to=to, subject=subject, after=complaint, **headers)  # fmt: skip


def bounce(how: str, sent: str) -> bytes:
    """How a mail server says that this mail of ours did not arrive."""
    if how == "report":
        return (MAILS / "bounce-report.eml").read_bytes().replace(b"<our-answer@example.com>", sent.encode())
    if how == "our own server":
        return written("550 5.1.1 no such user", sender="MAILER-DAEMON@example.com", subject="Undelivered Mail",
                       after=sent)  # fmt: skip
    text = "I could not deliver your message to anna@example.org."
    if how == "quoted":
        copied = (
            f"{text}\n\n--- Below this line is a copy of the message.\n\nMessage-ID: {sent}\nSubject: Re: Broken lamp\n"
        )
        return written(copied, sender=DAEMON, subject="failure notice")
    return written(text, sender=DAEMON, subject="failure notice", after=sent)


def notes(ours: Account) -> dict[str, str]:
    """What the open promises of the only case say beside their date."""
    (case,) = cases(ours)
    return {due["for"]: due["note"] for due in case["due"] if due["note"]}


def replied(ours: Account) -> list[str]:
    """Who answered the only case."""
    (case,) = cases(ours)
    return [line["by"] for line in timeline(ours, case["id"]) if line["event"] == "Replied"]
