"""What words mean whatever language they are in: some hundred notions ("arrive", "not", "broken"), and which of them
stand together in a sentence.

What a letter in one language tells of these holds in every other one, so that few letters in each are enough; a fault
that happened to somebody and one they caused differ by little else. The words are in notions.txt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from plugin.judge.reading import parts

_MARKS = {"?": 0, "!": 1, "0": 2}
"""The parts of words that are notions of their own in every language: the marks, and a number."""
_FAR, _NEAR = 6, 2  # words between two notions that stand together, and that stand close together
_NEXT = 8  # notions behind one that are looked at
_SHORTEST = 2  # characters of the beginning of a word
_COMPOUNDING = {"de", "nl"}
_COMPOUND, _HEAD, _TAIL = 10, 3, 5  # characters of a compound at least, of its first word, and of its last
_REMEMBERED = 1 << 14
_SPELT = 48  # characters of a word that are looked at


@dataclass(frozen=True, slots=True)
class _Words:
    """The notions of one language's words, by the whole word and by how it begins."""

    whole: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    begins: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def of(self, part: str, *, compounding: bool) -> tuple[int, ...]:
        """The notions of one part of a word; of a compound nothing else is known of, those of the words it ends in."""
        found = [*self.whole.get(part, ()), *self._beginning(part, _SHORTEST)]
        if not found and compounding and len(part) >= _COMPOUND:
            tails = (part[start:] for start in range(_HEAD, len(part) - _TAIL + 1))
            found = [notion for tail in tails for notion in self._beginning(tail, _TAIL)]
        return tuple(dict.fromkeys(found))

    def _beginning(self, part: str, shortest: int) -> list[int]:
        begins = self.begins
        ends = [part[:end] for end in range(shortest, len(part) + 1)]
        return [notion for head in ends if head in begins for notion in begins[head]]


@lru_cache(maxsize=1)
def _read() -> tuple[int, dict[str, _Words]]:
    """How many notions there are, the marks included, and the words of each language."""
    text = (resources.files("plugin.judge") / "notions.txt").read_text(encoding="utf-8")
    lines = [line.split(" | ") for line in text.splitlines() if not line.startswith("#")]
    told: dict[str, _Words] = defaultdict(_Words)
    for number, (_, *cells) in enumerate(lines, len(_MARKS)):
        for cell in cells:
            language, _, some = cell.partition(": ")
            for word in some.split():
                words = told[language]
                (words.begins if word.endswith("*") else words.whole)[word.rstrip("*")].append(number)
    return len(_MARKS) + len(lines), dict(told)


def places() -> int:
    """How many weights there are: for each notion, for each two of them in their order, and for each two close by."""
    many, _ = _read()
    return many + 2 * many * many


@lru_cache(maxsize=_REMEMBERED)
def _notions(word: str, language: str) -> tuple[int, ...]:
    words = _read()[1][language]
    found: list[int] = []
    for part in parts(word[:_SPELT]):
        mark = _MARKS.get(part)
        found += words.of(part, compounding=language in _COMPOUNDING) if mark is None else (mark,)
    return tuple(found)


def together(sentences: Iterable[Sequence[str]], language: str) -> list[int]:
    """Where the weights of a letter's notions stand, each once: of every one, and of those that stand together.

    None of a letter in a language whose words are not known.
    """
    many, known = _read()
    if language not in known:
        return []
    found: dict[int, None] = {}
    for words in sentences:
        told = [(at, notion) for at, word in enumerate(words) for notion in _notions(word, language)]
        for number, (at, one) in enumerate(told):
            found[one] = None
            row = many + one * many
            for after, other in told[number + 1 : number + 1 + _NEXT]:
                apart = after - at
                if apart > _FAR:
                    break
                if apart:
                    found[row + other] = None
                    if apart <= _NEAR:
                        found[row + many * many + other] = None
    return list(found)
