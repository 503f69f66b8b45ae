"""Notices as they lie in the database: which inbox called about what, and whether it was heeded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from plugin.store import bulk
from plugin.store.tables import notices, quarantine

ASIDE = 50
"""How many calls nobody understood are kept for each inbox; the oldest go first, since each can be read up again."""

_LARGEST = 1 << 20  # bytes of a call that is put aside
_AT_ONCE = 500  # values in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One notice: `topic` and `group` are the inbox's own words; `at` is when it came.

    With a reason why it is `unknown`, it goes to the quarantine with what it said (`raw`), and waits for nobody.
    """

    inbox: str
    id: str
    at: datetime
    topic: str = ""
    group: str = ""
    unknown: str = ""
    raw: bytes = b""


class Notices:
    """The ledger of notices: each is entered once, waits until it is heeded, and is known for days after that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enter(self, entries: Sequence[Entry]) -> list[bool]:
        """Enter those that are new; for each, whether it was."""
        first: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            first.setdefault((entry.inbox, entry.id), entry)
        for key in self._known(list(first)):
            del first[key]
        fresh = [first[key] for key in sorted(first)]  # in one order, or two who enter the same wait for each other
        if fresh:
            bulk.insert_new(self._connection, notices, [_row(entry) for entry in fresh])
            self._put_aside([entry for entry in fresh if entry.unknown])
        return [first.get((entry.inbox, entry.id)) is entry for entry in entries]

    def waiting(self, inbox: str, limit: int = 5000) -> list[Entry]:
        """Those nobody has heeded yet, the oldest topic first, what has the same topic together."""
        query = select(notices).where(notices.c.inbox == inbox, notices.c.heeded_at.is_(None))
        found: dict[str, list[Entry]] = {}
        for row in self._connection.execute(query.order_by(notices.c.at, notices.c.id).limit(limit)).mappings():
            found.setdefault(row["topic"], []).append(_entry(row))
        return [entry for together in found.values() for entry in together]

    def heed(self, inbox: str, ids: Sequence[str], at: datetime) -> None:
        """These need no more attention."""
        for these in _these(inbox, ids):
            self._connection.execute(update(notices).where(these, notices.c.heeded_at.is_(None)).values(heeded_at=at))

    def forget(self, before: datetime, limit: int = 1000) -> bool:
        """Forget those that were heeded before this time, a bounded number at once; whether there may be more."""
        query = select(notices.c.inbox, notices.c.id).where(notices.c.heeded_at < before).limit(limit)
        old = self._connection.execute(query).all()
        for inbox in {row.inbox for row in old}:
            for these in _these(inbox, [row.id for row in old if row.inbox == inbox]):
                self._connection.execute(delete(notices).where(these))
        return len(old) == limit

    def _known(self, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        known: set[tuple[str, str]] = set()
        for inbox in {inbox for inbox, _ in keys}:
            ids = [name for of, name in keys if of == inbox]
            for these in _these(inbox, ids):
                found = self._connection.execute(select(notices.c.id).where(these)).scalars()
                known.update((inbox, name) for name in found)
        return known

    def _put_aside(self, unknown: Sequence[Entry]) -> None:
        if not unknown:
            return
        bulk.insert_new(self._connection, quarantine, [_aside(entry) for entry in unknown])
        for inbox in {entry.inbox for entry in unknown}:
            calls = and_(quarantine.c.inbox == inbox, quarantine.c.folder == _FOLDER)
            newest = select(quarantine.c.id).where(calls).order_by(quarantine.c.at.desc(), quarantine.c.id)
            self._connection.execute(delete(quarantine).where(calls, quarantine.c.id.not_in(newest.limit(ASIDE))))


_FOLDER = "webhook"


def _these(inbox: str, ids: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Which rows these are, a bounded number at once, as the primary key finds them."""
    for start in range(0, len(ids), _AT_ONCE):
        yield and_(notices.c.inbox == inbox, notices.c.id.in_(ids[start : start + _AT_ONCE]))


def _row(entry: Entry) -> dict[str, Any]:
    heeded_at = entry.at if entry.unknown else None
    return {
        "inbox": entry.inbox, "id": entry.id, "topic": entry.topic, "act": entry.group, "at": entry.at,
        "heeded_at": heeded_at,
    }  # fmt: skip


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(inbox=row["inbox"], id=row["id"], at=row["at"], topic=row["topic"], group=row["act"])


def _aside(entry: Entry) -> dict[str, Any]:
    name = f"{entry.inbox}|{_FOLDER}|{entry.id}"
    return {
        "id": "q" + hashlib.sha256(name.encode()).hexdigest()[:10], "inbox": entry.inbox, "folder": _FOLDER,
        "validity": 0, "uid": 0, "at": entry.at, "reason": entry.unknown, "raw": entry.raw[:_LARGEST],
    }  # fmt: skip
