"""A stand-in for Zendesk: a real HTTP server on loopback that answers, refuses and calls back as Zendesk does.

    with StandIn(clock=Clock(FRIDAY)) as zendesk:
        ticket = zendesk.people.customer_writes("My parcel is lost")
        ...                                          # what is tested talks to zendesk.url
        assert not zendesk.witness.public_comments(by=zendesk.bot)

server     the HTTP edge: addresses, who may ask, what is logged, what goes wrong on purpose
api        what is asked and answered, path by path (asked, paging, search, shown)
account    tickets, users and their rules; one audit for each change (records, edit, refusals)
export     the incremental export: cursors, the missing last minute, repeats
rules      triggers and automations: conditions, actions, placeholders
webhooks   signed calls to an address, held back until a test lets them go
once       the Idempotency-Key of new tickets
limits     how often one may ask
faults     lost answers, cut connections, broken JSON, 5xx, slowness; asked for by method and path
people     what customers and agents do
page       the tickets as an agent sees them, for whoever wants to look
witness    what was done by whom, for assertions
shapes     every answer against the official description, and against schemas of ours where that leaves things open

State lives in memory, all of it under one lock. The clock stands still unless told to run.
"""

from __future__ import annotations

from integrations.zendesk.standin.clock import Clock
from integrations.zendesk.standin.limits import Limits
from integrations.zendesk.standin.server import StandIn

__all__ = ["Clock", "Limits", "StandIn"]
