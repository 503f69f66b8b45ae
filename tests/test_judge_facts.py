"""What a letter states is found where it stands, in seven languages, and nothing else is taken for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.judge.facts import facts

MARKED = re.compile(r"\{(\w+) ([^}]*)\}")
KINDS = {"order", "invoice", "product", "date", "amount", "place", "person", "phone"}


def lines() -> Iterator[tuple[str, str]]:
    """Each line of facts.txt, with its language."""
    language = ""
    for line in (Path(__file__).parent / "judge" / "facts.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            language = line[3:]
        elif line and not line.startswith("#"):
            yield language, line


@pytest.mark.parametrize("marked", [pytest.param(line, id=f"{lang}: {line[:50]}") for lang, line in lines()])
def test_a_letter_states_what_is_marked_and_nothing_else(marked: str) -> None:
    # A "#" before a number is no part of it, and so stands in front of the mark.
    stated = [(kind, words) for kind, words in MARKED.findall(marked)]
    text = MARKED.sub(r"\2", marked)
    assert [(fact.kind, fact.text) for fact in facts(text)] == stated


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt", "it", "nl"])
def test_every_language_has_letters_with_facts_and_near_misses(language: str) -> None:
    own = [line for spoken, line in lines() if spoken == language]
    assert {kind for line in own for kind, _ in MARKED.findall(line)} == KINDS
    assert sum(not MARKED.search(line) for line in own) >= 3


@given(st.text() | st.text("0123456789 +-/.#€order invoice Mr.May", max_size=200))
def test_every_fact_is_what_stands_there_whatever_the_text(text: str) -> None:
    found = facts(text)
    for fact in found:
        assert fact.text and fact.text == text[fact.start : fact.end]
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    "text",
    [
        "order " * 20_000, "1.1" * 40_000, "0 1 2 3 4 5 6 7 8 9 " * 6_000, "Mr Lee " * 10_000, "€" * 70_000,
        "the X I bought " * 8_000, "einen Topf " * 10_000 + "bestellt", "#12345 " * 10_000, "\ud800 order 12345",
    ],
    ids=lambda text: text[:12].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_hostile_text_states_at_most_forty_facts(text: str) -> None:
    found = facts(text)
    assert len(found) <= 40
    assert all(fact.text == text[fact.start : fact.end] for fact in found)
