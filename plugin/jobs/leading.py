"""Who works on a store: one process for good, and commands that are soon over, one at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NoReturn

from plugin.model import AmendsError
from plugin.store import StoreUnavailable
from plugin.store.database import shown
from plugin.store.postgresql import NOTICED, trouble


class AlreadyRunning(AmendsError):
    """Another `amends run` works on this store."""

    def __init__(self, store: str) -> None:
        super().__init__(f"store {store}: another amends run works on it already, so this one has nothing to do")


class Busy(AmendsError):
    """A command that is soon over, and no `amends run`, works on this store."""

    def __init__(self, store: str, doing: str) -> None:
        self.doing = doing
        super().__init__(f"store {store}: amends {doing} is at work on it - try again once that is over")


RUN = "run"
"""What leads a store for good; every other command is soon over."""
WORKER = "worker"
SHARING = (RUN, WORKER)
"""What shares a store in PostgreSQL with others of its kind."""


class Leadership:
    """One process at a time works on a store; the lock goes with the process, however it ends (flock(2)).

    Its file says what that process is `doing`. Entering raises AlreadyRunning or Busy.
    """

    def __init__(self, store: str, path: Path, doing: str = RUN) -> None:
        self._store, self._path, self._doing = store, path, doing
        self._file: IO[str] | None = None

    def __enter__(self) -> Leadership:
        file = self._path.open("a+")
        self._path.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            doing = file.read(100).strip()
            file.close()
            if doing in ("", RUN):
                raise AlreadyRunning(self._store) from error
            raise Busy(self._store, doing) from error
        self._file = file
        _note(file, self._doing)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            _note(file, "")
            file.close()


def _note(file: IO[str], doing: str) -> None:
    """Write into the file who leads; on a full disk it is led all the same, and taken for a run."""
    with suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), doing.encode())


LEADS = 0x416D0004  # the advisory lock of who works on a store in PostgreSQL: workers share it, a command has it alone
_WHO = """
SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = %s AND l.objid = 0 AND l.granted AND l.pid <> pg_backend_pid()
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class SharedLeadership:
    """The same for a store in PostgreSQL, whatever the machine: workers share it, and a command has it alone.

    The lock goes with the connection, however its process ends. Entering raises AlreadyRunning, Busy, StoreUnavailable.
    """

    def __init__(self, url: str, doing: str = RUN, *, alone: bool = True) -> None:
        """`url` is the store's, password and all."""
        self._url, self._doing, self._alone = url, doing, alone
        self._wire: Any = None

    def __enter__(self) -> SharedLeadership:
        import psycopg  # noqa: PLC0415 - not where the store is a file

        from plugin.jobs.queue import conninfo  # noqa: PLC0415 - as above

        try:
            wire = psycopg.connect(conninfo(self._url), autocommit=True, application_name=f"amends {self._doing}")
        except psycopg.Error as error:
            raise StoreUnavailable(shown(self._url), *trouble(error)) from error
        wire.execute(NOTICED)
        tried = "pg_try_advisory_lock" if self._alone else "pg_try_advisory_lock_shared"
        row = wire.execute(f"SELECT {tried}(%s, 0)", (LEADS,)).fetchone()
        if row is None or not row[0]:
            self._refuse([str(found[0]) for found in wire.execute(_WHO, (LEADS,))], wire.close)
        self._wire = wire
        return self

    def _refuse(self, others: Sequence[str], close: Callable[[], None]) -> NoReturn:
        close()
        doing = [other.removeprefix("amends ") for other in others]
        commands = [one for one in doing if one not in SHARING]
        if commands:
            raise Busy(shown(self._url), commands[0])
        raise AlreadyRunning(shown(self._url))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
