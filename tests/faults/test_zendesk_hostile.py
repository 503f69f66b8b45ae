"""What an account may hold that nobody foresaw: odd records, tickets merged twice, silence in the midst of a look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from integrations.zendesk.shelf import Shelf
from integrations.zendesk.sidebar.keys import Keys
from integrations.zendesk.standin import StandIn
from integrations.zendesk.standin.records import Ticket
from integrations.zendesk.wire import Wire
from plugin.decide import EndTask
from plugin.inbox import InboxRefused, InboxUnavailable
from plugin.timeline import Case, Status, TaskState
from plugin.web import create_app, open_sidebars
from tests.beside import beside, signer
from tests.zendesk.desk import Helpdesk, attach, attached, helpdesk, on_friday

COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."
REPLY = "Dear Anna, a new lamp is on its way to you."
QUESTION = "Do you sell blue lamps?"
ANNA, BOB = "anna@example.org", "bob@example.org"

Json = dict[str, Any]


@pytest.fixture
def zendesk() -> Iterator[StandIn]:
    with on_friday() as standin:
        yield standin


@pytest.fixture
def ours(zendesk: StandIn, tmp_path: Path) -> Iterator[Helpdesk]:
    with helpdesk(tmp_path, zendesk) as one:
        attach(one)
        yield one


def asks(zendesk: StandIn, text: str = COMPLAINT, sender: str = ANNA) -> Ticket:
    zendesk.clock.later(seconds=2)
    return zendesk.people.customer_writes(text, subject=f"About {text[:12]}", sender=sender)


def merged(ours: Helpdesk, source: Ticket, into: Ticket) -> None:
    ours.zendesk.clock.later(minutes=1)
    ours.zendesk.people.merge(source, into=into)
    ours.heed(source, into)
    ours.zendesk.clock.later(minutes=1)


def met_by(case: Case) -> str:
    return next(due.met_by for due in case.due if due.due_for == "acknowledgement")


def raised(case: Case) -> list[str]:
    return [task.key for task in case.tasks if task.state is TaskState.RAISED]


# ---- odd records ----------------------------------------------------------------------------------------------------

SPOKEN: Json = {"id": 5, "type": "VoiceComment", "author_id": 1, "body": COMPLAINT, "public": True}
ODD: dict[str, Json] = {
    "no author": {"id": 5, "type": "VoiceComment", "body": COMPLAINT},
    "an author that is none": SPOKEN | {"author_id": None},
    "a huge id": SPOKEN | {"id": 10**25},
    "a file that is none": SPOKEN | {"attachments": [None]},
    "a size in words": SPOKEN | {"attachments": [{"file_name": "lamp.jpg", "size": "large"}]},
    "tags that are none": {"id": 5, "type": "Change", "field_name": "tags", "value": [None, 7]},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("noticed", [True, False], ids=["by notice", "by the export"])
def test_a_ticket_that_makes_no_sense_is_put_aside_and_holds_up_no_other(
    ours: Helpdesk, zendesk: StandIn, odd: Json, noticed: bool
) -> None:
    strange, good = asks(zendesk), asks(zendesk, sender=BOB)
    strange.audits[0] = replace(strange.audits[0], events=(*strange.audits[0].events, odd))
    ours.heed(strange, good) if noticed else ours.work()
    assert [case.complainant.email for case in ours.cases()] == [BOB]
    with ours.desk.store.reading() as session:
        (aside,) = session.aside()
    assert (aside["validity"], ours.fault()) == (strange.id, "")
    assert COMPLAINT not in aside["reason"]
    zendesk.misshapen.clear()  # the stand-in knows that it told nonsense


def test_a_ticket_that_comes_to_make_no_sense_is_not_written_and_holds_up_no_other(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    strange, good = asks(zendesk), asks(zendesk, sender=BOB)
    ours.heed(strange, good)
    strange.audits[0] = replace(strange.audits[0], events=(*strange.audits[0].events, ODD["no author"]))
    strange.audits[0] = replace(strange.audits[0], metadata={"custom": "none of ours"})
    ours.work(hours=9)
    ours.work(minutes=5)
    assert "amends-due" in good.tags
    assert "makes no sense" in ours.fault()
    zendesk.misshapen.clear()


def test_a_ticket_zendesk_will_not_tell_is_put_aside_and_holds_up_no_other(ours: Helpdesk, zendesk: StandIn) -> None:
    strange, good = asks(zendesk), asks(zendesk, sender=BOB)
    zendesk.faults.fail(f"GET tickets/{strange.id}/audits", 422)
    ours.heed(strange, good)
    assert [case.complainant.email for case in ours.cases()] == [BOB]


@pytest.mark.parametrize("status", [400, 404, 409, 422])
@pytest.mark.parametrize("asked", ["users/me", "users/show_many", "incremental/**"])
def test_what_every_account_answers_is_a_sentence_where_it_does_not(
    tmp_path: Path, zendesk: StandIn, asked: str, status: int
) -> None:
    with helpdesk(tmp_path, zendesk) as ours:
        if asked != "users/me":
            attach(ours)
        zendesk.people.agent_note(asks(zendesk), "Seen.", by=zendesk.people.agent_named("Bob"))
        zendesk.faults.fail(f"GET {asked}", status, times=9)
        zendesk.clock.later(minutes=2)
        with suppress(InboxRefused):
            ours.desk.poll(ours.name)
        assert ours.fault().startswith("inbox helpdesk: ")


def test_people_asked_for_again_are_not_dropped_for_those_nobody_asks_for(zendesk: StandIn) -> None:
    """Whoever is not known would count as somebody from outside, so a reply would be none."""
    shelf, wire = Shelf(), Wire(attached(zendesk))
    bob = zendesk.people.agent_named("Bob")
    agent: Json = {"id": zendesk.people.agent.id, "role": "agent"}
    shelf.meet([agent, *({"id": number, "role": "end-user"} for number in range(10**6, 10**6 + 4095))])
    shelf.meet([agent, {"id": bob.id, "role": "agent"}])  # asked for anew, and one more than there is room for
    zendesk.faults.fail("GET users/**", 503)
    assert {one.id for one in shelf.people(wire, [agent["id"], bob.id]).values()} == {agent["id"], bob.id}
    wire.close()


# ---- an answer that fails in the midst of a look --------------------------------------------------------------------


@pytest.mark.parametrize("noticed", [True, False], ids=["by notice", "by the export"])
def test_what_was_read_before_zendesk_stopped_answering_need_not_be_read_again(
    ours: Helpdesk, zendesk: StandIn, noticed: bool
) -> None:
    """Else an account that allows fewer requests than a page takes would never be read to its end."""
    tickets = [asks(zendesk, QUESTION, f"a{number}@example.org") for number in range(10)]
    topics = [f"ticket:{ticket.id}" for ticket in tickets]
    zendesk.clock.later(minutes=2)
    zendesk.faults.fail("GET tickets/*/audits", 503, after=6)
    with pytest.raises(InboxUnavailable):
        ours.heed(*tickets) if noticed else ours.work()
    with ours.desk.store.reading() as session:
        assert len(session.bookmarks(ours.name, topics)) == 6
        assert len(session.notices.waiting(ours.name)) == (4 if noticed else 0)
    ours.work()
    with ours.desk.store.reading() as session:
        assert len(session.bookmarks(ours.name, topics)) == 10


# ---- tickets that were joined ---------------------------------------------------------------------------------------


def test_where_a_complaint_was_merged_into_solving_it_resolves_the_case(ours: Helpdesk, zendesk: StandIn) -> None:
    first, second = asks(zendesk), asks(zendesk, QUESTION)
    ours.heed(first, second)
    merged(ours, first, into=second)
    zendesk.people.solve(second)  # without a word
    ours.heed(second)
    assert ours.case().status is Status.RESOLVED


def test_where_a_complaint_was_merged_into_throwing_it_away_ends_the_case(ours: Helpdesk, zendesk: StandIn) -> None:
    first, second = asks(zendesk), asks(zendesk, QUESTION)
    ours.heed(first, second)
    merged(ours, first, into=second)
    zendesk.people.delete(second)
    ours.heed(second)
    assert (ours.case().status, ours.case().open_tasks()) == (Status.RESOLVED, ())


def test_a_complaint_merged_twice_is_answered_where_it_ended_up(ours: Helpdesk, zendesk: StandIn) -> None:
    first, second, third = asks(zendesk), asks(zendesk, QUESTION), asks(zendesk, f"{QUESTION} Or red ones?")
    ours.heed(first, second, third)
    merged(ours, first, into=second)
    merged(ours, second, into=third)
    zendesk.people.agent_replies(third, REPLY)
    ours.heed(third)
    assert met_by(ours.case()) == "reply"
    zendesk.people.solve(third)
    ours.heed(third)
    assert ours.case().status is Status.RESOLVED


def test_what_a_stranger_says_where_a_complaint_was_merged_into_is_no_word_of_the_complainant(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    first, second = asks(zendesk), asks(zendesk, QUESTION, BOB)
    ours.heed(first, second)
    merged(ours, first, into=second)
    zendesk.people.agent_replies(second, "Dear Bob, we do.")
    ours.heed(second)
    assert met_by(ours.case()) == ""  # Anna has heard nothing


def test_the_tag_stays_as_long_as_something_of_another_case_in_the_ticket_is_due(
    ours: Helpdesk, zendesk: StandIn
) -> None:
    first, second = asks(zendesk), asks(zendesk, sender=BOB)
    ours.heed(first, second)
    merged(ours, first, into=second)
    ours.work(hours=9)
    ours.work(minutes=5)
    here, there = ours.cases()
    assert raised(here)
    assert raised(there)
    _do_all(ours, here)
    assert "amends-due" in second.tags
    _do_all(ours, there)
    assert "amends-due" not in second.tags


def _do_all(ours: Helpdesk, case: Case) -> None:
    for key in raised(case):
        ours.desk.act(case.id, EndTask(key=key, done=True, by="Ada"))
    ours.work(minutes=15)  # else it would be the fourth update within ten minutes


# ---- people and their words -----------------------------------------------------------------------------------------


def test_a_reply_reaches_a_complainant_who_has_another_address_by_now(zendesk: StandIn, tmp_path: Path) -> None:
    with helpdesk(tmp_path, zendesk) as ours:
        attach(ours)
        ticket = asks(zendesk)
        ours.heed(ticket)
    zendesk.account.users[ticket.requester_id].email = "anna@new.example"
    with helpdesk(tmp_path, zendesk) as ours:  # started again, so that nobody is known by heart
        zendesk.people.agent_replies(ticket, REPLY)
        ours.heed(ticket)
        assert met_by(ours.case()) == "reply"


def test_an_agents_tag_makes_a_complaint_of_a_ticket_older_than_amends(zendesk: StandIn, tmp_path: Path) -> None:
    ticket = asks(zendesk, "I was told to wait.")
    zendesk.clock.later(hours=5)
    with helpdesk(tmp_path, zendesk) as ours:
        attach(ours)
        zendesk.people.agent_tags(ticket, "complaint")
        ours.heed(ticket)
        assert (ours.case().status, ours.case().historic) == (Status.OPEN, True)
        assert zendesk.witness.notes(zendesk.bot, ticket) == []  # it came before us: no draft, no reminder
        zendesk.people.solve(ticket)
        ours.heed(ticket)
        assert ours.case().status is Status.RESOLVED


# ---- the sidebar ----------------------------------------------------------------------------------------------------


def test_a_token_used_at_one_inbox_opens_no_other_of_the_same_account(tmp_path: Path) -> None:
    with signer() as zendesk, beside(tmp_path, zendesk) as desk:
        both = [desk.settings, replace(desk.settings, name="second")]
        pages = open_sidebars(desk.register, lambda: desk.desk, both, lambda: desk.now)
        browser = create_app(desk.register, clock=lambda: desk.now, sidebars=pages).test_client()
        token = {"token": zendesk.token(desk.now)}
        assert browser.post("/sidebar/helpdesk", data=token).status_code == 200
        assert browser.post("/sidebar/second", data=token).status_code == 401


def test_strangers_who_come_while_zendesk_is_silent_hold_few_threads() -> None:
    """Those threads are needed for calls; whoever finds several waiting is told at once."""
    silent, told = threading.Event(), threading.Semaphore(0)

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            silent.wait(20)
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    def load(keys: Keys) -> None:
        with suppress(InboxUnavailable):
            keys.known()
        told.release()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with on_friday() as zendesk:
        keys = Keys(replace(attached(zendesk), url=f"http://127.0.0.1:{server.server_port}", sidebar_app=77))
        visitors = [threading.Thread(target=load, args=(keys,)) for _ in range(32)]
        for visitor in visitors:
            visitor.start()
        for _ in range(28):
            told.acquire()  # all but four have an answer, though Zendesk has said nothing yet
        assert not silent.is_set()
        silent.set()
        for visitor in visitors:
            visitor.join()
    server.shutdown()
    server.server_close()
