"""What is particular to PostgreSQL: how it is reached, how writers take turns, and what its errors come to.

Writers of one inbox take turns, and those of different inboxes do not wait for each other: each holds a lock of its
inbox and, shared with the others, a lock of all; who writes without naming an inbox holds that one alone
(postgresql.org/docs, Explicit Locking, Advisory Locks). Nobody has to try again because of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from zlib import crc32

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""A transaction that only reads, and sees one moment of the database."""

OURS = 0x416D0000
"""The advisory locks of Amends are pairs of numbers, of which the first begins with this."""
_ALL, _INBOX = OURS + 1, OURS + 2
NOTICED = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = 30000"
)
"""Asked at the beginning of a connection, the server ends it half a minute after a machine lost its power or its
network, and with it the locks that nobody else would get: else it waits for hours."""
_TURN = 30  # seconds a writer waits for his turn
_LIMITS = (
    f"SET lock_timeout = '{_TURN}s'; SET statement_timeout = '300s'; SET idle_in_transaction_session_timeout = '300s'; "
    f"{NOTICED}; "
    # A promise once stored must survive a power cut, whatever other programs on this server ask for.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
REACHED = {
    "application_name": "amends", "client_encoding": "utf8", "connect_timeout": 10, "keepalives_idle": 30,
    "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000,
}  # fmt: skip
_NOT_OURS = {"25006", "25P03", "42501"}
"""States that are no faults of a statement: a server that only lets us read, a transaction it gave up, no rights."""
_ADVICE = {
    "42501": "let its user make tables there: GRANT CREATE, USAGE ON SCHEMA public TO the user",
    "53100": "make room on the disk of the server",
    "53300": "allow the server more connections (max_connections)",
    "55P03": "see in pg_stat_activity who holds it up",
    "57014": "see in pg_stat_activity what holds it up",
    "25006": "name the server that takes writes",
}


def open_engine(url: URL) -> Engine:
    """Connections to this database, a few of which are kept; nothing is asked of it yet."""
    engine = create_engine(
        url, hide_parameters=True, isolation_level="READ COMMITTED", pool_pre_ping=True, pool_size=5, max_overflow=15,
        connect_args=REACHED,
    )  # fmt: skip
    event.listen(engine, "connect", _limit)
    event.listen(engine, "handle_error", _tell_no_words)
    return engine


def take_turn(connection: Connection, inbox: str | None) -> None:
    """Wait until nobody else writes to this inbox, or to anything at all; the turn ends with the transaction."""
    if inbox is None:
        connection.execute(_TURN_OF_ALL, {"all": _ALL})
    else:
        connection.execute(_TURN_OF_ONE, {"all": _ALL, "inboxes": _INBOX, "inbox": number_of(inbox)})


def take_your_time(connection: Connection) -> None:
    """In this transaction nothing is given up because it takes long."""
    for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {limit} = 0")


def number_of(name: str) -> int:
    """A name as the second number of an advisory lock; two names with the same one wait for each other in vain."""
    return crc32(name.encode()) - (1 << 31)


def is_unfit(connection: Connection) -> str:
    """Why this database can hold no store; empty where it can."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    return (
        "" if encoding == "UTF8" else f"its encoding is {encoding}, and mail is written in every script: make it UTF8"
    )


def is_trouble(error: DBAPIError) -> bool:
    """Whether the database is in trouble, or is not to be had; else a statement of ours was wrong."""
    if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
        return True
    return _state(error.orig) in _NOT_OURS


def trouble(error: BaseException | None) -> tuple[str, str]:
    """What an error of psycopg comes to, in words of the server that hold no secret, and what may be done about it."""
    told = (str(error or "").strip().splitlines() or ["it did not answer"])[0]
    told = told.removeprefix("connection failed: ").replace("FATAL:  ", "")
    if advice := _ADVICE.get(_state(error)):
        return told, advice
    if told.endswith("does not exist") and "database" in told:
        return told, "make it: CREATE DATABASE … OWNER … ENCODING 'UTF8'"
    return told, "check its address, and that the server runs and lets this user in"


def about(connection: Connection) -> str:
    """Which release it is, the bytes of the database, and the milliseconds there and back."""
    release = connection.exec_driver_sql("SHOW server_version").scalar()
    size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0
    asked = perf_counter()
    connection.exec_driver_sql("SELECT 1")
    away = (perf_counter() - asked) * 1000
    return f"PostgreSQL {release}, {size / 1e6:,.1f} MB, {away:.1f} ms there and back"


@contextmanager
def unlimited(engine: Engine) -> Iterator[Connection]:
    """A connection on which every statement stands for itself, and may take long."""
    with engine.connect() as connection:
        told = connection.execution_options(isolation_level="AUTOCOMMIT")
        told.exec_driver_sql("SET statement_timeout = 0")
        try:
            yield told
        finally:
            connection.invalidate()  # its limits are not those of the others


_TURN_OF_ALL = text("SELECT pg_advisory_xact_lock(:all, 0)")
_TURN_OF_ONE = text("SELECT pg_advisory_xact_lock_shared(:all, 0), pg_advisory_xact_lock(:inboxes, :inbox)")


def _limit(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """A peer that is stuck, or a server that is gone, must become an error in the end."""
    connection.autocommit = True
    connection.cursor().execute(_LIMITS)
    connection.autocommit = False


def _tell_no_words(context: ExceptionContext) -> None:
    """Behind its first line an error of the server quotes the row, which holds what people wrote."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).strip().partition("\n")[0], *error.args[1:])


def _state(error: BaseException | None) -> str:
    """The state the server gave (postgresql.org/docs, Appendix A); empty where it could not be asked."""
    return getattr(error, "sqlstate", None) or ""
