"""Where the stores of the tests lie: in a SQLite file or, where the tests were asked for it, in a real PostgreSQL.

A test names the file its store would be in; on PostgreSQL this name stands for a database of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ASKED = "AMENDS_TEST_STORE"
"""The environment tells every process of a run which store was asked for; pytest's `--store` sets it."""
DATABASE_PASSWORD = "canary-store-4b81e0"
"""That of the user who owns the databases."""
ON_BOTH = pytest.mark.usefixtures("dialect")
"""A test, or a module of tests as its `pytestmark`, that is tried on both stores."""
IN_A_FILE = pytest.mark.sqlite
"""A test that is about the file of a store in SQLite, and is left out where PostgreSQL was asked for."""
_databases: dict[Path, str] = {}


def on_postgresql() -> bool:
    """Whether the stores lie in PostgreSQL now."""
    return os.environ.get(ASKED) == POSTGRESQL


def store_at(file: Path) -> str:
    """The address of the store that goes by this file; the same for the same file."""
    if not on_postgresql():
        return f"sqlite:///{file}"
    if file not in _databases:
        from tests.postgres import server  # noqa: PLC0415 - most tests need no server

        _databases[file] = server().fresh()
    return _databases[file]


def store_line(file: Path) -> str:
    """The line of amends.yaml that names the store that goes by this file; nothing where it is the usual one."""
    return f"store: {store_at(file)}\n" if on_postgresql() else ""


def forget(known: Mapping[Path, str]) -> None:
    """Drop the databases that were made since these were known."""
    for file in _databases.keys() - known.keys():
        from tests.postgres import server  # noqa: PLC0415 - it is there, since it made them

        server().drop(_databases.pop(file))


def known() -> Mapping[Path, str]:
    """The databases there are now, by the files they stand for."""
    return dict(_databases)


@contextmanager
def looking(store: str) -> Iterator[Connection]:
    """A connection to a store that asks nobody, whatever holds the store; to be committed where it changes anything."""
    engine = create_engine(store)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def left_by(file: Path, version: str) -> None:
    """Make a SQLite store there as an Amends of before made it, with tables of this version."""
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "plugin" / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.commit()
    engine.dispose()


def ask(file: Path, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Carry out one statement on the store that goes by this file; the rows it gives."""
    with looking(store_at(file)) as connection:
        done = connection.execute(text(statement), values)
        rows = [tuple(row) for row in done] if done.returns_rows else []
        connection.commit()
        return rows
