"""Words and phrases with weights, and where a text holds them.

Terminology
-----------
token      a word of a text, folded (no case, no accents), with its place; of Japanese, each sign is one.
phrase     tokens in a row; `word*` is any word that begins so, `..` up to three words of any kind, `a/b` either.
label      what a phrase speaks for: `complain`, `problem`, a category, `risk-legal`, `ask-refund`; see the word lists.
hit        a phrase found in a text: one for each of its labels.

A word list is a text file: `[label=weight label=weight]` opens a section, then come phrases with commas between them,
`#` begins a remark. Text is read once: each token is looked up, and only a token that begins a phrase costs more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import product

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

Token = tuple[str, int, int]
_Labels = tuple[tuple[str, float], ...]
_End = tuple[int, _Labels]  # the index behind a phrase, and its labels; (0, ()) for none


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence's place in its text, and its tokens."""

    start: int
    end: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that stands in a text from `start` to `end`, and what it speaks for."""

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
    return tuple(found for start, end in _pieces(text) if (found := _sentence(text, start, end)).tokens)


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


def _sentence(text: str, start: int, end: int) -> Sentence:
    tokens = tuple((fold(found.group()), *found.span()) for found in _TOKEN.finditer(text, start, end))
    return Sentence(tokens[0][1] if tokens else start, end, tokens)


class Lexicon:
    """The phrases of one language; read from `words/<language>.txt` of this package."""

    def __init__(self, language: str) -> None:
        self._root = _Node()
        self._exact: set[str] = set()
        self._prefixes: set[str] = set()
        self._keys: dict[str, tuple[str, ...]] = {}
        source = files(__package__).joinpath("words", f"{language}.txt").read_text(encoding="utf-8")
        for labels, phrase in _entries(source):
            self._add(labels, phrase)
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}, reverse=True))

    def hits(self, sentence: Sentence) -> list[Hit]:
        """Every phrase in the sentence; where several begin at the same word, the longest."""
        tokens, first, known = sentence.tokens, self._root.words, self._keys
        found: list[Hit] = []
        for at, (word, start, _) in enumerate(tokens):
            # Most words are in no phrase at all: their look-up stays in this line, without a call.
            for key in known[word] if word in known else self._look_up(word):
                if node := first.get(key):
                    end, labels = self._longest(node, tokens, at + 1)
                    found += [Hit(label, weight, start, tokens[end - 1][2]) for label, weight in labels]
        return found

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

    def _keys_of(self, word: str) -> tuple[str, ...]:
        known = self._keys.get(word)
        return known if known is not None else self._look_up(word)

    def _look_up(self, word: str) -> tuple[str, ...]:
        if len(word) > _LONGEST_WORD:
            return ()
        begins = (word[:n] + "*" for n in self._lengths if n <= len(word) and word[:n] in self._prefixes)
        keys = ((word,) if word in self._exact else ()) + tuple(begins)
        if len(self._keys) >= _REMEMBERED:
            self._keys.clear()
        self._keys[word] = keys
        return keys

    def _longest(self, node: _Node, tokens: tuple[Token, ...], at: int) -> _End:
        best: _End = (at, node.labels) if node.labels else (0, ())
        if at < len(tokens) and node.words:
            best = _further(best, self._step(node, tokens, at))
        if node.gap:
            for skip in range(at, min(at + _GAP + 1, len(tokens))):
                best = _further(best, self._step(node.gap, tokens, skip))
        return best

    def _step(self, node: _Node, tokens: tuple[Token, ...], at: int) -> _End:
        best: _End = (0, ())
        for key in self._keys_of(tokens[at][0]):
            if child := node.words.get(key):
                best = _further(best, self._longest(child, tokens, at + 1))
        return best


def _further(one: _End, other: _End) -> _End:
    return other if other[0] > one[0] else one


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
