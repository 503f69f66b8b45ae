"""Fitting the judge, on a handful of sentences."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from plugin.judge.linear import shipped
from plugin.judge.notions import places
from plugin.judge.reading import words
from plugin.judge.strength import likelihood
from plugin.judge.verdict import hear, meant
from training.anchors import anchors
from training.anchors import write as write_anchors
from training.compose import Letter, composed
from training.fit import design, design_of_letters, design_of_notions, fit, quantised
from training.letter import choosing, graded, wishing
from training.model import LABEL_BITS, LETTER_BITS, Built, Heard, build, letter_weights, write
from training.source import Example, marked, own, patterns, told_apart, told_in, unmarked, voices, whole

SENTENCES = """\
# label, category or kind, severity, text
1\tdelivery\tmedium\tMy parcel never arrived, where is it?
1\tbilling\thigh\tYou charged my card twice.
1\tproduct-quality\tlow\tThe kettle leaks.
0\tenquiry\t-\tWhat does the kettle cost?
0\tthanks\t-\tThank you for the quick reply.
"""
PATTERNS = "# {t} stands for one of: lamp, desk\n1\tproduct-quality\tmedium\tThe {t} is broken.\n"
LETTERS = """\
1\tdelivery\tmedium\tMy parcel\tHello,\\nmy parcel never arrived. Where is it?\\nAnna
0\tthanks\t-\tThank you\tHello,\\nthank you for the quick reply.\\nAnna
"""
MARKED = """\
1\tdelivery\thigh\trefund\tchurn\tMy parcel\tHello,\\n<c>my parcel <grave>never</grave> arrived.</c> <ask-refund>I \
want my money back.</ask-refund> <risk-churn>Otherwise I shall leave.</risk-churn>\\nAnna
1\tbilling\tlow\t-\t-\tA penny\tHello. <c>You charged a penny too much.</c> <minor>It hardly matters.</minor>
1\tsafety\tcritical\t-\t-\tSmoke\t<c>The kettle caught fire.</c>
1\tbilling\tmedium\t-\t-\tTwice\t<c>You charged me twice.</c>
0\tthanks\t-\tinformation\t-\tThank you\tThe parcel came. <ask-information>What are your hours?</ask-information>
"""
TEXTS = (
    "cfpb_narratives_a", "cfpb_narratives_b", "banking77", "clinc150", "bitext_intents", "goemotions",
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the real data, with one text of each sort and six mails."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "text").mkdir()
    (folder / "mail").mkdir()
    for name in TEXTS:
        row = {"text": "I was charged a fee I do not know.", "label": 1, "category": "extra_charge_on_statement"}
        with gzip.open(folder / "text" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
    for name in ("ordinary-mail", "spam"):
        with tarfile.open(folder / "mail" / f"{name}.tar.gz", "w:gz") as archive:
            for number in range(6):
                raw = f"From: a@example.org\nSubject: List {number}\n\nThe build of day {number} went well.\n".encode()
                member = tarfile.TarInfo(f"{name}/{number}.txt")
                member.size = len(raw)
                archive.addfile(member, io.BytesIO(raw))
    return folder


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ours")
    for name, text in (("sentences/en", SENTENCES), ("sentences/en-plain", SENTENCES), ("phrases/en", SENTENCES)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    for name, text in (("letters", LETTERS), ("patterns", PATTERNS)):
        (folder / name).mkdir()
        (folder / name / "en.tsv").write_text(text, encoding="utf-8")
    (folder / "letters" / "en-a.tsv").write_text(MARKED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(data: Path, ours: Path) -> Built:
    return build(data, ours)


def written(built: Built, folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in write(built, folder)]


def test_the_same_data_gives_the_same_bytes(data: Path, ours: Path, built: Built, tmp_path: Path) -> None:
    assert written(built, tmp_path / "one") == written(build(data, ours), tmp_path / "two")
    assert len(built.labels) == len(built.linear().names) << LABEL_BITS
    assert len(built.letter) == 1 << LETTER_BITS
    assert len(built.notions) == places()


def test_letters_that_wait_tell_what_complaints_are_about_and_by_notions_what_is_one_but_not_by_words(
    data: Path, ours: Path, built: Built, tmp_path: Path
) -> None:
    shutil.copytree(ours, tmp_path / "ours")
    (tmp_path / "ours" / "letters" / "waiting").mkdir()
    (tmp_path / "ours" / "letters" / "waiting" / "en-b.tsv").write_text(MARKED, encoding="utf-8")
    more = build(data, tmp_path / "ours")
    assert (more.complaint, more.letter) == (built.complaint, built.letter)
    assert more.facts["letter"]["plain"] == built.facts["letter"]["plain"]
    assert more.labels != built.labels
    assert more.facts["notions"] != built.facts["notions"]


def test_a_model_fitted_on_a_handful_of_sentences_tells_them_apart(ours: Path, built: Built) -> None:
    model = built.linear()
    for example in own(ours / "sentences"):
        assert (model.logit(words(example.text)) > 0) is bool(example.label), example


def test_a_sentence_weighs_at_run_time_what_it_weighed_when_it_was_fitted(built: Built) -> None:
    model = built.linear()
    texts = ["My parcel never arrived, where is it?", "L'été, déjà: naïve façade!!", "Straße 12b/13 … don't", "— -"]
    row = np.zeros((1 << 18, 1))
    row[:, 0] = built.complaint
    fitted = design(texts, 18).values(row * built.facts["complaint"]["scale"])[:, 0] + model.bias
    assert [model.logit(words(text)) for text in texts] == pytest.approx(list(fitted))


def test_the_notions_of_a_letter_weigh_at_run_time_what_they_weighed_when_they_were_fitted(built: Built) -> None:
    model = built.linear()
    texts = ["Parcel\nMy parcel never arrived. Where is it?", "Paket\nKommt nicht an!", "Order\n— -"]
    row = np.array(built.notions)[:, None] * built.facts["notions"]["scale"]
    fitted = design_of_notions(texts, ["en", "de", "en"]).values(row)[:, 0] + built.facts["notions"]["bias"]
    for text, language, value in zip(texts, ("en", "de", "en"), fitted, strict=True):
        subject, _, own = text.partition("\n")
        assert meant(model, hear(model, own, subject), language) == pytest.approx(value)


def test_a_letter_weighs_at_run_time_what_it_weighed_when_it_was_fitted(built: Built) -> None:
    model = built.linear()
    texts = ["my parcel\nhello, my parcel, my parcel never arrived. where is it?", "straße 12b/13 … don't 7 8", "— -"]
    row = np.zeros((1 << LETTER_BITS, 1))
    row[:, 0] = built.letter
    fitted = design_of_letters(texts, LETTER_BITS).values(row * built.facts["whole"]["scale"])[:, 0]
    told = [model.letter_logit(text.split()) for text in texts]
    assert told == pytest.approx(list(fitted + built.facts["whole"]["bias"]))


def test_a_word_said_twice_counts_once_in_a_letter() -> None:
    once, twice = design_of_letters(["a kettle", "a kettle a kettle"], 12).counts.toarray()
    assert list(once) == list(twice)


def test_a_weight_lost_to_rounding_is_less_than_half_a_step() -> None:
    weights = np.array([[0.5, -2.0], [0.1, 1.0]])
    wholes, scale = quantised(weights, 127)
    assert np.abs(wholes * scale - weights).max() <= scale.max() / 2
    assert np.abs(wholes).max() == 127


def test_what_speaks_for_both_sides_alike_weighs_nothing() -> None:
    given = design(["red kettle", "red lamp"], 12)
    fitted = fit(given, np.array([[1.0], [-1.0]]), np.ones((2, 1)), 1e-3)
    first, second = fitted.values(given)[:, 0]
    assert first > 0.5 and second < -0.5
    assert abs(fitted.values(design(["red"], 12))[0, 0]) < 0.3


def test_every_sentence_opens_a_letter_of_its_own_among_others_of_its_part() -> None:
    examples = [Example(f"Sentence {number}.", number % 2, "own", kind="delivery") for number in range(40)]
    letters = list(composed(examples))
    assert letters == list(composed(examples))
    for example, letter in zip(examples, letters, strict=True):
        assert example.text in letter.text and letter.label == example.label and letter.fold == example.fold


def test_plain_lines_are_a_source_of_their_own_in_the_same_language(ours: Path) -> None:
    assert {(example.source, example.language) for example in own(ours / "sentences")} == {
        ("own", "en"),
        ("plain", "en"),
    }


def test_a_letter_and_its_sentences_are_in_one_part_and_only_those_of_ordinary_ones_are_told(ours: Path) -> None:
    letters = list(whole(ours / "letters"))
    assert letters[0].text.split("\n") == ["Hello,", "my parcel never arrived. Where is it?", "Anna"]
    told = list(told_in(letters))
    assert [example.text for example in told if example.label] == [f"My parcel\n{letters[0].text}"]
    assert "thank you for the quick reply." in [example.text.rpartition("\n")[2] for example in told[1:]]
    assert {example.fold for example in told[1:]} == {letters[1].fold}


def test_marks_are_taken_out_of_a_letter_and_kept_with_their_places(ours: Path) -> None:
    first, *_, last = marked(ours / "letters")
    assert first.text.startswith("Hello,\nmy parcel never arrived. I want") and first.source == "marked"
    assert {mark.label: first.text[mark.start : mark.end] for mark in first.marks} == {
        "c": "my parcel never arrived.", "grave": "never", "ask-refund": "I want my money back.",
        "risk-churn": "Otherwise I shall leave.",
    }  # fmt: skip
    assert [set(first.asks), set(first.risks), set(last.asks)] == [{"refund"}, {"churn"}, {"information"}]


@pytest.mark.parametrize("text", ["a <c>b", "a</c> b", "</c>a<c> b", "<b>a</b> <c", ""])
def test_a_mark_without_its_other_half_marks_nothing(text: str) -> None:
    assert unmarked(text)[1] == []


def test_letters_that_stand_next_to_each_other_are_in_one_part(ours: Path, tmp_path: Path) -> None:
    lines = "".join(f"0\torder\t-\t-\t-\tOrder\tI order {number} kettles.\n" for number in range(120))
    (tmp_path / "en-a.tsv").write_text(lines, encoding="utf-8")
    assert [letter.fold for letter in marked(tmp_path)] == [number // 20 % 5 for number in range(120)]


def test_only_sentences_that_tell_the_grievance_speak_for_a_complaint(ours: Path) -> None:
    told = {example.text: (example.source, example.label) for example in told_apart(marked(ours / "letters"))}
    assert told["You charged a penny too much."] == ("telling", 1)
    assert told["It hardly matters."] == told["A penny"] == ("beside", 0)
    assert told["The parcel came."] == ("quiet", 0)
    assert told["Smoke\nThe kettle caught fire."] == ("marked", 1)


def test_each_sentence_is_told_with_what_is_marked_in_it(ours: Path) -> None:
    told = {text: said for text, said, _ in voices(marked(ours / "letters"))}
    assert told["I want my money back."] == {"ask-refund"} and told["What are your hours?"] == {"ask-information"}
    assert told["Otherwise I shall leave."] == {"risk-churn"} and told["Smoke"] == set()


def test_a_grade_is_reached_as_often_as_it_was_given_and_length_says_little() -> None:
    chance = np.random.default_rng(1)
    grades = chance.integers(0, 4, 400).astype(float)
    given = np.column_stack([grades + chance.normal(size=400), grades + chance.normal(size=400)])
    model = graded(given, grades)
    heights = given @ np.array(model["weights"])
    reached = (heights[:, None] > np.array(model["bars"])).sum(axis=1)
    assert np.corrcoef(reached, grades)[0, 1] > 0.6
    assert np.bincount(reached) == pytest.approx(np.bincount(grades.astype(int)), abs=8)
    assert 0 < model["weights"][1] < model["weights"][0] / 2


def test_a_pattern_is_told_of_each_thing_and_its_sisters_stay_together(ours: Path) -> None:
    made = list(patterns(ours / "patterns"))
    assert [example.text for example in made] == ["The lamp is broken.", "The desk is broken."]
    assert len({example.fold for example in made}) == 1


def test_the_bar_is_passed_by_letters_of_which_nine_in_ten_are_complaints() -> None:
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 2, 400)
    letters = [Letter("", "", int(label), 0, "en", "", "whole") for label in labels]
    heard = [Heard((value, value), (0.0,)) for value in labels * 2.0 + chance.normal(size=400)]
    weights = letter_weights(letters, heard)["signed"]
    tagged = [letter.label for letter, one in zip(letters, heard, strict=True) if _score(weights, one) >= 0.7]
    assert sum(tagged) / len(tagged) >= 0.9


def _score(weights: list[float], heard: Heard) -> float:
    return likelihood(weights[1:], weights[0], (*heard.parts, *heard.signs))


def test_anchors_are_short_lines_the_model_judges_rightly(ours: Path, tmp_path: Path) -> None:
    examples = [*own(ours / "sentences"), Example("It is fine.", 0, "own"), Example("What a delightful day.", 1, "own")]
    path = write_anchors(anchors(shipped(), examples), tmp_path)
    told = path.read_text(encoding="utf-8").splitlines()
    assert "1\tMy parcel never arrived, where is it?" in told and "0\tWhat does the kettle cost?" in told
    assert "0\tIt is fine." not in told and "1\tWhat a delightful day." not in told


def test_the_part_that_tells_the_category_gets_the_weight_and_the_frequent_one_the_bias() -> None:
    chance = np.random.default_rng(1)
    names = chance.choice(3, size=300, p=[0.6, 0.2, 0.2])
    telling, idle = np.eye(3)[names] + chance.normal(size=(300, 3)), chance.normal(size=(300, 3))
    mix = choosing(np.stack([telling, idle], axis=1), names)
    assert mix["weights"][0] > 0.8
    assert abs(mix["weights"][1]) < 0.2
    assert mix["biases"][0] > max(mix["biases"][1:])


def test_a_wish_weighs_only_what_it_may_be_told_by() -> None:
    chance = np.random.default_rng(1)
    given = chance.normal(size=(400, 3))
    weights, biases = wishing(given, (given[:, :1] > 1.0).astype(float), 2)
    assert weights[0][0] > 1.0 > abs(weights[0][1])
    assert weights[0][2] == 0.0 and biases[0] < 0
