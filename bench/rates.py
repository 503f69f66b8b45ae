"""How many complaints a second the store takes on PostgreSQL, by what the leanest code gets stored (G17s).

Usage: python -m bench.rates, or as part of `python -m bench`.

What is stored is what a look into a mailbox made of mails of this bench: for each complaint its timeline, its line in
the register, what is planned, its message and its place in the ledgers, and its text. Ours goes through
`Store.writing`, as the desk does, a hundred complaints in a transaction, all under new names. The floor writes two rows
for each, a complaint of the same length and a task, pipelined, a hundred in a transaction. G17r is in between: the very
rows the store wrote, pipelined by psycopg alone. All of it is durable: the server keeps its defaults.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table, make_url

from bench.contest import Hall
from bench.mail import mails
from bench.row import Row
from plugin.config import load
from plugin.demo.mailbox import Dovecot
from plugin.desk import open_desk
from plugin.model import Place
from plugin.store import Known, Session, Store
from plugin.store.tables import cases, events, letters, messages, places, tasks
from plugin.timeline import Case, Event, fold, from_json, to_json
from tests.postgres import Server

Connection = psycopg.Connection[tuple[Any, ...]]

_INBOX = "support"
_MAILS = 600  # of which a third are complaints
_TIMES = 8  # each of them is stored so often, under other names
_BATCH = 100
_ORDINARY = 5_000
_WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
_STORED = (cases, events, letters, messages, places, tasks)
_FLOOR = """
create table complaint (id serial primary key, message_id text unique, subject text, body text, due bigint);
create table task (id serial primary key, complaint text, due bigint);
"""


@dataclass(frozen=True, slots=True)
class _Complaint:
    """All that is stored of one."""

    events: tuple[Event, ...]
    after: Case
    known: Known
    place: Place
    fingerprint: str
    letters: tuple[dict[str, Any], ...]

    @property
    def text(self) -> str:
        """What they wrote."""
        return str(self.letters[0]["text"]) if self.letters else ""


@dataclass(frozen=True, slots=True)
class _Round:
    """How fast ours was by the floor, and by the same rows alone; what a complaint and another mail take."""

    by_floor: float
    by_same: float
    a_second: float
    rows: float
    size: float
    mail: float


def rows(rounds: int) -> Iterator[Row]:
    """The rows; raises AssertionError where PostgreSQL is missing or does not start."""
    taken = _taken()
    with closing(Server(durable=True)) as server:
        found = [_round(server, turn, taken) for turn in range(rounds)]
    many = f"PostgreSQL: {len(taken) * _TIMES:,} complaints stored a second by"
    yield Row("G17s", f"{many} a pipelined insert's", median(one.by_floor for one in found), at_least=0.5)
    yield Row("G17r", "the same by psycopg's insert of all the rows it wrote", median(one.by_same for one in found))
    yield Row("G17w", "complaints stored a second, by one writer", median(one.a_second for one in found))
    yield Row("G17t", "rows the store wrote for each of them; the floor wrote 2", median(one.rows for one in found))
    yield Row("G17u", "the database grew by, for each of them", median(one.size for one in found), unit="KiB")
    yield Row(
        "G17v", "the database grew by, for a mail that is no complaint", median(one.mail for one in found), unit="KiB"
    )


def _round(server: Server, turn: int, taken: Sequence[_Complaint]) -> _Round:
    """Ours and the floor, each in a new database, in turns; then the same rows without our code."""
    named = [_renamed(one, f"{turn}-{number}") for number in range(_TIMES) for one in taken]
    ours, floors = server.fresh(), server.empty()
    if turn % 2:
        floor, own = _floors(floors, named), _ours(ours, named)
    else:
        own, floor = _ours(ours, named), _floors(floors, named)
    same = _same(server.fresh(), ours, len(named))
    return _Round(floor / own, same / own, len(named) / own, *_size(server, ours, len(named)), _mails(server))


# ---- what is stored -------------------------------------------------------------------------------------------------


def _taken() -> list[_Complaint]:
    """The complaints of a backlog, as one look into a mailbox stored them."""
    with tempfile.TemporaryDirectory(prefix="rates-") as name, Dovecot(Path(name, "mail")) as server:
        hall = Hall(server, Path(name))
        shop = hall.product("rates")
        shop.once()
        hall.fill(["rates"], mails(_MAILS))
        with closing(open_desk(load(shop.folder / "amends.yaml"))) as desk:
            desk.poll(_INBOX)
        with closing(Store(f"sqlite:///{shop.store}")) as store, store.reading() as session:
            return [_complaint(session, case) for case in session.open_cases(_INBOX)]


def _complaint(session: Session, case: str) -> _Complaint:
    timeline = session.timeline(case)
    first = timeline[0]
    key, message_id = str(getattr(first, "message", "")), str(getattr(first, "message_id", ""))
    kept = tuple(dict(row) for (at, _), row in session.letters_of([case]).items() if at == case)
    place = session.place_of(_INBOX, [key])[key]
    known = Known(key, message_id, case, "complaint")
    return _Complaint(tuple(timeline), fold(timeline), known, place, f"print {key}", kept)


def _renamed(one: _Complaint, suffix: str) -> _Complaint:
    """The same complaint as if it were another one."""
    known = Known(f"{one.known.key}-{suffix}", f"<{suffix}.{one.known.message_id[1:]}", f"{one.after.id}-{suffix}",
                  one.known.verdict)  # fmt: skip
    names = {one.after.id: known.case_id, one.known.key: known.key, one.known.message_id: known.message_id}
    timeline = tuple(_told_anew(event, names) for event in one.events)
    kept = tuple({name: names.get(value, value) for name, value in row.items()} for row in one.letters)
    place = replace(one.place, folder=f"INBOX.{suffix}")
    return _Complaint(timeline, fold(timeline), known, place, one.fingerprint, kept)


def _told_anew(event: Event, names: dict[str, str]) -> Event:
    body = to_json(event)
    for old, new in names.items():
        body = body.replace(old, new)
    return from_json(type(event).__name__, body)


# ---- how it is stored -----------------------------------------------------------------------------------------------


def _ours(url: str, named: Sequence[_Complaint]) -> float:
    with closing(Store(url)) as store:
        _store(store, named[:1])  # connected, and its statements are known to both sides
        begun = time.perf_counter()
        _store(store, named[1:])
        return time.perf_counter() - begun


def _store(store: Store, named: Sequence[_Complaint]) -> None:
    for some in _batches(named):
        with store.writing(_INBOX) as session:
            for one in some:
                _keep(session, one)


def _keep(session: Session, one: _Complaint) -> None:
    session.saw(_INBOX, one.place, one.fingerprint, one.known.key)
    session.append(Case(), one.events, one.after)
    session.record(_INBOX, one.known, one.events[0].at)
    for row in one.letters:
        session.keep_letter(row["case_id"], row["key"], row["kind"], row["text"], subject=row["subject"],
                            detail=row["detail"])  # fmt: skip


def _floors(url: str, named: Sequence[_Complaint]) -> float:
    """Two rows for each complaint, pipelined."""
    with _connected(url) as connection:
        connection.execute(_FLOOR)
        begun = time.perf_counter()
        for some in _batches(named[1:]):
            with connection.transaction(), connection.pipeline():
                for number, one in enumerate(some):
                    connection.execute(
                        "insert into complaint (message_id, subject, body, due) values (%s, %s, %s, %s)"
                        " on conflict do nothing",
                        (one.known.message_id, "subject", one.text, number),
                    )
                    connection.execute("insert into task (complaint, due) values (%s, %s)", (one.after.id, number))
        return time.perf_counter() - begun


def _same(url: str, source: str, count: int) -> float:
    """The rows that stand in the one database, into the other, pipelined; a hundredth of so many complaints at once."""
    with _connected(source) as there, _connected(url) as here:
        tables = [_rows_of(there, table) for table in _STORED]
        batches = max(1, count // _BATCH)
        begun = time.perf_counter()
        for number in range(batches):
            with here.transaction(), here.pipeline(), here.cursor() as cursor:
                for insertion, every in tables:
                    if some := every[number::batches]:
                        cursor.executemany(insertion, some)
        return time.perf_counter() - begun


def _size(server: Server, url: str, count: int) -> tuple[float, float]:
    """Rows a complaint, and KiB a complaint that the database is larger than an empty store."""
    with _connected(url) as ours:
        rows = sum(len(_rows_of(ours, table)[1]) for table in _STORED)
    return rows / count, _grown(server, url) / count


def _mails(server: Server) -> float:
    """KiB a mail, where it is no complaint: what stands in the ledgers."""
    url = server.fresh()
    with closing(Store(url)) as store:
        for start in range(0, _ORDINARY, _BATCH):
            with store.writing(_INBOX) as session:
                for number in range(start, start + _BATCH):
                    key = hashlib.sha256(b"%d" % number).hexdigest()[:24]
                    session.saw(_INBOX, Place("INBOX", 1, number + 1), key[::-1], key)
                    known = Known(key, f"<{number}.{key[:12]}@mail.example>", "", "no")
                    session.record(_INBOX, known, _WHEN + timedelta(seconds=number))
    return _grown(server, url) / _ORDINARY


def _grown(server: Server, url: str) -> float:
    """By how many KiB this database is larger than an empty store."""
    with _connected(url) as ours, _connected(server.fresh()) as empty:
        large, small = (one.execute("select pg_database_size(current_database())").fetchone() for one in (ours, empty))
    assert large
    assert small
    return float(large[0] - small[0]) / 1024


def _rows_of(connection: Connection, table: Table) -> tuple[sql.Composed, list[tuple[Any, ...]]]:
    """How rows of this table are inserted, and all that are there."""
    found = connection.execute(sql.SQL("select * from {}").format(sql.Identifier(table.name)))
    names = [column.name for column in found.description or ()]
    insertion = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() for _ in names),
    )  # fmt: skip
    return insertion, found.fetchall()


def _connected(url: str) -> Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _batches(named: Sequence[_Complaint]) -> Iterator[Sequence[_Complaint]]:
    return (named[start : start + _BATCH] for start in range(0, len(named), _BATCH))


if __name__ == "__main__":
    for row in rows(3):
        print(row.line(), flush=True)
