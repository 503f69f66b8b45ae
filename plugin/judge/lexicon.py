"""Words and phrases with weights, and where a text holds them.

Terminology
-----------
token      a word of a text, folded (no case, no accents), with its place; of Japanese, each sign is one.
phrase     tokens in a row; `word*` is any word that begins so, `..` up to three words of any kind, `a/b` either.
label      what a phrase speaks for: `complain`, `problem`, a category, `risk-legal`, `ask-refund`; see the word lists.
sign       a label that means nothing alone: `fault`, `lack`, `again`, `expected`, `challenge`, `harm`, `toward`.
hit        a phrase found in a text: one for each of its labels.

A word list is a text file: `[label=weight label=weight]` opens a section, then come phrases with commas between them,
`#` begins a remark. Text is read once: each token is looked up as it stands, so that the same word is folded once and
not a thousand times, and only a token that begins a phrase costs more. Most sentences hold no phrase at all, so where
the tokens stand is worked out only for one that does.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from importlib.resources import files
from itertools import chain, islice, product
from operator import and_, or_
from typing import NamedTuple, TypeVar

_TOKEN = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff]+|[\u3040-\u30ff\u3400-\u9fff]")
END = "\u3040"  # stands for the end of a sentence among its words: a code point no text uses, and a token of its own
_SHORT = 45  # a line shorter than this was ended on purpose, not by a mail program that wraps
_STOP = re.compile(  # one set of signs in front of all else: the search then leaps from one of them to the next
    rf"[.!?…;。！？\n](?:(?<=\n)(?<![^\n]{{{_SHORT}}}\n)|(?<=[。！？])|(?<=[.!?…;])[\"')»”]?(?=\s))"
)
_ABBREVIATIONS = frozenset(
    {"no", "nr", "mr", "mrs", "ms", "dr", "st", "bzw", "ca", "evtl", "inkl", "hr", "fr", "sr", "sra", "mme", "ref"}
)
_LONG = 5  # letters of a word that is no abbreviation
_GAP = 3
_LONGEST_WORD = 40
_REMEMBERED = 16_384
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe"})

Known = TypeVar("Known")
_Keys = tuple[str, ...]  # what of the phrases a word may be: itself, and `word*` for how it begins
_Labels = tuple[tuple[str, float], ...]
_End = tuple[int, float]  # the index behind a phrase, and its weight


@dataclass(frozen=True, slots=True)
class Words:
    """A text (any `END` in it is a blank) cut into words as they stand there, with `END` behind each sentence.

    Sentence `n` stands at `spans[n]`, and its words at `words[ends[n - 1] + 1 : ends[n]]`; it may have none.
    """

    text: str
    words: list[str]
    spans: list[tuple[int, int]]
    ends: list[int]


class Hit(NamedTuple):
    """A phrase that stands in a text from `start` to `end`, in its sentence `sentence`, and what it speaks for."""

    # A named tuple, not a dataclass: a letter makes hundreds of these, and much of the time went into making them.

    label: str
    weight: float
    start: int
    end: int
    sentence: int


class Memory(dict[str, Known]):
    """What is known of each word, worked out when it is first met; of the last few thousand words only."""

    def __init__(self, find: Callable[[str], Known]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> Known:
        known = self._find(word)
        if len(word) <= _LONGEST_WORD:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[word] = known
        return known


@dataclass(slots=True)
class _Node:
    words: dict[str, _Node] = field(default_factory=dict)
    gap: _Node | None = None
    labels: _Labels = ()


def fold(word: str) -> str:
    """The word without case and accents."""
    return word.lower() if word.isascii() else _fold_accents(word)


def _fold_accents(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word[: _LONGEST_WORD + 1].casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_LETTERS)


def cut(text: str, around: Iterable[int] = ()) -> Words:
    """The text in words and sentences, or only the sentences around these places.

    A blank line or a short line ends a sentence, as a full stop does.
    """
    plain = text.replace(END, " ")
    spans = list(_pieces(plain))
    places = sorted(around)
    if places:
        spans = [span for span in spans if bisect_left(places, span[0]) < bisect_left(places, span[1])]
    words = _TOKEN.findall(END.join([plain[start:end] for start, end in spans]) + END)
    ends, at = [], -1
    for _ in spans:
        at = words.index(END, at + 1)
        ends.append(at)
    return Words(plain, words, spans, ends)


def first_words(text: str, length: int) -> list[str]:
    """The words in the first `length` characters of a text."""
    return _TOKEN.findall(text, 0, length)


def first_word(text: str, start: int, end: int) -> int:
    """Where the first word between `start` and `end` begins, or `end`."""
    found = _TOKEN.search(text, start, end)
    return found.start() if found else end


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for stop in _STOP.finditer(text):
        at, end = stop.span()
        sign = text[at]
        if not (sign == "." and _is_abbreviated(text, at)) and not (sign == "\n" and _goes_on(text, at)):
            yield start, end
            start = end
    yield start, len(text)


def _goes_on(text: str, at: int) -> bool:
    """Whether a sentence goes on behind the short line that is over at `at`: in small letters, unless after a comma."""
    return text[at + 1 : at + 2].islower() and text[at - 1 : at] not in {",", ":"}


def _is_abbreviated(text: str, at: int) -> bool:
    if text[max(0, at - _LONG) : at].isalpha() and at >= _LONG:
        return False
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
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}, reverse=True))
        self._keys = Memory(self._keys_of)
        self._index()

    def _index(self) -> None:
        """Number the words phrases begin with, one bit each: whether two words begin a phrase is then one look."""
        self._bits = {key: 1 << number for number, key in enumerate(self._root.words)}
        self._seconds: dict[str, int] = {}
        self._always = 0
        for key, node in self._root.words.items():
            if node.labels or node.gap:
                self._always |= self._bits[key]
            for second in node.words:
                self._seconds[second] = self._seconds.get(second, 0) | self._bits[key]
        self._nodes = Memory(self._nodes_of)
        self._first = Memory(self._first_of)
        self._second = Memory(self._second_of)

    def hits(self, cut: Words) -> Iterator[Hit]:
        """Every phrase in the text; a label is given once where several of its phrases begin at the same word."""
        words, places = cut.words, _Places(cut)
        following = map(self._second.__getitem__, islice(words, 1, None))
        begun = map(and_, map(self._first.__getitem__, words), following)
        for at, nodes in [(at, self._nodes[words[at]]) for at, bits in enumerate(begun) if bits]:
            for node in nodes:
                ends: dict[str, _End] = {}
                self._follow(node, words, at + 1, ends)
                if ends:
                    first, spans, sentence = places.around(at)
                    start = spans[at - first][0]
                    for label, (end, weight) in ends.items():
                        yield Hit(label, weight, start, spans[end - 1 - first][1], sentence)

    def _follow(self, node: _Node, words: list[str], at: int, ends: dict[str, _End]) -> None:
        """Into `ends`: for each label, where the longest of its phrases ends that go on from here."""
        for label, weight in node.labels:
            if label not in ends or ends[label] < (at, weight):
                ends[label] = (at, weight)
        if node.words:
            for key in self._keys[words[at]]:
                if child := node.words.get(key):
                    self._follow(child, words, at + 1, ends)
        if node.gap:
            for skip in range(at, at + _GAP + 1):
                for key in self._keys[words[skip]]:
                    if child := node.gap.words.get(key):
                        self._follow(child, words, skip + 1, ends)
                if words[skip] == END:
                    return

    def _keys_of(self, word: str) -> _Keys:
        folded = fold(word)
        if len(folded) > _LONGEST_WORD:
            return ()
        begins = (folded[:n] + "*" for n in self._lengths if n <= len(folded) and folded[:n] in self._prefixes)
        return ((folded,) if folded in self._exact else ()) + tuple(begins)

    def _nodes_of(self, word: str) -> list[_Node]:
        return [self._root.words[key] for key in self._keys[word] if key in self._bits]

    def _first_of(self, word: str) -> int:
        return reduce(or_, (self._bits.get(key, 0) for key in self._keys[word]), 0)

    def _second_of(self, word: str) -> int:
        return reduce(or_, (self._seconds.get(key, 0) for key in self._keys[word]), self._always)

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


class _Places:
    """Where words stand in a text, asked from its beginning to its end."""

    def __init__(self, cut: Words) -> None:
        self._cut, self._end = cut, -1
        self._last: tuple[int, list[tuple[int, int]], int] = (0, [], -1)

    def around(self, at: int) -> tuple[int, list[tuple[int, int]], int]:
        """Of the sentence with the word at this index: the index of its first word, its words' spans, its own index."""
        if at > self._end:
            ends = self._cut.ends
            number = bisect_left(ends, at)
            self._end = ends[number]
            spans = [word.span() for word in _TOKEN.finditer(self._cut.text, *self._cut.spans[number])]
            self._last = (ends[number - 1] + 1 if number else 0), spans, number
        return self._last


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
    return chain.from_iterable(map(_keys_of_word, phrase.split()))


@lru_cache(maxsize=_REMEMBERED)
def _keys_of_word(word: str) -> _Keys:
    if word == "..":
        return (word,)
    pieces = [fold(piece) for piece in _TOKEN.findall(word)]
    return (*pieces[:-1], pieces[-1] + ("*" if word.endswith("*") else ""))
