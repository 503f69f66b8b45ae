"""Tone: remarks on the wording of a letter, for whoever is about to send it. A remark never blocks anything.

Terminology
-----------
remark    some words of a letter, the practice of good complaint handling they offend, and a better wording.
kind      what is wrong with them; KINDS lists all of them, each with the practice it offends.
list      what is looked for in one language: `playbooks/tone/<language>.yaml`, and a site's own beside it.
context   words that decide whether others offend: what names a day, names a gift, or acknowledges a feeling.

What is looked for is asked of RE2, so that the time a letter takes grows with its length and not faster.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from plugin.patterns import Family, Pattern

LIMIT = 64 * 1024
"""Characters of a text that are looked at."""
KINDS: Mapping[str, str] = {
    "blame": "P15", "refusal": "P15", "excuse": "P6", "sarcasm": "P16", "contradiction": "P16",
    "vague-apology": "P29", "conditional-apology": "P29", "condition": "P22", "upsell": "P22", "personal-data": "P19",
    "undated-promise": "P9", "jargon": "P13", "shouting": "P11", "no-empathy": "P13",
}  # fmt: skip
"""Every kind of remark, and the practice it offends where a list names no other."""
GOODWILL = "goodwill"
_OF_GIFTS = ("condition", "upsell")
_MOST = 20  # matches of one pattern; who has more of them has been told
_FILLED = "\xa4"  # stands for every letter of a slot or a mark, which a person or a case will fill
_SAID = "\xb7"  # stands for every letter of words that are somebody else's
_PLAIN_SIGNS = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "‐": "-", "‑": "-"})
_INVISIBLE = re.compile("[\u00ad\u0300-\u036f\u200b-\u200d\u2060\ufeff]")
_QUOTED = re.compile(r"„[^„“”]*[“”]|“[^“”]*”|«[^«»]*»|»[^«»]*«|\"[^\"\n]*\"")
_THEIR_LINE = re.compile(r"(?m)^[ \t]*>.*$")
_HEAD = re.compile(r"(?i)\Asubject:")
_TAG = re.compile(r"\{(?:if\s[^{}\n]*|end)\}")
_BLANK = re.compile(r"\[\[[^\[\]\n]+\]\]|\{[^{}\n]*\}")
_STOP = re.compile(r"(?:[!?…]|(?<![\d.])\.)[\"')\]]*\s+(?=[^\sa-z])|\n\s*\n")
_FEELING_SLOT = re.compile(r"\{(?:apology|empathy|effect|publicly)\}")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Remark:
    """`text` is `letter[start:end]`, in characters; of what is missing it is empty. `practice` is one of P1 to P40."""

    text: str
    start: int
    end: int
    practice: str
    better: str
    kind: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Words of one kind: any of `find`, save in a sentence with any of `unless`."""

    kind: str
    practice: str
    better: str
    find: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class List:
    """What is looked for in one language; `missing` is what is said of a whole letter without a word of feeling."""

    rules: tuple[Rule, ...] = ()
    day: tuple[Pattern, ...] = ()
    gift: tuple[Pattern, ...] = ()
    feeling: tuple[Pattern, ...] = ()
    missing: str = ""

    def __add__(self, other: List) -> List:
        return List(
            self.rules + other.rules,
            self.day + other.day,
            self.gift + other.gift,
            self.feeling + other.feeling,
            other.missing or self.missing,
        )


@dataclass(frozen=True, slots=True)
class Tone:
    """The lists in force: the shipped ones, and those a site has beside its playbooks, by language."""

    own: Mapping[str, List] = field(default_factory=dict)

    def of(self, language: str) -> List:
        """The list of an IETF tag (`de`, `de-AT`); an empty one where there is none."""
        code = language[:2].casefold()
        return shipped(code) + self.own.get(code, List())


@cache
def shipped(code: str) -> List:
    """The shipped list of a language, empty where there is none; read when it is first asked for."""
    from plugin.letters.tonebook import read_shipped  # noqa: PLC0415 - only who asks for remarks needs a YAML reader

    return read_shipped(code)


SHIPPED_TONE = Tone()


def lint(
    text: str, lang: str, *, purpose: str = "", public: bool = False, words: Tone = SHIPPED_TONE
) -> tuple[Remark, ...]:
    """Remarks on the first 64 KiB characters of a letter in `lang`, by where they start; total, in linear time.

    `purpose` is given of a whole letter (acknowledgement, update, answer, follow_up, goodwill), of which a word for
    what the other feels is expected; `public` of what everybody can read. Words in quotation marks, lines that begin
    with `>`, `[[marks]]` and `{slots}` are nobody's own words, and are passed over.
    """
    look = _Look(text[:LIMIT], words.of(lang), purpose, public)
    return tuple(sorted(look.remarks(), key=_order))


def folded(text: str) -> str:
    """Text without accents and with plain apostrophes, of the same length, as lists and letters are compared."""
    return text if text.isascii() else text.translate(_PLAIN_SIGNS).translate(_BARE)


class _Bare(dict[int, str]):
    """Each letter without its accent, in the same case; always one character."""

    def __missing__(self, point: int) -> str:
        bare = unicodedata.normalize("NFD", chr(point))[0]
        self[point] = bare
        return bare


_BARE = _Bare()


class _Look:
    """One look at one letter."""

    def __init__(self, text: str, words: List, purpose: str, public: bool) -> None:
        self._text, self._words, self._purpose, self._public = text, words, purpose, public
        self._bare, self._places = _visible(text)
        self._stops = [found.end() for found in _STOP.finditer(self._bare)]
        self._days: frozenset[int] | None = None

    def remarks(self) -> Iterator[Remark]:
        found = [remark for rule in self._rules() for remark in self._by(rule)]
        apart = list(_apart(found))
        yield from apart
        if self._purpose and self._words.missing and not self._feels(apart):
            yield Remark("", 0, 0, KINDS["no-empathy"], self._words.missing, "no-empathy")

    def _rules(self) -> Iterator[Rule]:
        gift = self._purpose == GOODWILL or any(one.found_in(self._bare) for one in self._words.gift)
        for rule in self._words.rules:
            if (gift or rule.kind not in _OF_GIFTS) and (self._public or rule.kind != "personal-data"):
                yield rule

    def _by(self, rule: Rule) -> Iterator[Remark]:
        spans = [span for one in rule.find for span in one.spans_in(self._bare, _MOST)]
        if not spans:
            return
        excused = self._sentences(rule.unless)
        if rule.kind == "undated-promise":
            excused |= self._dated()
        for start, end in spans:
            if self._sentence(start) not in excused:
                yield self._remark(rule, start, end)

    def _remark(self, rule: Rule, start: int, end: int) -> Remark:
        end = start + len(self._bare[start:end].rstrip(" \n.,;:"))  # a pattern may have looked at what follows
        if self._places is not None:
            start, end = self._places[start], self._places[end - 1] + 1
        return Remark(self._text[start:end], start, end, rule.practice, rule.better, rule.kind)

    def _sentence(self, at: int) -> int:
        """The number of the sentence a place lies in."""
        return bisect_right(self._stops, at)

    def _sentences(self, patterns: Iterable[Pattern]) -> frozenset[int]:
        """The sentences that hold one of these."""
        return frozenset(self._sentence(start) for one in patterns for start, _ in one.spans_in(self._bare, LIMIT))

    def _dated(self) -> frozenset[int]:
        """The sentences that name a day, or leave one to be filled in."""
        if self._days is None:
            blanks = (self._sentence(found.start()) for found in re.finditer(_FILLED, self._bare))
            self._days = self._sentences(self._words.day) | frozenset(blanks)
        return self._days

    def _feels(self, remarks: Sequence[Remark]) -> bool:
        """Whether anything acknowledges what they feel; an apology that is none does not."""
        if _FEELING_SLOT.search(self._text):
            return True
        hollow = [(one.start, one.end) for one in remarks if one.kind in ("vague-apology", "conditional-apology")]
        spans = (span for one in self._words.feeling for span in one.spans_in(self._bare, _MOST))
        return any(all(end <= low or start >= high for low, high in hollow) for start, end in spans)


def feels(text: str, lang: str, *, words: Tone = SHIPPED_TONE) -> bool:
    """Whether a letter acknowledges what the other feels."""
    return not any(one.kind == "no-empathy" for one in lint(text, lang, purpose="answer", words=words))


def names_a_day(text: str, lang: str, *, words: Tone = SHIPPED_TONE) -> bool:
    """Whether a letter names a day, an hour or a span of time."""
    bare, _ = _visible(text[:LIMIT])
    return any(one.found_in(bare) for one in words.of(lang).day)


def _visible(text: str) -> tuple[str, Sequence[int] | None]:
    """The writer's own words in plain letters; and where each stands in `text`, None where nothing was left out."""
    places = None
    if _INVISIBLE.search(text):
        places = [at for at, sign in enumerate(text) if not _INVISIBLE.match(sign)]
        text = "".join([text[at] for at in places])
    own = _HEAD.sub(_blanks, _TAG.sub(_blanks, _THEIR_LINE.sub(_breaks, text)))
    return folded(_QUOTED.sub(_others, _BLANK.sub(_fill, own))), places


def _blanks(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _breaks(found: re.Match[str]) -> str:
    return "\n" * len(found[0])


def _fill(found: re.Match[str]) -> str:
    return _FILLED * len(found[0])


def _others(found: re.Match[str]) -> str:
    return found[0] if "\n\n" in found[0] else _SAID * len(found[0])


def _order(remark: Remark) -> tuple[int, int, str]:
    return remark.start, -remark.end, remark.kind


def _apart(remarks: Iterable[Remark]) -> Iterator[Remark]:
    """Of one kind none that begins within another; of one practice none that lies wholly within another."""
    reach, covered = dict[str, int](), dict[str, int]()
    for remark in sorted(remarks, key=_order):
        if remark.start >= reach.get(remark.kind, 0) and remark.end > covered.get(remark.practice, 0):
            reach[remark.kind] = covered[remark.practice] = remark.end
            yield remark


def pattern(written: str, family: Family | None = None) -> Pattern:
    """What a list has in one line: words in a row, or a `/pattern/`; a blank is any white space. Raises ValueError."""
    plain = folded(written.strip())
    if len(plain) > 2 and plain[0] == plain[-1] == "/":
        return Pattern.parse(_BLANKS.sub(_any_blank, plain[1:-1]), family)
    if not any(map(str.isalnum, plain)):
        raise ValueError(f"`{written}` holds no word: write words, or a pattern between slashes")
    gap = r"\s+"
    return Pattern.parse(rf"\b{gap.join(map(re.escape, plain.split()))}\b", family)


_BLANKS = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\.| +")


def _any_blank(found: re.Match[str]) -> str:
    if found[0].strip():
        return found[0]
    return r"(?:\s+)" if found.string[found.end() : found.end() + 1] in ("?", "*", "+", "{") else r"\s+"


__all__ = ["KINDS", "SHIPPED_TONE", "List", "Remark", "Rule", "Tone", "feels", "lint", "names_a_day", "pattern"]
