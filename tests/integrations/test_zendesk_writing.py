"""What one run writes into a ticket, as the account itself has it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from integrations.zendesk.client import ZendeskInbox
from integrations.zendesk.standin import StandIn
from integrations.zendesk.standin.records import Role, Ticket
from plugin.inbox import Change, InboxRefused, InboxUnavailable
from plugin.model import Place, Reminder, Written
from tests.zendesk.desk import attached, on_friday

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.fixture
def zendesk() -> Iterator[StandIn]:
    with on_friday() as standin:
        yield standin


@pytest.fixture
def inbox(zendesk: StandIn) -> Iterator[ZendeskInbox]:
    inbox = ZendeskInbox(attached(zendesk))
    yield inbox
    inbox.close()


@pytest.fixture
def ticket(zendesk: StandIn) -> Ticket:
    return zendesk.people.customer_writes("My lamp is broken.", tags=["vip"])


def tags(ticket: Ticket, *add: str, key: str = "c1/1/tag", remove: tuple[str, ...] = ()) -> Change:
    return Change(key=key, case="c1", place=Place("tickets", ticket.id, 1), add_tags=add, remove_tags=remove)


def remind(ticket: Ticket) -> Change:
    item = Reminder(
        message_id="<amends.r1@example.com>", case="c1", subject="To do: answer - Lamp", text="Now.", at=NOW
    )
    return Change(key="c1/1/reminder", case="c1", place=Place("tickets", ticket.id, 1), reminder=item)


@pytest.mark.parametrize("fault", ["drop", "lose", "truncate"])
def test_a_tag_that_came_in_the_same_second_is_put_back_even_if_that_fails_at_first(
    zendesk: StandIn, inbox: ZendeskInbox, ticket: Ticket, fault: str
) -> None:
    zendesk.faults.meanwhile("PUT tickets/*", lambda: zendesk.people.agent_tags(ticket, "urgent"))
    getattr(zendesk.faults, fault)("PUT tickets/*")
    with pytest.raises(InboxUnavailable):
        inbox.write([tags(ticket, "complaint")])
    (receipt,) = inbox.write([tags(ticket, "complaint")])
    assert receipt.tags_added == ("complaint",)
    assert set(ticket.tags) == {"complaint", "urgent", "vip"}
    asked = len(zendesk.witness.puts())
    inbox.write([tags(ticket, "complaint")])
    assert len(zendesk.witness.puts()) == asked


def test_what_a_rule_of_the_account_did_to_our_update_is_left_alone(
    zendesk: StandIn, inbox: ZendeskInbox, ticket: Ticket
) -> None:
    inbox.write([tags(ticket, "complaint")])
    zendesk.people.agent_tags(ticket, "escalated")
    inbox.write([tags(ticket, "category-billing", key="c1/2/tag", remove=("complaint",))])
    assert set(ticket.tags) == {"category-billing", "escalated", "vip"}


def test_a_reminder_is_settled_in_the_ticket_where_it_lies(
    zendesk: StandIn, inbox: ZendeskInbox, ticket: Ticket
) -> None:
    other = zendesk.people.customer_writes("Another matter.", sender="bob@example.org")
    (receipt,) = inbox.write([remind(other)])
    assert receipt.reminder is not None
    assert "amends-due" in other.tags
    lies = Written("<amends.r1@example.com>", "reminder", receipt.reminder.place, "")
    inbox.write([Change(key="s", case="c1", place=Place("tickets", ticket.id, 1), settle=(lies,))])
    assert "amends-due" not in other.tags
    assert ticket.tags == ("vip",)


def test_a_change_nobody_knows_the_ticket_of_can_never_be_written(inbox: ZendeskInbox) -> None:
    (receipt,) = inbox.write([Change(key="k", case="c1", add_tags=("complaint",))])
    assert receipt.gone == "nobody knows which ticket it belongs to"


def test_a_ticket_we_may_not_touch_is_refused_alone_and_a_login_without_rights_as_a_whole(
    zendesk: StandIn, inbox: ZendeskInbox, ticket: Ticket
) -> None:
    other = zendesk.people.customer_writes("Another matter.", sender="bob@example.org")
    zendesk.faults.fail(f"PUT tickets/{ticket.id}", 403)
    first, second = inbox.write([tags(ticket, "complaint"), tags(other, "complaint", key="k2")])
    assert first.refused == f"ticket #{ticket.id}: Zendesk does not let bot@example.com do that"
    assert second.tags_added == ("complaint",)
    zendesk.bot.role = Role.END_USER
    with pytest.raises(InboxRefused):
        inbox.write([tags(ticket, "severity-low", key="k3")])
