"""A store moved into another database: copied, read back and compared, in one transaction of each.

What is there at the end is whole, or the target is as it was before. Of each table the rows and a digest of them are
compared; the digest does not ask in which order a database gives them. What is made from other rows is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, Table, column, exists, make_url, select, text
from sqlalchemy.exc import DBAPIError

from plugin.store import postgresql
from plugin.store.database import Store, StoreError, keep_private, open_engine, shown, unavailable, upgrade, version_of
from plugin.store.tables import REVISIONS, metadata

_AT_ONCE = 1000  # rows
_BESIDE = ("", "-wal", "-shm", "-journal")
Row = tuple[Any, ...]


class MoveRefused(StoreError):
    """A store cannot be moved to where it shall go; both are as they were."""

    input_is_wrong = True

    def __init__(self, store: str, why: str) -> None:
        self.store = store
        super().__init__(f"store {store}: {why}")


class MovedBadly(StoreError):
    """What was read back is not what was copied; the target is as it was before."""

    def __init__(self, store: str, table: str, sent: int, found: int) -> None:
        self.store, self.table = store, table
        told = f"{found:,} of {sent:,} rows arrived" if sent != found else f"not all of its {sent:,} rows are the same"
        super().__init__(f"store {store}: table {table}: {told}, so nothing was moved - try again, and report it")


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: so many cases, rows and tables."""

    cases: int
    rows: int
    tables: int


@dataclass(slots=True)
class _Sum:
    """How many rows went by, and a sum of their digests, which is the same in whatever order they came."""

    rows: int = 0
    digest: int = 0

    def over(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The same rows, counted."""
        for row in rows:
            self.rows += 1
            self.digest += int.from_bytes(blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=16).digest())
            yield row


def move(source: str, target: str, told: Callable[[str, int], None] = lambda table, rows: None) -> Moved:
    """Copy a store into an empty database and compare it; `told` hears of each table and its rows. Raises StoreError.

    The source stays, brought up to date. The caller sees to it that nobody works on either meanwhile. A NUL within a
    text, which no store holds any more, is left out.
    """
    if _same(source, target):
        raise MoveRefused(shown(target), "this is the same store - name another one to move it to")
    _bring_up_to_date(source)
    with _unless_it_fails(target), _alone_with(source) as old, _alone_with(target) as new:
        _make_ready(new, shown(target))
        _hold_still(old)
        sums = {table.name: _copied(old, new, table, shown(target), told) for table in _tables()}
        new.commit()
    _analyze(target)
    return Moved(sums["complaint"].rows, sum(one.rows for one in sums.values()), len(sums))


def _tables() -> Sequence[Table]:
    return [table for table in metadata.sorted_tables if not table.info.get("derived")]


# ---- the two databases ----------------------------------------------------------------------------------------------


def _same(one: str, other: str) -> bool:
    first, second = make_url(one), make_url(other)
    if first.get_backend_name() != second.get_backend_name():
        return False
    if first.get_backend_name() == "sqlite":
        return Path(first.database or "").resolve() == Path(second.database or "").resolve()
    places = [(url.host, url.port, url.database, url.query.get("host")) for url in (first, second)]
    return places[0] == places[1]


def _bring_up_to_date(source: str) -> None:
    made = make_url(source)
    if made.get_backend_name() == "sqlite" and not Path(made.database or "").is_file():
        raise MoveRefused(shown(source), "there is no such file")
    with _alone_with(source) as connection:
        version = version_of(connection, shown(source))
    if not version:
        raise MoveRefused(shown(source), "there is no store of Amends in it")
    if version != REVISIONS[-1]:
        Store(source).close()


@contextmanager
def _unless_it_fails(target: str) -> Iterator[None]:
    """A file that was not there before goes again where something goes wrong."""
    made = make_url(target)
    file = Path(made.database or "") if made.get_backend_name() == "sqlite" else None
    was_there = file is None or file.exists()
    try:
        yield
    except BaseException:
        for end in () if was_there else _BESIDE:
            Path(f"{file}{end}").unlink(missing_ok=True)
        raise


@contextmanager
def _alone_with(store: str) -> Iterator[Connection]:
    """A transaction in which nobody else writes, and which may take long; raises StoreUnavailable."""
    engine = open_engine(store)
    try:
        keep_private(engine)
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                postgresql.take_turn(connection, None)
                postgresql.take_your_time(connection)
            yield connection
    except (DBAPIError, OSError) as error:
        raise unavailable(store, error) from error
    finally:
        engine.dispose()


def _hold_still(old: Connection) -> None:
    """Notices are entered beside the turns of writers: they wait now, too."""
    if old.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in _tables())
        old.exec_driver_sql(f"LOCK TABLE {names} IN SHARE MODE")


def _make_ready(new: Connection, named: str) -> None:
    """Make the tables, or bring them up to date; raises MoveRefused where anything is in them, and StoreNewer."""
    if new.dialect.name == "postgresql" and (reason := postgresql.is_unfit(new)):
        raise MoveRefused(named, reason)
    if version_of(new, named) != REVISIONS[-1]:
        upgrade(new)
    full = [
        table.name for table in _tables() if new.execute(select(exists(select(text("1")).select_from(table)))).scalar()
    ]
    if full:
        raise MoveRefused(named, f"it is not empty ({', '.join(full)}) - name a database with nothing in it")


def _analyze(target: str) -> None:
    """Have PostgreSQL look at what it got, or it would search it like empty tables."""
    engine = open_engine(target)
    try:
        if engine.dialect.name == "postgresql":
            with postgresql.unlimited(engine) as connection:
                connection.exec_driver_sql("ANALYZE")
    finally:
        engine.dispose()


# ---- a table --------------------------------------------------------------------------------------------------------


def _copied(old: Connection, new: Connection, table: Table, named: str, told: Callable[[str, int], None]) -> _Sum:
    """Copy a table and read it back: what went over. Raises MovedBadly."""
    sent, found = _Sum(), _Sum()
    _insert(new, table, sent.over(_rows(old, table)))
    for _ in found.over(_rows(new, table)):
        pass
    if sent != found:
        raise MovedBadly(named, table.name, sent.rows, found.rows)
    told(table.name, sent.rows)
    return sent


def _rows(connection: Connection, table: Table) -> Iterator[Row]:
    """Each row as every database has it: numbers, texts without NUL, bytes, yes and no."""
    kinds = [isinstance(one.type, Boolean) for one in table.columns]
    reset = {at for at, one in enumerate(table.columns) if one.info.get("derived")}
    query: Any = select(*(column(one.name) for one in table.columns)).select_from(table)
    asked = connection.execute(query, execution_options={"stream_results": True, "yield_per": _AT_ONCE})
    for row in asked:
        yield tuple(
            0 if at in reset else bool(value) if flag and value is not None else _plain(value)
            for at, (value, flag) in enumerate(zip(row, kinds, strict=True))
        )


def _plain(value: Any) -> Any:
    if type(value) is str:
        return value.replace("\0", "") if "\0" in value else value
    return bytes(value) if isinstance(value, memoryview) else value


def _insert(connection: Connection, table: Table, rows: Iterator[Row]) -> None:
    names = ", ".join(f'"{one.name}"' for one in table.columns)
    if connection.dialect.name == "postgresql":
        wire: Any = connection.connection.cursor()
        with wire, wire.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(table.columns))
    while some := list(islice(rows, _AT_ONCE)):
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', some)  # noqa: S608 - names of ours
