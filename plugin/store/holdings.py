"""Which worker holds which inbox, so that an inbox's connections stay where they are.

An inbox that is held by two for a moment comes to no harm: what they write has turns and leases. A worker who has not
been seen for a while is dead, and what he held is free. All times are those of the database, for machines differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection, delete, select, text, update

from plugin.store import bulk
from plugin.store.postgresql import OURS, number_of
from plugin.store.tables import EPOCH, holdings, workers

LAPSE = timedelta(seconds=20)
"""Who was not seen for so long is dead."""
CUT_OFF = timedelta(seconds=8)
"""The same for one whose connection has ended, as it does at once where a process is killed."""
PRESENT = OURS + 6
"""The first number of the advisory lock a worker holds as long as its connection lasts."""

_SHARING = OURS + 3  # the advisory lock of whoever shares out
_PRESENT = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = :present AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_NOW = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
_BEGUN = text("SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint")


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds an inbox since when, and how long ago he was seen."""

    inbox: str
    worker: str
    since: datetime
    silent: timedelta


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker holds from now on: of those that are new to him, some were `orphaned` by one who died.

    Who was not seen since the server was begun anew may be well: his connection ended with all the others.
    `moved` says that others may now take what he gave back, or must give to him.
    """

    held: frozenset[str]
    orphaned: frozenset[str]
    moved: bool


class Holdings:
    """Shares the inboxes out between the workers, in the transaction of a session. For PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Holding]:
        """Every holding of a worker who is alive, by inbox; none on a single machine."""
        found = self._connection.execute(select(holdings).order_by(holdings.c.inbox)).all()
        if not found:
            return []
        now, seen = self._now(), self._seen()
        alive = self._alive(seen, now)
        return [
            Holding(row.inbox, row.worker, row.since, now - seen[row.worker]) for row in found if row.worker in alive
        ]

    def share(self, worker: str, wanted: Sequence[str]) -> Share:
        """He is alive and wants these: they are shared out evenly, and he takes or gives back what that needs."""
        self._in_turn()
        now = self._now()
        came = self._is_seen(worker, now)
        seen, begun = self._seen(), self._begun()
        alive = self._alive(seen, now)
        held = {row.inbox: row.worker for row in self._connection.execute(select(holdings))}
        mine = [name for name in wanted if held.get(name) == worker]
        most = ceil(len(wanted) / len(alive))
        back = [name for name, holder in held.items() if holder == worker and name not in mine[:most]]
        free = [name for name in wanted if held.get(name) not in alive]
        taken = free[: max(most - len(mine), 0)]
        self._give_back(back)
        self._take(worker, taken, now)
        self._bury(alive)
        orphaned = frozenset(name for name in taken if name in held and seen.get(held[name], EPOCH) >= begun)
        return Share(frozenset((*mine[:most], *taken)), orphaned, came or bool(back))

    def leave(self, worker: str) -> None:
        """He goes, and all he held is free at once."""
        self._in_turn()
        self._connection.execute(delete(holdings).where(holdings.c.worker == worker))
        self._connection.execute(delete(workers).where(workers.c.name == worker))

    def _in_turn(self) -> None:
        self._connection.execute(text("SELECT pg_advisory_xact_lock(:sharing, 0)"), {"sharing": _SHARING})

    def _now(self) -> datetime:
        return EPOCH + timedelta(microseconds=int(self._connection.execute(_NOW).scalar_one()))

    def _begun(self) -> datetime:
        return EPOCH + timedelta(microseconds=int(self._connection.execute(_BEGUN).scalar_one()))

    def _seen(self) -> Mapping[str, datetime]:
        return {row.name: row.seen for row in self._connection.execute(select(workers.c.name, workers.c.seen))}

    def _alive(self, seen: Mapping[str, datetime], now: datetime) -> set[str]:
        present = set(self._connection.execute(_PRESENT, {"present": PRESENT}).scalars())
        patience = {name: LAPSE if number_of(name) % (1 << 32) in present else CUT_OFF for name in seen}
        return {name for name, at in seen.items() if now - at <= patience[name]}

    def _is_seen(self, worker: str, now: datetime) -> bool:
        """Whether he is new."""
        seen = update(workers).where(workers.c.name == worker).values(seen=now)
        if self._connection.execute(seen).rowcount:
            return False
        bulk.insert_new(self._connection, workers, [{"name": worker, "since": now, "seen": now}])
        return True

    def _give_back(self, names: Sequence[str]) -> None:
        if names:
            self._connection.execute(delete(holdings).where(holdings.c.inbox.in_(names)))

    def _take(self, worker: str, names: Sequence[str], now: datetime) -> None:
        if names:
            self._give_back(names)
            bulk.insert_new(
                self._connection, holdings, [{"inbox": one, "worker": worker, "since": now} for one in names]
            )

    def _bury(self, alive: set[str]) -> None:
        """Forget the dead who hold nothing any more."""
        holders = select(holdings.c.worker)
        self._connection.execute(delete(workers).where(workers.c.name.not_in(alive), workers.c.name.not_in(holders)))
