"""A date in a reply that was really sent: on the case with its words, watched, missed, and ended by the next one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.zendesk.standin import Clock, Limits, StandIn
from plugin.config import load
from plugin.decide import TakeUp, Undo
from plugin.desk import Replan, open_desk
from plugin.hours import Hours
from plugin.inbox import ActKind
from plugin.letters.promised import promised
from plugin.model import Message
from plugin.timeline import PROMISE, Case, DueBy, Kind, Status, TaskState
from tests.player import HOURS, Shop, book
from tests.shop import US
from tests.stages import Mailbox, mailbox
from tests.stores import on_postgresql
from tests.witness import Seen, written
from tests.zendesk.desk import FRIDAY, Helpdesk, assert_nobody_heard, helpdesk

COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."
MAYBE = "Could you tell me where my parcel is?"
REPLY = "Dear Anna,\n\nwe are sorry. We will send you a new lamp by Friday, and call you within 40 hours.\n\nJo\n"
NEXT = "Dear Anna,\n\nthe new lamp has left our house this morning.\n\nJo\n"
QUOTED = "\nOn "  # so the line above what is quoted begins
REMINDED = "To do: keep what was promised - Broken lamp"
DAY = timedelta(days=1)


def words(due: dict[str, Any]) -> str:
    """What the span of a promise covers in the reply as it is kept."""
    return REPLY.strip()[due["said"]["start"] : due["said"]["end"]]


# ---- a mailbox ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Mailbox]:
    """A mailbox with a complaint of three hours ago, answered by a draft."""
    with mailbox(tmp_path) as stage:
        stage.shop.once()
        complaint = written(COMPLAINT, subject="Broken lamp", to=US)
        stage.witness.append("INBOX", complaint, at=datetime.now(UTC) - timedelta(hours=3))
        stage.shop.once()
        yield stage


def pass_at(stage: Mailbox, at: datetime) -> None:
    """One full pass by a clock that shows this time."""
    with closing(open_desk(load(stage.shop.folder / "amends.yaml"), lambda: at)) as desk:
        desk.poll("support")
        assert not desk.run_due().again


def send(stage: Mailbox, text: str, answered: Seen, at: datetime) -> None:
    """A person writes this, and their mail program files it in Sent."""
    threaded = {"In_Reply_To": str(answered.mail["Message-ID"]), "References": str(answered.mail["Message-ID"])}
    mail = written(text, subject="Re: Broken lamp", sender=US, to="anna@example.org", **threaded)
    dated = b"\r\n".join(b"Date: " + format_datetime(at).encode() if line.startswith(b"Date: ") else line
                         for line in mail.split(b"\r\n"))  # fmt: skip
    stage.witness.append("Sent", dated, ("\\Seen",))


def promises(stage: Mailbox) -> list[dict[str, Any]]:
    (case,) = stage.shop.json("cases")["cases"]
    return [due for due in case["due"] if due["for"] == "promise"]


def reminders(stage: Mailbox) -> dict[str, bool]:
    """The reminders in INBOX, and whether each still asks for something."""
    seen = [one for one in stage.witness.folder("INBOX") if str(one.mail["Subject"]).startswith("To do: ")]
    return {str(one.mail["Subject"]): "\\Flagged" in one.flags for one in seen}


def test_what_a_person_promised_in_a_reply_is_not_forgotten(shop: Mailbox) -> None:
    (complaint,) = shop.witness.folder("INBOX")
    sent_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    send(shop, REPLY, complaint, sent_at)
    shop.shop.once()

    friday, call = promises(shop)
    assert [words(due) for due in (friday, call)] == ["by Friday", "within 40 hours"]
    assert datetime.fromisoformat(call["due_at"]) == sent_at + timedelta(hours=40)
    assert friday["derivation"][0].endswith("says: “by Friday”")
    assert "Fri " in friday["derivation"][1]
    (case,) = shop.shop.json("cases")["cases"]
    told = shop.shop.amends("show", case["id"]).stdout.decode()
    assert f"“by Friday” at {friday['said']['start']}-{friday['said']['end']} of the reply: we are sorry." not in told
    assert f"“by Friday” at {friday['said']['start']}-{friday['said']['end']} of the reply: We will send you" in told

    pass_at(shop, sent_at + timedelta(hours=40, minutes=1))
    assert reminders(shop)[REMINDED]
    assert [(due["missed"], due["met_at"]) for due in promises(shop)] == [(False, None), (True, None)]
    pass_at(shop, sent_at + timedelta(hours=40, minutes=2))
    assert list(reminders(shop)).count(REMINDED) == 1

    send(shop, NEXT, complaint, datetime.now(UTC))
    pass_at(shop, datetime.now(UTC) + timedelta(hours=41))
    assert not reminders(shop)[REMINDED]
    assert {due["met_by"] for due in promises(shop)} == {"reply"}


def test_the_own_words_of_a_sent_draft_are_kept_and_go_with_the_person(shop: Mailbox) -> None:
    (draft,) = shop.witness.folder("Drafts")
    shop.witness.send(draft, lambda text: f"{REPLY}\n\n{text[text.rindex(QUOTED) :]}")
    shop.shop.once()
    exported = shop.shop.amends("export", "--format", "jsonl").stdout.decode()
    (case,) = shop.shop.json("cases")["cases"]
    assert "We will send you a new lamp by Friday" in exported
    assert [one["text"] for one in _texts(shop, case["id"]) if one["kind"] == "reply"] == [REPLY.strip()]

    assert shop.shop.amends("erase", "anna@example.org", "--yes").returncode == 0
    assert _texts(shop, case["id"]) == []
    if not on_postgresql():  # whose files are not ours to look into
        assert b"new lamp by Friday" not in shop.shop.store.read_bytes()
    assert [due["due_at"] is not None for due in promises(shop)] == [True, True]


def _texts(stage: Mailbox, case_id: str) -> list[dict[str, Any]]:
    with closing(open_desk(load(stage.shop.folder / "amends.yaml"))) as desk, desk.store.reading() as session:
        return [dict(row) for row in session.letters_of([case_id]).values()]


# ---- a helpdesk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ticket(tmp_path: Path) -> Iterator[Helpdesk]:
    with StandIn(clock=Clock(FRIDAY), limits=Limits.none()) as zendesk, helpdesk(tmp_path, zendesk) as one:
        one.work(seconds=1)
        yield one
    assert_nobody_heard(zendesk)


def due(case: Case) -> list[DueBy]:
    return [one for one in case.due if one.kind == PROMISE]


def test_what_an_agent_promised_in_public_is_not_forgotten(ticket: Helpdesk) -> None:
    zendesk = ticket.zendesk
    ours = zendesk.people.customer_writes(COMPLAINT, subject="Broken lamp", sender="anna@example.org")
    ticket.work(minutes=2)
    zendesk.people.agent_replies(ours, REPLY)
    ticket.work(minutes=2)
    assert [(one.said, one.open) for one in due(ticket.case())] == [("by Friday", True), ("within 40 hours", True)]

    ticket.work(hours=41)
    assert "amends-due" in ours.tags
    assert [one.missed for one in due(ticket.case())] == [False, True]
    assert any("keep what was promised" in note.body for note in zendesk.witness.notes(zendesk.bot, ours))

    zendesk.people.agent_replies(ours, NEXT)
    ticket.work(minutes=2)
    assert {one.met_by for one in due(ticket.case())} == {"reply"}


# ---- how many are found ---------------------------------------------------------------------------------------------


def test_reading_a_long_reply_takes_time_that_grows_with_its_length() -> None:
    """No figure is asserted: a reply made to cost time would never come to an end here."""
    hostile = "we will send by by by on the at 1 1 1 Friday, if , , and and " * 4000
    assert len(promised(hostile, "en", datetime(2026, 11, 23, 10, tzinfo=UTC), HOURS)) <= 10


# ---- in memory ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Shop]:
    """A shop with a complaint of Monday nine and no promises of its own."""
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"10-shop": BOOK.format(days=20)}))
    shop.now += timedelta(hours=9)
    shop.box.arrive(COMPLAINT, sender="anna@example.org", subject="Broken lamp")
    shop.pass_time(minutes=30)
    yield shop
    shop.desk.close()


BOOK = """\
name: shop
about: Settled some day.
when: complaint_received
then:
  - due_by: {{for: resolution, within: {days} business days}}
"""


def answer(shop: Shop, text: str = REPLY) -> Message:
    return shop.box.arrive(text, sender="anna@example.org", after=shop.case.message_id, sent=True)


def test_the_same_reply_in_two_folders_promises_once(small: Shop) -> None:
    reply = answer(small)
    small.run()
    small.box.arrive(REPLY, sender="anna@example.org", after=small.case.message_id, sent=True,
                     message_id=reply.message_id)  # fmt: skip
    small.pass_time(hours=1)
    assert [one.said for one in due(small.case)] == ["by Friday", "within 40 hours"]
    assert len(small.case.open_tasks(Kind.PROMISE)) == 2


def test_other_playbooks_and_other_hours_leave_a_promise_as_it_is(small: Shop, tmp_path: Path) -> None:
    answer(small)
    small.run()
    before = due(small.case)
    small.change(book(tmp_path / "playbooks", {"10-shop": BOOK.format(days=9)}),
                 Hours.parse("default", "Europe/London", {"mon-sun": "00:00-24:00"}))  # fmt: skip
    small.run()
    small.act(Replan(by="me"))
    assert due(small.case) == before
    assert len(small.case.open_tasks(Kind.PROMISE)) == 2


def test_a_day_our_own_letter_named_reminds_once_though_the_playbook_wants_it_by_an_hour_of_that_day(
    small: Shop, tmp_path: Path
) -> None:
    """Two weeks of Monday nine are over at nine, and what was promised "by Monday" at the end of that day."""
    weeks = BOOK.format(days=1).replace("1 business days", "2 weeks")
    small.change(book(tmp_path / "playbooks", {"10-shop": weeks}))
    small.act(Replan(by="me"))
    answer(small, "Dear Anna, you will have our answer by Monday 16 November.")
    small.pass_time(days=30)
    assert [one.missed for one in small.case.due] == [True, True]
    assert [task.kind for task in small.case.tasks if task.state is TaskState.RAISED] == [Kind.RESOLUTION]


def test_a_promise_for_an_earlier_hour_of_the_day_has_its_own_reminder(small: Shop) -> None:
    answer(small, "Dear Anna, we will call you by 9 am on Monday 30 November.")
    small.pass_time(days=30)
    assert Kind.PROMISE in [task.kind for task in small.case.tasks if task.state is TaskState.RAISED]


def test_what_was_promised_in_an_undone_case_is_nobody_s_task_any_more(small: Shop) -> None:
    answer(small)
    small.run()
    small.act(Undo(by="me"))
    answer(small, "Dear Anna, we will write to you tomorrow.")
    small.pass_time(days=9)
    assert small.case.open_tasks(Kind.PROMISE) == ()
    assert small.box.box.reminders == {}


def test_a_promise_to_whom_was_not_yet_taken_for_a_complainant_counts_from_a_person_s_word(small: Shop) -> None:
    question = small.box.arrive(MAYBE, sender="bob@example.net", subject="My parcel")
    small.run()
    small.box.arrive("Dear Bob, you will have it by Friday.", sender="bob@example.net", after=question.message_id,
                     sent=True)  # fmt: skip
    small.run()
    (undecided,) = [case for case in small.cases() if case.status is Status.UNDECIDED]
    assert undecided.open_tasks(Kind.PROMISE) == ()
    small.box.say(ActKind.COMPLAINT, question)
    small.run()
    (bobs,) = [case for case in small.cases() if case.id == undecided.id]
    assert [task.state for task in bobs.open_tasks(Kind.PROMISE)] == [TaskState.WAITING]


def test_old_mail_promises_only_what_is_still_to_come_and_reminds_of_it_once_it_is_taken_up(small: Shop) -> None:
    old = small.box.arrive(COMPLAINT, sender="bob@example.net", subject="Old lamp", historic=True)
    small.box.arrive("Dear Bob, I will call you today. You will have it by Friday.", sender="bob@example.net",
                     after=old.message_id, sent=True, historic=True)  # fmt: skip
    small.pass_time(days=1)
    case = next(case for case in small.cases() if case.subject == "Old lamp")
    assert ([one.said for one in due(case)], case.open_tasks(Kind.PROMISE)) == (["by Friday"], ())
    small.desk.act(case.id, TakeUp(by="me"))
    small.pass_time(days=7)
    case = next(one for one in small.cases() if one.id == case.id)
    assert [task.state for task in case.open_tasks(Kind.PROMISE)] == [TaskState.RAISED]
