"""Many inboxes in one worker, nearly all of them idle: memory, CPU, and whether one that hangs holds up another.

Usage: python -m bench.many [INBOXES] [SECONDS]

The inboxes lie on a real Dovecot. One of them is reached through a line on which, after the start, nothing passes any
more and nobody is told. The worker rests for some seconds, which are measured; then a mail comes to the last inbox, and
the seconds until its draft lies there are counted.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.row import Row
from plugin.demo.mailbox import Dovecot
from tests.faults.letters import letter
from tests.fleet import PASSWORD, Fleet, Process, fleet
from tests.proxy import Proxy
from tests.witness import eventually

_TICKS = os.sysconf("SC_CLK_TCK")
_MUCH = 600.0  # seconds a machine may need until everybody listens


def figures(count: int = 200, seconds: float = 60.0) -> Iterator[Row]:
    """What `amends run` needs for so many inboxes that are idle, measured over so many seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-many-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (
            Dovecot(folder / "mail", password=PASSWORD, fsync="never") as server,
            Proxy(server.host, server.port) as proxy,
        ):
            names = [f"shop{number:03}" for number in range(count)]
            with fleet(folder / "many", server, "sqlite:///amends.db", names, {names[0]: proxy.port}) as made:
                yield from _rows(made, proxy, count, seconds)


def _rows(made: Fleet, proxy: Proxy, count: int, seconds: float) -> Iterator[Row]:
    running = made.begin("run")
    eventually(lambda: _connections(running) >= 2 * count or None, "everybody listens", _MUCH)
    proxy.stall()
    began, spent = time.monotonic(), cpu_of(running)
    time.sleep(seconds)
    share = (cpu_of(running) - spent) / (time.monotonic() - began)
    yield Row("G19", f"{count} idle accounts in one worker, one of them hanging: memory", _memory(running),
              at_most=150, unit="MiB")  # fmt: skip
    yield Row("G19b", "the same: CPU in a minute", 60 * share, at_most=6, unit="s")
    last = made.names[-1]
    made.deliver(last, [letter(1, complaint=True)])
    came = time.monotonic()
    eventually(lambda: sum(made.answered(last).values()) or None, "draft", 120.0)
    yield Row("G19c", "the same: seconds from a mail to the last account to its draft", time.monotonic() - came,
              at_most=10, unit="s")  # fmt: skip
    running.end()


def _connections(process: Process) -> int:
    """How many sockets it has open."""
    folder = Path(f"/proc/{process.running.pid}/fd")
    return sum(_leads_to(one).startswith("socket:") for one in folder.iterdir())


def _leads_to(one: Path) -> str:
    try:
        return str(one.readlink())
    except OSError:
        return ""  # it was closed meanwhile


def _memory(process: Process) -> float:
    """What it has in memory now, in MiB."""
    status = Path(f"/proc/{process.running.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def cpu_of(process: Process) -> float:
    """Seconds of CPU it has used so far."""
    fields = Path(f"/proc/{process.running.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def main() -> None:
    """Print the figures."""
    count, seconds = (*map(int, sys.argv[1:3]), *(200, 60)[len(sys.argv) - 1 :])
    for row in figures(count, seconds):
        print(row.line(), flush=True)


if __name__ == "__main__":
    main()
