"""Calls to the webhook: what one commit for many of them gains over one commit for each, on the same server.

    python -m bench.calls                            # the rows by themselves
    python -m bench.calls serve FOLDER one|many      # a server; it tells its address and ends with its input

Both contestants are the same web server, the same application and the same check of the signature; only the book
differs in which calls are entered. The floor enters as one does without a thought: a connection for each thread and a
transaction for each call, durable like ours. Sixty-four callers, each sending its next call when the last is answered.

Then the database is stalled: another process holds it for five seconds while five hundred calls a second come in.
"""

from __future__ import annotations

import logging
import selectors
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import cast

from integrations.zendesk.standin.webhooks import signature
from plugin.config import HelpdeskSettings
from plugin.register import Register
from plugin.store import Doorbook, Entry, Store
from plugin.web import Doors, serve

CALLERS = 64
_SECRET = "a secret of the bench"  # noqa: S105 - nobody else's
_BODY = b'{"ticket_id": "35436", "status": "Open", "updated_at": "2026-11-20T16:00:00Z"}'
_HEAD = (
    "POST /webhooks/helpdesk HTTP/1.1\r\nHost: amends.example.com\r\nContent-Type: application/json; charset=utf-8\r\n"
    "User-Agent: Zendesk Webhook\r\nX-Zendesk-Webhook-Id: bench\r\nX-Zendesk-Webhook-Signature-Timestamp: {time}\r\n"
    "X-Zendesk-Webhook-Signature: {signature}\r\nX-Zendesk-Webhook-Invocation-Id: {id}\r\n"
    "Content-Length: {length}\r\n\r\n"
)
_ids = count(10_000_000)


@dataclass(frozen=True, slots=True)
class Answered:
    """How calls were answered: seconds in all, and for each call its seconds, its status and its id."""

    wall: float
    each: Sequence[tuple[float, int, str]]

    @property
    def stored(self) -> set[str]:
        """The calls that were promised to be stored."""
        return {name for _, status, name in self.each if status in (200, 202)}

    @property
    def per_second(self) -> float:
        """Calls stored in a second; what was refused does not count."""
        return len(self.stored) / self.wall

    def within(self, share: float) -> float:
        """Seconds within which this share of all calls was answered."""
        return sorted(seconds for seconds, *_ in self.each)[min(int(len(self.each) * share), len(self.each) - 1)]


# ---- the server -----------------------------------------------------------------------------------------------------


class OneByOne:
    """The floor: every call is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        self._path, self._mine = path, threading.local()

    def enter(self, entry: Entry) -> bool:
        """Store it; true if it is new."""
        database = self._database()
        database.execute("BEGIN IMMEDIATE")
        row = (entry.inbox, entry.id, entry.topic, entry.group, int(entry.at.timestamp() * 1e6))
        added = database.execute("INSERT OR IGNORE INTO notice (inbox, id, topic, act, at) VALUES (?, ?, ?, ?, ?)", row)
        database.execute("COMMIT")
        return added.rowcount == 1

    def close(self) -> None:
        """Nothing waits."""

    def _database(self) -> sqlite3.Connection:
        if not hasattr(self._mine, "database"):
            self._mine.database = sqlite3.connect(self._path, isolation_level=None)
            for pragma in ("journal_mode=WAL", "busy_timeout=10000", "synchronous=FULL"):
                self._mine.database.execute(f"PRAGMA {pragma}")
        return cast(sqlite3.Connection, self._mine.database)


def _serve(folder: Path, which: str) -> None:
    logging.getLogger("amends").addHandler(logging.NullHandler())  # what the floor loses to a locked file is counted
    store = Store(f"sqlite:///{folder / 'amends.db'}")
    book = Doorbook(store) if which == "many" else cast(Doorbook, OneByOne(folder / "amends.db"))
    helpdesk = HelpdeskSettings(
        name="helpdesk", identities=(), ours=(), subdomain="example", email="bot@example.com", token="", url="",
        webhook_secret=_SECRET,
    )  # fmt: skip
    with closing(Doors(book, [helpdesk])) as doors, serve(Register(store, {}, {}), ("127.0.0.1", 0), doors) as address:
        print(address, flush=True)
        sys.stdin.read()
    store.close()


@contextmanager
def served(folder: Path, which: str) -> Iterator[tuple[str, int]]:
    """A server in a process of its own; its address."""
    command = [sys.executable, "-m", "bench.calls", "serve", str(folder), which]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        host, _, port = process.stdout.readline().strip().removeprefix("http://").rpartition(":")
        yield host, int(port)
        process.communicate("")


# ---- the callers ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Caller:
    """One connection, and the call that is on its way."""

    wire: socket.socket
    name: str = ""
    begun: float = 0.0
    heard: bytes = b""

    def say(self, name: str, call: bytes, begun: float) -> None:
        """Send a call that was due at `begun`."""
        self.name, self.begun, self.heard = name, begun, b""
        self.wire.sendall(call)

    def hears(self) -> int:
        """The status, once all of the answer is there; else 0."""
        self.heard += self.wire.recv(65_536)
        head, ended, body = self.heard.partition(b"\r\n\r\n")
        sizes = [line[16:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")]
        return int(head[9:12]) if ended and len(body) >= int(sizes[0]) else 0


class Crowd:
    """Callers that send so many calls: as fast as they are answered, or so many a second whatever the answers."""

    def __init__(self, address: tuple[str, int], calls: int, *, callers: int = CALLERS, a_second: float = 0.0) -> None:
        self._address, self._a_second = address, a_second
        self._waiting = [_call() for _ in range(calls)]
        self._calls, self._callers = calls, callers
        self._idle: list[_Caller] = []
        self._each: list[tuple[float, int, str]] = []

    def run(self) -> Answered:
        """All of them, to the last answer."""
        with selectors.DefaultSelector() as selector:
            begun = time.perf_counter()
            while len(self._each) < self._calls:
                self._send(selector, begun)
                for key, _ in selector.select(0.001 if self._a_second and self._waiting else None):
                    self._hear(cast(_Caller, key.data))
            wall = time.perf_counter() - begun
            for key in list(selector.get_map().values()):
                cast(_Caller, key.data).wire.close()
        return Answered(wall, self._each)

    def _send(self, selector: selectors.BaseSelector, begun: float) -> None:
        """What is due now: with a rate by the clock, else as many as there are callers."""
        while self._waiting:
            now, sent = time.perf_counter(), self._calls - len(self._waiting)
            due = begun + sent / self._a_second if self._a_second else now
            if due > now or (not self._a_second and sent - len(self._each) >= self._callers):
                return
            self._caller(selector).say(*self._waiting.pop(), due)

    def _caller(self, selector: selectors.BaseSelector) -> _Caller:
        if self._idle:
            return self._idle.pop()
        caller = _Caller(socket.create_connection(self._address))
        selector.register(caller.wire, selectors.EVENT_READ, caller)
        return caller

    def _hear(self, caller: _Caller) -> None:
        if status := caller.hears():
            self._each.append((time.perf_counter() - caller.begun, status, caller.name))
            self._idle.append(caller)


def _call() -> tuple[str, bytes]:
    now, name = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), f"bench-{next(_ids)}"
    head = _HEAD.format(time=now, signature=signature(_SECRET, now, _BODY), id=name, length=len(_BODY))
    return name, head.encode() + _BODY


# ---- what is compared -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stalled:
    """A burst on a stalled database: seconds within which 99 of 100 were answered, and promises that were not kept."""

    within: float
    untrue: int


def contest(turn: int, calls: int) -> tuple[Answered, Answered]:
    """One round: the product's answers and the floor's, each with a new database; who begins changes with the turn."""
    found: dict[str, Answered] = {}
    for which in ("many", "one") if turn % 2 == 0 else ("one", "many"):
        with tempfile.TemporaryDirectory(prefix="calls-") as name, served(Path(name), which) as address:
            Crowd(address, CALLERS * 4).run()  # threads, connections and caches are there now
            found[which] = Crowd(address, calls).run()
    return found["many"], found["one"]


def stalled(seconds: float = 5.0, a_second: int = 500) -> Stalled:
    """So many calls a second while somebody else holds the database for so long, and for a second after that."""
    with tempfile.TemporaryDirectory(prefix="calls-") as name, served(Path(name), "many") as address:
        Crowd(address, CALLERS * 4).run()
        with closing(sqlite3.connect(Path(name, "amends.db"), isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            freed = threading.Timer(seconds, other.execute, ("ROLLBACK",))
            freed.start()
            answered = Crowd(address, int((seconds + 1) * a_second), a_second=a_second).run()
            freed.join()
            time.sleep(1)  # whatever was promised not to be stored has time to be stored all the same
            stored = {row[0] for row in other.execute("SELECT id FROM notice")}
    asked = {name for _, _, name in answered.each}
    return Stalled(answered.within(0.99), len(answered.stored ^ (stored & asked)))


def _main() -> None:
    for turn in range(3):
        for name, one in zip(("many", "one"), contest(turn, 4000), strict=True):
            print(f"{name:<5} {one.per_second:6.0f}/s  99 of 100 within {one.within(0.99) * 1000:6.0f} ms  "
                  f"{dict(Counter(status for _, status, _ in one.each))}")  # fmt: skip
    print(stalled())


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        _serve(Path(sys.argv[2]), sys.argv[3])
    else:
        _main()
