"""What stands in the notes a colleague reads: words that fit a ticket, and only what is still ahead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.zendesk.standin import StandIn
from tests.zendesk.desk import Helpdesk, helpdesk

SOON = """
    name: soon
    about: An answer within the hour.
    when: complaint_received
    then:
      - due_by: {for: acknowledgement, within: 1 hour}
      - due_by: {for: update, every: 2 days}
    """
LATER = """
    name: later
    about: A question after it is settled.
    when: resolved
    then:
      - follow_up: {after: 1 hour, draft: still-satisfied}
    """


@pytest.fixture
def ours(zendesk: StandIn, tmp_path: Path) -> Iterator[Helpdesk]:
    with helpdesk(tmp_path, zendesk, SOON, LATER) as there:
        there.work()
        yield there


def test_a_reminder_in_a_ticket_says_how_it_is_ended_there(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("My lamp came broken. I want my money back.")
    ours.work()
    ours.work(hours=2)
    told = ours.note(ticket)
    assert "To do: acknowledge this complaint" in told
    assert "take the tag amends-due off this ticket" in told
    assert "A draft may stand in a note above" in told
    assert "Drafts" not in told
    assert "flag" not in told


def test_what_was_promised_until_it_was_settled_is_not_ahead_any_more(ours: Helpdesk, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("My lamp came broken. I want my money back.")
    ours.work()
    assert "update due by" in ours.note(ticket)
    zendesk.people.solve(ticket, "A new lamp is on its way.")
    ours.work()
    ours.work(hours=2)
    told = ours.note(ticket)
    assert "ask whether all is well" in told
    assert "due by" not in told.partition("To do:")[0]
