"""The whole of the fitting: sentences and letters -> two rows for complaints, a table for labels -> what makes a score.

The one row weighs the words of a sentence, the other the different words of a letter as a whole.
"""

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
from plugin.judge.severity import GRAVE_ONLY
from plugin.judge.strength import likelihood
from plugin.judge.verdict import gist_of, hear, meant, ruled_out, says, shortened, signed, signs_of, strongest
from plugin.model import ASKS, CATEGORIES, RISKS, SEVERITIES, Message
from training import source
from training.compose import Letter, composed
from training.deep import Doubted
from training.fit import Fitted, Floats, design, design_of_letters, design_of_notions, fit, quantised
from training.letter import choosing, graded, logistic, wishing
from training.source import HELD_MAIL, ROOT, Example, Whole

OURS = ROOT / "training"
BITS, LABEL_BITS, LETTER_BITS = 18, 17, 20
RIDGE, LABEL_RIDGE, LETTER_RIDGE, VOICE_RIDGE, NOTION_RIDGE = 5e-6, 3e-6, 1e-5, 1e-5, 1e-5
BELIEF: Mapping[str, float] = {
    "own": 4.0, "plain": 9.0, "pattern": 5.0, "letters": 12.0, "whole": 6.0, "phrases": 3.0, "noise": 1.0,
    "banking77": 0.2, "clinc150": 0.03, "bitext": 0.03, "goemotions": 0.3, "spam": 0.1, "ordinary-mail": 0.3,
    "cfpb": 0.5, "telling": 50.0, "beside": 15.0, "quiet": 15.0, "marked": 0.0,
}  # fmt: skip
"""How much a sentence of each source counts."""
_OF_LABELS = {**BELIEF, "banking77": 0.05, "phrases": 1.0, "telling": 5.0, "marked": 60.0}  # … for categories
_OF_LETTERS = {
    "marked": 1.0,
    "whole": 1.0,
    "letters": 1.0,
    "own": 0.2,
    "plain": 0.1,
    "telling": 0.2,
    "quiet": 0.05,
    "mail": 0.02,
}
"""How much a letter of each source counts where letters are weighed as wholes; a sentence is a short one."""
WISHES = (*(f"ask-{ask}" for ask in ASKS), *(f"risk-{risk}" for risk in RISKS))
VOICED = (*WISHES, "grave", "minor")
"""The marks of letters that sentences are asked for, in the order of their columns."""
_VOICED_RARE = 5.0  # how much more it counts that a sentence is marked than that it is not
_LETTER_ROUNDS, _LABEL_ROUNDS, _VOICE_ROUNDS, _NOTION_ROUNDS = 50, 50, 60, 25
_SPREAD = 12.0  # root mean squares of the weights of letters beyond which one is cut off
_COMPOSED = 4  # one in so many letters put together is heard
_MAIL = 4000  # characters of a mail
_RARE = 3.0  # how much more it counts that a sentence is of a category than that it is not
_GRADED = {"own", "plain", "pattern", "whole", "marked", "telling"}  # sources that know a severity
_SHORT = 300  # characters of a narrative that is taken whole
_PER_NARRATIVE = 2  # sentences of a longer one that are taken: those that sound most like a complaint
_QUIET = -1.2  # the logit of letters whose signs do not matter, since nobody will look for them
_BAR, _PRECISE = 0.7, 0.98  # of the letters of _PLAIN at the bar this share must be complaints, whatever it costs
_PLAIN = {"whole", "letters"}  # letters as people write them; those that are marked stand in pairs that look alike
_STEP, _BOLDEST, _MOST_CAREFUL = 0.05, -16, 60
_LETTER_BELIEF = {"composed": 0.1, "letters": 1.0, "whole": 1.0, "marked": 1.0, "mail": 0.1, "cfpb": 0.02}


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that is fitted on, and the ordinary mail that is not."""

    examples: list[Example]
    narratives: list[list[str]]
    mails: list[Message]
    letters: list[Whole]  # those that are marked among them
    waiting: list[Whole]  # marked ones that tell what a complaint is about and how grave it is, and nothing else


@dataclass(frozen=True, slots=True)
class Built:
    """The model as it is written: its facts, the row of complaint weights, the table of labels."""

    facts: dict[str, Any]
    complaint: array[int]
    labels: array[int]
    letter: array[int]
    notions: array[int]

    def linear(self) -> Linear:
        """The model, ready to hear letters."""
        return Linear(self.facts, self.complaint, self.labels, self.letter, self.notions)


def corpus(data: Path, ours: Path = OURS) -> Corpus:
    """All there is to read, in one fixed order: public data and our own sentences."""
    mails = list(source.mails(data, "ordinary-mail"))
    fitted_on = [mail for number, mail in enumerate(mails) if number % HELD_MAIL]
    plain, marked = list(source.whole(ours / "letters")), list(source.marked(ours / "letters"))
    examples = [
        *source.own(ours / "sentences"), *source.told_in(plain), *source.told_apart(marked),
        *source.patterns(ours / "patterns"), *source.phrases(ours / "phrases"),
        *source.letters("letters"), *source.letters("development"), *source.noise(),
        *source.banking(data), *source.requests(data), *source.intents(data), *source.emotions(data),
        *source.mail_sentences(fitted_on, "ordinary-mail"),
        *source.mail_sentences(source.mails(data, "spam"), "spam"),
    ]  # fmt: skip
    narratives = list(source.narratives(data))
    examples += [Example(" ".join(told), 1, "cfpb") for told in narratives if sum(map(len, told)) < _SHORT]
    waiting = list(source.marked(ours / "letters" / "waiting"))
    return Corpus(examples, narratives, mails, [*plain, *marked], waiting)


def build(data: Path, ours: Path = OURS) -> Built:
    """The model for this data and our own sentences."""
    given = corpus(data, ours)
    return built_on(reading(given), list(letters_about(given)))[0]


def built_on(read: Read, letters: Sequence[Letter]) -> tuple[Built, list[Doubted]]:
    """The model fitted on these sentences and letters, and each letter as it is heard by one that knows none of it."""
    heard = heard_apart(read, letters)
    weights = letter_weights(letters, heard)
    others = {
        "severity": severity_weights(letters, heard),
        "category": category_weights(letters, heard),
        "wishes": wish_weights(letters, heard),
    }
    return made(read, -1, {"letter": weights, **others}), scored(letters, heard, weights)


def scored(letters: Sequence[Letter], heard: Sequence[Heard], weights: Mapping[str, Sequence[float]]) -> list[Doubted]:
    """The letters with the scores they would get."""
    return [_scored(*pair, weights) for pair in zip(letters, heard, strict=True)]


def _scored(letter: Letter, heard: Heard, weights: Mapping[str, Sequence[float]]) -> Doubted:
    score = ruled_out(weights["plain"], heard.parts)
    if score is None:
        bias, *both = weights["signed"]
        score = likelihood(both, bias, (*heard.parts, *heard.signs))
    return Doubted(letter.text, letter.label, letter.source, score, heard.sentences)


class Read:
    """Sentences and letters and their designs, made once for all the fits on parts of them."""

    def __init__(
        self,
        examples: Sequence[Example],
        letters: Sequence[Whole] = (),
        wholes: Sequence[Example] = (),
        waiting: Sequence[Whole] = (),
        belief: Mapping[str, float] = BELIEF,
    ) -> None:
        self.examples, self.letters = list(examples), list(letters)
        self.wholes, self.waiting = list(wholes), list(waiting)
        self._wholes = design_of_letters([one.text for one in wholes], LETTER_BITS)
        self.meant = [*self.wholes, *map(_entire, self.waiting)]
        self._notions = design_of_notions([one.text for one in self.meant], [one.language for one in self.meant])
        self._design = design([example.text for example in examples], BITS)
        self._labels = np.array([[2.0 * example.label - 1.0] for example in examples])
        self._belief = np.array([[belief[example.source]] for example in examples])

    def fitted(self, without: int = -1, without_source: str = "") -> Fitted:
        """The weights fitted on all of them, or all but one fold or source."""
        heard = [example.source != without_source and BELIEF[example.source] > 0 for example in self.examples]
        kept = [hear and example.fold != without for hear, example in zip(heard, self.examples, strict=True)]
        chosen = np.flatnonzero(kept)
        return fit(self._design.part(chosen), self._labels[chosen], self._belief[chosen], RIDGE)

    def fitted_letters(self, without: int = -1) -> Fitted:
        """The weights of letters as wholes, fitted on all of them, or all but one fold."""
        chosen = np.flatnonzero([one.fold != without for one in self.wholes])
        labels = np.array([[2.0 * self.wholes[at].label - 1.0] for at in chosen])
        belief = np.array([[_OF_LETTERS[self.wholes[at].source]] for at in chosen])
        return fit(self._wholes.part(chosen), labels, belief, LETTER_RIDGE, _LETTER_ROUNDS)

    def fitted_notions(self, without: int = -1) -> Fitted:
        """The weights of notions, fitted on all letters, those waiting among them, or all but one fold."""
        chosen = np.flatnonzero([one.fold != without for one in self.meant])
        labels = np.array([[2.0 * self.meant[at].label - 1.0] for at in chosen])
        belief = np.array([[_OF_LETTERS[self.meant[at].source]] for at in chosen])
        return fit(self._notions.part(chosen), labels, belief, NOTION_RIDGE, _NOTION_ROUNDS)


def reading(given: Corpus) -> Read:
    """All that is fitted on, with its designs."""
    return Read(with_narratives(given), given.letters, wholes(given), given.waiting)


def wholes(given: Corpus) -> list[Example]:
    """The letters that are weighed as wholes, each subject and text in one, and our own sentences as the shortest."""
    letters = list(map(_entire, given.letters))
    short = [one for one in given.examples if one.source in {"own", "plain", "letters", "telling", "quiet"}]
    mails = [
        Example(f"{mail.subject}\n{own_text(mail.text)[:_MAIL]}", 0, "mail", "en", "mail", "", mail.subject)
        for number, mail in enumerate(given.mails)
        if number % HELD_MAIL
    ]
    return [*letters, *short, *mails]


def _entire(one: Whole) -> Example:
    text = f"{one.subject}\n{one.text}"
    return Example(text, one.label, one.source, one.language, one.kind, "", one.text, one.fold)


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
    return fit(given, labels, belief, LABEL_RIDGE, _LABEL_ROUNDS)


def _is_category(example: Example) -> list[float]:
    return [1.0 if category == example.kind else -1.0 for category in CATEGORIES]


def _reaches(example: Example) -> list[float]:
    grade = SEVERITIES.index(example.severity) if example.severity in SEVERITIES else 0
    return [1.0 if grade >= bar else -1.0 for bar in range(1, len(SEVERITIES))]


def _severity_belief(example: Example) -> list[float]:
    known = example.severity in SEVERITIES and example.source in _GRADED
    return [_OF_LABELS[example.source] * known] * (len(SEVERITIES) - 1)


def voiced(letters: Sequence[Whole]) -> Fitted:
    """One column for each of VOICED: whether a sentence asks for it, threatens with it, or is grave or small."""
    told = list(source.voices(letters))
    if not told:
        return Fitted(np.zeros((1 << LABEL_BITS, len(VOICED))), np.zeros(len(VOICED)))
    given = design([text for text, _, _ in told], LABEL_BITS, paired=False)
    labels = np.array([[1.0 if label in said else -1.0 for label in VOICED] for _, said, _ in told])
    return fit(given, labels, np.where(labels > 0, _VOICED_RARE, 1.0), VOICE_RIDGE, _VOICE_ROUNDS)


def made(read: Read, without: int, weights: Mapping[str, Mapping[str, Any]]) -> Built:
    """The model fitted on all, or on all but one fold, with these weights of what letters make of it."""
    row, entire = read.fitted(without), read.fitted_letters(without)
    sentences, scale = quantised(row.weights, 32_767)
    letters, letter_scale = quantised(entire.weights, 127, spread=_SPREAD)
    told = read.fitted_notions(without)
    notions, notion_scale = quantised(told.weights, 127)
    examples = [one for one in (*read.examples, *source.told_apart(read.waiting)) if one.fold != without]
    letters_read = [one for one in (*read.letters, *read.waiting) if one.fold != without]
    named, said = labelled(examples), voiced(letters_read)
    table, scales = quantised(np.hstack([named.weights, said.weights]), 127)
    facts: dict[str, Any] = {
        "complaint": {"bits": BITS, "bias": _short(row.bias[0]), "scale": _short(scale[0])},
        "whole": {"bits": LETTER_BITS, "bias": _short(entire.bias[0]), "scale": _short(letter_scale[0])},
        "notions": {"bias": _short(told.bias[0]), "scale": _short(notion_scale[0])},
        "labels": {
            "bits": LABEL_BITS, "names": [*CATEGORIES, *SEVERITIES[1:], *VOICED],
            "biases": list(map(_short, [*named.bias, *said.bias])), "scales": list(map(_short, scales)),
        },
        **weights,
    }  # fmt: skip
    rows = array("h", sentences[:, 0].tolist()), array("b", table.ravel().tolist()), array("b", letters[:, 0].tolist())
    return Built(facts, *rows, array("b", notions[:, 0].tolist()))


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def letters_about(given: Corpus) -> Iterator[Letter]:
    """The letters that show what strong sentences mean for a letter; the mail that is held out is not among them."""
    ours = [example for example in given.examples if example.source in {"own", "plain"}]
    yield from islice(composed(ours), 0, None, _COMPOSED)
    for example in given.examples:
        if example.source == "letters":
            yield Letter(example.text, "", example.label, example.fold, example.language, example.kind, "letters")
    for one in given.letters:
        letter = (own_text(one.text), one.subject, one.label, one.fold, one.language, one.kind, one.source)
        yield Letter(*letter, severity=one.severity, wishes=_wishes(one))
    for one in given.waiting:
        letter = (own_text(one.text), one.subject, one.label, one.fold, one.language, one.kind, "waiting")
        yield Letter(*letter, severity=one.severity, wishes=_wishes(one))
    for number, mail in enumerate(given.mails):
        if number % HELD_MAIL:
            fold = Example(mail.subject, 0, "").fold
            yield Letter(own_text(mail.text), mail.subject, 0, fold, "en", "mail", "mail")
    for told in given.narratives[::4]:
        text = " ".join(told)
        yield Letter(text, "", 1, Example(told[0] if told else "", 1, "").fold, "en", "", "cfpb")


def _wishes(one: Whole) -> frozenset[str] | None:
    """What a marked letter asks for and threatens with."""
    told = [f"ask-{ask}" for ask in one.asks] + [f"risk-{risk}" for risk in one.risks]
    return frozenset(told) if one.block >= 0 else None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model made of a letter it was not fitted on: strengths, kinds of signs (and notions), strongest sentences.

    And what its severity, asks and risks are summed from, and what speaks for each category, if somebody graded it.
    """

    parts: tuple[float, ...]
    signs: tuple[float, ...]
    sentences: Sequence[str] = ()
    features: tuple[float, ...] = ()
    about: tuple[Sequence[float], ...] = ()


def heard_apart(read: Read, letters: Sequence[Letter]) -> list[Heard]:
    """Each letter heard by a model that knows no sentence of its fold."""
    heard: dict[int, Heard] = {}
    nothing: dict[str, dict[str, Any]] = {"letter": {"plain": [0.0] * 5}, "severity": {}, "category": {}, "wishes": {}}
    for fold in sorted({letter.fold for letter in letters}):
        model = made(read, fold, nothing).linear()
        for number, letter in enumerate(letters):
            if letter.fold == fold:
                heard[number] = _hear(model, letter)
    return [heard[number] for number in range(len(letters))]


def _hear(model: Linear, letter: Letter) -> Heard:
    hearing = hear(model, letter.text, letter.subject)
    labels: list[str] = []
    speaking = 0.0
    if max(hearing.parts) >= _QUIET:
        spoken = language(letter.text or letter.subject)
        labels = [sign.label for text in (letter.subject, letter.text) for sign in signs_of(text, spoken)]
        speaking = meant(model, hearing, spoken)
    features: tuple[float, ...] = ()
    about: tuple[Sequence[float], ...] = ()
    if letter.severity:
        short = shortened(hearing)
        gist = gist_of(short, [says(model, sentence) for sentence in (*short.subject, *short.told)])
        features, about = gist.features(labels, letter.text), gist.about(labels)
    return Heard(hearing.parts, (*signed(labels), speaking), strongest(hearing), features, about)


def letter_weights(letters: Sequence[Letter], heard: Sequence[Heard]) -> dict[str, list[float]]:
    """What a letter's score is made of, from letters heard by models that did not know them."""
    pairs = [pair for pair in zip(letters, heard, strict=True) if pair[0].source in _LETTER_BELIEF]
    letters, heard = [letter for letter, _ in pairs], [one for _, one in pairs]
    labels = np.array([float(letter.label) for letter in letters])
    belief = np.array([_LETTER_BELIEF[letter.source] for letter in letters])
    parts = np.array([one.parts for one in heard])
    plain = logistic(parts, labels, belief)
    doubt = np.array([ruled_out(plain, one.parts) is None for one in heard])
    both = np.hstack([parts, np.array([one.signs for one in heard])])
    signed = logistic(both[doubt], labels[doubt], belief[doubt])
    bar = doubt & np.array([letter.source in _PLAIN for letter in letters])
    logits = both[bar] @ np.array(signed[1:]) + signed[0]
    return {"plain": plain, "signed": [round(signed[0] - _caution(logits, labels[bar]), 4), *signed[1:]]}


def _caution(logits: Floats, labels: Floats) -> float:
    """How much less likely every letter has to be called for the letters at the bar to be complaints often enough.

    Below 0 they may be called more likely.
    """
    bar = float(np.log(_BAR / (1 - _BAR)))
    for step in range(_BOLDEST, _MOST_CAREFUL):
        tagged = labels[logits - step * _STEP >= bar]
        if not len(tagged) or tagged.mean() >= _PRECISE:
            return step * _STEP
    return _MOST_CAREFUL * _STEP


def severity_weights(letters: Sequence[Letter], heard: Sequence[Heard]) -> dict[str, list[float]]:
    """What the severity of a complaint is summed from, and the sums from which each grade is reached."""
    pairs = [(letter, one) for letter, one in zip(letters, heard, strict=True) if one.features]
    if len({letter.severity for letter, _ in pairs}) < len(SEVERITIES):
        return {"weights": [], "bars": [0.0] * (len(SEVERITIES) - 1)}
    grades = np.array([float(SEVERITIES.index(letter.severity)) for letter, _ in pairs])
    return graded(np.array([one.features for _, one in pairs]), grades)


def category_weights(letters: Sequence[Letter], heard: Sequence[Heard]) -> dict[str, list[float]]:
    """What is said for the category of a complaint is weighed with, and what is added for each category."""
    pairs = [pair for pair in zip(letters, heard, strict=True) if pair[1].about]
    if not pairs:
        return {"weights": [1.0, 0.0, 0.0, 1.0], "biases": [0.0] * len(CATEGORIES)}
    named = np.array([CATEGORIES.index(letter.kind) for letter, _ in pairs])
    return choosing(np.array([one.about for _, one in pairs]), named)


def wish_weights(letters: Sequence[Letter], heard: Sequence[Heard]) -> dict[str, Any]:
    """What asks and risks are summed from."""
    pairs = [(letter.wishes, one.features) for letter, one in zip(letters, heard, strict=True) if one.features]
    told = [(wishes, features) for wishes, features in pairs if wishes is not None]
    if not told:
        return {"names": [], "weights": [], "biases": []}
    labels = np.array([[float(name in wishes) for name in WISHES] for wishes, _ in told])
    given = np.array([features for _, features in told])
    weights, biases = wishing(given, labels, given.shape[1] - GRAVE_ONLY)
    return {"names": list(WISHES), "weights": weights, "biases": biases}


def write(built: Built, folder: Path) -> list[Path]:
    """Write the model's five files, numbers with the low byte first."""
    folder.mkdir(exist_ok=True)
    for row in (built.complaint, built.labels, built.letter, built.notions):
        if sys.byteorder == "big":
            row.byteswap()
    names = ("model.json", "complaint.i16", "labels.i8", "letter.i8", "notions.i8")
    paths = [folder / name for name in names]
    paths[0].write_text(json.dumps(built.facts, indent=1) + "\n", encoding="utf-8")
    paths[1].write_bytes(built.complaint.tobytes())
    paths[2].write_bytes(built.labels.tobytes())
    paths[3].write_bytes(built.letter.tobytes())
    paths[4].write_bytes(built.notions.tobytes())
    return paths
