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
SIGNS = frozenset({"fault", "lack", "again", "expected", "challenge", "harm", "toward"})
_SPEAKING = SIGNS | frozenset(GRIEVANCES)
_TOLD = frozenset({"fault", "expected", "harm"})  # the signs of a sentence that tells what happened
_NEGATABLE = frozenset({*GRIEVANCES, "praise", "resolved", "thanks", "irony"})
_UNSAID = frozenset({"calm", "no"})
_REACH = 3  # words a negation reaches forward
_PAUSES = frozenset(",;:.()-–—\n")
_MERELY_ASKED = 0.4
_PLAIN_FAULT = 1.5
_READ = 4  # texts last read that are remembered: a letter is judged first and then asked for its key sentence


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence with what counts in it: `firm` is grievance said outright, `soft` means little without a customer.

    `signs` are the words that mean nothing alone; a plain problem is among them as a fault.
    """

    sentence: Sentence
    hits: tuple[Hit, ...] = ()
    firm: float = 0.0
    soft: float = 0.0
    signs: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, its language (empty where nothing tells) and its sentences."""

    text: str
    language: str
    sentences: tuple[Weighed, ...]


@lru_cache(maxsize=_READ)
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
    word = max((hit for hit in best.hits if hit.label in _SPEAKING), key=_heaviness).start
    clause = max(reading.text.rfind(mark, start, word) for mark in (", ", "\n", ": ", " - "))
    return (start if word - start < limit // 2 else max(start, clause + 1)), end


def by_label(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    """The hits of each label, in the order in which they stand."""
    said: dict[str, list[Hit]] = {}
    for hit in hits:
        said.setdefault(hit.label, []).append(hit)
    return said


def total(hits: Iterable[Hit], most: int = 2) -> float:
    """The weight of the heaviest of these hits; each further one counts half of the one before."""
    weights = sorted([hit.weight for hit in hits], reverse=True)[:most]
    return sum((weight / (1 << rank) for rank, weight in enumerate(weights)), 0.0)


@lru_cache(maxsize=len(LANGUAGES))
def _lexicon(language: str) -> Lexicon:
    return Lexicon(language)


def _weight(reading: Reading) -> float:
    return sum(weighed.firm + weighed.soft for weighed in reading.sentences)


def _weighed(text: str, parts: Iterable[Sentence], spoken: tuple[str, ...]) -> tuple[Weighed, ...]:
    lexicons = [_lexicon(name) for name in spoken]
    return tuple(_weigh(part, tuple(_counting(text, part, lexicons))) for part in parts)


def _weigh(sentence: Sentence, hits: tuple[Hit, ...]) -> Weighed:
    said = by_label(hits)
    if _SPEAKING.isdisjoint(said):
        return Weighed(sentence, hits)
    complain = total(said.get("complain", ()))
    firm = complain if complain >= 3 else 0.0
    asked = max(total(said.get("demand", ()), 1), total(said.get("chaser", ()), 1) / 2)
    soft = total(said.get("problem", ())) + asked + total(said.get("harsh", ()), 1) + complain - firm
    merely = not firm and "inquiry" in said
    return Weighed(sentence, hits, firm, soft * (_MERELY_ASKED if merely else 1), tuple(_signs(hits)))


def _signs(hits: Iterable[Hit]) -> Iterator[Hit]:
    for hit in hits:
        if hit.label in SIGNS:
            yield hit
        elif hit.label == "problem":
            yield Hit("fault", min(_PLAIN_FAULT, hit.weight / 2), hit.start, hit.end)


def _telling(weighed: Weighed) -> float:
    said = by_label(weighed.hits)
    plain = total(said.get("problem", ())) * 1.5 + total(said.get("complain", ())) * 0.7
    signs = {hit.label: hit.weight for hit in weighed.signs if hit.label in _TOLD}
    return plain + total(said.get("harsh", ()), 1) * 0.3 + sum(signs.values()) * 0.5


def _counting(text: str, sentence: Sentence, lexicons: Iterable[Lexicon]) -> Iterator[Hit]:
    """The hits that count: not negated, not within a harmless phrase, not within a longer hit of the same label."""
    found = list(chain.from_iterable(lexicon.hits(sentence) for lexicon in lexicons))
    found.sort(key=_place)
    calm = [(hit.start, hit.end) for hit in found if hit.label == "calm"]
    negations = [hit for hit in found if hit.label == "no"]
    reach: dict[str, int] = {}
    for hit in found:
        label = hit.label
        if label in _UNSAID or hit.end <= reach.get(label, -1):
            continue
        reach[label] = hit.end
        if label not in _NEGATABLE or not (_is_calmed(hit, calm) or _is_negated(text, hit, negations)):
            yield hit


def _heaviness(hit: Hit) -> tuple[bool, float]:
    return hit.label in GRIEVANCES, hit.weight


def _place(hit: Hit) -> tuple[int, int]:
    return hit.start, -hit.end


def _is_calmed(hit: Hit, calm: list[tuple[int, int]]) -> bool:
    return any(start < hit.end and hit.start < end for start, end in calm)


def _is_negated(text: str, hit: Hit, negations: list[Hit]) -> bool:
    return any(no.end <= hit.start and _is_near(text[no.end : hit.start]) for no in negations)


def _is_near(between: str) -> bool:
    return len(between) < 30 and len(between.split()) < _REACH and _PAUSES.isdisjoint(between)
