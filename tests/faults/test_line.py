"""The line to the server: cut at any byte, silently dead, the server restarted; nothing doubled, nothing lost.

Where a sweep finds a fault, what was said and heard up to the cut is kept in build/faults, named in the message.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from imapclient import SocketTimeout

from integrations.imap import client, session
from plugin.config import load
from plugin.demo.mailbox import Dovecot
from plugin.desk import now_utc, open_desk
from plugin.jobs import Jobs
from tests.cyrus import Cyrus
from tests.faults.house import PASSWORD, Account, Forks, House, Server
from tests.faults.letters import Letter, letter
from tests.faults.table import record
from tests.proxy import Proxy
from tests.witness import eventually

KEPT = Path(__file__).parents[2] / "build" / "faults"
SEED = 8
HOUSES = {"Dovecot": "house", "Cyrus": "second_house"}
SWEEPS = [
    pytest.param(server, cuts, id=f"{server}-{cuts}", marks=pytest.mark.long if cuts > 100 else ())
    for server in HOUSES
    for cuts in (6, 204)
]


# ---- cuts -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sweep:
    """Passes over one mailbox, each for letters of its own, each with a cut at another byte."""

    ours: Account
    proxy: Proxy
    arrived: list[Letter] = field(default_factory=list)
    cuts: int = 0
    too_many: int = 0
    missing: int = 0
    kept: list[Path] = field(default_factory=list)

    def arrive(self) -> None:
        number = len(self.arrived)
        some = [letter(number, complaint=True), letter(number + 1, complaint=False), letter(number + 2, complaint=True)]
        self.arrived += some
        self.ours.witness.append_all("INBOX", (one.raw() for one in some))

    def measure(self) -> tuple[int, int]:
        """How many bytes are said and heard in a pass nobody cuts."""
        self.arrive()
        self.proxy.reset()
        self.ours.shop.once()
        return self.proxy.sent, self.proxy.received

    def cut(self, at: int, *, said: bool) -> None:
        """A pass cut at this byte, then one that must make everything whole."""
        self.arrive()
        self.proxy.reset()
        (self.proxy.cut_said_after if said else self.proxy.cut_after)(at)
        ran = self.ours.shop.amends("run", "--once")
        self.cuts += not self.proxy.will_cut
        self.proxy.spare()
        assert "Traceback" not in ran.stderr.decode()
        doubled, lost = self.too_many, self.missing
        heard = KEPT / f"M08-{self.ours.server.name}-{'said' if said else 'heard'}-{at}"
        self.proxy.keep(heard)
        self.ours.shop.once()
        if not self.is_as_expected():
            self.look()
        if (self.too_many, self.missing) != (doubled, lost):
            self.kept.append(heard)
        else:
            for file in heard.iterdir():
                file.unlink()
            heard.rmdir()

    def is_as_expected(self) -> bool:
        """By number alone, since looking at every mail after every cut takes long; `look` says what is amiss."""
        wanted = {number for number, one in enumerate(self.arrived, 1) if one.complaint}
        state = self.ours.witness.state("INBOX")
        tagged = {uid for uid, held in state.items() if "complaint" in held}
        untouched = not any(state[uid] for uid in state if uid not in wanted)
        return tagged == wanted and untouched and len(self.ours.witness.state("Drafts")) == len(wanted)

    def look(self) -> None:
        """What is there too often, and what is not."""
        answered, inbox = self.ours.answered(), self.ours.inbox()
        wanted = {one.message_id: one.subject for one in self.arrived if one.complaint}
        self.too_many = sum((answered - Counter(list(wanted))).values())
        self.missing = sum(not answered[one] or "complaint" not in inbox[wanted[one]].flags for one in wanted)
        self.missing += sum(bool(seen.flags) for subject, seen in inbox.items() if subject not in wanted.values())


@pytest.mark.parametrize(("server", "cuts"), SWEEPS)
def test_m08_a_line_cut_at_any_byte_loses_and_doubles_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, server: str, cuts: int
) -> None:
    house: House = request.getfixturevalue(HOUSES[server])
    with Proxy(house.server.host, house.server.port) as proxy, house.account(tmp_path, port=proxy.port) as ours:
        sweep = Sweep(ours, proxy)
        said, heard = sweep.measure()
        for at, is_said in places(said, heard, cuts):
            sweep.cut(at, said=is_said)
        sweep.look()
        figure = f"{sweep.cuts} cuts: {sweep.too_many} doubled, {sweep.missing} lost"
        record("M08", figure, sweep.cuts == cuts and not sweep.too_many + sweep.missing, server)
        assert sweep.cuts == cuts
        assert (sweep.too_many, sweep.missing, sweep.kept) == (0, 0, [])


def places(said: int, heard: int, cuts: int) -> Iterator[tuple[int, bool]]:
    """Where to cut: a third of them in what is said, evenly over a pass and never quite at the same byte."""
    chance = Random(SEED)  # noqa: S311 - the same places at every run
    for total, count, is_said in ((said, cuts // 3, True), (heard, cuts - cuts // 3, False)):
        step = total / count
        for number in range(count):
            # A pass may say a little less than the measured one; the last place must be reached all the same.
            yield max(1, int((number + chance.random()) * step * 0.97)), is_said


# ---- restarts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Dovecot", "Cyrus"])
def test_m08_a_server_that_restarts_is_found_again_by_whoever_is_at_work(
    forks: Forks, tmp_path: Path, kind: str
) -> None:
    with started(kind, tmp_path) as server, House(server, forks).account(tmp_path) as ours, ours.shop.running():
        first, second = letter(1, complaint=True), letter(2, complaint=True)
        ours.witness.append("INBOX", first.raw())
        eventually(lambda: ours.answered()[first.message_id], "draft")
        server.restart()
        ours.witness.reconnect()
        ours.witness.append("INBOX", second.raw())
        eventually(lambda: ours.answered()[second.message_id], "draft after the restart")
        assert ours.answered() == {first.message_id: 1, second.message_id: 1}


@contextmanager
def started(kind: str, folder: Path) -> Iterator[Server]:
    """A server of one's own."""
    with Cyrus(password=PASSWORD) if kind == "Cyrus" else Dovecot(folder / "mail", password=PASSWORD) as server:
        yield server


# ---- silence --------------------------------------------------------------------------------------------------------

WAITS = [pytest.param(2, id="2+2"), pytest.param(5, id="5+5", marks=pytest.mark.long)]


@pytest.mark.parametrize("seconds", WAITS)
def test_m07_an_idle_line_that_died_is_found_out_and_the_mail_is_handled(
    each_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(session, "TIMEOUT", SocketTimeout(connect=10, read=seconds))
    monkeypatch.setattr(client, "_IDLE_AT_MOST", float(seconds))
    with (
        Proxy(each_house.server.host, each_house.server.port) as proxy,
        each_house.account(tmp_path, port=proxy.port) as ours,
        at_work(ours) as looked,
    ):
        # Both connections are silent then, the one in IDLE and the one that has looked.
        eventually(lambda: b"idling" in proxy.heard.lower() and looked(), "IDLE behind the first look")
        proxy.forget()
        began = time.monotonic()
        one = letter(1, complaint=True)
        ours.witness.append("INBOX", one.raw())
        eventually(lambda: ours.answered()[one.message_id], "draft")
        took = time.monotonic() - began
        # Besides, it breathes for a second, logs in, reads and writes; the machine may be busy.
        right = took <= 2 * seconds + 5
        record("M07", f"refresh {seconds} s, timeout {seconds} s: handled after {took:.1f} s", right, ours.server.name)
        assert right
        assert ours.answered() == {one.message_id: 1}


@contextmanager
def at_work(ours: Account) -> Iterator[Callable[[], bool]]:
    """The desk at work in this process, where the seconds can be set; it looks by itself once an hour only.

    What is given says whether its first look is over.
    """
    with closing(open_desk(load(ours.shop.folder / "amends.yaml"))) as desk:
        began, jobs = now_utc(), Jobs(desk, poll_every=3600)

        def looked() -> bool:
            with desk.store.reading() as session:
                return bool(session.inbox("support")["last_success"] >= began)

        jobs.start()
        try:
            yield looked
        finally:
            jobs.stop()
