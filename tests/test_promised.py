"""What is promised in a reply, sentence by sentence: `tests/promises/<language>.txt` says what each must give."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from plugin.hours import Hours
from plugin.letters.promised import LANGUAGES, promised

ZONES = {"en": "Europe/London", "de": "Europe/Berlin", "fr": "Europe/Paris", "es": "Europe/Madrid"}
SENTENCES = Path(__file__).parent / "promises"
Line = tuple[tuple[str, ...], str]


def sentences(language: str) -> Iterator[Line]:
    """Each line: when what is due (none: nothing), and what was written."""
    for line in (SENTENCES / f"{language}.txt").read_text("utf-8").splitlines():
        expected, bar, text = line.partition(" | ")
        if bar and not line.startswith("#"):
            due = tuple(one.strip() for one in expected.split(";") if one.strip() != "none")
            yield due, text.replace("\\n", "\n")


def calendar(language: str) -> Hours:
    return Hours.parse("default", ZONES[language], {"mon-fri": "09:00-17:30"})


def found(text: str, language: str) -> tuple[str, ...]:
    """When each promise is due that was made on that Monday morning, as the files write it."""
    hours, at = calendar(language), datetime(2026, 11, 23, 10, tzinfo=ZoneInfo(ZONES[language]))
    shown = (hours.shown(one.due_at).split() for one in promised(text, language, at, hours))
    return tuple(f"{day} {number:>02} {month} {clock}" for day, number, month, _, clock, _ in shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_promises_what_it_says_and_no_more(language: str) -> None:
    lines = list(sentences(language))
    assert len(lines) >= 60
    assert [(due, text) for due, text in lines if found(text, language) != due] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_letter_promises_what_its_sentences_promise_and_the_spans_are_its_words(language: str) -> None:
    lines = [(due, text) for due, text in sentences(language) if len(due) == 1][:5]
    letter = "\n\n".join(text for _, text in lines)
    hours, at = calendar(language), datetime(2026, 11, 23, 10, tzinfo=ZoneInfo(ZONES[language]))
    made = promised(letter, language, at, hours)
    assert found(letter, language) == tuple(day for due, _ in lines for day in due)
    assert [letter[one.start : one.end] for one in made] == [one.text for one in made]


@pytest.mark.parametrize(
    ("written", "text", "due"),
    [
        ("2026-11-27 16:00", "We will send it by the end of the week.", "Fri 27 Nov 2026 17:30"),
        ("2026-11-27 18:00", "I will look at it today.", "Fri 27 Nov 2026 24:00"),
        ("2026-11-27 16:00", "You will have it by Friday.", "Fri 4 Dec 2026 17:30"),
        ("2026-11-27 16:00", "You will have it this Friday.", "Fri 27 Nov 2026 17:30"),
        ("2026-12-30 10:00", "You will have it by 4 January.", "Mon 4 Jan 2027 17:30"),
        ("2026-11-23 10:00", "You will have it before Monday.", "Fri 27 Nov 2026 17:30"),
        ("2026-12-23 10:00", "You will have it within 3 working days.", "Wed 30 Dec 2026 17:30"),
        ("2026-10-24 10:00", "You will have it within 24 hours.", "Sun 25 Oct 2026 09:00"),
    ],
)
def test_a_date_is_read_on_the_day_it_was_written_in_the_hours_of_the_business(
    written: str, text: str, due: str
) -> None:
    """Christmas and Boxing Day (observed on Monday 28) are holidays; the clock goes back on 25 October."""
    hours = Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}, holidays="GB-ENG")
    at = datetime.fromisoformat(written).replace(tzinfo=ZoneInfo("Europe/London"))
    assert [hours.shown(one.due_at) for one in promised(text, "en", at, hours)] == [f"{due} Europe/London"]


def test_a_promise_tells_its_sentence_and_its_span() -> None:
    (made,) = promised("Dear Anna,\n\nYou will have it within 5 working days.", "en",
                       datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/London")), calendar("en"))  # fmt: skip
    assert (made.text, made.what, made.within) == ("within 5 working days", "You will have it within 5 working days.",
                                                   "5 business days")  # fmt: skip


def test_a_language_without_words_for_promises_gives_none() -> None:
    assert promised("We will send it by Friday.", "nl", datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("UTC")),
                    calendar("en")) == ()  # fmt: skip
