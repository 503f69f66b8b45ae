"""kill -9 at every named point of a pass, so often each: what was lost, and what was done twice (G13).

Usage: python -m bench.kills [TIMES], or as part of `python -m bench`.

The points are those of `tests/faults/forked.py`: a process kills itself as it passes one of them for the nth time, in
steps of one mail, one tag, one draft. The next pass must find every mail on record once, every complaint with its tags
and one draft, and no task twice. `make faults-long` makes the same kills twenty times at each point, on Dovecot and on
Cyrus, and compares every flag with a run that nobody killed.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from bench.contest import Failed
from plugin.demo.mailbox import Dovecot
from tests.faults.house import PASSWORD, Account, Forks, House, asked, flags
from tests.faults.test_killed import POINTS, Kill, amiss, deliver, ledger


def kills(times: int) -> Counter[str]:
    """How many runs were `killed` at `points`, and what was `lost` or `doubled` of records, tags, drafts and tasks."""
    found = Counter(points=len(POINTS))
    with (
        tempfile.TemporaryDirectory(prefix="kills-") as name,
        Dovecot(Path(name, "mail"), password=PASSWORD, fsync="never") as server,
        closing(Forks()) as forks,
    ):
        house = House(server, forks)
        for point in POINTS:
            for nth in range(times):
                found += _killed(house, Path(name), Kill("Dovecot", point, nth))
    return found


def _killed(house: House, folder: Path, kill: Kill) -> Counter[str]:
    with house.account(folder) as ours:
        deliver(ours, kill.letters)
        if not ours.shop.killed(kill.point, kill.nth):
            raise Failed(f"nothing was killed at {kill.point}, {kill.nth}")
        ours.shop.once()
        counts = Counter(amiss(ours, kill.letters)) + _off_the_record(ours, kill)
        before = _tasks(ours)
        ours.shop.once()
        again = _tasks(ours) - before
    return counts + Counter(killed=1, doubled=sum(again.values()))


def _off_the_record(ours: Account, kill: Kill) -> Counter[str]:
    """What is missing in the ledger or stands there twice, and messages whose tags are not those of their case."""
    sent, known = Counter(one.message_id for one in kill.letters), Counter(ledger(ours.shop))
    held, wanted = flags(ours), asked(ours)
    untagged = sum(bool(tags - held[subject]) for subject, tags in wanted.items())
    return Counter(lost=sum((sent - known).values()) + untagged, doubled=sum((known - sent).values()))


def _tasks(ours: Account) -> Counter[str]:
    """The tasks of every case, by what they are."""
    with closing(sqlite3.connect(ours.shop.store)) as store:
        rows = store.execute("SELECT case_id, kind FROM event WHERE kind LIKE 'Task%' OR kind LIKE 'Draft%'")
        return Counter(f"{case} {kind}" for case, kind in rows)


if __name__ == "__main__":
    print(dict(kills(int(sys.argv[1]) if sys.argv[1:] else 20)))
