"""Learning from people: a few weights on top of the shipped model, kept only where they help.

A correction moves the rarer words of the letter's strongest sentences, and nothing else; how far is bounded by a pull
back to the shipped weights, so that a hundred corrections do not unlearn what thousands of letters taught. What is
learned is words with weights, which a person can read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from importlib import resources
from itertools import pairwise
from operator import attrgetter

from plugin.judge.linear import Linear, damping, shipped
from plugin.judge.reading import folded, words
from plugin.judge.verdict import hear, weigh
from plugin.model import CATEGORIES, SEVERITIES

Weights = dict[str, float]
_ROUNDS = 24
_STEP = 0.6
_PULL = 0.01  # back to the shipped weights, each round
_FARTHEST = 2.5  # a weight goes no farther from the shipped one
_SWEEP = 4  # rounds from one look at every lesson to the next; between them only those are asked that still moved
_RISE = 4.0  # how much farther a bar of severity is moved than another label
_SURE = 0.1  # a letter whose score is this close to what people said teaches nothing more …
_KEPT = 0.3  # … and an anchor when it is this close
_SENTENCES = (1.0, 0.5, 0.25)  # how much the strongest sentences of a letter are moved
_FOLDS = 5
_COMMON = 0.03  # share of the anchors that hold a word, from which on it is too common to mean anything by itself
_FEWEST = 10  # corrections of one kind below which there is nothing to hold out


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a person said of one letter: `label` is complaint (value yes or no), category or severity."""

    own: str
    subject: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What is added to the shipped weights: of `complaint` by word or pair of words, of others by label and word."""

    complaint: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a lesson went: how many held-out letters were judged wrongly before and after, and how many of `anchors`."""

    learned: Learned
    lessons: int
    held_out: int
    wrong_before: int
    wrong_after: int
    anchors: int
    anchors_before: int
    anchors_after: int

    @property
    def worth_keeping(self) -> bool:
        """Whether held-out corrections are judged better, and what was right before no worse."""
        return self.wrong_after < self.wrong_before and self.anchors_after <= self.anchors_before


def taught(learned: Learned) -> Linear:
    """The shipped model with these weights added."""
    return shipped().taught(learned.complaint, learned.labels)


def anchors() -> list[Lesson]:
    """Short letters that came with the model and that it judges rightly; what is learned must not spoil them."""
    text = resources.files("plugin.judge").joinpath("model", "anchors.tsv").read_text(encoding="utf-8")
    entries = (line.partition("\t") for line in text.splitlines())
    return [Lesson(own, "", "complaint", "yes" if label == "1" else "no") for label, _, own in entries]


def learn(lessons: Sequence[Lesson], anchors: Sequence[Lesson], bar: float) -> Outcome:
    """The weights these lessons ask for, and whether they are worth keeping; `bar` is the score of a complaint.

    Anchors are letters everybody agreed on; they are learned along, so that nothing is forgotten.
    """
    ground = _Ground.of(anchors)
    wrong_before = wrong_after = held_out = 0
    for kept, held in _folds(lessons):
        held_out += len(held)
        wrong_before += _wrong(shipped(), held, bar)
        wrong_after += _wrong(taught(_fit(kept, ground)), held, bar)
    learned = _fit(lessons, ground)
    touched = ground.touched(_known(learned))
    spoiled = _wrong(taught(learned), touched, bar) - _wrong(shipped(), touched, bar)
    before = _wrong(shipped(), anchors, bar)
    return Outcome(
        learned=learned, lessons=len(lessons), held_out=held_out, wrong_before=wrong_before, wrong_after=wrong_after,
        anchors=len(anchors), anchors_before=before, anchors_after=before + spoiled,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ground:
    """What must not be spoiled: the anchors by the words in them, and the words too common to be moved."""

    anchors: Sequence[Lesson]
    holding: Mapping[str, Sequence[int]]
    common: frozenset[str]

    @classmethod
    def of(cls, anchors: Sequence[Lesson]) -> _Ground:
        """Looks through the anchors once."""
        holding: dict[str, list[int]] = defaultdict(list)
        for number, anchor in enumerate(anchors):
            for word in {folded(word) for word in words(anchor.own)}:
                holding[word].append(number)
        often = max(3.0, _COMMON * len(anchors))
        return cls(anchors, holding, frozenset(word for word, where in holding.items() if len(where) > often))

    def touched(self, moved: Iterable[str]) -> list[Lesson]:
        """The anchors in which any of these words stands; of all others the score is as it was."""
        numbers = {number for word in moved for number in self.holding.get(word, ())}
        return [self.anchors[number] for number in sorted(numbers)]


def _known(learned: Learned) -> set[str]:
    names = [*learned.complaint, *(name for weights in learned.labels.values() for name in weights)]
    return {word for name in names for word in name.split(" ")}


def _folds(lessons: Sequence[Lesson]) -> Iterator[tuple[list[Lesson], list[Lesson]]]:
    """The lessons, five times split in those to learn from and those to be asked about."""
    if len(lessons) < _FEWEST:
        return
    for fold in range(_FOLDS):
        yield [one for n, one in enumerate(lessons) if n % _FOLDS != fold], list(lessons[fold::_FOLDS])


def _wrong(model: Linear, lessons: Sequence[Lesson], bar: float) -> int:
    return sum(not _is_right(model, lesson, bar) for lesson in lessons)


def _is_right(model: Linear, lesson: Lesson, bar: float) -> bool:
    verdict = weigh(lesson.own, lesson.subject, model)
    if lesson.label == "complaint":
        return (verdict.score >= bar) == (lesson.value == "yes")
    return bool(getattr(verdict, lesson.label) == lesson.value)


def _fit(lessons: Sequence[Lesson], ground: _Ground) -> Learned:
    complaint: Weights = defaultdict(float)
    labels: dict[str, Weights] = defaultdict(lambda: defaultdict(float))
    mine, unsettled = set(lessons), list[Lesson]()
    for number in range(_ROUNDS):
        learned = Learned(complaint, labels)
        step = _Step(taught(learned), complaint, labels, ground.common)
        everybody = number % _SWEEP == 0
        asked = [*lessons, *ground.touched(_known(learned))] if everybody else unsettled
        unsettled = [lesson for lesson in asked if step.take(lesson, _SURE if lesson in mine else _KEPT)]
        if everybody and not unsettled:
            break
        for weights in (complaint, *labels.values()):
            for name in weights:
                weights[name] = max(-_FARTHEST, min(_FARTHEST, weights[name] * (1 - _PULL)))
    rounded = {name: _rounded(weights) for name, weights in sorted(labels.items())}
    return Learned(_rounded(complaint), {name: weights for name, weights in rounded.items() if weights})


def _rounded(weights: Weights) -> Weights:
    return {name: round(weight, 4) for name, weight in sorted(weights.items()) if abs(weight) >= 0.001}


@dataclass(frozen=True, slots=True)
class _Step:
    """One look at each lesson by the model as it is now, and what it moves."""

    model: Linear
    complaint: Weights
    labels: dict[str, Weights]
    common: frozenset[str]

    def take(self, lesson: Lesson, sure: float) -> bool:
        """Move what this lesson asks for; whether there was anything to be learned from it."""
        verdict = weigh(lesson.own, lesson.subject, self.model)
        match lesson.label:
            case "complaint":
                return self._complaint(lesson, verdict.score, sure)
            case "category":
                return self._category(lesson, verdict.category)
            case _:
                return self._severity(lesson, verdict.severity)

    def _complaint(self, lesson: Lesson, score: float, sure: float) -> bool:
        missing = (1.0 if lesson.value == "yes" else 0.0) - score
        if abs(missing) <= sure:
            return False
        for share, spoken in self._strongest(lesson):
            step = _STEP * share * missing * damping(len(spoken))
            for name, times in self._names(spoken).items():
                self.complaint[name] += step * times
        return True

    def _category(self, lesson: Lesson, said: str) -> bool:
        if said == lesson.value or lesson.value not in CATEGORIES:
            return False
        self._shift(lesson, self.labels[lesson.value], 1.0)
        self._shift(lesson, self.labels[said], -1.0)
        return True

    def _severity(self, lesson: Lesson, said: str) -> bool:
        """Every bar moved towards the grade meant: the grade is reached by their sum, of which each is a small part."""
        is_now, meant = SEVERITIES.index(said), SEVERITIES.index(lesson.value)
        for bar in SEVERITIES[1:] if is_now != meant else ():
            self._shift(lesson, self.labels[bar], _RISE if meant > is_now else -_RISE)
        return is_now != meant

    def _shift(self, lesson: Lesson, weights: Weights, way: float) -> None:
        for share, spoken in self._strongest(lesson):
            for word in {folded(word) for word in spoken} - self.common:
                weights[word] += _STEP * way * share * damping(len(spoken))

    def _strongest(self, lesson: Lesson) -> Iterator[tuple[float, list[str]]]:
        """The strongest sentences of a letter, and how much each is moved."""
        hearing = hear(self.model, lesson.own, lesson.subject)
        strongest = nlargest(len(_SENTENCES), [*hearing.subject, *hearing.told], key=attrgetter("logit"))
        yield from zip(_SENTENCES, [sentence.words for sentence in strongest], strict=False)

    def _names(self, spoken: Sequence[str]) -> Counter[str]:
        """The words and pairs of a sentence by the names their weights go by."""
        told = [folded(word) for word in spoken]
        pairs = (f"{one} {other}" for one, other in pairwise(told) if not {one, other} <= self.common)
        return Counter([*(word for word in told if word not in self.common), *pairs])
