"""What a person said of a letter holds for nearly the same letter, and for no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plugin.judge.learn import Lesson
from plugin.judge.recall import Recall

OFFER = """Dear customer, our autumn week begins. Everything for the garden is down by a fifth, and whoever orders
before Sunday pays no postage. If your last parcel was late, broken or lost, tell us: we are tired of bad couriers, too.
Your team at Green & Sons, number {number}."""
QUESTION = "Hello, do you also have the blue lamp from your autumn flyer in a smaller size, and what would it cost?"


def recall(*lessons: tuple[str, str, str]) -> Recall:
    return Recall([Lesson(own, "", label, value) for own, label, value in lessons])


def test_the_same_letter_with_another_number_is_recognised() -> None:
    assert recall((OFFER.format(number=1), "complaint", "no")).of(OFFER.format(number=2), "") == {"complaint": "no"}


def test_another_letter_is_not() -> None:
    assert recall((OFFER.format(number=1), "complaint", "no")).of(QUESTION, "") == {}


def test_a_letter_that_only_begins_alike_is_not() -> None:
    begun, _, _ = OFFER.partition("If your last")
    other = begun + "I ordered twice, waited for a month, and nothing ever came. What now? " * 3
    assert recall((OFFER, "complaint", "no")).of(other, "") == {}


def test_each_label_of_a_letter_is_remembered() -> None:
    known = recall((QUESTION, "complaint", "yes"), (QUESTION, "category", "billing"), (OFFER, "complaint", "no"))
    assert known.of(QUESTION, "") == {"complaint": "yes", "category": "billing"}


def test_the_most_alike_of_several_counts() -> None:
    first, second = OFFER.format(number=1), OFFER.replace("autumn", "spring").replace("a fifth", "a third")
    known = recall((first, "complaint", "no"), (second, "complaint", "yes"))
    assert known.of(second, "") == {"complaint": "yes"}


def test_a_letter_of_a_few_words_says_too_little_to_be_known_again() -> None:
    known = Recall([Lesson("See attached.", "Invoice 123", "complaint", "no")])
    assert known.of("See attached.", "Invoice 124") == {}


def test_who_taught_nothing_is_asked_nothing() -> None:
    assert Recall([]).of(OFFER, "") == {}


@given(st.text(max_size=200), st.text(max_size=200))
def test_it_has_an_answer_for_every_text(one: str, other: str) -> None:
    known = recall((one, "complaint", "no"))
    assert known.of(one, "") in ({}, {"complaint": "no"})
    known.of(other, one)
