"""What things cost at each size, for the chart in docs/performance.md: written to docs/performance.csv.

Usage: python -m bench.sizes [--full]; then `python docs/chart.py` makes the picture, `python -m bench.page` the table.

Mails: a backlog that came since the inbox was attached, all work with drafts, in CPU of the client and peak memory,
start and end of the process included; what the store then holds on disk. Cases: what bench/scale.py measures on a store
of so many closed cases and a tenth as many open ones. `--full` goes on to 30,000 mails and 1,000,000 cases.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from itertools import chain
from pathlib import Path

from bench.contest import Failed, Hall
from bench.mail import mails
from plugin.demo.mailbox import Dovecot

CHART = Path(__file__).parent.parent / "docs" / "performance.csv"
MAILS, MORE_MAILS = (1_000, 2_000, 5_000), (10_000, 30_000)
CASES, MORE_CASES = (1_000, 10_000, 100_000), (1_000_000,)
_HEAD = ("what", "unit", "size", "cost")


@dataclass(frozen=True, slots=True)
class Point:
    """What something costs at one size."""

    what: str
    unit: str
    size: int
    cost: float


def backlogs(sizes: Iterable[int]) -> Iterator[Point]:
    """A pass over backlogs of so many mails, each in a mailbox of its own."""
    with tempfile.TemporaryDirectory(prefix="sizes-") as name, Dovecot(Path(name, "mail")) as server:
        hall = Hall(server, Path(name))
        for size in sizes:
            yield from _backlog(hall, size)


def _backlog(hall: Hall, size: int) -> Iterator[Point]:
    user = f"backlog-{size}"
    shop = hall.product(user)
    shop.once()
    before = _on_disk(shop.store)
    complaints = hall.fill([user], mails(size))
    spent = hall.run_product(shop)
    if hall.drafts(user) < 0.97 * complaints:
        raise Failed(f"{hall.drafts(user)} drafts were written for {complaints} complaints")
    yield Point("backlog of mails: CPU", "s", size, spent.cpu)
    yield Point("backlog of mails: peak memory", "MiB", size, spent.peak)
    yield Point("backlog of mails: store on disk", "MiB", size, _on_disk(shop.store) - before)


def cases(sizes: Iterable[int]) -> Iterator[Point]:
    """Stores of so many closed cases and a tenth as many open ones, on SQLite."""
    from bench.scale import costs  # noqa: PLC0415 - the kernel counts for a child what its parent held: see contest.py

    for size in sizes:
        yield from (Point(f"cases: {what}", unit, size, cost) for what, unit, cost in costs((size, size // 10)))


def _on_disk(store: Path) -> float:
    return sum(one.stat().st_size for one in store.parent.glob(f"{store.name}*")) / 2**20


def read(path: Path = CHART) -> list[Point]:
    """The points that were measured last."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Point(row["what"], row["unit"], int(row["size"]), float(row["cost"])) for row in csv.DictReader(file)]


def write(points: Iterable[Point], path: Path = CHART) -> None:
    """The points as a table that a person and a spreadsheet can read; printed as they come."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_HEAD)
        for point in points:
            table.writerow([point.what, point.unit, point.size, f"{point.cost:.4g}"])
            file.flush()  # it takes long, and what was measured is not to be lost
            print(*astuple(point), flush=True)


def main() -> None:
    """Measure and write."""
    full = "--full" in sys.argv
    few, many = (*MAILS, *(MORE_MAILS if full else ())), (*CASES, *(MORE_CASES if full else ()))
    write(chain(backlogs(few), cases(many)))


if __name__ == "__main__":
    main()
