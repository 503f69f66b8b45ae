"""Opening the database: engine, pragmas, migrations, transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from plugin.model import AmendsError
from plugin.store.session import AtHand, Session
from plugin.store.tables import REVISIONS


class StoreError(AmendsError):
    """Something is wrong with the database."""


class StoreUnavailable(StoreError):
    """The database cannot be opened or written now."""

    def __init__(self, url: str, why: str) -> None:
        self.url = url
        super().__init__(f"store {url}: {why} - check that the folder can be written and the disk has room")


class StoreNewer(StoreError):
    """The database was written by a later version of Amends."""

    def __init__(self, url: str, version: str) -> None:
        self.url, self.version = url, version
        super().__init__(f"store {url}: its version {version} is newer than this Amends - upgrade Amends")


class Store:
    """One database. Safe to use from several threads; writers take turns."""

    def __init__(self, url: str) -> None:
        """Open the database at this SQLAlchemy address, make or migrate its tables; raises StoreError."""
        self.url = make_url(url).render_as_string(hide_password=True)
        self._writer, self._at_hand = RLock(), AtHand()
        self._engine = _engine(url)
        try:
            _keep_private(self._engine)
            _migrate(self._engine, self.url)
        except OSError as error:
            raise StoreUnavailable(self.url, error.strerror or "it cannot be opened") from error
        except DatabaseError as error:
            raise StoreUnavailable(self.url, _why(error)) from error
        self._file = _identity(self._engine)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that may write; committed at the end, rolled back by any exception."""
        with self._writer, self._connection() as connection:
            session = Session(connection, self._at_hand)
            yield session
            session.flush()
            connection.commit()
            session.over()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads, and sees one moment of the database."""
        with self._connection(readonly=True) as connection:
            session = Session(connection, self._at_hand)
            yield session
            session.over()

    @contextmanager
    def _connection(self, *, readonly: bool = False) -> Iterator[Connection]:
        if _identity(self._engine) != self._file:
            # SQLite would go on in the file that is gone, and all that is written there would be lost.
            raise StoreUnavailable(self.url, "its file was removed or replaced meanwhile; put it back, or start anew")
        try:
            with self._engine.connect() as connection:
                yield connection.execution_options(amends_readonly=readonly)
        except DatabaseError as error:
            if type(error) not in (OperationalError, DatabaseError):
                raise  # a fault of ours, such as a wrong statement
            raise StoreUnavailable(self.url, _why(error)) from error

    def compact(self) -> None:
        """Write the database anew, so that nothing is left in it of what was deleted; raises StoreUnavailable.

        Does so for SQLite alone: other databases clean up by themselves, and when, is for them to say.
        """
        if self._engine.dialect.name != "sqlite":
            return
        with self._writer:
            raw = self._engine.raw_connection()
            try:
                for step in ("PRAGMA secure_delete=ON", "VACUUM"):
                    raw.cursor().execute(step)
                busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as error:
                raise StoreUnavailable(self.url, f"it could not be written anew ({error})") from error
            finally:
                raw.close()
        if busy:
            raise StoreUnavailable(self.url, "its journal is being read, so what was deleted may still stand in it")

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _why(error: DatabaseError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "it did not answer"


def _engine(url: str) -> Engine:
    engine = create_engine(url, hide_parameters=True)  # errors are logged, and hold what people wrote
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    """WAL lets pages be read while mail comes in; FULL, since a promise once stored must survive a power cut."""
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """A transaction that reads first and writes later must take the lock at once, or it fails when it writes."""
    readonly = connection.get_execution_options().get("amends_readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def _migrate(engine: Engine, url: str) -> None:
    with engine.connect() as connection:
        version = _version(connection)
        if version == REVISIONS[-1]:
            return
        if version and version not in REVISIONS:
            raise StoreNewer(url, version)
        _upgrade(connection)
        connection.commit()


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - it takes a third of a second to load and is needed once
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _identity(engine: Engine) -> tuple[int, int] | None:
    """Which file this is, whatever its name; None for a database that is no file, and for one that is not there."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return None
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _keep_private(engine: Engine) -> None:
    """Complaints are nobody else's business: the file is for its owner alone, from its first byte on.

    SQLite gives its journals the rights of the file they belong to.
    """
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return
    file = Path(path)
    file.touch(mode=0o600)
    for each in (file, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if each.exists() and each.stat().st_mode & 0o077:
            each.chmod(0o600)
