"""What is measured, and the goal of each: a row is a ratio of one run, or something counted, never a time by itself.

Exceptions are G3 and G9b: CPU time and memory a small machine has to have. The parts are in the order in which they
have to run: memory first, since the kernel counts for a child what this process held when it began.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from statistics import median
from subprocess import SubprocessError
from time import process_time

from bench.contest import Failed, Hall, Spent
from bench.mail import mails, poison
from bench.row import Row
from plugin.config import load
from plugin.desk import open_desk
from plugin.model import AmendsError
from plugin.trial import reader_of, settings_for
from tests.proxy import Proxy

_MORE = 5  # times the backlog, for memory
_GOOD = 20
_MILLION = (1_000_000, 100_000)  # closed and open cases
_OF_SCALE = tuple(f"G18{letter}{on}" for on in ("", "p") for letter in "abcdefghi")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the whole run is about: `count` mails a backlog, `rounds` of which the median counts, `kills` at each point.

    `floor` is another floor's command; `peers` the folder of the peers' environments, `data` that of public texts;
    where they are None, those rows are not measured. `full` takes the sizes of the goals where a smaller one is the
    rule.
    """

    hall: Hall
    count: int = 1000
    rounds: int = 3
    kills: int = 2
    floor: str = ""
    full: bool = False
    peers: Path | None = None
    data: Path | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are measured together; `ids` are those it yields, so that one may ask for a few only."""

    ids: tuple[str, ...]
    what: str
    measure: Callable[[Asked], Iterator[Row]]


def rows(asked: Asked, only: Collection[str] = ()) -> Iterator[Row]:
    """Every row as soon as it is known, or the parts with these ids; a part that fails is a row that is not met."""
    for part in PARTS:
        if only and not set(only) & set(part.ids):
            continue
        known = set[str]()
        try:
            for row in part.measure(asked):
                known.add(row.id)
                yield row
        except (Failed, AmendsError, OSError, AssertionError, SubprocessError) as error:
            yield from _failed(part, known, str(error))


def _failed(part: Part, known: Collection[str], error: str) -> Iterator[Row]:
    """The row at which a part ended, and the goals it would still have measured."""
    rest = [name for name in part.ids if name not in known] or [part.ids[-1]]
    for name in (rest[0], *(name for name in rest[1:] if name[0] in "GJ" and name[-1].isdigit())):
        yield Row(name, part.what, None, failed=True, why=f"this part ended early: {error}")


def _backlog(asked: Asked) -> Iterator[Row]:
    contests = [_contest(asked.hall, turn, asked.count, asked.floor) for turn in range(asked.rounds)]
    yield from _speed(contests, asked.count)
    yield from _memory(asked.hall, asked.count, median(product.peak for product, _ in contests))


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


def _poison(asked: Asked) -> Iterator[Row]:
    """Mails nobody can read, before good ones; then, as nothing more comes, what a look at the inbox costs."""
    hall = asked.hall
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


def _previewing(asked: Asked) -> Iterator[Row]:
    """A month of mail lived through once more."""
    hall, count = asked.hall, asked.count
    shop = hall.product("past")
    start, apart = datetime.now(UTC) - timedelta(days=30), timedelta(days=30) / count
    with (shop.folder / "past.mbox").open("wb") as box:
        for number, mail in enumerate(mails(count)):
            received = format_datetime(start + number * apart).encode()
            raw = mail.raw.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
            box.write(b"From a@b.example\nReceived: from a by b; %s\n%s\n\n" % (received, raw))
    rounds = [hall.run_product(shop, "preview", "--mbox", "past.mbox") for _ in range(asked.rounds)]
    cost = min(spent.cpu for spent in rounds) * 1000 / count  # whatever else the machine does only adds to it
    yield Row("P1", "CPU of a preview of 1,000 mails of a month, the least of the rounds", cost, at_most=10, unit="s")
    yield Row("P1b", f"peak memory of a preview of {count:,} mails", rounds[0].peak, unit="MiB")


def _parsing(asked: Asked) -> Iterator[Row]:
    """Reading mail that is no complaint, from its bytes to what the judge is given, and the usual library's reading."""
    from mailparser import parse_from_bytes  # noqa: PLC0415 - so far this process had to stay small

    read = reader_of(settings_for(Path("no-settings")))
    raws = [mail.raw for mail in mails(asked.count) if mail.kind != "complaint"]
    read(raws[0])  # what is loaded at the first mail is no mail's own
    spent = [(_cpu(lambda: [read(raw) for raw in raws]), _cpu(lambda: [parse_from_bytes(raw) for raw in raws[:100]]))
             for _ in range(asked.rounds)]  # fmt: skip
    cost = median(ours for ours, _ in spent) * 1000 / len(raws)
    share = median(ours / len(raws) / (library / len(raws[:100])) for ours, library in spent)
    yield Row("G4", "CPU of reading 1,000 mails that are no complaints", cost, at_most=0.2, unit="s")
    yield Row("G4b", "the same as a share of what mail-parser takes", share)


def _cpu(run: Callable[[], object]) -> float:
    begun = process_time()
    run()
    return process_time() - begun


def _writing(asked: Asked) -> Iterator[Row]:
    """Tags and drafts by themselves; writes.py says how each is measured."""
    from bench.writes import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, least in figures(asked.hall, asked.count, asked.rounds):
        yield Row(name, what, value, at_least=least)


def _single(asked: Asked) -> Iterator[Row]:
    """One mail at a time; single.py says how each is measured."""
    from bench.single import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, most, unit in figures(asked.hall):
        yield Row(name, what, value, at_most=most, unit=unit)


def _kills(asked: Asked) -> Iterator[Row]:
    """What a process that is killed loses or does twice."""
    from bench.kills import kills  # noqa: PLC0415 - so far this process had to stay small

    found = kills(asked.kills)
    what = f"kill -9 at {found['points']} points x {asked.kills}: records, tags, drafts, tasks"
    yield Row("G13", f"{what} lost", found["lost"], at_most=0)
    yield Row("G13b", "the same: doubled", found["doubled"], at_most=0)


def _judging(asked: Asked) -> Iterator[Row]:
    """What judging costs, and how well it is done (docs/judge.md); judging.py says how each is measured."""
    from bench.judging import rows as judged  # noqa: PLC0415 - so far this process had to stay small

    yield from judged(asked.count, asked.data)


def _playbooks(_asked: Asked) -> Iterator[Row]:
    """Many patterns at once, due dates, and reading many files; playbooks.py says how each is measured."""
    from bench.playbooks import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, most, unit in figures():
        yield Row(name, what, value, at_most=most, unit=unit)


def _letters(_asked: Asked) -> Iterator[Row]:
    """What a letter costs; letters.py says how that is measured."""
    from bench.letters import figures  # noqa: PLC0415 - so far this process had to stay small

    for name, what, value, most, unit in figures():
        yield Row(name, what, value, at_most=most, unit=unit)


def _calls(asked: Asked) -> Iterator[Row]:
    """What the webhook takes, durable before it answers, by what one commit for each call takes on the same server."""
    from bench.calls import contest, stalled  # noqa: PLC0415 - so far this process had to stay small

    count = 4 * asked.count
    contests = [contest(turn, count) for turn in range(asked.rounds)]
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


def _peers(asked: Asked) -> Iterator[Row]:
    """The same backlog for other programs; peers/contest.py says which, and what each has to do."""
    from bench.peers.contest import rows as contested  # noqa: PLC0415 - so far this process had to stay small

    if asked.peers:
        yield from contested(asked.hall, asked.peers, count=asked.count, rounds=asked.rounds, full=asked.full)


def _rates(asked: Asked) -> Iterator[Row]:
    """What PostgreSQL takes from us, by what it takes from the leanest code; rates.py says how that is measured."""
    from bench.rates import rows as rated  # noqa: PLC0415 - so far this process had to stay small

    yield from rated(asked.rounds)


def _many(_asked: Asked) -> Iterator[Row]:
    """Many inboxes in one worker, nearly all of them idle; many.py says how that is measured."""
    from bench.many import figures  # noqa: PLC0415 - so far this process had to stay small

    yield from figures()


def _scale(asked: Asked) -> Iterator[Row]:
    """What many cases cost by what few cost; scale.py says how that is measured."""
    from bench.scale import BIG, figures  # noqa: PLC0415 - so far this process had to stay small

    yield from figures(_MILLION if asked.full else BIG, asked.rounds)


def _workers(_asked: Asked) -> Iterator[Row]:
    """Two workers by one on PostgreSQL; workers.py says how that is measured."""
    from bench.workers import figures  # noqa: PLC0415 - so far this process had to stay small

    yield from figures()


PARTS = (
    Part(("G1", "G1c", "G3", "G9", "G9b"), "a backlog with drafts, and the floor's", _backlog),
    Part(("G1h", "G1i", "G2", "G2b", "G2c"), "the same backlog for other programs", _peers),
    Part(("G12", "G11", "G11b"), "mails nobody can read, and a look that finds nothing", _poison),
    Part(("P1", "P1b"), "a preview of a month of mail", _previewing),
    Part(("G4", "G4b"), "reading mail that is no complaint", _parsing),
    Part(("G6", "G6b"), "tags and drafts by themselves", _writing),
    Part(("G7", "G7b", "G8", "G8b"), "one mail at a time", _single),
    Part(("G13", "G13b"), "kill -9 at the named points of a pass", _kills),
    Part(("J1", "J2", "J3", "J3b", "J3c", "J3d", "J3n", "J3e", "J4", "J4b", "J4c"), "the judge", _judging),
    Part(("G15", "G15b", "G15c", "X03", "G16", "G16b", "C200"), "patterns, due dates, `amends check`", _playbooks),
    Part(("L1", "L1b"), "letters", _letters),
    Part(("G14", "G14b", "W04", "W04b"), "calls to the webhook", _calls),
    Part(("G17", "G17b", "G17c", "G17d", "G17e"), "two workers by one on PostgreSQL", _workers),
    Part(("G17s", "G17r", "G17w", "G17t", "G17u", "G17v"), "what PostgreSQL takes from the store", _rates),
    Part(("G19", "G19b", "G19c"), "many idle accounts in one worker", _many),
    Part(("G18", *_OF_SCALE), "what many cases cost by what few cost", _scale),
)
"""All there is to measure."""
