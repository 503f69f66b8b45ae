"""Dates as people say them: "by Friday", "within 5 working days", "before noon tomorrow", and when each is over.

Terminology
-----------
phrase   words in a row of one language, as `playbooks/promises/<language>.yaml` lists them; its head tells the signs.
lead     a word that makes a day a date of ours, such as "by"; behind a `void` word, such as "since", it is none.
part     a word for a time of day, such as "morning".

Every pattern here is bounded: no part of it repeats without a limit, so a text takes time that grows with its length.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

import re2

from plugin.hours import Hours, HoursError, Span, SpanError
from plugin.source import Problems, parse

LANGUAGES = ("en", "de", "fr", "es")
"""The languages whose words for dates are shipped."""

_FAR = timedelta(days=200)  # a day without a year that would be further off was meant as one that is past
_FARTHEST = timedelta(days=366)
_FULL_DAYS = ("days", "weeks", "months")
_CLOCK = (
    r"(?:\d{1,2}[:.]\d{2}(?:\s?(?:uhr|[ap]\.?m\.?|h\b|horas?))?|\d{1,2}\s?h\s?\d{2}"
    r"|\d{1,2}\s?(?:uhr|heures?|horas?|[ap]\.?m\b\.?|h\b|o'clock))"
)
_FIGURES = r"\d{1,2}[./-]\d{1,2}(?:[./-](?:\d{4}|\d{2})\b|\.)?"
_ISO = r"\d{4}-\d{2}-\d{2}"
_HOUR = re.compile(r"(\d{1,2})\s?(?:[:.h]\s?(\d{2}))?")
_SPACE = r"[ \t]*\n?[ \t]*"
_GAP = r"(?:[ \t]+\n?[ \t]*|\n[ \t]*)"


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in a text: `text[start:end]` names it, it is over at `due_at` (UTC); `within` as of Promise.

    One that is `firm` can be nothing but a time by which something is done: "by Friday", and not "on Friday".
    """

    start: int
    end: int
    due_at: datetime
    within: str = ""
    firm: bool = False


class Words:
    """What one language says of dates; made of the mapping in its file."""

    def __init__(self, language: str, said: Mapping[str, Any]) -> None:
        self._said = said
        self._months, self._weekdays = _names(language)
        self._numbers = {word: int(n) for n, words in said["numbers"].items() for word in words}
        self._units = {word: unit for unit, words in said["units"].items() for word in words}
        self._whole = {word: unit for unit, words in said["whole"].items() for word in words}
        self._slots = self._made_slots()
        self._spans = re.compile(_bounded(_either(map(self.pattern, said["spans"]))), re.I)
        self._days = re.compile(_bounded(self._day_pattern()), re.I)
        self._hint = re2.compile(self._hinting())
        self.months = re.compile(rf"\s*{_bounded(self._slots['{month}'])}", re.I)

    # ---- patterns -----------------------------------------------------------------------------------------------

    def pattern(self, phrase: str) -> str:
        """A phrase as a regular expression without groups that count."""
        made, glued = "", True
        for word in str(phrase).split():
            piece, optional = self._piece(word)
            if word.startswith(","):
                made, glued = made + (f"(?:{_SPACE}{piece})?" if optional else _SPACE + piece), False
                continue
            gap = "" if glued else r"[ \t\n-]{0,3}" if word.startswith("{unit}") else _GAP
            made += f"(?:{piece}{_GAP})?" if optional and glued else f"(?:{gap}{piece})?" if optional else gap + piece
            glued = glued and optional
        return made

    def _piece(self, said: str) -> tuple[str, bool]:
        """A word of a phrase as a regular expression, and whether it may be missing."""
        if said == "..":
            return rf"(?:\S{{1,40}}{_GAP}){{0,3}}\S{{1,40}}", True
        optional = said.endswith("?") and len(said) > 1
        word = said.removesuffix("?") if optional else said
        if word in self._slots:
            return self._slots[word], optional
        return _either(_wild(one) for one in word.split("/")), optional

    def _made_slots(self) -> dict[str, str]:
        number = rf"(?:\d{{1,3}}|{_words(self._numbers)})"
        ranges = _either(re.escape(one.strip()) for one in self._said["ranges"])
        ordinals = _either(re.escape(one) for one in self._said["ordinals"])
        day = _words(self._weekdays)
        return {
            "{n}": rf"{number}(?:\s?{ranges}\s?{number})?", "{unit}": _words(self._units), "{day}": day,
            "{weekday}": day, "{d}": rf"\d{{1,2}}{ordinals}?", "{y}": r"\d{4}", "{iso}": _ISO, "{figures}": _FIGURES,
            "{month}": rf"{_words(self._months)}\.?", "{clock}": _CLOCK,
            "{whole}": _words(self._whole),
        }  # fmt: skip

    def _hinting(self) -> str:
        """What stands in every date: a unit, a day, a month, or figures; most sentences are passed over by it."""
        named = [str(one) for some in self._said["days"].values() for one in some]
        words = {*self._units, *self._whole, *self._weekdays, *self._months, *named}
        return rf"(?i)\d[./-]\d|\d\s?h\b|{'|'.join(map(_hint, _longest(words)))}"

    def _day_pattern(self) -> str:
        said = self._said
        leads, ons, before, void = (
            _either(map(self.pattern, _longest(said[name]))) for name in ("leads", "ons", "before", "void")
        )
        kinds = {f"day_{n}": some for n, some in enumerate(said["days"].values())}
        kinds |= {f"weekday_{kind}": some for kind, some in said["weekdays"].items()} | {"date": said["dates"]}
        # The last ones first: "the end of the week" is also how "the end of the week after" begins.
        named = reversed([f"(?P<{name}>{_either(map(self.pattern, _longest(some)))})" for name, some in kinds.items()])
        days = "|".join(named)
        clocks = _either(map(self.pattern, _longest(said["clocks"])))
        parts = _either(map(self.pattern, _longest(part for some in said["parts"].values() for part in some)))
        joins, trailers = (_either(map(self.pattern, _longest(said[name]))) for name in ("joins", "trailers"))
        ahead = f"(?:(?P<void>{void}){_GAP}|(?:(?:(?P<before>{before})|(?P<lead>{leads})|(?P<on>{ons})){_GAP}){{1,3}})?"
        first = f"(?:(?P<clock_a>{clocks}|{parts}){_GAP}(?:{joins}{_GAP})?)?"
        behind = f"(?:{_SPACE},?{_SPACE}(?P<clock_b>{clocks}|{parts}))?"
        return f"{ahead}{first}(?:{days}){behind}(?:{_SPACE},?{_SPACE}(?P<trailer>{trailers}))?"

    # ---- reading ------------------------------------------------------------------------------------------------

    def find(self, text: str, at: datetime, hours: Hours) -> list[Dated]:
        """The dates in a text written at that moment, in their order; those that are past are left out."""
        plain = text.lower() if len(text.lower()) == len(text) else text
        if not self._hint.search(" ".join(plain.split())):
            return []
        found = [*self._spans_in(plain, at, hours), *self._days_in(plain, at, hours)]
        found.sort(key=lambda one: (one[0].start, -one[0].end))
        kept: list[Dated] = []
        end = 0
        for one, counts in found:
            if one.start >= end:
                end = one.end
                bare = text[one.start : one.end].rstrip(" .,\n\t")
                one = replace(one, end=one.start + len(bare))  # noqa: PLW2901 - the full stop is the sentence's
                kept += [one] if counts and at < one.due_at <= at + _FARTHEST else []
        return kept

    def _spans_in(self, text: str, at: datetime, hours: Hours) -> Iterator[tuple[Dated, bool]]:
        for match in self._spans.finditer(text):
            span = self._span(match[0])
            if span is not None and (due_at := _after(at, span, hours)) is not None:
                yield Dated(match.start(), match.end(), due_at, str(span), firm=True), True

    def _span(self, words: str) -> Span | None:
        """The longest time the words allow: of "3 to 5 working days" five."""
        slots = self._slots
        match = re.search(rf"({slots['{n}']})[ \t\n-]{{0,3}}(?:\w+{_GAP})??({slots['{unit}']})(?!\w)", words)
        if match is None:
            whole = re.search(_bounded(slots["{whole}"]), words)
            return None if whole is None else Span.parse(f"1 {self._whole[_plain(whole[0])]}")
        number = re.findall(rf"\d{{1,3}}|{_words(self._numbers)}", match[1])[-1]
        amount = int(number) if number.isdigit() else self._numbers[_plain(number)]
        try:
            return Span.parse(f"{amount} {self._units[_plain(match[2])]}")
        except SpanError:
            return None

    def _days_in(self, text: str, at: datetime, hours: Hours) -> Iterator[tuple[Dated, bool]]:
        for match in self._days.finditer(text):
            groups = {name: words for name, words in match.groupdict().items() if words}
            due_at = self._due(groups, at, hours)
            if due_at is not None:
                firm = bool({"lead", "before", "trailer"} & set(groups))
                yield Dated(match.start(), match.end(), due_at, firm=firm), self._counts(groups)

    def _counts(self, groups: Mapping[str, str]) -> bool:
        """Whether a day is one to come, as its words and those before it say."""
        kind, bare = _kind(groups), self._said["bare weekdays"]
        if "void" in groups or kind == "weekday_past":
            return False
        if {"lead", "on", "before", "trailer"} & set(groups):
            return True
        if kind == "date":
            return "coming" in bare and re.match(_words(self._weekdays), groups["date"]) is not None
        names = [f"day_{n}" for n, name in enumerate(self._said["days"]) if name in self._said["bare"]]
        return kind in names or kind.removeprefix("weekday_") in bare

    def _due(self, groups: Mapping[str, str], at: datetime, hours: Hours) -> datetime | None:
        day = self._day(groups, hours.local(at).date(), hours)
        if day is None:
            return None
        clock = groups.get("clock_b") or groups.get("clock_a") or ""
        timed = self._time(clock)
        if timed is not None:
            return datetime.combine(day, timed, hours.zone).astimezone(UTC)
        if "before" in groups and not _kind(groups).startswith("day_"):
            earlier = next((day - timedelta(n) for n in range(1, 8) if hours.works_on(day - timedelta(n))), None)
            if earlier is not None and hours.end_of(earlier) > at:
                return hours.end_of(earlier)
        due_at = hours.end_of(day)
        midnight = datetime.combine(day + timedelta(1), time(), hours.zone).astimezone(UTC)
        return due_at if due_at > at else midnight

    def _time(self, clock: str) -> time | None:
        """The time of day; None where a word means the end of the day, or nothing is said."""
        words = _plain(clock)
        for at, some in self._said["parts"].items():
            if words and any(re.fullmatch(self.pattern(one), words) for one in some):
                return None if at == "end" else time.fromisoformat(at)
        found = _HOUR.search(words)
        if found is None:
            return None
        hour, minute = int(found[1]), int(found[2] or 0)
        after_noon = hour < 12 and re.search(r"\dp|\bp\.?m", words.replace(" ", "")) is not None
        hour += 12 if after_noon else 0
        return time(hour, minute) if hour < 24 and minute < 60 else None

    def _day(self, groups: Mapping[str, str], today: date, hours: Hours) -> date | None:
        kind = _kind(groups)
        words = groups[kind]
        if kind == "date":
            return self._date(words, today)
        if kind.startswith("weekday_"):
            weekday = self._number(self._weekdays, words)
            return None if weekday is None else _weekday(weekday, kind.removeprefix("weekday_"), today)
        name = list(self._said["days"])[int(kind.removeprefix("day_"))]
        return _named_day(name, today, hours)

    def _date(self, words: str, today: date) -> date | None:
        if found := re.search(_ISO, words):
            return _calendar_day(found[0][8:], found[0][5:7], found[0][:4], today)
        month, day = self._number(self._months, words), re.search(r"\b\d{1,2}(?!\d)", words)
        if month is not None and day is not None:
            year = re.search(r"\b\d{4}\b", words)
            return _calendar_day(day[0], str(month), year[0] if year else "", today)
        if found := re.search(_FIGURES, words):
            return self._in_figures(found[0], today)
        if day is not None:  # "Friday the 27th"
            first = today.replace(day=1)
            months = (first, (first + timedelta(31)).replace(day=1))
            days = (_calendar_day(day[0], str(one.month), str(one.year), today) for one in months)
            return next((one for one in days if one), None)
        return None

    def _number(self, names: Mapping[str, int], words: str) -> int | None:
        """The number of the first of these names that stands in the words."""
        found = re.search(_bounded(_words(names)), words)
        return names[_plain(found[0])] if found else None

    def _in_figures(self, words: str, today: date) -> date | None:
        first, second, *year = re.findall(r"\d+", words)
        if self._said["figures"] == "unsure" and int(first) <= 12 and int(second) <= 12 and first != second:
            return None
        if int(second) > 12:
            first, second = second, first
        return _calendar_day(first, second, f"{today.year // 100}{year[0]}" if year and len(year[0]) == 2 else
                             "".join(year), today)  # fmt: skip


@lru_cache(maxsize=len(LANGUAGES))
def said(language: str) -> Mapping[str, Any]:
    """What the shipped file of a language holds; raises Problems."""
    name = f"playbooks/promises/{language}.yaml"
    problems: list[Any] = []
    text = files("playbooks").joinpath("promises", f"{language}.yaml").read_text(encoding="utf-8")
    source = parse(text, name, problems)
    if source is None or problems:
        raise Problems(problems)
    found: Mapping[str, Any] = source.data
    return found


@lru_cache(maxsize=len(LANGUAGES))
def words_of(language: str) -> Words:
    """The words for dates of one of LANGUAGES."""
    return Words(language, said(language))


# ---- days ------------------------------------------------------------------------------------------------------------


def _kind(groups: Mapping[str, str]) -> str:
    return next(name for name in groups if name == "date" or name.startswith(("day_", "weekday_")))


def _weekday(weekday: int, which: str, today: date) -> date:
    """`this` may be today, `coming` is after today, `following` is in the next week, from Monday to Sunday."""
    ahead = (weekday - today.weekday()) % 7
    if which == "following":
        return today + timedelta(7 - today.weekday() + weekday)
    return today + timedelta(ahead or (0 if which == "this" else 7))


def _named_day(name: str, today: date, hours: Hours) -> date:
    """The day by which something is kept that was promised for a day or a longer time with a name."""
    monday = today - timedelta(today.weekday())
    following = _month_end(today) + timedelta(1)
    days = {"today": today, "tomorrow": today + timedelta(1), "day after": today + timedelta(2),
            "early next week": monday + timedelta(8)}  # fmt: skip
    times = {
        "this week": (today, monday + timedelta(6)),
        "next week": (monday + timedelta(7), monday + timedelta(13)),
        "this month": (today, _month_end(today)),
        "next month": (following, _month_end(following)),
        "this year": (today, date(today.year, 12, 31)),
    }
    return days[name] if name in days else _last_open(*times[name], hours)


def _last_open(first: date, last: date, hours: Hours) -> date:
    """The last day of these on which somebody works; the last of all where nobody does in its last week."""
    days = (last - timedelta(n) for n in range(min(7, (last - first).days + 1)))
    return next((day for day in days if hours.works_on(day)), last)


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _calendar_day(day: str, month: str, year: str, today: date) -> date | None:
    """The day that is meant, today or later; None where it is past or there is no such day."""
    years = [int(year)] if year else [today.year, today.year + 1]
    for one in years:
        try:
            found = date(one, int(month), int(day))
        except ValueError:
            continue
        if found >= today:
            return None if not year and found - today > _FAR else found
    return None


def _after(at: datetime, span: Span, hours: Hours) -> datetime | None:
    """When so much time has passed; of days, weeks and months at the end of that working day."""
    try:
        due_at = hours.due(at, span)
    except HoursError:
        return None
    return hours.end_of(hours.local(due_at).date()) if span.unit.value in _FULL_DAYS else due_at


# ---- words -----------------------------------------------------------------------------------------------------------


def _names(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """The names of months and of weekdays (CLDR), long and short, in lower case."""
    from babel import Locale  # noqa: PLC0415 - it takes a while to load, and few commands read a reply

    locale = Locale(language)
    months = {name.lower().rstrip("."): number for width in ("wide", "abbreviated")
              for number, name in locale.months["format"][width].items()}  # fmt: skip
    weekdays = {name.lower(): number for number, name in locale.days["format"]["wide"].items()}
    return months, weekdays


def _wild(word: str) -> str:
    if word == "*":
        return r"\w{1,40}"
    return re.escape(word).replace(r"\*", r"\w{0,40}").replace("'", "['’]")


def _hint(word: str) -> str:
    """The whole word, for RE2, which knows the ends of words by ASCII letters alone."""
    first, last = (r"\b" if sign.isascii() else "" for sign in (word[0], word[-1]))
    return f"{first}{re.escape(word)}{last}"


def _words(some: Iterable[str]) -> str:
    return _either(re.escape(one).replace(r"\ ", _GAP) for one in _longest(some))


def _either(patterns: Iterable[str]) -> str:
    found = list(dict.fromkeys(patterns))
    return f"(?:{'|'.join(found)})" if found else r"(?!)"


def _longest(some: Iterable[str]) -> Sequence[str]:
    return sorted(map(str, some), key=len, reverse=True)


def _bounded(pattern: str) -> str:
    return rf"(?<!\w)(?:{pattern})(?!\w)"


def _plain(words: str) -> str:
    return " ".join(words.lower().replace("’", "'").split())
