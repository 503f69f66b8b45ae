"""What we promised in something we sent: words that commit us, beside a date.

A promise is a date in a clause that says what we shall do, or what the customer shall have. No promise is what we ask
of the customer, what happened before, what holds for everybody, what hangs on a condition, and what is quoted. Where
words may be read in several ways the earlier date counts, and where it is not sure that they commit us, none is found:
a reminder of something nobody promised would teach people to overlook reminders.

The words stand in `playbooks/promises/<language>.yaml`; a language without such a file holds no promise for us.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from plugin.hours import Hours
from plugin.judge.reading import sentences
from plugin.letters.dated import LANGUAGES, Dated, Words, said, words_of
from plugin.model import Promise, clip

__all__ = ["LANGUAGES", "Promise", "promised"]

_LOOKED_AT = 16_384  # characters of a reply
_MOST = 10  # promises of a reply
_LONGEST = 800  # characters of a sentence that are looked at together
_SHOWN = 200
_FEW = 2  # words beside a date that are no clause of their own
_QUOTED = re.compile(r"^[ \t]*>.*$|“[^”\n]{1,400}”|„[^“”\n]{1,400}[“”]|«[^»\n]{1,400}»|\"[^\"\n]{1,400}\"", re.M)
_NOT_OVER = re.compile(r"(?:\d|\b[^\W\d_]{3})\.\s*$")  # "3. Dezember", "Nov. 27"
_GOES_ON = re.compile(r"\s*(?:[^\W\d_A-ZÄÖÜÀÉÈ]|\d)")
_WORD = re.compile(r"[^\W_]+")
_MARK = re.compile(r"[,;:()–—]|\s-\s")


@dataclass(frozen=True, slots=True)
class _Cues:
    """The words of one language by which a promise is known."""

    words: Words
    commits: re.Pattern[str]
    blocks: re.Pattern[str]
    conditions: re.Pattern[str]
    aside: re.Pattern[str]
    joints: re.Pattern[str]
    contents: re.Pattern[str]  # what a clause begins with that only tells what another one is about


@lru_cache(maxsize=len(LANGUAGES))
def _cues(language: str) -> _Cues:
    words, listed = words_of(language), said(language)

    def any_of(name: str) -> re.Pattern[str]:
        phrases = "|".join(words.pattern(phrase) for phrase in listed[name])
        return re.compile(rf"(?<!\w)(?:{phrases})(?!\w)", re.I)

    return _Cues(words, *(any_of(name) for name in ("commits", "blocks", "conditions", "aside", "joints", "contents")))


def promised(text: str, language: str, at: datetime, hours: Hours) -> tuple[Promise, ...]:
    """The dated promises in our own words, as they were sent at `at`; total, in the order they stand, at most ten.

    Days are those of the calendar's zone: a day is over with its last opening hour, or at 24:00 where nobody works on
    it; working days are the calendar's. Spans count in `text`. A language that is not in LANGUAGES gives none.
    """
    if language not in LANGUAGES:
        return ()
    cues, bare = _cues(language), _unquoted(text[:_LOOKED_AT])
    found: list[Promise] = []
    for start, end in _sentences(bare, cues.words.months):
        sentence = bare[start:end]
        for date in _committed(cues, sentence, cues.words.find(sentence, at, hours)):
            words = text[start + date.start : start + date.end]
            what = clip(text[start:end], _SHOWN)
            found.append(Promise(words, start + date.start, start + date.end, date.due_at, what, date.within))
    return tuple(found[:_MOST])


def _unquoted(text: str) -> str:
    """The text with blanks in place of what somebody else said, so that spans stay."""
    return _QUOTED.sub(lambda found: " " * len(found[0]), text.replace("\xa0", " ").replace("\u202f", " "))


def _sentences(text: str, months: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where the sentences stand; a full stop behind the number of a day ends none."""
    begun: int | None = None
    for start, end in sentences(text):
        first = start if begun is None else begun
        goes_on = _NOT_OVER.search(text[start:end]) and (_GOES_ON.match(text, end) or months.match(text, end))
        begun = first if goes_on and end - first <= _LONGEST else None
        if begun is None:
            yield from _pieces(first, end)
    if begun is not None:
        yield from _pieces(begun, len(text))


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + _LONGEST, end)) for first in range(start, end, _LONGEST))


# ---- does it commit us? ----------------------------------------------------------------------------------------------


def _committed(cues: _Cues, sentence: str, dates: list[Dated]) -> Iterator[Dated]:
    """The dates of a sentence by which something of ours is to be done."""
    if not dates or sentence.rstrip().endswith("?"):
        return
    said = sentence
    for date in dates:
        said = said[: date.start] + "_" * (date.end - date.start) + said[date.end :]
    bare = cues.aside.sub(lambda found: "." * len(found[0]), said)
    spans = list(_clauses(cues, said))
    clauses = [_Clause(cues, said[start:end], bare[start:end]) for start, end in spans]
    for date in dates:
        own = next(number for number, (start, end) in enumerate(spans) if start <= date.start < end)
        if not _on_condition(clauses, own) and _commits(clauses, own, firm=date.firm):
            yield date


class _Clause:
    """A part of a sentence that may have a say of its own: as it is, and without the words that stop nothing."""

    def __init__(self, cues: _Cues, said: str, bare: str) -> None:
        joint, condition = cues.joints.search(said), cues.conditions.search(bare)
        self.joined = joint is not None and not _WORD.search(said[: joint.start()])
        self.told = cues.contents.match(said.lstrip(" ")) is not None
        self.conditional = condition is not None
        self.on_condition = condition is not None and not _WORD.search(bare[: condition.start()])
        self.blocked = cues.blocks.search(bare) is not None
        self.commits = not self.blocked and cues.commits.search(said) is not None
        self.alone = len(_WORD.findall(said.replace("_", " "))) <= _FEW


def _clauses(cues: _Cues, said: str) -> Iterator[tuple[int, int]]:
    """Where the parts of a sentence stand that may each have a say of its own."""
    cuts = {match.start() for pattern in (_MARK, cues.joints) for match in pattern.finditer(said)}
    start = 0
    for cut in sorted({*cuts, len(said)}):
        if _WORD.search(said[start:cut].replace("_", "a")):  # a comma and its "and" part two clauses, not three
            yield start, cut
            start = cut


def _on_condition(clauses: list[_Clause], own: int) -> bool:
    """Whether what is to be done by a date hangs on something, said beside it or at the head of a clause around it."""
    return clauses[own].conditional or any(clause.on_condition for clause in clauses[: own + 2])


def _commits(clauses: list[_Clause], own: int, *, firm: bool) -> bool:
    """Whether the clause of a date commits us; of one that says nothing either way those around it are asked.

    What stands before a comma by itself, as in "On Friday, we will …", belongs to what follows. A firm date may stand
    far behind the words that commit us: "we will write to you what we found, and why, by Friday".
    """
    clause = clauses[own]
    told_of = clauses[own - 1] if clause.told and own else clause  # "we cannot say that you will have it by Friday"
    if told_of.blocked or (clause.blocked and not (firm and clause.joined)):
        return False
    following = clauses[own + 1] if clause.alone and own + 1 < len(clauses) else None
    if clause.commits or (following is not None and (following.commits or following.blocked)):
        return clause.commits or (following is not None and following.commits)
    before = clauses[:own] if firm else clauses[max(own - 1, 0) : own]
    for earlier in reversed(before):
        if earlier.commits:
            return True
        if earlier.blocked and not earlier.joined:
            return False
    return False
