"""The fast model: what each word of a sentence, or of a letter, and each pair of neighbours says for a label.

A word counts as itself and by the runs of characters in it, so that an unseen form of a known word is known as well;
all of them are hashed into one row of small integers. What a word weighs never depends on its sentence, so it is
worked out once and remembered.
"""

from __future__ import annotations

import json
import re
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise, repeat
from math import sqrt
from operator import add
from typing import Any, TypeVar
from zlib import crc32

from plugin.judge.reading import folded, parts

GRAMS = (3, 4, 5)
"""Lengths of the runs of characters a word counts by."""
_SHARE = 0.8  # how much the runs of a word weigh together beside the word itself
_SPELT = 28  # characters of a word that are looked at
KEPT = 48
"""Characters of a word that are worth remembering."""
_REMEMBERED = 1 << 14
_TOLD = 1 << 12  # words of which is remembered what they say for each label
_SMOOTH = 2
_HOPELESS = -1.5  # a logit that no pairs would lift to where it matters
_LOST = -4.0  # … and that of a letter

_NUMBER = re.compile(r"(?<!\w)\d+(?!\w)", re.ASCII)
_Key = TypeVar("_Key")
_Weight = TypeVar("_Weight")


@lru_cache(maxsize=1 << 7)
def damping(count: int) -> float:
    """What the sum over a sentence of so many words is multiplied with, so that length says nothing."""
    return 1.0 / sqrt(count + _SMOOTH)


@lru_cache(maxsize=1 << 10)
def easing(count: int) -> float:
    """The same of a letter of so many different words, n ** -0.375: the more of them speak, the more it says."""
    root = sqrt(sqrt(count + _SMOOTH))
    return 1.0 / (root * sqrt(root))


def spelling(part: str, bits: int) -> tuple[list[int], float]:
    """The places the weights of a word's part stand at, the part first and then its runs, and the share of each run."""
    mask = (1 << bits) - 1
    grams = _grams(part)
    own = crc32(part.encode("utf-8", "replace")) & mask
    return [own, *[crc32(gram) & mask for gram in grams]], _SHARE / sqrt(len(grams) or 1)


def pairing(first: str, second: str, bits: int) -> int:
    """The place the weight of two neighbouring parts stands at."""
    return crc32(f"{first} {second}".encode("utf-8", "replace")) & ((1 << bits) - 1)


def _grams(word: str) -> list[bytes]:
    """The runs of characters in a word, its ends marked; none in one that is shorter than the shortest run."""
    if len(word) < GRAMS[0]:
        return []
    marked = f"<{word[:_SPELT]}>"
    runs = [marked[at : at + size] for size in GRAMS for at in range(len(marked) - size + 1)]
    return [b"." + run.encode("utf-8", "replace") for run in runs]


class _Memory(dict[_Key, _Weight]):
    """What was weighed before, and weighed now where it is asked for first; emptied when it is full.

    `plain` gives the key that weighs the same and is met more often, or None where one is not worth remembering.
    """

    def __init__(
        self, weigh: Callable[[_Key], _Weight], plain: Callable[[_Key], _Key | None], most: int = _REMEMBERED
    ) -> None:
        self._weigh, self._plain, self._most = weigh, plain, most

    def __missing__(self, key: _Key) -> _Weight:
        plain = self._plain(key)
        if plain is None:
            return self._weigh(key)
        if plain != key:
            return self[plain]
        if len(self) >= self._most:
            self.clear()
        self[key] = weight = self._weigh(key)
        return weight


def _plain_word(word: str) -> str | None:
    """The word with one number for all of them, as `parts` takes them; nothing of one too long to come again."""
    if len(word) > KEPT:
        return None
    return _NUMBER.sub("0", word) if word.isascii() else word


def _plain_pair(pair: tuple[str, str]) -> tuple[str, str] | None:
    first, second = map(_plain_word, pair)
    return None if first is None or second is None else (first, second)


@dataclass(frozen=True, slots=True)
class _Row:
    """The hashed weights for a complaint."""

    values: Sequence[int]
    scale: float
    bits: int

    def of_word(self, word: str) -> float:
        """What a word weighs: its parts, and the pairs they make."""
        some = parts(word[:KEPT])
        return sum(map(self.of_part, some)) + sum(map(self.of_pair, pairwise(some)))

    def of_neighbours(self, pair: tuple[str, str]) -> float:
        """What two words weigh together: the last part of the one with the first of the other."""
        before, after = parts(pair[0][-KEPT:]), parts(pair[1][:KEPT])
        return self.of_pair((before[-1], after[0])) if before and after else 0.0

    def of_part(self, part: str) -> float:
        (own, *grams), share = spelling(part, self.bits)
        values = self.values
        return (values[own] + share * sum([values[place] for place in grams])) * self.scale

    def of_pair(self, pair: tuple[str, str]) -> float:
        return self.values[pairing(*pair, self.bits)] * self.scale


@dataclass(frozen=True, slots=True)
class _Table:
    """The hashed weights for the labels, a few columns a place."""

    values: Sequence[int]
    scales: Sequence[float]
    bits: int

    def of_part(self, part: str) -> list[float]:
        (own, *grams), share = spelling(part, self.bits)
        width = len(self.scales)
        rows = [self.values[place * width : (place + 1) * width] for place in (own, *grams)]
        runs = map(sum, zip(*rows[1:], strict=True)) if grams else repeat(0)
        return [(one + share * more) * scale for one, more, scale in zip(rows[0], runs, self.scales, strict=False)]


class Linear:
    """The weights as shipped, and what was added; threads may share one, what it remembers only saves time."""

    def __init__(
        self,
        facts: Mapping[str, Any],
        complaint: Sequence[int],
        labels: Sequence[int],
        whole: Sequence[int],
        notions: Sequence[int],
    ) -> None:
        row, table, letters, meant = facts["complaint"], facts["labels"], facts["whole"], facts["notions"]
        self.bias: float = row["bias"]
        self.names: tuple[str, ...] = tuple(table["names"])
        self.biases: list[float] = table["biases"]
        self.letter: dict[str, list[float]] = facts["letter"]
        self.severity: dict[str, list[float]] = facts["severity"]
        self.wishes: dict[str, Any] = facts["wishes"]
        self.category: dict[str, list[float]] = facts["category"]
        weights = _Row(complaint, row["scale"], row["bits"])
        self.words = _Memory(weights.of_word, _plain_word)
        self.pairs = _Memory(weights.of_neighbours, _plain_pair)
        of_letters = _Row(whole, letters["scale"], letters["bits"])
        self._letter_bias: float = letters["bias"]
        self._letter_words = _Memory(of_letters.of_word, _plain_word)
        self._letter_pairs = _Memory(of_letters.of_neighbours, _plain_pair)
        self._notions = notions
        self._notion_scale: float = meant["scale"]
        self._notion_bias: float = meant["bias"]
        self._table = _Table(labels, table["scales"], table["bits"])
        self._says = _Memory(self._of_word, _plain_word, _TOLD)

    def taught(self, learned: Mapping[str, float], labels: Mapping[str, Mapping[str, float]]) -> Linear:
        """These weights with others added: by folded word, or two with a blank, and by label and folded word."""
        added = [(self.names.index(name), words) for name, words in labels.items()]

        def of_word(word: str) -> float:
            return learned.get(folded(word[:KEPT]), 0.0)

        def of_pair(pair: tuple[str, str]) -> float:
            return learned.get(f"{folded(pair[0][-KEPT:])} {folded(pair[1][:KEPT])}", 0.0)

        def says(word: str) -> tuple[float, ...]:
            sums = list(self._says[word])
            for column, words in added:
                sums[column] += words.get(folded(word[:KEPT]), 0.0)
            return tuple(sums)

        model = copy(self)
        model.words = _Memory(lambda word: self.words[word] + of_word(word), _plain_word)
        model.pairs = _Memory(lambda pair: self.pairs[pair] + of_pair(pair), _plain_pair)
        model._letter_words = _Memory(lambda word: self._letter_words[word] + of_word(word), _plain_word)
        model._letter_pairs = _Memory(lambda pair: self._letter_pairs[pair] + of_pair(pair), _plain_pair)
        model._says = _Memory(says, _plain_word, _TOLD)
        return model

    def logit(self, words: Sequence[str]) -> float:
        """How strongly a sentence speaks for a complaint; above 0 it is more likely one than not."""
        factor, bias = damping(len(words)), self.bias
        told = sum(map(self.words.__getitem__, words))
        if bias + told * factor > _HOPELESS:
            told += sum(map(self.pairs.__getitem__, pairwise(words)))
        return bias + told * factor

    def letter_logit(self, words: Sequence[str]) -> float:
        """How strongly a letter as a whole, by its different words in small letters, speaks for a complaint."""
        different = dict.fromkeys(words)
        factor, bias = easing(len(different)), self._letter_bias
        told = sum(map(self._letter_words.__getitem__, different))
        if bias + told * factor > _LOST:
            told += sum(map(self._letter_pairs.__getitem__, dict.fromkeys(pairwise(words))))
        return bias + told * factor

    def notion_logit(self, places: Sequence[int]) -> float:
        """How strongly the notions of a letter, by where their weights stand, speak for a complaint."""
        told = sum(map(self._notions.__getitem__, places))
        return self._notion_bias + told * self._notion_scale * easing(len(places))

    def shares(self, words: Sequence[str]) -> list[float]:
        """What each word adds to that, half of each pair it stands in included."""
        pairs = [0.0, *map(self.pairs.__getitem__, pairwise(words)), 0.0]
        return [self.words[word] + sum(both) / 2 for word, both in zip(words, pairwise(pairs), strict=True)]

    def says(self, word: str) -> tuple[float, ...]:
        """What one word says for each of `names`; to be summed over a sentence, damped, and added to `biases`."""
        return self._says[word]

    def _of_word(self, word: str) -> tuple[float, ...]:
        sums = [0.0] * len(self.names)
        for part in parts(word[:KEPT]):
            sums = list(map(add, sums, self._table.of_part(part)))
        return tuple(sums)


@lru_cache(maxsize=1)
def shipped() -> Linear:
    """The model that comes with the package, read once."""
    folder = resources.files("plugin.judge") / "model"
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    rows = _row(folder / "complaint.i16", "h"), _row(folder / "labels.i8", "b"), _row(folder / "letter.i8", "b")
    meant = _row(folder / "notions.i8", "b")
    return Linear(facts, *rows, meant)


def _row(path: Traversable, kind: str) -> array[int]:
    """Integers as they stand in a file, the low byte first."""
    row = array(kind)
    row.frombytes(path.read_bytes())
    if sys.byteorder == "big":
        row.byteswap()
    return row
