"""Notions: a word means the same in every language, and a letter is known by which notions stand together."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin.judge import notions
from plugin.judge.notions import places, together

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")


def told(text: str, language: str) -> set[int]:
    return set(together([sentence.split() for sentence in text.split(".")], language))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "kam kaputt"),
        ("fr", "arrivé cassé"),
        ("es", "llegó roto"),
        ("it", "arrivato rotto"),
        ("nl", "aangekomen kapot"),
        ("pt", "chegou partido"),
    ],
)
def test_two_words_that_stand_together_are_known_in_every_language(language: str, text: str) -> None:
    assert told("arrived broken", "en") <= told(text, language)


def test_it_matters_which_of_two_comes_first_and_whether_they_are_close() -> None:
    assert told("arrived broken", "en") != told("broken arrived", "en")
    assert told("arrived with a pale umbrella broken", "en") < told("arrived broken", "en")


def test_what_stands_in_different_sentences_or_far_apart_does_not_stand_together() -> None:
    alone = told("arrived", "en") | told("broken", "en")
    assert told("arrived. broken", "en") == alone
    assert told(f"arrived {'umbrella ' * 8} broken", "en") == alone


def test_a_compound_nobody_knows_means_what_its_last_word_means() -> None:
    assert told("Sofalieferung", "de") == told("Lieferung", "de")


def test_a_language_without_words_tells_nothing() -> None:
    assert together([["никогда", "не", "привезли"]], "ru") == [] == together([["never", "delivered"]], "")


def test_every_notion_is_told_in_every_language_and_each_word_of_it_is_found() -> None:
    listed = (Path(notions.__file__).parent / "notions.txt").read_text(encoding="utf-8").splitlines()
    for line in (line for line in listed if not line.startswith("#")):
        name, *cells = line.split(" | ")
        assert [cell[:2] for cell in cells] == list(LANGUAGES), name
        for cell in cells:
            language, _, some = cell.partition(": ")
            for word in some.split():
                assert together([[word.rstrip("*")]], language), (name, word)


def test_weights_stand_within_the_row_and_a_place_is_named_once() -> None:
    text = "We were told twice it would be repaired, and nobody ever came! 3 weeks? "
    some = together([(3 * text).split()], "en")
    assert len(some) == len(set(some)) > 20
    assert all(0 <= place < places() for place in some)
