"""The words of the letters, by language: what the code says itself, and the phrases a letter is put together from.

Terminology
-----------
phrase    a name such as `apology`, and for each category of complaint and each voice a few ways to say it.
voice     the tone an inbox chose: plain, warm or formal.
variant   one way to say a phrase; which of them, the case decides, so that the same case always says the same.
wording   all words and phrases of one language.

The shipped ones lie in `playbooks/phrases/<language>.yaml`. A language is read when the first letter in it is written.
A site's own (see plugin.letters.own) are laid over them: variants replace those of the same phrase, category and
voice, words those of the same name; the cues under `effect` are added.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from plugin.model import ASKS, CATEGORIES, clip
from plugin.source import Form, Problem, Problems, one_of, parse, read_text

__all__ = ["ANY", "INCIDENT", "LANGUAGES", "MOST", "PHRASES", "SHIPPED", "VOICES", "Phrases", "PhrasesForm",
           "Wording", "Words", "base", "shipped"]  # fmt: skip

LANGUAGES = ("en", "de", "fr", "es")
"""The languages whose phrases are shipped."""
VOICES = ("plain", "warm", "formal")
ANY = "any"
"""The category of a phrase that serves where there is none of its own."""
INCIDENT = "incident"
"""The category of a phrase that serves every complaint about an incident."""
PHRASES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "thanks": ("P15",), "said": ("P5",), "apology": ("P29",), "effect": ("P5", "P13"), "empathy": ("P3", "P13"),
    "noted": ("P5",), "wish": ("P7", "P17"), "question": ("P7",), "request": ("P30",), "next": ("P2", "P9"),
    "options": ("P17", "P31"), "talk": ("P4",), "still_here": ("P10",), "one_question": ("P20", "P32"),
    "gesture": ("P21", "P22"), "publicly": ("P19",), "closing": (),
})  # fmt: skip
"""The phrases every shipped language has, each with the practices it serves."""
MOST = 256 * 1024
"""The largest phrases file that is read, in bytes: it holds more than a playbook does."""

Lines = Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]
"""Variants by phrase, category and voice."""


# ---- what stands in a file ------------------------------------------------------------------------------------------


def _pattern(*names: str) -> Any:
    """Text in which only these names stand in braces, for it is filled by `str.format`."""
    allowed = frozenset(names)

    def check(value: str) -> str:
        found = re.findall(r"\{([^{}]*)\}", value)
        if unknown := [name for name in found if name not in allowed]:
            raise ValueError(f"unknown slot {{{unknown[0]}}}: write {_told(names)}")
        if missing := [name for name in names if name not in found]:
            raise ValueError(f"{{{missing[0]}}} is missing: write it where it belongs")
        if value.count("{") != len(found) or value.count("}") != len(found):
            raise ValueError(f"a stray brace: braces only enclose {_told(names)}")
        return value

    return AfterValidator(check)


def _told(names: Sequence[str]) -> str:
    return " and ".join(f"{{{name}}}" for name in names)


def _plain(value: str) -> str:
    if re.search(r"[{}\[\]\n]", value):
        raise ValueError("braces, brackets or a line break stand here: write one plain line")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"(?!no_|if$|end$)[a-z][a-z0-9_]{0,39}", value):
        raise ValueError(
            f"`{clip(value, 40)}` is no name of a phrase: write small letters, digits and _, and no no_ first"
        )
    return value


_Text = Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=400)]
_ByAsk = dict[Annotated[str, AfterValidator(one_of("wish", ASKS))], _Text]
_Voice = Annotated[str, AfterValidator(one_of("voice", VOICES))]
_Category = Annotated[str, AfterValidator(one_of("category", (ANY, INCIDENT, *CATEGORIES)))]
_Line = Annotated[str, Field(min_length=1, max_length=1000)]
_Variants = Annotated[tuple[_Line, ...], Field(min_length=1, max_length=12)]
FACTS = ("order", "invoice", "product", "date", "amount", "place")
"""The facts {facts} names."""
MISSING = (*FACTS, "photo", "phone")
"""What {missing} may ask for."""
_Fact = Annotated[str, AfterValidator(one_of("fact", (*FACTS, "booking")))]
_Asked = Annotated[str, AfterValidator(one_of("fact", MISSING))]
_Phrase = Annotated[str, AfterValidator(_name)]


class WordsForm(Form):
    """The part `words:` of a phrases file."""

    quotes: tuple[_Text, _Text] | None = None
    both: _Text | None = None
    either: _Text | None = None
    wrote: Annotated[str, _pattern("day", "name")] | None = None
    weekday: Annotated[str, _pattern("weekday", "day")] | None = None
    first: _Text | None = None
    moment: Annotated[str, _pattern("day", "time")] | None = None
    call: Annotated[str, _pattern("day", "start", "end")] | None = None
    greeting: dict[_Voice, Annotated[str, _pattern("name")]] = Field(default_factory=dict)
    stranger: dict[_Voice, _Text] = Field(default_factory=dict)
    asks: _ByAsk = Field(default_factory=dict)
    offers: dict[str, _Text] = Field(default_factory=dict)
    marks: dict[str, _Text] = Field(default_factory=dict)
    facts: dict[_Fact, Annotated[str, _pattern("value")]] = Field(default_factory=dict)
    missing: dict[_Asked, _Text] = Field(default_factory=dict)
    effect: tuple[_Text, ...] = ()


class PhrasesForm(Form):
    """A whole phrases file."""

    words: WordsForm = WordsForm()
    phrases: dict[_Phrase, dict[_Category, dict[_Voice, _Variants]]] = Field(default_factory=dict)


# ---- what the letters use -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the code says itself in one language; `greeting`, `wrote`, `moment`, `call` and `facts` are patterns.

    `both` and `either` join a list, `stranger` greets someone whose name is not known, `wrote` stands above their
    words where they are quoted, `first` is the first of a month where it is no plain 1, `effect` are the cues by which
    a sentence tells what it meant for its writer. `greeting` and `stranger` are by voice. `booking` among the `facts`
    takes the place of `order` where the complaint is about a booking.
    """

    quotes: tuple[str, str] = ("“", "”")
    both: str = "and"
    either: str = "or"
    wrote: str = "{day}, {name}:"
    weekday: str = "{weekday} {day}"
    first: str = ""
    moment: str = "{day}, {time}"
    call: str = "{day}, {start}-{end}"
    greeting: Mapping[str, str] = field(default_factory=dict)
    stranger: Mapping[str, str] = field(default_factory=dict)
    asks: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    effect: tuple[str, ...] = ()

    def laid_over(self, form: WordsForm) -> Words:
        """These words with those of a file over them."""
        changed: dict[str, Any] = {}
        for one in fields(self):
            said, known = getattr(form, one.name), getattr(self, one.name)
            if one.name == "effect":
                changed[one.name] = tuple(dict.fromkeys((*known, *said)))
            elif isinstance(said, dict):
                changed[one.name] = {**known, **said}
            elif said is not None:
                changed[one.name] = said
        return replace(self, **changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One language: its code ("de"), its words, and the variants of its phrases."""

    language: str
    words: Words = field(default_factory=Words)
    lines: Lines = field(default_factory=dict)

    def line(self, name: str, categories: Sequence[str], voice: str, case: str) -> str:
        """The variant of this phrase that is said in this case; empty where the language has none.

        The first of `categories` that has the phrase speaks, else `any`; a voice that is missing falls back to plain.
        """
        by_category = self.lines.get(name, {})
        for category in (*categories, ANY):
            by_voice = by_category.get(category, {})
            if variants := by_voice.get(voice) or by_voice.get("plain"):
                return variants[_turn(f"{case}/{name}", len(variants))]
        return ""

    def laid_over(self, form: PhrasesForm) -> Wording:
        """This wording with what stands in a file over it."""
        lines = {name: {category: dict(voices) for category, voices in some.items()}
                 for name, some in self.lines.items()}  # fmt: skip
        for name, some in form.phrases.items():
            for category, voices in some.items():
                known = lines.setdefault(name, {}).setdefault(category, {})
                known |= voices
        return replace(self, words=self.words.laid_over(form.words), lines=lines)


def _turn(text: str, count: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]) % count


class Phrases:
    """The wordings of all languages: the shipped ones with a site's `own` files over them. Threads may share one."""

    def __init__(self, own: Mapping[str, PhrasesForm] | None = None, also: Iterable[str] = ()) -> None:
        """`also` are phrases a letter may name although nobody can say them yet: their file has a fault."""
        self._own = dict(own or {})
        self._wordings: dict[str, Wording] = {}
        self.names = frozenset(PHRASES).union(also, *(form.phrases for form in self._own.values()))
        """Every phrase a letter may name."""

    def knows(self, language: str) -> bool:
        """Whether there are words for this IETF tag (`de`, `de-AT`)."""
        return base(language) in self._own or base(language) in LANGUAGES

    def of(self, language: str) -> Wording:
        """The wording of an IETF tag; of a language nobody wrote phrases for, the English greeting and marks alone."""
        known = self._wordings.get(language)  # asked for with every slot of a letter
        if known is None:
            known = self._wordings[language] = self._read(base(language))
        return known

    def _read(self, code: str) -> Wording:
        if not self.knows(code):
            return _unwritten(self.of("en"))
        known = shipped(code) if code in LANGUAGES else _foreign(code)
        return known.laid_over(self._own[code]) if code in self._own else known


def base(language: str) -> str:
    """`de` of `de-AT`, in small letters."""
    return language.partition("-")[0].casefold()


@lru_cache(maxsize=len(LANGUAGES))
def shipped(language: str) -> Wording:
    """The shipped wording of one of LANGUAGES; raises Problems where the installed file is damaged."""
    problems: list[Problem] = []
    name = f"playbooks/phrases/{language}.yaml"
    path = files("playbooks").joinpath("phrases", f"{language}.yaml")
    text = read_text(path, problems, name=name, limit=MOST)
    source = None if text is None else parse(text, name, problems)
    form = None if source is None else source.form(PhrasesForm, problems)
    if form is None or problems:
        raise Problems(problems)
    return Wording(language=language).laid_over(form)


def _foreign(language: str) -> Wording:
    """A language that only a site has: no wish, fact or gesture has words but its own, yet a mark says what is missing
    in English, for it is read by those who work here.
    """
    return Wording(language=language, words=Words(marks=shipped("en").words.marks))


def _unwritten(english: Wording) -> Wording:
    """What stands in for a language without phrases; English sentences in the midst of its letters would be worse."""
    return replace(english, words=replace(english.words, asks={}, facts={}, missing={}, effect=()), lines={})


SHIPPED = Phrases()
"""The phrases that come with the package, and no others."""
