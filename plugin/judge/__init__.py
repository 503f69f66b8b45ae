"""The judge: reads one message and says whether it is a complaint, of what, how grave, and by which words.

It weighs words and phrases, sentence by sentence, so that a long letter is no complaint by its length; small signs
(a fault, a repetition, a broken promise) count where several kinds stand close together in a short letter or a
customer's. It knows English best, German, French and Spanish decently, and the bare complaint words of seven more
languages; irony it notices only where somebody is praised for what went wrong.
`assess` is the whole seam: what stands behind it may change.
"""

from __future__ import annotations

from plugin.judge.facts import facts
from plugin.judge.own import own_text
from plugin.judge.verdict import Verdict, weigh
from plugin.judge.weights import strongest_passage
from plugin.model import Assessment, Message, Origin, clip

__all__ = ["Judge", "assess", "key_sentence"]

_ANSWERED = ("re", "aw", "sv", "antw", "antwort", "rv", "res", "odp", "ynt", "vs", "ref", "rif", "ha")
_PASSED_ON = ("fw", "fwd", "wg", "tr", "i", "doorst", "enc", "rv", "vl", "pd", "ilt")
_KEY_SENTENCE = 200
_ODD = str.maketrans({"[": "(", "]": ")", "{": "(", "}": ")"})


class Judge:
    """Judges messages; a score from `complaint_at` is a complaint, one within `ask_between` a person should look at."""

    def __init__(self, complaint_at: float = 0.7, ask_between: tuple[float, float] = (0.4, 0.7)) -> None:
        self.complaint_at, self.ask_between = complaint_at, ask_between

    def assess(self, message: Message) -> Assessment:
        """What the message is; total: an answer for every text, in time that grows with its first 64 KiB only.

        What a machine wrote is not weighed: its score is 0, and it has no labels.
        """
        forwarded = message.origin is Origin.FORWARD
        own = own_text(message.text, forwarded=forwarded)
        if message.automatic:
            return Assessment(complaint=False, maybe=False, score=0.0, automatic=True, own_text=own)
        verdict = weigh(own, _own_subject(message.subject, forwarded))
        return self._assessment(own, verdict)

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
    own = assessment.own_text
    start, end = strongest_passage(own, [found.start for found in assessment.evidence], _KEY_SENTENCE)
    clean = "".join(sign if sign.isprintable() else " " for sign in own[start:end]).translate(_ODD)
    return clip(clean.strip(" \t-*•·–—>"), _KEY_SENTENCE)


def _own_subject(subject: str, forwarded: bool) -> str:
    """The subject if these are the sender's own words: of an answer it is what the thread was once called."""
    head, colon, rest = subject[:300].partition(":")
    word = head.strip().casefold().split("[")[0].split("(")[0]
    if not colon or word not in _ANSWERED + _PASSED_ON:
        return subject[:300]
    return _own_subject(rest, False) if forwarded and word in _PASSED_ON else ""
