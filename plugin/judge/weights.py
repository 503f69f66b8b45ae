"""Reading a text sentence by sentence: which phrases stand in it, which of them count, and how heavily.

A phrase does not count where a negation stands before it ("not broken") or where it is part of a harmless turn of
phrase ("no complaints", "complaint statistics"); a sentence that only asks weighs less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, chain, groupby, pairwise

from plugin.judge.language import LANGUAGES, languages
from plugin.judge.lexicon import Hit, Lexicon, Words, cut, first_word, first_words

GRIEVANCES = ("complain", "problem", "demand", "harsh", "chaser")
SIGNS = frozenset({"fault", "lack", "again", "expected", "challenge", "harm", "toward"})
_SPEAKING = SIGNS | frozenset(GRIEVANCES)
_TOLD = frozenset({"fault", "expected", "harm"})  # the signs of a sentence that tells what happened
_NEGATABLE = frozenset({*GRIEVANCES, "praise", "resolved", "thanks", "irony"})
_UNSAID = frozenset({"calm", "no"})
_PLAIN_PROBLEM = 4.5  # how much a sentence tells that names one
_HEAD = 3_000  # characters that show the language
_REACH = 3  # words a negation reaches forward
_PAUSES = frozenset(",;:.()-–—\n")
_MERELY_ASKED = 0.4
_PLAIN_FAULT = 1.5


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence with what counts in it: `firm` is grievance said outright, `soft` means little without a customer.

    `number` counts those sentences of the text that hold words, `length` the words of this one; `signs` are what means
    nothing alone, a plain problem being among them as a fault, and `faults` the different words of its faults.
    """

    number: int
    start: int
    end: int
    length: int
    hits: tuple[Hit, ...]
    firm: float = 0.0
    soft: float = 0.0
    signs: tuple[Hit, ...] = ()
    faults: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, its language (empty where nothing tells), and those of its sentences in which anything counts.

    `length` is the number of its words, `count` that of all its sentences.
    """

    text: str
    language: str
    sentences: tuple[Weighed, ...]
    length: int
    count: int


def read(text: str, language: str = "") -> Reading:
    """The text's sentences, weighed; by the words of `language` where it is given, else the one it seems to be in."""
    words = cut(text)
    spoken = (language,) if language in LANGUAGES else languages(words.words)
    if spoken:
        return _read_in(text, words, spoken)
    readings = [_read_in(text, words, (name,)) for name in LANGUAGES] if len(text) < 2000 else []
    best = max(readings, key=_weight, default=None)
    return best if best and _weight(best) else replace(_read_in(text, words, ("en",)), language="")


def _read_in(text: str, words: Words, spoken: Sequence[str]) -> Reading:
    found = list(chain.from_iterable(_lexicon(name).hits(words) for name in spoken))
    found.sort(key=_place)
    numbers, lengths = _numbered(words)
    weighed = tuple(
        _weigh(text, numbers[at], words.spans[at], lengths[at], hits)
        for at, some in groupby(found, _sentence)
        if (hits := tuple(_counting(text, list(some))))
    )
    return Reading(text, spoken[0], weighed, sum(lengths), numbers[-1])


def _numbered(words: Words) -> tuple[list[int], list[int]]:
    """Of each sentence its number among those that hold words (and at last how many there are), and its length."""
    lengths = [end - before - 1 for before, end in pairwise(chain((-1,), words.ends))]
    return list(accumulate(map(bool, lengths), initial=0)), lengths


def strongest_passage(text: str, evidence: Sequence[int], limit: int) -> tuple[int, int]:
    """Where the sentence stands that tells best what went wrong; of a long one, from the clause that tells it.

    Where it is known at what places the evidence stands, only the sentences around it are read if one tells plainly.
    """
    if evidence:
        spoken = languages(first_words(text, _HEAD)) or ("en",)
        reading = _read_in(text, cut(text, evidence), spoken)
        if any(_telling(weighed) >= _PLAIN_PROBLEM for weighed in reading.sentences):
            return _strongest(reading, limit)
    return _strongest(read(text), limit)


def _strongest(reading: Reading, limit: int) -> tuple[int, int]:
    best = max(reading.sentences, key=_telling, default=None)
    if best is None or not _telling(best):
        return 0, 0
    start, end = first_word(reading.text, best.start, best.end), best.end
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
    if len(weights) < 2:
        return weights[0] if weights else 0.0
    return sum((weight / (1 << rank) for rank, weight in enumerate(weights)), 0.0)


@lru_cache(maxsize=len(LANGUAGES))
def _lexicon(language: str) -> Lexicon:
    return Lexicon(language)


def _weight(reading: Reading) -> float:
    return sum(weighed.firm + weighed.soft for weighed in reading.sentences)


def _weigh(text: str, number: int, span: tuple[int, int], length: int, hits: tuple[Hit, ...]) -> Weighed:
    if _SPEAKING.isdisjoint([hit.label for hit in hits]):
        return Weighed(number, *span, length, hits)
    said = by_label(hits)
    complain = total(said.get("complain", ()))
    firm = complain if complain >= 3 else 0.0
    asked = max(total(said.get("demand", ()), 1), total(said.get("chaser", ()), 1) / 2)
    soft = total(said.get("problem", ())) + asked + total(said.get("harsh", ()), 1) + complain - firm
    merely = not firm and "inquiry" in said
    signs = tuple(_signs(hits))
    faults = frozenset(_faults(text, signs))
    soft *= _MERELY_ASKED if merely else 1
    return Weighed(number, *span, length, hits, firm, soft, signs, faults)


def _signs(hits: Iterable[Hit]) -> Iterator[Hit]:
    for hit in hits:
        if hit.label in SIGNS:
            yield hit
        elif hit.label == "problem":
            yield hit._replace(label="fault", weight=min(_PLAIN_FAULT, hit.weight / 2))


def _faults(text: str, signs: Iterable[Hit]) -> Iterator[str]:
    reach = 0
    for hit in signs:
        if hit.label == "fault" and hit.start >= reach:
            reach = hit.end
            yield text[hit.start : hit.end].casefold()


def _telling(weighed: Weighed) -> float:
    said = by_label(weighed.hits)
    plain = total(said.get("problem", ())) * 1.5 + total(said.get("complain", ())) * 0.7
    signs = {hit.label: hit.weight for hit in weighed.signs if hit.label in _TOLD}
    return plain + total(said.get("harsh", ()), 1) * 0.3 + sum(signs.values()) * 0.5


def _counting(text: str, found: Sequence[Hit]) -> Iterator[Hit]:
    """A sentence's hits that count: not negated, not calmed by a harmless phrase, not within a longer one of a kind."""
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


def _sentence(hit: Hit) -> int:
    return hit.sentence


def _is_calmed(hit: Hit, calm: list[tuple[int, int]]) -> bool:
    return any(start < hit.end and hit.start < end for start, end in calm)


def _is_negated(text: str, hit: Hit, negations: list[Hit]) -> bool:
    return any(no.end <= hit.start and _is_near(text[no.end : hit.start]) for no in negations)


def _is_near(between: str) -> bool:
    return len(between) < 30 and len(between.split()) < _REACH and _PAUSES.isdisjoint(between)
