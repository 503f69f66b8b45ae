"""The incremental export of tickets (documentation/ticketing/managing-tickets/using-the-incremental-export-api).

It goes by generated_timestamp, leaves out the last minute before the request, and shows what was deleted as deleted.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.account import Account, changed_since
from integrations.zendesk.standin.clock import unix
from integrations.zendesk.standin.records import Json, Ticket
from integrations.zendesk.standin.shown import Shown

LEFT_OUT = timedelta(minutes=1)


class Export:
    """`page` is how many tickets an answer holds; with `repeats` it begins with the last so many of the page before."""

    def __init__(self, account: Account, shown: Shown) -> None:
        self.page = 1000
        self.repeats = 0
        self._account, self._shown = account, shown

    def by_cursor(self, start: int | None, cursor: str, size: int, keep: Callable[[Ticket], bool]) -> Json:
        """One page behind the cursor, or from the start time on."""
        after = _decoded(cursor) if cursor else self._from(start)
        found = self._found(after, keep)
        shown, more = self._cut(found, size)
        behind = _encoded(shown[-1]) if shown else cursor or None
        again = self._before(after, keep) if cursor else []
        return {
            "tickets": [self._shown.ticket(t, exported=True) for t in (*again, *shown)], "after_cursor": behind,
            "after_url": f"{self._shown.url('incremental/tickets/cursor')}?cursor={behind}" if behind else None,
            "before_cursor": None, "before_url": None, "end_of_stream": not more,
        }  # fmt: skip

    def by_time(self, start: int | None, size: int, keep: Callable[[Ticket], bool]) -> Json:
        """One page from the start time on; the next one starts at the second this one ends with, and so repeats."""
        shown, more = self._cut(self._found(self._from(start), keep), size)
        end = unix(shown[-1].generated_at) if shown else start
        following = f"{self._shown.url('incremental/tickets')}?start_time={end}"
        return {
            "tickets": [self._shown.ticket(t, exported=True) for t in shown], "count": len(shown), "end_time": end,
            "next_page": following, "end_of_stream": not more,
        }  # fmt: skip

    def _from(self, start: int | None) -> tuple[datetime, int]:
        if start is None:
            raise refusals.wrong_value("start_time: is required", 400)
        at = datetime.fromtimestamp(start, UTC)
        if at > self._account.clock.now() - LEFT_OUT:
            raise refusals.wrong_value("Too recent start_time. Use a start_time older than 1 minute")
        return at, -1

    def _found(self, after: tuple[datetime, int], keep: Callable[[Ticket], bool]) -> list[Ticket]:
        known = [ticket for ticket in self._account.tickets.values() if keep(ticket)]
        return changed_since(known, after, self._account.clock.now() - LEFT_OUT)

    def _before(self, until: tuple[datetime, int], keep: Callable[[Ticket], bool]) -> list[Ticket]:
        if not self.repeats:
            return []
        known = [t for t in self._account.tickets.values() if keep(t) and (t.generated_at, t.id) <= until]
        return sorted(known, key=lambda t: (t.generated_at, t.id))[-self.repeats :]

    def _cut(self, found: list[Ticket], size: int) -> tuple[list[Ticket], bool]:
        most = min(size or self.page, self.page)
        return found[:most], len(found) > most


def _encoded(ticket: Ticket) -> str:
    return base64.b64encode(f"{ticket.generated_at.timestamp()}||{ticket.id}|".encode()).decode()


def _decoded(cursor: str) -> tuple[datetime, int]:
    try:
        at, _, ticket_id, _ = base64.b64decode(cursor, validate=True).decode().split("|")
        return datetime.fromtimestamp(float(at), UTC), int(ticket_id)
    except (ValueError, binascii.Error):
        raise refusals.wrong_value("cursor: is not valid", 400) from None
