"""Signs: what went wrong and what a sender asks for, threatens or makes light of, by phrases of his language.

Terminology
-----------
sign     a phrase that stands in a text, and the label it speaks for: `ask-refund`, `risk-legal`, `heated`, `grave`;
         `outright`, `displeased` and `fault` speak for a complaint, `settled` and `ordinary` against one.
phrase   words in a row, whole, without regard to case and accents. `refund*` is any word that begins so, `a/b` either,
         `my?` may be missing, and `..` stands for up to four words of any kind within a sentence.
not      the label of phrases that unmake a sign standing up to three words behind them: "no need for a refund".
aside    the label of phrases that unmake what they overlap, a sign or a `not`: "our legal department", "not only".
folded   of a text: small bare letters and digits, a blank for every other sign, `.` for the end of a sentence.

The shipped phrases lie in `playbooks/signs/<language>.yaml`: a mapping of labels to lists of phrases. A language is
read when it is first met. Of every phrase its longest run of fixed words goes into one RE2 set, so that a text is
passed over once; only the phrases whose run was seen are looked for again, to tell where they stand.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import chain, groupby, islice
from re import compile as stdlib_pattern
from typing import Any, NamedTuple

import re2

from plugin.model import ASKS, CATEGORIES, RISKS

__all__ = ["LABELS", "LANGUAGES", "Sign", "Signs", "listed"]

LABELS = (
    *(f"ask-{ask}" for ask in ASKS), *(f"risk-{risk}" for risk in RISKS),
    "heated", "chaser", "again", "grave", "minor", "mock", "praise", "no-complaint",
    "declared", "outright", "displeased", "fault", *(f"fault-{category}" for category in CATEGORIES[:-1]),
    *(f"category-{category}" for category in CATEGORIES[:-1]), "settled", "ordinary",
    "not", "aside",
)  # fmt: skip
"""Every label a list of phrases may have; `not` and `aside` are never found, they only unmake others.

`declared` is what says of itself that it is a complaint; `fault-delivery` is a fault by which the category is known,
`category-delivery` what is no fault but of that category.
"""
LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ru", "ja")
"""The languages whose phrases are shipped."""

_COUNTED = 64 * 1024  # characters of a text that are looked at
_FIRM = frozenset(  # what no negation unmakes
    {
        "again",
        "no-complaint",
        "minor",
        "mock",
        "ordinary",
        *(label for label in LABELS if label.startswith("category-")),
    }
)
_REACH = 3  # words between a negation and what it unmakes
_BACK = 48  # characters between the two, at most …
_SIGHT = 96  # … and so many folded ones in front of a sign within which there is a negation, or none need be looked for
_PAUSE = stdlib_pattern(r"[,.:;!?()\[\]–—]|\s-+\s|\n[ \t]*\n")
_CHARSETS = {"pl": "cp1250", "tr": "cp1254", "ru": "cp1251"}
_UNSPACED = frozenset({"ja"})  # written without blanks: each of its characters is read as a word
_STOPS = frozenset(".!?;…")
_BARE = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "œ": "o", "æ": "a", "ß": "s"})
_SPELT = {"ß": "ss?", "œ": "oe?", "æ": "ae?"}
_UMLAUTS = {"ä": "ae?", "ö": "oe?", "ü": "ue?"}  # as they are written on keyboards without them
_PLAIN = str.maketrans("/*?.", "    ")  # takes out of a phrase what is no word
_GAP = "(?:[^ .]+ +){0,4}?"
_MEMORY = 4 << 20  # bytes a set may take before it forgets what it learnt of texts; a tenth of it is used
_MARKS = frozenset(map(chr, range(0x300, 0x370)))  # accents that follow their letter


@dataclass(frozen=True, slots=True)
class Sign:
    """A phrase in a text: `text[start:end]` speaks for `label`."""

    label: str
    start: int
    end: int


class Signs:
    """Finds signs; `extra` (language, label, phrases) adds to the shipped phrases. Threads may share one.

    ValueError where `listed` refuses a phrase of `extra`.
    """

    def __init__(self, extra: Mapping[str, Mapping[str, Sequence[str]]] | None = None) -> None:
        self._extra = {language: listed(phrases) for language, phrases in (extra or {}).items()}
        self._phrases: dict[str, _Phrases] = {}

    def find(self, text: str, language: str) -> list[Sign]:
        """The signs in the first 64 KiB characters of `text`, by where they start; of one label they never overlap.

        Total, and linear in the text. A language without phrases is read by the English ones.
        """
        known = language if language in LANGUAGES or language in self._extra else "en"
        if known not in self._phrases:
            self._phrases[known] = _Phrases(known, [*_shipped(known), *self._extra.get(known, ())])
        return self._phrases[known].find(text[:_COUNTED])


def listed(phrases: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The phrases of a mapping, each with its label; ValueError names the first that cannot be found in any text."""
    pairs = [(label, phrase) for label, some in phrases.items() for phrase in some]
    for label, phrase in pairs:
        if label not in LABELS:
            raise ValueError(f"{label} is no label of a sign: write one of {', '.join(LABELS)}")
        if any(_is_misspelt(word) for word in phrase.split()):
            raise ValueError(f"the phrase {phrase!r} has a * or ? within a word: each may only end one")
        if not any(map(_is_fixed, _words(phrase, ""))):
            raise ValueError(
                f"the phrase {phrase!r} has no word that must stand there: write one without a question mark"
            )
    return pairs


def _is_misspelt(word: str) -> bool:
    stems = word.removesuffix("?").split("/")
    return "?" in word[:-1] or any("*" in stem[:-1] for stem in stems)


@lru_cache(maxsize=len(LANGUAGES))
def _shipped(language: str) -> tuple[tuple[str, str], ...]:
    """The phrases of a shipped file, each with its label; none where there is no such file."""
    if language not in LANGUAGES:
        return ()
    return tuple(_read(files("playbooks").joinpath("signs", f"{language}.yaml").read_text(encoding="utf-8")))


def _read(source: str) -> Iterator[tuple[str, str]]:
    # The shipped files keep to plain `label:` and `  - phrase` lines, which is YAML; a YAML reader would need thirty
    # times as long, and every command that judges a letter would wait for it.
    label = ""
    for line in source.splitlines():
        if line.startswith("  - "):
            yield label, line[4:].strip().strip("'\"")
        elif line and not line.startswith("#"):
            label = line.rstrip(": ")


_Span = tuple[int, int, str]  # start, end, label


class _Phrase(NamedTuple):
    """A phrase as RE2 patterns over folded text: `whole`, and `seen`, the run of it that is looked for first.

    `loose` is one of which a gap may hold a negation ("want .. refund"), which then unmakes it.
    """

    label: str
    whole: str
    seen: str
    loose: bool


class _Phrases:
    """The phrases of one language, ready to be found."""

    def __init__(self, language: str, labelled: Iterable[tuple[str, str]]) -> None:
        self._alphabet = _alphabet(language)
        pairs = list(labelled)
        refusals = [_phrase(label, phrase, language).whole for label, phrase in pairs if label == "not"]
        self._negation = _Negation(self._alphabet, refusals)
        every = [_phrase(label, phrase, language, self._is_loose(label, phrase)) for label, phrase in pairs]
        self._options = _options(_MEMORY + 1024 * len(every))
        self._set = re2.Set.SearchSet(self._options)
        self._runs: list[list[_Phrase]] = []
        for seen, some in groupby(sorted((each for each in every if each.label != "not"), key=_seen), key=_seen):
            self._set.Add(self._alphabet.encoded(seen))
            self._runs.append(list(some))
        self._set.Compile()
        self._patterns: dict[str, Any] = {}

    def _is_loose(self, label: str, phrase: str) -> bool:
        """Whether a negation between the words of this phrase unmakes it: not where it has one of its own."""
        if ".." not in phrase or label in _FIRM or label in ("not", "aside"):
            return False
        folded, _ = self._alphabet.fold(phrase.translate(_PLAIN))
        return not self._negation.within(folded)

    def find(self, text: str) -> list[Sign]:
        """The signs of a text that is short enough."""
        folded, places = self._alphabet.fold(text)
        spans = [_placed(span, places) for span in self._spans(folded)]
        asides = _Asides(span for span in spans if span[2] == "aside")
        said = [span for span in spans if span[2] != "aside" and not asides.overlap(*span[:2])]
        ends = self._negation.ends(folded) if said else []
        return list(_apart(span for span in said if not self._unmade(span, text, asides, ends, places)))

    def _spans(self, folded: bytes) -> list[_Span]:
        """Where each phrase stands in the folded text, by its first letter, the longest first."""
        found: list[_Span] = []
        for number in self._set.Match(folded) or ():
            for phrase in self._runs[number]:
                for match in islice(self._pattern(phrase.whole).finditer(folded), _most(phrase.label)):
                    start, end = match.span()
                    if not (phrase.loose and self._negation.within(folded[start:end])):
                        found.append((start + 1, end - 1, phrase.label))
        return sorted(found, key=_order)

    def _pattern(self, whole: str) -> Any:
        if whole not in self._patterns:
            self._patterns[whole] = re2.compile(self._alphabet.encoded(whole), self._options)
        return self._patterns[whole]

    def _unmade(
        self, span: _Span, text: str, asides: _Asides, ends: Sequence[int], places: Sequence[int] | None
    ) -> bool:
        """Whether a negation stands in front of it; `ends` tell where it is worth looking for one."""
        if span[2] in _FIRM or not ends:
            return False
        start = span[0] if places is None else bisect_left(places, span[0])
        last = bisect_right(ends, start + 2)  # a negation may end with the blank the sign begins behind
        if not last or ends[last - 1] < start - _SIGHT:
            return False
        negation = self._negation.before(text, span[0])
        return negation is not None and not asides.overlap(*negation)


class _Negation:
    """The `not` phrases of a language, looked for in front of a sign only."""

    def __init__(self, alphabet: _Alphabet, phrases: Sequence[str]) -> None:
        self._alphabet = alphabet
        any_of = f"(?:{'|'.join(phrases)})" if phrases else r"[^\x00-\xff]"
        self._near = re2.compile(alphabet.encoded(any_of + f" *(?:[^ .]+ +){{0,{_REACH}}}$"), _options(_MEMORY))
        self._any = re2.compile(alphabet.encoded(any_of), _options(_MEMORY))

    def within(self, folded: bytes) -> bool:
        """Whether a negation stands in a piece of folded text that begins and ends with a blank."""
        return self._any.search(folded) is not None

    def ends(self, folded: bytes) -> list[int]:
        """Behind which places of a folded text there are negations, in order."""
        return [match.end() for match in self._any.finditer(folded)]

    def before(self, text: str, place: int) -> tuple[int, int] | None:
        """Where the negation stands that reaches what begins at `place`; none where a pause is between the two."""
        clause = _PAUSE.split(_words_before(text, place))[-1]
        folded, places = self._alphabet.fold(clause)
        match = self._near.search(folded)
        if not match:
            return None
        start, end, _ = _placed((match.start() + 1, match.end() - 1, ""), places)
        return start + place - len(clause), end + place - len(clause)


def _words_before(text: str, place: int) -> str:
    """The few words in front of a place."""
    before = text[max(0, place - _BACK) : place]
    return before if place <= _BACK else before.partition(" ")[2]


class _Asides:
    """Where a text only speaks of something by the way; one can ask without looking at each of them."""

    def __init__(self, spans: Iterable[_Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end, _ in spans:
            if not self._ends or end > self._ends[-1]:  # what lies within another one adds nothing
                self._starts.append(start)
                self._ends.append(end)

    def overlap(self, start: int, end: int) -> bool:
        """Whether any of them shares a letter with the text from `start` to `end`."""
        at = bisect_right(self._ends, start)
        return at < len(self._starts) and self._starts[at] < end


def _apart(said: Iterable[_Span]) -> Iterator[Sign]:
    """The signs to be told: of one label none that begins within the one before."""
    reach: dict[str, int] = {}
    for start, end, label in said:
        if start >= reach.get(label, 0):
            reach[label] = end
            yield Sign(label, start, end)


def _most(label: str) -> int | None:
    """How often a phrase is looked for: of what nobody is shown twice is enough."""
    return 2 if label.startswith(("fault", "category-")) else None


def _order(span: _Span) -> tuple[int, int]:
    return span[0], -span[1]


def _placed(span: _Span, places: Sequence[int] | None) -> _Span:
    """The span in the text of one in its folded bytes, in front of which stands one blank."""
    start, end, label = span
    if places is None:
        return start - 1, end - 1, label
    return places[start - 1], places[end - 2] + 1, label


class _Alphabet:
    """How a language's text is folded, and how a pattern is written that is to be found in it."""

    def __init__(self, charset: str) -> None:
        self._charset = charset
        self._table = bytes(_folded_byte(number, charset) for number in range(256))

    def fold(self, text: str) -> tuple[bytes, Sequence[int] | None]:
        """The folded text in blanks, and the place of the character each byte is of; None where they are the same."""
        if text.isascii() or _MARKS.isdisjoint(text):
            return self._bytes(text), None
        kept = [at for at, sign in enumerate(text) if sign not in _MARKS]
        return self._bytes("".join([text[at] for at in kept])), kept

    def encoded(self, pattern: str) -> bytes:
        """A pattern in the bytes folded text is made of."""
        # What the charset lacks becomes letters no folded text holds, so that the phrase is never found.
        return pattern.encode(self._charset, "xmlcharrefreplace")

    def _bytes(self, text: str) -> bytes:
        # One character is one byte, known or not, so that a place in the one is the same place in the other.
        return b" " + text.encode(self._charset, "replace").translate(self._table) + b" "


class _Unspaced(_Alphabet):
    """The alphabet of a script without blanks: UTF-8, with a blank between characters."""

    def __init__(self) -> None:
        super().__init__("utf-8")

    def fold(self, text: str) -> tuple[bytes, Sequence[int] | None]:
        coded = [b"." if sign in "。．！？.!?" else sign.encode("utf-8", "replace") for sign in text]
        places = list(chain.from_iterable([at] * (len(sign) + 1) for at, sign in enumerate(coded)))
        return b" " + b" ".join(coded) + b" ", places


@lru_cache(maxsize=len(LANGUAGES))
def _alphabet(language: str) -> _Alphabet:
    return _Unspaced() if language in _UNSPACED else _Alphabet(_CHARSETS.get(language, "cp1252"))


def _folded_byte(number: int, charset: str) -> int:
    sign = bytes([number]).decode(charset, "replace")
    if sign in _STOPS:
        return ord(".")
    return _bare(sign).encode(charset, "replace")[0] if sign.isalnum() else ord(" ")


@lru_cache(maxsize=1024)
def _bare(sign: str) -> str:
    """A letter without case and accent; always one character."""
    return unicodedata.normalize("NFKD", sign.lower())[0].translate(_BARE)


class _Word(NamedTuple):  # not a dataclass: thousands of them are made when a language is met
    """One word of a phrase: the pattern of its letters, how many they are at least, and whether it may be missing.

    `step` is the pattern of it and of the blanks behind it.
    """

    pattern: str
    letters: int = 0
    optional: bool = False
    step: str = ""

    @property
    def fixed(self) -> bool:
        """Whether it must stand there."""
        return not self.optional and self.pattern != _GAP


def _phrase(label: str, phrase: str, language: str, loose: bool = False) -> _Phrase:
    words = _words(phrase, language)
    whole = _bounded(words)
    if all(word.fixed for word in words):
        return _Phrase(label, whole, whole, loose)
    runs = (list(run) for fixed, run in groupby(words, key=_is_fixed) if fixed)
    return _Phrase(label, whole, _bounded(max(runs, key=_letters)), loose)


def _words(phrase: str, language: str) -> list[_Word]:
    """The words of a phrase; those at its ends that need not be there are left out."""
    written = " ".join(phrase).split() if language in _UNSPACED else phrase.split()
    words = [word for each in written if (word := _word(each, language)).pattern]
    while words and not words[-1].fixed:
        del words[-1]
    while words and not words[0].fixed:
        del words[0]
    return words


@lru_cache(maxsize=4096)
def _word(written: str, language: str) -> _Word:
    if written == "..":
        return _Word(_GAP, step=_GAP)
    bare = written.rstrip("?")
    if bare.isascii() and bare.replace("/", "").isalpha() and language not in _UNSPACED:
        stems = [stem for stem in bare.lower().split("/") if stem]  # most words, spelt as they are written
    else:
        stems = [stem for each in bare.split("/") if (stem := _stem(each, language))]
    pattern = f"(?:{'|'.join(stems)})" if len(stems) > 1 else "".join(stems)
    optional = written.endswith("?")
    step = f"(?:{pattern} +)?" if optional else pattern + " +"
    return _Word(pattern, min(map(len, stems), default=0), optional, step)


def _stem(written: str, language: str) -> str:
    """The pattern of one alternative; a sign within it that is no letter ("don't") parts it into words."""
    if language in _UNSPACED:
        return written if written.isalnum() else ""
    pattern = " +".join(written.lower().translate(_spelling(language == "de")).split())
    return pattern + "[^ .]*" if pattern and written.endswith("*") else pattern


class _Spelling(dict[int, str]):
    """How each sign of a phrase is looked for."""

    def __missing__(self, number: int) -> str:
        sign = chr(number)
        self[number] = spelt = _bare(sign) if sign.isalnum() else " "
        return spelt


@lru_cache(maxsize=2)
def _spelling(umlauts: bool) -> _Spelling:
    return _Spelling(str.maketrans(_SPELT | _UMLAUTS if umlauts else _SPELT))


def _is_fixed(word: _Word) -> bool:
    return word.fixed


def _letters(run: Sequence[_Word]) -> int:
    """How many letters a run of words has at least: the more, the seldomer it is seen for nothing."""
    return sum(word.letters for word in run)


def _bounded(words: Sequence[_Word]) -> str:
    return f"[ .]{''.join([word.step for word in words[:-1]])}{words[-1].pattern}[ .]"


def _seen(phrase: _Phrase) -> str:
    return phrase.seen


def _options(memory: int) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = memory
    options.log_errors = False
    return options
