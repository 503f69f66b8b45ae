"""Playbooks: what people write into a YAML file, read into frozen values that can be asked and followed.

Terminology
-----------
playbook   one file: when it is looked at, under which conditions it applies, what then is to be done.
facts      what is known about a case at that moment, by the words conditions use; what is missing is not known.
condition  a question to the facts; its verdict tells in a shop owner's words what held or what failed.
action     something to be done, as a value; this module only describes it.
text       a letter, one for each name and language, kept here as it stands in its file.
book       all playbooks and texts in force, in the order they apply, with the sources they were read from.
place      where a playbook comes from: the site's own folder or one of the shipped packs.

A condition reads its facts and nothing else, so a verdict can be had again at any time.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Protocol, Union

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo, model_validator

from plugin.hours import Roll, Span, SpanError
from plugin.model import ASKS, CATEGORIES, CHANNELS, OUTCOMES, RISKS, SEVERITIES, Purpose, clip
from plugin.patterns import Family, Pattern
from plugin.schema import exactly_one, for_editors
from plugin.source import Form, Loc, Problem, Problems, Source, one_of, parse, read_text, suggest

Facts = Mapping[str, object]
"""Text, yes or no, or a tuple of texts by condition word; a word that is missing, None or (a label) "" is not known."""

TextCheck = Callable[[str], Sequence[tuple[int, int, str]]]
"""Looks at a letter's source and gives (line, column, text) for each thing that is wrong with it."""

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_TEXT_FILE = re.compile(r"([a-z0-9-]{1,40})\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.txt")
_LETTERS = "general"  # the pack whose letters every other pack may use
_LONGEST_WORD = 200  # characters


class When(StrEnum):
    """The occasions on which a playbook is looked at."""

    COMPLAINT_RECEIVED = "complaint_received"
    MESSAGE_RECEIVED = "message_received"
    REPLY_SENT = "reply_sent"
    DUE_MISSED = "due_missed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    FEEDBACK_RECEIVED = "feedback_received"


class DueFor(StrEnum):
    """What is due."""

    ACKNOWLEDGEMENT = "acknowledgement"
    UPDATE = "update"
    RESOLUTION = "resolution"


class Missed(StrEnum):
    """Whose date may pass: what a playbook made due, or what one of us promised in a reply."""

    ACKNOWLEDGEMENT = "acknowledgement"
    UPDATE = "update"
    RESOLUTION = "resolution"
    PROMISE = "promise"


class From(StrEnum):
    """What a span counts from."""

    RECEIPT = "receipt"
    DAY_AFTER_RECEIPT = "day_after_receipt"
    ACKNOWLEDGEMENT = "acknowledgement"
    RESOLUTION = "resolution"
    REOPENING = "reopening"


# --- words and patterns ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A word or several in a row, found as whole words whatever their case and accents.

    Chinese, Japanese, Korean, Thai and their neighbours do not part words by blanks: there any occurrence counts.
    """

    source: str
    folded: str = field(compare=False, repr=False)

    @classmethod
    def parse(cls, source: str) -> Word:
        """The word as a person wrote it; ValueError when there is nothing to look for."""
        folded = _folded(source)
        if not folded or len(source) > _LONGEST_WORD:
            raise ValueError(f"this is empty or longer than {_LONGEST_WORD} characters: write the word to look for")
        return cls(source, folded)

    def found_in(self, text: str) -> bool:
        """Whether `text` holds the word."""
        return _holds(_folded(text), self.folded)

    def span_in(self, text: str) -> tuple[int, int] | None:
        """Where the word first stands in `text` as it is written; None where it does not, or that cannot be told."""
        folded, places = _folded_with_places(text)
        at = _found(folded, self.folded)
        return None if at < 0 or not places else (places[at], places[at + len(self.folded)])

    def __str__(self) -> str:
        return f'"{self.source}"'


# Letters that are not a plain letter with a mark on it, but that people type as one.
_PLAIN_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "’": "'", "‐": "-"}
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER = re.compile(r"\s|[^\s\u0300-\u036f][\u0300-\u036f]*|[\u0300-\u036f]+")
"""A letter with the accents that follow it, or one blank."""
_SPACED_LETTER = re.compile(rf"[^\W{_UNSPACED}]")


@cache
def _fold_table() -> dict[int, str | None]:
    """What folding drops or replaces, by code point.

    Of the combining marks only accents (classes 200 to 240) and Hebrew and Arabic points (10 to 36) go: a Japanese
    voicing mark, an Indic vowel or a Thai tone makes another word (Unicode 15, table of combining classes).
    """
    table: dict[int, str | None] = {ord(letter): plain for letter, plain in _PLAIN_LETTERS.items()}
    for point in range(0x300, 0xFE30):
        mark = unicodedata.combining(chr(point))
        if 10 <= mark <= 36 or 200 <= mark <= 240 or unicodedata.category(chr(point)) == "Cf":
            table[point] = None
    return table | {0xAD: None}


@lru_cache(maxsize=32)
def _folded(text: str) -> str:
    """`text` without case, accents and invisible signs, its white space single blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(unicodedata.normalize("NFC", folded.translate(_fold_table())).split())


def _holds(text: str, word: str) -> bool:
    return _found(text, word) >= 0


def _found(text: str, word: str) -> int:
    """Where the folded `word` stands in the folded `text` with no word going on at either end of it; -1: nowhere."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not _joined(text[at - 1 : at], text[at]) and not _joined(text[end - 1], text[end : end + 1]):
            return at
        at = text.find(word, at + 1)
    return -1


def _folded_with_places(text: str) -> tuple[str, tuple[int, ...]]:
    """`text` folded, and where each of its letters, and its end, stands in `text`; nothing where folding moves them."""
    folded, places = "", []
    for match in _LETTER.finditer(text):
        piece = " " if match[0].isspace() else _folded(match[0])
        if piece == " " and (not folded or folded.endswith(" ")):
            continue
        folded += piece
        places += [match.start()] * len(piece)
    whole = _folded(text)
    end = len(text.rstrip())
    return whole, (*places[: len(whole)], end) if folded.rstrip() == whole else ()


def _joined(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word; either may be "" at an end of the text."""
    if not left or not right:
        return False
    if unicodedata.category(right).startswith("M"):
        return True
    return bool(_SPACED_LETTER.match(right)) and (
        bool(_SPACED_LETTER.match(left)) or unicodedata.category(left).startswith("M")
    )


# --- conditions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition held, and what about the case made it hold or fail; the reason quotes no address or mail."""

    held: bool
    reason: str


class Condition(Protocol):
    """A question to the facts; as text it is what a person would write."""

    def check(self, facts: Facts) -> Verdict:
        """The verdict; total, whatever the facts hold."""

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """A label of the case, or one of its labels, is one of `values`."""

    word: str
    values: tuple[str, ...]

    def check(self, facts: Facts) -> Verdict:
        """Holds when any of the labels known is any of those wanted."""
        return _one_of(self.word, self.values, _texts(facts, self.word))

    def __str__(self) -> str:
        return _written(self.word, self.values)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something is so, or is not so."""

    word: str
    value: bool

    def check(self, facts: Facts) -> Verdict:
        """Holds when it is known and is as wanted."""
        known = facts.get(self.word)
        so, not_so = _FLAGS[self.word]
        if not isinstance(known, bool):
            return Verdict(False, f"it is not known whether {so}")
        return Verdict(known is self.value, so if known else not_so)

    def __str__(self) -> str:
        return f"{self.word}: {'true' if self.value else 'false'}"


@dataclass(frozen=True, slots=True)
class Party:
    """The sender or a recipient is one of `values`: whole addresses, or `@domain` for everybody there."""

    word: str
    values: tuple[str, ...]

    def check(self, facts: Facts) -> Verdict:
        """Holds when any of the addresses known is wanted; a subdomain is another domain."""
        who = _LABELS[self.word]
        known = _texts(facts, self.word)
        if known is None:
            return Verdict(False, f"{who} is not known")
        hits = tuple(value for value in self.values if any(_is_at(email, value) for email in known))
        if hits:
            return Verdict(True, f"{who} is {_either(hits)}")
        return Verdict(False, f"{who} is not {_either(self.values)}")

    def __str__(self) -> str:
        return _written(self.word, self.values)


@dataclass(frozen=True, slots=True)
class Says:
    """The subject or the text holds one of `sought`."""

    word: str
    sought: tuple[Word | Pattern, ...]

    def check(self, facts: Facts) -> Verdict:
        """Holds when any of them is found."""
        known = _texts(facts, self.word)
        if known is None:
            return Verdict(False, f"the {self.word} is not known")
        for one in self.sought:
            if any(one.found_in(text) for text in known):
                return Verdict(True, f"the {self.word} holds {one}")
        return Verdict(False, f"the {self.word} does not hold {_either(tuple(map(str, self.sought)))}")

    def __str__(self) -> str:
        return _written(self.word, tuple(str(one) if isinstance(one, Pattern) else one.source for one in self.sought))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of `conditions` holds."""

    conditions: tuple[Condition, ...]

    def check(self, facts: Facts) -> Verdict:
        """The first that holds; if none does, what failed of each."""
        verdicts = tuple(condition.check(facts) for condition in self.conditions)
        held = next((verdict for verdict in verdicts if verdict.held), None)
        return held or Verdict(False, f"none of these holds: {clip('; '.join(each.reason for each in verdicts), 400)}")

    def __str__(self) -> str:
        return f"any: [{', '.join(f'{{{condition}}}' for condition in self.conditions)}]"


@dataclass(frozen=True, slots=True)
class Not:
    """`condition` does not hold; what is not known does not hold either."""

    condition: Condition

    def check(self, facts: Facts) -> Verdict:
        """The opposite verdict."""
        inner = self.condition.check(facts)
        return Verdict(False, f"{inner.reason}, which rules it out") if inner.held else Verdict(True, inner.reason)

    def __str__(self) -> str:
        return f"not: {{{self.condition}}}"


@dataclass(frozen=True, slots=True)
class All:
    """Every one of `conditions` holds; with none it always holds."""

    conditions: tuple[Condition, ...] = ()

    def check(self, facts: Facts) -> Verdict:
        """The first that fails; if none does, what held."""
        held = []
        for condition in self.conditions:
            verdict = condition.check(facts)
            if not verdict.held:
                return verdict
            held.append(verdict.reason)
        return Verdict(True, "; ".join(held) or "it always applies")

    def __str__(self) -> str:
        return f"[{', '.join(f'{{{condition}}}' for condition in self.conditions)}]"


@lru_cache(maxsize=1024)
def _one_of(word: str, values: tuple[str, ...], known: tuple[str, ...] | None) -> Verdict:
    # Labels are few, so the same question comes up with the same answer for case after case.
    label = _LABELS.get(word, word)
    if known is None or known == ("",):
        return Verdict(False, f"{label} is not known")
    if not known:
        return Verdict(False, f"there is no {label}, and this needs {_either(values)}")
    wanted = {value.casefold() for value in values}
    hits = tuple(value for value in known if value.casefold() in wanted)
    if hits:
        return Verdict(True, f"{label} is {_series(hits, 'and')}")
    return Verdict(False, f"{label} is {_series(known, 'and')}, not {_either(values)}")


_LABELS = {"asks": "request", "from": "the sender", "to": "the recipient"}
_FLAGS = {
    "heated": ("the mail is heated", "the mail is not heated"),
    "has_attachment": ("there is an attachment", "there is no attachment"),
    "repeat": ("the customer complained before", "the customer has not complained before"),
    "chaser": ("the customer is asking again", "the customer is not asking again"),
    "satisfied": ("the customer is satisfied", "the customer is not satisfied"),
}


def _texts(facts: Facts, word: str) -> tuple[str, ...] | None:
    value = facts.get(word)
    if value is None:
        return None
    return tuple(map(str, value)) if isinstance(value, tuple | list | set | frozenset) else (str(value),)


def _is_at(email: str, wanted: str) -> bool:
    folded = email.casefold()
    return folded.endswith(wanted.casefold()) if wanted.startswith("@") else folded == wanted.casefold()


def _series(words: Sequence[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return clip(f"{', '.join(words[:-1])} {last} {words[-1]}", 300)


def _either(words: Sequence[str]) -> str:
    return _series(words, "or")


def _written(word: str, values: Sequence[str]) -> str:
    return f"{word}: {values[0]}" if len(values) == 1 else f"{word}: [{', '.join(values)}]"


# --- actions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tag:
    """Put these tags on the mail."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assign:
    """Make somebody the owner of the case."""

    owner: str


@dataclass(frozen=True, slots=True)
class DueBy:
    """Something is due within `span`, or again and again while `every` is set; `hours` "" is the inbox's calendar."""

    due_for: DueFor
    span: Span
    every: bool
    start: From
    hours: str
    draft: str
    roll: Roll = Roll.NONE
    pause: bool = False


@dataclass(frozen=True, slots=True)
class WriteDraft:
    """Write the letter `text` at once."""

    text: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Ask again after `span`; `draft` "" means without a letter."""

    after: Span
    start: From
    hours: str
    draft: str


@dataclass(frozen=True, slots=True)
class Goodwill:
    """A gesture after a span: worth at most `up_to` ("15 EUR", "" where nothing is said), one of `offer`."""

    after: Span
    start: From
    hours: str
    up_to: str
    offer: tuple[str, ...]
    draft: str


Action = Tag | Assign | DueBy | WriteDraft | FollowUp | Goodwill


# --- a playbook's own tests --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnMail:
    """The mail of a test; `at` without an offset is in the zone of the inbox, `language` "" is left to the judge."""

    subject: str
    text: str
    sender: str
    to: str
    at: datetime
    language: str
    has_attachment: bool


class Expecting(StrEnum):
    """What a test may expect something of."""

    APPLIES = "applies"
    TAG = "tag"
    DUE = "due"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing a test expects (`holds`) or rules out, and where it stands.

    `wanted` is of `applies` true or false, of a tag or a draft a text, of a due-by what it is for; `due_at` is then
    its moment, or its day where only a date is written, or None for any.
    """

    of: Expecting
    wanted: str | bool
    due_at: datetime | date | None
    holds: bool
    place: Problem


@dataclass(frozen=True, slots=True)
class OwnTest:
    """A mail, and what this playbook and the others in force shall make of it."""

    name: str
    mail: OwnMail
    expected: tuple[Expectation, ...]


# --- playbooks and books -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Playbook:
    """One playbook; `version` is the first 12 hex digits of its file's SHA-256, `pack` tells it was shipped."""

    name: str
    about: str
    when: When
    condition: All
    actions: tuple[Action, ...]
    version: str
    source: str = field(repr=False)
    pack: bool
    tests: tuple[OwnTest, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A letter as it stands in its file; `path` is relative to the book, such as `site/drafts/goodwill.en.txt`."""

    name: str
    language: str
    source: str = field(repr=False)
    path: str


@dataclass(frozen=True, slots=True)
class Book:
    """The playbooks and texts in force, playbooks in the order they apply; `version` changes with any file.

    `off` are those that are switched off: they do nothing, but their own tests can be run.
    """

    version: str
    playbooks: tuple[Playbook, ...]
    texts: tuple[Text, ...]
    sources: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    off: tuple[Playbook, ...] = field(default=(), repr=False)

    def text(self, name: str, *languages: str) -> Text | None:
        """The letter `name` in the first of `languages` that has it; `de` will do where `de-AT` is asked for."""
        letters = {text.language.lower(): text for text in self.texts if text.name == name}
        tried = (code for language in languages for code in (language.lower(), language.lower().split("-")[0]))
        return next((letters[code] for code in tried if code in letters), None)

    def to_json(self) -> str:
        """The sources by relative path, in order; keep it as text, since the order of the keys matters."""
        return json.dumps(dict(self.sources), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Book:
        """The book `to_json` wrote, without any file; raises Problems where this version cannot read it any more."""
        return _book_from(text)


@lru_cache(maxsize=16)
def _book_from(text: str) -> Book:
    # Running cases mostly started with one of a few books, and each of them asks for its own.
    return _Binding(found=json.loads(text)).book()


def load_book(
    packs: Sequence[str],
    folder: Path | None,
    *,
    calendars: Container[str] | None = None,
    inboxes: Container[str] | None = None,
    check_text: TextCheck | None = None,
) -> Book:
    """The shipped `packs` and the site's `folder` as one book; raises Problems with all that is wrong in any file.

    The site's playbooks come before the packs', each in file-name order, and one named like a pack's replaces it; of
    two packs the one named first wins. Every pack may use the letters of `general`. `calendars` and `inboxes` are the
    names `hours:` and `inbox:` may use (None: any), `check_text` looks at every letter.
    """
    binding = _Binding(calendars, inboxes, check_text)
    if folder is not None:
        binding.collect("site", folder, str(folder))
    for pack in dict.fromkeys(packs):
        if pack in shipped_packs():
            binding.collect(f"packs/{pack}", _packs() / pack, f"playbooks/packs/{pack}")
        else:
            text = f"unknown pack `{clip(pack, 40)}`: {suggest(pack, shipped_packs())}"
            binding.problems.append(Problem("amends.yaml", 1, 1, text))
    if packs and _LETTERS not in packs:
        binding.letters(f"packs/{_LETTERS}", _packs() / _LETTERS, f"playbooks/packs/{_LETTERS}")
    return binding.book()


def shipped_packs() -> tuple[str, ...]:
    """The names of the packs that come with the installed package."""
    return tuple(sorted(entry.name for entry in _packs().iterdir() if entry.is_dir() and _NAME.fullmatch(entry.name)))


def playbook_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a playbook file, for an editor that completes and checks while one types."""
    schema = for_editors(_PlaybookForm.model_json_schema(by_alias=True), "A playbook of Amends", _SAID, nothing=False)
    off = {"properties": {"enabled": {"const": False}}, "required": ["enabled"]}
    required = {"required": ["name"], "if": off, "else": {"required": ["when", "then"]}}
    return exactly_one(schema, "_ConditionForm", "_ActionForm") | required


def _packs() -> Traversable:
    return files("playbooks") / "packs"


def _names(folder: Path | Traversable, endings: tuple[str, ...]) -> list[str]:
    if not folder.is_dir():
        return []
    names = (entry.name for entry in folder.iterdir() if entry.is_file())
    return sorted(name for name in names if name.endswith(endings) and not name.startswith("."))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a playbook may refer to; the validation context."""

    calendars: Container[str] | None
    inboxes: Container[str] | None
    texts: frozenset[str]
    family: Family


@dataclass(frozen=True, slots=True)
class _Entry:
    """A playbook's file as far as it could be read."""

    place: str
    file: str
    named: Problem  # where its name stands, with no text yet
    name: str
    playbook: Playbook | None  # None where it is wrong, or only switches off another
    enabled: bool = True
    bare: bool = False  # it only switches off another


@dataclass(slots=True)
class _Binding:
    """A book in the making: the sources by relative path (None: unreadable), how problems call them, the problems."""

    calendars: Container[str] | None = None
    inboxes: Container[str] | None = None
    check_text: TextCheck | None = None
    found: dict[str, str | None] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def collect(self, place: str, folder: Path | Traversable, title: str) -> None:
        """Read every playbook and text of one place."""
        if not folder.is_dir():
            self.problems.append(Problem(title, 1, 1, "this folder does not exist: make it, or correct `playbooks:`"))
            return
        for name in _names(folder, (".yaml", ".yml")):
            self._read(f"{place}/{name}", folder / name, f"{title}/{name}")
        self.letters(place, folder, title)

    def letters(self, place: str, folder: Path | Traversable, title: str) -> None:
        """Read the texts of one place, and not its playbooks."""
        for name in _names(folder / "drafts", (".txt",)):
            self._read(f"{place}/drafts/{name}", folder / "drafts" / name, f"{title}/drafts/{name}")

    def book(self) -> Book:
        """The book made of what was collected; raises Problems when anything is wrong."""
        texts = self._texts()
        known = _Known(self.calendars, self.inboxes, frozenset(text.name for text in texts), Family())
        entries: list[_Entry] = []
        for key, source in self.found.items():
            if source is not None and not key.endswith(".txt"):
                entries.extend(self._entry(key, source, known))
        self.problems.extend(_twins(entries))
        self.problems.extend(_nothing_to_switch_off(entries))
        if self.problems:
            raise Problems(self.problems)
        sources = tuple((key, source) for key, source in self.found.items() if source is not None)
        on, off = _in_force(entries)
        return Book(_digest(json.dumps(sources)), on, _first_of_each(texts), sources, off)

    def _read(self, key: str, path: Path | Traversable, shown: str) -> None:
        self.shown[key] = shown
        self.found[key] = read_text(path, self.problems, name=shown)

    def _texts(self) -> list[Text]:
        texts = []
        for key, source in self.found.items():
            if not key.endswith(".txt"):
                continue
            if match := _TEXT_FILE.fullmatch(key.rpartition("/")[2]):
                texts.append(Text(match[1], match[2], source or "", key))
                self.problems.extend(self._text_problems(self.shown.get(key, key), source))
            else:
                advice = "a text is called name.language.txt in small letters, as in goodwill.en.txt: rename it"
                self.problems.append(Problem(self.shown.get(key, key), 1, 1, advice))
        return texts

    def _text_problems(self, file: str, source: str | None) -> Iterator[Problem]:
        if source is not None and not source.strip():
            yield Problem(file, 1, 1, "this text is empty: write the letter, or delete the file")
        elif source is not None and self.check_text is not None:
            yield from (Problem(file, line, column, text) for line, column, text in self.check_text(source))

    def _entry(self, key: str, text: str, known: _Known) -> Iterator[_Entry]:
        """The playbook in one file, or nothing and problems."""
        source = parse(text, self.shown.get(key, key), self.problems)
        if source is None:
            return
        bare = _only_switches_off(source.data)
        form = source.form(_OffForm if bare else _PlaybookForm, self.problems, context=known)
        if not isinstance(source.data, dict):
            return
        self.problems.extend(_misplaced(source))
        place, _, file = key.rpartition("/")
        named, whole = source.problem(("name",), ""), form if isinstance(form, _PlaybookForm) else None
        playbook = whole.playbook(text, source, pack=place != "site") if whole else None
        enabled = whole is None or whole.enabled
        yield _Entry(place, file, named, str(source.data.get("name", key)), playbook, enabled, bare)


def _twins(entries: Iterable[_Entry]) -> Iterator[Problem]:
    """Playbooks of one place that have the same name."""
    first: dict[tuple[str, str], Problem] = {}
    for entry in entries:
        kept = first.setdefault((entry.place, entry.name), entry.named)
        if kept is not entry.named:
            yield replace(
                entry.named, text=f"the name `{entry.name}` is already taken by {kept.file}: rename one of them"
            )


def _only_switches_off(data: Any) -> bool:
    return isinstance(data, dict) and {*data} <= {*_OffForm.model_fields} and data.get("enabled") == "false"


def _nothing_to_switch_off(entries: Sequence[_Entry]) -> Iterator[Problem]:
    """Files that only switch off a playbook there is not."""
    names = [entry.name for entry in entries if not entry.bare]
    for entry in entries:
        if entry.bare and entry.name not in names:
            advice = suggest(entry.name, names) if names else "delete the file"
            text = f"there is no other playbook `{clip(entry.name, 40)}` to switch off: {advice}"
            yield replace(entry.named, text=text)


def _first_of_each(texts: Iterable[Text]) -> tuple[Text, ...]:
    """The texts in force: the site stands before the packs, so the first of each name and language."""
    chosen: dict[tuple[str, str], Text] = {}
    for text in texts:
        chosen.setdefault((text.name, text.language.lower()), text)
    return tuple(chosen.values())


def _in_force(entries: Iterable[_Entry]) -> tuple[tuple[Playbook, ...], tuple[Playbook, ...]]:
    """The first playbook of each name: those that are in force, and those that are switched off.

    The packs' go together in file-name order, so that what is for every complaint stays last whichever pack has it.
    """
    chosen: dict[str, _Entry] = {}
    for entry in entries:
        chosen.setdefault(entry.name, entry)
    ordered = sorted(chosen.values(), key=lambda entry: (entry.place != "site", entry.file))
    first = [(entry.playbook, entry.enabled) for entry in ordered if entry.playbook is not None]
    return tuple(book for book, on in first if on), tuple(book for book, on in first if not on)


def _misplaced(source: Source) -> Iterator[Problem]:
    """What is right in itself but does not fit the playbook's `when`."""
    when = source.data.get("when")
    for word, known in _KNOWN_AFTER.items():
        if when in (*When,) and when != known:
            text = f"`{word}` is only known after `when: {known}`: remove it, or change `when`"
            yield from _all_of(source, word, "if", text)
    if when == When.DUE_MISSED:
        text = "a playbook for `due_missed` may hold no `due_by`, it would chase itself: remove it"
        yield from _all_of(source, "due_by", "then", text)
    if source.data.get("tests") and source.data.get("when") in (*When,)[1:]:
        text = "a test is a mail that opens a case, so only a playbook for `complaint_received` can have `tests`"
        yield source.problem(("tests",), f"{text}: remove them", key=True)


_KNOWN_AFTER = {"missed": When.DUE_MISSED, "satisfied": When.FEEDBACK_RECEIVED}
"""The occasion on which there is an answer to a condition; on others it would never hold."""


def _all_of(source: Source, key: str, part: str, text: str) -> Iterator[Problem]:
    """This problem at every place at which a part of the file has the key."""
    return (source.problem(loc, text, key=True) for loc in _places_of(key, source.data.get(part), (part,)))


def _places_of(key: str, value: Any, loc: Loc) -> Iterator[Loc]:
    """Where in `value` a mapping has this key, at whatever depth."""
    if isinstance(value, dict) and key in value:
        yield (*loc, key)
    children: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for step, child in children:
        yield from _places_of(key, child, (*loc, step))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


# --- what a file may hold ----------------------------------------------------------------------------------------


def _listed(value: Any) -> Any:
    """One word is a list of one."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return value
    found = "nothing" if value is None else "a mapping"
    raise ValueError(f"{found} stands here: write one word, or a list such as [this, that]")


def _one_or_more(item: Any) -> BeforeValidator:
    return BeforeValidator(_listed, json_schema_input_type=Union[item, list[item]])  # noqa: UP007 - `item` is a value


def _named(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(_no_name("name", value))
    return value


_RESERVED_TAGS = ("complaint", "maybe-complaint", "not-a-complaint", "resolved", "amends-due")


def _tag(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(_no_name("tag", value))
    return value


def _own_tag(value: str) -> str:
    if value in _RESERVED_TAGS:
        raise ValueError(f"the tag `{value}` has a meaning of its own that no playbook can give: choose another word")
    return value


def _no_name(what: str, value: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", _folded(value)).strip("-")[:40]
    example = f", such as `{slug}`" if slug else ""
    return f"`{clip(value, 40)}` cannot be a {what}: use 1 to 40 of a-z, 0-9 and -{example}"


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", value):
        raise ValueError(f"`{clip(value, 40)}` is no language code: write two small letters, such as en, de or fr")
    return value


def _no_curly_quotes(value: str) -> None:
    if re.fullmatch("[“”„‟«‘’‚‛‹].*[“”„‟»‘’‚‛›]", value):
        raise ValueError(f"{clip(value, 40)} is in curly quotes, which are letters here: use straight ones, ' or \"")


def _party(value: str) -> str:
    _no_curly_quotes(value)
    if re.fullmatch(r"[^@\s<>,/]*@[^@\s<>,/]+", value):
        return value
    if re.fullmatch(r"[\w-]+(\.[\w-]+)+", value):
        raise ValueError(f'`{clip(value, 60)}` is no address: for everybody there write "@{value}"')
    raise ValueError(f'`{clip(value, 60)}` is no address: write one such as jo@example.org, or "@example.org"')


def _whole_address(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>,/]+@[^@\s<>,/]+", value):
        raise ValueError(f"`{clip(value, 60)}` is no address: write one such as jo@example.org")
    return value


def _sought(value: Any, info: ValidationInfo) -> Word | Pattern:
    if not isinstance(value, str):
        raise ValueError("write a word here, or a pattern such as '/order \\d+/'")
    if len(value) > 1 and value.startswith("/") and value.endswith("/"):
        return Pattern.parse(value[1:-1], info.context.family if isinstance(info.context, _Known) else None)
    if re.fullmatch(r"/.+/[a-z]{1,5}", value):
        raise ValueError("letters after the last slash of a pattern mean nothing (case never matters): remove them")
    _no_curly_quotes(value)
    if value.startswith("/"):
        raise ValueError("a pattern begins and ends with a slash, and is put in single quotes: write '/…/'")
    return Word.parse(value)


def _span(value: Any) -> Span:
    if not isinstance(value, str):
        raise ValueError("write a span such as 4 business hours, 3 business days or 8 weeks")
    try:
        return Span.parse(value)
    except SpanError as error:
        raise ValueError(str(error)) from None


def _roll(value: str) -> str:
    return one_of("roll", tuple(Roll))(value)


_PAUSES = ("never", "waiting_for_customer")


def _pause(value: str) -> str:
    return one_of("pause", _PAUSES)(value)


def _calendar(value: str, info: ValidationInfo) -> str:
    known = info.context
    if isinstance(known, _Known) and known.calendars is not None and value not in known.calendars:
        names = known.calendars if isinstance(known.calendars, Iterable) else ()
        raise ValueError(f"unknown calendar `{clip(value, 40)}` (see `hours:` in amends.yaml): {suggest(value, names)}")
    return value


def _inbox(value: str, info: ValidationInfo) -> str:
    known = info.context
    if isinstance(known, _Known) and known.inboxes is not None and value not in known.inboxes:
        names = known.inboxes if isinstance(known.inboxes, Iterable) else ()
        raise ValueError(f"unknown inbox `{clip(value, 40)}` (see `inboxes:` in amends.yaml): {suggest(value, names)}")
    return value


def _letter(value: str, info: ValidationInfo) -> str:
    known = info.context
    if isinstance(known, _Known) and value not in known.texts:
        advice = suggest(value, sorted(known.texts))
        if not advice.startswith("did you mean"):
            advice = f"write drafts/{clip(value, 40)}.en.txt" + (f" ({advice})" if known.texts else "")
        raise ValueError(f"there is no text `{clip(value, 40)}` in any language: {advice}")
    return value


def _worth(value: str) -> str:
    if not re.fullmatch(r"\d{1,9}([.,]\d{1,2})? [A-Z]{3}", value):
        raise ValueError(f"`{clip(value, 40)}` is no amount: write a number and a currency, such as 15 EUR")
    return value


def _received(value: Any) -> datetime:
    at = moment(value)
    if not isinstance(at, datetime):
        raise ValueError(f"`{clip(str(value), 40)}` is a day: write the time of receipt too, such as {value} 16:00")
    return at


def _due_at(value: Any) -> datetime | date | None:
    return None if value in ("none", "any") else moment(value)


def moment(value: Any) -> datetime | date:
    """A time, local unless it has an offset, or a day, as a person writes it; 24:00 is the end of that day.

    Raises ValueError with a sentence for whoever wrote it.
    """
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:\d\d)?)?", str(value))
    try:
        if found is None or value is None:
            raise ValueError
        if found[2] is None:
            return date.fromisoformat(found[1])
        if found[2] == "24:00" and not found[3]:
            return datetime.fromisoformat(f"{found[1]} 00:00{found[4] or ''}") + timedelta(days=1)
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(
            f"`{clip(str(value), 40)}` is no time: write it like 2026-11-20 16:00, in the zone of the inbox"
        ) from None


def _words(form: Form, what: str) -> str:
    """The one key that stands in a condition or action."""
    written = [info.alias or name for name, info in type(form).model_fields.items() if name in form.model_fields_set]
    if len(written) != 1:
        found = f"{len(written)} stand here together ({', '.join(written)})" if written else "nothing stands here"
        raise ValueError(f"{found}, but each `- ` begins one {what}: give each its own")
    if getattr(form, _FIELDS.get(written[0], written[0])) is None:
        raise ValueError(f"`{written[0]}` has no value: write what belongs there, or remove it")
    return written[0]


_FIELDS = {"from": "from_", "not": "not_"}  # keys that Python keeps for itself


_Few = Field(min_length=1, max_length=100)
_Category = Annotated[
    str, AfterValidator(one_of("category", CATEGORIES)), Field(json_schema_extra={"enum": [*CATEGORIES]})
]
_Severity = Annotated[
    str, AfterValidator(one_of("severity", SEVERITIES)), Field(json_schema_extra={"enum": [*SEVERITIES]})
]
_Risk = Annotated[str, AfterValidator(one_of("risk", RISKS)), Field(json_schema_extra={"enum": [*RISKS]})]
_Ask = Annotated[str, AfterValidator(one_of("request", ASKS)), Field(json_schema_extra={"enum": [*ASKS]})]
_Channel = Annotated[str, AfterValidator(one_of("channel", CHANNELS)), Field(json_schema_extra={"enum": [*CHANNELS]})]
_Outcome = Annotated[str, AfterValidator(one_of("outcome", OUTCOMES)), Field(json_schema_extra={"enum": [*OUTCOMES]})]
_Label = Annotated[str, Field(min_length=1, max_length=80)]
_Sought = Annotated[Any, PlainValidator(_sought, json_schema_input_type=str)]
_Language = Annotated[str, AfterValidator(_language)]
_TagWord = Annotated[str, AfterValidator(_tag)]
_OwnTag = Annotated[str, AfterValidator(_tag), AfterValidator(_own_tag)]
_InboxName = Annotated[_Label, AfterValidator(_inbox)]
_Line = Annotated[str, Field(min_length=1, max_length=500)]
_PartyText = Annotated[str, AfterValidator(_party)]
_SpanText = Annotated[Span, PlainValidator(_span, json_schema_input_type=str)]
_CalendarName = Annotated[str, AfterValidator(_calendar)]
_LetterName = Annotated[str, AfterValidator(_letter)]


class _ConditionForm(Form):
    """One condition: exactly one of these words."""

    category: Annotated[tuple[_Category, ...], _Few, _one_or_more(_Category)] = ()
    severity: Annotated[tuple[_Severity, ...], _Few, _one_or_more(_Severity)] = ()
    risk: Annotated[tuple[_Risk, ...], _Few, _one_or_more(_Risk)] = ()
    asks: Annotated[tuple[_Ask, ...], _Few, _one_or_more(_Ask)] = ()
    heated: bool = False
    language: Annotated[tuple[_Language, ...], _Few, _one_or_more(_Language)] = ()
    channel: Annotated[tuple[_Channel, ...], _Few, _one_or_more(_Channel)] = ()
    inbox: Annotated[tuple[_InboxName, ...], _Few, _one_or_more(_Label)] = ()
    to: Annotated[tuple[_PartyText, ...], _Few, _one_or_more(_PartyText)] = ()
    from_: Annotated[tuple[_PartyText, ...], _Few, _one_or_more(_PartyText)] = Field(default=(), alias="from")
    subject: Annotated[tuple[_Sought, ...], _Few, _one_or_more(_Sought)] = ()
    text: Annotated[tuple[_Sought, ...], _Few, _one_or_more(_Sought)] = ()
    tag: Annotated[tuple[_TagWord, ...], _Few, _one_or_more(_TagWord)] = ()
    has_attachment: bool = False
    repeat: bool = False
    outcome: Annotated[tuple[_Outcome, ...], _Few, _one_or_more(_Outcome)] = ()
    chaser: bool = False
    missed: Annotated[tuple[Missed, ...], _Few, _one_or_more(Missed)] = ()
    satisfied: bool = False
    any: Annotated[tuple[_ConditionForm, ...], _Few] = ()
    not_: _ConditionForm | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_word(self) -> _ConditionForm:
        _words(self, "condition")
        return self

    def condition(self) -> Condition:
        """The condition as a value that can be checked."""
        word = _words(self, "condition")
        value: Any = getattr(self, _FIELDS.get(word, word))
        if word == "any":
            return AnyOf(tuple(form.condition() for form in value))
        if word == "not":
            return Not(value.condition())
        if word in _FLAGS:
            return Flag(word, value)
        kind: Callable[[str, Any], Condition] = _KINDS.get(word, OneOf)
        return kind(word, value)


_KINDS: Mapping[str, Callable[[str, Any], Condition]] = {"from": Party, "to": Party, "subject": Says, "text": Says}


Conditions = Annotated[tuple[_ConditionForm, ...], Field(max_length=100)]
"""What stands under `if:`, for the form of another file that has conditions too."""


def conditions(forms: Iterable[_ConditionForm]) -> All:
    """All of these, as one condition."""
    return All(tuple(form.condition() for form in forms))


def context_for(inboxes: Container[str] | None = None, texts: Iterable[str] = ()) -> object:
    """The validation context of a form that has conditions: the inboxes (None: any) and letters it may name."""
    return _Known(None, inboxes, frozenset(texts), Family())


class _DueByForm(Form):
    """`due_by:`"""

    for_: DueFor = Field(alias="for")
    within: _SpanText | None = None
    every: _SpanText | None = None
    from_: From = Field(default=From.RECEIPT, alias="from")
    hours: _CalendarName = ""
    draft: _LetterName = ""
    roll: Annotated[str, AfterValidator(_roll), Field(json_schema_extra={"enum": [*Roll]})] = "none"
    pause: Annotated[str, AfterValidator(_pause), Field(json_schema_extra={"enum": [*_PAUSES]})] = "never"

    @model_validator(mode="after")
    def _one_span(self) -> _DueByForm:
        if len(self._spans()) != 1:
            raise ValueError("`due_by` needs either `within` or, for update, `every`: write exactly one of them")
        if self.every is not None and self.for_ is not DueFor.UPDATE:
            raise ValueError(f"`every` is only for `for: update`: write `within` for {self.for_}")
        if self.from_ is From.ACKNOWLEDGEMENT and self.for_ is DueFor.ACKNOWLEDGEMENT:
            raise ValueError("an acknowledgement cannot be due from the acknowledgement: count it `from: receipt`")
        if self.from_ is From.RESOLUTION and self.for_ is DueFor.RESOLUTION:
            raise ValueError("a resolution cannot be due from the resolution: count it `from: receipt`")
        return self

    def action(self) -> Action:
        """The action as a value."""
        span, again = self._spans()[0], self.every is not None
        return DueBy(self.for_, span, again, self.from_, self.hours, self.draft, Roll(self.roll),
                     self.pause != "never")  # fmt: skip

    def _spans(self) -> tuple[Span, ...]:
        return tuple(span for span in (self.within, self.every) if span is not None)


class _DraftForm(Form):
    """`draft:`"""

    text: _LetterName
    for_: Purpose = Field(default=Purpose.ACKNOWLEDGEMENT, alias="for")

    def action(self) -> Action:
        """The action as a value."""
        return WriteDraft(self.text, self.for_)


class _FollowUpForm(Form):
    """`follow_up:`"""

    after: _SpanText
    from_: From = Field(default=From.RESOLUTION, alias="from")
    hours: _CalendarName = ""
    draft: _LetterName = ""

    def action(self) -> Action:
        """The action as a value."""
        return FollowUp(self.after, self.from_, self.hours, self.draft)


class _GoodwillForm(Form):
    """`goodwill:`"""

    after: _SpanText
    from_: From = Field(default=From.RESOLUTION, alias="from")
    hours: _CalendarName = ""
    up_to: Annotated[str, AfterValidator(_worth)] = ""
    offer: Annotated[tuple[_Label, ...], _Few, _one_or_more(_Label)] = ()
    draft: _LetterName = ""

    def action(self) -> Action:
        """The action as a value."""
        return Goodwill(self.after, self.from_, self.hours, self.up_to, self.offer, self.draft)


class _ActionForm(Form):
    """One action: exactly one of these words."""

    tag: Annotated[tuple[_OwnTag, ...], _Few, _one_or_more(_OwnTag)] = ()
    assign: _Label = ""
    due_by: _DueByForm | None = None
    draft: _DraftForm | None = None
    follow_up: _FollowUpForm | None = None
    goodwill: _GoodwillForm | None = None

    @model_validator(mode="after")
    def _one_word(self) -> _ActionForm:
        _words(self, "action")
        return self

    def action(self) -> Action:
        """The action as a value."""
        word = _words(self, "action")
        if word == "tag":
            return Tag(self.tag)
        if word == "assign":
            return Assign(self.assign)
        form: _DueByForm | _DraftForm | _FollowUpForm | _GoodwillForm = getattr(self, word)
        return form.action()


class _OwnMailForm(Form):
    """`mail:` of a test; whatever is left out is ordinary."""

    subject: Annotated[str, Field(max_length=1000)] = ""
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    from_: Annotated[str, AfterValidator(_whole_address)] = Field(default="customer@example.org", alias="from")
    to: Annotated[str, AfterValidator(_whole_address)] = ""
    at: Annotated[Any, PlainValidator(_received, json_schema_input_type=str)] = datetime(2026, 1, 12, 10)  # noqa: DTZ001 - in the inbox's zone
    language: _Language = ""
    has_attachment: bool = False

    def mail(self) -> OwnMail:
        """The mail as a value."""
        return OwnMail(self.subject, self.text, self.from_, self.to, self.at, self.language, self.has_attachment)


class _RuledOutForm(Form):
    """`not:` of a test: what must not come of the mail."""

    tags: Annotated[tuple[_TagWord, ...], _Few, _one_or_more(_TagWord)] = ()
    due: Annotated[tuple[DueFor, ...], _Few, _one_or_more(DueFor)] = ()
    draft: Annotated[tuple[_Line, ...], _Few, _one_or_more(_Line)] = ()


_DueAt = Annotated[Any, PlainValidator(_due_at, json_schema_input_type=str)]


class _DatesForm(Form):
    """`due:` of a test: for each the moment or the day, `any`, or `none`."""

    acknowledgement: _DueAt = None
    update: _DueAt = None
    resolution: _DueAt = None


class _ExpectForm(Form):
    """`expect:` of a test: what must come of the mail."""

    applies: bool | None = None
    tags: Annotated[tuple[_TagWord, ...], _Few, _one_or_more(_TagWord)] = ()
    due: _DatesForm = _DatesForm()
    draft: Annotated[tuple[_Line, ...], _Few, _one_or_more(_Line)] = ()
    not_: _RuledOutForm | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _something(self) -> _ExpectForm:
        ruled_out = self.not_.model_fields_set if self.not_ else ()
        if self.applies is None and not (self.tags or self.draft or self.due.model_fields_set or ruled_out):
            raise ValueError("nothing is expected: write applies, tags, due, draft or not")
        return self

    def expectations(self, source: Source, loc: Loc) -> Iterator[Expectation]:
        """Each thing that is expected, or ruled out, with its place."""
        if self.applies is not None:
            yield _expected(source, (*loc, "applies"), Expecting.APPLIES, self.applies)
        for number, tag in enumerate(self.tags):
            yield _expected(source, (*loc, "tags", number), Expecting.TAG, tag)
        for due_for in sorted(self.due.model_fields_set):
            place = (*loc, "due", due_for)
            due_at, holds = getattr(self.due, due_for), source.at(place) != "none"
            yield _expected(source, place, Expecting.DUE, due_for, due_at, holds=holds)
        for number, words in enumerate(self.draft):
            yield _expected(source, (*loc, "draft", number), Expecting.DRAFT, words)
        if self.not_ is not None:
            yield from self._ruled_out(self.not_, source, (*loc, "not"))

    def _ruled_out(self, form: _RuledOutForm, source: Source, loc: Loc) -> Iterator[Expectation]:
        for number, tag in enumerate(form.tags):
            yield _expected(source, (*loc, "tags", number), Expecting.TAG, tag, holds=False)
        for number, due_for in enumerate(form.due):
            yield _expected(source, (*loc, "due", number), Expecting.DUE, due_for.value, holds=False)
        for number, words in enumerate(form.draft):
            yield _expected(source, (*loc, "draft", number), Expecting.DRAFT, words, holds=False)


def _expected(
    source: Source, loc: Loc, of: Expecting, wanted: str | bool, due_at: datetime | date | None = None, *,
    holds: bool = True,
) -> Expectation:  # fmt: skip
    return Expectation(of, wanted, due_at, holds, source.problem(loc, ""))


class _OwnTestForm(Form):
    """One of `tests:`."""

    name: Annotated[str, Field(max_length=200)] = ""
    mail: _OwnMailForm
    expect: _ExpectForm

    @model_validator(mode="after")
    def _dated(self) -> _OwnTestForm:
        dated = any(getattr(self.expect.due, due_for) for due_for in self.expect.due.model_fields_set)
        if dated and "at" not in self.mail.model_fields_set:
            raise ValueError("a due date is counted from the receipt: say when, with `at:` in `mail`")
        return self

    def test(self, source: Source, loc: Loc) -> OwnTest:
        """The test as a value; `loc` is where it stands."""
        name = self.name or self.mail.subject or clip(self.mail.text, 60)
        return OwnTest(name, self.mail.mail(), tuple(self.expect.expectations(source, (*loc, "expect"))))


class _OffForm(Form):
    """A file that only switches off a playbook of this name."""

    name: Annotated[str, AfterValidator(_named)]
    about: Annotated[str, Field(max_length=1000)] = ""
    enabled: bool


class _PlaybookForm(Form):
    """A playbook file."""

    name: Annotated[str, AfterValidator(_named)]
    about: Annotated[str, Field(max_length=1000)] = ""
    when: When
    if_: Annotated[tuple[_ConditionForm, ...], Field(max_length=100)] = Field(default=(), alias="if")
    then: Annotated[tuple[_ActionForm, ...], Field(min_length=1, max_length=50)]
    enabled: bool = True
    tests: Annotated[tuple[_OwnTestForm, ...], _Few] = ()

    def playbook(self, text: str, source: Source, *, pack: bool) -> Playbook:
        """The playbook as a value; `text` is the file it was read from."""
        condition = conditions(self.if_)
        actions = tuple(form.action() for form in self.then)
        tests = tuple(form.test(source, ("tests", number)) for number, form in enumerate(self.tests))
        return Playbook(self.name, self.about, self.when, condition, actions, _digest(text), text, pack, tests)


# --- what an editor says of each word ----------------------------------------------------------------------------

_COUNTED = "such as 30 minutes, 4 business hours, 3 business days, 10 days, 8 weeks or 2 months"
_HOURS = "The calendar it is counted in, a name under `hours:` in amends.yaml; else that of the inbox."
_SAID: Mapping[str, Mapping[str, str]] = {
    "": {
        "name": "1 to 40 of a-z, 0-9 and -; one named like a shipped playbook replaces it.",
        "about": "What it is for, in a sentence.",
        "when": "The occasion on which it is looked at.",
        "if": "All of these must hold; with none it always applies. `any:` and `not:` nest.",
        "then": "What is done, each behind a dash of its own.",
        "enabled": "false switches it off, and a shipped one of the same name.",
        "tests": "Mails, and what shall come of them; `amends check --tests` tries them.",
    },
    "_ConditionForm": {
        "category": "What the complaint is about; a list means any of.",
        "severity": "How grave it is; a list means any of.",
        "risk": "What may come of it; a list means any of.",
        "asks": "What they ask for; a list means any of.",
        "heated": "Whether the mail is heated.",
        "language": "Two small letters, such as en, de or fr.",
        "channel": "The way it came.",
        "inbox": "A name under `inboxes:` in amends.yaml.",
        "to": 'An address it was sent to, or "@example.org" for everybody there.',
        "from": 'The address of the complainant, or "@example.org" for everybody there.',
        "subject": "A word, found whole and in any case, or a pattern such as '/order\\s+\\d+/' in single quotes.",
        "text": "A word, found whole and in any case, or a pattern such as '/order\\s+\\d+/' in single quotes.",
        "tag": "A tag that a person or the judge gave, not one of a playbook.",
        "has_attachment": "Whether something is attached.",
        "repeat": "Whether the same person complained before.",
        "outcome": "How it was settled; known once it is.",
        "chaser": "Whether they ask again what became of it.",
        "missed": "Only after `when: due_missed`: which date passed; `promise` is one that was named in a reply.",
        "satisfied": "Only after `when: feedback_received`: what they said.",
        "any": "At least one of these holds.",
        "not": "This does not hold.",
    },
    "_ActionForm": {
        "tag": "Words of a-z, 0-9 and - put on the message.",
        "assign": "Who owns the case, if nobody does yet.",
        "due_by": "What must be proved by when; the earliest date for each purpose counts.",
        "draft": "A letter that is written at once, for a person to send.",
        "follow_up": "Ask afterwards whether all is well.",
        "goodwill": "A small gesture afterwards.",
    },
    "_DueByForm": {
        "for": "What is due: a first reply, word again and again until the end, or the end itself.",
        "within": f"How long it may take, {_COUNTED}.",
        "every": "Only `for: update`: the longest silence, such as 3 business days; each reply begins it anew.",
        "from": "What the span is counted from. `day_after_receipt`: the next day is day 1, over at 24:00 of the last.",
        "hours": _HOURS,
        "draft": "A letter that lies ready when three quarters of the span have passed.",
        "roll": "Where a date goes that falls on a closed day: nowhere, to the next working day, or the one before.",
        "pause": "waiting_for_customer: the clock stands still while we wait for their answer.",
    },
    "_DraftForm": {
        "text": "The letter: a name for which there is drafts/NAME.en.txt.",
        "for": "What the letter is for; there is one for each purpose, and the first playbook's wins.",
    },
    "_FollowUpForm": {
        "after": f"How long afterwards, {_COUNTED}.",
        "from": "What the span is counted from.",
        "hours": _HOURS,
        "draft": "The letter that is written when the day has come.",
    },
    "_GoodwillForm": {
        "after": f"How long afterwards, {_COUNTED}.",
        "from": "What the span is counted from.",
        "hours": _HOURS,
        "up_to": "What it may be worth at most, such as 15 EUR.",
        "offer": "What there is to choose from, such as [voucher, thank-you-note].",
        "draft": "The letter that is written when the day has come.",
    },
    "_OwnMailForm": {
        "text": "What they write.",
        "at": "When it was received, such as 2026-11-20 16:00, in the zone of the inbox.",
    },
    "_ExpectForm": {
        "applies": "Whether this playbook applies.",
        "tags": "Tags that come of it.",
        "due": "What is due when: a day, a moment such as 2026-11-24 17:30, `any` or `none`.",
        "draft": "Words the letter holds.",
        "not": "What must not come of it.",
    },
}
"""What an editor shows of each key, by the name of its form."""
