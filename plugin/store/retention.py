"""What has rested for long is given up: the words of a case first, the whole case later; counts stay for good.

What SQLite has set free by it is overwritten at once; the index for searching lets go of its words as it is tidied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, literal, select, tuple_, update

from plugin.store.search import Search
from plugin.store.tables import (
    GONE,
    IDLE,
    Moment,
    cases,
    corrections,
    events,
    fixed_number,
    letters,
    messages,
    tasks,
    written,
)
from plugin.timeline import Case

Position = tuple[datetime, str]
"""Since when a case rests, and its id."""


class Retention:
    """Gives up in the transaction of a session."""

    def __init__(self, connection: Connection, tallied: Callable[[str, str, str, int], None]) -> None:
        """`tallied` is told of what is counted: inbox, kind, name, and how many more of it there are."""
        self._connection, self._tallied = connection, tallied

    def resting(self, texts: int, before: datetime, after: Position | None, limit: int) -> list[Position]:
        """Cases that have rested since before then, whose texts are in this state, the longest first."""
        query = select(cases.c.idle_since, cases.c.id)
        query = query.where(IDLE, cases.c.texts == fixed_number(texts), cases.c.idle_since < before)
        if after is not None:
            here = tuple_(literal(after[0], Moment()), literal(after[1]))
            query = query.where(tuple_(cases.c.idle_since, cases.c.id) > here)
        rows = self._connection.execute(query.order_by(cases.c.idle_since, cases.c.id).limit(limit))
        return [(row[0], row[1]) for row in rows]

    def texts(self, case_ids: Sequence[str]) -> int:
        """How many texts are kept of these cases."""
        query = select(func.count()).select_from(letters).where(letters.c.case_id.in_(case_ids))
        return self._connection.execute(query).scalar() or 0

    def give_up_texts(self, case_ids: Sequence[str]) -> None:
        """Keep no word that was written in these cases; dates, acts and labels stay."""
        self._overwriting()
        self._connection.execute(delete(letters).where(letters.c.case_id.in_(case_ids)))
        Search(self._connection).forget(case_ids)
        self._connection.execute(update(cases).where(cases.c.id.in_(case_ids)).values(texts=GONE))

    def give_up(self, gone: Sequence[Case]) -> None:
        """Keep nothing of these cases but how many there were; their messages are still known by key, and by no more.

        So what lies in the mailbox for years opens no new case when a folder is numbered anew.
        """
        self._overwriting()
        ids = [case.id for case in gone]
        Search(self._connection).forget(ids)
        for table in (letters, events, tasks, written, corrections):
            self._connection.execute(delete(table).where(table.c.case_id.in_(ids)))
        self._connection.execute(update(messages).where(messages.c.case_id.in_(ids)).values(message_id="", case_id=""))
        self._connection.execute(delete(cases).where(cases.c.id.in_(ids)))
        for case in gone:
            self._tallied(case.inbox, "case", case.status.value, -1)
            self._tallied(case.inbox, "gone", _counted_as(case), 1)

    def _overwriting(self) -> None:
        if self._connection.dialect.name == "sqlite":
            self._connection.exec_driver_sql("PRAGMA secure_delete=ON")


def _counted_as(case: Case) -> str:
    """Under what a case is counted that is kept no more: `2020-03 delivery upheld`."""
    month = f"{case.received_at:%Y-%m}" if case.received_at else "-"
    return f"{month} {case.category} {case.outcome or case.status.value}"
