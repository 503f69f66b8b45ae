"""Incidents as people opened and corrected them: each time their text is kept, under a version of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select, update

from plugin.store.tables import CAUSED, OPEN, cases, incidents, messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One telling of an incident's facts; `spread` once every case is in line with it."""

    name: str
    version: int
    text: str
    at: datetime
    by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    spread: bool = False


class Incidents:
    """The incidents of a store, in the transaction of a session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._in_force: list[Opened] | None = None  # asked for with every decision

    def in_force(self) -> list[Opened]:
        """The last telling of each that is not closed."""
        if self._in_force is None:
            self._in_force = [one for one in self.all() if one.closed_at is None]
        return self._in_force

    def all(self) -> list[Opened]:
        """The last telling of each, the one opened last first."""
        last = select(incidents.c.name, func.max(incidents.c.version).label("version")).group_by(incidents.c.name)
        newest = last.subquery()
        same = and_(incidents.c.name == newest.c.name, incidents.c.version == newest.c.version)
        query = select(incidents).join(newest, same).order_by(incidents.c.at.desc(), incidents.c.name)
        return [Opened(**row) for row in self._connection.execute(query).mappings()]

    def told(self, name: str, version: int = 0) -> Opened | None:
        """That telling of it, or the last one; None where there is none."""
        query = select(incidents).where(incidents.c.name == name).order_by(incidents.c.version.desc()).limit(1)
        query = query.where(incidents.c.version == version) if version else query
        row = self._connection.execute(query).mappings().first()
        return Opened(**row) if row else None

    def first_opened(self, name: str) -> datetime | None:
        """When it was opened for the first time."""
        found: datetime | None = self._connection.execute(
            select(incidents.c.at).where(incidents.c.name == name).order_by(incidents.c.version).limit(1)
        ).scalar()
        return found

    def tell(self, name: str, text: str, at: datetime, by: str) -> Opened:
        """Keep a new telling of it, which no case is in line with yet."""
        before = self.told(name)
        opened = Opened(name=name, version=before.version + 1 if before else 1, text=text, at=at, by=by)
        row = {"name": name, "version": opened.version, "text": text, "at": at, "by": by}
        self._connection.execute(insert(incidents).values(row))
        self._in_force = None
        return opened

    def close(self, name: str, at: datetime, by: str) -> None:
        """No more complaints belong to it."""
        open_ones = and_(incidents.c.name == name, incidents.c.closed_at.is_(None))
        self._connection.execute(update(incidents).where(open_ones).values(closed_at=at, closed_by=by))
        self._in_force = None

    def is_spread(self, told: Opened) -> None:
        """Every case is in line with this telling."""
        this = and_(incidents.c.name == told.name, incidents.c.version == told.version)
        self._connection.execute(update(incidents).where(this).values(spread=True))
        self._in_force = None

    def look_again(self) -> None:
        """Other cases may belong to those in force now."""
        self._connection.execute(update(incidents).where(incidents.c.closed_at.is_(None)).values(spread=False))
        self._in_force = None

    # ---- their cases --------------------------------------------------------------------------------------------

    def cases_of(self, name: str) -> list[str]:
        """Every case that is linked to it, oldest first."""
        query = select(cases.c.id).where(CAUSED, cases.c.incident == name).order_by(cases.c.received_at, cases.c.id)
        return list(self._connection.execute(query).scalars())

    def open_since(self, inboxes: Sequence[str], since: datetime) -> list[str]:
        """The open cases of these inboxes in which a complaint was received since then, oldest first."""
        complained = select(messages.c.case_id).where(messages.c.at >= since, messages.c.verdict == "complaint")
        query = select(cases.c.id).where(cases.c.inbox.in_(inboxes), OPEN)
        query = query.where(cases.c.id.in_(complained)).order_by(cases.c.received_at, cases.c.id)
        return list(self._connection.execute(query).scalars())
