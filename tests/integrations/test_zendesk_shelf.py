"""What is kept at hand spares requests, and is never believed too long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.zendesk import shelf as module
from integrations.zendesk.shelf import Shelf
from integrations.zendesk.standin import StandIn
from integrations.zendesk.wire import Gone, Wire
from plugin.inbox import InboxUnavailable
from tests.zendesk.desk import attached, on_friday


@pytest.fixture
def zendesk() -> Iterator[StandIn]:
    with on_friday() as standin:
        yield standin


@pytest.fixture
def wire(zendesk: StandIn) -> Iterator[Wire]:
    wire = Wire(attached(zendesk))
    yield wire
    wire.close()


def test_a_ticket_is_two_requests_and_then_none(zendesk: StandIn, wire: Wire) -> None:
    ticket, shelf = zendesk.people.customer_writes("hello"), Shelf()
    standing = shelf.read(wire, ticket.id)
    assert shelf.fresh(wire, ticket.id) is standing
    assert [one.name for one in shelf.people(wire, [ticket.requester_id, -1, 0]).values()] == ["Anna Jones"]
    assert len(zendesk.witness.log) == 2


def test_after_a_while_it_is_read_anew(zendesk: StandIn, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, shelf = zendesk.people.customer_writes("hello"), Shelf()
    shelf.read(wire, ticket.id)
    zendesk.people.agent_tags(ticket, "vip")
    monkeypatch.setattr(module, "_FRESH", 0.0)
    assert shelf.fresh(wire, ticket.id).ticket["tags"] == ["vip"]


@pytest.mark.parametrize("forget", [lambda shelf, number: shelf.forget(number), lambda shelf, number: shelf.clear()])
def test_what_nobody_is_sure_of_is_read_anew(zendesk: StandIn, wire: Wire, forget: object) -> None:
    ticket, shelf = zendesk.people.customer_writes("hello"), Shelf()
    shelf.read(wire, ticket.id)
    assert callable(forget)
    forget(shelf, ticket.id)
    shelf.fresh(wire, ticket.id)
    assert len(zendesk.witness.log) == 4


@pytest.mark.parametrize("pattern", ["GET tickets/*", "GET tickets/*/audits"])
def test_half_a_reading_is_not_kept(zendesk: StandIn, wire: Wire, pattern: str) -> None:
    ticket, shelf = zendesk.people.customer_writes("hello"), Shelf()
    shelf.read(wire, ticket.id)
    zendesk.faults.drop(pattern)
    with pytest.raises(InboxUnavailable):
        shelf.read(wire, ticket.id)
    zendesk.people.delete(ticket)
    with pytest.raises(Gone):
        shelf.fresh(wire, ticket.id)


def test_only_so_many_tickets_are_at_hand(zendesk: StandIn, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TICKETS", 2)
    tickets, shelf = [zendesk.people.customer_writes("hello") for _ in range(3)], Shelf()
    for ticket in tickets:
        shelf.read(wire, ticket.id)
    zendesk.witness.forget()
    shelf.fresh(wire, tickets[2].id)
    assert zendesk.witness.log == []
    shelf.fresh(wire, tickets[0].id)
    assert len(zendesk.witness.log) == 2


def test_people_nobody_knows_any_more_are_left_out(zendesk: StandIn, wire: Wire) -> None:
    anna = zendesk.account.join("Anna", "anna@example.org")
    assert set(Shelf().people(wire, [anna.id, 4711])) == {anna.id}
