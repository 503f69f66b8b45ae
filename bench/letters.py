"""What a letter costs: composing it from its file, phrases and facts.

Usage: python -m bench.letters, or as part of `python -m bench`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from time import process_time

from plugin.hours import Hours
from plugin.judge.facts import facts
from plugin.letters import Material, compose, problems
from plugin.letters.phrases import VOICES
from plugin.model import CATEGORIES, Assessment, Evidence
from plugin.playbook import Text, load_book

_ROUNDS = 3
_SAID = (
    "My parcel of order no. A-4711 has still not arrived, and nobody answers the telephone. I paid £149 on 28 October. "
    "Because of this I had to sit in the dark with my daughter, and missed a day of work waiting for the courier. "
    "I want my money back. "
)


def written() -> float:
    """Milliseconds of CPU for one letter, on average over the texts of `general` in every language, voices and
    categories in turn.

    Each is of a case of its own, as letters are; the files have been read before, as in a process that has run a while.
    """
    texts = load_book(["general"], None, check_text=problems).texts
    known = [replace(_material(20), voice=voice, category=category) for voice in VOICES for category in CATEGORIES]
    every = zip(texts, cycle(known), strict=False)
    return _least([(text.source, _of_its_own(one, text)) for text, one in every])


def _of_its_own(material: Material, text: Text) -> Material:
    """This complaint as another case, so that nothing is remembered of it."""
    told = f"{material.assessment.own_text}({text.path})"
    assessment = replace(material.assessment, own_text=told)
    return replace(material, language=text.language, case=text.path, assessment=assessment)


def longest() -> float:
    """The same for a complaint of 64 KiB, every sentence of which tells what it meant."""
    texts = load_book(["general"], None, check_text=problems).texts
    english = [text for text in texts if text.language == "en"]
    return _least([(text.source, _of_its_own(_material(200), text)) for text in english])


def _least(pairs: list[tuple[str, Material]]) -> float:
    """Of several rounds the least, for whatever else the machine does only adds to it; the first one warms up."""
    spent = []
    for _ in range(_ROUNDS + 1):
        began = process_time()
        for source, material in pairs:
            compose(source, material)
        spent.append((process_time() - began) / len(pairs) * 1000)
    return min(spent[1:])


def _material(times: int) -> Material:
    own = _SAID * times
    return Material(
        name="Anna Müller",
        assessment=Assessment(
            complaint=True, maybe=False, score=0.9, own_text=own, asks=("refund", "callback"), heated=True,
            evidence=(Evidence("complaint", own[:60], 0, 60),), facts=facts(own),
        ),
        subject="Where is my parcel?",
        received_at=datetime(2026, 11, 23, 10, 15, tzinfo=UTC),
        hours=Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}, ()),
        dates={"update": datetime(2026, 11, 26, 17, 30, tzinfo=UTC), "resolution": datetime(2026, 12, 7, tzinfo=UTC)},
        language="en",
        signature="Ruth Field\nExample Ltd",
        up_to="15 EUR",
        offer=("voucher", "thank-you-note"),
    )  # fmt: skip


def figures() -> Iterator[tuple[str, str, float, float | None, str]]:
    """Each figure: its id, what it is, the value, at most what it should be, the unit."""
    yield "L1", "CPU of a letter, its whole text from the facts of a mail", written(), 10, "ms"
    yield "L1b", "the same for a complaint of 64 KiB", longest(), None, "ms"


if __name__ == "__main__":
    for name, what, value, most, unit in figures():
        goal = "" if most is None else f"<= {most:g} {unit}"
        print(f"{name:<5} {what:<70} {value:>8.2f} {unit:<4} {goal}".rstrip())
