"""Rows W03, W05, W06 and Z10: whatever was told, late, twice, in any order or not at all, the tickets tell the same.

Below them: what is made of all that people do in a ticket.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest

from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.standin.account import follow_up_via
from integrations.zendesk.standin.records import Act, Role, Said, Ticket, came
from integrations.zendesk.webhook import accept
from plugin.config import HelpdeskSettings
from plugin.decide import Reopen
from plugin.inbox import Call, InboxRefused
from plugin.store import Entry, Store
from plugin.timeline import Case, FeedbackReceived, Joined, Kind, Status, TaskState
from tests.shop import Shop, open_helpdesk
from tests.stages import SECRET
from tests.stores import store_at
from tests.witness import eventually
from tests.zendesk.desk import FRIDAY, Helpdesk, assert_nobody_heard, attach, attached, helpdesk, on_friday

COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."
AGAIN = "The replacement is broken as well. I am really angry now, this is a complaint, and I want my money back."
REPLY = "Dear Anna, a new lamp is on its way to you."
OURS = {"category-product-quality", "complaint", "severity-medium"}


@pytest.fixture
def zendesk() -> Iterator[StandIn]:
    with on_friday() as standin:
        yield standin


@pytest.fixture
def ours(zendesk: StandIn, tmp_path: Path) -> Iterator[Helpdesk]:
    with helpdesk(tmp_path, zendesk) as one:
        attach(one)
        yield one


def complaint(zendesk: StandIn, number: int = 0, text: str = COMPLAINT, **more: Any) -> Ticket:
    given = {"subject": f"Broken lamp {number}", "sender": f"anna{number}@example.org"} | more
    return zendesk.people.customer_writes(text, **given)


def due(case: Case, what: str = "acknowledgement") -> Any:
    return next(one for one in case.due if one.due_for == what)


def promises(case: Case) -> tuple[Any, ...]:
    return tuple(sorted((one.due_for, one.due_at, one.met_at, one.met_by, one.missed) for one in case.due))


def told(ours: Helpdesk, ticket: Ticket) -> dict[str, Any]:
    """What became of a complaint, for whoever asks later; not when we learned of it, nor what was suggested."""
    case = ours.case_of(ticket)
    open_tasks = sorted(task.kind.value for task in case.open_tasks() if not task.kind.for_inbox)
    ratings = [event.satisfied for event in ours.events(ticket) if isinstance(event, FeedbackReceived)]
    return {
        "status": case.status, "outcome": case.outcome, "round": case.round, "category": case.category,
        "promises": promises(case), "tasks": open_tasks, "ratings": ratings, "replies": len(case.replies),
        "tags": set(ticket.tags), "since": case.since,
    }  # fmt: skip


# ---- W03 ------------------------------------------------------------------------------------------------------------

_entries = count(1)


def call(ours: Helpdesk, settings: HelpdeskSettings, invocations: list[Any]) -> None:
    """Zendesk makes these calls; they are stored as the door stores them."""
    zendesk, entries = ours.zendesk, []
    for one in invocations:
        headers = {name.lower(): value for name, value in zendesk.webhooks.headers(one).items()}
        notice = accept(Call(headers, one.body), settings, zendesk.clock.now())
        at = zendesk.clock.now() + timedelta(microseconds=next(_entries))
        entries.append(Entry(inbox=ours.name, id=notice.id, at=at, topic=notice.topic, group=notice.group))
    with ours.desk.store.writing() as session:
        session.notices.enter(entries)
    ours.desk.poll(ours.name)
    ours.desk.run_due()


def test_w03_six_events_of_a_ticket_in_all_720_orders_each_twice_end_alike(zendesk: StandIn, tmp_path: Path) -> None:
    """A ticket is read once in the middle of what happens to it or not at all, as the order has it, and at the end."""
    zendesk.webhooks.add("http://127.0.0.1:9/webhooks/helpdesk", secret=SECRET)
    settings = attached(zendesk, webhook_secret=SECRET)
    orders = list(permutations(range(6)))
    with helpdesk(tmp_path, zendesk, webhook_secret=SECRET) as ours:
        ours.work(seconds=1)
        tickets = [complaint(zendesk, number) for number in range(len(orders))]
        zendesk.clock.later(seconds=20)
        early = _by_ticket(zendesk)
        firsts = [early[ticket.id][order[0]] for ticket, order in zip(tickets, orders, strict=True) if order[0] < 2]
        call(ours, settings, firsts)
        for ticket in tickets:
            zendesk.people.agent_replies(ticket, REPLY)
        zendesk.clock.later(seconds=20)
        for ticket in tickets:
            zendesk.people.solve(ticket)
        events = _by_ticket(zendesk)
        assert {len(some) for some in events.values()} == {6}
        ordered = [events[ticket.id][number] for ticket, order in zip(tickets, orders, strict=True) for number in order]
        call(ours, settings, ordered)
        reads = len(zendesk.witness.reads())
        call(ours, settings, ordered[::-1])
        assert len(zendesk.witness.reads()) - reads <= 1  # known by their ids: only the export is asked
        cases = ours.cases()
        assert len(cases) == 720
        assert {_nameless(case) for case in cases} == {_nameless(cases[0])}
        assert (cases[0].status, due(cases[0]).met_at) == (Status.RESOLVED, FRIDAY + timedelta(seconds=21))
        assert {frozenset(ticket.tags) for ticket in tickets} == {frozenset(OURS)}
        assert Counter(len(zendesk.witness.notes(zendesk.bot, ticket)) for ticket in tickets) == {0: 480, 1: 240}


def _by_ticket(zendesk: StandIn) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for one in zendesk.webhooks.pending:
        if one.event != "tags_changed" and not one.body.count(b'"tags_added": ["category'):  # those are our own doing
            found.setdefault(one.ticket_id, []).append(one)
    return {ticket: [one for one in some if b"amends:" not in one.body] for ticket, some in found.items()}


def _nameless(case: Case) -> tuple[Any, ...]:
    tasks = sorted((task.kind, task.run_at) for task in case.open_tasks() if not task.kind.for_inbox)
    replies = len(case.replies)
    return case.status, case.outcome, case.round, case.tags, promises(case), (*tasks,), replies, case.resolved_at


# ---- W05 ------------------------------------------------------------------------------------------------------------


def test_w05_a_thousand_calls_answered_before_a_kill_are_worked_on_at_the_next_start(tmp_path: Path) -> None:
    with StandIn(limits=Limits.none()) as zendesk:
        shop = open_helpdesk(tmp_path, zendesk, SECRET)
        shop.once()
        zendesk.faults.fail("GET incremental/**", 503, times=1_000_000)  # the export is not to help out
        zendesk.faults.fail("GET tickets/**", 503, times=1_000_000)  # nobody gets to work
        tickets = _a_thousand_calls_and_a_kill(shop, zendesk)
        assert not any(ticket.tags for ticket in tickets)
        zendesk.faults.clear()
        zendesk.faults.fail("GET incremental/**", 503, times=1_000_000)
        assert shop.amends("run", "--once").returncode == 1  # it says that the export did not answer
        assert [len(zendesk.witness.notes(zendesk.bot, ticket)) for ticket in tickets] == [1] * 200
        assert {frozenset(ticket.tags) for ticket in tickets} == {frozenset(OURS)}
    with closing(Store(store_at(shop.store))) as store, store.reading() as session:
        assert session.notices.waiting("helpdesk") == []
    assert_nobody_heard(zendesk)


def _a_thousand_calls_and_a_kill(shop: Shop, zendesk: StandIn) -> list[Ticket]:
    command = [str(Path(sys.executable).with_name("amends")), "run"]
    with (shop.folder / "run.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=shop.folder, stdout=log, stderr=subprocess.STDOUT)
    with process:
        address = eventually(lambda: shop.address, "register")
        zendesk.webhooks.add(f"{address}/webhooks/helpdesk", secret=SECRET)
        tickets = [complaint(zendesk, number) for number in range(200)]
        for ticket in tickets:
            zendesk.people.customer_writes("It was order LL-10234.", ticket=ticket, sender=_address(zendesk, ticket))
            zendesk.people.agent_sets(ticket, priority="high")
            zendesk.people.agent_sets(ticket, priority="low")
        statuses = [delivery.status for delivery in zendesk.webhooks.deliver()]
        process.send_signal(signal.SIGKILL)
        assert Counter(statuses) == {202: 1000}
    return tickets


def _address(zendesk: StandIn, ticket: Ticket) -> str:
    return zendesk.account.users[ticket.requester_id].email


# ---- W06 ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class HalfAnHour:
    """What happens in thirty minutes to six complaints that were there before, and to two that come."""

    ours: Helpdesk
    live: bool
    tickets: list[Ticket] = field(init=False)

    def __post_init__(self) -> None:
        # What a person says of one letter is believed of nearly the same one, so the words of two are their own.
        texts = {
            3: "I am furious. Your driver shouted at me.",
            5: "You charged me twice, and I want my money back now!",
        }
        self.tickets = [complaint(self.ours.zendesk, number, texts.get(number, COMPLAINT)) for number in range(6)]
        self.ours.heed(*self.tickets)

    def passes(self) -> list[Ticket]:
        """Each act three minutes after the one before."""
        people, tickets = self.ours.zendesk.people, self.tickets
        self._then(people.agent_replies(tickets[0], REPLY))
        self._then(people.solve(tickets[1], REPLY))
        anna1 = _address(self.ours.zendesk, tickets[1])
        self._then(people.customer_writes(AGAIN, ticket=tickets[1], sender=anna1))
        people.delete(tickets[2])
        self._then(None)
        self._then(people.agent_tags(tickets[3], "not-a-complaint"))
        self._then(people.solve(tickets[4], REPLY))
        self._then(people.rate(tickets[4], "bad", "Nobody helped."))
        self._then(people.agent_untags(tickets[5], "complaint"))
        tickets.append(complaint(self.ours.zendesk, 6))
        self._then(None)
        tickets.append(complaint(self.ours.zendesk, 7))
        self._then(people.agent_replies(tickets[7], REPLY))
        return tickets

    def _then(self, _: object) -> None:
        if self.live:
            self.ours.heed(*self.tickets)
        self.ours.zendesk.clock.later(minutes=3)


def test_w06_after_half_an_hour_of_downtime_all_is_as_if_there_had_been_none(tmp_path: Path) -> None:
    ends = []
    for live in (True, False):
        with on_friday() as zendesk, helpdesk(tmp_path / str(live), zendesk) as ours:
            attach(ours)
            tickets = HalfAnHour(ours, live).passes()
            ours.work()  # one look
            ends.append([told(ours, ticket) for ticket in tickets])
    assert ends[0] == ends[1]
    assert [end["round"] for end in ends[1]] == [1, 2, 1, 1, 1, 1, 1, 1]
    assert [end["status"].value for end in ends[1]] == [
        "open", "open", "resolved", "resolved", "resolved", "resolved", "open", "open",
    ]  # fmt: skip
    assert ends[1][4]["ratings"] == [False]


def test_w06_what_happens_in_the_second_in_which_we_look_is_found_by_the_export(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.agent_replies(ticket, REPLY)  # `updated_at` is the same as before
    ours.work()
    assert due(ours.case()).met_by == "reply"


def test_w06_what_was_said_after_something_was_done_is_taken_in_after_it(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    for _ in range(3):
        zendesk.clock.later(minutes=1)
        zendesk.people.solve(ticket, REPLY)
        zendesk.clock.later(minutes=1)
        zendesk.people.customer_writes(AGAIN, ticket=ticket, sender=_address(zendesk, ticket))
    ours.work()
    assert (ours.case().status, ours.case().round) == (Status.OPEN, 4)


# ---- Z10 ------------------------------------------------------------------------------------------------------------


def many_tickets(zendesk: StandIn, many: int) -> list[Ticket]:
    """So many, one a second; a hundred of them are complaints, of which half were answered."""
    each = many // 100
    zendesk.export.repeats = 30
    tickets = []
    for number in range(many):
        text = COMPLAINT if number % each == 0 else f"Do you sell blue lamps, number {number}?"
        tickets.append(complaint(zendesk, number % 300, text, subject=f"Ticket {number}"))
        zendesk.clock.later(seconds=1)
        if number % (2 * each) == 0:
            zendesk.people.agent_replies(tickets[-1], REPLY)
    zendesk.clock.later(minutes=3)
    return tickets


@dataclass(slots=True)
class Past:
    """A shop that takes in everything an account holds, by `amends run --once` in processes of its own."""

    shop: Shop
    at_work: list[subprocess.Popen[bytes]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)  # pages of memory, at each look at the export

    def run(self) -> int:
        """A run to its end; its status."""
        command = [str(Path(sys.executable).with_name("amends")), "run", "--once"]
        self.sizes.clear()
        with (self.shop.folder / "run.log").open("ab") as log:
            self.at_work.append(subprocess.Popen(command, cwd=self.shop.folder, stdout=log, stderr=subprocess.STDOUT))
        return self.at_work[-1].wait()

    def kill(self) -> None:
        """The run that is under way ends here."""
        self.at_work[-1].send_signal(signal.SIGKILL)

    def weigh(self) -> None:
        """How large the run is that is under way (proc(5), statm)."""
        self.sizes.append(int(Path(f"/proc/{self.at_work[-1].pid}/statm").read_text().split()[1]))


def test_z10_ten_thousand_tickets_are_reconciled_exactly_through_a_kill_and_with_flat_memory(tmp_path: Path) -> None:
    with StandIn(clock=Clock(FRIDAY), limits=Limits.none()) as zendesk:
        tickets = many_tickets(zendesk, 10_000)
        shop = open_helpdesk(tmp_path, zendesk, SECRET, more="start: all")
        past = Past(shop)
        zendesk.faults.meanwhile("GET incremental/**", past.kill, after=2)
        assert past.run() == -signal.SIGKILL
        zendesk.witness.forget()
        zendesk.faults.meanwhile("GET incremental/**", past.weigh, times=1_000)
        assert (past.run(), shop.log) == (0, "")
    assert_nobody_heard(zendesk)
    assert past.sizes[-1] / past.sizes[2] < 1.2  # from 2,000 tickets to all
    asked = zendesk.witness.asked("GET", "incremental/tickets/cursor")
    assert "cursor" in asked[0].query  # it goes on where the pages that were stored end …
    assert len(asked) <= 9  # … and does not begin anew
    cases = shop.json("cases")["cases"]
    assert sorted(case["subject"] for case in cases) == sorted(f"Ticket {number}" for number in range(0, 10_000, 100))
    with closing(Store(store_at(shop.store))) as store, store.reading() as session:
        seen = [len(session.keys_at("helpdesk", "tickets", ticket.id, _uids(ticket))) for ticket in tickets]
        assert seen == [len(ticket.comments) for ticket in tickets]
        known = session.bookmarks("helpdesk", [f"ticket:{ticket.id}" for ticket in tickets])
        assert len(known) == 10_000


def _uids(ticket: Ticket) -> list[int]:
    return [1, *(comment.id for comment in ticket.comments[1:])]


def test_z10_the_last_minute_is_left_out_and_found_a_minute_later(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.work(seconds=30)
    assert ticket.tags == ()
    ours.work(seconds=60)
    assert set(ticket.tags) == OURS


def test_z10_pages_that_repeat_are_read_once(ours: Helpdesk, zendesk: StandIn) -> None:
    zendesk.export.page, zendesk.export.repeats = 4, 3
    tickets = [complaint(zendesk, number) for number in range(20)]
    zendesk.clock.later(minutes=2)
    zendesk.witness.forget()
    ours.desk.poll(ours.name)
    assert len([one for one in zendesk.witness.reads() if "audits" in one.path]) == 20
    assert len(ours.cases()) == len(tickets)


def test_z10_a_page_that_never_moves_is_not_asked_for_ever(ours: Helpdesk, zendesk: StandIn) -> None:
    complaint(zendesk)
    ours.work()
    export = zendesk.export.by_cursor
    zendesk.export.by_cursor = lambda *given: export(*given) | {"end_of_stream": False}  # type: ignore[method-assign]
    zendesk.witness.forget()
    ours.work()
    assert len(zendesk.witness.asked("GET", "incremental/tickets/cursor")) <= 2


def test_z10_the_past_leaves_half_of_every_minute_to_the_present(tmp_path: Path) -> None:
    with on_friday(limits=Limits(account=200, updates=0, export=0, one_ticket=0)) as zendesk:
        tickets = [complaint(zendesk, number, "Do you sell blue lamps?", tags=["lamp"]) for number in range(400)]
        zendesk.clock.later(minutes=3)
        with helpdesk(tmp_path, zendesk, start="all") as ours:
            minutes = 0
            while len(_bookmarks(ours, tickets)) < 400:
                minutes += 1
                zendesk.witness.forget()
                ours.work(minutes=1)
                assert len(zendesk.witness.log) <= 160  # half of 200, and a page that was begun is read to its end
            assert 2 < minutes < 12


def _bookmarks(ours: Helpdesk, tickets: list[Ticket]) -> Any:
    with ours.desk.store.reading() as session:
        return session.bookmarks(ours.name, [f"ticket:{ticket.id}" for ticket in tickets])


# ---- the export alone -----------------------------------------------------------------------------------------------


def test_the_export_alone_is_enough(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.work()
    assert set(ticket.tags) == OURS
    assert len(zendesk.witness.notes(zendesk.bot, ticket)) == 1
    replied = zendesk.clock.now()
    zendesk.people.agent_replies(ticket, REPLY)
    ours.work()
    assert due(ours.case()).met_at == replied
    zendesk.people.solve(ticket)
    ours.work()
    assert ours.case().status is Status.RESOLVED
    ours.work(days=5)
    assert "amends-due" in ticket.tags
    zendesk.people.agent_untags(ticket, "amends-due")
    ours.work()
    assert not [task for task in ours.case().open_tasks() if not task.kind.for_inbox]


def test_the_export_alone_knows_attachments_and_machines(ours: Helpdesk, zendesk: StandIn) -> None:
    complaint(zendesk, 1, files=[("lamp.jpg", 40_000)])
    complaint(zendesk, 2, automatic=True)
    ours.work()
    assert ours.case().has_attachment  # and a machine's words open no case


@pytest.mark.parametrize("role", [Role.AGENT, Role.LIGHT_AGENT, Role.END_USER])
def test_a_token_that_is_no_admins_is_told_in_one_sentence(tmp_path: Path, role: Role) -> None:
    with on_friday(role=role) as zendesk, helpdesk(tmp_path, zendesk) as ours:
        with pytest.raises(InboxRefused) as told:
            ours.desk.poll(ours.name)
        assert str(told.value) == (
            "inbox helpdesk: bot@example.com is no admin in Zendesk, so it may not read the export "
            "- give it the role of an admin in Admin Center"
        )
        assert ours.fault() == str(told.value)


def test_a_bot_that_loses_its_rights_says_so_and_finds_everything_once_it_has_them_again(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    first = complaint(zendesk, 1)
    ours.heed(first)
    zendesk.bot.role = Role.END_USER
    second = complaint(zendesk, 2)
    with pytest.raises(InboxRefused, match=r"bot@example\.com"):
        ours.heed(second)
    assert "bot@example.com" in ours.fault()
    zendesk.bot.role = Role.ADMIN
    ours.work()
    ours.work(minutes=6)
    assert set(second.tags) == OURS
    assert ours.fault() == ""


def test_a_token_that_was_revoked_writes_nothing_and_catches_up_with_the_new_one(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    ticket, token = complaint(zendesk), zendesk.bot.token
    zendesk.faults.meanwhile("PUT tickets/*", lambda: setattr(zendesk.bot, "token", "another"))
    ours.heed(ticket)
    assert "does not accept the login" in ours.fault()
    zendesk.bot.token = token
    ours.work(minutes=6)
    ours.work(minutes=6)
    assert (set(ticket.tags), len(zendesk.witness.notes(zendesk.bot, ticket))) == (OURS, 1)


@pytest.mark.parametrize("pattern", ["GET tickets/2", "GET tickets/2/audits", "PUT tickets/2"])
def test_one_ticket_nobody_may_touch_holds_up_none_of_the_others(
    ours: Helpdesk, zendesk: StandIn, pattern: str
) -> None:
    tickets = [complaint(zendesk, number) for number in range(3)]
    zendesk.faults.fail(pattern, 403, times=3)
    ours.heed(*tickets)
    assert [set(ticket.tags) for ticket in tickets] == [OURS, set(), OURS]
    for _ in range(4):
        zendesk.people.agent_sets(tickets[1], priority="high")
        ours.work(minutes=6)
        zendesk.people.agent_sets(tickets[1], priority="low")
    assert [set(ticket.tags) for ticket in tickets] == [OURS] * 3


# ---- what people do -------------------------------------------------------------------------------------------------


def test_an_agents_public_comment_meets_the_acknowledgement_at_its_own_time(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.clock.later(minutes=17)
    zendesk.people.agent_replies(ticket, REPLY)
    ours.work(hours=30)  # seen long after its date
    assert (due(ours.case()).met_at, due(ours.case()).met_by) == (FRIDAY + timedelta(seconds=6, minutes=17), "reply")
    assert not due(ours.case()).missed


def test_a_suggestion_sent_with_changes_is_known_as_sent(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    suggestion = ours.note(ticket).split("-" * 40)[1].strip()
    zendesk.clock.later(minutes=1)
    zendesk.people.agent_replies(ticket, suggestion.replace("Dear", "Hello") + "\n\nPS: Keep the shade, please.")
    ours.heed(ticket)
    assert [draft.fate.value for draft in ours.case().drafts] == ["sent"]


def test_words_of_ones_own_are_a_reply_and_the_suggestion_is_offered_no_more(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.clock.later(minutes=1)
    zendesk.people.agent_replies(ticket, "Call me, please: 020 7946 0000.")
    ours.heed(ticket)
    assert [draft.fate.value for draft in ours.case().drafts] == ["withdrawn"]
    assert due(ours.case()).met_by == "reply"


@pytest.mark.parametrize("role", [Role.AGENT, Role.LIGHT_AGENT])
def test_notes_of_colleagues_are_nothing(ours: Helpdesk, zendesk: StandIn, role: Role) -> None:
    colleague = zendesk.people.agent_named("Lou Light", role)
    ticket = complaint(zendesk)
    ours.heed(ticket)
    before = ours.case().version
    zendesk.people.agent_note(ticket, "I am really angry about this complaint, I want my money back.", by=colleague)
    ours.heed(ticket)
    assert ours.case().version == before


def test_a_stranger_in_copy_changes_nothing(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.solve(ticket, REPLY)
    ours.heed(ticket)
    zendesk.clock.later(minutes=1)
    zendesk.people.customer_writes(AGAIN, ticket=ticket, sender="mallory@example.net")
    assert ticket.status == "open"  # Zendesk opens it whoever writes
    ours.heed(ticket)
    case = ours.case()
    assert (case.status, case.round) == (Status.RESOLVED, 1)
    assert [event.standing for event in ours.events(ticket) if isinstance(event, Joined)][-1] == "unverified"


def test_what_an_agent_wrote_down_at_the_telephone_is_the_customers_word(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = zendesk.people.agent_opens(COMPLAINT, subject="Call from Anna")
    ours.heed(ticket)
    case = ours.case()
    assert (case.complainant.email, case.channel) == ("anna@example.org", "phone")
    assert due(case).met_at is None
    assert set(ticket.tags) == OURS


def test_a_ticket_an_agent_opens_to_tell_a_customer_something_is_no_complaint(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = zendesk.people.agent_opens(COMPLAINT, subject="About your order", channel="web")
    ours.heed(ticket)
    assert ours.cases() == []


@pytest.mark.parametrize(("channel", "ours_"), [("twitter", "social"), ("facebook", "social"), ("chat", "chat"),
                                               ("email", "email"), ("web", "web"), ("sms", "chat")])  # fmt: skip
def test_where_it_was_said_is_told_so_that_it_can_be_taken_private(
    ours: Helpdesk, zendesk: StandIn, channel: str, ours_: str
) -> None:
    ours.heed(complaint(zendesk, channel=channel))
    assert ours.case().channel == ours_


def test_a_social_user_without_an_address_has_a_case_and_is_known_again(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk, channel="twitter")
    zendesk.account.users[ticket.requester_id].email = ""
    ours.heed(ticket)
    assert ours.case().complainant.email == f"user-{ticket.requester_id}@zendesk.invalid"
    assert set(ticket.tags) == OURS | {"in-public"}
    zendesk.people.agent_replies(ticket, REPLY)
    ours.heed(ticket)
    assert due(ours.case()).met_by == "reply"


UNHAPPY = """\
    name: unhappy
    about: Whoever is still not content is called.
    when: feedback_received
    if:
      - satisfied: false
    then:
      - tag: [call-back]
    """
HAPPY = """\
    name: happy
    about: Whoever is content may be asked for more.
    when: feedback_received
    if:
      - satisfied: true
    then:
      - tag: [happy-again]
    """


@pytest.mark.parametrize(("score", "tag"), [("bad", "call-back"), ("good", "happy-again")])
def test_a_rating_sets_off_the_playbooks_for_feedback(zendesk: StandIn, tmp_path: Path, score: str, tag: str) -> None:
    with helpdesk(tmp_path, zendesk, UNHAPPY, HAPPY) as ours:
        attach(ours)
        ticket = complaint(zendesk)
        ours.heed(ticket)
        zendesk.people.solve(ticket, REPLY)
        zendesk.clock.later(minutes=1)
        zendesk.people.asked_to_rate(ticket)
        ours.heed(ticket)
        assert not set(ticket.tags) & {"call-back", "happy-again"}
        zendesk.people.rate(ticket, score, "As it was.")
        ours.heed(ticket)
        assert set(ticket.tags) == {*OURS, tag}
        (feedback,) = [event for event in ours.events(ticket) if isinstance(event, FeedbackReceived)]
        assert (feedback.satisfied, feedback.note) == (score == "good", "As it was.")


# ---- tags as a persons word -----------------------------------------------------------------------------------------


def test_the_tag_complaint_makes_it_one(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk, text="Do you sell blue lamps?")
    ours.heed(ticket)
    assert ours.cases() == []
    zendesk.people.agent_tags(ticket, "complaint")
    ours.heed(ticket)
    assert ours.case().status is Status.OPEN
    assert len(zendesk.witness.notes(zendesk.bot, ticket)) == 1


def test_the_tag_not_a_complaint_ends_it_and_takes_ours_off(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk, 0, tags=["vip"])
    ours.heed(ticket)
    zendesk.people.agent_tags(ticket, "not-a-complaint")
    ours.heed(ticket)
    assert (ours.case().status, ours.case().outcome) == (Status.RESOLVED, "not-a-complaint")
    assert set(ticket.tags) == {"vip", "not-a-complaint"}
    assert not ours.case().open_tasks()


def test_our_tag_taken_off_means_that_it_is_none(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.agent_untags(ticket, "complaint")
    ours.heed(ticket)
    assert ours.case().outcome == "not-a-complaint"
    assert ticket.tags == ()


def test_another_category_put_on_is_a_correction(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.agent_tags(ticket, "category-delivery")
    ours.heed(ticket)
    assert ours.case().category == "delivery"
    assert set(ticket.tags) == {"complaint", "category-delivery", "severity-medium"}


def test_with_a_prefix_only_tags_with_it_are_meant_for_us(zendesk: StandIn, tmp_path: Path) -> None:
    with helpdesk(tmp_path, zendesk, tag_prefix="am-") as ours:
        attach(ours)
        ticket = complaint(zendesk, text="Do you sell blue lamps?")
        zendesk.people.agent_tags(ticket, "complaint")  # the account's own, of long ago
        ours.heed(ticket)
        assert ours.cases() == []
        zendesk.people.agent_tags(ticket, "am-complaint")
        ours.heed(ticket)
        assert {tag for tag in ticket.tags if tag.startswith("am-")} > {"am-complaint"}
        zendesk.people.agent_untags(ticket, "complaint")
        ours.heed(ticket)
        assert ours.case().status is Status.OPEN


# ---- tickets that follow, merge, come back --------------------------------------------------------------------------


def test_a_customers_follow_up_inherits_tags_and_that_is_no_act(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.solve(ticket, REPLY)
    ours.heed(ticket)
    zendesk.clock.later(hours=2)
    zendesk.people.close_by_time(timedelta(hours=1))
    follower = zendesk.people.customer_writes("Thank you!", ticket=ticket, sender=_address(zendesk, ticket))
    assert set(follower.tags) == OURS
    ours.heed(ticket, follower)
    assert (ours.case().status, ours.case().round) == (Status.RESOLVED, 1)
    zendesk.clock.later(minutes=1)
    zendesk.people.customer_writes(AGAIN, ticket=follower, sender=_address(zendesk, ticket))
    ours.heed(follower)
    assert (ours.case().status, ours.case().round) == (Status.OPEN, 2)


def test_what_zendesk_copies_when_it_merges_is_no_reply_even_if_the_customer_sees_it(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    ticket, other = complaint(zendesk, 0), complaint(zendesk, 0, "Do you sell blue lamps?", subject="Lamps")
    ours.heed(ticket, other)
    zendesk.clock.later(minutes=1)
    said = Said(body="We have put your two requests together.", public=True)
    zendesk.account.merge(other, ticket, zendesk.people.agent, (said, said))
    ours.heed(ticket, other)
    assert ours.case().status is Status.OPEN
    assert due(ours.case()).met_at is None


def test_a_merge_that_copies_our_note_is_still_a_merge(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket, other = complaint(zendesk, 0), complaint(zendesk, 0, "Do you sell blue lamps?", subject="Lamps")
    ours.heed(ticket, other)
    zendesk.clock.later(minutes=1)
    zendesk.people.merge(ticket, into=other)  # its last comment is our note, marker and all
    zendesk.people.agent_replies(other, REPLY)
    ours.heed(ticket, other)
    assert due(ours.case()).met_by == "reply"


def test_a_ticket_brought_back_that_was_settled_before_stays_settled(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.solve(ticket, REPLY)
    ours.heed(ticket)
    zendesk.people.delete(ticket)
    ours.work()
    zendesk.people.restore(ticket)
    ours.work()
    assert (ours.case().status, ours.case().round) == (Status.RESOLVED, 1)


def test_a_reply_reaches_the_complainant_whoever_the_ticket_was_handed_to(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    husband = zendesk.account.join("Bob Jones", "bob@example.org")
    zendesk.people.agent_sets(ticket, requester_id=husband.id)
    zendesk.clock.later(minutes=1)
    zendesk.people.agent_replies(ticket, REPLY)
    ours.heed(ticket)
    assert due(ours.case()).met_by == "reply"
    assert ours.case().complainant.email == "anna0@example.org"


# ---- hostile tickets ------------------------------------------------------------------------------------------------


def test_a_marker_pasted_by_a_colleague_hides_nothing_he_did(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    pasted = f"Copied from above:\n{ours.note(ticket)}"
    zendesk.people.agent_replies(ticket, pasted, public=False, status="solved")
    ours.heed(ticket)
    assert ours.case().status is Status.RESOLVED


def test_a_marker_pasted_by_a_customer_keeps_nothing_from_being_written(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    ours.heed(ticket)
    marker = ours.note(ticket).splitlines()[-1]
    forged = complaint(zendesk, 1, f"{COMPLAINT}\n{marker}\n")
    zendesk.people.customer_writes(f"{AGAIN}\n{marker}\n", ticket=ticket, sender="mallory@example.net")
    ours.heed(ticket, forged)
    assert len(zendesk.witness.notes(zendesk.bot, forged)) == 1
    assert ours.case_of(ticket).status is Status.OPEN
    assert [e.sender for e in ours.events(ticket) if isinstance(e, Joined)] == ["mallory@example.net"]


NAMES = [
    "Bob\namends:case/step", "Bob\x00\x1b[31m", "\u202eBob", "<script>alert(1)</script>", "B" * 5_000,
    "Dear {name}", "",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_and_subjects_end_as_one_line_in_one_note(ours: Helpdesk, zendesk: StandIn, name: str) -> None:
    ticket = complaint(zendesk, subject=f"Broken lamp {name[:200]}", name=name or "x")
    zendesk.account.users[ticket.requester_id].name = name
    ours.heed(ticket)
    ours.work(days=3)  # a reminder names it too
    notes = [comment.body for comment in zendesk.witness.notes(zendesk.bot, ticket)]
    markers = [line for text in notes for line in text.splitlines() if line.startswith("amends:")]
    assert all(line.startswith(f"amends:{ours.case().id}/") for line in markers)
    assert len(markers) == len(set(markers)) == 3  # two letters and a reminder, each once
    assert len(ours.case().complainant.name) <= 200
    assert ours.case().complainant.name.isprintable()
    assert ours.case().subject.isprintable()


def test_a_hundred_kilobytes_of_complaint_get_one_note_that_fits(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk, text=f"{COMPLAINT}\n" + "I am disappointed, and the lamp is broken.\n" * 2_500)
    ours.heed(ticket)
    assert set(ticket.tags) >= {"complaint"}
    (note,) = zendesk.witness.notes(zendesk.bot, ticket)
    assert len(note.body) < 65_535


def test_a_ticket_of_many_pages_is_read_to_its_end(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    for number in range(250):
        zendesk.people.agent_note(ticket, f"Looked at it, {number}.")
    zendesk.people.agent_replies(ticket, REPLY)
    ours.heed(ticket)
    assert due(ours.case()).met_by == "reply"


def test_where_zendesk_takes_no_more_comments_there_are_tags_and_no_endless_tries(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    ticket = complaint(zendesk)
    for number in range(4_999):
        zendesk.people.agent_note(ticket, f"{number}")
    ours.heed(ticket)
    ours.work(minutes=6)
    asked = len(zendesk.witness.puts(ticket))
    for _ in range(3):
        ours.work(minutes=6)
    assert set(ticket.tags) == OURS
    assert len(zendesk.witness.puts(ticket)) == asked == 1
    (draft,) = [task for task in ours.case().tasks if task.kind is Kind.DRAFT and task.state is TaskState.DROPPED]
    assert draft.note == f"the ticket #{ticket.id} holds 5,000 comments, and Zendesk takes no more"


def test_what_zendesk_will_never_have_is_said_and_holds_up_nothing_else(ours: Helpdesk, zendesk: StandIn) -> None:
    first, second = complaint(zendesk, 1), complaint(zendesk, 2)
    zendesk.faults.fail(f"PUT tickets/{first.id}", 422, times=1_000)
    ours.heed(first, second)
    assert set(second.tags) == OURS
    assert "Zendesk will not have it: 422" in ours.fault()
    for _ in range(3):
        ours.work(minutes=6)
    assert len(zendesk.witness.puts(first)) <= 5  # each five minutes at most
    assert {task.note for task in ours.case_of(first).open_tasks() if task.kind is Kind.TAG} == {ours.fault()}


def test_a_ticket_without_words_is_nothing(ours: Helpdesk, zendesk: StandIn) -> None:
    anna = zendesk.account.join("Anna", "anna@example.org")
    zendesk.account.create(Act(author=anna, via=came("web"), values={"subject": "Hello"}), anna)
    ours.work()
    ours.heed(*zendesk.account.tickets.values())
    assert ours.cases() == []


def test_a_ticket_whose_people_are_gone_is_read_all_the_same(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk)
    zendesk.people.agent_replies(ticket, REPLY)
    gone = zendesk.account.users.pop(ticket.requester_id)
    ours.heed(ticket)
    assert ours.case().complainant.email == f"user-{gone.id}@zendesk.invalid"
    assert due(ours.case()).met_by == "reply"
    zendesk.account.users[gone.id] = gone


def test_tags_nobody_can_have_meant_for_us_stay_as_they_are(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = complaint(zendesk, 0, tags=["Very Important", "ÄRGER", "complaint_old", "x" * 80])
    before = set(ticket.tags)
    ours.heed(ticket)
    assert set(ticket.tags) == before | OURS


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_ten_minutes_off_changes_no_date(zendesk: StandIn, tmp_path: Path, minutes: int) -> None:
    with helpdesk(tmp_path, zendesk, ahead=timedelta(minutes=minutes)) as ours:
        attach(ours)
        ticket = complaint(zendesk)
        written = zendesk.clock.now()
        ours.heed(ticket)
        assert (ours.case().received_at, ours.case().since) == (written, written)
        zendesk.clock.later(minutes=1)
        zendesk.people.agent_replies(ticket, REPLY)
        ours.heed(ticket)
        assert due(ours.case()).met_at == written + timedelta(minutes=1)


def test_the_hour_that_comes_twice_comes_once_in_zendesk(tmp_path: Path) -> None:
    with (
        on_friday(clock=Clock(datetime(2026, 10, 25, 0, 20, tzinfo=UTC))) as zendesk,
        helpdesk(tmp_path, zendesk) as ours,
    ):
        attach(ours)
        tickets = [complaint(zendesk, 0)]
        zendesk.clock.later(hours=1)
        tickets.append(complaint(zendesk, 1))
        ours.work()
        first, second = (due(ours.case_of(ticket)).due_at for ticket in tickets)
        assert second - first == timedelta(hours=1)


def test_a_reminder_that_is_due_in_a_reopened_case_is_not_lost_with_a_follow_up_of_ours(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    """Our own follow-up ticket is read like any other, and is no new complaint."""
    ticket = complaint(zendesk)
    ours.heed(ticket)
    zendesk.people.solve(ticket, REPLY)
    ours.heed(ticket)
    zendesk.clock.later(hours=2)
    zendesk.people.close_by_time(timedelta(hours=1))
    ours.work(days=5)
    ours.work()
    ours.desk.act(ours.case_of(ticket).id, Reopen(by="a test"))
    ours.work()
    (follower,) = (zendesk.account.tickets[number] for number in ticket.followup_ids)
    assert follow_up_via(ticket) == follower.via
    assert "amends-due" not in follower.tags
    assert len({case.id for case in ours.cases()}) == 1
