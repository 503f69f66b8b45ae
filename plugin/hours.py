"""Business time: spans, opening times, and when something is due. Pure: no clock is read here.

Local times become moments by one rule: a local time stands for the first moment at which a clock that is never
put back reads it. So in the hour that an autumn night has twice the first one counts, and a window that opens or
closes inside the hour a spring night lacks opens or closes at the moment of the change. Open time is measured
between such moments, which keeps it right to the second across both clock changes.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import tzlocal

from plugin.model import AmendsError

HORIZON_YEARS: Final = 10
"""Nothing is due later than this many years after its anchor; a longer span is refused."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Names of our own, because strftime would answer in the machine's language.
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MIDNIGHT: Final = time(0)
_SECOND: Final = timedelta(seconds=1)
_NONE: Final[Mapping[date, str]] = {}

Window = tuple[time, time]
"""From, until; an `until` of midnight is the end of the day."""
_Open = tuple[tuple[int, int], ...]


class SpanError(AmendsError):
    """A span that cannot be read; `text` is what stood there, `problem` what is wrong with it."""

    input_is_wrong = True

    def __init__(self, text: str, problem: str) -> None:
        self.text, self.problem = text, problem
        super().__init__(f'"{text}" is no span: {problem}')


class HoursError(AmendsError):
    """A calendar that cannot be used; `problems` pair the key at fault (zone, week, a key of it, or "") with a text."""

    input_is_wrong = True

    def __init__(self, name: str, *problems: tuple[str, str]) -> None:
        self.name, self.problems = name, problems
        super().__init__(f"calendar {name}: " + "; ".join(text for _, text in problems))


class Unit(StrEnum):
    """What a span is counted in."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    BUSINESS_HOURS = "business hours"
    BUSINESS_DAYS = "business days"


class Roll(StrEnum):
    """Where a date goes that falls on a day on which nobody works."""

    NONE = "none"
    NEXT = "next"
    PREVIOUS = "previous"


_NO_ROLL: Final = Roll.NONE
_BUSINESS_HOURS: Final = Unit.BUSINESS_HOURS  # looking a member up in its class costs as much as a bisection
_BUSINESS_DAYS: Final = Unit.BUSINESS_DAYS
_SECONDS_IN: Final = {Unit.SECONDS: 1, Unit.MINUTES: 60, Unit.HOURS: 3600}
_MOST: Final = {  # the most of each unit that can lie within the horizon
    Unit.SECONDS: HORIZON_YEARS * 365 * 86_400,
    Unit.MINUTES: HORIZON_YEARS * 365 * 1_440,
    Unit.HOURS: HORIZON_YEARS * 365 * 24,
    Unit.DAYS: HORIZON_YEARS * 365,
    Unit.WEEKS: HORIZON_YEARS * 52,
    Unit.MONTHS: HORIZON_YEARS * 12,
    Unit.BUSINESS_HOURS: HORIZON_YEARS * 365 * 24,
    Unit.BUSINESS_DAYS: HORIZON_YEARS * 365,
}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as people say it: a whole number of a unit, at least 1 and at most ten years."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        most = _MOST[self.unit]
        if not 1 <= self.amount <= most:
            raise SpanError(str(self), f"the number must be from 1 to {most} {self.unit} ({HORIZON_YEARS} years)")

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read `4 business hours`, `1 day`, `8 weeks`; raises SpanError saying what is wrong and what is allowed."""
        return _span(text)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.value.removesuffix('s') if self.amount == 1 else self.unit.value}"


@lru_cache(maxsize=256)
def _span(text: str) -> Span:
    # Every promise keeps its span as text, and there are only as many as the playbooks name.
    found = re.fullmatch(r"([0-9]{1,18})\s+([a-z]+(?:\s+[a-z]+)?)", text.strip().lower(), re.ASCII)
    if not found:
        raise SpanError(text, f"write a whole number and a unit ({_units()}), as in 4 business hours")
    unit = _unit(" ".join(found[2].split()))
    if unit is None:
        raise SpanError(text, f'the unit "{found[2]}" is not known; {_meant(found[1], found[2])}')
    return Span(int(found[1]), unit)


def _unit(word: str) -> Unit | None:
    return next((unit for unit in Unit if word in {unit.value, unit.value.removesuffix("s")}), None)


def _meant(amount: str, word: str) -> str:
    """What may have been meant by a unit that is none, or which there are."""
    bent = word.replace("working", "business").replace("workday", "business day")
    near = difflib.get_close_matches(bent, [str(unit) for unit in Unit], 1, 0.75)
    if bent in ("year", "years"):
        return "write 12 months for a year"
    return f'did you mean "{amount} {near[0]}"?' if near else f"use {_units()}"


def _units() -> str:
    return ", ".join(list(Unit)[:-1]) + f" or {list(Unit)[-1]}"


@dataclass(frozen=True, slots=True)
class _Year:
    """One local year of open time, ready for bisection; moments are whole seconds since 1970 in UTC.

    `before[i]` is the open time of the year before window `i`, its last item the whole year's.
    `days` are the ordinals of the open days, `closings` their last closing times.
    """

    begins: int
    ends: int
    opened: Sequence[int]
    closed: Sequence[int]
    before: Sequence[int]
    days: Sequence[int]
    closings: Sequence[int]


@dataclass(frozen=True, slots=True)
class Hours:
    """One named calendar: a zone, the windows of each weekday from Monday on, and dates that are closed all day.

    `holidays` is the region whose public holidays are closed too, as in `GB-ENG` (ISO 3166), or empty.
    """

    name: str
    zone: ZoneInfo
    week: tuple[tuple[Window, ...], ...]
    closed: frozenset[date] = frozenset()
    holidays: str = ""
    # Years and days already worked out. They follow from the fields above, so two threads filling them do no harm.
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)
    _days: dict[date, _Open] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def parse(
        cls, name: str, zone: str, week: Mapping[str, str], closed: Iterable[date] = (), holidays: str = ""
    ) -> Hours:
        """The calendar a person wrote; raises HoursError with every problem at once.

        `week` maps days to windows. A key is a day (`mon`, `monday`), a range (`mon-fri`, `sun-thu`) or a comma list
        of these. A value is `closed` or a comma list of windows, `09:00-12:30, 13:30-17:30`; a window lies within one
        day and may end at `24:00`. Days not named are closed.
        """
        problems: list[tuple[str, str]] = []
        place = _zone(zone, problems)
        days = _week(week, problems)
        _region(holidays, problems)
        if not problems and not any(days):
            problems.append(("week", "no day is open, so nothing could ever be due; open at least one day"))
        if problems or place is None:
            raise HoursError(name, *problems)
        return cls(name, place, days, frozenset(closed), holidays)

    @classmethod
    def default(cls) -> Hours:
        """Monday to Friday, 09:00 to 17:00, in the machine's zone; raises HoursError where the machine names none."""
        zone = tzlocal.get_localzone_name()
        if not zone:
            raise HoursError("default", ("zone", "this machine does not name its zone; write one under hours"))
        return cls.parse("default", zone, {"mon-fri": "09:00-17:00"})

    def local(self, moment: datetime) -> datetime:
        """The same moment in the calendar's zone."""
        return moment.astimezone(self.zone)

    def windows(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """When this local day is open, from and to in UTC, in order; empty where it is closed all day."""
        return tuple((datetime.fromtimestamp(opened, UTC), datetime.fromtimestamp(closed, UTC))
                     for opened, closed in self._windows(day))  # fmt: skip

    def due(self, anchor: datetime, span: Span, *, roll: Roll = _NO_ROLL, day_after: bool = False) -> datetime:
        """When `span` after `anchor` is over; aware in, UTC out; raises HoursError beyond the horizon of ten years.

        With `day_after` the local day after the anchor's is day 1: days of any kind, weeks and months are whole days,
        over at 24:00 of the last, and shorter spans begin with that day. `roll` moves a date that falls on a day
        without open time to the last closing of the next or the previous day with some; to the next, where the
        previous is not after the anchor.

        Seconds to hours: elapsed time. Business hours: elapsed open time, from the next opening where `anchor` lies
        outside; a span that ends with a window is due at its closing. Business days: the anchor's own local day is
        day 0, open or not; due at the last closing of the last one. Days, weeks, months: the same local time that
        many days later; the last day of a month without that day; where a clock change leaves that time out, the
        last second before the change; where the day has it twice, the first.
        """
        if anchor.tzinfo is None or not 2 <= anchor.year <= 9980:
            raise HoursError(self.name, ("", f"cannot count from {anchor}: it must have a zone and a sensible year"))
        due = self._whole_days(anchor, span) if day_after else self._counted(anchor, span)
        return due if roll is _NO_ROLL else self.rolled(anchor, due, roll)

    def _counted(self, anchor: datetime, span: Span) -> datetime:
        unit = span.unit
        if unit is _BUSINESS_HOURS:
            return datetime.fromtimestamp(self._after_open_time(anchor, span), UTC)
        if unit is _BUSINESS_DAYS:
            return datetime.fromtimestamp(self._after_open_days(anchor, span), UTC)
        if unit in _SECONDS_IN:
            return anchor.astimezone(UTC) + timedelta(seconds=span.amount * _SECONDS_IN[unit])
        wanted = self._same_time(anchor, span)
        moment, there = _moment(wanted, self.zone)
        return moment if there else moment - _SECOND

    def _whole_days(self, anchor: datetime, span: Span) -> datetime:
        """The end of the last of so many whole local days; of units shorter than a day, counted from the next one."""
        if span.unit in _SECONDS_IN or span.unit is _BUSINESS_HOURS:
            return self._counted(self._midnight(self.local(anchor).date() + timedelta(days=1)), span)
        business = span.unit is _BUSINESS_DAYS
        last = self._day_of(self._counted(anchor, span)) if business else self._same_time(anchor, span).date()
        return self._midnight(last + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.fromtimestamp(self._second(day, _MIDNIGHT), UTC)

    def end_of(self, day: date) -> datetime:
        """The last closing of that local day (UTC), or its 24:00 where nobody works on it."""
        windows = self._windows(day)
        return datetime.fromtimestamp(windows[-1][1], UTC) if windows else self._midnight(day + timedelta(days=1))

    def works_on(self, day: date) -> bool:
        """Whether there is open time on that local day."""
        return bool(self._windows(day))

    def rolled(self, since: datetime, due: datetime, roll: Roll) -> datetime:
        """The date itself where somebody works on its day, else the last closing of the day it rolls to.

        To the next, where the previous is not after `since`; raises HoursError beyond the horizon of ten years.
        """
        day = self._day_of(due)
        if roll is _NO_ROLL or self._windows(day):
            return due
        if roll is Roll.PREVIOUS:
            before = self._closing(day, -1)
            if before is not None and before > since:
                return before
        after = self._closing(day, 1)
        if after is None:
            raise HoursError(self.name, ("", f"no day is open within {HORIZON_YEARS} years after {self._shown(due)}"))
        return after

    def _day_of(self, due: datetime) -> date:
        """The local day a date falls on; 24:00 is of the day it ends."""
        return self.local(due - _SECOND).date()

    def _closing(self, day: date, step: int) -> datetime | None:
        """The last closing of the nearest open day before or after this one."""
        for _ in range(HORIZON_YEARS * 366):
            day += timedelta(days=step)
            if windows := self._windows(day):
                return datetime.fromtimestamp(windows[-1][1], UTC)
        return None

    def resumed(self, due: datetime, span: Span, paused: datetime, back: datetime) -> datetime:
        """When something is due that was `due`, not yet rolled, before the clock stood still from `paused` to `back`.

        What was left then is left now: open time of business hours, open days of business days (the last of them over
        at its closing, or at its 24:00 where `due` was), whole days of days that end at 24:00, elapsed time of
        everything else.
        """
        if due <= paused or back <= paused:
            return due
        if span.unit is _BUSINESS_HOURS:
            return datetime.fromtimestamp(self._after_open_seconds(back, self._open_between(paused, due), span), UTC)
        whole = due == self._midnight(self._day_of(due) + timedelta(days=1))
        if span.unit is _BUSINESS_DAYS:
            last = self._after_days_left(paused, due, back)
            return self._midnight(last + timedelta(days=1)) if whole else self._last_closing(last)
        if whole and span.unit not in _SECONDS_IN:
            lost = self.local(back).date() - self.local(paused).date()
            return self._midnight(self._day_of(due) + lost + timedelta(days=1))
        return back + (due - paused)

    def _after_days_left(self, paused: datetime, due: datetime, back: datetime) -> date:
        """The last of as many open days after `back` as were left at `paused`; `back`'s own where it is not over."""
        left = sum(1 for day in self._dates_between(paused, due)[1:] if self._windows(day))
        if left:
            return self._day_of(self._counted(back, Span(left, _BUSINESS_DAYS)))
        today = self.local(back).date()
        if self._windows(today) and self._last_closing(today) > back:
            return today
        return self._day_of(self._counted(back, Span(1, _BUSINESS_DAYS)))

    def _last_closing(self, open_day: date) -> datetime:
        return datetime.fromtimestamp(self._windows(open_day)[-1][1], UTC)

    def _open_between(self, start: datetime, end: datetime) -> float:
        first, last = start.timestamp(), end.timestamp()
        windows = (window for day in self._dates_between(start, end) for window in self._windows(day))
        return sum(max(0.0, min(closed, last) - max(opened, first)) for opened, closed in windows)

    def part(self, anchor: datetime, due: datetime, span: Span, share: float = 0.75) -> datetime:
        """When `share` of `span` has passed on the way from `anchor` to its `due`: open time for business units."""
        if span.unit not in (Unit.BUSINESS_HOURS, Unit.BUSINESS_DAYS):
            return anchor + (due - anchor) * share
        first, last = anchor.timestamp(), due.timestamp()
        windows = (window for day in self._dates_between(anchor, due) for window in self._windows(day))
        pieces = [(max(opened, first), min(closed, last)) for opened, closed in windows]
        left = share * sum(max(0.0, end - start) for start, end in pieces)
        for start, end in pieces:
            if end > start and left <= end - start:
                return datetime.fromtimestamp(start + left, UTC)
            left -= max(0.0, end - start)
        return due

    def derivation(
        self, anchor: datetime, span: Span, *, roll: Roll = _NO_ROLL, day_after: bool = False
    ) -> tuple[str, ...]:
        """The working of `due`, line by line in plain English and local time; the last line is what `due` returns."""
        due = self.due(anchor, span, day_after=day_after)
        lines = self._from_next_day(anchor, due, span) if day_after else self._working(anchor, due, span)
        moved = self.due(anchor, span, roll=roll, day_after=day_after)
        return (*lines, *self.roll_told(due, moved, roll), f"due {self.shown(moved)}")

    def _from_next_day(self, anchor: datetime, due: datetime, span: Span) -> Iterator[str]:
        first = self.local(anchor).date() + timedelta(days=1)
        if span.unit in _SECONDS_IN or span.unit is _BUSINESS_HOURS:
            yield f"received {self._shown(anchor)}: the day after it counts"
            yield from self._working(self._midnight(first), due, span)
            return
        yield f"from {self._shown(anchor)}"
        if span.unit is _BUSINESS_DAYS:
            yield from self._open_days_counted(anchor, due)
        else:
            yield f"{_day(first)}, the day after, is day 1"
        last = self._day_of(due)
        counted = "" if span.unit is _BUSINESS_DAYS else f" is day {(last - first).days + 1}, and"
        yield f"{_day(last)}{counted} ends at 24:00"

    def roll_told(self, due: datetime, moved: datetime, roll: Roll) -> Iterator[str]:
        """Why a date rolled, in one line; nothing where it did not."""
        if moved != due:
            day = self._day_of(due)
            way = "next" if moved > due else "previous"
            odd = ", since the previous one is over already" if way != roll else ""
            yield f"{_day(day)}: {self._why_closed(day)}; rolled to the {way} working day{odd}"

    def _working(self, anchor: datetime, due: datetime, span: Span) -> tuple[str, ...]:
        if span.unit is Unit.BUSINESS_HOURS:
            middle = self._open_time_counted(anchor, due, span)
        elif span.unit is Unit.BUSINESS_DAYS:
            middle = self._open_days_counted(anchor, due)
        elif span.unit in _SECONDS_IN:
            middle = self._elapsed(anchor, due, span)
        else:
            middle = self._moved(anchor, due, span)
        return (f"from {self._shown(anchor)}", *middle)

    def _after_open_time(self, anchor: datetime, span: Span) -> float:
        """The moment at which `span` of open time has passed."""
        return self._after_open_seconds(anchor, span.amount * 3600, span)

    def _after_open_seconds(self, anchor: datetime, seconds: float, span: Span) -> float:
        start = anchor.timestamp()
        number = anchor.year
        year = self._years.get(number) or self._year(number)
        if not year.begins <= start < year.ends:  # New Year comes at another moment here than in the anchor's zone
            number += 1 if start >= year.ends else -1
            year = self._year(number)
        at = bisect_right(year.closed, start)  # the first window that closes after the anchor
        goal: float = year.before[at] + seconds
        if at < len(year.opened) and start > year.opened[at]:
            goal += start - year.opened[at]
        last = number + HORIZON_YEARS
        while goal > year.before[-1]:
            goal -= year.before[-1]
            number += 1
            if number > last:
                raise self._too_far(anchor, span)
            year = self._year(number)
        at = bisect_left(year.before, goal) - 1
        return year.opened[at] + goal - year.before[at]

    def _after_open_days(self, anchor: datetime, span: Span) -> int:
        """The last closing of the last of so many open days after the anchor's."""
        today = anchor.astimezone(self.zone)
        number = today.year
        year = self._year(number)
        at = bisect_right(year.days, today.toordinal()) + span.amount - 1
        last = number + HORIZON_YEARS
        while at >= len(year.days):
            at -= len(year.days)
            number += 1
            if number > last:
                raise self._too_far(anchor, span)
            year = self._year(number)
        return year.closings[at]

    def _same_time(self, anchor: datetime, span: Span) -> datetime:
        """The local time, without zone, so many days, weeks or months later."""
        local = anchor.astimezone(self.zone).replace(tzinfo=None, fold=0)
        if span.unit is not Unit.MONTHS:
            return local + timedelta(days=span.amount * (7 if span.unit is Unit.WEEKS else 1))
        years, month = divmod(local.month - 1 + span.amount, 12)
        year = local.year + years
        return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))

    def _year(self, number: int) -> _Year:
        found = self._years.get(number)
        if found is None:
            found = self._years[number] = self._work_out(number)
        return found

    def _work_out(self, number: int) -> _Year:
        first, last = date(number, 1, 1), date(number + 1, 1, 1)
        open_days = [(day, of_day) for day in _dates(first, last) if (of_day := self._windows(day))]
        windows = [window for _, of_day in open_days for window in of_day]
        before = [0]
        for opened, closed in windows:
            before.append(before[-1] + closed - opened)
        return _Year(
            begins=self._second(first, _MIDNIGHT),
            ends=self._second(last, _MIDNIGHT),
            opened=[opened for opened, _ in windows],
            closed=[closed for _, closed in windows],
            before=before,
            days=[day.toordinal() for day, _ in open_days],
            closings=[of_day[-1][1] for _, of_day in open_days],
        )

    def _windows(self, day: date) -> _Open:
        """A local day's open time as seconds in UTC; a window that a clock change swallows whole is left out."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._opening(day)
        return found

    def _opening(self, day: date) -> _Open:
        if day in self.closed or day in self._public_holidays(day.year):
            return ()
        windows = (
            (self._second(day, start), self._second(day + timedelta(days=1) if end == _MIDNIGHT else day, end))
            for start, end in self.week[day.weekday()]
        )
        return tuple((opened, closed) for opened, closed in windows if opened < closed)

    def _public_holidays(self, year: int) -> Mapping[date, str]:
        return public_holidays(self.holidays, year) if self.holidays else _NONE

    def _second(self, day: date, at: time) -> int:
        return int(_moment(datetime.combine(day, at), self.zone)[0].timestamp())

    def _too_far(self, anchor: datetime, span: Span) -> HoursError:
        text = f"{span} from {self._shown(anchor)} end more than {HORIZON_YEARS} years later; shorten the span"
        return HoursError(self.name, ("", text))

    def _open_time_counted(self, anchor: datetime, due: datetime, span: Span) -> Iterator[str]:
        left = span.amount * 3600.0
        for day in self._dates_between(anchor, due):
            counted = sum(
                max(0.0, min(closed, due.timestamp()) - max(opened, anchor.timestamp()))
                for opened, closed in self._windows(day)
            )
            left -= counted
            yield f"{_day(day)}: {self._why_closed(day) or f'{_length(counted)} counted, {_length(left)} left'}"

    def _open_days_counted(self, anchor: datetime, due: datetime) -> Iterator[str]:
        first, *rest = self._dates_between(anchor, due)
        yield f"{_day(first)}: day 0"
        counted = 0
        for day in rest:
            why = self._why_closed(day)
            counted += not why
            yield f"{_day(day)}: {why or f'day {counted}'}"

    def _elapsed(self, anchor: datetime, due: datetime, span: Span) -> Iterator[str]:
        yield f"{span} of elapsed time"
        before, after = self.local(anchor).utcoffset(), self.local(due).utcoffset()
        if before is not None and after is not None and before != after:
            moved = (after - before).total_seconds()
            yield f"the clocks go {'forward' if moved > 0 else 'back'} {_length(abs(moved))} on the way"

    def _moved(self, anchor: datetime, due: datetime, span: Span) -> Iterator[str]:
        wanted = self._same_time(anchor, span)
        yield f"the same local time {span} later"
        if span.unit is Unit.MONTHS and wanted.day != self.local(anchor).day:
            yield f"{_MONTHS[wanted.month - 1]} {wanted.year} has no day {self.local(anchor).day}: its last day"
        if self.local(due).replace(tzinfo=None) != wanted:
            yield f"{_day(wanted)} has no {_clock(wanted)}, the clocks change: the last second before the change"

    def _dates_between(self, anchor: datetime, due: datetime) -> list[date]:
        """The local days from the anchor's to the one that holds the last second before `due`."""
        first, last = self.local(anchor).date(), self.local(due - _SECOND).date()
        return list(_dates(first, max(first, last) + timedelta(days=1)))

    def _why_closed(self, day: date) -> str:
        if day in self.closed:
            return "closed on this date"
        if name := self._public_holidays(day.year).get(day):
            return f"{name}, a holiday in {self.holidays}"
        return "" if self._windows(day) else "closed"

    def shown(self, due: datetime) -> str:
        """A date for people: `Fri 20 Nov 2026 16:00 Europe/London`; what ends with its day is due at its 24:00."""
        local = self.local(due)
        if (local.hour, local.minute, local.second) == (0, 0, 0):
            day = self._day_of(due)
            return f"{_day(day)} {day.year} 24:00 {self.zone.key}"
        return self._shown(due)

    def _shown(self, moment: datetime) -> str:
        """`Fri 20 Nov 2026 16:00 Europe/London`; in an hour that the day has twice, which of the two."""
        local = self.local(moment)
        twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        return f"{_day(local)} {local.year} {_clock(local)} {f'{local.tzname()} ' if twice else ''}{self.zone.key}"


@lru_cache(maxsize=256)
def public_holidays(region: str, year: int) -> Mapping[date, str]:
    """The public holidays of a country, or a part of it, with substitute days, each with its name."""
    import holidays  # noqa: PLC0415 - it takes half a second to load, and many calendars have none

    country, _, part = region.partition("-")
    found = holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US")
    return {day: name for day, name in found.items() if day.year == year}


def _region(region: str, problems: list[tuple[str, str]]) -> None:
    if not region:
        return
    from holidays import list_supported_countries  # noqa: PLC0415 - as above

    known = list_supported_countries()
    country, _, part = region.partition("-")
    if country not in known:
        near = difflib.get_close_matches(country, known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else "write a country such as DE, or a part of one such as GB-ENG"
        problems.append(("holidays", f"no holidays are known for `{region}`; {hint}"))
    elif part and part not in known[country]:
        parts = f"write {country} with one of {', '.join(known[country])}" if known[country] else f"write {country}"
        problems.append(("holidays", f"`{country}` has no part `{part}`; {parts}"))


def _moment(local: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """The first moment (UTC) at which the zone's clock reads `local`; in a gap, the change and False (PEP 495)."""
    early, late = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    before, after = early.utcoffset(), late.utcoffset()
    if before is None or after is None or before >= after:
        return early.astimezone(UTC), True
    low, high = int(late.timestamp()), int(early.timestamp()) + 1  # the clock jumps somewhere in between
    while high - low > 1:
        middle = (low + high) // 2
        jumped = datetime.fromtimestamp(middle, zone).utcoffset() == after
        low, high = (low, middle) if jumped else (middle, high)
    return datetime.fromtimestamp(high, UTC), False


def _dates(first: date, last: date) -> Iterator[date]:
    """Every day from `first` up to, not including, `last`."""
    return map(date.fromordinal, range(first.toordinal(), last.toordinal()))


def _day(day: date) -> str:
    return f"{_DAYS[day.weekday()].title()} {day.day} {_MONTHS[day.month - 1]}"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _length(seconds: float) -> str:
    """`1 h 30 min`, `45 s`, `0 min`; rounded to the second."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if n]
    return " ".join(parts) or "0 min"


def _zone(name: str, problems: list[tuple[str, str]]) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there; no zone name at all; the name of a folder of zones
        near = difflib.get_close_matches(name, available_timezones(), 1)
        hint = f"did you mean {near[0]}?" if near else "write a name such as Europe/London"
        problems.append(("zone", f"the zone `{name}` is not known; {hint}"))
        return None


def _week(week: Mapping[str, str], problems: list[tuple[str, str]]) -> tuple[tuple[Window, ...], ...]:
    days: dict[int, tuple[Window, ...]] = {}
    for key, value in week.items():
        try:
            named, windows = _named_days(key), _read_windows(value)
            if twice := [_DAYS[day] for day in named if day in days]:
                raise _WeekError(f"`{key}` names {', '.join(twice)} again; name each day once")
            days.update(dict.fromkeys(named, windows))
        except _WeekError as error:
            problems.append((key, str(error)))
    return tuple(days.get(day, ()) for day in range(7))


class _WeekError(AmendsError):
    """One sentence on one entry of a week; becomes part of a HoursError."""


def _named_days(key: str) -> list[int]:
    named: list[int] = []
    for part in key.lower().split(","):
        first, dash, last = (word.strip() for word in part.replace("–", "-").partition("-"))
        start, end = _weekday(first, key), _weekday(last if dash else first, key)
        named += [(start + step) % 7 for step in range((end - start) % 7 + 1)]
    if len(set(named)) < len(named):
        raise _WeekError(f"`{key}` names a day twice; name each day once")
    return named


def _weekday(word: str, key: str) -> int:
    for names in (_DAYS, _LONG_DAYS):
        if word in names:
            return names.index(word)
    raise _WeekError(f"`{key}` names no day; write {', '.join(_DAYS)}, a range (mon-fri) or a list (sat, sun)")


def _read_windows(value: str) -> tuple[Window, ...]:
    if value.strip().lower() == "closed":
        return ()
    windows = sorted((_window(part.strip()) for part in value.split(",")), key=lambda window: window[0])
    for (_, end), (start, _) in pairwise(windows):
        if end == _MIDNIGHT or start < end:
            raise _WeekError(f"the windows of `{value}` overlap; each must end before the next begins")
    return tuple(windows)


def _window(text: str) -> Window:
    found = re.fullmatch(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", text, re.ASCII)
    if not found:
        raise _WeekError(f"`{text}` is no opening time; write closed, or windows such as 09:00-12:30, 13:30-17:30")
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if max(int(found[2]), int(found[4])) > 59 or start >= 1440 or end > 1440:
        raise _WeekError(f"`{text}` holds a time that no day has; a day runs from 00:00 to 24:00")
    if start == end:
        raise _WeekError(f"`{text}` is empty; leave it out, or write 00:00-24:00 for the whole day")
    if end < start:
        raise _WeekError(f"`{text}` ends before it begins; split it: until 24:00, and from 00:00 of the next day")
    return time(start // 60, start % 60), time(end // 60 % 24, end % 60)
