"""W06: webhooks that never came, since nobody listened, are made up for by the export."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from integrations.zendesk.standin import Clock, Limits, StandIn
from tests.calls import SECRET
from tests.zendesk.desk import FRIDAY, helpdesk

COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."
DOWN = timedelta(minutes=30)


def test_all_of_half_an_hour_are_found_within_six_minutes(tmp_path: Path) -> None:
    with StandIn(clock=Clock(FRIDAY), limits=Limits()) as zendesk:
        zendesk.webhooks.add("http://127.0.0.1:9/", secret=SECRET)
        with helpdesk(tmp_path, zendesk, webhook_secret=SECRET) as desk:
            desk.work()
        tickets = []
        for number in range(30):
            sender = f"anna{number}@example.org"
            tickets.append(zendesk.people.customer_writes(COMPLAINT, subject=f"Broken {number}", sender=sender))
            zendesk.clock.later(minutes=1)
        assert len(zendesk.webhooks.drop()) == 60  # Zendesk has given up
        with helpdesk(tmp_path, zendesk, webhook_secret=SECRET) as desk:
            back = zendesk.clock.now()
            desk.work(minutes=2)
            assert len(desk.cases()) == 30
            assert zendesk.clock.now() - back <= timedelta(minutes=6)
            assert all(len(zendesk.witness.notes(zendesk.bot, ticket)) == 1 for ticket in tickets)
