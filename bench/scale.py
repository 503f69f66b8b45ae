"""What it costs that there are many cases: a store of a million beside one of a thousand, on SQLite and PostgreSQL.

    python -m bench.scale [--closed 1000000 --open 100000] [--on sqlite]

A few cases are lived through by the real desk, and their rows are written again and again under other names and days,
so that every case folds; some of each store are folded to see that they do. Then both stores are asked the same, in
turns. What counts is CPU: of this process, and on PostgreSQL of the server's processes for it as well.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Column, Table, create_engine, make_url, select
from sqlalchemy.schema import CreateIndex, DropIndex

from bench.row import Failed, Row
from plugin.decide import Resolve
from plugin.desk.keeping import index
from plugin.store import Store, next_due
from plugin.store.search import number_of, said_in, words_in
from plugin.store.tables import EPOCH, Moment, metadata
from plugin.timeline import Case
from plugin.web import create_app
from tests.counter import COMPLAINT, Counter
from tests.stores import ASKED, POSTGRESQL, SQLITE, on_postgresql, store_at

SMALL = (1_000, 100)
BIG = (100_000, 10_000)
_COPIED = ("complaint", "event", "letter", "message", "place", "written", "task")
_FIRST, _LAST = ("Ada", "Bo", "Cem", "Dora", "Emil", "Fay", "Gus", "Hana"), ("Adler", "Brandt", "Costa", "Dahl", "Ek")
_DAY = 86_400_000_000  # microseconds
_DUE = 10  # cases a day that fall due
_OLDEST = 2000  # days
_WORD = "chandelier"  # nobody's but one case's
_AT_ONCE = 2_000  # cases


_Plan = tuple[str, list[Any], list[int], list[int], list[int]]
"""A row to be written again: its table, its values, and at which columns texts, times and UIDs stand."""
_PLAYBOOKS = {
    "answer.yaml": """\
name: answer
about: Every complaint is answered.
when: complaint_received
then:
  - tag: [seen]
  - due_by: {for: acknowledgement, within: 4 business hours}
  - draft: {text: hello}
""",
    "drafts/hello.en.txt": "Dear {name},\n\nthank you for writing. We will [[say what we do]].\n",
}


@dataclass(frozen=True, slots=True)
class _Original:
    """One case as the desk made it: what is another's in a copy, its rows by table, and the words it is found by."""

    case: Case
    names: tuple[str, ...]
    rows: Mapping[str, tuple[Mapping[str, Any], ...]]
    words: frozenset[str]


def main() -> int:
    """Print the rows; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="The cost of many cases.")
    parser.add_argument("--closed", type=int, default=BIG[0], help=f"closed cases (default: {BIG[0]:,})")
    parser.add_argument("--open", type=int, default=BIG[1], help=f"open cases (default: {BIG[1]:,})")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median counts (default: 3)")
    parser.add_argument("--on", choices=[SQLITE, POSTGRESQL], action="append", help="on this alone (default: both)")
    asked = parser.parse_args()
    found = []
    for row in figures((asked.closed, asked.open), asked.rounds, asked.on or (SQLITE, POSTGRESQL)):
        found.append(row)
        print(row.line(), flush=True)
    return 0 if all(row.met is not False for row in found) else 1


def figures(
    big: tuple[int, int] = BIG, rounds: int = 3, on: Sequence[str] = (SQLITE, POSTGRESQL)
) -> Iterator[Row]:  # fmt: skip
    """The rows of G18, so many (closed, open) cases by 1,000 and 100: one for the dearest, one for each question."""
    dearest: list[float] = []
    told: list[Row] = []
    for dialect in on:
        suffix = "p" if dialect == POSTGRESQL else ""
        for number, (what, ratio, counts) in enumerate(_ratios(dialect, big, rounds), 1):
            name = f"{'PostgreSQL' if suffix else 'SQLite'}, {big[0]:,} + {big[1]:,} cases: {what}"
            told.append(Row(f"G18{'abcdefghij'[number - 1]}{suffix}", name, ratio, at_most=1.5 if counts else None))
            dearest += [ratio] if counts else []
    what = f"{big[0]:,} closed + {big[1]:,} open cases by 1,000 + 100: the dearest of sweep, page, case"
    yield Row("G18", what, max(dearest), at_most=1.5)
    yield from told


def costs(size: tuple[int, int], dialect: str = SQLITE) -> Iterator[tuple[str, str, float]]:
    """What each question costs on a store of so many (closed, open) cases, and what SQLite takes: what, unit, cost."""
    with _opened(dialect, size) as shop:
        if dialect == SQLITE:
            yield "store on disk", "MiB", Path(make_url(shop.counter.store.url).database or "").stat().st_size / 2**20
        for what, times, _, ask in _QUESTIONS:
            ask(shop)
            yield what, "ms", 1000 * _cost(shop, ask, times)


# ---- what is asked -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Shop:
    """A store of some size with a desk and pages over it."""

    counter: Counter
    spent: Callable[[], float]
    ids: list[str]
    asked: int = 0
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.counter.register, clock=lambda: self.counter.now)

    @property
    def middle(self) -> str:
        """A case in the middle of the list."""
        return self.ids[len(self.ids) // 2]

    def sweep(self) -> None:
        self.counter.desk.run_due()

    def page(self, path: str) -> None:
        answer = self.app.test_client().get(path, base_url="http://localhost")
        if answer.status_code != 200:
            raise Failed(f"{path} answers {answer.status_code}")

    def cases(self) -> None:
        """Ten cases, others every time."""
        chance = random.Random(self.asked)  # noqa: S311 - which ones does not matter, only that they are spread
        self.asked += 1
        for _ in range(10):
            self.page(f"/cases/{chance.choice(self.ids)}")

    def search(self, words: str, least: int) -> None:
        if len(list(self.counter.register.search(words, 50))) < least:
            raise Failed(f"{words} is not found")

    def arrive(self) -> None:
        """A page of new mail: a few complaints among other mail."""
        self.asked += 1
        for number in range(10):
            sender = f"new{self.asked}.{number}@example.net"
            text = COMPLAINT if number < 3 else "Thank you, all is well. When do you open on Monday?"
            self.counter.mail.arrive(text, subject=f"New {number}", sender=sender, at=self.counter.now)
        if self.counter.desk.poll("support") != 10:
            raise Failed("not all that arrived was taken in")


_QUESTIONS: tuple[tuple[str, int, bool, Callable[[_Shop], None]], ...] = (
    ("due sweep, nothing due", 20, True, _Shop.sweep),
    ("register page, owing first", 3, True, lambda shop: shop.page("/")),
    ("register page, all of them", 3, True, lambda shop: shop.page("/?show=all")),
    ("register page, one further on", 3, True, lambda shop: shop.page(f"/?show=all&after={shop.middle}")),
    ("case page", 1, True, _Shop.cases),
    ("search, one case has the word", 10, False, lambda shop: shop.search(_WORD, 1)),
    ("search, every case has the words", 3, False, lambda shop: shop.search("formal complaint order", 50)),
    ("a page of new mail", 1, False, _Shop.arrive),
)


def _ratios(dialect: str, big: tuple[int, int], rounds: int) -> Iterator[tuple[str, float, bool]]:
    with _opened(dialect, SMALL) as few, _opened(dialect, big) as many:
        for what, times, counts, ask in _QUESTIONS:
            yield what, _ratio(few, many, ask, times, rounds), counts
        yield f"due sweep, {_DUE} cases due", _raising(few, many, rounds), True


def _ratio(few: _Shop, many: _Shop, ask: Callable[[_Shop], None], times: int, rounds: int) -> float:
    for shop in (few, many):
        ask(shop)  # what is loaded the first time is nobody's
    found = []
    for turn in range(rounds):
        cost = {id(shop): _cost(shop, ask, times) for shop in ((few, many) if turn % 2 else (many, few))}
        found.append(cost[id(many)] / cost[id(few)])
    return median(found)


def _cost(shop: _Shop, ask: Callable[[_Shop], None], times: int) -> float:
    """CPU seconds of one time; as often as it takes to be seen by a clock that ticks a hundred times a second."""
    begun, done = shop.spent(), 0
    while done < times or shop.spent() - begun < 0.5:
        ask(shop)
        done += 1
    return (shop.spent() - begun) / done


def _raising(few: _Shop, many: _Shop, rounds: int) -> float:
    """So many cases fall due, and their reminders are written."""
    found = []
    for _ in range(rounds):
        cost = []
        for shop in (few, many):
            for number in range(_DUE):
                sender = f"due{shop.asked}.{number}@example.net"
                shop.counter.mail.arrive(COMPLAINT, subject="Due", sender=sender, at=shop.counter.now)
            shop.asked += 1
            shop.counter.work()
            shop.counter.now += timedelta(days=3)  # over the weekend, or some days on: what is copied is due later
            begun = shop.spent()
            shop.counter.desk.run_due()
            cost.append(shop.spent() - begun)
        found.append(cost[1] / cost[0])
    return median(found)


# ---- stores of a size ----------------------------------------------------------------------------------------------


@contextmanager
def _opened(dialect: str, size: tuple[int, int]) -> Iterator[_Shop]:
    """A store with so many closed and open cases."""
    os.environ[ASKED] = dialect
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
        folder = Path(name)
        begun = time.process_time()
        counter = Counter(folder, playbooks=_PLAYBOOKS)
        try:
            originals = list(_lived(counter))
            counter.store.close()
            ids = _fill(store_at(folder / "amends.db"), originals, size)
            counter.store.close()
            shop = _Shop(counter, _clock(counter.store), ids)
            _look_through(counter.store, ids)
            index(counter.store)
            print(f"{dialect}: {size[0]:,} + {size[1]:,} cases made with {time.process_time() - begun:.0f} s of CPU",
                  file=sys.stderr)  # fmt: skip
            yield shop
        finally:
            counter.close()


def _lived(counter: Counter) -> Iterator[_Original]:
    """Cases as the desk makes them: two that are closed, two that are open."""
    ended = ("withdrawn", "not-upheld")
    for number in range(4):
        sender, name, subject = f"first{number}@example.net", f"Given{number} Family{number}", f"Order 88{number}001"
        case_id = counter.complaint(subject, sender=sender, name=name)
        if number % 2:
            counter.mail.send_draft(counter.draft(subject), at=counter.now)
            counter.work()
        if number < 2:
            counter.desk.act(case_id, Resolve(at=counter.now, outcome=ended[number], by="mia"))
            counter.work()
        yield _original(counter.store, case_id, (sender, name, subject.split()[1]))


def _original(store: Store, case_id: str, own: tuple[str, ...]) -> _Original:
    with store.reading() as session:
        connection, rows = session._connection, dict[str, tuple[Mapping[str, Any], ...]]()
        case = session.case(case_id)
        letters = session.letters_of([case_id]).values()
        for name in _COPIED:
            table = metadata.tables[name]
            where = _of_case(table, case_id, [row["key"] for row in rows.get("message", ())])
            rows[name] = tuple(dict(row) for row in connection.execute(select(table).where(where)).mappings())
    keys = [row["key"] for row in rows["message"]] + [row["message_id"] for row in rows["message"]]
    names = {case_id, *own, *keys, *(row["message_id"] for row in rows["written"])} - {""}
    return _Original(case, tuple(sorted(names, key=lambda one: (-len(one), one))), rows,
                     frozenset(words_in(said_in(case, letters))))  # fmt: skip


def _of_case(table: Table, case_id: str, keys: Sequence[str]) -> Any:
    if table.name == "complaint":
        return table.c.id == case_id
    return table.c.message.in_(keys) if table.name == "place" else table.c.case_id == case_id


class _Copier:
    """Writes the rows of one case again under other names and days; each row is one text with places to fill in."""

    def __init__(self, original: _Original) -> None:
        self._original = original
        self._own = re.compile("|".join(map(re.escape, original.names)) + r"|\b20\d\d-\d\d-\d\dT")
        self._days = sorted(
            {found[0] for row in self._plain() for found in self._own.finditer(str(row))} - {*original.names}
        )
        plans = [self._plan(metadata.tables[name], row) for name in _COPIED for row in original.rows[name]]
        self._plans, texts = [plan for plan, _ in plans], [text for _, some in plans for text in some]
        self._places = self._own.sub(lambda found: f"%({found[0]})s", "\x1f".join(texts).replace("%", "%%"))
        self._words = set(original.words) - words_in(original.names)

    def _plain(self) -> Iterator[Any]:
        return (value for rows in self._original.rows.values() for row in rows for value in row.values())

    def _plan(self, table: Table, row: Mapping[str, Any]) -> tuple[_Plan, list[str]]:
        columns = list(table.columns)
        values = [_value(column, row[column.name]) for column in columns]
        texts = [at for at, value in enumerate(values) if isinstance(value, str)]
        times = [at for at, column in enumerate(columns) if isinstance(column.type, Moment) and (values[at] or 0) > 0]
        uids = [at for at, column in enumerate(columns) if column.name == "uid" and values[at]]
        return (table.name, values, texts, times, uids), [values[at] for at in texts]

    def rows(self, number: int, days: int) -> Iterator[tuple[str, list[Any]]]:
        """The rows of the case with this number, so many days later: the table, and the values in order."""
        names, later = self.names(number), days * _DAY
        for day in self._days:
            names[day] = _later(day, days)
        texts = iter((self._places % names).split("\x1f"))
        for table, plain, at_texts, at_times, at_uids in self._plans:
            row = plain.copy()
            for at in at_texts:
                row[at] = next(texts)
            for at in at_times:
                row[at] += later
            for at in at_uids:
                row[at] = 1_000_000 + number * 8 + row[at] % 8
            yield table, row

    def names(self, number: int) -> dict[str, str]:
        """What stands in the place of each name."""
        case = self._original.case
        given = {case.id: f"c{number:011x}", case.complainant.email: f"p{number}@example.org",
                 case.complainant.name: f"{_FIRST[number % 8]} {_LAST[number // 8 % 5]}"}  # fmt: skip
        digest = f"{number:012x}"  # in order, since pages of an index that all are touched at once take hours
        others = (name for name in self._original.names if name not in given)
        return given | {name: _other(name, digest, number, at) for at, name in enumerate(others)}

    def line(self, number: int, days: int) -> tuple[str, datetime]:
        """The id of that case, and when it came."""
        came = self._original.case.received_at or EPOCH
        return f"c{number:011x}", came + timedelta(days=days)

    def words(self, number: int) -> set[str]:
        """The words it is found by."""
        own = f"c{number:011x} p{number} example org 9{number:07d} {_FIRST[number % 8]} {_LAST[number // 8 % 5]}"
        return self._words.union(own.lower().split())


def _other(name: str, digest: str, number: int, at: int) -> str:
    if name.isdigit():
        return f"9{number:07d}"
    left, _, right = name.rpartition("@")
    return f"{left[:8]}{digest}{at}@{right}" if left else f"{digest}{at:02d}"


@cache
def _later(day: str, days: int) -> str:
    """`2026-11-20T` so many days later."""
    return f"{datetime.fromisoformat(day[:10]) + timedelta(days=days):%Y-%m-%d}T"


def _value(column: Column[Any], value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(microseconds=1)
    if column.name == "live":
        return False  # nobody looks into a mailbox here, and so misses no draft in it
    return 1 if column.name == "sought" else value


# ---- written in bulk -----------------------------------------------------------------------------------------------


def _fill(store: str, originals: Sequence[_Original], size: tuple[int, int]) -> list[str]:
    """Write so many closed and open cases into the store; the ids of some."""
    copiers = [_Copier(one) for one in originals]
    filling = _FillServer(store) if on_postgresql() else _FillFile(store)
    ids, last = list[str](), 0
    with closing(filling):
        rows: dict[str, list[list[Any]]] = {name: [] for name in (*_COPIED, "sought")}
        for number in range(sum(size)):
            closed = number < size[0]
            copier = copiers[number % 2 + (0 if closed else 2)]
            days = _OLDEST * number // size[0] - _OLDEST - 1 if closed else 40 + 60 * (number - size[0]) // size[1]
            for table, row in copier.rows(number, days):
                rows[table].append(row)
            case_id, came = copier.line(number, days)
            words = copier.words(number) | ({_WORD} if number == size[0] // 2 else set())
            last = position = max(last + 1, number_of(came, case_id))
            rows["sought"].append([position, case_id, sorted(words)])
            if number % max(1, sum(size) // 500) == 0:
                ids.append(case_id)
            if number % _AT_ONCE == 0:
                filling.write(rows)
                rows = {name: [] for name in rows}
        filling.write(rows)
        filling.count(_numbers(originals, size))
    return ids


def _numbers(originals: Sequence[_Original], size: tuple[int, int]) -> Mapping[tuple[str, str], int]:
    messages: dict[tuple[str, str], int] = {("case", "resolved"): size[0], ("case", "open"): size[1]}
    for at, one in enumerate(originals):
        whole, rest = divmod(size[0] if at < 2 else size[1], 2)
        for row in one.rows["message"]:
            key = ("message", row["verdict"])
            messages[key] = messages.get(key, 0) + whole + (rest if at % 2 == 0 else 0)
    return messages


class _FillFile:
    """Rows into a SQLite file, with the indexes made at the end, and nothing that would survive a power cut."""

    def __init__(self, store: str) -> None:
        self._file = sqlite3.connect(make_url(store).database or "", isolation_level=None)
        self._indexes = [one for name in _COPIED for one in metadata.tables[name].indexes]
        self._dialect = create_engine(store).dialect
        for step in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-400000", "BEGIN"):
            self._file.execute(step)
        for one in self._indexes:
            self._file.execute(str(DropIndex(one).compile(dialect=self._dialect)))

    def write(self, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        for name in _COPIED:
            marks = ", ".join("?" * len(metadata.tables[name].columns))
            self._file.executemany(f"INSERT INTO {name} VALUES ({marks})", rows[name])  # noqa: S608 - names of ours
        joined = [(position, case_id, " ".join(words)) for position, case_id, words in rows["sought"]]
        packed = [(position, case_id, zlib.compress(words.encode(), 1)) for position, case_id, words in joined]
        self._file.executemany("INSERT INTO sought VALUES (?, ?, ?)", packed)
        self._file.executemany("INSERT INTO search (rowid, words) VALUES (?, ?)", [(row[0], row[2]) for row in joined])

    def count(self, numbers: Mapping[tuple[str, str], int]) -> None:
        more = (
            "INSERT INTO tally VALUES ('support', ?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number"
        )
        self._file.executemany(more, [(*key, number) for key, number in numbers.items()])

    def close(self) -> None:
        for one in self._indexes:
            self._file.execute(str(CreateIndex(one).compile(dialect=self._dialect)))
        self._file.execute("COMMIT")
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.close()


_INDEXES = """SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)"""
"""The indexes of these tables and how each is made, but for those that stand for a key."""


class _FillServer:
    """Rows into PostgreSQL by COPY, with the indexes made at the end."""

    def __init__(self, store: str) -> None:
        address = make_url(store).set(drivername="postgresql").render_as_string(hide_password=False)
        self._server = psycopg.connect(address, autocommit=True)
        self._indexes = self._server.execute(_INDEXES, [[*_COPIED, "sought"]]).fetchall()
        for name, _ in self._indexes:
            self._server.execute(f'DROP INDEX "{name}"')

    def write(self, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        for name in _COPIED:
            with self._server.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for row in rows[name]:
                    copy.write_row(row)
        with self._server.cursor().copy("COPY sought FROM STDIN") as copy:
            for position, case_id, words in rows["sought"]:
                copy.write_row((position, case_id, " ".join(f"'{word}'" for word in words)))

    def count(self, numbers: Mapping[tuple[str, str], int]) -> None:
        more = ("INSERT INTO tally VALUES ('support', %s, %s, %s) ON CONFLICT (inbox, kind, name) "
                "DO UPDATE SET number = tally.number + excluded.number")  # fmt: skip
        self._server.cursor().executemany(more, [(*key, number) for key, number in numbers.items()])

    def close(self) -> None:
        for _, made in self._indexes:
            self._server.execute(made)
        self._server.execute("VACUUM ANALYZE")
        self._server.close()


def _look_through(store: Store, ids: Sequence[str]) -> None:
    """Some of the cases, folded from their events, are what their lines in the register say."""
    table = metadata.tables["complaint"]
    with store.reading() as session:
        lines = {row.id: row for row in session._connection.execute(select(table).where(table.c.id.in_(list(ids))))}
        for case in session.load(ids).values():
            line = lines[case.id]
            told = (line.status, line.version, line.received_at, line.next_due, line.sender)
            if told != (case.status.value, case.version, case.received_at, next_due(case), case.complainant.email):
                raise Failed(f"case {case.id} does not fold to what its line says: {told}")


# ---- the clock -----------------------------------------------------------------------------------------------------


def _clock(store: Store) -> Callable[[], float]:
    """CPU seconds so far, of this process and of the server's processes that work for it."""
    if store.dialect != POSTGRESQL:
        return time.process_time
    name = make_url(store.url).database or ""
    ticks = os.sysconf("SC_CLK_TCK")

    def spent() -> float:
        total = 0.0
        for stat in _backends(name):
            parts = stat.rpartition(") ")[2].split()
            total += (int(parts[11]) + int(parts[12])) / ticks
        return total + time.process_time()

    return spent


def _backends(database: str) -> Iterator[str]:
    """What the kernel tells of each process of a PostgreSQL that serves this database."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if database.encode() in (process / "cmdline").read_bytes().split(b" "):
                    yield (process / "stat").read_text()
            except OSError:
                continue  # it ended just now


if __name__ == "__main__":
    sys.exit(main())
