"""Days, sums and lists as a language writes them (CLDR, by way of Babel), and days as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from plugin.letters.phrases import LANGUAGES, SHIPPED, Phrases, base

if TYPE_CHECKING:
    from babel import Locale

_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})")
_NUMERIC = re.compile(r"\b(?P<d>\d{1,2})[./-](?P<m>\d{1,2})(?:[./-](?P<y>\d{4}|\d{2}))?\b")
_DAY_FIRST = re.compile(
    r"\b(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<m>[^\W\d_]{3,})\.?(?:,?\s+(?:de\s+)?(?P<y>\d{4}))?"
)
_MONTH_FIRST = re.compile(r"\b(?P<m>[^\W\d_]{3,})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{4}))?")
_SUM = re.compile(r"(\d{1,9}(?:\.\d{1,2})?) ([A-Za-z]{3})")
_DAYS = {"en": "en_GB"}
"""English without a country has the day before the month, as most of the world that writes in it does."""


def day(when: date, language: str, *, weekday: bool, near: date, phrases: Phrases = SHIPPED) -> str:
    """`when` in words, e.g. "Thursday 26 November"; with its year where that is not the year of `near`.

    A language without words here gets the date as ISO 8601 writes it, which reads in all of them.
    """
    return _day(when, language, weekday, when.year != near.year, phrases)


@lru_cache(maxsize=512)
def _day(when: date, language: str, weekday: bool, year: bool, phrases: Phrases) -> str:
    locale = _locale(_DAYS.get(language, language)) if phrases.knows(language) else None
    if locale is None:
        return when.isoformat()
    from babel.dates import format_date, format_skeleton  # noqa: PLC0415 - only who writes a letter pays for Babel

    words = phrases.of(language).words
    text = format_date(when, "long", locale) if year else format_skeleton("MMMMd", when, locale=locale)
    if when.day == 1 and words.first:
        text = re.sub(r"\b1\b", words.first, text, count=1)
    return words.weekday.format(weekday=format_date(when, "EEEE", locale), day=text) if weekday else text


def clock(when: datetime, language: str) -> str:
    """The time of day of a local moment, as in "09:00"."""
    locale = _locale(_DAYS.get(language, language))
    if locale is None:
        return f"{when:%H:%M}"
    from babel.dates import format_time  # noqa: PLC0415 - see above

    return str(format_time(when.time(), "short", locale=locale))


def read_day(text: str, near: date, language: str = "en") -> date | None:
    """The day a person wrote ("12 November", "12.11.", "2026-11-12"); None where it is no calendar day.

    Day before month in figures, as all of the four languages but American English have it; months in these four and
    in `language`. Without a year: the day nearest to `near`.
    """
    for pattern in (_ISO, _NUMERIC, _DAY_FIRST, _MONTH_FIRST):
        found = pattern.search(text.casefold())
        month = _month(found["m"], language) if found else 0
        if found and month:
            return _calendar_day(int(found["d"]), month, found["y"] or "", near)
    return None


def sequence(items: Sequence[str], joint: str) -> str:
    """ "a", "a and b", "a, b and c"; empty for none."""
    *head, last = items or ("",)
    return f"{', '.join(head)} {joint} {last}" if head else last


def money(text: str, language: str) -> str:
    """ "15 EUR" as the language writes it: "€15", "15 €"; anything else as it stands."""
    found, locale = _SUM.fullmatch(text.strip()), _locale(language) or _locale("en")
    if found is None or locale is None:
        return text.strip()
    from babel.numbers import format_currency, get_currency_symbol  # noqa: PLC0415 - see above

    code = found[2].upper()
    if get_currency_symbol(code, locale) == code:
        return text.strip()  # a sum with its code reads the same in every language
    pattern = locale.currency_formats["standard"].pattern
    whole = "." not in found[1]
    with suppress(InvalidOperation, ValueError):
        amount = Decimal(found[1])
        written = re.sub(r"\.0+", "", pattern) if whole else pattern
        return str(format_currency(amount, code, written, locale=locale, currency_digits=not whole))
    return text.strip()


def attribution(when: date, name: str, language: str, phrases: Phrases = SHIPPED) -> str:
    """The line above their quoted words, e.g. "On 20 November 2026, Anna Jones wrote:"."""
    told = day(when, language, weekday=False, near=date.min, phrases=phrases)
    return phrases.of(language).words.wrote.format(day=told, name=name)


def without(spoken: str, written: str) -> str:
    """That a letter is not in the language they speak, and what to add; empty where it is, or where nobody knows."""
    theirs, ours = base(spoken), base(written)
    if not theirs or not ours or theirs == ours:
        return ""
    phrases = "" if theirs in LANGUAGES else f" and phrases/{theirs}.yaml"
    told = f"no letters in {_called(theirs)}: this one is in {_called(ours)}"
    return f"{told}; add drafts/<name>.{theirs}.txt{phrases}"


def _called(language: str) -> str:
    """`Italian` for `it`; a code nobody knows stays one."""
    locale = _locale(language)
    return str(locale.get_language_name("en")) if locale else f"`{language}`"


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale | None:
    """What CLDR knows of an IETF tag, else of its first part; None for a language it does not know."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - see above

    for tag in (language.replace("-", "_"), base(language)):
        with suppress(UnknownLocaleError, ValueError):
            return Locale.parse(tag)
    return None


def _month(text: str, language: str) -> int:
    if text.isdecimal():
        return int(text)
    return _months(base(language)).get(text, 0)


@lru_cache(maxsize=16)
def _months(language: str) -> Mapping[str, int]:
    """The number of each month by its name and by the first three and four letters of it."""
    locales = [locale for code in dict.fromkeys((*LANGUAGES, language)) if (locale := _locale(code))]
    whole = {str(name).casefold(): number for locale in locales
             for form in ("format", "stand-alone") for number, name in locale.months[form]["wide"].items()}  # fmt: skip
    # "jui" may be June or July in French, so it is neither.
    short = {name[:length]: number for length in (3, 4) for name, number in whole.items() if name[:length] != "jui"}
    return short | whole


def _calendar_day(number: int, month: int, year: str, near: date) -> date | None:
    years = [int(year) + (2000 if len(year) == 2 else 0)] if year else [near.year - 1, near.year, near.year + 1]
    days = [found for found in (_date(each, month, number) for each in years) if found]
    return min(days, key=lambda each: abs(each - near), default=None)


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:  # the 30th of February is no day; the caller says so with None
        return None
