"""Fitting the judge, on a handful of sentences."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from plugin.judge.linear import shipped
from plugin.judge.reading import words
from plugin.judge.strength import likelihood
from training.anchors import anchors
from training.anchors import write as write_anchors
from training.compose import Letter, composed
from training.fit import design, fit, quantised
from training.model import LABEL_BITS, Built, Heard, build, letter_weights, write
from training.source import Example, own, patterns, told_in, whole

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
    return folder


@pytest.fixture(scope="module")
def built(data: Path, ours: Path) -> Built:
    return build(data, ours)


def written(built: Built, folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in write(built, folder)]


def test_the_same_data_gives_the_same_bytes(data: Path, ours: Path, built: Built, tmp_path: Path) -> None:
    assert written(built, tmp_path / "one") == written(build(data, ours), tmp_path / "two")
    assert len(built.labels) == len(built.linear().names) << LABEL_BITS


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


def test_a_pattern_is_told_of_each_thing_and_its_sisters_stay_together(ours: Path) -> None:
    made = list(patterns(ours / "patterns"))
    assert [example.text for example in made] == ["The lamp is broken.", "The desk is broken."]
    assert len({example.fold for example in made}) == 1


def test_the_bar_is_passed_by_letters_of_which_hardly_one_is_no_complaint() -> None:
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 2, 400)
    letters = [Letter("", "", int(label), 0, "en", "", "whole") for label in labels]
    heard = [Heard((value, value), (0.0,)) for value in labels * 2.0 + chance.normal(size=400)]
    weights = letter_weights(letters, heard)["signed"]
    tagged = [letter.label for letter, one in zip(letters, heard, strict=True) if _score(weights, one) >= 0.7]
    assert sum(tagged) / len(tagged) >= 0.95


def _score(weights: list[float], heard: Heard) -> float:
    return likelihood(weights[1:], weights[0], (*heard.parts, *heard.signs))


def test_anchors_are_short_lines_the_model_judges_rightly(ours: Path, tmp_path: Path) -> None:
    examples = [*own(ours / "sentences"), Example("It is fine.", 0, "own"), Example("What a delightful day.", 1, "own")]
    path = write_anchors(anchors(shipped(), examples), tmp_path)
    told = path.read_text(encoding="utf-8").splitlines()
    assert "1\tMy parcel never arrived, where is it?" in told and "0\tWhat does the kettle cost?" in told
    assert "0\tIt is fine." not in told and "1\tWhat a delightful day." not in told
