"""Which words of a letter caused its labels: phrases, not sentences, those of the strongest sentence first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nlargest
from itertools import accumulate
from math import inf

from plugin.judge.linear import Linear
from plugin.judge.reading import placed
from plugin.judge.signs import Sign
from plugin.judge.strength import Sentence
from plugin.model import Evidence

_SHOWN = 3  # sentences, and spans of a label
_SPEAKING = 0.0  # the logit from which a sentence speaks for a complaint
_PHRASE = 9  # words of a phrase
_FEWEST = 2
_GRAVE = {"high": ("grave", "risk-"), "critical": ("grave", "risk-safety"), "low": ("minor",)}
_MARKS = " \n\r\t.,;:!?…\"'“”„«»()[]-–—*"
_SAID = ("risk-", "ask-", "heated", "chaser")


def evidence(
    model: Linear, text: str, told: Sequence[Sentence], found: Sequence[Sign], *, category: str, severity: str
) -> Iterator[Evidence]:
    """The spans behind each label of a letter that may be a complaint; `text[start:end]` is what they show."""
    strongest = nlargest(_SHOWN, told, key=_telling)
    speaking = [sentence for sentence in strongest if sentence.logit > _SPEAKING] or strongest[:1]
    yield from (_span(text, "complaint", *_phrase(model, text, sentence)) for sentence in speaking)
    named = [sign for sign in found if sign.label == f"fault-{category}"]
    yield from (_span(text, f"category-{category}", sign.start, sign.end) for sign in named[:_SHOWN])
    for sentence in speaking if not named else ():
        yield from _category(model, text, sentence, category)
    grave = [sign for sign in found if sign.label.startswith(_GRAVE.get(severity, ()))]
    yield from (_span(text, f"severity-{severity}", sign.start, sign.end) for sign in grave[:_SHOWN])
    yield from _signs(text, found)


def _telling(sentence: Sentence) -> tuple[bool, float]:
    """How well a sentence tells what went wrong; two words tell it only where nothing else does."""
    return len(sentence.words) > _FEWEST and sentence.logit > _SPEAKING, sentence.logit


def _span(text: str, label: str, start: int, end: int) -> Evidence:
    """The words without the marks in front of and behind them, unless there is nothing else."""
    whole = text[start:end]
    shown = whole.strip(_MARKS) or whole
    start += whole.index(shown)
    return Evidence(label, shown, start, start + len(shown))


def _phrase(model: Linear, text: str, sentence: Sentence) -> tuple[int, int]:
    """Where the run of words stands that weighs most in a sentence."""
    first, last = _run(model.shares(sentence.words))
    spans = placed(text, sentence.start, sentence.end)
    return spans[first][0], spans[last][1]


def clause(model: Linear, text: str, sentence: Sentence, column: int) -> tuple[int, int]:
    """Where the words stand that speak most for a label, which is a column of the model's table."""
    first, last = _run([model.says(word)[column] for word in sentence.words])
    spans = placed(text, sentence.start, sentence.end)
    return spans[first][0], spans[last][1]


def _run(shares: Sequence[float]) -> tuple[int, int]:
    """The first and the last word of the run that weighs most of those that are short enough."""
    best, run = -inf, (0, 0)
    for first in range(len(shares)):
        sums = list(accumulate(shares[first : first + _PHRASE]))
        most = max(sums)
        if most > best:
            best, run = most, (first, first + sums.index(most))
    return run


def _category(model: Linear, text: str, sentence: Sentence, category: str) -> Iterator[Evidence]:
    """The word of a sentence that speaks most for its category, if any does."""
    column = model.names.index(category)
    says = [model.says(word)[column] for word in sentence.words]
    best = max(range(len(says)), key=says.__getitem__)
    if says[best] > 0:
        start, end = placed(text, sentence.start, sentence.end)[best]
        yield _span(text, f"category-{category}", start, end)


def _signs(text: str, found: Sequence[Sign]) -> Iterator[Evidence]:
    shown: dict[str, int] = {}
    for sign in found:
        if sign.label.startswith(_SAID) and shown.setdefault(sign.label, 0) < _SHOWN:
            shown[sign.label] += 1
            yield _span(text, sign.label, sign.start, sign.end)
