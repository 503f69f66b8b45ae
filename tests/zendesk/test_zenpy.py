"""What zenpy 2.0.57 does by itself, shown on the stand-in: why it is not used as it comes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Ticket
from zenpy.lib.exception import RatelimitBudgetExceeded

from integrations.zendesk.standin import StandIn
from tests.zendesk.conftest import note, zenpy


def test_zenpy_repeats_an_update_whose_answer_was_lost(careless: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.faults.lose("PUT tickets/*", times=3)
    careless.tickets.update(note(ticket.id))
    assert len(zendesk.witness.notes(zendesk.bot, ticket)) == 4


def test_zenpy_does_not_wait_after_a_503(careless: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.faults.fail("GET tickets/*", 503, times=3, retry_after="3600")
    assert careless.tickets(id=ticket.id).subject == "Where is my parcel?"
    assert [one.status for one in zendesk.witness.reads()] == [503, 503, 503, 200]


def test_zenpy_waits_within_the_call_or_gives_up_for_good(zendesk: StandIn, http: requests.Session) -> None:
    client = zenpy(zendesk, http, budget=1)
    zendesk.faults.fail("GET users/me", 429, times=2, retry_after="3600")
    for _ in range(2):
        with pytest.raises(RatelimitBudgetExceeded):
            client.users.me()


def test_zenpy_stumbles_over_a_429_with_a_date(api: Zenpy, zendesk: StandIn) -> None:
    zendesk.faults.fail("GET users/me", 429, retry_after="Fri, 20 Nov 2026 17:00:00 GMT")
    with pytest.raises(ValueError, match="invalid literal"):
        api.users.me()


def test_zenpy_sends_a_time_as_a_day(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    api.tickets.update(Ticket(id=ticket.id, type="task", due_at=datetime(2026, 12, 1, 17, 0, tzinfo=UTC)))
    assert zendesk.witness.puts()[0].json["ticket"]["due_at"] == "2026-12-01"
    zendesk.misshapen.clear()  # the description wants a time, and so a day is rightly told as a fault
    api.tickets.update(Ticket(id=ticket.id, due_at="2026-12-01T17:00:00Z"))
    assert ticket.values["due_at"] == "2026-12-01T17:00:00Z"


def test_zenpy_remembers_a_ticket_while_others_change_it(careless: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    careless.tickets(id=ticket.id)
    zendesk.people.agent_tags(ticket, "vip")
    assert careless.tickets(id=ticket.id).tags == []


def test_zenpy_takes_half_an_answer_for_a_success(api: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    zendesk.faults.truncate("PUT tickets/*")
    assert isinstance(api.tickets.update(note(ticket.id)), requests.Response)


def test_zenpy_sends_all_tags_when_one_is_appended(careless: Zenpy, zendesk: StandIn) -> None:
    ticket = zendesk.people.customer_writes("Broken.")
    read = careless.tickets(id=ticket.id)
    zendesk.people.agent_tags(ticket, "vip")
    read.tags.append("complaint")
    careless.tickets.update(read)
    assert [*ticket.tags] == ["complaint"]
