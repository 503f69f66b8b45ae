"""W03: calls come twice and in any order; what is read is the ticket as it stands, so the end is always the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.standin.webhooks import Invocation
from integrations.zendesk.webhook import accept
from plugin.store import Entry
from plugin.timeline import Case
from tests.calls import HELPDESK, SECRET, called, event, invocation, post, signed, waiting
from tests.faults.called import Called
from tests.zendesk.desk import FRIDAY, Helpdesk, helpdesk

COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Helpdesk]:
    """A desk attached to an account that calls it."""
    with StandIn(clock=Clock(FRIDAY), limits=Limits.none()) as zendesk:
        zendesk.webhooks.add("http://127.0.0.1:9/", secret=SECRET)
        with helpdesk(tmp_path, zendesk, webhook_secret=SECRET) as desk:
            desk.work(seconds=1)
            zendesk.clock.later(seconds=5)
            yield desk


def six_events(zendesk: StandIn, number: int) -> list[Invocation]:
    """A customer complains and an agent answers at once: six events, and nobody has told us of them yet."""
    ticket = zendesk.people.customer_writes(COMPLAINT, subject="Broken", sender=f"anna{number}@example.org")
    zendesk.people.agent_replies(ticket, "We are sorry and look into it.", status="pending", tags=["lamp"])
    return zendesk.webhooks.drop()


def tell(team: Helpdesk, calls: Sequence[Invocation]) -> None:
    """These calls come, in this order."""
    now, webhooks = team.zendesk.clock.now(), team.zendesk.webhooks
    told = [accept(called(call.body, webhooks.headers(call)), HELPDESK, now) for call in calls]
    with team.desk.store.writing() as session:
        session.notices.enter(
            [Entry(inbox="helpdesk", id=one.id, at=now, topic=one.topic, group=one.group) for one in told]
        )


def nameless(case: Case) -> Hashable:
    """All that became of a case, but for what names it and its complainant."""
    dues = tuple((due.due_for, due.due_at, due.met_at, due.missed) for due in case.due)
    tasks = tuple((task.kind, task.run_at, task.state) for task in case.tasks)
    kept, judged = tuple(tag for _, tag in case.kept), (case.category, case.severity, case.language, case.tags)
    return case.status, case.round, judged, kept, dues, tasks, len(case.drafts), len(case.replies)


def test_all_720_orders_of_six_events_each_twice_end_alike(team: Helpdesk) -> None:
    stories = [(order, six_events(team.zendesk, number)) for number, order in enumerate(permutations(range(6)))]
    assert [len(calls) for _, calls in stories] == [6] * 720
    twice = [[calls[which] for which in (*order, *reversed(order))] for order, calls in stories]
    for early in twice[::12]:  # of some, a few calls come first, and are heeded before the others come
        tell(team, early[:5])
    team.desk.poll("helpdesk")
    for number, all_of_it in enumerate(twice):
        tell(team, all_of_it[5:] if number % 12 == 0 else all_of_it)
    team.desk.poll("helpdesk")
    cases = team.cases()
    assert len(cases) == 720
    assert len({nameless(case) for case in cases}) == 1
    assert waiting(team.desk.store) == []


def test_of_six_calls_a_ticket_is_read_once(team: Helpdesk) -> None:
    calls = six_events(team.zendesk, 1)
    team.zendesk.witness.forget()
    tell(team, calls * 2)
    team.desk.poll("helpdesk")
    reads = [one.path for one in team.zendesk.witness.reads() if one.path.startswith("tickets/")]
    assert sorted(reads) == ["tickets/1", "tickets/1/audits"]
    assert len(team.cases()) == 1


def test_what_belongs_to_one_topic_is_told_together_with_every_id(called: Called) -> None:
    for number, ticket in enumerate((7, 8, 7, 9, 8, 7)):
        body = event(ticket, sequence=str(ticket) * 32)
        assert post(called.caller(), body, signed(body, invocation=invocation(number))) == 202
        called.now = called.now.replace(microsecond=number + 1)
    assert waiting(called.store) == [invocation(number) for number in (0, 2, 5, 1, 4, 3)]
