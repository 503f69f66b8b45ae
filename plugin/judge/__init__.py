"""The judge: reads one message and says whether it is a complaint, of what, how grave, and by which words.

A linear model weighs words, sentence by sentence, so that a long letter is no complaint by its length; of letters it
does not rule out, signs (a fault told, a request, a threat, thanks, what is settled) weigh in. It knows English best,
German, French, Spanish, Italian, Portuguese and Dutch decently, and bare words of complaint in four more languages;
irony it notices only in phrases it was told of.
`assess` is the whole seam: what stands behind it may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from plugin.judge.deep import Deep
from plugin.judge.facts import facts
from plugin.judge.own import own_text
from plugin.judge.reading import sentence_around
from plugin.judge.verdict import Verdict, weigh
from plugin.model import Assessment, Direction, Message, Origin, clip

if TYPE_CHECKING:
    from plugin.judge.linear import Linear
    from plugin.judge.recall import Recall
    from plugin.judge.signs import Signs

__all__ = ["Glance", "Judge", "assess", "key_sentence", "own_subject"]

_ANSWERED = ("re", "aw", "sv", "antw", "antwort", "rv", "res", "odp", "ynt", "vs", "ref", "rif", "ha")
_PASSED_ON = ("fw", "fwd", "wg", "tr", "i", "doorst", "enc", "rv", "vl", "pd", "ilt")
_KEY_SENTENCE = 200
_A_LITTLE = 0.001
_A_FEW = 2  # words that tell nothing where nobody suspects a complaint
_ODD = str.maketrans({"[": "(", "]": ")", "{": "(", "}": ")"})


@dataclass(frozen=True, slots=True)
class Glance(Assessment):
    """What a glance tells of mail that is neither a complaint nor to be asked about: that it is none, and no more."""


class Judge:
    """Judges messages; a score from `complaint_at` is a complaint, one within `ask_between` a person should look at.

    Where words leave it open, `second` is asked. `signs` are a site's own phrases beside the shipped ones. What people
    taught is in `model` and `recall`.
    """

    def __init__(
        self,
        complaint_at: float = 0.7,
        ask_between: tuple[float, float] = (0.4, 0.7),
        second: Deep | None = None,
        *,
        signs: Signs | None = None,
        model: Linear | None = None,
        recall: Recall | None = None,
    ) -> None:
        self.complaint_at, self.ask_between, self.second, self.signs = complaint_at, ask_between, second, signs
        self._model, self._recall = model, recall

    def taught(self, model: Linear | None, recall: Recall) -> Judge:
        """This judge with what people taught: other weights (None: the shipped ones), and what they said of letters."""
        given = (self.complaint_at, self.ask_between, self.second)
        return type(self)(*given, signs=self.signs, model=model, recall=recall)

    def assess(self, message: Message) -> Assessment:
        """What the message is; total: an answer for every text, in time that grows with its first 64 KiB only.

        What a machine wrote is not weighed: its score is 0, and it has no labels.
        """
        own = _own(message)
        if message.automatic:
            return Assessment(complaint=False, maybe=False, score=0.0, automatic=True, own_text=own)
        verdict, said = self._weighed(message, own)
        return self._assessment(own, _as_said(verdict, said))

    def glance(self, message: Message) -> Assessment:
        """As `assess` where it is a complaint or somebody should look at it; else, for less, a Glance.

        Of what one of us or a machine wrote, which opens no case, nothing is read.
        """
        if message.automatic or message.direction is Direction.OUT:
            return Glance(complaint=False, maybe=False, score=0.0, automatic=bool(message.automatic))
        own, least = _own(message), min(self.complaint_at, self.ask_between[0])
        verdict, said = self._weighed(message, own, least)
        if said:
            return self.assess(message)
        if verdict.score < least:
            return Glance(complaint=False, maybe=False, score=verdict.score, own_text=own)
        return self._assessment(own, verdict)

    def _weighed(self, message: Message, own: str, least: float = 0.0) -> tuple[Verdict, Mapping[str, str]]:
        """What we think of the message, of one below the `least` score not all; and what people said of its like."""
        subject = own_subject(message.subject, forwarded=message.origin is Origin.FORWARD)
        verdict = weigh(own, subject, self._model, self.second, self.signs, least=least)
        return self._careful(verdict), self._recall.of(own, subject) if self._recall else {}

    def _careful(self, verdict: Verdict) -> Verdict:
        """A second opinion by itself makes nothing a complaint, and so writes no draft: a person is asked."""
        if verdict.alone < self.complaint_at <= verdict.score:
            return replace(verdict, score=max(verdict.alone, self.complaint_at - _A_LITTLE))
        return verdict

    def _assessment(self, own: str, verdict: Verdict) -> Assessment:
        low, high = self.ask_between
        complaint = verdict.score >= self.complaint_at
        return Assessment(
            complaint=complaint,
            maybe=not complaint and low <= verdict.score <= high,
            score=verdict.score,
            category=verdict.category,
            severity=verdict.severity,
            risks=verdict.risks,
            asks=verdict.asks,
            heated=verdict.heated,
            chaser=verdict.chaser,
            language=verdict.language,
            evidence=verdict.evidence,
            facts=facts(own),
            own_text=own,
        )


def assess(message: Message) -> Assessment:
    """What a judge with the default thresholds thinks of the message."""
    return Judge().assess(message)


def key_sentence(assessment: Assessment) -> str:
    """The customer's own sentence that says best what went wrong, in one line of at most 200 characters, or empty."""
    telling = next((found for found in assessment.evidence if found.label == "complaint"), None)
    if telling is None:
        return ""
    start, end = sentence_around(assessment.own_text, telling.start, telling.end, _KEY_SENTENCE)
    clean = "".join(sign if sign.isprintable() else " " for sign in assessment.own_text[start:end]).translate(_ODD)
    said = clip(clean.strip(" \t-*•·–—>"), _KEY_SENTENCE)
    noticed = assessment.complaint or assessment.maybe
    return said if noticed or len(said.split()) > _A_FEW else ""


def _own(message: Message) -> str:
    return own_text(message.text, forwarded=message.origin is Origin.FORWARD)


def _as_said(verdict: Verdict, said: Mapping[str, str]) -> Verdict:
    """A person's word on nearly the same letter goes before ours."""
    if not said:
        return verdict
    scores = {"yes": 1.0, "no": 0.0}
    return replace(
        verdict,
        score=scores.get(said.get("complaint", ""), verdict.score),
        category=said.get("category", verdict.category),
        severity=said.get("severity", verdict.severity),
    )


def own_subject(subject: str, *, forwarded: bool = False) -> str:
    """The subject if these are the sender's own words: of an answer it is what the thread was once called."""
    head, colon, rest = subject[:300].partition(":")
    word = head.strip().casefold().split("[")[0].split("(")[0]
    if not colon or word not in _ANSWERED + _PASSED_ON:
        return subject[:300] if any(map(str.isalpha, subject[:300])) else ""  # signs alone say nothing
    return own_subject(rest) if forwarded and word in _PASSED_ON else ""
