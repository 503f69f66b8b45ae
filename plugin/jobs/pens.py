"""One process at a time writes into an inbox, whoever holds it: who writes there has its pen.

A pen is a lock that goes with a connection. So it is free as soon as a process has ended, and not while one only
sleeps: one that was taken for dead may wake in the middle of a write, and nothing would keep it from going on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from plugin.jobs.queue import conninfo
from plugin.store.postgresql import NOTICED, OURS, number_of

log = logging.getLogger("amends.jobs")

PEN = OURS + 7
"""The first number of the advisory lock of who writes into an inbox."""


class Pens:
    """The pens of one worker, all on one connection. Safe to use from many threads."""

    def __init__(self, url: str) -> None:
        """`url` is the store's, password and all; nothing is connected yet."""
        self._url = url
        self._lock = threading.Lock()
        self._wire: psycopg.Connection[Any] | None = None
        self._taken: set[str] = set()
        self._awaited: set[str] = set()  # those of which it was told that another has them

    @contextmanager
    def taken(self, inbox: str) -> Iterator[bool]:
        """Whether nobody else writes there, and nobody will until the end; false also without the database."""
        with self._lock:
            mine = self._take(inbox)
        try:
            yield mine
        finally:
            with self._lock:
                self._give_back(inbox)

    def has(self, inbox: str) -> bool:
        """Whether it is still ours: it is lost with the connection."""
        with self._lock:
            return inbox in self._taken and self._asked("SELECT true")

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            self._drop()

    def _take(self, inbox: str) -> bool:
        if not self._asked("SELECT pg_try_advisory_lock(%s, %s)", PEN, number_of(inbox)):
            if self._wire is not None and inbox not in self._awaited:
                self._awaited.add(inbox)
                log.warning("inbox %s: another process may still be writing there, which is waited for", inbox)
            return False
        self._awaited.discard(inbox)
        self._taken.add(inbox)
        return True

    def _give_back(self, inbox: str) -> None:
        if inbox in self._taken:
            self._taken.remove(inbox)
            self._asked("SELECT pg_advisory_unlock(%s, %s)", PEN, number_of(inbox))

    def _asked(self, statement: str, *values: int) -> bool:
        try:
            if self._wire is None:
                self._wire = psycopg.connect(conninfo(self._url), autocommit=True, application_name="amends pens")
                self._wire.execute(NOTICED)
            row = self._wire.execute(statement, values).fetchone()
        except psycopg.Error as error:
            log.info("the database does not say who writes: %s", str(error).partition("\n")[0])
            self._drop()
            return False
        return bool(row and row[0])

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        self._taken.clear()
        if wire is not None:
            wire.close()
