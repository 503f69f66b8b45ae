"""Words and phrases with weights, and where a text holds them.

Terminology
-----------
token      a word of a text, folded (no case, no accents), with its place; of Japanese, each sign is one.
phrase     tokens in a row; `word*` is any word that begins so, `..` up to three words of any kind, `a/b` either.
label      what a phrase speaks for: `complain`, `problem`, a category, `risk-legal`, `ask-refund`; see the word lists.
sign       a label that means nothing alone: `fault`, `lack`, `again`, `expected`, `challenge`, `harm`, `toward`.
hit        a phrase found in a text: one for each of its labels.

A word list is a text file: `[label=weight label=weight]` opens a section, then come phrases with commas between them,
`#` begins a remark. Text is read once: each token is looked up, and only a token that begins a phrase costs more.
Most sentences hold no phrase at all, so where the tokens stand is worked out only for one that does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import NamedTuple

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_STOP = re.compile(r"[.!?…;][\"')»”]?(?=\s)|[。！？]|\n")
_SHORT = 45  # a line shorter than this was ended on purpose, not by a mail program that wraps
_ABBREVIATIONS = frozenset(
    {"no", "nr", "mr", "mrs", "ms", "dr", "st", "bzw", "ca", "evtl", "inkl", "hr", "fr", "sr", "sra", "mme", "ref"}
)
_GAP = 3
_LONGEST_WORD = 40
_REMEMBERED = 8192
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe"})

_Keys = tuple[str, ...]  # what of the phrases a word may be: itself, and `word*` for how it begins
_Labels = tuple[tuple[str, float], ...]
_End = tuple[int, float]  # the index behind a phrase, and its weight


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence's place in `text`, and its words, folded."""

    text: str = field(repr=False)
    start: int
    end: int
    words: tuple[str, ...]

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where each word stands in the text."""
        return [found.span() for found in _TOKEN.finditer(self.text, self.start, self.end)]


class Hit(NamedTuple):
    """A phrase that stands in a text from `start` to `end`, and what it speaks for."""

    # A named tuple, not a dataclass: a letter makes hundreds of these, and much of the time went into making them.

    label: str
    weight: float
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    words: dict[str, _Node] = field(default_factory=dict)
    gap: _Node | None = None
    labels: _Labels = ()


def fold(word: str) -> str:
    """The word without case and accents."""
    return word.lower() if word.isascii() else _fold_accents(word)


@lru_cache(maxsize=_REMEMBERED)
def _fold_accents(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word[: _LONGEST_WORD + 1].casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_LETTERS)


def sentences(text: str) -> tuple[Sentence, ...]:
    """The text's sentences in order; a blank line or a short line ends one, as a full stop does."""
    return tuple(
        Sentence(text, first.start(), end, tuple(map(fold, _TOKEN.findall(text, first.start(), end))))
        for start, end in _pieces(text)
        if (first := _TOKEN.search(text, start, end))
    )


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = line = 0
    for stop in _STOP.finditer(text):
        at, end = stop.span()
        if text[at] == "\n":
            ends, line = _ends_line(text, line, at), end
        else:
            ends = text[at] != "." or not _is_abbreviated(text, at)
        if ends:
            yield start, end
            start = end
    yield start, len(text)


def _ends_line(text: str, line: int, at: int) -> bool:
    """Whether the line break at `at` ends a sentence: a short line, unless the next goes on in small letters."""
    return at - line < _SHORT and (text[at - 1 : at] in {",", ":"} or not text[at + 1 : at + 2].islower())


def _is_abbreviated(text: str, at: int) -> bool:
    before = text[max(0, at - 6) : at]
    word = before.split()[-1] if before.split() else ""
    day = word[-1:].isdigit() and not word[-3:].isdigit()  # "on the 3. of March", but not the end of a long number
    return day or word.lower() in _ABBREVIATIONS or len(word) == 1


class Lexicon:
    """The phrases of one language; read from `words/<language>.txt` of this package."""

    def __init__(self, language: str) -> None:
        self._root = _Node()
        self._exact: set[str] = set()
        self._prefixes: set[str] = set()
        source = files(__package__).joinpath("words", f"{language}.txt").read_text(encoding="utf-8")
        for labels, phrase in _entries(source):
            self._add(labels, phrase)
        self._keys = _KeysOf(self._exact, self._prefixes)

    def hits(self, sentence: Sentence) -> list[Hit]:
        """Every phrase in the sentence; a label is given once where several of its phrases begin at the same word."""
        known = self._keys
        keys = [known[word] for word in sentence.words]
        found = [(at, ends) for at, node in self._begun(keys) if (ends := _ends(node, keys, at + 1))]
        places = sentence.places if found else []
        return [
            Hit(label, weight, places[at][0], places[end - 1][1])
            for at, ends in found
            for label, (end, weight) in ends.items()
        ]

    def _begun(self, keys: list[_Keys]) -> Iterator[tuple[int, _Node]]:
        """Where phrases begin that are over with this word or may go on with the next: one look spares a search."""
        first = self._root.words
        for at, (some, following) in enumerate(zip(keys, [*keys[1:], ()], strict=True)):
            for key in some:
                node = first.get(key)
                if node and (node.labels or node.gap or not node.words.keys().isdisjoint(following)):
                    yield at, node

    def _add(self, labels: _Labels, phrase: str) -> None:
        node = self._root
        for key in _keys_in(phrase):
            if key == "..":
                node.gap = node.gap or _Node()
                node = node.gap
                continue
            (self._prefixes if key.endswith("*") else self._exact).add(key.removesuffix("*"))
            node = node.words.setdefault(key, _Node())
        node.labels = (*node.labels, *labels)


class _KeysOf(dict[str, _Keys]):
    """What each word may be, worked out when it is first met."""

    def __init__(self, exact: set[str], prefixes: set[str]) -> None:
        super().__init__()
        self._exact, self._prefixes = exact, prefixes
        self._lengths = tuple(sorted({len(prefix) for prefix in prefixes}, reverse=True))

    def __missing__(self, word: str) -> _Keys:
        if len(word) > _LONGEST_WORD:
            return ()
        begins = (word[:n] + "*" for n in self._lengths if n <= len(word) and word[:n] in self._prefixes)
        keys = ((word,) if word in self._exact else ()) + tuple(begins)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = keys
        return keys


def _ends(node: _Node, keys: list[_Keys], at: int) -> dict[str, _End]:
    """For each label, where the longest of its phrases ends that go on from here."""
    ends: dict[str, _End] = {}
    _follow(node, keys, at, ends)
    return ends


def _follow(node: _Node, keys: list[_Keys], at: int, ends: dict[str, _End]) -> None:
    for label, weight in node.labels:
        if label not in ends or ends[label] < (at, weight):
            ends[label] = (at, weight)
    if node.words and at < len(keys):
        _step(node, keys, at, ends)
    if node.gap:
        for skip in range(at, min(at + _GAP + 1, len(keys))):
            _step(node.gap, keys, skip, ends)


def _step(node: _Node, keys: list[_Keys], at: int, ends: dict[str, _End]) -> None:
    for key in keys[at]:
        if child := node.words.get(key):
            _follow(child, keys, at + 1, ends)


def _entries(source: str) -> Iterator[tuple[_Labels, str]]:
    labels: _Labels = ()
    for line in source.splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("["):
            parts = (part.partition("=") for part in text.strip("[]").split())
            labels = tuple((label, float(weight or 1)) for label, _, weight in parts)
            continue
        yield from ((labels, phrase) for entry in text.split(",") for phrase in _alternatives(entry) if phrase)


def _alternatives(entry: str) -> Iterator[str]:
    return map(" ".join, product(*(word.split("/") for word in entry.split())))


def _keys_in(phrase: str) -> Iterator[str]:
    """The trie keys of a phrase that holds no alternatives any more."""
    for word in phrase.split():
        if word == "..":
            yield word
            continue
        pieces = [fold(found.group()) for found in _TOKEN.finditer(word)]
        yield from pieces[:-1]
        yield pieces[-1] + ("*" if word.endswith("*") else "")
