"""Runs the migrations on the connection that the store hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

_SORTED_BY_A_LANGUAGE = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type IN ('character varying', 'text')
    AND collation_name IS DISTINCT FROM 'C' AND table_name IN ({ours})
"""


def _sort_by_bytes(connection: Connection) -> None:
    """In PostgreSQL text sorts by a language, unless it is told; here it sorts as in SQLite."""
    from plugin.store.tables import metadata  # noqa: PLC0415 - SQLite needs no word of it

    ours = ", ".join(f"'{table}'" for table in metadata.tables)
    for table, column, kind in connection.exec_driver_sql(_SORTED_BY_A_LANGUAGE.format(ours=ours)).all():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {kind} COLLATE "C"')


_connection: Connection = context.config.attributes["connection"]
context.configure(connection=_connection, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
    if _connection.dialect.name == "postgresql":
        _sort_by_bytes(_connection)
