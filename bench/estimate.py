"""What many inboxes would take, on paper: every figure by a formula from rows the bench has printed.

Usage: python -m bench.estimate [INBOXES [MAILS A DAY]]

It reads bench/results.json; a row that was not measured makes what hangs on it unknown. Nothing here was run at that
size: it is arithmetic, and docs/performance.md says what it leaves out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from bench.mail import mails
from bench.row import Failed
from bench.table import RESULTS

INBOXES, MAILS = 10_000, 10_000_000
_DAY = 86_400  # seconds
_PEAK = 3.0  # times the average, for office hours
_LOAD = 0.5  # of a core, that is asked of it at the peak
_CONNECTIONS = 2  # an inbox: one that waits in IDLE, one for the rest; never more (docs/faults.md, M09)
_LOOKS = 1 / 10  # a second, at an inbox in which nothing happens, beside IDLE
_KEPT = 365  # days
_IN_ONE = 200  # inboxes of one worker in G19
_EIGHT = 8  # cores of a machine
_HEAD = "| what | is | how |\n| --- | --- | --- |\n"


@dataclass(frozen=True, slots=True)
class Given:
    """What is asked for, and what a run of the bench has found, by row."""

    inboxes: int
    mails: int
    found: Mapping[str, float]

    @property
    def peak(self) -> float:
        """Mails a second at the peak."""
        return self.mails / _DAY * _PEAK

    @property
    def complaints(self) -> float:
        """The share of complaints in the mails of the bench, which is more than most mailboxes see."""
        return sum(mail.kind == "complaint" for mail in mails(1000)) / 1000

    def __getitem__(self, row: str) -> float:
        return self.found[row]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of the estimate: how it is made, from which rows."""

    what: str
    how: str
    rows: tuple[str, ...]
    is_: Callable[[Given], float]
    unit: str = ""

    def told(self, given: Given) -> str:
        """As a row of the table; unknown where a row it needs has no value."""
        missing = [row for row in self.rows if row not in given.found]
        value = f"unknown: {', '.join(missing)} not measured" if missing else _number(self.is_(given)) + self.unit
        return f"| {self.what} | {value} | {self.how} |"


def _cores(given: Given) -> float:
    return given.peak * given["G3"] / 1000 / _LOAD


def _idle(given: Given) -> float:
    return given.inboxes / _IN_ONE * given["G19b"] / 60 / _LOAD


def _workers(given: Given) -> int:
    return max(ceil(_cores(given) + _idle(given)), ceil(given.inboxes / _IN_ONE))


def _stored(given: Given) -> float:
    """GiB a day."""
    complaints = given.mails * given.complaints
    return (complaints * given["G17u"] + (given.mails - complaints) * given["G17v"]) / 1024 / 1024


LINES = (
    Line("mails a second, at the peak", f"mails a day / 86,400 × {_PEAK:g}", (), lambda given: given.peak),
    Line("of them complaints", "peak × share of complaints in the mails of the bench", (),
         lambda given: given.peak * given.complaints, " /s"),
    Line("cores for reading, judging, writing", f"peak × G3 / 1,000 / load of {_LOAD:.0%}", ("G3",), _cores),
    Line("cores for inboxes in which nothing happens", f"inboxes / 200 × G19b / 60 / load of {_LOAD:.0%}", ("G19b",),
         _idle),
    Line("workers", "the greater of: one for each of these cores; inboxes / 200, as many as were measured in one (G19)",
         ("G3", "G19b"), _workers),
    Line(f"machines of {_EIGHT} cores for them", f"cores / {_EIGHT}, and no fewer than two", ("G3", "G19b"),
         lambda given: max(2, ceil((_cores(given) + _idle(given)) / _EIGHT))),
    Line("memory of the workers", "workers × G19", ("G3", "G19", "G19b"),
         lambda given: _workers(given) * given["G19"] / 1024, " GiB"),
    Line("connections to mail servers", f"inboxes × {_CONNECTIONS}: one in IDLE, one for the rest", (),
         lambda given: given.inboxes * _CONNECTIONS),
    Line("of them in IDLE", "inboxes × 1", (), lambda given: given.inboxes),
    Line("quiet looks a second", "inboxes / 10 s", (), lambda given: given.inboxes * _LOOKS),
    Line("traffic of quiet looks", "looks a second × G11b × 8", ("G11b",),
         lambda given: given.inboxes * _LOOKS * given["G11b"] * 8 / 1024, " Mbit/s"),
    Line("connections to the database", "workers × (5 in the pool + 1 that listens for jobs); at most 15 more each",
         ("G3", "G19b"), lambda given: _workers(given) * 6),
    Line("rows written a second, at the peak", "complaints × G17t + other mails × 2 (message and place)", ("G17t",),
         lambda given: given.peak * (given.complaints * given["G17t"] + (1 - given.complaints) * 2)),
    Line("of what one writer stored alone in the bench", "complaints a second at the peak / G17w", ("G17w",),
         lambda given: given.peak * given.complaints / given["G17w"], " times"),
    Line("the database grows in a day by", "complaints × G17u + other mails × G17v", ("G17u", "G17v"), _stored, " GiB"),
    Line("and holds after a year, nothing packed or given up", f"{_KEPT} × that", ("G17u", "G17v"),
         lambda given: _stored(given) * _KEPT / 1024, " TiB"),
)  # fmt: skip


def figures(path: Path = RESULTS) -> dict[str, float]:
    """What the last whole run has found, by row; raises Failed where there was none."""
    if not path.exists():
        raise Failed(f"{path} is missing: `make bench` writes it")
    return {row["id"]: row["value"] for row in json.loads(path.read_text("utf-8")) if row["value"] is not None}


def table(inboxes: int = INBOXES, a_day: int = MAILS) -> str:
    """The estimate in Markdown; raises Failed where the bench was never run."""
    given = Given(inboxes, a_day, figures())
    return _HEAD + "".join(f"{line.told(given)}\n" for line in LINES)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


if __name__ == "__main__":
    print(table(*map(int, sys.argv[1:3])), end="")
