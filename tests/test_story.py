"""One complaint becomes a kept promise: the whole loop on real inboxes, in real seconds, with a witness.

The story is told in the port's words and played on every stage; below it stands what only one of them has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.shop import Shop
from tests.stages import Account, Mailbox, Stage, account, mailbox, second_mailbox
from tests.witness import Witness, eventually

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
        about: Three seconds after it was settled, ask.
        when: resolved
        then:
          - follow_up: {after: 3 seconds, draft: still-satisfied}
        """,
    "goodwill": """\
        name: goodwill
        about: At the same time, a gesture.
        when: resolved
        then:
          - goodwill: {after: 3 seconds, up_to: 15 EUR, offer: [voucher], draft: goodwill}
        """,
}
LAMP, URGENT = "Broken lamp", "urgent: broken lamp"
STAGES: dict[str, Callable[[Path], AbstractContextManager[Stage]]] = {
    "mailbox": mailbox, "helpdesk": account, "second mailbox": second_mailbox
}  # fmt: skip


@pytest.fixture(params=["mailbox", "helpdesk", pytest.param("second mailbox", marks=pytest.mark.long)])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with STAGES[request.param](tmp_path) as stage:
        attach(stage.shop)
        yield stage


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path) as stage:
        attach(stage.shop)
        yield stage


@pytest.fixture
def tickets(tmp_path: Path) -> Iterator[Account]:
    with account(tmp_path) as stage:
        attach(stage.shop)
        yield stage


def attach(shop: Shop) -> None:
    """What comes from now on is new."""
    for name, text in QUICK.items():
        shop.playbook(name, text)
    shop.once()


def the_case(shop: Shop, subject: str = LAMP) -> dict[str, Any]:
    found = next((case for case in shop.json("cases")["cases"] if subject in case["subject"]), None)
    assert found, f"there is no case about {subject}"
    case: dict[str, Any] = shop.json("show", found["id"])
    return case


def due(case: dict[str, Any], what: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in case["due"] if item["for"] == what)
    return found


def task(case: dict[str, Any], kind: str) -> dict[str, Any] | None:
    return next((item for item in reversed(case["tasks"]) if item["kind"] == kind), None)


# ---- the story ------------------------------------------------------------------------------------------------------


def test_a_complaint_is_tagged_answered_kept_followed_up_and_reopened(stage: Stage) -> None:
    with stage.at_work():
        stage.arrives(COMPLAINT, LAMP)
        it_is_tagged_and_a_fitting_letter_lies_ready(stage)
        stage.sends(LAMP, lambda text: text.replace("Dear", "Hello"))
        the_promise_is_kept(stage)
        stage.writes_again("Thank you, that is kind of you.", LAMP)
        thanks_change_nothing(stage)
        stage.settles(LAMP)
        follow_up_and_goodwill_come_up(stage)
        stage.writes_again(AGAIN, LAMP)
        a_new_round_begins(stage)


def it_is_tagged_and_a_fitting_letter_lies_ready(stage: Stage) -> None:
    (letter,) = eventually(lambda: stage.offered(LAMP), "letter")
    tags = eventually(lambda: stage.tags(LAMP), "tags")
    assert {"complaint"} <= tags
    assert any(tag.startswith("category-") for tag in tags)
    stage.draft_is_right(LAMP)
    assert "LL-10234" in letter
    assert "Example Ltd" in letter


def the_promise_is_kept(stage: Stage) -> None:
    eventually(lambda: due(the_case(stage.shop), "acknowledgement")["met_at"], "proof of the acknowledgement")
    case = the_case(stage.shop)
    assert due(case, "acknowledgement")["met_by"] == "reply"
    assert not due(case, "acknowledgement")["missed"]
    assert [item["state"] for item in case["drafts"]] == ["sent"]
    assert stage.offered(LAMP) == []


def thanks_change_nothing(stage: Stage) -> None:
    def joined() -> bool:
        told = the_case(stage.shop)["timeline"]
        return any(event["event"] == "Joined" and event["standing"] == "complainant" for event in told)

    eventually(joined, "thanks in the timeline")
    case = the_case(stage.shop)
    assert (case["status"], case["round"]) == ("open", 1)
    stage.latest_is_untouched(LAMP)


def follow_up_and_goodwill_come_up(stage: Stage) -> None:
    eventually(lambda: len(stage.offered(LAMP)) == 2, "letters of follow_up and goodwill")
    eventually(lambda: len(stage.reminders(LAMP)) == 2, "reminders of follow_up and goodwill")
    stage.reminders_are_right(LAMP)
    case = the_case(stage.shop)
    assert case["status"] == "resolved"
    assert [item["state"] for item in case["tasks"] if item["kind"] in ("follow_up", "goodwill")] == ["raised"] * 2


def a_new_round_begins(stage: Stage) -> None:
    eventually(lambda: the_case(stage.shop)["round"] == 2, "second round")
    eventually(lambda: len(stage.offered(LAMP)) == 1, "single letter of the new round")
    case = the_case(stage.shop)
    assert case["status"] == "open"
    assert {item["state"] for item in case["tasks"] if item["kind"] in ("follow_up", "goodwill")} == {"dropped"}
    assert due(case, "acknowledgement")["met_at"] is None
    eventually(lambda: not stage.is_due(LAMP), "settled reminders")
    assert len(stage.reminders(LAMP)) == 2


def test_a_missed_date_gives_one_reminder_and_ticking_it_off_ends_it(stage: Stage) -> None:
    with stage.at_work():
        stage.arrives(COMPLAINT, URGENT)
        (reminder,) = eventually(lambda: stage.reminders(URGENT), "reminder")
        assert reminder.startswith("To do: ")
        assert reminder.endswith(f" - {URGENT}")
        case = the_case(stage.shop, URGENT)
        assert due(case, "acknowledgement")["missed"]
        assert (task(case, "acknowledgement") or {})["state"] == "raised"
        assert [item["case"] for item in stage.shop.json("tasks")["tasks"]] == [case["id"]]

        stage.ticks_off(URGENT)
        ended = lambda: (task(the_case(stage.shop, URGENT), "acknowledgement") or {})["state"] == "done"  # noqa: E731
        eventually(ended, "end of it")
        assert due(the_case(stage.shop, URGENT), "acknowledgement")["met_at"] is None
        assert len(stage.reminders(URGENT)) == 1
        assert not stage.is_due(URGENT)


# ---- what only a mailbox has ----------------------------------------------------------------------------------------


def test_resolving_by_folder_withdraws_the_draft_nobody_touched(mails: Mailbox) -> None:
    shop, witness = mails.shop, mails.witness
    assert shop.amends("doctor", "--make-folders").returncode == 0
    with mails.at_work():
        mails.arrives(COMPLAINT, LAMP)
        draft = eventually(lambda: witness.by_subject("Drafts", LAMP), "draft")
        mail = witness.by_subject("INBOX", LAMP)
        assert mail is not None
        witness.copy(mail.uid, "Amends/Resolved")
        eventually(lambda: the_case(shop)["status"] == "resolved", "resolution by folder", 60)
        eventually(lambda: draft.mail["Message-ID"] not in ids(witness, "Drafts"), "withdrawal")
        states = {item["purpose"]: item["state"] for item in the_case(shop)["drafts"]}
        assert states["acknowledgement"] == "withdrawn"


def ids(witness: Witness, folder: str) -> list[str]:
    return [str(seen.mail["Message-ID"]) for seen in witness.folder(folder)]


def test_a_draft_a_person_edited_is_left_alone_when_the_case_ends(mails: Mailbox) -> None:
    shop, witness = mails.shop, mails.witness
    with mails.at_work():
        mails.arrives(COMPLAINT, LAMP)
        draft = eventually(lambda: witness.by_subject("Drafts", LAMP), "draft")
        raw = draft.mail.as_bytes().replace(b"Dear", b"Hello")
        witness.append("Drafts", raw, ("\\Draft",))
        witness.remove("Drafts", draft.uid)
        eventually(lambda: the_case(shop)["drafts"][0]["state"] == "edited", "notice of the edit")
        shop.amends("resolve", the_case(shop)["id"], "--outcome", "not-upheld")
        eventually(lambda: the_case(shop)["status"] == "resolved", "resolution")
        assert witness.by_subject("Drafts", LAMP) is not None


# ---- what only Zendesk has ------------------------------------------------------------------------------------------


def test_a_webhook_is_what_makes_it_prompt(tickets: Account) -> None:
    zendesk = tickets.zendesk
    with tickets.at_work():
        tickets.arrives(COMPLAINT, LAMP)
        eventually(lambda: tickets.offered(LAMP), "letter")
        assert 202 in [delivery.status for delivery in zendesk.webhooks.sent]
        # The export leaves out the last minute, so nothing but the call can have told of it.
        start = int((tickets.ticket(LAMP).created_at - timedelta(hours=1)).timestamp())
        assert zendesk.export.by_cursor(start, "", 0, lambda ticket: True)["tickets"] == []


def test_a_follow_up_comes_up_even_when_zendesk_has_closed_the_ticket(tickets: Account) -> None:
    zendesk = tickets.zendesk
    with tickets.at_work():
        tickets.arrives(COMPLAINT, LAMP)
        eventually(lambda: tickets.offered(LAMP), "letter")
        zendesk.people.solve(tickets.ticket(LAMP), "Dear Anna, a new lamp is on its way.")
        zendesk.people.close_by_time(timedelta(0))
        (number,) = eventually(lambda: tickets.ticket(LAMP).followup_ids, "ticket that follows it")
        follower = zendesk.account.tickets[number]
        assert "amends-due" in follower.tags
        assert follower.requester_id == zendesk.bot.id
        assert [mail.text for mail in zendesk.witness.mails()] == ["Dear Anna, a new lamp is on its way."]
        zendesk.people.agent_untags(follower, "amends-due")
        eventually(lambda: tickets.shop.json("tasks")["tasks"] == [], "end of both tasks")
