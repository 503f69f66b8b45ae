"""Two workers against one on the same backlog (G17), and where the time of one goes.

Usage: python -m bench.workers [MAILS] [INBOXES]

The same mails come to the same number of inboxes; then workers begin, and what counts is the time from their first
holding to the last draft. The mail server, the database and the workers share one machine, so two workers can be no
faster than what the others leave of it. G17c says how much of all CPU the one worker took itself; G17f says, by CPU and
not by the clock, how evenly two share its work: so much faster they are where neither waits for a core.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.many import cpu_of
from bench.row import Row
from plugin.demo.mailbox import Dovecot
from tests.faults.letters import letter
from tests.fleet import PASSWORD, Fleet, fleet
from tests.postgres import server as database
from tests.witness import eventually

_DONE = (
    "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM written WHERE kind = 'draft' AND digest <> ''), "
    "(SELECT count(*) FROM task WHERE for_inbox AND run_at < extract(epoch FROM now()) * 1000000)"
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds until all was done; CPU of each worker and of the whole machine meanwhile; cores it has."""

    wall: float
    own: tuple[float, ...]
    machine: float
    cores: int


def figures(mails: int = 2000, inboxes: int = 4) -> Iterator[Row]:
    """How much faster two workers are, and why they are not faster."""
    with tempfile.TemporaryDirectory(prefix="bench-workers-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Dovecot(folder / "mail", password=PASSWORD, fsync="never") as server:
            one, two = (_contest(folder / f"by{count}", server, count, mails, inboxes) for count in (1, 2))
    yield Row("G17", f"{mails:,} mails in {inboxes} inboxes on PostgreSQL: two workers by one", one.wall / two.wall,
              at_least=1.7)  # fmt: skip
    yield Row("G17b", "the same: mails a second of one worker", mails / one.wall)
    yield Row("G17c", "the same: share of all CPU spent that was the one worker's own", sum(one.own) / one.machine)
    yield Row("G17f", "the same: CPU of one worker by that of the busier of two, the most that more cores give",
              max(one.own) / max(two.own))  # fmt: skip
    yield Row("G17d", "the same: cores that were busy with one worker", one.machine / one.wall, unit="of "
              f"{one.cores}")  # fmt: skip
    yield Row("G17e", "the same: cores that were busy with two workers", two.machine / two.wall, unit=f"of {two.cores}")


def _contest(folder: Path, server: Dovecot, workers: int, mails: int, inboxes: int) -> Spent:
    names = [f"shop{number}" for number in range(inboxes)]
    share = mails // inboxes
    with fleet(folder, server, database().fresh(), names) as made:
        for number, name in enumerate(names):
            made.deliver(name, [letter(n, complaint=n % 5 == 0) for n in range(number * share, (number + 1) * share)])
        running = [made.begin("worker") for _ in range(workers)]
        eventually(lambda: all(one.held for one in running) or None, "each holds some", 60.0)
        began, spent, busy = time.monotonic(), [cpu_of(one) for one in running], _busy()
        complaints = sum(n % 5 == 0 for n in range(share * inboxes))
        eventually(lambda: _is_done(made, share * inboxes, complaints) or None, "all done", 1200.0)
        wall = time.monotonic() - began
        own = tuple(cpu_of(one) - before for one, before in zip(running, spent, strict=True))
        return Spent(wall, own, _busy() - busy, os.cpu_count() or 1)


def _is_done(made: Fleet, mails: int, complaints: int) -> bool:
    return made.ask(_DONE) == [(mails, complaints, 0)]


def _busy() -> float:
    """Seconds of CPU that all programs of this machine have used."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, irq, softirq, *_ = map(int, fields)
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the figures."""
    mails, inboxes = (*map(int, sys.argv[1:3]), *(2000, 4)[len(sys.argv) - 1 :])
    for row in figures(mails, inboxes):
        print(row.line(), flush=True)


if __name__ == "__main__":
    main()
