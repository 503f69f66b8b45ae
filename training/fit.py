"""Fits linear models in arithmetic that is the same everywhere: sums in a fixed order, no transcendental functions.

The loss is (sqrt(1 + m*m) - m) / 2 for a margin m: smooth near the border, straight for what is clearly wrong, like the
logistic one, but made of operations IEEE 754 rounds in one way only. It is minimised by Nesterov's method with a step
of its own for each weight, from a bound of the curvature along it, so that nothing has to be searched for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity

from plugin.judge import notions
from plugin.judge.linear import KEPT, damping, easing, pairing, spelling
from plugin.judge.reading import LONGEST, parts, sentences, words

Floats = NDArray[np.float64]
ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Design:
    """Sentences as numbers: how often each word stands in each (damped), where its weights stand, and the pairs."""

    counts: csr_matrix  # sentences x words
    spelled: csr_matrix  # words x places
    pairs: csr_matrix | None  # sentences x places

    def values(self, weights: Floats) -> Floats:
        """What the weights (places, or places x labels) add up to in each sentence."""
        told: Floats = self.counts @ (self.spelled @ weights)
        return told if self.pairs is None else told + self.pairs @ weights

    def pull(self, blame: Floats) -> Floats:
        """The transposed product: what each place gets of the sentences' blame."""
        told: Floats = self.spelled.T @ (self.counts.T @ blame)
        return told if self.pairs is None else told + self.pairs.T @ blame

    def places(self) -> NDArray[np.int64]:
        """The places at which any weight is asked for, in order."""
        some = [self.spelled.indices] if self.pairs is None else [self.spelled.indices, self.pairs.indices]
        found: NDArray[np.int64] = np.unique(np.concatenate(some))
        return found

    def at(self, places: NDArray[np.int64]) -> Design:
        """The same with no places but these; at all others a weight stays 0, and need not be carried along."""
        return Design(self.counts, self.spelled[:, places], None if self.pairs is None else self.pairs[:, places])

    def part(self, chosen: Sequence[int] | NDArray[np.int64]) -> Design:
        """Only these sentences."""
        pairs = None if self.pairs is None else self.pairs[chosen]
        return Design(self.counts[chosen], self.spelled, pairs)


def design(texts: Sequence[str], bits: int, *, paired: bool = True) -> Design:
    """The sentences as numbers, by the very functions that read them at run time."""
    told = [words(text, 0, len(text)) for text in texts]
    some = [[parts(word) for word in one] for one in told]
    pairs = [list(neighbours(one)) for one in some] if paired else None
    return _design(some, pairs, [damping(len(one)) for one in told], bits)


def design_of_letters(texts: Sequence[str], bits: int) -> Design:
    """Whole letters as numbers, likewise: each different word once, and each different pair."""
    told = [text.lower().split() for text in texts]
    some = [[parts(word[:KEPT]) for word in dict.fromkeys(one)] for one in told]
    pairs = [[*chain.from_iterable(map(pairwise, one)), *_met(all_of)] for one, all_of in zip(some, told, strict=True)]
    return _design(some, pairs, [easing(len(one)) for one in some], bits)


def design_of_notions(texts: Sequence[str], languages: Sequence[str]) -> Design:
    """Whole letters as numbers by their notions, and by which stand together; the first line is the subject."""
    told = [notions.together(_spoken(text), language) for text, language in zip(texts, languages, strict=True)]
    many = notions.places()
    counts = _matrix(told, _repeated([easing(len(one)) for one in told], told), many)
    return Design(counts, csr_matrix(identity(many)), None)


def _spoken(text: str) -> Iterator[list[str]]:
    """The words of each sentence, in pieces as they are heard."""
    for part in text.partition("\n")[::2]:
        for start, end in sentences(part):
            some = words(part, start, end)
            yield from (some[at : at + LONGEST] for at in range(0, len(some), LONGEST))


def _met(told: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where two words meet: the last part of the one, and the first of the other; each two words once."""
    for one, two in dict.fromkeys(pairwise(told)):
        before, after = parts(one[-KEPT:]), parts(two[:KEPT])
        if before and after:
            yield before[-1], after[0]


def _design(
    some: Sequence[Sequence[Sequence[str]]],
    met: Sequence[Sequence[tuple[str, str]]] | None,
    factors: Sequence[float],
    bits: int,
) -> Design:
    """From the parts of each word of each text, and the pairs in it."""
    vocabulary: dict[str, int] = {}
    counts = [[vocabulary.setdefault(part, len(vocabulary)) for word in one for part in word] for one in some]
    spelled = [spelling(part, bits) for part in vocabulary]
    shares = [[1.0, *[share] * (len(places) - 1)] for places, share in spelled]
    pairs = None
    if met is not None:
        places_met = [[pairing(*pair, bits) for pair in one] for one in met]
        pairs = _matrix(places_met, _repeated(factors, places_met), 1 << bits)
    return Design(
        _matrix(counts, _repeated(factors, counts), len(vocabulary)),
        _matrix([places for places, _ in spelled], shares, 1 << bits),
        pairs,
    )


def _repeated(factors: Sequence[float], rows: Sequence[Sequence[int]]) -> list[list[float]]:
    return [[factor] * len(row) for factor, row in zip(factors, rows, strict=True)]


def neighbours(told: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """The pairs of parts within each word, and those where two words meet."""
    for word in told:
        yield from pairwise(word)
    yield from ((one[-1], two[0]) for one, two in pairwise(told) if one and two)


def _matrix(rows: Sequence[Sequence[int]], values: Sequence[Sequence[float]], width: int) -> csr_matrix:
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([place for row in rows for place in row], dtype=np.int32)
    data = np.array([value for row in values for value in row], dtype=np.float64)
    matrix = csr_matrix((data, columns, starts), shape=(len(rows), width))
    matrix.sum_duplicates()
    return matrix


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights by place (and label), and the bias of each label."""

    weights: Floats
    bias: Floats

    def values(self, given: Design) -> Floats:
        """The logits of the sentences."""
        return given.values(self.weights) + self.bias


def fit(given: Design, labels: Floats, belief: Floats, ridge: float, rounds: int = ROUNDS) -> Fitted:
    """The weights for labels of 1 and -1 (sentences x labels); `belief` weighs sentences (or each label of each)."""
    whole, used = given.spelled.shape[1], given.places()
    given = given.at(used)
    total = belief.sum(axis=0).max()
    belief = belief / total
    columns = labels.shape[1]
    size = given.spelled.shape[1]
    curve = 0.5 * _curvature(given, belief.max(axis=1)) + ridge
    step = (1.0 / curve)[:, None]
    weights = momentum = np.zeros((size, columns))
    bias = bias_momentum = np.zeros(columns)
    bias_step = 1.0 / (0.5 * _bias_curvature(given, belief.max(axis=1)))
    for number in range(rounds):
        margin = (given.values(momentum) + bias_momentum) * labels
        blame = -0.5 * (1.0 - margin / np.sqrt(1.0 + margin * margin)) * labels * belief
        after = momentum - step * (given.pull(blame) + ridge * momentum)
        bias_after = bias_momentum - bias_step * blame.sum(axis=0)
        pace = number / (number + 3.0)
        momentum = after + pace * (after - weights)
        bias_momentum = bias_after + pace * (bias_after - bias)
        weights, bias = after, bias_after
    everywhere = np.zeros((whole, columns))
    everywhere[used] = weights
    return Fitted(everywhere, bias)


def _curvature(given: Design, belief: Floats) -> Floats:
    """For each place the most the loss can bend along it: a diagonal that no matrix of the loss exceeds."""
    ones = np.ones(given.spelled.shape[1])
    length = given.values(ones) + 1.0
    bound: Floats = given.pull(belief * length)
    return bound + 1e-9


def _bias_curvature(given: Design, belief: Floats) -> float:
    length = given.values(np.ones(given.spelled.shape[1])) + 1.0
    return float((belief * length).sum())


def quantised(weights: Floats, most: int, *, spread: float = 0.0) -> tuple[NDArray[np.int64], Floats]:
    """Each column as whole numbers up to `most`, and the scale that makes them weights again.

    With a `spread` the few weights beyond so many times the root mean square are cut off there.
    """
    peaks = np.maximum(np.abs(weights).max(axis=0), 1e-12)
    if spread:
        peaks = np.minimum(peaks, np.maximum(spread * np.sqrt((weights * weights).mean(axis=0)), 1e-12))
    scale = peaks / most
    return np.clip(np.rint(weights / scale), -most, most).astype(np.int64), scale
