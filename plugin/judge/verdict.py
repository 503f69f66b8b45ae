"""From weighed sentences to the labels: score, category, severity, risks, what is asked, temper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plugin.judge.lexicon import Hit
from plugin.judge.weights import GRIEVANCES, Reading, Weighed, by_label, read, total
from plugin.model import ASKS, CATEGORIES, RISKS, Evidence

_BASE = -2.6  # a letter that says nothing is no complaint
_DECAY = (1.0, 0.5, 0.3, 0.2)  # what each further sentence adds: length alone must not decide
_STRONGEST = 7.0  # what one sentence can weigh at most
_STRANGER = 0.45  # how much of a problem counts where nothing shows that a customer speaks
_SHORT_LETTER = 0.95  # … and how much in a letter of few sentences, which is about little else
_OUTRIGHT = 4.5  # "I wish to make a formal complaint" …
_ELSEWHERE = 1.0  # … and what a mention of newsletters or meetings then still counts against it
_SUBJECT = 0.7
_WINDOW = 3  # sentences in a row whose small signs are taken together
_SUBSTANCE = frozenset({"fault", "challenge"})  # the kinds that say what is wrong or what is wanted
_SHOWN = _SUBSTANCE | {"again", "expected", "harm"}
_CHANCE = 1.0  # what small signs weigh by mere chance …
_MERE_TONE = 2.2  # … and what without any of substance
_PER_SIGN = 2.1
_SECOND_FAULT = 0.75
_UNADDRESSED = 0.7
_BRIEF = 60  # words of a letter in which small signs count without a customer's word …
_LONG = 160  # … and of one in which they hardly do
_FAINT = 0.15
_ALL_SIGNS = 5.0  # what small signs can weigh at most
_SPANS = 3  # evidence spans shown for a label
_SHORT_PRAISE = 6  # words of a sentence that may be meant ironically
_MINOR = 9.0  # weight of grievances from which a thing called small is no longer taken as small


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judge's labels for one text; the values are those of `plugin.model`."""

    score: float
    category: str
    severity: str
    risks: tuple[str, ...]
    asks: tuple[str, ...]
    heated: bool
    chaser: bool
    language: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """What is weighed together: the text, the subject, and what is said in both, by label."""

    own: Reading
    subject: Reading
    said: Mapping[str, list[Hit]]
    mocking: bool


def weigh(own: str, subject: str) -> Verdict:
    """The labels of a text; the subject adds to them, evidence is shown from the text only."""
    case = _case(own, subject)
    grievance = _grievance(case)
    score = _score(case, grievance)
    category, severity = _category(case.said), _severity(case, grievance)
    risks = tuple(risk for risk in RISKS if f"risk-{risk}" in case.said)
    return Verdict(
        score=score,
        category=category,
        severity=severity,
        risks=risks,
        asks=tuple(ask for ask in ASKS if f"ask-{ask}" in case.said),
        heated=grievance > 2 and (case.mocking or _is_heated(case)),
        chaser="chaser" in case.said,
        language=case.own.language or case.subject.language,
        evidence=tuple(_evidence(case.own, category, severity, risks)),
    )


def _case(own: str, subject: str) -> _Case:
    reading = read(own)
    # A subject is too short to tell its language: it is read in that of the text.
    heading = read(subject, reading.language)
    said = by_label(hit for weighed in (*heading.sentences, *reading.sentences) for hit in weighed.hits)
    return _Case(reading, heading, said, _is_mocking(reading.sentences, said))


def _grievance(case: _Case) -> float:
    """How heavily the strongest sentences weigh; a subject counts as a weaker sentence, or alone."""
    share = _share(case)
    weights = [_strength(weighed, share) for weighed in _told_once(case.own)]
    alone = not case.own.count
    weights += [_strength(weighed, share) * (1 if alone else _SUBJECT) for weighed in case.subject.sentences]
    strongest = sorted(weights, reverse=True)
    told = sum(weight * factor for weight, factor in zip(strongest, _DECAY, strict=False))
    return told + _signs(case) + (3 if case.mocking else 0)


def _signs(case: _Case) -> float:
    """What the small signs weigh where they stand closest: how many kinds of them, not how many words."""
    own = [(case.subject.count + weighed.number, weighed) for weighed in case.own.sentences if weighed.signs]
    parts = [*((weighed.number, weighed) for weighed in case.subject.sentences if weighed.signs), *own]
    told = max((_together(list(_from(parts, at))) for at in range(len(parts))), default=0.0)
    near = _FAINT + (1 - _FAINT) * min(1.0, _brevity(case) * _address(case) + _customer(case) / 2)
    return min(_ALL_SIGNS, _PER_SIGN * told) * near


def _from(parts: Sequence[tuple[int, Weighed]], at: int) -> Iterator[Weighed]:
    """The numbered sentence at this index, and those that follow within the window."""
    end = parts[at][0] + _WINDOW
    return (weighed for number, weighed in parts[at : at + _WINDOW] if number < end)


def _together(parts: Iterable[Weighed]) -> float:
    """What the heaviest small sign of each kind weighs in these sentences, beyond chance; a second fault tells."""
    best: dict[str, float] = {}
    faults: set[str] = set()
    for weighed in parts:
        faults |= weighed.faults
        for hit in weighed.signs:
            best[hit.label] = max(hit.weight, best.get(hit.label, 0.0))
    second = _SECOND_FAULT if len(faults) > 1 else 0.0
    return max(0.0, sum(best.values()) + second - (_CHANCE if best.keys() & _SUBSTANCE else _MERE_TONE))


def _address(case: _Case) -> float:
    """How much of a short letter's signs count: all where it speaks to the reader, less where it only tells."""
    return 1.0 if "toward" in case.said else _UNADDRESSED


def _share(case: _Case) -> float:
    """How much a problem counts: whose it is, a customer shows by a word, and a short letter by being sent here."""
    if "stance" in case.said:
        return 1.0
    return _STRANGER + (_SHORT_LETTER - _STRANGER) * _brevity(case)


def _brevity(case: _Case) -> float:
    """One for a letter of few words, nothing for a long one, and between the two what lies between."""
    return min(1.0, max(0.0, (_LONG - case.own.length) / (_LONG - _BRIEF)))


def _told_once(own: Reading) -> Iterator[Weighed]:
    """The sentences that say something the ones before them did not: what is said again weighs no more."""
    seen: set[str] = set()
    for weighed in own.sentences:
        said = {own.text[hit.start : hit.end].casefold() for hit in weighed.hits if hit.label in GRIEVANCES}
        if not said <= seen:
            seen |= said
            yield weighed


def _strength(weighed: Weighed, share: float) -> float:
    return min(_STRONGEST, weighed.firm + weighed.soft * share)


def _score(case: _Case, grievance: float) -> float:
    customer = 0.4 * _customer(case)
    kind = 0.0 if case.mocking else total(case.said.get("praise", ())) + total(case.said.get("thanks", ()), 1)
    elsewhere = total(case.said.get("aside", ()), 3)
    if any(hit.weight >= _OUTRIGHT for hit in case.said.get("complain", ())):
        elsewhere = min(_ELSEWHERE, elsewhere)
    against = elsewhere + total(case.said.get("resolved", ()), 3) + kind
    logit = _BASE + grievance + (customer if grievance else 0) - against
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))), 4)


def _customer(case: _Case) -> int:
    """How many different words show that a customer speaks; three are enough."""
    return min(3, len(_words(case.own, "stance") | _words(case.subject, "stance")))


def _words(reading: Reading, label: str) -> set[str]:
    hits = (hit for weighed in reading.sentences for hit in weighed.hits if hit.label == label)
    return {reading.text[hit.start : hit.end].casefold() for hit in hits}


def _is_mocking(sentences: tuple[Weighed, ...], said: Mapping[str, list[Hit]]) -> bool:
    """Praise in few words beside a problem that nothing resolves: "Third broken kettle. Bravo." """
    if "irony" not in said or "resolved" in said or "aside" in said:
        return False
    problems = {weighed.number for weighed in sentences if _problem(weighed.hits) >= 2}
    return any(
        _has(weighed.hits, "irony")
        and weighed.length <= _SHORT_PRAISE
        and not problems.isdisjoint(range(weighed.number - 1, weighed.number + 2))
        for weighed in sentences
    ) or any(_praised_problem(weighed.hits) for weighed in sentences)


def _problem(hits: Iterable[Hit]) -> float:
    return total(hit for hit in hits if hit.label == "problem")


def _praised_problem(hits: tuple[Hit, ...]) -> bool:
    """Praise that opens a sentence of which a problem is the object: "Well done, third broken kettle"."""
    irony = next((hit for hit in hits if hit.label == "irony"), None)
    return irony is not None and any(
        hit.label == "problem" and hit.weight >= 2 and 0 <= hit.start - irony.end < 30 for hit in hits
    )


def _category(said: Mapping[str, list[Hit]]) -> str:
    weights = {category: total(said[category], 4) for category in CATEGORIES if category in said}
    best = max(weights, key=lambda category: weights[category], default="other")
    return best if weights.get(best, 0) >= 1 else "other"


def _severity(case: _Case, grievance: float) -> str:
    for severity in ("critical", "high"):
        if f"sev-{severity}" in case.said:
            return severity
    if grievance < 2 or ("sev-low" in case.said and grievance < _MINOR):
        return "low"
    return "medium"


def _is_heated(case: _Case) -> bool:
    text = case.own.text
    return "harsh" in case.said or text.count("!") >= 3 or "!!" in text or _is_shouted(text.split())


def _is_shouted(words: list[str]) -> bool:
    shouted = sum(1 for word in words if word.isupper() and len(word) > 3 and word.strip(".,!?").isalpha())
    return shouted >= max(3, len(words) // 10)


def _has(hits: Iterable[Hit], label: str) -> bool:
    return any(hit.label == label for hit in hits)


def _evidence(own: Reading, category: str, severity: str, risks: tuple[str, ...]) -> Iterator[Evidence]:
    hits = [hit for weighed in own.sentences for hit in weighed.hits]
    yield from _spans(own.text, "complaint", _telling(hits))
    yield from _spans(own.text, f"category-{category}", [hit for hit in hits if hit.label == category])
    yield from _spans(own.text, f"severity-{severity}", _severe(hits, severity))
    for risk in risks:
        yield from _spans(own.text, f"risk-{risk}", [hit for hit in hits if hit.label == f"risk-{risk}"])


def _telling(hits: list[Hit]) -> list[Hit]:
    """The words of grievance; where there are few, the small signs of substance that stood in for them."""
    said = [hit for hit in hits if hit.label in GRIEVANCES and hit.weight >= 1.5]
    return said or [hit for hit in hits if hit.label in _SHOWN]


def _severe(hits: list[Hit], severity: str) -> list[Hit]:
    said = [hit for hit in hits if hit.label == f"sev-{severity}"]
    return said or ([hit for hit in hits if hit.label in {"problem", "fault"}] if severity == "medium" else [])


def _spans(text: str, label: str, hits: list[Hit]) -> Iterator[Evidence]:
    heaviest = sorted(hits, key=lambda hit: (-hit.weight, hit.start))
    spans = dict.fromkeys((hit.start, hit.end) for hit in heaviest)
    for start, end in sorted(list(spans)[:_SPANS]):
        yield Evidence(label, text[start:end], start, end)
