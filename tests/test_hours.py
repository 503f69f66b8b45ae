"""Business time: the promised vectors, both clock changes, and a minute-by-minute oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tzlocal
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plugin.hours import Hours, HoursError, Roll, Span, SpanError, Unit

OFFICE = Hours.parse("office", "Europe/London", {"mon-fri": "09:00-17:30"})
SPLIT = Hours.parse(
    "split",
    "Europe/Berlin",
    {"mon-fri": "09:00-12:30, 13:30-17:30", "sat": "10:00-12:00"},
    [date(2026, 12, 24), date(2026, 12, 25)],
)
ALWAYS = {"mon-sun": "00:00-24:00"}


def at(zone: str, text: str) -> datetime:
    """The moment at which a clock in `zone` reads `text` (for the first time)."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def due(hours: Hours, start: str, span: str) -> str:
    """When it is due, as the calendar's own clock reads."""
    moment = hours.due(at(hours.zone.key, start), Span.parse(span))
    assert moment.tzinfo is UTC
    return hours.local(moment).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-11-20 16:00", "4 business hours", "2026-11-23 11:30"),
        ("2026-11-23 15:00", "3 business days", "2026-11-26 17:30"),
        ("2026-11-21 10:00", "3 business days", "2026-11-25 17:30"),
        ("2026-06-02 10:15", "30 days", "2026-07-02 10:15"),
        ("2026-01-31 10:15", "1 month", "2026-02-28 10:15"),
        ("2026-10-25 00:30", "24 hours", "2026-10-25 23:30"),
    ],
)
def test_the_vectors_of_the_contract(start: str, span: str, expected: str) -> None:
    assert due(OFFICE, start, span) == expected


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-11-23 12:00", "1 business hour", "2026-11-23 14:00"),  # over lunch
        ("2026-11-23 11:30", "1 business hour", "2026-11-23 12:30"),  # ends with the window: its closing
        ("2026-11-23 12:30", "1 business hour", "2026-11-23 14:30"),  # at closing time: the next opening
        ("2026-11-23 13:00", "1 business hour", "2026-11-23 14:30"),
        ("2026-11-20 17:30", "1 business hour", "2026-11-21 11:00"),
        ("2026-11-21 11:59:30", "1 business hour", "2026-11-23 09:59:30"),
        ("2026-12-23 17:00", "1 business hour", "2026-12-26 10:30"),  # both closing days are passed over
        ("2026-12-24 10:00", "1 business day", "2026-12-26 12:00"),  # day 0 is a closing day, the last one a Saturday
        ("2026-11-20 23:59", "1 business day", "2026-11-21 12:00"),
        ("2026-12-31 16:30", "2 business hours", "2027-01-01 10:00"),  # across New Year
        ("2026-12-31 16:30", "300 business days", "2027-12-16 17:30"),
        ("2026-11-23 09:00", "2 weeks", "2026-12-07 09:00"),
        ("2024-01-31 09:00", "1 month", "2024-02-29 09:00"),
        ("2024-02-29 09:00", "12 months", "2025-02-28 09:00"),
        ("2026-11-30 09:00", "3 months", "2027-02-28 09:00"),
        ("2026-11-23 09:00", "90 seconds", "2026-11-23 09:01:30"),
        ("2026-11-23 09:00", "45 minutes", "2026-11-23 09:45"),
    ],
)
def test_a_calendar_with_split_days_and_closing_days(start: str, span: str, expected: str) -> None:
    assert due(SPLIT, start, span) == expected


@pytest.mark.parametrize(
    ("zone", "spring", "autumn"),
    [
        ("Europe/London", "2027-03-28 01:00", "2026-10-25 01:00"),
        ("Europe/Berlin", "2027-03-28 02:00", "2026-10-25 02:00"),
        ("America/New_York", "2027-03-14 02:00", "2026-11-01 01:00"),
        ("America/Santiago", "2026-09-06 00:00", "2027-04-03 23:00"),
        ("America/Havana", "2027-03-14 00:00", "2026-11-01 00:00"),
        ("Australia/Sydney", "2026-10-04 02:00", "2027-04-04 02:00"),
    ],
)
class TestClockChanges:
    """`spring` is the first reading that is missing, `autumn` the first that comes twice."""

    def test_elapsed_and_always_open_time_do_not_notice_them(self, zone: str, spring: str, autumn: str) -> None:
        always = Hours.parse("always", zone, ALWAYS)
        for change in (spring, autumn):
            start = at(zone, change) - timedelta(hours=5, minutes=1, seconds=7)
            for amount in (5, 6, 24, 500):
                expected = start + timedelta(hours=amount)
                assert always.due(start, Span(amount, Unit.BUSINESS_HOURS)) == expected
                assert always.due(start, Span(amount, Unit.HOURS)) == expected

    def test_a_missing_hour_is_due_at_the_last_second_there_is(self, zone: str, spring: str, autumn: str) -> None:
        hours = Hours.parse("any", zone, ALWAYS)
        missing = datetime.fromisoformat(spring) + timedelta(minutes=30)
        expected = str(datetime.fromisoformat(spring) - timedelta(seconds=1))
        assert due(hours, str(missing - timedelta(days=1)), "1 day") == expected
        assert due(hours, str(missing - timedelta(days=7)), "1 week") == expected
        assert due(hours, str(missing - timedelta(days=14)), "2 weeks") == expected

    def test_the_moment_of_the_change_itself_is_missing_too(self, zone: str, spring: str, autumn: str) -> None:
        hours = Hours.parse("any", zone, ALWAYS)
        first = datetime.fromisoformat(spring)
        assert due(hours, str(first - timedelta(days=1)), "1 day") == str(first - timedelta(seconds=1))
        after = str(first + timedelta(hours=1) - timedelta(days=1))
        assert hours.due(at(zone, after), Span.parse("1 day")) == at(zone, str(first + timedelta(hours=1)))

    def test_an_hour_that_comes_twice_is_due_the_first_time(self, zone: str, spring: str, autumn: str) -> None:
        twice = datetime.fromisoformat(autumn) + timedelta(minutes=30)
        moment = Hours.parse("any", zone, ALWAYS).due(at(zone, str(twice - timedelta(days=1))), Span.parse("1 day"))
        assert moment == at(zone, str(twice))
        assert moment.astimezone(ZoneInfo(zone)).fold == 0

    def test_business_days_close_by_the_local_clock(self, zone: str, spring: str, autumn: str) -> None:
        hours = Hours.parse("daily", zone, {"mon-sun": "09:00-17:30"})
        for change in (spring, autumn):
            day = date.fromisoformat(change[:10])
            for amount in (1, 2, 3):
                last = day + timedelta(days=amount - 2)
                assert due(hours, f"{day - timedelta(days=2)} 12:00", f"{amount} business days") == f"{last} 17:30"


def test_windows_that_open_or_close_in_a_missing_hour_do_so_at_the_change() -> None:
    hours = Hours.parse("night", "Europe/Berlin", {"sun": "01:00-02:15, 02:20-02:40, 02:45-04:00"})
    start = at("Europe/Berlin", "2027-03-28 00:00")
    assert hours.due(start, Span.parse("1 business hour")) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert hours.due(start, Span.parse("2 business hours")) == datetime(2027, 3, 28, 2, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_is_no_business_day() -> None:
    apia = Hours.parse("apia", "Pacific/Apia", {"mon-sun": "09:00-17:00"})
    assert due(apia, "2011-12-29 12:00", "1 business day") == "2011-12-31 17:00"
    assert due(apia, "2011-12-29 12:00", "1 day") == "2011-12-29 23:59:59"


def test_an_anchor_beside_new_year_counts_in_the_local_year() -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London"):
        always = Hours.parse("always", zone, ALWAYS)
        for hour in range(-30, 31):
            start = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            assert always.due(start, Span.parse("3 business hours")) == start + timedelta(hours=3)


def test_fractions_of_a_second_are_kept_in_open_time_and_end_at_an_opening() -> None:
    inside = datetime(2026, 11, 23, 10, 0, 0, 123_457, tzinfo=UTC)
    assert OFFICE.due(inside, Span.parse("1 business hour")) == inside + timedelta(hours=1)
    outside = datetime(2026, 11, 23, 8, 59, 59, 999_999, tzinfo=UTC)
    assert OFFICE.due(outside, Span.parse("1 business hour")) == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(HoursError, match="must have a zone"):
        OFFICE.due(datetime(2026, 11, 23, 9), Span.parse("1 day"))  # noqa: DTZ001  # this is what is tested


def test_nothing_is_due_beyond_ten_years() -> None:
    rare = Hours.parse("rare", "Europe/London", {"sun": "09:00-09:01"})
    for text in ("1000 business hours", "1000 business days"):
        with pytest.raises(HoursError, match=r"calendar rare: .* end more than 10 years later; shorten the span"):
            rare.due(at("Europe/London", "2026-11-23 09:00"), Span.parse(text))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("4 business hours", Span(4, Unit.BUSINESS_HOURS)),
        ("1 day", Span(1, Unit.DAYS)),
        ("8 weeks", Span(8, Unit.WEEKS)),
        ("1 month", Span(1, Unit.MONTHS)),
        ("90 seconds", Span(90, Unit.SECONDS)),
        ("1 business day", Span(1, Unit.BUSINESS_DAYS)),
    ],
)
def test_spans_are_read_and_written_the_same(text: str, span: Span) -> None:
    assert Span.parse(text) == span
    assert str(span) == text


def test_spaces_capitals_and_a_wrong_plural_are_forgiven() -> None:
    assert str(Span.parse("  1  Business   Hours ")) == "1 business hour"
    assert str(Span.parse("2 day")) == "2 days"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "write a whole number and a unit"),
        ("soon", "write a whole number and a unit"),
        ("4", "write a whole number and a unit"),
        ("1.5 hours", "write a whole number and a unit"),
        ("-1 day", "write a whole number and a unit"),
        ("٣ days", "write a whole number and a unit"),
        ("4 working hours", '"working hours" is not known; did you mean "4 business hours"'),
        ("3 buisness days", 'did you mean "3 business days"'),
        ("2 fortnights", '"fortnights" is not known; use seconds, minutes'),
        ("2 years", '"years" is not known; write 12 months for a year'),
        ("0 days", "must be from 1 to 3650 days"),
        ("9999 weeks", r"must be from 1 to 520 weeks \(10 years\)"),
        ("99999999999999999 seconds", "must be from 1 to"),
    ],
)
def test_what_is_no_span_is_said_clearly(text: str, problem: str) -> None:
    with pytest.raises(SpanError, match=problem):
        Span.parse(text)


@pytest.mark.parametrize(
    ("key", "open_days"),
    [("mon", "0"), ("mon-fri", "01234"), ("sun-thu", "01236"), ("sat, sun", "56"), ("Monday, wed-thu", "023")],
)
def test_week_keys_are_a_day_a_range_or_a_list(key: str, open_days: str) -> None:
    hours = Hours.parse("some", "UTC", {key: "09:00-10:00"})
    assert "".join(str(day) for day, windows in enumerate(hours.week) if windows) == open_days


@pytest.mark.parametrize(
    ("value", "windows"),
    [
        ("9:00-12:30,13:30-17:30", ((time(9), time(12, 30)), (time(13, 30), time(17, 30)))),
        ("13:30 - 17:30, 09:00–12:30", ((time(9), time(12, 30)), (time(13, 30), time(17, 30)))),
        ("09:00-12:00, 12:00-17:00", ((time(9), time(12)), (time(12), time(17)))),
        ("00:00-24:00", ((time(0), time(0)),)),
        ("closed", ()),
    ],
)
def test_windows_are_read_in_any_order(value: str, windows: object) -> None:
    assert Hours.parse("some", "UTC", {"mon": value, "tue": "09:00-10:00"}).week[0] == windows


@pytest.mark.parametrize(
    ("week", "problem"),
    [
        ({"mon": "09:00-12:00, 11:00-13:00"}, "overlap"),
        ({"mon": "00:00-24:00, 23:00-24:00"}, "overlap"),
        ({"mon": "09:00-09:00"}, "is empty"),
        ({"mon": "17:00-09:00"}, "ends before it begins"),
        ({"mon": "09:00-25:00"}, "a day runs from 00:00 to 24:00"),
        ({"mon": "09:00-24:01"}, "a day runs from 00:00 to 24:00"),
        ({"mon": "24:00-24:00"}, "a day runs from 00:00 to 24:00"),
        ({"mon": "09:60-10:00"}, "a day runs from 00:00 to 24:00"),
        ({"mon": "nine to five"}, "`nine to five` is no opening time"),
        ({"mon": ""}, "`` is no opening time"),
        ({"mon-fry": "09:00-17:00"}, "`mon-fry` names no day"),
        ({"": "09:00-17:00"}, "`` names no day"),
        ({"mon-fri": "09:00-17:00", "wed": "closed"}, "`wed` names wed again"),
        ({"mon, mon": "09:00-17:00"}, "names a day twice"),
        ({"mon-fri": "closed"}, "no day is open"),
        ({}, "no day is open"),
    ],
)
def test_what_is_no_week_is_said_clearly(week: Mapping[str, str], problem: str) -> None:
    with pytest.raises(HoursError, match=f"^calendar desk: .*{problem}"):
        Hours.parse("desk", "Europe/London", week)


@pytest.mark.parametrize("zone", ["Europe/Londn", "", "Europe", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_an_unknown_zone_is_said_clearly(zone: str) -> None:
    with pytest.raises(HoursError, match="is not known"):
        Hours.parse("desk", zone, ALWAYS)


def test_every_problem_of_a_calendar_is_told_at_once_with_its_key() -> None:
    with pytest.raises(HoursError, match="did you mean Europe/London") as caught:
        Hours.parse("desk", "Europe/Londn", {"mon": "17:00-09:00", "tues": "09:00-17:00", "wed": "09:00-17:00"})
    assert [key for key, _ in caught.value.problems] == ["zone", "mon", "tues"]


def test_the_default_calendar_is_office_hours_in_the_zone_of_the_machine() -> None:
    hours = Hours.default()
    assert hours.name == "default"
    assert hours.zone.key == tzlocal.get_localzone_name()
    assert hours.week == ((((time(9), time(17)),),) * 5) + ((), ())


DERIVATIONS = """
from Fri 20 Nov 2026 16:00 Europe/London
Fri 20 Nov: 1 h 30 min counted, 2 h 30 min left
Sat 21 Nov: closed
Sun 22 Nov: closed
Mon 23 Nov: 2 h 30 min counted, 0 min left
due Mon 23 Nov 2026 11:30 Europe/London

from Wed 23 Dec 2026 18:00 Europe/Berlin
Wed 23 Dec: day 0
Thu 24 Dec: closed on this date
Fri 25 Dec: closed on this date
Sat 26 Dec: day 1
Sun 27 Dec: closed
Mon 28 Dec: day 2
due Mon 28 Dec 2026 17:30 Europe/Berlin

from Sun 31 Jan 2027 10:15 Europe/London
the same local time 1 month later
Feb 2027 has no day 31: its last day
due Sun 28 Feb 2027 10:15 Europe/London

from Sat 27 Mar 2027 01:30 Europe/London
the same local time 1 day later
Sun 28 Mar has no 01:30, the clocks change: the last second before the change
due Sun 28 Mar 2027 00:59:59 Europe/London

from Sun 25 Oct 2026 00:30 Europe/London
1 hour of elapsed time
due Sun 25 Oct 2026 01:30 BST Europe/London

from Sun 25 Oct 2026 00:30 Europe/London
2 hours of elapsed time
the clocks go back 1 h on the way
due Sun 25 Oct 2026 01:30 GMT Europe/London
"""


@pytest.mark.parametrize(
    ("hours", "start", "span", "place"),
    [
        (OFFICE, "2026-11-20 16:00", "4 business hours", 0),
        (SPLIT, "2026-12-23 18:00", "2 business days", 1),
        (OFFICE, "2027-01-31 10:15", "1 month", 2),
        (OFFICE, "2027-03-27 01:30", "1 day", 3),
        (OFFICE, "2026-10-25 00:30", "1 hour", 4),
        (OFFICE, "2026-10-25 00:30", "2 hours", 5),
    ],
)
def test_the_working_reads_like_this(hours: Hours, start: str, span: str, place: int) -> None:
    expected = DERIVATIONS.strip().split("\n\n")[place]
    assert "\n".join(hours.derivation(at(hours.zone.key, start), Span.parse(span))) == expected


# --- as others count --------------------------------------------------------------------------------------------------

_VECTORS = (Path(__file__).parent / "hours" / "vectors.txt").read_text("utf-8").splitlines()
VECTORS = [tuple(part.strip() for part in line.split("|")) for line in _VECTORS if line and not line.startswith("#")]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0])
def test_the_deadlines_of_regulators_come_out_as_they_count_them(vector: tuple[str, ...]) -> None:
    whose, zone, region, received, span, options, expected = vector
    hours = Hours.parse(whose, zone, {"mon-fri": "09:00-17:30"}, holidays="" if region == "-" else region)
    roll = Roll.NEXT if "next" in options else Roll.PREVIOUS if "previous" in options else Roll.NONE
    start = at(zone, received.partition(" ")[2])
    moment = hours.due(start, Span.parse(span), roll=roll, day_after="day_after" in options)
    weekday, day, clock = expected.split()
    told = f"{weekday} {date.fromisoformat(day).day} {date.fromisoformat(day):%b %Y} {clock} {zone}"
    assert hours.shown(moment) == told
    lines = hours.derivation(start, Span.parse(span), roll=roll, day_after="day_after" in options)
    assert lines[-1] == f"due {told}"


def test_a_holiday_says_its_name_in_the_working() -> None:
    hours = Hours.parse("shop", "Europe/London", {"mon-fri": "09:00-17:30"}, holidays="GB-ENG")
    lines = hours.derivation(at("Europe/London", "2026-12-24 10:00"), Span.parse("1 business day"))
    assert "Fri 25 Dec: Christmas Day, a holiday in GB-ENG" in lines


def test_a_roll_says_why_and_where_it_goes() -> None:
    start = at("Europe/London", "2026-11-18 10:00")
    assert OFFICE.derivation(start, Span.parse("3 days"), roll=Roll.NEXT)[-2:] == (
        "Sat 21 Nov: closed; rolled to the next working day",
        "due Mon 23 Nov 2026 17:30 Europe/London",
    )
    late = OFFICE.derivation(at("Europe/London", "2026-11-21 10:00"), Span.parse("1 day"), roll=Roll.PREVIOUS)
    assert late[-2] == "Sun 22 Nov: closed; rolled to the next working day, since the previous one is over already"


@pytest.mark.parametrize(
    ("region", "problem"),
    [
        ("XX", "no holidays are known for `XX`"),
        ("DE-XX", "`DE` has no part `XX`; write DE with one of BB, BE, BW, BY"),
        ("Germany", "no holidays are known for `Germany`"),
    ],
)
def test_an_unknown_region_is_said_clearly(region: str, problem: str) -> None:
    with pytest.raises(HoursError, match=problem) as caught:
        Hours.parse("shop", "Europe/Berlin", {"mon-fri": "09:00-17:30"}, holidays=region)
    assert [key for key, _ in caught.value.problems] == ["holidays"]


@pytest.mark.parametrize(
    ("span", "received", "paused", "back", "expected"),
    [
        ("8 business hours", "2026-11-23 09:00", "2026-11-23 13:00", "2026-11-25 09:00", "2026-11-25 13:00"),
        ("5 business days", "2026-11-23 10:00", "2026-11-24 11:00", "2026-11-27 12:00", "2026-12-03 17:30"),
        ("1 business day", "2026-11-23 10:00", "2026-11-24 11:00", "2026-11-25 12:00", "2026-11-25 17:30"),
        ("1 business day", "2026-11-23 10:00", "2026-11-24 11:00", "2026-11-25 18:00", "2026-11-26 17:30"),
        ("1 business day", "2026-11-23 10:00", "2026-11-24 11:00", "2026-11-28 12:00", "2026-11-30 17:30"),
        ("2 weeks", "2026-11-23 10:00", "2026-11-30 10:00", "2026-12-02 16:00", "2026-12-09 16:00"),
        ("24 hours", "2026-11-23 10:00", "2026-11-25 10:00", "2026-11-26 10:00", "2026-11-24 10:00"),
        ("2 weeks", "2026-11-23 00:00", "2026-11-30 10:00", "2026-12-02 16:00", "2026-12-09 00:00"),
        ("24 hours", "2026-11-23 00:00", "2026-11-23 10:00", "2026-11-23 12:00", "2026-11-24 02:00"),
    ],
)
def test_what_was_left_before_a_pause_is_left_after_it(
    span: str, received: str, paused: str, back: str, expected: str
) -> None:
    due_at = OFFICE.due(at("Europe/London", received), Span.parse(span))
    stop, go = at("Europe/London", paused), at("Europe/London", back)
    moment = OFFICE.resumed(due_at, Span.parse(span), stop, go)
    assert OFFICE.local(moment).strftime("%Y-%m-%d %H:%M") == expected


# --- a second opinion: walk the minutes -------------------------------------------------------------------------------

CHANGES = {
    "Europe/London": (date(2027, 3, 28), date(2026, 10, 25)),
    "America/New_York": (date(2027, 3, 14), date(2026, 11, 1)),
    "America/Santiago": (date(2026, 9, 6), date(2027, 4, 4)),
    "America/Havana": (date(2027, 3, 14), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2027, 4, 4)),  # changes by half an hour
    "Asia/Kathmandu": (date(2026, 12, 31), date(2027, 1, 1)),  # never changes; a quarter off the hour
}
Plan = dict[int, list[tuple[int, int]]]  # weekday: windows in minutes of the day


class Clock:
    """A clock that is never put back, read in every minute of a month around a change."""

    def __init__(self, zone: str, change: date) -> None:
        self.start = datetime.combine(change - timedelta(days=6), time(0), UTC)
        self.days: list[date] = []
        self.minutes: list[int] = []
        highest = self.start.replace(tzinfo=None) - timedelta(days=2)
        for minute in range(30 * 1440):
            reading = (self.start + timedelta(minutes=minute)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            highest = max(highest, reading)
            self.days.append(highest.date())
            self.minutes.append(highest.hour * 60 + highest.minute)

    def moment(self, minute: int) -> datetime:
        return self.start + timedelta(minutes=minute)


@lru_cache
def clock_of(zone: str, change: date) -> Clock:
    return Clock(zone, change)


def open_minutes(plan: Plan, closed: frozenset[date]) -> Callable[[date], set[int]]:
    """Gives the minutes in which a date is open."""
    return lru_cache(None)(
        lambda day: {minute for a, b in plan.get(day.weekday(), ()) for minute in range(a, b) if day not in closed}
    )


def calendar(zone: str, plan: Plan, closed: frozenset[date]) -> Hours:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    week = {names[day]: ", ".join(f"{clock(a)}-{clock(b)}" for a, b in windows) for day, windows in plan.items()}
    return Hours.parse("drawn", zone, week, closed)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# Edges on any quarter of an hour: many fall into the hours that the clock changes touch.
days = st.lists(st.integers(0, 96).map(lambda quarter: quarter * 15), min_size=2, max_size=6, unique=True).map(
    lambda edges: list(zip(sorted(edges)[0::2], sorted(edges)[1::2], strict=False))
)
plans = st.dictionaries(st.integers(0, 6), days, min_size=1, max_size=7)
places = st.sampled_from([(zone, change) for zone, both in CHANGES.items() for change in both])
closings = st.frozensets(st.integers(-6, 20), max_size=3)
minutes = st.integers(0, 9 * 1440)


@settings(max_examples=300, deadline=None)
@given(places, plans, closings, minutes, st.integers(1, 30))
def test_business_hours_agree_with_a_walk_through_the_minutes(
    place: tuple[str, date], plan: Plan, closings: frozenset[int], start: int, amount: int
) -> None:
    zone, change = place
    closed = frozenset(change + timedelta(days=day) for day in closings)
    walk, opening, left, minute = clock_of(zone, change), open_minutes(plan, closed), amount * 60, start
    while left and minute < len(walk.days):
        left -= walk.minutes[minute] in opening(walk.days[minute])
        minute += 1
    assume(not left)
    hours, span = calendar(zone, plan, closed), Span(amount, Unit.BUSINESS_HOURS)
    assert hours.due(walk.moment(start), span) == walk.moment(minute)
    assert hours.derivation(walk.moment(start), span)[-2].endswith(" counted, 0 min left")


@settings(max_examples=200, deadline=None)
@given(places, plans, closings, minutes, st.integers(1, 10))
def test_business_days_agree_with_a_walk_through_the_minutes(
    place: tuple[str, date], plan: Plan, closings: frozenset[int], start: int, amount: int
) -> None:
    zone, change = place
    closed = frozenset(change + timedelta(days=day) for day in closings)
    walk, opening = clock_of(zone, change), open_minutes(plan, closed)
    today, days, minute = walk.days[start], set[date](), start
    last = 0
    while minute < len(walk.days) and (len(days) < amount or walk.days[minute] in days):
        if walk.days[minute] != today and walk.minutes[minute] in opening(walk.days[minute]):
            days.add(walk.days[minute])
            last = minute
        minute += 1
    assume(minute < len(walk.days))
    hours, span = calendar(zone, plan, closed), Span(amount, Unit.BUSINESS_DAYS)
    assert hours.due(walk.moment(start), span) == walk.moment(last + 1)
    assert hours.derivation(walk.moment(start), span)[-2].endswith(f": day {amount}")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(CHANGES)),
    st.integers(0, 400 * 86_400).map(lambda second: datetime(2026, 8, 1, tzinfo=UTC) + timedelta(seconds=second)),
    st.sampled_from(Unit),
    st.integers(1, 100),
)
def test_the_last_line_of_the_working_is_what_is_due(zone: str, start: datetime, unit: Unit, amount: int) -> None:
    hours = Hours.parse("drawn", zone, {"mon-fri": "09:00-12:30, 13:30-17:30"})
    moment = hours.due(start, Span(amount, unit))
    lines = hours.derivation(start, Span(amount, unit))
    assert moment > start
    local = hours.local(moment)
    assert lines[-1].startswith(f"due {local:%a} {local.day} {local:%b %Y %H:%M}")
    assert lines[-1].endswith(zone)


@settings(max_examples=200, deadline=None)
@given(places, plans, closings, minutes, st.tuples(st.integers(1, 12), st.sampled_from(Roll)))
def test_rolls_and_whole_days_agree_with_a_walk_through_the_minutes(
    place: tuple[str, date], plan: Plan, closings: frozenset[int], start: int, term: tuple[int, Roll]
) -> None:
    amount, roll = term
    zone, change = place
    closed = frozenset(change + timedelta(days=day) for day in closings)
    walk, opening = clock_of(zone, change), open_minutes(plan, closed)
    wanted = walk.days[start] + timedelta(days=amount)
    last = max((minute for minute, day in enumerate(walk.days) if day == wanted), default=0)
    assume(0 < last < len(walk.days) - 8 * 1440)
    awake = [minute for minute in range(len(walk.days)) if walk.minutes[minute] in opening(walk.days[minute])]
    expected = last
    if roll is not Roll.NONE and not any(walk.days[minute] == wanted for minute in awake):
        before = [minute for minute in awake if minute < last and minute >= start]
        after = [minute for minute in awake if minute > last]
        assume(after)
        day = walk.days[before[-1] if roll is Roll.PREVIOUS and before else after[0]]
        expected = max(minute for minute in awake if walk.days[minute] == day)
        assume(expected < len(walk.days) - 1440)
    hours = calendar(zone, plan, closed)
    assert hours.due(walk.moment(start), Span(amount, Unit.DAYS), roll=roll, day_after=True) == walk.moment(
        expected + 1
    )


@pytest.mark.parametrize(
    ("day", "end"),
    [("2026-11-23", "2026-11-23 17:30"), ("2026-11-28", "2026-11-29 00:00"), ("2026-12-25", "2026-12-26 00:00")],
    ids=["a working day", "a Saturday", "a holiday"],
)
def test_a_day_is_over_with_its_last_closing_and_at_midnight_where_nobody_works_on_it(day: str, end: str) -> None:
    hours = Hours.parse("split", "Europe/London", {"mon-fri": "09:00-12:30, 13:30-17:30"}, holidays="GB-ENG")
    local = datetime.fromisoformat(day).date()
    assert hours.end_of(local) == at("Europe/London", end)
    assert hours.works_on(local) == end.startswith(day)
