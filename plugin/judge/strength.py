"""How strongly a letter speaks for a complaint: by its words as a whole, by its strongest sentences and by those
standing side by side.

It never speaks by how many sentences it has: a long letter is no complaint by its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from itertools import pairwise
from math import exp
from typing import NamedTuple

from plugin.judge.linear import Linear
from plugin.judge.reading import LONGEST, placed, sentences, words

FLOOR, CEILING = -1.5, 6.0
"""Between these a sentence's logit counts; beyond them it is as sure as it can be."""
_READ = 10_240  # characters that are weighed
_STRONGEST = 3
_PASSAGE = 40  # words
_MUTE = -1.0  # the logit of a strongest sentence that makes it idle to look for a passage


class Sentence(NamedTuple):
    """A sentence, or a piece of a long one: where it stands, its words, and its logit for a complaint."""

    start: int
    end: int
    words: list[str]
    logit: float


def heard(model: Linear, text: str) -> list[Sentence]:
    """The sentences of a text that hold words, in order, weighed; `start` and `end` count in it."""
    told = []
    for start, end in sentences(text[:_READ]):
        spoken = text[start:end].split()
        if len(spoken) > LONGEST:
            told += _pieces(model, text, start, end)
        elif spoken:
            told.append(Sentence(start, end, spoken, model.logit(spoken)))
    return told


def _pieces(model: Linear, text: str, start: int, end: int) -> list[Sentence]:
    spans = placed(text, start, end)
    cuts = [*range(0, len(spans), LONGEST), len(spans)]
    edges = [(spans[first][0], spans[last - 1][1]) for first, last in pairwise(cuts)]
    return [Sentence(head, tail, some, model.logit(some)) for head, tail in edges if (some := words(text, head, tail))]


def outright(model: Linear, own: str, subject: str) -> float:
    """The logit of a letter as a whole; nothing is looked at but which words there are, and which stand together."""
    spoken = f"{subject}\n{own[:_READ]}".lower().split()
    return max(-CEILING, min(CEILING, model.letter_logit(spoken))) if spoken else -CEILING


def strengths(model: Linear, told: Sequence[Sentence]) -> tuple[float, float, float]:
    """What sentences make of a letter: the strongest, the few strongest wherever they stand, the strongest passage."""
    if not told:
        return FLOOR, FLOOR, FLOOR
    strongest = nlargest(_STRONGEST, [sentence.logit for sentence in told])
    top = sum(map(_within, strongest)) / len(strongest)
    return _within(strongest[0]), top, _passage(told) if strongest[0] > _MUTE else top


def _passage(told: Sequence[Sentence]) -> float:
    """The mean logit, by length, of the strongest run of sentences; a run has some forty words, or is all there is."""
    lengths = [len(sentence.words) for sentence in told]
    loud = [_within(sentence.logit) * length for sentence, length in zip(told, lengths, strict=True)]
    first = words = 0
    weight = 0.0
    best = FLOOR
    for more, length in zip(loud, lengths, strict=True):
        weight, words = weight + more, words + length
        while words - lengths[first] >= _PASSAGE:
            weight, words, first = weight - loud[first], words - lengths[first], first + 1
        if words >= _PASSAGE:
            best = max(best, weight / words)
    return best if words >= _PASSAGE else weight / words


def _within(logit: float) -> float:
    return FLOOR if logit < FLOOR else min(logit, CEILING)


def likelihood(weights: Sequence[float], bias: float, parts: Sequence[float]) -> float:
    """The probability that goes with the weighed sum of some parts."""
    logit = bias + sum([part * weight for part, weight in zip(parts, weights, strict=True)])
    return 1.0 / (1.0 + exp(-min(30.0, max(-30.0, logit))))
