"""One e-mail becomes a kept promise: the whole loop on a real mailbox, in real seconds, with a witness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.demo.mailbox import Dovecot
from tests.shop import US, Shop, open_shop
from tests.witness import Seen, Witness, eventually, watching

COMPLAINT = """\
Hello,

I am very disappointed. My order LL-10234 arrived broken on Monday: the glass shade is in pieces.
Nobody has answered my two calls. I want a replacement.

Anna Jones
"""
AGAIN = "The replacement is broken as well. I am really angry now, this is a complaint, and I want my money back."
QUICK = {
    "hurry": """\
        name: hurry
        about: What is marked urgent must be answered within three seconds, so that one is missed.
        when: complaint_received
        if:
          - subject: urgent
        then:
          - due_by: {for: acknowledgement, within: 3 seconds}
        """,
    "still-satisfied": """\
        name: still-satisfied
        about: Two seconds after it was settled, ask.
        when: resolved
        then:
          - follow_up: {after: 2 seconds, draft: still-satisfied}
        """,
    "goodwill": """\
        name: goodwill
        about: Four seconds after it was settled, a gesture.
        when: resolved
        then:
          - goodwill: {after: 4 seconds, up_to: 15 EUR, offer: [voucher], draft: goodwill}
        """,
}


@pytest.fixture
def shop(tmp_path: Path, dovecot: Dovecot) -> Shop:
    shop = open_shop(tmp_path / "shop", dovecot.port, dovecot.password)
    for name, text in QUICK.items():
        shop.playbook(name, text)
    shop.once()  # attach: what comes from now on is new mail
    return shop


@pytest.fixture
def dovecot(tmp_path: Path) -> Iterator[Dovecot]:
    with Dovecot(tmp_path / "mail", password="secret") as server:
        yield server


@pytest.fixture
def witness(dovecot: Dovecot) -> Iterator[Witness]:
    with watching(dovecot.host, dovecot.port, US, "secret") as witness:
        yield witness


def the_case(shop: Shop, subject: str) -> dict[str, Any]:
    found = next(case for case in shop.json("cases")["cases"] if subject in case["subject"])
    case: dict[str, Any] = shop.json("show", found["id"])
    return case


def due(case: dict[str, Any], what: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in case["due"] if item["for"] == what)
    return found


def task(case: dict[str, Any], kind: str) -> dict[str, Any] | None:
    return next((item for item in reversed(case["tasks"]) if item["kind"] == kind), None)


def test_a_complaint_is_tagged_answered_kept_followed_up_and_reopened(shop: Shop, witness: Witness) -> None:
    with shop.running():
        complaint = witness.deliver(COMPLAINT, subject="Broken lamp")
        draft = a_tagged_mail_and_a_fitting_draft(witness, complaint)
        witness.send(draft, lambda text: text.replace("Dear", "Hello"))
        the_promise_is_kept(shop, witness)
        witness.deliver("Thank you, that is kind of you.", subject="Re: Broken lamp", after=complaint)
        thanks_change_nothing(shop, witness)
        shop.amends("resolve", the_case(shop, "Broken lamp")["id"], "--outcome", "upheld")
        follow_up_and_goodwill_come_up(shop, witness)
        witness.deliver(AGAIN, subject="Re: Broken lamp", after=complaint)
        a_new_round_begins(shop, witness)


def a_tagged_mail_and_a_fitting_draft(witness: Witness, complaint: str) -> Seen:
    draft = eventually(lambda: witness.by_subject("Drafts", "Broken lamp"), "draft")
    tagged = witness.by_subject("INBOX", "Broken lamp")
    assert tagged is not None
    assert {"complaint"} <= tagged.flags
    assert any(flag.startswith("category-") for flag in tagged.flags)
    assert "\\Seen" not in tagged.flags
    assert draft.flags == {"\\Draft", "\\Seen"}
    assert draft.mail["To"] == "Anna Jones <anna@example.org>"
    assert draft.mail["From"] == f"Example Support <{US}>"
    assert draft.mail["Subject"] == "Re: Broken lamp"
    assert draft.mail["In-Reply-To"] == complaint
    assert "LL-10234" in draft.text
    assert "Example Ltd" in draft.text
    return draft


def the_promise_is_kept(shop: Shop, witness: Witness) -> None:
    eventually(lambda: due(the_case(shop, "Broken lamp"), "acknowledgement")["met_at"], "proof of the acknowledgement")
    case = the_case(shop, "Broken lamp")
    assert due(case, "acknowledgement")["met_by"] == "reply"
    assert not due(case, "acknowledgement")["missed"]
    assert [item["state"] for item in case["drafts"]] == ["sent"]
    assert witness.folder("Drafts") == []


def thanks_change_nothing(shop: Shop, witness: Witness) -> None:
    eventually(lambda: "Thank you" in str(the_case(shop, "Broken lamp")) or len(witness.folder("INBOX")) == 2, "thanks")
    case = the_case(shop, "Broken lamp")
    assert (case["status"], case["round"]) == ("open", 1)
    thanks = witness.folder("INBOX")[1]
    assert thanks.flags == frozenset()


def follow_up_and_goodwill_come_up(shop: Shop, witness: Witness) -> None:
    eventually(lambda: len(witness.folder("Drafts")) == 2, "drafts of follow_up and goodwill")
    eventually(lambda: len(reminders(witness)) == 2, "reminders of follow_up and goodwill")
    case = the_case(shop, "Broken lamp")
    assert case["status"] == "resolved"
    assert [item["state"] for item in case["tasks"] if item["kind"] in ("follow_up", "goodwill")] == ["raised"] * 2
    for reminder in reminders(witness):
        assert "\\Flagged" in reminder.flags
        assert "\\Seen" not in reminder.flags
        assert reminder.mail["Auto-Submitted"] == "auto-generated"
        assert reminder.mail["In-Reply-To"] is None


def reminders(witness: Witness) -> list[Seen]:
    return [seen for seen in witness.folder("INBOX") if str(seen.mail["Subject"]).startswith("To do: ")]


def a_new_round_begins(shop: Shop, witness: Witness) -> None:
    eventually(lambda: the_case(shop, "Broken lamp")["round"] == 2, "second round")
    eventually(lambda: len(witness.folder("Drafts")) == 1, "single draft of the new round")
    case = the_case(shop, "Broken lamp")
    assert case["status"] == "open"
    assert {item["state"] for item in case["tasks"] if item["kind"] in ("follow_up", "goodwill")} == {"dropped"}
    assert due(case, "acknowledgement")["met_at"] is None
    eventually(lambda: all("\\Flagged" not in seen.flags for seen in reminders(witness)), "settled reminders")


def test_a_missed_date_gives_one_reminder_and_clearing_its_flag_ends_it(shop: Shop, witness: Witness) -> None:
    with shop.running():
        witness.deliver(COMPLAINT, subject="urgent: broken lamp")
        reminder = eventually(lambda: next(iter(reminders(witness)), None), "reminder")
        assert str(reminder.mail["Subject"]).endswith("- urgent: broken lamp")
        case = the_case(shop, "urgent")
        assert due(case, "acknowledgement")["missed"]
        assert (task(case, "acknowledgement") or {})["state"] == "raised"
        assert [item["case"] for item in shop.json("tasks")["tasks"]] == [case["id"]]

        witness.flag(reminder.uid, "\\Flagged", on=False)
        eventually(lambda: (task(the_case(shop, "urgent"), "acknowledgement") or {})["state"] == "done", "end of it")
        assert due(the_case(shop, "urgent"), "acknowledgement")["met_at"] is None
        assert len(reminders(witness)) == 1


def test_resolving_by_folder_withdraws_the_draft_nobody_touched(shop: Shop, witness: Witness) -> None:
    assert shop.amends("doctor", "--make-folders").returncode == 0
    with shop.running():
        witness.deliver(COMPLAINT, subject="Broken lamp")
        draft = eventually(lambda: witness.by_subject("Drafts", "Broken lamp"), "draft")
        mail = witness.by_subject("INBOX", "Broken lamp")
        assert mail is not None
        witness.copy(mail.uid, "Amends/Resolved")
        eventually(lambda: the_case(shop, "Broken lamp")["status"] == "resolved", "resolution by folder", 60)
        eventually(lambda: draft.mail["Message-ID"] not in ids(witness, "Drafts"), "withdrawal")
        states = {item["purpose"]: item["state"] for item in the_case(shop, "Broken lamp")["drafts"]}
        assert states["acknowledgement"] == "withdrawn"


def ids(witness: Witness, folder: str) -> list[str]:
    return [str(seen.mail["Message-ID"]) for seen in witness.folder(folder)]


def test_a_draft_a_person_edited_is_left_alone_when_the_case_ends(shop: Shop, witness: Witness) -> None:
    with shop.running():
        witness.deliver(COMPLAINT, subject="Broken lamp")
        draft = eventually(lambda: witness.by_subject("Drafts", "Broken lamp"), "draft")
        raw = draft.mail.as_bytes().replace(b"Dear", b"Hello")
        witness.append("Drafts", raw, ("\\Draft",))
        witness.remove("Drafts", draft.uid)
        eventually(lambda: the_case(shop, "Broken lamp")["drafts"][0]["state"] == "edited", "notice of the edit")
        shop.amends("resolve", the_case(shop, "Broken lamp")["id"], "--outcome", "not-upheld")
        eventually(lambda: the_case(shop, "Broken lamp")["status"] == "resolved", "resolution")
        assert witness.by_subject("Drafts", "Broken lamp") is not None
