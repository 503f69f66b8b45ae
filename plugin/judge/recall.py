"""What a person once said of a letter holds for nearly the same letter: a wrong tag corrected once is not repeated.

Letters are compared by the runs of three words in them. Of each the smallest hashes are kept (a bottom-k sketch:
Broder, On the resemblance and containment of documents, 1997), so that thousands are compared in little time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from heapq import nsmallest
from zlib import crc32

from plugin.judge.learn import Lesson
from plugin.judge.reading import folded, words

_RUN = 3  # words
_SKETCH = 64  # hashes kept of a letter
_ALIKE = 0.7  # the share of runs two letters have in common from which they are nearly the same
_READ = 8_192  # characters
_FEWEST = 8  # runs: a shorter letter ("See attached.") says too little to be known again
_COMMON = 200  # letters that share a run from which it says nothing any more


class Recall:
    """The letters people spoke about, to be asked whether one is nearly the same."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        self._said: list[dict[str, str]] = []
        self._sketches: list[frozenset[int]] = []
        self._letters: dict[int, list[int]] = defaultdict(list)
        numbers: dict[tuple[str, str], int] = {}
        for lesson in lessons:
            letter = (lesson.own, lesson.subject)
            if letter not in numbers:
                numbers[letter] = self._enter(*letter)
            self._said[numbers[letter]][lesson.label] = lesson.value

    def _enter(self, own: str, subject: str) -> int:
        number = len(self._said)
        self._said.append({})
        self._sketches.append(_sketch(own, subject))
        for run in self._sketches[number]:
            self._letters[run].append(number)
        return number

    def of(self, own: str, subject: str) -> Mapping[str, str]:
        """What people said, by label, of the letter most like this one; nothing where none is nearly the same."""
        if not self._said:
            return {}
        sketch = _sketch(own, subject)
        shared = Counter(
            number for run in sketch if len(near := self._letters.get(run, ())) <= _COMMON for number in near
        )
        for number, _ in shared.most_common(3):
            if _likeness(sketch, self._sketches[number]) >= _ALIKE:
                return self._said[number]
        return {}


def _sketch(own: str, subject: str) -> frozenset[int]:
    spoken = [folded(word) for word in words(f"{subject}\n{own[:_READ]}")]
    runs = {crc32(" ".join(spoken[at : at + _RUN]).encode("utf-8", "replace")) for at in range(len(spoken) - _RUN + 1)}
    return frozenset(nsmallest(_SKETCH, runs)) if len(runs) >= _FEWEST else frozenset()


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """About the share of runs the two letters have in common: of the smallest of both, how many are in both."""
    smallest = nsmallest(_SKETCH, one | other)
    return sum(run in one and run in other for run in smallest) / max(1, len(smallest))
