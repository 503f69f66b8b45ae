"""One mail at a time: how long all the work on it takes (G7), and how soon after its arrival it is on record (G8).

Usage: python -m bench.single, or as part of `python -m bench`.

The floor of G7 does the same in sequence on an open connection: FETCH, read, one durable commit, STORE, APPEND. It is
told where the mail lies; Amends has to find it. The floor of G8 is the server itself: when a bare connection in IDLE
hears of the mail. `amends run` waits in the same way on a connection of its own, then has to fetch, judge and store.
"""

from __future__ import annotations

import selectors
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median

from bench import floor
from bench.contest import Failed, Hall
from bench.mail import Mail, mails
from bench.wire import Account, Wire
from plugin.config import load
from plugin.demo.mailbox import Dovecot
from plugin.desk import Desk, open_desk
from tests.shop import Shop
from tests.witness import eventually

_WARM = 5  # mails that are not counted
_APART = 0.7  # seconds between two mails: Dovecot tells of several at once where they come sooner
_LOOK = 0.001  # seconds between two looks into the store


def complaints(count: int) -> list[Mail]:
    """So many mails on which there is all the work to do."""
    return list(islice((mail for mail in mails(20 * count) if mail.kind == "complaint"), count))


# ---- G7: all the work -----------------------------------------------------------------------------------------------


def work(hall: Hall, count: int) -> tuple[float, float]:
    """The median of all the work on one mail by the floor's, and the floor's median in milliseconds."""
    shop = hall.product("single")
    shop.once()
    ours, theirs = list[float](), list[float]()
    with (
        closing(open_desk(load(shop.folder / "amends.yaml"))) as desk,
        closing(Wire(hall.account("single-floor"))) as wire,
        closing(floor.database(str(hall.folder / "single.db"))) as database,
    ):
        desk.poll("support")
        for number, mail in enumerate(complaints(count + _WARM), 1):
            hall.fill(["single", "single-floor"], [mail])
            if number % 2:
                ours.append(_ours(desk))
            theirs.append(_floors(wire, database, number))
            if number % 2 == 0:
                ours.append(_ours(desk))
    for user in ("single", "single-floor"):
        if hall.drafts(user) < 0.97 * (count + _WARM):
            raise Failed(f"{user} wrote {hall.drafts(user)} drafts for {count + _WARM} complaints")
    return median(ours[_WARM:]) / median(theirs[_WARM:]), median(theirs[_WARM:]) * 1000


def _ours(desk: Desk) -> float:
    begun = time.perf_counter()
    desk.poll("support")
    desk.run_due()
    return time.perf_counter() - begun


def _floors(wire: Wire, database: sqlite3.Connection, uid: int) -> float:
    wire.tell("SELECT INBOX")  # so that the connection knows of the new mail; this is not counted
    begun = time.perf_counter()
    floor.one(wire, database, uid)
    return time.perf_counter() - begun


# ---- G8: on record --------------------------------------------------------------------------------------------------


def record(hall: Hall, count: int) -> tuple[float, float]:
    """From its arrival until a mail is on record, by when the server tells of it, both medians; the latter in ms."""
    shop = hall.product("recorded")
    shop.once()
    account = hall.account("recorded")
    with shop.running(), closing(Idle(account)) as idle, closing(Wire(account)) as wire:
        eventually(lambda: shop.address, "run at work")
        time.sleep(2 * _APART)  # its own connection has come to wait, too
        found = [_recorded(wire, shop, idle, mail) for mail in complaints(count + _WARM)][_WARM:]
    told = median(told for told, _ in found)
    return median(known / told for told, known in found), told * 1000


def _recorded(wire: Wire, shop: Shop, idle: Idle, mail: Mail) -> tuple[float, float]:
    """Seconds from the arrival of this mail until the server tells of it, and until it is on record."""
    time.sleep(_APART)
    with closing(sqlite3.connect(f"{shop.store.as_uri()}?mode=ro", uri=True)) as store:
        before = _known(store)
        begun = time.perf_counter()
        wire.answer(wire.append("INBOX", [mail.raw]))
        told = known = 0.0
        while not (told and known):
            told = told or (time.perf_counter() - begun if idle.told(_LOOK) else 0.0)
            known = known or (time.perf_counter() - begun if _known(store) > before else 0.0)
            if time.perf_counter() - begun > 60:
                raise Failed("a mail that arrived was not on record within a minute")
    return told, known


def _known(store: sqlite3.Connection) -> int:
    return int(store.execute("SELECT count(*) FROM message").fetchone()[0])


class Idle:
    """A bare connection in IDLE (RFC 2177)."""

    def __init__(self, account: Account) -> None:
        self._socket = socket.create_connection((account.host, account.port), timeout=60)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        for command in (f"LOGIN {account.user} {account.password}", "SELECT INBOX"):
            self._socket.sendall(f"i {command}\r\n".encode())
            while not self._lines.readline().startswith(b"i "):
                pass
        self._socket.sendall(b"i IDLE\r\n")
        self._lines.readline()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)

    def told(self, seconds: float) -> bool:
        """Whether the server told of a mail within so many seconds."""
        return bool(self._selector.select(seconds)) and b"EXISTS" in self._socket.recv(65_536)

    def close(self) -> None:
        """Hang up."""
        self._selector.close()
        self._lines.close()
        self._socket.close()


def figures(hall: Hall) -> Iterator[tuple[str, str, float, float | None, str]]:
    """Id, what, value, the most it may be, and the unit."""
    share, most = work(hall, 60)
    yield "G7", "one new complaint, all the work, by the floor's: median of 60", share, 2.0, ""
    yield "G7b", "the floor's own time for it", most, None, "ms"
    share, told = record(hall, 20)
    yield "G8", "from arrival to a durable record, by the server's own IDLE: median of 20", share, 1.05, ""
    yield "G8b", "the server's own time to tell of it", told, None, "ms"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Dovecot(Path(name, "mail")) as server:
        for row in figures(Hall(server, Path(name))):
            print(*row)
