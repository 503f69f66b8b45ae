"""Sentences and words."""

from __future__ import annotations

from itertools import pairwise

import pytest

from plugin.judge.reading import folded, parts, placed, sentence_around, sentences, whole_sentences, words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It broke. I am sad.", ["It broke. ", "I am sad."]),
        ("It broke!!! Why? \"Yes.\" he said", ["It broke!!! ", "Why? ", '"Yes." ', "he said"]),
        ("Dear Mr. Smith, see No. 5, z.B. there.", ["Dear Mr. Smith, see No. 5, z.B. there."]),
        ("a line\nthat goes on", ["a line\nthat goes on"]),
        ("one\n\ntwo", ["one\n\n", "two"]),
        ("two things:\n- one\n- two", ["two things:\n", "- one\n", "- two"]),
        ("届きません。返金を。", ["届きません。", "返金を。"]),
        ("", []),
    ],
)  # fmt: skip
def test_a_text_is_cut_where_its_sentences_end(text: str, told: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The lamp (order no. 48213) broke. Bad.", ["The lamp (order no. 48213) broke. ", "Bad."]),
        ("They said no. I was angry.", ["They said no. ", "I was angry."]),
        ("Am 16.11. hat niemand geantwortet.", ["Am 16.11. hat niemand geantwortet."]),
        ("Für den 14. November war ein Zimmer bestellt.", ["Für den 14. November war ein Zimmer bestellt."]),
        ("I paid 20. Then you took 30.", ["I paid 20. ", "Then you took 30."]),
        ("Order no.\n\nNext one", ["Order no.\n\n", "Next one"]),
    ],
)  # fmt: skip
def test_for_quoting_a_full_stop_that_only_shortens_ends_nothing(text: str, told: list[str]) -> None:
    assert [text[start:end] for start, end in whole_sentences(text)] == told


@pytest.mark.parametrize(
    "text", ["!" * 50_000, "\n" * 50_000, ". " * 25_000, "\n-" * 25_000, '?"' * 25_000, "a." * 25_000]
)
def test_the_sentences_of_any_text_lie_side_by_side(text: str) -> None:
    spans = sentences(text)
    assert spans[0][0] == 0 and spans[-1][1] == len(text)
    assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    ("word", "made_of", "name"),
    [
        ("Kettle,", ("kettle",), "kettle"),
        ("BROKEN!!!", ("broken", "!"), "broken"),
        ("L'avocat?", ("l", "avocat", "?"), "l'avocat"),
        ("Größe", ("grosse",), "grosse"),
        ("déçu.", ("decu",), "decu"),
        ("2026", ("0",), "0"),
        ("—", (), ""),
    ],
)
def test_a_word_is_read_without_case_accents_and_what_stands_at_it(
    word: str, made_of: tuple[str, ...], name: str
) -> None:
    assert parts(word) == made_of
    assert folded(word) == name


def test_where_the_words_stand_is_known() -> None:
    text = "One. The  kettle\nleaks, badly."
    start, end = sentences(text)[1]
    assert [text[at:to] for at, to in placed(text, start, end)] == words(text, start, end)


def test_the_sentence_around_a_span_is_found_and_of_a_long_one_its_clause() -> None:
    text = "Hello. The kettle\nleaks. Bye."
    start, end = sentence_around(text, text.index("leaks"), text.index("leaks") + 5, 200)
    assert text[start:end].strip() == "The kettle\nleaks."
    long = "and so on, " * 40 + "the kettle leaks, " + "and so on, " * 40
    start, end = sentence_around(long, long.index("leaks"), long.index("leaks") + 5, 200)
    assert "the kettle leaks" in long[start : start + 200]
