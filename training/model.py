"""The whole of the fitting: sentences -> a row for complaints and a table for labels -> what letters make of them."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from plugin.judge.language import language
from plugin.judge.linear import Linear
from plugin.judge.own import own_text
from plugin.judge.strength import likelihood
from plugin.judge.verdict import RULED_OUT, hear, signed, signs_of, strongest
from plugin.model import CATEGORIES, SEVERITIES, Message
from training import source
from training.compose import Letter, composed
from training.deep import Doubted
from training.fit import Fitted, Floats, design, fit, quantised
from training.letter import in_doubt, logistic
from training.source import FOLDS, HELD_MAIL, ROOT, Example, Whole

OURS = ROOT / "training"
BITS, LABEL_BITS = 18, 16
RIDGE, LABEL_RIDGE = 5e-6, 3e-6
BELIEF: Mapping[str, float] = {
    "own": 4.0, "plain": 9.0, "pattern": 5.0, "letters": 12.0, "whole": 6.0, "phrases": 3.0, "noise": 1.0,
    "banking77": 0.2, "clinc150": 0.03, "bitext": 0.03, "goemotions": 0.3, "spam": 0.1, "ordinary-mail": 0.3,
    "cfpb": 0.5,
}  # fmt: skip
"""How much a sentence of each source counts."""
_OF_LABELS = {**BELIEF, "banking77": 0.05, "phrases": 1.0}  # the same where what a complaint is about is told
_RARE = 3.0  # how much more it counts that a sentence is of a category than that it is not
_SHORT = 300  # characters of a narrative that is taken whole
_PER_NARRATIVE = 2  # sentences of a longer one that are taken: those that sound most like a complaint
_QUIET = -1.2  # the logit of letters whose signs do not matter, since nobody will look for them
_BAR, _PRECISE = 0.7, 0.95  # of the whole letters at the bar this share must be complaints, whatever it costs in others
_STEP, _STEPS = 0.05, 40
_LETTER_BELIEF = {"composed": 0.15, "letters": 10.0, "whole": 10.0, "mail": 0.5, "cfpb": 0.1}


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that is fitted on, and the ordinary mail that is not."""

    examples: list[Example]
    narratives: list[list[str]]
    mails: list[Message]
    letters: list[Whole]


@dataclass(frozen=True, slots=True)
class Built:
    """The model as it is written: its facts, the row of complaint weights, the table of labels."""

    facts: dict[str, Any]
    complaint: array[int]
    labels: array[int]

    def linear(self) -> Linear:
        """The model, ready to hear letters."""
        return Linear(self.facts, self.complaint, self.labels)


def corpus(data: Path, ours: Path = OURS) -> Corpus:
    """All there is to read, in one fixed order: public data and our own sentences."""
    mails = list(source.mails(data, "ordinary-mail"))
    fitted_on = [mail for number, mail in enumerate(mails) if number % HELD_MAIL]
    letters = list(source.whole(ours / "letters"))
    examples = [
        *source.own(ours / "sentences"), *source.told_in(letters), *source.patterns(ours / "patterns"),
        *source.phrases(ours / "phrases"),
        *source.letters("letters"), *source.letters("development"), *source.noise(),
        *source.banking(data), *source.requests(data), *source.intents(data), *source.emotions(data),
        *source.mail_sentences(fitted_on, "ordinary-mail"),
        *source.mail_sentences(source.mails(data, "spam"), "spam"),
    ]  # fmt: skip
    narratives = list(source.narratives(data))
    examples += [Example(" ".join(told), 1, "cfpb") for told in narratives if sum(map(len, told)) < _SHORT]
    return Corpus(examples, narratives, mails, letters)


def build(data: Path, ours: Path = OURS) -> Built:
    """The model for this data and our own sentences."""
    given = corpus(data, ours)
    read = Read(with_narratives(given))
    return built_on(read, list(letters_about(given)))[0]


def built_on(read: Read, letters: Sequence[Letter]) -> tuple[Built, list[Doubted]]:
    """The model fitted on these sentences and letters, and each letter as it is heard by one that knows none of it."""
    heard = heard_apart(read, letters)
    weights = letter_weights(letters, heard)
    return made(read, read.fitted(), weights), scored(letters, heard, weights)


def scored(letters: Sequence[Letter], heard: Sequence[Heard], weights: Mapping[str, Sequence[float]]) -> list[Doubted]:
    """The letters with the scores they would get."""
    return [_scored(*pair, weights) for pair in zip(letters, heard, strict=True)]


def _scored(letter: Letter, heard: Heard, weights: Mapping[str, Sequence[float]]) -> Doubted:
    bias, *plain = weights["plain"]
    score = likelihood(plain, bias, heard.parts)
    if score >= RULED_OUT:
        bias, *both = weights["signed"]
        score = likelihood(both, bias, (*heard.parts, *heard.signs))
    return Doubted(letter.text, letter.label, letter.source, score, heard.sentences)


class Read:
    """Examples and their design, made once for all the fits on parts of them."""

    def __init__(self, examples: Sequence[Example], belief: Mapping[str, float] = BELIEF) -> None:
        self.examples = list(examples)
        self._design = design([example.text for example in examples], BITS)
        self._labels = np.array([[2.0 * example.label - 1.0] for example in examples])
        self._belief = np.array([[belief[example.source]] for example in examples])

    def fitted(self, without: int = -1, without_source: str = "") -> Fitted:
        """The weights fitted on all of them, or all but one fold or source."""
        kept = [example.fold != without and example.source != without_source for example in self.examples]
        chosen = np.flatnonzero(kept)
        return fit(self._design.part(chosen), self._labels[chosen], self._belief[chosen], RIDGE)


def with_narratives(given: Corpus) -> list[Example]:
    """With, of each long complaint, the sentences that sound most like one to a model that knows none of them."""
    first = Read(given.examples).fitted()
    long = [told for told in given.narratives if sum(map(len, told)) >= _SHORT]
    logits = iter(first.values(design([sentence for told in long for sentence in told], BITS))[:, 0])
    chosen: list[Example] = []
    for told in long:
        ranked = sorted(zip(islice(logits, len(told)), told, strict=True), reverse=True)[:_PER_NARRATIVE]
        chosen += [Example(text, 1, "cfpb") for logit, text in ranked if logit > 0]
    return [*given.examples, *chosen]


def labelled(examples: Sequence[Example]) -> Fitted:
    """One column for each category, and one for each grade of severity that may be reached."""
    told = [example for example in examples if example.label and (example.kind in CATEGORIES)]
    labels = np.array([[*_is_category(example), *_reaches(example)] for example in told])
    belief = np.array([[_OF_LABELS[e.source]] * len(CATEGORIES) + _severity_belief(e) for e in told])
    belief[:, : len(CATEGORIES)] *= np.where(labels[:, : len(CATEGORIES)] > 0, _RARE, 1.0)
    given = design([example.text for example in told], LABEL_BITS, paired=False)
    return fit(given, labels, belief, LABEL_RIDGE)


def _is_category(example: Example) -> list[float]:
    return [1.0 if category == example.kind else -1.0 for category in CATEGORIES]


def _reaches(example: Example) -> list[float]:
    grade = SEVERITIES.index(example.severity) if example.severity in SEVERITIES else 0
    return [1.0 if grade >= bar else -1.0 for bar in range(1, len(SEVERITIES))]


def _severity_belief(example: Example) -> list[float]:
    known = example.severity in SEVERITIES and example.source in {"own", "plain", "pattern", "whole"}
    return [BELIEF[example.source] * known] * (len(SEVERITIES) - 1)


def made(read: Read, row: Fitted, letter: dict[str, list[float]], *, labels: bool = True) -> Built:
    whole, scale = quantised(row.weights, 32_767)
    facts: dict[str, Any] = {
        "complaint": {"bits": BITS, "bias": _short(row.bias[0]), "scale": _short(scale[0])},
        "labels": {"bits": 0, "names": [], "biases": [], "scales": []},
        "letter": letter,
    }
    table = array("b")
    if labels:
        fitted = labelled(read.examples)
        wholes, scales = quantised(fitted.weights, 127)
        table = array("b", wholes.ravel().tolist())
        names = [*CATEGORIES, *SEVERITIES[1:]]
        facts["labels"] = {
            "bits": LABEL_BITS, "names": names, "biases": list(map(_short, fitted.bias)),
            "scales": list(map(_short, scales)),
        }  # fmt: skip
    return Built(facts, array("h", whole[:, 0].tolist()), table)


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def letters_about(given: Corpus) -> Iterator[Letter]:
    """The letters that show what strong sentences mean for a letter; the mail that is held out is not among them."""
    yield from composed([example for example in given.examples if example.source in {"own", "plain"}])
    for example in given.examples:
        if example.source == "letters":
            yield Letter(example.text, "", example.label, example.fold, example.language, example.kind, "letters")
    for one in given.letters:
        yield Letter(own_text(one.text), one.subject, one.label, one.fold, one.language, one.kind, "whole")
    for number, mail in enumerate(given.mails):
        if number % HELD_MAIL:
            fold = Example(mail.subject, 0, "").fold
            yield Letter(own_text(mail.text), mail.subject, 0, fold, "en", "mail", "mail")
    for told in given.narratives[::4]:
        text = " ".join(told)
        yield Letter(text, "", 1, Example(told[0] if told else "", 1, "").fold, "en", "", "cfpb")


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model made of a letter it was not fitted on: strengths, kinds of signs, the strongest sentences."""

    parts: tuple[float, ...]
    signs: tuple[float, ...]
    sentences: Sequence[str] = ()


def heard_apart(read: Read, letters: Sequence[Letter]) -> list[Heard]:
    """Each letter heard by a model that knows no sentence of its fold."""
    heard: dict[int, Heard] = {}
    nothing = {"plain": [0.0] * 3, "signed": []}
    for fold in range(FOLDS):
        model = made(read, read.fitted(without=fold), nothing, labels=False).linear()
        for number, letter in enumerate(letters):
            if letter.fold == fold:
                heard[number] = _hear(model, letter)
    return [heard[number] for number in range(len(letters))]


def _hear(model: Linear, letter: Letter) -> Heard:
    hearing = hear(model, letter.text, letter.subject)
    quiet = max(hearing.parts) < _QUIET
    found = [] if quiet else signs_of(letter.text, language(letter.text))
    return Heard(hearing.parts, signed(sign.label for sign in found), strongest(hearing))


def letter_weights(letters: Sequence[Letter], heard: Sequence[Heard]) -> dict[str, list[float]]:
    """What a letter's score is made of, from letters heard by models that did not know them."""
    labels = np.array([float(letter.label) for letter in letters])
    belief = np.array([_LETTER_BELIEF[letter.source] for letter in letters])
    parts = np.array([one.parts for one in heard])
    plain = logistic(parts, labels, belief)
    doubt = in_doubt(1.0 / (1.0 + np.exp(-(parts @ np.array(plain[1:]) + plain[0]))))
    both = np.hstack([parts, np.array([one.signs for one in heard])])
    signed = logistic(both[doubt], labels[doubt], belief[doubt])
    whole = doubt & np.array([letter.source == "whole" for letter in letters])
    logits = both[whole] @ np.array(signed[1:]) + signed[0]
    return {"plain": plain, "signed": [round(signed[0] - _caution(logits, labels[whole]), 4), *signed[1:]]}


def _caution(logits: Floats, labels: Floats) -> float:
    """How much less likely every letter has to be called for the letters at the bar to be complaints often enough."""
    bar = float(np.log(_BAR / (1 - _BAR)))
    for step in range(_STEPS):
        tagged = labels[logits - step * _STEP >= bar]
        if not len(tagged) or tagged.mean() >= _PRECISE:
            return step * _STEP
    return _STEPS * _STEP


def write(built: Built, folder: Path) -> list[Path]:
    """Write the model's three files, numbers with the low byte first."""
    folder.mkdir(exist_ok=True)
    for row in (built.complaint, built.labels):
        if sys.byteorder == "big":
            row.byteswap()
    paths = [folder / "model.json", folder / "complaint.i16", folder / "labels.i8"]
    paths[0].write_text(json.dumps(built.facts, indent=1) + "\n", encoding="utf-8")
    paths[1].write_bytes(built.complaint.tobytes())
    paths[2].write_bytes(built.labels.tobytes())
    return paths
