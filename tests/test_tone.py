"""Remarks on wording: what must be flagged and what must not, sentence by sentence, in `tests/tone/*.txt`."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.tone import HOSTILE, LANGUAGES, looked_at
from plugin.hours import Hours
from plugin.judge.facts import facts
from plugin.letters import SHIPPED, Material, Remark, Tone, compose, lint, problems
from plugin.letters.phrases import VOICES
from plugin.letters.tone import KINDS, feels, names_a_day, shipped
from plugin.letters.tonebook import read_tone
from plugin.model import CATEGORIES, Assessment
from plugin.playbook import load_book
from plugin.source import Problem

TEXTS = Path(__file__).parent / "tone"
PACKS = ("shop", "food-delivery", "bank", "general")
SAID = (
    "My parcel of order no. A-4711 has still not arrived. I paid £149 on 28 October. "
    "Because of this I had to sit in the dark with my daughter. I want my money back. "
)


def kinds(text: str, language: str = "en", *, purpose: str = "", public: bool = False) -> list[str]:
    return [remark.kind for remark in lint(text, language, purpose=purpose, public=public)]


def pairs(name: str) -> list[tuple[str, ...]]:
    return [tuple(line.split("\t")) for line in (TEXTS / name).read_text("utf-8").splitlines()]


# ---- figures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_banned_example_is_flagged_with_its_span(language: str) -> None:
    lines = pairs(f"banned.{language}.txt")
    assert {kind for kind, _ in lines} == KINDS.keys() - {"no-empathy"}
    for kind, marked in lines:
        text, words = re.sub(r"[\[\]]", "", marked), marked[marked.index("[") + 1 : marked.index("]")]
        remarks = [remark for remark in lint(text, language, public=True) if remark.kind == kind]
        assert [remark.text for remark in remarks][:1] == [words], marked
        assert text[remarks[0].start : remarks[0].end] == words
        assert remarks[0].practice == KINDS[kind]
        assert remarks[0].better


@pytest.mark.parametrize(("language", "kind", "text"), pairs("apologies.txt"))
def test_the_specific_apology_passes_and_the_vague_one_does_not(language: str, kind: str, text: str) -> None:
    found = kinds(text, language, purpose="acknowledgement")
    assert bool({"vague-apology", "conditional-apology"} & {*found}) is (kind == "bad")
    assert (found == []) is (kind == "good")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nine_in_ten_of_the_bad_sentences_are_found_for_what_they_are(language: str) -> None:
    lines = looked_at("bad", language)
    assert len(lines) >= 80
    missed = [line.text for line in lines if not line.found]
    assert len(missed) * 10 <= len(lines), missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_most_one_in_twenty_of_the_good_sentences_is_flagged(language: str) -> None:
    lines = looked_at("good", language)
    assert len(lines) >= 150
    flagged = [(line.text, line.remarks) for line in lines if line.remarks]
    assert len(flagged) * 20 <= len(lines), flagged


# ---- our own texts --------------------------------------------------------------------------------------------------


def test_no_letter_of_the_packs_is_flagged_as_it_stands() -> None:
    texts = load_book(PACKS, None, check_text=problems).texts
    assert len(texts) > 100
    for text in texts:
        remarks = lint(text.source, text.language, public=text.name.startswith("public"))
        assert remarks == (), f"{text.path}: {remarks}"


def test_no_phrase_is_flagged() -> None:
    for language in LANGUAGES:
        for name, by_category in SHIPPED.of(language).lines.items():
            for by_voice in by_category.values():
                for phrase in (one for some in by_voice.values() for one in some):
                    purpose = "goodwill" if name == "gesture" else ""
                    found = lint(phrase, language, purpose=purpose, public=name == "publicly")
                    assert [one for one in found if one.kind != "no-empathy"] == [], f"{language} {name}: {phrase}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_is_flagged_once_it_is_composed(language: str) -> None:
    texts = [text for text in load_book(PACKS, None, check_text=problems).texts if text.language == language]
    materials = [material(language, category, VOICES[at % 3]) for at, category in enumerate(CATEGORIES)]
    for text in texts:
        for one in materials:
            letter = compose(text.source, one).text
            remarks = lint(letter, language, public=text.name.startswith("public"))
            assert remarks == (), f"{text.path} {one.category} {one.voice}: {remarks}"


def material(language: str, category: str, voice: str) -> Material:
    known = tuple(facts(SAID))
    assessment = Assessment(
        complaint=True, maybe=False, score=0.9, category=category, asks=("refund",), own_text=SAID, facts=known
    )
    blank = Material(
        name="Anna Jones",
        assessment=assessment,
        subject="Order A-4711",
        received_at=datetime(2026, 11, 20, 16, tzinfo=UTC),
        hours=Hours.parse("default", "Europe/London", {"mon-fri": "09:00-17:30"}),
        dates={"update": datetime(2026, 11, 25, 17, tzinfo=UTC), "resolution": datetime(2026, 12, 18, 17, tzinfo=UTC)},
        language=language,
        signature="Example Ltd",
        up_to="15 EUR",
        offer=("voucher",),
    )
    return replace(blank, voice=voice, category=category, case=f"c-{language}-{voice}-{category}")


# ---- what a remark is about -----------------------------------------------------------------------------------------


def test_spans_count_in_characters_whatever_stands_before() -> None:
    text = "Liebe Grüße 🎉 aus Köln.\n\nDas ist nicht un\u00adsere Schuld. Ge\u0301nial."
    (remark,) = lint(text, "de")
    assert remark.text == text[remark.start : remark.end] == "nicht un\u00adsere Schuld"


def test_accents_apostrophes_and_line_breaks_make_no_difference() -> None:
    assert kinds("Nous sommes desoles pour la gene\noccasionnee.", "fr") == ["vague-apology"]
    assert kinds("This isn’t\n  our fault.") == ["blame"]


@pytest.mark.parametrize("quoted", ["“{}”", "„{}“", "«{}»", "« {} »", '"{}"', "> {}", "[[{}]]", "{{{}}}"])
def test_words_of_others_marks_and_slots_are_passed_over(quoted: str) -> None:
    words = quoted.format("this is not our fault")
    assert kinds(f"I see here:\n{words}\nand I look into it today.") == []


def test_a_quotation_that_is_never_closed_hides_nothing() -> None:
    assert kinds("You wrote: “it is late.\n\nThis is not our fault.\n\nKind regards”") == ["blame"]


def test_a_promise_with_a_date_or_with_a_slot_for_one_is_none_without() -> None:
    assert kinds("We will get back to you soon.") == ["undated-promise"]
    assert kinds("We will get back to you soon, by Friday at noon.") == []
    assert kinds("We will get back to you by {answer_by}.") == []
    assert kinds("We will get back to you by [[day]].") == []
    assert kinds("Your number is 4711. We will get back to you soon.") == ["undated-promise"]


def test_conditions_and_offers_matter_where_something_is_given() -> None:
    asked = "Please leave us a review."
    assert kinds(asked) == []
    assert kinds(asked, purpose="goodwill") == ["no-empathy", "condition"]
    assert kinds(f"Here is a voucher. {asked}") == ["condition"]


def test_personal_data_matters_in_public_alone() -> None:
    answer = "Hello Anna Jones, we have found order 4711."
    assert kinds(answer) == []
    assert kinds(answer, public=True) == ["personal-data", "personal-data"]
    assert kinds("Please write to us at service@example.com.", public=True) == []


def test_a_whole_letter_should_say_that_it_was_felt() -> None:
    cold = "Dear Anna,\n\nyour parcel leaves today.\n\nKind regards"
    (remark,) = lint(cold, "en", purpose="answer")
    assert (remark.kind, remark.text, remark.practice) == ("no-empathy", "", "P13")
    assert kinds(cold) == []
    assert kinds(cold.replace("your parcel", "I am sorry that you waited. Your parcel"), purpose="answer") == []
    assert kinds("{greeting}\n\n{empathy}\n\n{closing}", purpose="answer") == []


def test_an_apology_that_is_none_acknowledges_nothing() -> None:
    assert "no-empathy" in kinds("We are sorry for any inconvenience caused.", purpose="answer")
    assert not feels("We are sorry for any inconvenience caused.", "en")
    assert feels("I understand how long that evening was.", "en")


def test_a_letter_that_names_a_day_is_known() -> None:
    assert names_a_day("Sie hören bis 3. Dezember von mir.", "de")
    assert not names_a_day("Sie hören bald von mir.", "de")


def test_of_a_language_without_a_list_nothing_is_said() -> None:
    assert lint("This is not our fault!!", "xx", purpose="answer") == ()
    assert lint("", "en") == ()


def test_remarks_come_in_order_and_those_of_one_kind_apart() -> None:
    text = "You should have asked! As we already told you, this is not our fault!! " * 30
    remarks = lint(text, "en")
    assert [one.start for one in remarks] == sorted(one.start for one in remarks)
    reach: dict[str, int] = {}
    for one in remarks:
        assert one.start >= reach.get(one.kind, 0)
        reach[one.kind] = one.end


def test_the_same_words_are_remarked_on_once_for_each_practice() -> None:
    remarks = lint("Wir entschuldigen uns für etwaige Unannehmlichkeiten.", "de")
    assert [(one.text, one.practice) for one in remarks] == [
        ("entschuldigen uns für etwaige Unannehmlichkeiten", "P29")
    ]


def test_every_remark_of_ours_has_a_wording_in_each_language() -> None:
    for language in LANGUAGES:
        words = shipped(language)
        assert {rule.kind for rule in words.rules} == KINDS.keys() - {"no-empathy"}
        assert words.missing and words.day and words.gift and words.feeling
        for rule in words.rules:
            # What is proposed must not itself be what it is proposed against.
            assert rule.kind not in kinds(rule.better, language, purpose="goodwill", public=True), rule.better


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_letter_holds_each_remark_is_about_words_of_it(name: str) -> None:
    for language in LANGUAGES:
        for remark in lint(HOSTILE[name], language, purpose="goodwill", public=True):
            assert HOSTILE[name][remark.start : remark.end] == remark.text


# ---- a site's own words ---------------------------------------------------------------------------------------------


def own(folder: Path, text: str, name: str = "en.yaml") -> tuple[Tone, list[Problem]]:
    (folder / "tone").mkdir()
    (folder / "tone" / name).write_text(text, "utf-8")
    found: list[Problem] = []
    return read_tone(folder, found), found


def test_a_site_adds_words_of_its_own_to_ours(tmp_path: Path) -> None:
    tone, found = own(tmp_path, "remarks:\n  jargon:\n    - find: blue desk\n      better: the people at the door\n")
    assert found == []
    remarks = lint("The blue desk is not our fault.", "en", words=tone)
    assert [(one.kind, one.text) for one in remarks] == [("jargon", "blue desk"), ("blame", "not our fault")]
    assert remarks[0].practice == "P13"


def test_a_site_may_bring_a_language_of_its_own(tmp_path: Path) -> None:
    text = "remarks:\n  blame:\n    - find: non è colpa nostra\n      practice: P16\n      better: Ci pensiamo noi.\n"
    tone, found = own(tmp_path, text, "it.yaml")
    assert found == []
    assert lint("Non è colpa nostra.", "it", words=tone) == (
        Remark("Non è colpa nostra", 0, 18, "P16", "Ci pensiamo noi.", "blame"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("remarks:\n  blamed: []\n", ":2:11: unknown kind `blamed`: did you mean `blame`?"),
        ("remarks:\n  blame:\n    - find: x\n", "`better` is missing"),
        ("remarks:\n  blame:\n    - find: /(/\n      better: y\n", ":3:13: "),
        ("remarks:\n  blame:\n    - find: '...'\n      better: y\n", ":3:13: "),
        ("remarks:\n  blame:\n    - find: x\n      better: y\n      practice: P41\n", ":5:17: "),
        ("remarks: blame\n", ":1:10: "),
    ],
)
def test_what_is_wrong_with_a_list_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    tone, found = own(tmp_path, text)
    assert any(said in str(problem) for problem in found), found
    assert tone.own == {}
