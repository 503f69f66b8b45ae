"""From sentences and signs to labels: how likely a letter is a complaint, of what, how grave, and which words say so.

The linear model hears every letter. What it rules out gets no further look; of the others the signs are looked for,
and each kind of them found weighs in once; and so does what the notions say that stand together in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nlargest
from itertools import repeat
from operator import add, attrgetter, mul

from plugin.judge.deep import Deep
from plugin.judge.evidence import clause, evidence
from plugin.judge.language import language as spoken_in
from plugin.judge.linear import Linear, damping, shipped
from plugin.judge.notions import together
from plugin.judge.severity import features, grade, wished
from plugin.judge.signs import Sign, Signs
from plugin.judge.strength import CEILING, Sentence, heard, likelihood, outright, strengths
from plugin.model import ASKS, CATEGORIES, RISKS, SEVERITIES, Evidence

RULED_OUT = 0.1
"""A letter the linear model thinks less likely a complaint than this is none, and is not looked at any further."""
SIGNED = (
    "again", "chaser", "heated", "grave", "minor", "mock", "praise", "no-complaint", "ask", "risk", "outright",
    "displeased", "fault", "settled", "ordinary",
)  # fmt: skip
"""The kinds of signs that weigh in, in the order of their weights.

After them come two more: whether there are several faults, and whether somebody tells one and asks for something.
"""
_TELLING = 6  # sentences that are heard for a category and a severity …
_HEARD = 12  # … those that are heard for asks and risks …
_TELLS = 200  # characters of a text that would show a language the judge knows …
_UNHEARD = 0.5  # … and what is left of the score of one that does not
_ASKED = 12  # sentences the second opinion may choose from
_SILENT = -0.7  # the logit up to which the strongest sentence of a letter does not speak up for it
_MUTE = -1.0  # … and the logit of those that are not
_SPOKEN = {"fault": 0.6, "category": 0.3}  # what a sign that tells the category adds to what the words say for it
_TOLD_BY = [[(f"{kind}-{name}", weight) for kind, weight in _SPOKEN.items()] for name in CATEGORIES]
_MOST = 2  # signs of a kind beyond which a further one adds nothing
_SHOUTED = 3  # words in capitals that are a shout
BARS = slice(len(CATEGORIES), len(CATEGORIES) + len(SEVERITIES) - 1)  # the columns of the grades of severity …
_HEADS = slice(BARS.stop, None)  # … and of what single sentences say: the asks, the risks, grave and minor
_WISHES = tuple(f"ask-{ask}" for ask in ASKS)
_THREATS = tuple(f"risk-{risk}" for risk in RISKS)
_SAID_AT = -1.3  # the logit from which a sentence may say one of these; below it there would be nothing to show

_DECLARED = 0.9  # the least score of a letter that calls itself a complaint …
_TAKEN_BACK = {"settled", "no-complaint"}  # … and does not take it back


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judge's labels for one text; the values are those of `plugin.model`.

    `alone` is the score before a second opinion was asked.
    """

    score: float
    alone: float = 0.0
    language: str = ""
    category: str = "other"
    severity: str = "low"
    risks: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    heated: bool = False
    chaser: bool = False
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Hearing:
    """A letter as the linear model heard it: its sentences, those of its subject, and what its score is made of."""

    text: str
    told: list[Sentence]
    subject: list[Sentence]
    parts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Gist:
    """What sentences say together: all of them and those of the subject, for categories and grades; those that tell
    most, and of each label the one that says it most, for all labels.
    """

    throughout: Sequence[float]
    telling: Sequence[float]
    subject: Sequence[float]
    loudest: Sequence[float]

    def about(self, signs: Sequence[str]) -> tuple[Sequence[float], ...]:
        """What speaks for each of CATEGORIES, in four parts; the last are the signs."""
        of_sentences = (self.throughout, self.telling, self.subject)
        return (*(part[: len(CATEGORIES)] for part in of_sentences), told_by_signs(signs))

    def features(self, signs: Sequence[str], text: str) -> tuple[float, ...]:
        """What grade, asks and risks are summed from."""
        grades = [value for part in (self.telling, self.throughout, self.subject, self.loudest) for value in part[BARS]]
        named = (*self.throughout[: len(CATEGORIES)], *told_by_signs(signs))
        return features((*grades, *named), self.loudest[_HEADS], set(signs), text)


def weigh(
    own: str,
    subject: str,
    model: Linear | None = None,
    second: Deep | None = None,
    signs: Signs | None = None,
    *,
    least: float = 0.0,
) -> Verdict:
    """The labels of a text by this or the shipped model and signs; the subject adds to them, evidence is of the text.

    Where the words leave it open, `second` is asked. Of a text that scores below `least` the score is told alone.
    """
    model = model or shipped()
    hearing = hear(model, own, subject)
    likely = ruled_out(model.letter["plain"], hearing.parts)
    if likely is not None:
        return Verdict(score=round(likely, 4), alone=round(likely, 4))
    language = spoken_in(own or subject)
    found, heading = ((signs or shipped_signs()).find(text, language) for text in (own, subject))
    return _verdict(model, hearing, language, found, heading, second=second, least=least)


def ruled_out(weights: Sequence[float], parts: Sequence[float]) -> float | None:
    """How likely a complaint a letter is that is not looked at any further: neither it nor a sentence of it speaks up.

    None of one that is looked at.
    """
    likely = likelihood(weights[1:], weights[0], parts)
    return likely if likely < RULED_OUT and parts[1] <= _SILENT else None


def hear(model: Linear, own: str, subject: str) -> Hearing:
    """What the linear model makes of a letter and its sentences, before anybody looks for signs."""
    told, heading = heard(model, own), heard(model, subject)
    return Hearing(own, told, heading, (outright(model, own, subject), *strengths(model, [*heading, *told])))


def signed(labels: Iterable[str]) -> tuple[float, ...]:
    """Which kinds of signs are among these labels: one number for each of SIGNED, and the two more."""
    kinds = [label.partition("-")[0] if label.startswith(("ask-", "risk-", "fault-")) else label for label in labels]
    faults = kinds.count("fault")
    return (*(float(kind in kinds) for kind in SIGNED), float(faults > 1), float(faults > 0 and "ask" in kinds))


def meant(model: Linear, hearing: Hearing, language: str) -> float:
    """The logit of a letter by its notions and which of them stand together; 0 where none of its words is known."""
    places = together([sentence.words for sentence in (*hearing.subject, *hearing.told)], language)
    return max(-CEILING, min(CEILING, model.notion_logit(places))) if places else 0.0


def signs_of(text: str, language: str) -> list[Sign]:
    """The shipped signs in a text."""
    return shipped_signs().find(text, language)


@lru_cache(maxsize=1)
def shipped_signs() -> Signs:
    """The signs that come with the package, each language read when it is first met."""
    return Signs()


def _verdict(
    model: Linear,
    hearing: Hearing,
    language: str,
    found: list[Sign],
    heading: list[Sign],
    *,
    second: Deep | None,
    least: float,
) -> Verdict:
    signs = [sign.label for sign in (*heading, *found)]
    labels = set(signs)
    score = alone = round(_score(model, hearing, language, signs), 4)
    opinion = second.opinion(strongest(hearing), score) if second else None
    if opinion:
        score = round(opinion.score, 4)
    if score < max(RULED_OUT, least):
        return Verdict(score=score, alone=alone, language=language)
    hearing = shortened(hearing)
    said = [says(model, sentence) for sentence in (*hearing.subject, *hearing.told)]
    gist = gist_of(hearing, said)
    given = gist.features(signs, hearing.text)
    severity = grade(model.severity, given)
    category = chosen(model.category, gist.about(signs))
    voiced = _voiced(model, hearing, said[len(hearing.subject) :], set(wished(model.wishes, given)) - labels)
    labels |= {sign.label for sign in voiced}
    found = sorted([*found, *voiced], key=attrgetter("start"))
    return Verdict(
        score=score,
        alone=alone,
        language=language,
        category=category,
        severity=severity,
        risks=tuple(risk for risk in RISKS if f"risk-{risk}" in labels),
        asks=tuple(ask for ask in ASKS if f"ask-{ask}" in labels),
        heated=bool(labels & {"heated", "mock"}) or _is_loud(hearing.text),
        chaser="chaser" in labels,
        evidence=tuple(evidence(model, hearing.text, hearing.told, found, category=category, severity=severity)),
    )


def _score(model: Linear, hearing: Hearing, language: str, labels: Sequence[str]) -> float:
    """How likely a complaint the letter is, its signs included; what is in no language the judge knows is less so.

    Who says that this is a complaint is believed, whatever else the letter is about.
    """
    weights, said = model.letter["signed"], set(labels)
    score = likelihood(weights[1:], weights[0], (*hearing.parts, *signed(labels), meant(model, hearing, language)))
    if "declared" in said and not said & _TAKEN_BACK:
        score = max(score, _DECLARED)
    return score if language or len(hearing.text) <= _TELLS else score * _UNHEARD


def strongest(hearing: Hearing) -> list[str]:
    """The sentences that speak loudest for a complaint, the strongest first, each in one line."""
    told = nlargest(_ASKED, [*hearing.subject, *hearing.told], key=attrgetter("logit"))
    return [" ".join(sentence.words) for sentence in told]


def says(model: Linear, sentence: Sentence) -> list[float]:
    """What a sentence says for each label of the model."""
    factor = damping(len(sentence.words))
    sums = map(sum, zip(*map(model.says, sentence.words), strict=True))
    return list(map(add, model.biases, map(mul, sums, repeat(factor))))


def telling(hearing: Hearing, said: Sequence[Sequence[float]]) -> list[float]:
    """What the strongest sentences say for each label, each as loudly as it speaks for a complaint.

    `said` is what each sentence says, those of the subject first.
    """
    told = zip((*hearing.subject, *hearing.told), said, strict=True)
    strongest = nlargest(_TELLING, told, key=lambda pair: pair[0].logit)
    speaking = [pair for pair in strongest if pair[0].logit > _MUTE] or strongest[:1]
    loud = [likelihood((1.0,), 0.0, (sentence.logit,)) for sentence, _ in speaking]
    whole = sum(loud) or 1.0
    shares = [share / whole for share in loud]
    return [sum(map(mul, shares, column)) for column in zip(*[row for _, row in speaking], strict=True)]


def shortened(hearing: Hearing) -> Hearing:
    """The letter with its strongest sentences only, if there are many: a long one costs no more."""
    if len(hearing.told) <= _HEARD:
        return hearing
    bar = nlargest(_HEARD, [sentence.logit for sentence in hearing.told])[-1]
    return replace(hearing, told=[sentence for sentence in hearing.told if sentence.logit >= bar][:_HEARD])


def gist_of(hearing: Hearing, said: Sequence[Sequence[float]]) -> Gist:
    """What a letter's sentences say together; `said` is what each says, those of the subject first."""
    sentences, own = (*hearing.subject, *hearing.told), len(hearing.subject)
    return Gist(
        _throughout(sentences, said), telling(hearing, said), _throughout(sentences[:own], said[:own]),
        [max(column) for column in zip(*said, strict=True)],
    )  # fmt: skip


def _throughout(sentences: Sequence[Sentence], said: Sequence[Sequence[float]]) -> list[float]:
    """What sentences say for categories and grades; the longer one is, the more it counts, but not as its words."""
    if not said:
        return [0.0] * BARS.stop
    shares = [1.0 / damping(len(sentence.words)) for sentence in sentences]
    whole = sum(shares)
    columns = zip(*[row[: BARS.stop] for row in said], strict=True)
    return [sum(map(mul, shares, column)) / whole for column in columns]


def _voiced(model: Linear, hearing: Hearing, said: Sequence[Sequence[float]], wishes: set[str]) -> list[Sign]:
    """Of the asks and risks no phrase told of those some sentence may say, each with the clause that says it most."""
    found = []
    for label in [label for label in (*_WISHES, *_THREATS) if label in wishes] if said else ():
        column = model.names.index(label)
        best = max(range(len(said)), key=lambda number: said[number][column])
        if said[best][column] > _SAID_AT:
            found.append(Sign(label, *clause(model, hearing.text, hearing.told[best], column)))
    return found


def chosen(mix: Mapping[str, Sequence[float]], told: Sequence[Sequence[float]]) -> str:
    """The category that what was told `about` it speaks for most, each part and each category with its weight."""
    sums = [sum(map(mul, mix["weights"], column)) for column in zip(*told, strict=True)]
    loud = list(map(add, mix["biases"], sums))
    return CATEGORIES[loud.index(max(loud))]


def told_by_signs(labels: Sequence[str]) -> list[float]:
    """What the signs add to what the words say for each of CATEGORIES; a third one of a kind adds no more."""
    often = Counter(labels)
    return [sum([weight * min(_MOST, often[label]) for label, weight in told]) for told in _TOLD_BY]


def _is_loud(text: str) -> bool:
    return "!!" in text or text.count("!") >= 3 or _is_shouted(text)


def _is_shouted(text: str) -> bool:
    if not any(map(str.isupper, text.split(maxsplit=60)[:60])):
        return False
    spoken = text.split()
    shouted = sum([len(word) > 3 and word.strip(".,!?").isalpha() for word in filter(str.isupper, spoken)])
    return shouted >= max(_SHOUTED, len(spoken) // 10)
