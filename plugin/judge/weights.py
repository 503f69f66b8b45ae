"""Reading a text sentence by sentence: which phrases stand in it, which of them count, and how heavily.

A phrase does not count where a negation stands before it ("not broken") or where it is part of a harmless turn of
phrase ("no complaints", "complaint statistics"); a sentence that only asks weighs less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from plugin.judge.language import LANGUAGES, languages
from plugin.judge.lexicon import Hit, Lexicon, Sentence, sentences

GRIEVANCES = ("complain", "problem", "demand", "harsh", "chaser")
_NEGATABLE = frozenset({*GRIEVANCES, "praise", "resolved", "thanks", "irony"})
_REACH = 3  # words a negation reaches forward
_PAUSES = frozenset(",;:.()-–—\n")
_MERELY_ASKED = 0.4


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence with what counts in it: `firm` is grievance said outright, `soft` means little without a customer."""

    sentence: Sentence
    hits: tuple[Hit, ...]
    firm: float
    soft: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, its language (empty where nothing tells) and its sentences."""

    text: str
    language: str
    sentences: tuple[Weighed, ...]


def read(text: str, language: str = "") -> Reading:
    """The text's sentences, weighed; by the words of `language` where it is given, else the one it seems to be in."""
    parts = sentences(text)
    spoken = (language,) if language in LANGUAGES else languages(parts)
    if spoken:
        return Reading(text, spoken[0], _weighed(text, parts, spoken))
    readings = [Reading(text, name, _weighed(text, parts, (name,))) for name in LANGUAGES] if len(text) < 2000 else []
    best = max(readings, key=_weight, default=None)
    return best if best and _weight(best) else Reading(text, "", _weighed(text, parts, ("en",)))


def strongest_passage(reading: Reading, limit: int) -> tuple[int, int]:
    """Where the sentence stands that tells best what went wrong; of a long one, from the clause that tells it."""
    best = max(reading.sentences, key=_telling, default=None)
    if best is None or not _telling(best):
        return 0, 0
    start, end = best.sentence.start, best.sentence.end
    if end - start <= limit:
        return start, end
    word = max((hit for hit in best.hits if hit.label in GRIEVANCES), key=lambda hit: hit.weight).start
    clause = max(reading.text.rfind(mark, start, word) for mark in (", ", "\n", ": ", " - "))
    return (start if word - start < limit // 2 else max(start, clause + 1)), end


def total(hits: Iterable[Hit], label: str, most: int = 2) -> float:
    """The weight of a label's heaviest hits; each further one counts half of the one before."""
    weights = sorted((hit.weight for hit in hits if hit.label == label), reverse=True)[:most]
    return sum((weight / (1 << rank) for rank, weight in enumerate(weights)), 0.0)


@lru_cache(maxsize=len(LANGUAGES))
def _lexicon(language: str) -> Lexicon:
    return Lexicon(language)


def _weight(reading: Reading) -> float:
    return sum(weighed.firm + weighed.soft for weighed in reading.sentences)


def _weighed(text: str, parts: Iterable[Sentence], spoken: tuple[str, ...]) -> tuple[Weighed, ...]:
    lexicons = [_lexicon(name) for name in spoken]
    return tuple(_weigh(text, part, tuple(_counting(text, part, lexicons))) for part in parts)


def _weigh(text: str, sentence: Sentence, hits: tuple[Hit, ...]) -> Weighed:
    if not hits:
        return Weighed(sentence, hits, 0.0, 0.0)
    complain = total(hits, "complain")
    firm = complain if complain >= 3 else 0.0
    soft = (
        total(hits, "problem") + max(total(hits, "demand", 1), total(hits, "chaser", 1) / 2) + total(hits, "harsh", 1)
    )
    soft += complain - firm
    asked = not firm and any(hit.label == "inquiry" for hit in hits)
    return Weighed(sentence, hits, firm, soft * (_MERELY_ASKED if asked else 1))


def _telling(weighed: Weighed) -> float:
    problem = total(weighed.hits, "problem")
    return problem * 1.5 + total(weighed.hits, "complain") * 0.7 + total(weighed.hits, "harsh", 1) * 0.3


def _counting(text: str, sentence: Sentence, lexicons: Iterable[Lexicon]) -> Iterator[Hit]:
    """The hits that count: not negated, not within a harmless phrase, not within a longer hit of the same label."""
    found = sorted(
        chain.from_iterable(lexicon.hits(sentence) for lexicon in lexicons), key=lambda hit: (hit.start, -hit.end)
    )
    calm = [(hit.start, hit.end) for hit in found if hit.label == "calm"]
    negations = [hit for hit in found if hit.label == "no"]
    reach: dict[str, int] = {}
    for hit in found:
        if hit.label in {"calm", "no"} or hit.end <= reach.get(hit.label, -1):
            continue
        reach[hit.label] = hit.end
        if hit.label not in _NEGATABLE or not (_is_calmed(hit, calm) or _is_negated(text, hit, negations)):
            yield hit


def _is_calmed(hit: Hit, calm: list[tuple[int, int]]) -> bool:
    return any(start < hit.end and hit.start < end for start, end in calm)


def _is_negated(text: str, hit: Hit, negations: list[Hit]) -> bool:
    return any(no.end <= hit.start and _is_near(text[no.end : hit.start]) for no in negations)


def _is_near(between: str) -> bool:
    return len(between) < 30 and len(between.split()) < _REACH and _PAUSES.isdisjoint(between)
