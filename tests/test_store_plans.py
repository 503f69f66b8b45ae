"""However many cases are closed, nothing that is asked again and again reads all of them: an index answers it.

SQLite tells how it would find what a statement asks for (EXPLAIN QUERY PLAN); PostgreSQL takes the same indexes once a
table is large, as `python -m bench.scale` measures on both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from plugin.config import Keep, Lapse
from plugin.decide import Resolve
from plugin.desk.keeping import index, keep
from plugin.web import create_app
from tests.counter import Counter

GROWING = "complaint|event|letter|message|place|written|task|sought|quarantine|notice"
"""The tables that grow with every complaint."""
_ALL_OF = re.compile(rf"^SCAN ({GROWING})\b(?! USING (COVERING )?INDEX)")


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("AMENDS_TEST_STORE", "sqlite")
    counter = Counter(tmp_path)
    for number in range(6):
        case = counter.complaint(f"Kettle {number}", sender=f"p{number}@example.org")
        if number % 2:
            counter.desk.act(case, Resolve(at=counter.now, outcome="withdrawn", by="mia"))
    index(counter.store, 1)
    counter.work()
    yield counter
    counter.close()


def look(counter: Counter, *paths: str) -> None:
    browser = create_app(counter.register, clock=lambda: counter.now).test_client()
    for path in paths:
        assert browser.get(path, base_url="http://localhost").status_code == 200


def pages(counter: Counter) -> None:
    (first, second, *_) = (case["id"] for case in counter.register.cases())
    look(counter, "/", "/?show=all", f"/?after={first}", f"/?show=all&after={second}", "/?q=kettle", f"/cases/{first}",
         "/readyz", "/metrics")  # fmt: skip


def mail(counter: Counter) -> None:
    counter.complaint("Lamp")
    counter.mail.send_draft(counter.draft("Lamp"), at=counter.now)
    counter.later(days=5)


def commands(counter: Counter) -> None:
    now = counter.now
    counter.register.cases(open_only=True, limit=2)
    counter.register.cases(due_within=timedelta(days=3), now=now, limit=2)
    counter.register.tasks(now, upcoming=True)
    counter.register.quarantine(3)
    counter.register.incidents()
    counter.register.coaching(now - timedelta(days=1))
    list(counter.register.everything())


def chores(counter: Counter) -> None:
    index(counter.store)
    rules = Keep(text=Lapse(24, "months"), case=Lapse(6, "years"))
    for years in (1, 3, 7):
        keep(counter.store, rules, counter.now + timedelta(days=366 * years))


@pytest.mark.parametrize("ask", [pages, mail, commands, chores])
def test_nothing_reads_every_case_there_ever_was(counter: Counter, ask: Callable[[Counter], None]) -> None:
    asked: dict[str, None] = {}

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if re.match(r"SELECT|UPDATE|DELETE|WITH", statement) and "total_changes" not in statement:
            asked[statement] = None

    event.listen(counter.store._engine, "before_cursor_execute", note)
    ask(counter)
    event.remove(counter.store._engine, "before_cursor_execute", note)
    assert len(asked) > 5
    found = {statement: steps for statement in asked if (steps := list(_reads_all(counter, statement)))}
    assert found == {}


def _reads_all(counter: Counter, statement: str) -> Iterator[str]:
    """The steps of a statement that read a whole table."""
    wire = counter.store._engine.raw_connection()
    try:
        values = [None] * statement.count("?")
        rows = wire.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        yield from (str(row[3]) for row in rows if _ALL_OF.match(str(row[3])))
    finally:
        wire.close()
