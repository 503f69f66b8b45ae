"""What playbooks cost: many patterns asked at once, a due date, and reading two hundred files.

Usage: python -m bench.playbooks, or as part of `python -m bench`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import process_time
from typing import Any

import re2

from bench.mail import mails
from plugin.hours import Hours, Span, Unit
from plugin.patterns import Family, Pattern, _spelt
from plugin.playbook import Says, Verdict
from plugin.trial import reader_of, settings_for
from tests import test_hours as oracle

_PATTERNS = 1000
_ROUNDS = 7


# --- G15: patterns ---------------------------------------------------------------------------------------------------


def patterns(count: int) -> tuple[float, float, int]:
    """1,000 patterns asked about mails, as a share of what RE2's own set takes for the same patterns as they stand.

    First their hits; then microseconds for one of them as a condition with its verdict and reason, all being asked;
    last, how many of the answers differ from asking each pattern alone. Both sets have seen the mails before, as in a
    process that has run for a while.
    """
    read = reader_of(settings_for(Path("no-settings")))
    texts = [read(mail.raw).text for mail in mails(count)]
    sources = _sources(texts)
    family = Family()
    ours = [Pattern.parse(source, family) for source in sources]
    conditions = [Says("text", (pattern,)) for pattern in ours]
    raw = _raw_set(sources)
    ratios = []
    for _ in range(_ROUNDS):
        floor = _spent(lambda: [raw.Match(text) for text in texts])
        hits = _spent(lambda: [_hits(family, ours, text) for text in texts])
        asked = _spent(lambda: [_verdicts(family, conditions, text) for text in texts])
        ratios.append((hits / floor, asked / len(texts) / _PATTERNS * 1e6))
    alone = [Pattern.parse(source) for source in sources]
    some = texts[:60]
    wrong = sum(one.found_in(text) != (one in _hits(family, ours, text)) for text in some for one in alone)
    return median(hits for hits, _ in ratios[1:]), median(asked for _, asked in ratios[1:]), wrong


def _sources(texts: Sequence[str]) -> list[str]:
    """Patterns as a shop with many products writes them, of words of these mails in pairs: few mails hold one."""
    draw = Random(15)  # noqa: S311 - drawn, not kept secret
    words = sorted({word for text in texts for word in text.split() if word.isalpha() and len(word) > 3})
    kinds: tuple[Callable[[str, str], str], ...] = (
        lambda one, two: rf"\b{one} {two}\b",
        lambda one, two: rf"{one}\s+#?\d{{3,}}",
        lambda one, two: rf"{one} .{{0,20}}{two}",
        lambda one, two: rf"\b({one}|{two})-{draw.randrange(100, 999)}\b",
        lambda one, two: rf"{one}{two}s?\b",
    )
    return [kinds[number % len(kinds)](draw.choice(words), draw.choice(words)) for number in range(_PATTERNS)]


def _raw_set(sources: Sequence[str]) -> Any:
    options = re2.Options()
    options.case_sensitive, options.max_mem, options.log_errors = False, 64 << 20, False
    made = re2.Set.SearchSet(options)
    for source in sources:
        made.Add(source.encode())
    made.Compile()
    return made


def _hits(family: Family, several: Sequence[Pattern], text: str) -> set[Pattern]:
    _forget(family)
    likely = family.hits(text)
    numbers = likely if isinstance(likely, frozenset) else range(len(several))
    return {several[number] for number in numbers if number < len(several) and several[number].found_in(text)}


def _verdicts(family: Family, conditions: Sequence[Says], text: str) -> list[Verdict]:
    _forget(family)
    return [condition.check({"text": text}) for condition in conditions]


def _forget(family: Family) -> None:
    """Nobody has asked about this text before."""
    family.known.clear()
    _spelt.cache_clear()


def worst() -> float:
    """CPU milliseconds for a megabyte, of the dearest of some patterns that take other engines for ever."""
    several = [Pattern.parse(source) for source in (r"^(a+)+$", r"(a*)*b", r"(a|aa)+$", r"(\w+\s?)+:", r"(.*a){20}c")]
    return max(min(_searched(one, "a" * 1_000_000 + end) for end in "!?.") for one in several) * 1000


def _searched(pattern: Pattern, text: str) -> float:
    return _spent(lambda: pattern.span_in(text))


# --- G16: due dates --------------------------------------------------------------------------------------------------

_WEEK = {"mon-fri": "09:00-12:30, 13:30-17:30"}


def due() -> float:
    """A due date four business hours on, as a share of two bisections in tables made beforehand."""
    hours, span = Hours.parse("office", "UTC", _WEEK), Span.parse("4 business hours")
    draw = Random(16)  # noqa: S311 - drawn, not kept secret
    anchors = [datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=draw.randrange(300 * 1440)) for _ in range(20_000)]
    floor = _floor(date(2026, 1, 1), 3600 * 4)
    if [floor(anchor) for anchor in anchors] != [hours.due(anchor, span) for anchor in anchors]:
        raise AssertionError("the floor counts otherwise")
    return median(
        _spent(lambda: [hours.due(anchor, span) for anchor in anchors])
        / _spent(lambda: [floor(anchor) for anchor in anchors])
        for _ in range(_ROUNDS)
    )


def _floor(first: date, need: int) -> Callable[[datetime], datetime]:
    days = (first + timedelta(days=day) for day in range(366))
    windows = [(540, 750), (810, 1050)]
    midnights = [datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() for day in days if day.weekday() < 5]
    opens = [midnight + start * 60 for midnight in midnights for start, _ in windows]
    closes = [midnight + end * 60 for midnight in midnights for _, end in windows]
    before = [0.0, *accumulate(end - start for start, end in zip(opens, closes, strict=True))]

    def counted(anchor: datetime) -> datetime:
        start = anchor.timestamp()
        at = bisect_right(closes, start)
        goal = before[at] + max(0.0, start - opens[at]) + need
        last = bisect_left(before, goal) - 1
        return datetime.fromtimestamp(opens[last] + goal - before[last], UTC)

    return counted


def agreed(cases: int) -> int:
    """How many of so many drawn cases come out as a walk through the minutes says, as in tests/test_hours.py."""
    draw, equal, done = Random(20_000), 0, 0  # noqa: S311 - drawn, not kept secret
    while done < cases:
        (zone, change), plan, closed = _calendar(draw)
        walk, opening = oracle.clock_of(zone, change), oracle.open_minutes(plan, closed)
        awake = bytes(minute in opening(day) for day, minute in zip(walk.days, walk.minutes, strict=True))
        hours = oracle.calendar(zone, plan, closed)
        for number in range(min(_ANCHORS, cases - done)):
            start, unit = draw.randint(0, 9 * 1440), (Unit.BUSINESS_HOURS, Unit.BUSINESS_DAYS)[number % 2]
            span = Span(draw.randint(1, 30 if unit is Unit.BUSINESS_HOURS else 10), unit)
            end = _hours_on(awake, start, span) if number % 2 == 0 else _days_on(walk.days, awake, start, span)
            if end is not None:  # the month may be over first
                equal += hours.due(walk.moment(start), span) == walk.moment(end)
                done += 1
    return equal


_ANCHORS = 40  # of each calendar


def _hours_on(awake: bytes, start: int, span: Span) -> int | None:
    left = span.amount * 60
    for minute in range(start, len(awake)):
        left -= awake[minute]
        if not left:
            return minute + 1
    return None


def _days_on(days: Sequence[date], awake: bytes, start: int, span: Span) -> int | None:
    seen = set[date]()
    last = 0
    for minute in range(start, len(awake)):
        if len(seen) == span.amount and days[minute] not in seen:
            return last + 1
        if awake[minute] and days[minute] != days[start]:
            seen.add(days[minute])
            last = minute
    return None


def _calendar(draw: Random) -> tuple[tuple[str, date], oracle.Plan, frozenset[date]]:
    zone = draw.choice(sorted(oracle.CHANGES))
    change = draw.choice(oracle.CHANGES[zone])
    plan = {day: _windows(draw) for day in draw.sample(range(7), draw.randint(1, 7))}
    closed = frozenset(change + timedelta(days=day) for day in draw.sample(range(-6, 21), draw.randint(0, 3)))
    return (zone, change), plan, closed


def _windows(draw: Random) -> list[tuple[int, int]]:
    edges = sorted(quarter * 15 for quarter in draw.sample(range(97), draw.choice((2, 4, 6))))
    return list(zip(edges[0::2], edges[1::2], strict=True))


# --- check -----------------------------------------------------------------------------------------------------------

_PLAYBOOK = """\
name: rule-{0}
about: Rule {0} of many.
when: complaint_received
if:
  - category: [delivery, refund]
  - any: [{{subject: word{0}}}, {{text: '/order\\s+{0}\\d*/'}}, {{from: "@shop{0}.example"}}]
  - not: {{tag: vip}}
then:
  - tag: [desk-{0}]
  - due_by: {{for: acknowledgement, within: 4 business hours}}
  - due_by: {{for: resolution, within: 8 weeks, roll: next}}
  - draft: {{text: acknowledgement}}
  - follow_up: {{after: 3 business days, draft: still-satisfied}}
"""


def checked(files: int) -> float:
    """CPU seconds of `amends check` over so many playbooks, start of the process included: the least of three."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        _amends(folder, "init")
        (folder / ".env").write_text("SUPPORT_PASSWORD=secret\n")
        for number in range(files):
            (folder / "my-playbooks" / f"rule-{number:03}.yaml").write_text(_PLAYBOOK.format(number))
        return min(_amends(folder, "check") for _ in range(3))


def _amends(folder: Path, command: str) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([Path(sys.executable).with_name("amends"), command], cwd=folder, check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _spent(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def figures() -> Iterator[tuple[str, str, float, float | None, str]]:
    """Each figure: its id, what it is, the value, at most what it should be, the unit."""
    hits, asked, wrong = patterns(200)
    yield "G15", f"{_PATTERNS:,} patterns asked about a mail, by RE2's own set", hits, 2.5, ""
    yield "G15b", "one of them as a condition of its own, with its verdict", asked, None, "us"
    yield "G15c", "the same, answers that differ from asking each alone", wrong, 0, ""
    yield "X03", "CPU for a megabyte of text, of patterns made to be dear", worst(), 50, "ms"
    yield "G16", "a due date in business hours, by two bisections in a table", due(), 2, ""
    yield "G16b", "20,000 due dates, those a walk through the minutes gives otherwise", 20_000 - agreed(20_000), 0, ""
    yield "C200", "CPU of `amends check` over 200 playbooks", checked(200), 2, "s"


if __name__ == "__main__":
    for name, what, value, most, unit in figures():
        goal = "" if most is None else f"<= {most:g} {unit}"
        print(f"{name:<5} {what:<70} {value:>8.2f} {unit:<4} {goal}".rstrip())
