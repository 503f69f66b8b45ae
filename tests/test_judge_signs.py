"""Phrases tell what a sender asks for and threatens, whatever case and accents, and not where they are unmade."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from plugin.judge.signs import LABELS, LANGUAGES, Sign, Signs, listed

SIGNS = Signs()
SEVEN = ("en", "de", "fr", "es", "pt", "it", "nl")
TOLD = {label for label in LABELS if label.startswith(("fault-", "category-"))}  # what tells a letter's category
FOUND = set(LABELS) - {"not", "aside", "praise", "fault", *TOLD}


def lines() -> Iterator[tuple[str, list[str], str]]:
    """Each line of signs.txt: language, labels, text."""
    language = ""
    for line in (Path(__file__).parent / "judge" / "signs.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            language = line[3:]
        elif line and not line.startswith("#"):
            labels, _, text = line.partition(" | ")
            yield language, labels.split(), text


def shipped(language: str) -> dict[str, list[str]]:
    source = files("playbooks").joinpath("signs", f"{language}.yaml").read_text(encoding="utf-8")
    phrases: dict[str, list[str]] = YAML(typ="safe").load(source)
    return phrases


def said(text: str, language: str = "en", signs: Signs = SIGNS) -> list[tuple[str, str]]:
    """The signs with their words, without those that tell nothing but the category."""
    found = [sign for sign in signs.find(text, language) if not sign.label.startswith("category-")]
    return [(sign.label, text[sign.start : sign.end]) for sign in found]


@pytest.mark.parametrize(
    ("language", "labels", "text"),
    [pytest.param(lang, labels, text, id=f"{lang}: {text[:50]}") for lang, labels, text in lines()],
)
def test_a_text_has_the_signs_that_stand_in_it(language: str, labels: list[str], text: str) -> None:
    found = {sign.label for sign in SIGNS.find(text, language)}
    for label in labels:
        if label == "none":
            assert found <= TOLD and not any(each.startswith("fault") for each in found)
        elif label.startswith("!"):
            assert label[1:] not in found
        else:
            assert label in found
    assert {sign.label for sign in SIGNS.find(text.upper(), language)} == found


@pytest.mark.parametrize("language", SEVEN)
def test_every_label_has_an_example_and_a_near_miss(language: str) -> None:
    labels = [label for spoken, labels, _ in lines() if spoken == language for label in labels]
    assert set(labels) >= FOUND
    assert any(label.startswith("fault") for label in labels)
    assert sum(label.startswith("!") for label in labels) >= 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_phrases_are_yaml_that_reads_the_same_and_can_all_be_found(language: str) -> None:
    phrases = shipped(language)
    pairs = listed(phrases)
    assert len(pairs) == len(set(pairs))
    assert set(phrases) <= set(LABELS)
    assert set(phrases) == set(LABELS) or language not in SEVEN


@pytest.mark.parametrize("language", SEVEN)
def test_each_shipped_phrase_is_found_as_its_label_where_it_stands_alone(language: str) -> None:
    for label, phrase in listed(shipped(language)):
        plain = " ".join(word.rstrip("*").split("/")[0] for word in phrase.split() if word != ".." and word[-1] != "?")
        if label not in ("not", "aside"):
            assert label in {sign.label for sign in Signs({"xx": {label: [phrase]}}).find(plain, "xx")}, phrase


def test_accents_and_case_do_not_matter_and_words_are_whole() -> None:
    for text in ("je souhaite être remboursé", "JE SOUHAITE ÊTRE REMBOURSÉ", "Je souhaite etre rembourse"):
        assert said(text, "fr") == [("ask-refund", text[3:])]
    assert said("I want a refundable ticket") == []
    assert said("Ich mo\u0308chte eine Erkla\u0308rung", "de") == [
        ("ask-explanation", "mo\u0308chte eine Erkla\u0308rung")
    ]


def test_a_gap_is_of_four_words_at_most_and_ends_with_the_sentence() -> None:
    near = Signs({"xx": {"grave": ["took .. my account"]}})
    assert said("you took all 30 euros out of my account", "xx", near) == []
    assert said("you took 30 euros from my account", "xx", near) == [("grave", "took 30 euros from my account")]
    assert said("See what you took. It is my account", "xx", near) == []


def test_a_negation_reaches_three_words_and_no_further_than_a_comma() -> None:
    assert said("I do not really want a refund") == []
    assert said("Ik wil zeker geen terugbetaling", "nl") == []
    assert said("No, I want a refund") == [("ask-refund", "want a refund")]
    assert said("Not only that: I want a refund") == [("ask-refund", "want a refund")]


def test_a_language_in_letters_of_any_script_can_be_added() -> None:
    own = Signs(
        {"el": {"heated": ["ντροπή"]}, "bg": {"heated": ["срам"]}, "zz": {"heated": ["срам", "ντροπή", "東京"]}}
    )
    assert all(
        isinstance(sign, Sign) for spoken in ("el", "bg", "zz") for sign in own.find("Срам! Ντροπή! 東京", spoken)
    )


def test_a_site_adds_phrases_and_languages_of_its_own() -> None:
    own = Signs(
        {"en": {"heated": ["gobsmacked"], "aside": ["refund desk"]}, "sv": {"ask-refund": ["pengarna tillbaka"]}}
    )
    heated = [("heated", "gobsmacked"), ("heated", "fed up")]
    assert said("I am gobsmacked and fed up", "en", own) == [*heated, ("displeased", "fed up")]
    assert said("Jag vill ha pengarna tillbaka", "sv", own) == [("ask-refund", "pengarna tillbaka")]
    assert said("Jag vill ha pengarna tillbaka", "sv") == []


@pytest.mark.parametrize(
    ("phrases", "told"),
    [
        ({"ask-money": ["pay me"]}, "ask-money"),
        ({"heated": ["fed up", ".."]}, "'..'"),
        ({"heated": ["my?"]}, "'my?'"),
        ({"heated": ["les?/mes amis"]}, "within a word"),
    ],
)
def test_a_phrase_that_no_text_can_hold_is_refused(phrases: dict[str, list[str]], told: str) -> None:
    with pytest.raises(ValueError, match=told.replace(".", r"\.").replace("?", r"\?")):
        listed(phrases)


@given(
    st.text() | st.lists(st.sampled_from(("want", "a", "refund", "not", "légal", "action", ".", "東", "\u0301", "!\n")))
    .map(" ".join),
    st.sampled_from((*LANGUAGES, "", "xx")),
)  # fmt: skip
def test_every_sign_is_where_it_says_whatever_the_text(text: str, language: str) -> None:
    found = SIGNS.find(text, language)
    assert found == sorted(found, key=lambda sign: sign.start)
    for sign in found:
        assert 0 <= sign.start < sign.end <= len(text)
        assert sign.label in FOUND | TOLD | {"praise", "fault"}
        assert text[sign.start : sign.end].strip() == text[sign.start : sign.end]


@pytest.mark.parametrize(
    "text", ["want " * 30_000, "took my " * 20_000, "\u0301" * 70_000, "€" * 70_000, "\ud800 fed up"]
)
def test_hostile_text_gets_an_answer(text: str) -> None:
    for language in LANGUAGES:
        assert all(isinstance(sign, Sign) for sign in SIGNS.find(text, language))


def test_sentences_that_come_again_have_the_same_signs_at_their_own_places() -> None:
    signs = Signs()
    letter = "I want a refund. No need for a refund… I WANT A REFUND! My lamp is broken.Please refund me"
    once = [(sign.label, letter[sign.start : sign.end]) for sign in signs.find(letter, "en")]
    assert [each for each in once if each[0] == "ask-refund"] == [
        ("ask-refund", "want a refund"), ("ask-refund", "WANT A REFUND"), ("ask-refund", "Please refund"),
    ]  # fmt: skip
    again = signs.find(f"Hello.\n{letter}", "en")
    assert [(sign.label, f"Hello.\n{letter}"[sign.start : sign.end]) for sign in again] == once


def test_a_fault_is_told_of_twice_in_a_letter_however_many_sentences_name_it() -> None:
    letter = "The lamp arrived broken. The chair arrived broken. The table arrived broken."
    assert len([sign for sign in SIGNS.find(letter, "en") if sign.label == "fault-product-quality"]) == 2
