"""What was read a moment ago: tickets as they stood, and people. It spares reads; nothing depends on it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from integrations.zendesk.conversation import Json, Person, instant, person, steps_of
from integrations.zendesk.wire import Wire

_FRESH = 30.0  # seconds in which a ticket may be written as it was read; `updated_stamp` tells if it was changed
_TICKETS = 256
_PEOPLE = 4096
_KNOWN_FOR = 600.0  # seconds in which nobody's name or address is asked for again
_SYSTEM = 0  # ids up to here are no people


@dataclass(slots=True)
class Standing:
    """A ticket as it was read, with its audits."""

    ticket: Json
    audits: Sequence[Json]
    at: float = field(default_factory=time.monotonic)

    @property
    def steps(self) -> dict[str, Json]:
        """What we did to it, each step with its audit."""
        return {step: audit for audit in self.audits for step in steps_of(audit)}

    @property
    def runs(self) -> list[float]:
        """When we wrote to it, in seconds since 1970."""
        return [instant(audit["created_at"]).timestamp() for audit in self.audits if steps_of(audit)]


class Shelf:
    """Belongs to one inbox, and to one thread at a time."""

    def __init__(self) -> None:
        self._tickets: dict[int, Standing] = {}
        self._people: dict[int, tuple[Person, float]] = {}
        self.changed: dict[int, None] = {}
        """Tickets that turned out to be others than we thought: they are to be read soon."""

    def read(self, wire: Wire, ticket: int) -> Standing:
        """The ticket as it stands now, with two requests; raises Gone."""
        self.forget(ticket)
        found, users = wire.ticket(ticket)
        self.meet(users)
        return self.keep(Standing(found, wire.audits(ticket)))

    def keep(self, standing: Standing) -> Standing:
        """Have it at hand."""
        self._tickets[int(standing.ticket["id"])] = standing
        while len(self._tickets) > _TICKETS:
            del self._tickets[next(iter(self._tickets))]
        return standing

    def fresh(self, wire: Wire, ticket: int) -> Standing:
        """The ticket as it stood a moment ago, or as it stands now; raises Gone."""
        known = self._tickets.get(ticket)
        if known is None or time.monotonic() - known.at > _FRESH:
            return self.read(wire, ticket)
        return known

    def forget(self, ticket: int) -> None:
        """It is no longer as it was read."""
        self._tickets.pop(ticket, None)

    def clear(self) -> None:
        """Nobody knows what the last request did: everything must be read again before it is written."""
        self._tickets.clear()

    def meet(self, users: Iterable[Json]) -> None:
        """Remember who these are."""
        now = time.monotonic()
        for one in (person(user) for user in users if user and user.get("id")):
            # At the end, wherever it stood before: what is dropped must be what nobody asked for of late.
            self._people.pop(one.id, None)
            self._people[one.id] = (one, now)
        while len(self._people) > _PEOPLE:
            del self._people[next(iter(self._people))]

    def people(self, wire: Wire, ids: Iterable[int]) -> Mapping[int, Person]:
        """Who these are; those nobody knows are left out."""
        now, wanted = time.monotonic(), {one for one in ids if one > _SYSTEM}
        missing = {one for one in wanted if one not in self._people or now - self._people[one][1] > _KNOWN_FOR}
        if missing:
            self.meet(wire.users(missing))
        return {one: self._people[one][0] for one in wanted if one in self._people}
