"""Word to the team: once when nobody can look into an inbox any more, and once when all is well again.

What is wrong stands in the store with the inbox, and what was told beside it: a restart repeats nothing. What could not
be sent is tried again at the next look.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugin.channels import NotTold, send
from plugin.store import Session, Store

log = logging.getLogger("amends.alerts")

SILENT = timedelta(minutes=15)
"""So long an inbox may be unreachable, or its writes may wait, before anybody is told: networks drop."""
THROTTLED = timedelta(minutes=2)
"""A provider that asks for a shorter break is doing its ordinary work."""
STALE = timedelta(seconds=15)
"""So long after a start a refusal of before it is not told: the first look may find it mended."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to the team about an inbox; `kind` is empty where all is well again."""

    inbox: str
    kind: str  # silent | throttled | refused | unwritten
    title: str
    text: str


class Alerts:
    """Tells the team how the inboxes fare. Safe to call as often as one likes."""

    def __init__(
        self, store: Store, inboxes: Sequence[str], addresses: Sequence[str], clock: Callable[[], datetime]
    ) -> None:
        """Nothing is told without `addresses`, but for the log."""
        self._store, self._inboxes, self._addresses, self._clock = store, inboxes, addresses, clock
        self._began = clock()
        self._logged: dict[str, str] = {}

    def look(self) -> None:
        """Tell what is new; what does not get through is tried again at the next look."""
        for alert in list(self._due()):
            # What does not get through is tried for as long as it takes, and must not fill the log meanwhile.
            again = self._logged.get(alert.inbox) == alert.text
            self._logged[alert.inbox] = alert.text
            if not again:
                log.warning("%s", alert.text)
            if self._told(alert, logging.DEBUG if again else logging.WARNING):
                with self._store.writing(alert.inbox) as session:
                    session.keep_inbox(alert.inbox, told=alert.kind)

    def _due(self) -> Iterator[Alert]:
        now = self._clock()
        with self._store.reading() as session:
            for name in self._inboxes:
                row = session.inbox(name)
                if (alert := due(row, self._waiting_since(session, name), self._began, now)) is not None:
                    yield alert

    def _waiting_since(self, session: Session, name: str) -> datetime | None:
        count, oldest = session.unwritten(name)
        return oldest if count else None

    def _told(self, alert: Alert, level: int) -> bool:
        try:
            send(self._addresses, alert.title, alert.text)
        except NotTold as error:
            log.log(level, "%s", error)
            return False
        return True


def due(row: Mapping[str, Any], unwritten: datetime | None, began: datetime, now: datetime) -> Alert | None:
    """What the team is to be told about an inbox now, if anything: its row of the store, its oldest write that waits.

    `began` is since when anybody looks into it at all.
    """
    name, told = row["name"], row["told"]
    kind, since, why = _trouble(row, unwritten, began, now)
    if kind and (not told or (kind == "refused" and told != "refused")):
        return Alert(name, kind, f"Amends: inbox {name} needs you", _sentence(name, kind, since, why, row))
    if told and not kind and not row["fault"]:
        well = f"Inbox {name} is well again: what came meanwhile is taken in, and what waited is written."
        return Alert(name, "", f"Amends: inbox {name} is well again", well)
    return None


def _trouble(
    row: Mapping[str, Any], unwritten: datetime | None, began: datetime, now: datetime
) -> tuple[str, datetime, str]:
    """The kind of trouble that is worth a word, since when, and why; no kind where there is none."""
    since, why = row["fault_since"], row["fault"]
    if why and row["fault_kind"] == "refused":
        stale = row["fault_at"] is not None and row["fault_at"] < began and now - began < STALE
        return "" if stale else "refused", since or now, why
    if why and row["fault_until"] is not None and row["fault_until"] - row["fault_at"] >= THROTTLED:
        return "throttled", since or now, why
    heard = max(row["last_success"] or began, began)
    quiet = heard if row["fault_kind"] == "unwritten" else since or heard
    if now - quiet >= SILENT:
        return "silent", quiet, why or "nothing was heard of it, and nobody said why - see the log"
    if unwritten is not None and now - unwritten >= SILENT:
        return "unwritten", unwritten, why or "what was to be written still waits - `amends doctor` tells more"
    return "", now, ""


_WHAT = {
    "refused": "Nobody can get into inbox {name} since {since}: mail that comes is not seen until a person has looked.",
    "throttled": "Inbox {name} asks to be left alone until {until}: mail that comes is seen after that.",
    "silent": "Inbox {name} has not answered since {since}; mail that came is taken in as soon as it does.",
    "unwritten": "Tags, drafts or reminders for inbox {name} have been waiting since {since}.",
}


def _sentence(name: str, kind: str, since: datetime, why: str, row: Mapping[str, Any]) -> str:
    until = row["fault_until"] or since
    told = _WHAT[kind].format(name=name, since=f"{since:%d %b %Y %H:%M} UTC", until=f"{until:%d %b %Y %H:%M} UTC")
    return f"{told} The reason: {why}"
