"""Rows Z01 to Z09: whatever goes wrong while we write, a ticket holds each note once, and nobody's change is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.standin.records import Ticket
from plugin.decide import Reopen
from plugin.inbox import InboxUnavailable
from plugin.timeline import Status
from tests.zendesk.desk import FRIDAY, Helpdesk, helpdesk

COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."
OURS = ("category-product-quality", "complaint", "severity-medium")


@pytest.fixture
def zendesk() -> Iterator[StandIn]:
    with StandIn(clock=Clock(FRIDAY), limits=Limits.none()) as standin:
        yield standin
    assert standin.misshapen == []
    assert standin.witness.unsaid_or_public() == []  # Z09, on every path of every test here
    assert standin.witness.public_comments(standin.bot) == []


@pytest.fixture
def ours(zendesk: StandIn, tmp_path: Path) -> Iterator[Helpdesk]:
    with helpdesk(tmp_path, zendesk) as one:
        one.work(seconds=1)
        zendesk.clock.later(seconds=5)
        yield one


def complaint(zendesk: StandIn, number: int = 0, *tags: str) -> Ticket:
    sender = f"anna{number}@example.org"
    return zendesk.people.customer_writes(COMPLAINT, subject=f"Broken lamp {number}", sender=sender, tags=tags)


def notes(zendesk: StandIn, ticket: Ticket) -> list[str]:
    return [comment.body for comment in zendesk.witness.notes(zendesk.bot, ticket)]


def again(ours: Helpdesk) -> None:
    """So much time passes that everything that was put off is tried again."""
    ours.work(minutes=6)


@pytest.mark.parametrize("lost", ["lose", "cut", "truncate"])
def test_z01_an_update_whose_answer_was_lost_is_one_note(ours: Helpdesk, zendesk: StandIn, lost: str) -> None:
    ticket = complaint(zendesk)
    getattr(zendesk.faults, lost)("PUT tickets/*")
    ours.heed(ticket)
    assert len(notes(zendesk, ticket)) == 1
    again(ours)
    again(ours)
    assert len(notes(zendesk, ticket)) == 1
    assert (ticket.tags, len(zendesk.witness.puts(ticket))) == (OURS, 1)
    case = ours.case()
    assert [draft.fate.value for draft in case.drafts] == ["written"]
    assert {tag for _, tag in case.kept} == set(OURS)


def test_z01_of_a_hundred_lost_answers_each_ticket_has_one_note(ours: Helpdesk, zendesk: StandIn) -> None:
    chance = Random(1)  # noqa: S311 - the same troubles every time
    tickets = [complaint(zendesk, number) for number in range(100)]
    for number in range(100):
        kind = chance.choice(["lose", "cut", "truncate", "drop"])
        getattr(zendesk.faults, kind)("PUT tickets/*", after=number)
    ours.heed(*tickets)
    for _ in range(130):
        if all(ticket.tags == OURS for ticket in tickets) and not waiting(ours):
            break
        ours.work(minutes=2)
    assert [len(notes(zendesk, ticket)) for ticket in tickets] == [1] * 100


def waiting(ours: Helpdesk) -> bool:
    return any(task.kind.for_inbox and task.run_at <= ours.zendesk.clock.now()
               for case in ours.cases() for task in case.open_tasks())  # fmt: skip


@pytest.mark.parametrize(("status", "after"), [(429, "60"), (429, "1.5"), (429, ""), (503, "30"), (503, "")])
def test_z02_z03_nothing_is_asked_before_the_time_zendesk_names(
    ours: Helpdesk, zendesk: StandIn, status: int, after: str
) -> None:
    ticket = complaint(zendesk)
    zendesk.faults.fail("PUT tickets/*", status, retry_after=after)
    ours.heed(ticket)
    asked = len(zendesk.witness.log)
    if after:
        with pytest.raises(InboxUnavailable) as told:
            ours.desk.poll(ours.name)
        assert 0 < told.value.wait <= float(after)
        ours.desk.run_due()
        assert len(zendesk.witness.log) == asked  # nobody slept, and nobody asked
    assert len(zendesk.witness.puts(ticket)) == 1


def test_z02_an_update_put_off_is_made_once_its_time_has_come(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    zendesk.faults.fail("PUT tickets/*", 429, retry_after="0.05")
    ours.heed(ticket)
    time.sleep(0.06)
    again(ours)
    assert (len(notes(zendesk, ticket)), ticket.tags) == (1, OURS)


def test_z04_a_change_between_reading_and_writing_is_never_lost(ours: Helpdesk, zendesk: StandIn) -> None:
    tickets = [complaint(zendesk, number) for number in range(100)]
    for ticket in tickets:
        zendesk.faults.meanwhile(f"PUT tickets/{ticket.id}", lambda one=ticket: changed(zendesk, one))  # type: ignore[misc]
    ours.heed(*tickets)
    again(ours)
    assert {409} < {put.status for put in zendesk.witness.puts()}
    for ticket in tickets:
        assert ticket.values["priority"] == "urgent"
        assert set(ticket.tags) == {*OURS, "vip"}
        assert len(notes(zendesk, ticket)) == 1


def changed(zendesk: StandIn, ticket: Ticket) -> None:
    zendesk.clock.later(seconds=1)
    zendesk.people.agent_tags(ticket, "vip")
    zendesk.people.agent_sets(ticket, priority="urgent")


def test_z04_an_answer_in_that_moment_makes_the_suggestion_needless(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)

    def answers() -> None:
        zendesk.clock.later(seconds=1)
        zendesk.people.agent_replies(ticket, "Dear Anna, a new lamp is on its way to you.")

    zendesk.faults.meanwhile("PUT tickets/*", answers)
    ours.heed(ticket)
    again(ours)
    assert notes(zendesk, ticket) == []
    assert set(ticket.tags) == set(OURS)
    (due,) = (due for due in ours.case().due if due.due_for == "acknowledgement")
    assert due.met_by == "reply"


def test_z05_a_tag_added_in_the_same_second_survives(ours: Helpdesk, zendesk: StandIn) -> None:
    tickets = [complaint(zendesk, number) for number in range(20)]
    for ticket in tickets:
        zendesk.faults.meanwhile(
            f"PUT tickets/{ticket.id}",
            lambda one=ticket: zendesk.people.agent_tags(one, "vip"),  # type: ignore[misc]
        )
    ours.heed(*tickets)
    assert {put.status for put in zendesk.witness.puts()} == {200}  # the stamp has whole seconds: it did not tell
    assert [set(ticket.tags) for ticket in tickets] == [{*OURS, "vip"}] * 20
    again(ours)
    assert [set(ticket.tags) for ticket in tickets] == [{*OURS, "vip"}] * 20
    assert {len(notes(zendesk, ticket)) for ticket in tickets} == {1}


def test_z05_a_tag_taken_off_in_the_same_second_stays_off(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk, 0, "vip")
    zendesk.faults.meanwhile("PUT tickets/*", lambda: zendesk.people.agent_untags(ticket, "vip"))
    ours.heed(ticket)
    assert set(ticket.tags) == set(OURS)


def test_z06_a_trigger_that_answers_every_change_is_not_answered_for_ever(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    for _ in range(12):  # something takes our tag off whenever we put it on, and says that it is a complaint
        zendesk.clock.later(seconds=10)
        zendesk.people.agent_tags(ticket, "not-a-complaint")
        ours.heed(ticket)
        zendesk.people.agent_untags(ticket, "not-a-complaint")
        ours.desk.act(ours.case().id, Reopen(by="a test"))
        ours.heed(ticket)
    assert len(zendesk.witness.puts(ticket)) <= 3
    with ours.desk.store.reading() as session:
        assert "written 3 times within ten minutes" in session.inbox(ours.name)["fault"]
    ours.work(minutes=21)
    assert len(zendesk.witness.puts(ticket)) > 3  # it was a pause, not the end


def test_z06_our_own_changes_set_off_nothing(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    before = ours.case().version
    for _ in range(5):
        ours.heed(ticket)
    assert (ours.case().version, len(zendesk.witness.puts(ticket))) == (before, 1)


def test_z07_a_deleted_ticket_ends_its_timers(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.delete(ticket)
    ours.work()
    case = ours.case()
    assert (case.status, case.open_tasks()) == (Status.RESOLVED, ())
    assert {task.note for task in case.tasks if task.state.value == "dropped"} == {
        f"the ticket #{ticket.id} was deleted"
    }
    asked = len(zendesk.witness.puts())
    ours.work(days=30)
    assert len(zendesk.witness.puts()) == asked
    zendesk.people.restore(ticket)
    ours.work()
    assert ours.case().status is Status.OPEN


def test_z07_a_ticket_deleted_before_it_was_written_is_not_tried_for_ever(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    zendesk.faults.fail("PUT tickets/*", 503)
    ours.heed(ticket)
    zendesk.people.delete(ticket)
    ours.desk.run_due()
    ours.work(minutes=6)
    ours.work(minutes=6)
    assert ours.case().open_tasks() == ()


def test_z07_a_merged_ticket_lives_on_where_it_went(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    other = zendesk.people.customer_writes("Do you sell blue lamps?", subject="Lamps", sender="anna0@example.org")
    ours.heed(ticket, other)
    zendesk.clock.later(minutes=1)
    zendesk.people.merge(ticket, into=other)
    ours.heed(ticket, other)
    case = ours.case()
    assert case.status is Status.OPEN
    assert f"the ticket was merged into #{other.id}" in told(ours, case.id)
    zendesk.clock.later(minutes=1)
    zendesk.people.agent_replies(other, "Dear Anna, a new lamp is on its way.")
    ours.heed(other)
    (due,) = (due for due in ours.case().due if due.due_for == "acknowledgement")
    assert due.met_by == "reply"
    ours.work(days=12)  # the resolution is missed: the reminder lies where the conversation goes on
    assert any("To do: " in text for text in notes(zendesk, other))
    assert "amends-due" in other.tags


def told(ours: Helpdesk, case: str) -> str:
    with ours.desk.store.reading() as session:
        return " | ".join(str(getattr(event, "note", "")) for event in session.timeline(case))


def test_z07_of_two_complaints_that_are_merged_one_ends(ours: Helpdesk, zendesk: StandIn) -> None:
    first, second = complaint(zendesk), zendesk.people.customer_writes(COMPLAINT, sender="anna0@example.org")
    ours.heed(first, second)
    zendesk.clock.later(minutes=1)
    zendesk.people.merge(first, into=second)
    ours.heed(first, second)
    by_ticket = {case.message_id: case for case in ours.cases()}
    ended = by_ticket[f"<ticket.{first.id}@example.zendesk.com>"]
    assert (ended.status, ended.open_tasks()) == (Status.RESOLVED, ())
    assert by_ticket[f"<ticket.{second.id}@example.zendesk.com>"].status is Status.OPEN


def test_z07_what_falls_due_in_a_closed_ticket_comes_up_in_one_that_follows_it(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.solve(ticket, "A new lamp is on its way.")
    ours.heed(ticket)
    zendesk.clock.later(hours=2)
    zendesk.people.close_by_time(timedelta(hours=1))
    mails = len(zendesk.witness.mails())
    ours.work(days=5)
    ours.work(minutes=5)
    (follower,) = (zendesk.account.tickets[number] for number in ticket.followup_ids)
    assert follower.requester_id == zendesk.bot.id
    assert "amends-due" in follower.tags
    assert "complaint" not in follower.tags
    assert any("follow" in text or "still" in text for text in notes(zendesk, follower))
    assert len(zendesk.witness.mails()) == mails  # the customer hears nothing
    zendesk.people.agent_untags(follower, "amends-due")
    ours.heed(follower)
    assert not [task for task in ours.case().open_tasks() if not task.kind.for_inbox]


def test_z07_a_lost_answer_to_a_new_ticket_makes_one(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.solve(ticket, "A new lamp is on its way.")
    ours.heed(ticket)
    zendesk.clock.later(hours=2)
    zendesk.people.close_by_time(timedelta(hours=1))
    zendesk.faults.lose("POST tickets")
    ours.work(days=2)
    again(ours)
    again(ours)
    assert len(ticket.followup_ids) == 1


def test_z08_a_run_is_at_most_two_reads_and_one_update(ours: Helpdesk, zendesk: StandIn) -> None:
    for number in range(10):
        ticket = complaint(zendesk, number)
        ours.desk.poll(ours.name)  # the export has had its look
        zendesk.witness.forget()
        ours.heed(ticket)
        reads = [read for read in zendesk.witness.reads() if not read.path.startswith("incremental")]
        assert len(reads) <= 2
        assert len(zendesk.witness.puts()) == 1


def test_z08_with_every_limit_of_the_plan_nothing_is_lost(tmp_path: Path) -> None:
    limits = Limits(account=200, updates=20, export=10, one_ticket=30)
    with StandIn(clock=Clock(FRIDAY), limits=limits) as zendesk, helpdesk(tmp_path, zendesk) as ours:
        ours.work(seconds=1)
        zendesk.clock.later(seconds=5)
        tickets = [complaint(zendesk, number) for number in range(60)]
        for _ in range(20):
            zendesk.clock.later(minutes=2)
            ours.desk.inboxes[ours.name]._wire._session._until = 0.0  # type: ignore[attr-defined]  # the account's minute, not ours
            try:
                ours.desk.poll(ours.name)
            except InboxUnavailable:
                continue
            ours.desk.run_due()
        assert [ticket.tags for ticket in tickets] == [OURS] * 60
        assert [len(notes(zendesk, ticket)) for ticket in tickets] == [1] * 60


def test_z09_every_word_we_write_says_that_it_is_not_public(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.solve(ticket, "A new lamp is on its way.")
    ours.heed(ticket)
    zendesk.clock.later(hours=2)
    zendesk.people.close_by_time(timedelta(hours=1))
    ours.work(days=5)
    ours.work(minutes=6)
    said = zendesk.witness.said_in_bodies()
    assert {request.method for request, _ in said} == {"PUT", "POST"}  # suggestion, reminder, the ticket that follows
    assert [comment["public"] for _, comment in said] == [False] * len(said)
    assert zendesk.witness.public_comments(zendesk.bot) == []
