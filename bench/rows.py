"""What is measured, and the goal of each: a row is a ratio of one run, or something counted, never a time by itself.

Exceptions are G3 and G9b: CPU time and memory a small machine has to have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from statistics import median
from time import process_time

from bench.contest import Failed, Hall, Spent
from bench.mail import mails, poison
from plugin.config import load
from plugin.desk import open_desk
from plugin.judge import Judge
from plugin.trial import reader_of, settings_for
from tests.proxy import Proxy

_MORE = 5  # times the backlog, for memory
_GOOD = 20
_QUALITY = (
    ("recall", "complaints found", 0.95), ("noticed", "found or asked about", None),
    ("precision", "of those tagged, complaints", 0.95), ("category", "category right", 0.8),
    ("severity", "severity, rank correlation", 0.7),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what it must be `at_least` or `at_most`; a row without a goal is there for information."""

    id: str
    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def goal(self) -> str:
        """The goal as one reads it, or nothing."""
        if self.at_least is not None:
            return f">= {self.at_least:g} {self.unit}".strip()
        return f"<= {self.at_most:g} {self.unit}".strip() if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None


def rows(hall: Hall, *, count: int, rounds: int, floor: str = "", kills: int = 2) -> Iterator[Row]:
    """Every row, as soon as it is known; `count` mails a backlog, `floor` another floor's command, `kills` a point."""
    contests = [_contest(hall, turn, count, floor) for turn in range(rounds)]
    products = [product for product, _ in contests]
    yield from _speed(contests, count)
    yield from _memory(hall, count, median(spent.peak for spent in products))
    yield from _poison(hall)
    yield from _previewing(hall, count)
    yield from _parsing(count, rounds)
    yield from _writing(hall, count, rounds)
    yield from _single(hall)
    yield from _kills(kills)
    yield from _judging(count)
    yield from _playbooks()
    yield from _letters()
    yield from _calls(rounds, 4 * count)


def _contest(hall: Hall, turn: int, count: int, floor: str) -> tuple[Spent, Spent]:
    """One round: the same new mail for both, once each; who begins changes from round to round."""
    users = [f"product-{turn}", f"floor-{turn}"]
    shop = hall.product(users[0])
    shop.once()
    complaints = hall.fill(users, mails(count))
    runs = [lambda: hall.run_product(shop), lambda: hall.run_floor(users[1], floor)]
    order = (0, 1) if turn % 2 == 0 else (1, 0)
    spent = {which: runs[which]() for which in order}
    for user in users:
        _expect(user, hall.drafts(user), complaints)
    return spent[0], spent[1]


def _expect(user: str, drafts: int, complaints: int) -> None:
    """Speed counts only where the work was done."""
    if not 0.97 * complaints <= drafts <= 1.03 * complaints:
        raise Failed(f"{user} wrote {drafts} drafts for {complaints} complaints")


def _speed(contests: list[tuple[Spent, Spent]], count: int) -> Iterator[Row]:
    wall = median(floor.wall / product.wall for product, floor in contests)
    cpu = median(floor.cpu / product.cpu for product, floor in contests)
    own = median(product.cpu for product, _ in contests) * 1000 / count
    yield Row("G1", f"backlog of {count:,} mails with drafts, speed as a share of the floor's", wall, at_least=0.5)
    yield Row("G1c", "the same in CPU of the client", cpu)
    yield Row("G3", "CPU of the client for 1,000 mails, start and end included", own, at_most=1.2, unit="s")


def _memory(hall: Hall, count: int, peak: float) -> Iterator[Row]:
    shop = hall.product("many")
    shop.once()
    complaints = hall.fill(["many"], mails(_MORE * count))
    spent = hall.run_product(shop)
    _expect("many", hall.drafts("many"), complaints)
    yield Row("G9", f"peak memory on {_MORE * count:,} mails by that on {count:,}", spent.peak / peak, at_most=1.1)
    yield Row("G9b", f"peak memory on {_MORE * count:,} mails", spent.peak, at_most=120, unit="MiB")


def _poison(hall: Hall) -> Iterator[Row]:
    """Mails nobody can read, before good ones; then, as nothing more comes, what a look at the inbox costs."""
    with Proxy(hall.server.host, hall.server.port) as proxy:
        shop = hall.product("poison", port=proxy.port)
        shop.once()
        bad = poison()
        complaints = hall.fill(["poison"], [*bad, *mails(_GOOD)])
        shop.once()
        _expect("poison", hall.drafts("poison"), complaints)
        kept = len(shop.json("quarantine")["quarantine"])
        yield Row("G12", f"{len(bad)} poison mails before {_GOOD} good ones: kept aside", kept, at_least=len(bad))
        trips, size = _quiet_look(shop.folder, proxy)
    yield Row("G11", "a look that finds nothing new, round trips", trips, at_most=5)
    yield Row("G11b", "the same, both ways", size / 1024, at_most=2, unit="KiB")


def _previewing(hall: Hall, count: int) -> Iterator[Row]:
    """A month of mail lived through once more."""
    shop = hall.product("past")
    start, apart = datetime.now(UTC) - timedelta(days=30), timedelta(days=30) / count
    with (shop.folder / "past.mbox").open("wb") as box:
        for number, mail in enumerate(mails(count)):
            received = format_datetime(start + number * apart).encode()
            raw = mail.raw.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
            box.write(b"From a@b.example\nReceived: from a by b; %s\n%s\n\n" % (received, raw))
    spent = hall.run_product(shop, "preview", "--mbox", "past.mbox")
    cost = spent.cpu * 1000 / count
    yield Row("P1", "CPU of a preview of 1,000 mails of a month", cost, at_most=10, unit="s")
    yield Row("P1b", f"peak memory of a preview of {count:,} mails", spent.peak, unit="MiB")


def _parsing(count: int, rounds: int) -> Iterator[Row]:
    """Reading mail that is no complaint, from its bytes to what the judge is given, and the usual library's reading."""
    from mailparser import parse_from_bytes  # noqa: PLC0415 - so far this process had to stay small

    read = reader_of(settings_for(Path("no-settings")))
    raws = [mail.raw for mail in mails(count) if mail.kind != "complaint"]
    read(raws[0])  # what is loaded at the first mail is no mail's own
    spent = [(_cpu(lambda: [read(raw) for raw in raws]), _cpu(lambda: [parse_from_bytes(raw) for raw in raws[:100]]))
             for _ in range(rounds)]  # fmt: skip
    cost = median(ours for ours, _ in spent) * 1000 / len(raws)
    share = median(ours / len(raws) / (library / len(raws[:100])) for ours, library in spent)
    yield Row("G4", "CPU of reading 1,000 mails that are no complaints", cost, at_most=0.2, unit="s")
    yield Row("G4b", "the same as a share of what mail-parser takes", share)


def _cpu(run: Callable[[], object]) -> float:
    begun = process_time()
    run()
    return process_time() - begun


def _writing(hall: Hall, count: int, rounds: int) -> Iterator[Row]:
    """Tags and drafts by themselves; writes.py says how each is measured."""
    from bench.writes import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, least in figures(hall, count, rounds):
        yield Row(name, what, value, at_least=least)


def _single(hall: Hall) -> Iterator[Row]:
    """One mail at a time; single.py says how each is measured."""
    from bench.single import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, most, unit in figures(hall):
        yield Row(name, what, value, at_most=most, unit=unit)


def _kills(times: int) -> Iterator[Row]:
    """What a process that is killed loses or does twice."""
    from bench.kills import kills  # noqa: PLC0415 - so far this process had to stay small

    found = kills(times)
    what = f"kill -9 at {found['points']} points x {times}: records, tags, drafts, tasks"
    yield Row("G13", f"{what} lost", found["lost"], at_most=0)
    yield Row("G13b", "the same: doubled", found["doubled"], at_most=0)


def _judging(count: int) -> Iterator[Row]:
    """What judging costs, and how well it is done on the letters nothing was fitted on (docs/judge.md)."""
    from training.figures import of_sets  # noqa: PLC0415 - so far this process had to stay small

    read, judge = reader_of(settings_for(Path("no-settings"))), Judge()
    messages = [read(mail.raw) for mail in mails(count)]
    began = process_time()
    for message in messages:
        judge.assess(message)
    cost = (process_time() - began) / count * 1000
    yield Row("J4", "CPU of judging a mail, on average", cost, at_most=5, unit="ms")
    unseen = of_sets(["unseen"])["unseen"]["all"].plain()
    for name, what, goal in _QUALITY:
        yield Row("J3", f"letters nothing was fitted on: {what}", unseen[name] or 0.0, at_least=goal)
    yield Row("J3", "letters nothing was fitted on: ordinary ones tagged", unseen["false"] or 0.0, at_most=0.05)


def _playbooks() -> Iterator[Row]:
    """Many patterns at once, due dates, and reading many files; playbooks.py says how each is measured."""
    from bench.playbooks import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, most, unit in figures():
        yield Row(name, what, value, at_most=most, unit=unit)


def _letters() -> Iterator[Row]:
    """What a letter costs; letters.py says how that is measured."""
    from bench.letters import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, most, unit in figures():
        yield Row(name, what, value, at_most=most, unit=unit)


def _calls(rounds: int, count: int) -> Iterator[Row]:
    """What the webhook takes, durable before it answers, by what one commit for each call takes on the same server."""
    from bench.calls import contest, stalled  # noqa: PLC0415 - so far this process had to stay small

    contests = [contest(turn, count) for turn in range(rounds)]
    speed = median(ours.per_second / floor.per_second for ours, floor in contests)
    slowest = median(ours.within(0.99) / floor.within(0.99) for ours, floor in contests)
    yield Row("G14", f"{count:,} calls to the webhook: stored a second, by the floor's", speed, at_least=2)
    yield Row("G14b", "the same: 99 of 100 answered within, by the floor's", slowest, at_most=0.2)
    burst = stalled()
    yield Row("W04", "database stalled 5 s, 500 calls a second: 99 of 100 answered within", burst.within * 1000,
              at_most=500, unit="ms")  # fmt: skip
    yield Row("W04b", "the same: stored and refused, or promised and not stored", burst.untrue, at_most=0)


def _quiet_look(folder: Path, proxy: Proxy) -> tuple[int, int]:
    """Round trips and bytes of the second look of one process: the first logs in, and sees what it wrote itself."""
    desk = open_desk(load(folder / "amends.yaml"))
    try:
        desk.poll("support")
        proxy.reset()
        desk.poll("support")
        return proxy.trips, proxy.sent + proxy.received
    finally:
        desk.close()
