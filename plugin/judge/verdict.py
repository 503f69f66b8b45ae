"""From weighed sentences to the labels: score, category, severity, risks, what is asked, temper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plugin.judge.lexicon import Hit
from plugin.judge.weights import GRIEVANCES, Reading, Weighed, read, total
from plugin.model import ASKS, CATEGORIES, RISKS, Evidence

_BASE = -2.6  # a letter that says nothing is no complaint
_DECAY = (1.0, 0.5, 0.3, 0.2)  # what each further sentence adds: length alone must not decide
_STRONGEST = 7.0  # what one sentence can weigh at most
_STRANGER = 0.45  # how much of a problem counts where nothing shows that a customer speaks
_SHORT_LETTER = 0.95  # … and how much in a letter of few sentences, which is about little else
_FEW = 12
_OUTRIGHT = 4.5  # "I wish to make a formal complaint" …
_ELSEWHERE = 1.0  # … and what a mention of newsletters or meetings then still counts against it
_SUBJECT = 0.7
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
    """What is weighed together: the text, the subject, and every hit of both."""

    own: Reading
    subject: Reading
    hits: tuple[Hit, ...]
    mocking: bool


def weigh(own: str, subject: str) -> Verdict:
    """The labels of a text; the subject adds to them, evidence is shown from the text only."""
    case = _case(own, subject)
    grievance = _grievance(case)
    score = _score(case, grievance)
    category, severity = _category(case.hits), _severity(case, grievance)
    risks = tuple(risk for risk in RISKS if _has(case.hits, f"risk-{risk}"))
    return Verdict(
        score=score,
        category=category,
        severity=severity,
        risks=risks,
        asks=tuple(ask for ask in ASKS if _has(case.hits, f"ask-{ask}")),
        heated=grievance > 2 and (case.mocking or _is_heated(case)),
        chaser=_has(case.hits, "chaser"),
        language=case.own.language or case.subject.language,
        evidence=tuple(_evidence(case.own, category, severity, risks)),
    )


def _case(own: str, subject: str) -> _Case:
    reading = read(own)
    # A subject is too short to tell its language: it is read in that of the text.
    heading = read(subject, reading.language)
    hits = tuple(hit for weighed in (*heading.sentences, *reading.sentences) for hit in weighed.hits)
    return _Case(reading, heading, hits, _is_mocking(reading.sentences, hits))


def _grievance(case: _Case) -> float:
    """How heavily the strongest sentences weigh; a subject counts as a weaker sentence, or alone."""
    share = _share(case)
    weights = [_strength(weighed, share) for weighed in _told_once(case.own)]
    alone = not case.own.sentences
    weights += [_strength(weighed, share) * (1 if alone else _SUBJECT) for weighed in case.subject.sentences]
    strongest = sorted(weights, reverse=True)
    return sum(weight * factor for weight, factor in zip(strongest, _DECAY, strict=False)) + (3 if case.mocking else 0)


def _share(case: _Case) -> float:
    """How much a problem counts: whose it is, a customer shows by a word, and a short letter by being sent here."""
    if _has(case.hits, "stance"):
        return 1.0
    return _STRANGER if len(case.own.sentences) > _FEW else _SHORT_LETTER


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
    customer = 0.4 * min(3, len(_words(case.own, "stance") | _words(case.subject, "stance")))
    kind = 0.0 if case.mocking else total(case.hits, "praise") + total(case.hits, "thanks", 1)
    elsewhere = total(case.hits, "aside", 3)
    if any(hit.label == "complain" and hit.weight >= _OUTRIGHT for hit in case.hits):
        elsewhere = min(_ELSEWHERE, elsewhere)
    against = elsewhere + total(case.hits, "resolved", 3) + kind
    logit = _BASE + grievance + (customer if grievance else 0) - against
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))), 4)


def _words(reading: Reading, label: str) -> set[str]:
    hits = (hit for weighed in reading.sentences for hit in weighed.hits if hit.label == label)
    return {reading.text[hit.start : hit.end].casefold() for hit in hits}


def _is_mocking(sentences: tuple[Weighed, ...], hits: tuple[Hit, ...]) -> bool:
    """Praise in few words beside a problem that nothing resolves: "Third broken kettle. Bravo." """
    if _has(hits, "resolved") or _has(hits, "aside"):
        return False
    return any(
        _has(weighed.hits, "irony") and len(weighed.sentence.tokens) <= _SHORT_PRAISE and _problem_near(sentences, at)
        for at, weighed in enumerate(sentences)
    ) or any(_praised_problem(weighed.hits) for weighed in sentences)


def _problem_near(sentences: tuple[Weighed, ...], at: int) -> bool:
    return any(total(weighed.hits, "problem") >= 2 for weighed in sentences[max(0, at - 1) : at + 2])


def _praised_problem(hits: tuple[Hit, ...]) -> bool:
    """Praise that opens a sentence of which a problem is the object: "Well done, third broken kettle"."""
    irony = next((hit for hit in hits if hit.label == "irony"), None)
    return irony is not None and any(
        hit.label == "problem" and hit.weight >= 2 and 0 <= hit.start - irony.end < 30 for hit in hits
    )


def _category(hits: Iterable[Hit]) -> str:
    hits = tuple(hits)
    weights = {category: total(hits, category, 4) for category in CATEGORIES}
    best = max(weights, key=lambda category: weights[category])
    return best if weights[best] >= 1 else "other"


def _severity(case: _Case, grievance: float) -> str:
    for severity in ("critical", "high"):
        if _has(case.hits, f"sev-{severity}"):
            return severity
    if grievance < 2 or (_has(case.hits, "sev-low") and grievance < _MINOR):
        return "low"
    return "medium"


def _is_heated(case: _Case) -> bool:
    words = [case.own.text[start:end] for weighed in case.own.sentences for _, start, end in weighed.sentence.tokens]
    shouted = sum(1 for word in words if len(word) > 3 and word.isalpha() and word.isupper())
    marks = case.own.text.count("!")
    harsh = {(hit.start, hit.end) for hit in case.hits if hit.label == "harsh"}
    return bool(harsh) or marks >= 3 or "!!" in case.own.text or shouted >= max(3, len(words) // 10)


def _has(hits: Iterable[Hit], label: str) -> bool:
    return any(hit.label == label for hit in hits)


def _evidence(own: Reading, category: str, severity: str, risks: tuple[str, ...]) -> Iterator[Evidence]:
    hits = [hit for weighed in own.sentences for hit in weighed.hits]
    yield from _spans(own.text, "complaint", [hit for hit in hits if hit.label in GRIEVANCES and hit.weight >= 1.5])
    yield from _spans(own.text, f"category-{category}", [hit for hit in hits if hit.label == category])
    yield from _spans(own.text, f"severity-{severity}", _severe(hits, severity))
    for risk in risks:
        yield from _spans(own.text, f"risk-{risk}", [hit for hit in hits if hit.label == f"risk-{risk}"])


def _severe(hits: list[Hit], severity: str) -> list[Hit]:
    said = [hit for hit in hits if hit.label == f"sev-{severity}"]
    return said or ([hit for hit in hits if hit.label == "problem"] if severity == "medium" else [])


def _spans(text: str, label: str, hits: list[Hit]) -> Iterator[Evidence]:
    heaviest = sorted(hits, key=lambda hit: (-hit.weight, hit.start))
    spans = dict.fromkeys((hit.start, hit.end) for hit in heaviest)
    for start, end in sorted(list(spans)[:_SPANS]):
        yield Evidence(label, text[start:end], start, end)
