"""The jobs of many machines: procrastinate's queue in the store's own database. A job carries the name of an inbox.

What is due stands in the agenda; a job is there so that somebody looks in time. Of all jobs with one lock the one that
is due first runs first, which procrastinate orders by priority alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, LiteralString

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, make_url, text

from plugin.jobs.looks import WITHIN
from plugin.store import Store, StoreUnavailable
from plugin.store.database import shown
from plugin.store.postgresql import REACHED, trouble

log = logging.getLogger("amends.jobs")

POLL, PERFORM = "amends.poll", "amends.perform"
CHORES = "amends"
"""The queue of what is about no single inbox; an inbox has the queue `inbox:NAME`."""

_TRIES, _AGAIN = 3, 1.0  # so often it is said again, after so many seconds
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_SCHEMA = 0x416D0005  # the advisory lock of whoever makes procrastinate's tables
_WAITING = text("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(:some)")


def queue_of(inbox: str) -> str:
    """The queue of an inbox."""
    return f"inbox:{inbox}"


def conninfo(url: str) -> str:
    """The address of a store as PostgreSQL's own library reads it."""
    made = make_url(url).set(drivername="postgresql+psycopg")
    _, given = made.get_dialect()().create_connect_args(made)  # as the store itself reads it
    return make_conninfo(**{**REACHED, **given})


# ---- deferring ------------------------------------------------------------------------------------------------------


def polling(inbox: str, at: datetime, *, routine: bool) -> dict[str, Any]:
    """How a look into an inbox is configured: one routine look waits, and one that news asked for."""
    return _placed(inbox, at) | {
        "lock": f"poll:{inbox}", "queueing_lock": f"poll:{inbox}" if routine else f"poll:{inbox}:news"
    }  # fmt: skip


def performing(inbox: str, at: datetime) -> dict[str, Any]:
    """How doing what is due is configured: one job for all that falls due in the same second."""
    at = at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
    return _placed(inbox, at) | {"lock": f"write:{inbox}", "queueing_lock": f"perform:{inbox}:{_second(at)}"}


def _placed(inbox: str, at: datetime) -> dict[str, Any]:
    return {"queue": queue_of(inbox), "schedule_at": at, "priority": -_second(at)}


def _second(at: datetime) -> int:
    return int((at - _BEGAN).total_seconds())


@cache
def _deferring() -> App:
    """For deferring on a connection of the caller's."""
    return App(connector=SyncPsycopgConnector())


def announce(connection: Connection, planned: Set[tuple[str, datetime]]) -> None:
    """See plugin.store.Announce: what falls due within a minute gets a job in the same transaction.

    What falls due later gets one by the sweep, so that there are never more jobs than that.
    """
    now = datetime.now(UTC)
    due = {(inbox, max(at, now)) for inbox, at in planned if at <= now + WITHIN}
    jobs = {job["queueing_lock"]: job for job in (performing(inbox, at) for inbox, at in sorted(due))}
    if not jobs:
        return
    waiting = set(connection.execute(_WAITING, {"some": list(jobs)}).scalars())
    raw = connection.connection.driver_connection
    for lock, job in jobs.items():
        if lock not in waiting:
            with suppress(AlreadyEnqueued), connection.begin_nested():
                _deferring().configure_task(PERFORM, connection=raw, **job).defer(inbox=_inbox_of(job))


def _inbox_of(job: dict[str, Any]) -> str:
    return str(job["queue"]).removeprefix("inbox:")


def share(store: Store, url: str) -> None:
    """What this process plans in this store, in PostgreSQL at that address, is heard by the workers at once.

    Raises StoreUnavailable.
    """
    try:
        with psycopg.connect(conninfo(url), autocommit=True) as wire:
            _make_tables(wire)
    except psycopg.Error as error:
        raise StoreUnavailable(shown(url), *trouble(error)) from error
    store.announce = announce


class Calls:
    """Tells the workers from any process that an inbox has news."""

    def __init__(self, url: str) -> None:
        self._address = conninfo(url)
        self._app = App(connector=SyncPsycopgConnector(
            conninfo=self._address, min_size=0, max_size=2, kwargs={"application_name": "amends call"}, timeout=5.0,
        ))  # fmt: skip
        self._app.open()

    def poll_soon(self, inbox: str, after: float = 0.0) -> None:
        """Have whoever holds this inbox look into it; where that cannot be told, the next routine look finds it."""
        at = datetime.now(UTC) + timedelta(seconds=after)
        try:
            self._app.configure_task(POLL, **polling(inbox, at, routine=False)).defer(inbox=inbox, routine=False)
        except AlreadyEnqueued:
            return
        except ConnectorException as error:
            log.warning("inbox %s: nobody could be told that it has news: %s", inbox, error.__cause__ or error)

    def close(self) -> None:
        """Let go of the database."""
        self._app.close()


class _Persistent(PsycopgConnector):
    """Says again what got lost with its connection.

    A job whose end was not heard would count as under way as long as its worker lives, and nobody else would get its
    lock: an inbox would never be looked into again.
    """

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        for _ in range(_TRIES):
            try:
                await super().execute_query_async(query, **arguments)
            except ConnectorException as error:
                if not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                await asyncio.sleep(_AGAIN)
            else:
                return
        await super().execute_query_async(query, **arguments)


# ---- the tables -----------------------------------------------------------------------------------------------------


def app_on(url: str) -> App:
    """An app on the store's database, whose tables are there; to be opened by a worker."""
    return App(connector=_Persistent(
        conninfo=conninfo(url), min_size=1, max_size=4, kwargs={"application_name": "amends jobs"},
    ))  # fmt: skip


def _make_tables(wire: psycopg.Connection[Any]) -> None:
    """Make procrastinate's tables, or bring them up to date.

    Which of procrastinate's migrations were applied stands in the comment of its table."""
    with wire.transaction():
        wire.execute("SELECT pg_advisory_xact_lock(%s, 0)", (_SCHEMA,))
        applied, steps = _applied(wire), _steps()
        if applied is None:
            wire.execute(_schema())
        for name, step in steps:
            if applied is not None and name > applied:
                wire.execute(step)
        if steps and steps[-1][0] != applied:
            wire.execute(sql.SQL("COMMENT ON TABLE procrastinate_jobs IS {}").format(steps[-1][0]))


def _applied(wire: psycopg.Connection[Any]) -> str | None:
    """The last migration that was applied; None where there are no tables."""
    row = wire.execute("SELECT to_regclass('procrastinate_jobs')::oid, "
                       "obj_description(to_regclass('procrastinate_jobs'))").fetchone()  # fmt: skip
    return None if row is None or row[0] is None else str(row[1] or "")


def _schema() -> bytes:
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - asked for once in the life of a store

    return SchemaManager.get_schema().encode()


def _steps() -> list[tuple[str, bytes]]:
    from pathlib import Path  # noqa: PLC0415 - as above

    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - as above

    folder = Path(SchemaManager.get_migrations_path())
    return [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.sql"))]
