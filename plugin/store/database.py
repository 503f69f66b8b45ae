"""Opening the database: engine, pragmas, migrations, transactions."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from plugin.model import AmendsError
from plugin.store import postgresql
from plugin.store.search import FORGET_ALL
from plugin.store.session import AtHand, Session
from plugin.store.tables import REVISIONS, metadata

log = logging.getLogger("amends.store")


class StoreError(AmendsError):
    """Something is wrong with the database."""


class StoreUnavailable(StoreError):
    """The database cannot be opened or written now."""

    def __init__(self, url: str, why: str, advice: str = "check that the folder can be written and the disk has room"):
        self.url = url
        super().__init__(f"store {url}: {why} - {advice}")


class StoreNewer(StoreError):
    """The database was written by a later version of Amends."""

    def __init__(self, url: str, version: str) -> None:
        self.url, self.version = url, version
        super().__init__(f"store {url}: its version {version} is newer than this Amends - upgrade Amends")


Announce = Callable[[Connection, Set[tuple[str, datetime]]], None]
"""Told, in the transaction itself, for which inboxes it plans something and when that falls due."""


class Store:
    """One database. Safe to use from several threads and, in PostgreSQL, machines; writers take turns."""

    def __init__(self, url: str, *, keep_old: bool = True) -> None:
        """Open the database at this SQLAlchemy address, make or migrate its tables; raises StoreError.

        Of a SQLite file that is migrated a copy stays beside it, unless `keep_old` is false.
        """
        self.url = shown(url)
        self.announce: Announce | None = None
        self._writer, self._at_hand = RLock(), AtHand()
        self._engine = open_engine(url)
        try:
            keep_private(self._engine)
            self._make_tables(keep_old)
        except (DBAPIError, OSError) as error:
            raise unavailable(url, error) from error
        self._file = _identity(self._engine)

    def _make_tables(self, keep_old: bool) -> None:
        _migrate(self._engine, self.url, keep_old)

    @property
    def dialect(self) -> str:
        """What holds it: sqlite or postgresql."""
        return self._engine.dialect.name

    @contextmanager
    def writing(self, inbox: str | None = None) -> Iterator[Session]:
        """One transaction that may write; committed at the end, rolled back by any exception.

        Writers take turns: one sees all that those before it have written. Who names an `inbox` writes nothing that
        belongs to another one; in PostgreSQL, writers of other inboxes then need not wait. Raises StoreUnavailable,
        and StoreNewer where a newer Amends has moved the tables on meanwhile.
        """
        with self._turn(), self._connection() as connection:
            if self._is_server:
                postgresql.take_turn(connection, inbox)
            yield from self._session(connection)

    @contextmanager
    def entering(self) -> Iterator[Session]:
        """The same for rows that are only added, and may be there already: in PostgreSQL it waits for no writer."""
        with self._turn(), self._connection() as connection:
            yield from self._session(connection)

    def _session(self, connection: Connection) -> Iterator[Session]:
        self._refuse_newer(connection)
        session = Session(connection, self._at_hand)
        yield session
        session.flush()
        if self.announce is not None and session.planned:
            self.announce(connection, session.planned)
        connection.commit()
        session.over()

    def _refuse_newer(self, connection: Connection) -> None:
        """A newer Amends may have moved the tables on while this one was at work, and knows what it may write there."""
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if found != REVISIONS[-1]:
            raise StoreNewer(self.url, str(found))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads, and sees one moment of the database."""
        with self._connection(readonly=True) as connection:
            session = Session(connection, self._at_hand)
            yield session
            session.over()

    @property
    def _is_server(self) -> bool:
        return self.dialect == "postgresql"

    def _turn(self) -> AbstractContextManager[Any]:
        """SQLite has one writer at a time; threads that wait here wait longer than it lets them."""
        return nullcontext() if self._is_server else self._writer

    @contextmanager
    def _connection(self, *, readonly: bool = False) -> Iterator[Connection]:
        if _identity(self._engine) != self._file:
            # SQLite would go on in the file that is gone, and all that is written there would be lost.
            raise StoreUnavailable(self.url, "its file was removed or replaced meanwhile; put it back, or start anew")
        try:
            with self._engine.connect() as connection:
                yield connection.execution_options(**self._kind_of_transaction(readonly))
        except DBAPIError as error:
            if not self._is_trouble(error):
                raise  # a fault of ours, such as a wrong statement
            raise unavailable(self.url, error) from error
        except PoolTimeout as error:
            raise StoreUnavailable(self.url, "all its connections are busy", "try again in a while") from error

    def _kind_of_transaction(self, readonly: bool) -> Mapping[str, Any]:
        if self._is_server:
            return postgresql.READING if readonly else {}
        return {"amends_readonly": readonly}

    def _is_trouble(self, error: DBAPIError) -> bool:
        if self._is_server:
            return postgresql.is_trouble(error)
        return type(error) in (OperationalError, DatabaseError)

    def about(self) -> str:
        """Of a server what it is, how much it holds and how far it is, behind a colon; of a file nothing."""
        if not self._is_server:
            return ""
        with self._connection(readonly=True) as connection:
            return f": {postgresql.about(connection)}"

    def compact(self) -> None:
        """Write the database anew, so that nothing is left in it of what was deleted; raises StoreUnavailable.

        PostgreSQL only sets the room free: what stood there goes when it is written over, and with its old journals.
        """
        if self._is_server:
            self._vacuum()
            return
        with self._writer:
            raw = self._engine.raw_connection()
            try:
                for step in ("PRAGMA secure_delete=ON", FORGET_ALL, "VACUUM"):
                    raw.cursor().execute(step)
                busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as error:
                raise StoreUnavailable(self.url, f"it could not be written anew ({error})") from error
            finally:
                raw.close()
        if busy:
            raise StoreUnavailable(self.url, "its journal is being read, so what was deleted may still stand in it")

    def _vacuum(self) -> None:
        try:
            with postgresql.unlimited(self._engine) as connection:
                for table in metadata.tables:
                    connection.exec_driver_sql(f'VACUUM "{table}"')
        except DBAPIError as error:
            raise unavailable(self.url, error) from error

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def shown(url: str | URL) -> str:
    """The address of a store without any password in it, as it may be told to everybody."""
    made = make_url(url)
    secrets = [name for name in made.query if "pass" in name.lower()]
    hidden = made.update_query_dict(dict.fromkeys(secrets, "***")).render_as_string(hide_password=True)
    return hidden.replace("%2A%2A%2A", "***")


def open_engine(url: str) -> Engine:
    """Connections to the database at this address; nothing is asked of it yet. Raises StoreUnavailable."""
    made = make_url(url)
    if made.get_backend_name() == "postgresql":
        engine = postgresql.open_engine(made.set(drivername="postgresql+psycopg"))
    else:
        engine = create_engine(made, hide_parameters=True)  # errors are logged, and hold what people wrote
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def unavailable(url: str, error: DBAPIError | OSError) -> StoreUnavailable:
    """What is wrong with the database at this address, in a sentence."""
    if isinstance(error, OSError):
        return StoreUnavailable(shown(url), error.strerror or "it cannot be opened")
    if make_url(url).get_backend_name() == "postgresql":
        return StoreUnavailable(shown(url), *postgresql.trouble(error.orig))
    return StoreUnavailable(shown(url), _why(error))


def _why(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "it did not answer"


def _without_nul(
    _connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
) -> tuple[str, Any]:
    """No text holds NUL, which PostgreSQL cannot store and SQLite counts as the end in some of its functions."""
    return statement, [_bare(row) for row in values] if many else _bare(values)


def _bare(row: Any) -> Any:
    """The same values; of those with a NUL in them a text is left without it."""
    values = row.values() if isinstance(row, dict) else row
    if not any(type(value) is str and "\0" in value for value in values):
        return row
    bare = [value.replace("\0", "") if type(value) is str else value for value in values]
    return dict(zip(row, bare, strict=True)) if isinstance(row, dict) else tuple(bare)


def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    """WAL lets pages be read while mail comes in; FULL, since a promise once stored must survive a power cut."""
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """A transaction that reads first and writes later must take the lock at once, or it fails when it writes."""
    readonly = connection.get_execution_options().get("amends_readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def _migrate(engine: Engine, url: str, keep_old: bool) -> None:
    """Make the tables, or bring them up to date; of several programs one does, and the others wait for it."""
    with engine.connect() as connection:
        version = version_of(connection, url)
        if version == REVISIONS[-1]:
            return
        if engine.dialect.name == "postgresql":
            _take_turn_to_migrate(connection, url)
            version = version_of(connection, url)
        elif version and keep_old:
            _keep_copy(engine, url, version)
        if version != REVISIONS[-1]:
            upgrade(connection)
        connection.commit()


def _take_turn_to_migrate(connection: Connection, url: str) -> None:
    if reason := postgresql.is_unfit(connection):
        raise StoreUnavailable(url, reason, "make a database of its own for Amends")
    postgresql.take_your_time(connection)
    postgresql.take_turn(connection, None)


def _keep_copy(engine: Engine, url: str, version: str) -> None:
    from plugin.store.copies import keep_as_it_was  # noqa: PLC0415 - copies are made of stores, and seldom here

    if engine.url.database:
        kept = keep_as_it_was(Path(engine.url.database), version)
        log.warning("store %s: its tables are brought from version %s to %s; as it was before it is kept in %s",
                    url, version, REVISIONS[-1], kept)  # fmt: skip


def version_of(connection: Connection, url: str) -> str:
    """The version of the tables, empty where there are none; raises StoreNewer and StoreUnavailable."""
    there = inspect(connection)
    if not there.has_table("alembic_version"):
        return ""
    version = str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")
    if not version or version in REVISIONS:
        return version
    if not there.has_table("complaint"):
        raise StoreUnavailable(url, "it holds the tables of another program", "make a database of its own for Amends")
    raise StoreNewer(url, version)


def upgrade(connection: Connection) -> None:
    """Make the tables, or bring them up to date, in the transaction of this connection."""
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


def keep_private(engine: Engine) -> None:
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
