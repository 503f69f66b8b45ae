"""Many rows with one statement: said once in SQLAlchemy's terms, compiled once for each database, then only sent.

SQLAlchemy looks at every value of every row; here the only values that need a look are moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Dialect, Table, and_, bindparam, update

from plugin.store.tables import Moment, micros

Rows = Sequence[Mapping[str, Any]]


def insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, all with the columns of the first; raises sqlalchemy.exc.IntegrityError."""
    names = tuple(rows[0])
    _send(connection, _inserting(connection.dialect, table, names, new=False), rows)


def insert_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, leaving alone what is there under the same primary key."""
    names = tuple(rows[0])
    _send(connection, _inserting(connection.dialect, table, names, new=True), rows)


def change(connection: Connection, table: Table, same: Sequence[str], rows: Rows) -> int:
    """Set the columns a row names, where those in `same` are what the row has under `was_<column>`; how many it met."""
    names = tuple(name for name in rows[0] if not name.startswith(_WAS))
    return _send(connection, _changing(connection.dialect, table, tuple(same), names), rows)


def own_insert(dialect: Dialect, table: Table) -> Any:
    """This database's own insert, with its on_conflict clauses; what other databases have is not even loaded."""
    return import_module(f"sqlalchemy.dialects.{dialect.name}").insert(table)


_WAS = "was_"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as the database takes it, the names of its values in order, and which of them are moments."""

    sql: str
    names: tuple[str, ...]
    moments: tuple[int, ...]
    positional: bool


def _send(connection: Connection, prepared: _Prepared, rows: Rows) -> int:
    values = [[row[name] for name in prepared.names] for row in rows]
    for at in prepared.moments:
        for value in values:
            value[at] = micros(value[at])
    if prepared.positional:
        return connection.exec_driver_sql(prepared.sql, [tuple(value) for value in values]).rowcount
    return connection.exec_driver_sql(
        prepared.sql, [dict(zip(prepared.names, value, strict=True)) for value in values]
    ).rowcount


@lru_cache(maxsize=64)
def _inserting(dialect: Dialect, table: Table, names: tuple[str, ...], *, new: bool) -> _Prepared:
    statement = own_insert(dialect, table).on_conflict_do_nothing() if new else table.insert()
    return _prepared(dialect, table, statement.inline(), names)


@lru_cache(maxsize=64)
def _changing(dialect: Dialect, table: Table, same: tuple[str, ...], names: tuple[str, ...]) -> _Prepared:
    where = and_(*(table.c[name] == bindparam(_WAS + name) for name in same))
    statement = update(table).where(where).values({name: bindparam(name) for name in names})
    return _prepared(dialect, table, statement, names)


def _prepared(dialect: Dialect, table: Table, statement: Any, names: Sequence[str]) -> _Prepared:
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup if compiled.positional else compiled.binds)
    moments = (at for at, name in enumerate(order) if isinstance(table.c[name.removeprefix(_WAS)].type, Moment))
    return _Prepared(str(compiled), order, tuple(moments), compiled.positional)
