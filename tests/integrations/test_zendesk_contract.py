"""Zendesk keeps the promises every inbox makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest

from integrations.zendesk import note
from integrations.zendesk.client import ZendeskInbox
from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.standin.records import Ticket
from plugin.inbox import Inbox
from plugin.model import Place
from plugin.testing import Box, InboxContract
from tests.zendesk.desk import FRIDAY, attached


@dataclass(frozen=True, slots=True)
class ZendeskBox:
    """Tickets and what people do to them; `deliver` lets the minute pass that the export does not show."""

    zendesk: StandIn
    inbox: Inbox

    def deliver(self, text: str, subject: str) -> None:
        self.zendesk.people.customer_writes(text, subject=subject)
        self.zendesk.clock.later(minutes=3)

    def mark(self, subject: str, tag: str) -> None:
        self.zendesk.people.agent_tags(self._ticket(subject), tag)

    def marks(self, subject: str) -> set[str]:
        return set(self._ticket(subject).tags)

    def drafts(self) -> list[str]:
        notes = (comment.body for comment in self.zendesk.witness.notes(self.zendesk.bot))
        steps = [step.partition("/")[2] for text in notes for step in note.markers(text)]
        return [f"<amends.{step}@example.com>" for step in steps]

    def snapshot(self) -> object:
        tickets = self.zendesk.account.tickets.values()
        return [(ticket.id, ticket.tags, ticket.status, len(ticket.audits)) for ticket in tickets]

    def somewhere(self) -> Place:
        ticket = self.zendesk.people.customer_writes("My kettle is broken.", subject="Kettle")
        return Place("tickets", ticket.id, 1)

    def _ticket(self, subject: str) -> Ticket:
        return next(one for one in self.zendesk.account.tickets.values() if one.values["subject"] == subject)


class TestZendeskInbox(InboxContract):
    """The same promises as every inbox's; a note once written stays, and is offered no more."""

    notes_stay: ClassVar[bool] = True

    @pytest.fixture
    def box(self) -> Iterator[Box]:
        with StandIn(clock=Clock(FRIDAY), limits=Limits.none()) as zendesk:
            inbox = ZendeskInbox(attached(zendesk), export_every=0)
            yield ZendeskBox(zendesk, inbox)
            inbox.close()
            assert zendesk.misshapen == []
            assert zendesk.witness.unsaid_or_public() == []
            ours = zendesk.witness.audits(zendesk.bot)
            assert all(audit.metadata["custom"][note.METADATA] for audit in ours)
