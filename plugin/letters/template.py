"""The letter language: read a letter file, say what is wrong with it, and set the slots in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from plugin.letters.slots import ADDRESS_CHECK, SLOTS, Material
from plugin.letters.words import words
from plugin.model import clip

_LIMIT = 64 * 1024  # bytes of a composed letter, and characters of a letter file
_MOST_PROBLEMS = 50  # of one file; who has more is not reading a letter
_SUBJECT = re.compile(r"subject:[ \t]*([^\n]*)(?:\n|$)", re.IGNORECASE)
_TOKEN = re.compile(r"\{(?P<inner>[^{}\n]*)\}|(?P<stray>[{}])")
# A line that holds only {if …} or {end} is no line of the letter.
_ALONE = re.compile(r"(?m)^[ \t]*(\{(?:if[ \t][^{}\n]*|end)\})[ \t]*\n")
_MARK = re.compile(r"\[\[[^\[\]\n]+\]\]")
_HALF_MARK = re.compile(r"\[\[(?![^\[\]\n]+\]\])")
_UNPRINTABLE = re.compile(r"[^\S\n ]|[\x00-\x08\x0e-\x1f\x7f\u200b\u2028-\u202e\u2066-\u2069\ufeff]")
_NO = "no_"


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder a letter names; an empty value means that it is not known."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A composed letter: `subject` is empty to answer under theirs; `marks` counts what a person must fill in."""

    subject: str
    text: str
    slots: tuple[Slot, ...]
    marks: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a letter: literal `text`, or a `kind` of tag (slot, if, end, stray) with its `name`."""

    kind: str
    at: int
    text: str
    name: str = ""


def compose(source: str, material: Material) -> Letter:
    """The letter in `source`, the whole text of a letter file, for this complaint; never fails.

    At most 64 KiB; the same for the same arguments. What `problems` reports of a source shows as a mark or is left out.
    """
    subject, body = _read(source)
    values: dict[str, str] = {}
    head = clip(_fill(subject, material, values), 200)
    text = _tidy(_fill(body, material, values))
    if SLOTS["address_check"](material):
        text = f"{ADDRESS_CHECK}\n\n{text}"
    text = text.encode("utf-8", "ignore")[:_LIMIT].decode("utf-8", "ignore")
    slots = tuple(Slot(name, value) for name, value in values.items())
    return Letter(head, text, slots, marks(head) + marks(text))


def marks(text: str) -> int:
    """How many `[[…]]` a person has still to fill in."""
    return len(_MARK.findall(text))


def problems(source: str) -> tuple[tuple[int, int, str], ...]:
    """What is wrong with a letter file: (line, column, text), both counted from 1, in the order of the file.

    At most fifty of them.
    """
    if not source.strip():
        return ((1, 1, "the letter is empty: write its text, or remove the file"),)
    if len(source) > _LIMIT:
        return ((1, 1, f"the letter has {len(source):,} characters: at most {_LIMIT:,} are written, shorten it"),)
    parts = tuple(_parts(source))
    found = [*_misused(parts), *_unclosed(parts), *_half_marks(source)]
    return tuple((*_position(source, at), text) for at, text in sorted(found)[:_MOST_PROBLEMS])


@lru_cache(maxsize=256)
def _read(source: str) -> tuple[tuple[_Part, ...], tuple[_Part, ...]]:
    """The parts of the subject and of the text below it; every case writes from the same few sources."""
    source = _UNPRINTABLE.sub(_printable, source[:_LIMIT].replace("\r\n", "\n").replace("\r", "\n"))
    found = _SUBJECT.match(source)
    subject, body = (found[1], source[found.end() :]) if found else ("", source)
    return tuple(_parts(subject)), tuple(_parts(_ALONE.sub(r"\1", body)))


def _printable(found: re.Match[str]) -> str:
    # A no-break space is wanted in French; every other odd space becomes a plain one, a control nothing.
    char = found[0]
    return char if char in "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}" else " " if char.isspace() else ""


def _parts(text: str) -> Iterator[_Part]:
    position = 0
    for token in _TOKEN.finditer(text):
        if token.start() > position:
            yield _Part("text", position, text[position : token.start()])
        yield _tag(token)
        position = token.end()
    if position < len(text):
        yield _Part("text", position, text[position:])


def _tag(token: re.Match[str]) -> _Part:
    if token["stray"] or not token["inner"].strip():
        return _Part("stray", token.start(), token[0])
    first, *rest = token["inner"].split(maxsplit=1)
    if first == "end" and not rest:
        return _Part("end", token.start(), token[0])
    if first == "if":
        return _Part("if", token.start(), token[0], rest[0].strip() if rest else "")
    return _Part("slot", token.start(), token[0], token["inner"])


def _fill(parts: tuple[_Part, ...], material: Material, values: dict[str, str]) -> str:
    """One pass over the parts; a value is set in as it is and never read again. `values` gathers the slots."""
    written: list[str] = []
    shown, size, in_mark = [True], 0, False
    for part in parts:
        if part.kind == "if":
            shown.append(_holds(part.name, material, values) and shown[-1])
        elif part.kind == "end" and len(shown) > 1:
            shown.pop()
        elif shown[-1] and part.kind in ("text", "slot") and size < _LIMIT:
            text = part.text if part.kind == "text" else _value_or_mark(part.name, in_mark, material, values)
            in_mark = text.rfind("[[") > text.rfind("]]") if "[[" in text or "]]" in text else in_mark
            size += len(text)
            written.append(text)
    return "".join(written)


def _value_or_mark(name: str, in_mark: bool, material: Material, values: dict[str, str]) -> str:
    if name == "address_check":
        return ""  # it stands on top of the letter, wherever the text names it
    if value := _value(name, material, values):
        return value
    wanted = words(material.language).marks.get(name) or clip(name.replace("[", "").replace("]", ""), 40)
    return wanted if in_mark else f"[[{wanted}]]"


def _holds(name: str, material: Material, values: dict[str, str]) -> bool:
    """Whether an {if} shows its text; of a name nobody knows it does not."""
    wanted = name.removeprefix(_NO)
    return wanted in SLOTS and bool(_value(wanted, material, values)) is not name.startswith(_NO)


def _value(name: str, material: Material, values: dict[str, str]) -> str:
    if name in SLOTS and name not in values:
        values[name] = SLOTS[name](material)
    return values.get(name, "")


def _tidy(text: str) -> str:
    """No space twice or at the end of a line, no second blank line, one line break at the end."""
    text = re.sub(r" ?\n ?", "\n", re.sub(r" {2,}", " ", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _misused(parts: Iterable[_Part]) -> Iterator[tuple[int, str]]:
    for part in parts:
        if part.kind == "stray":
            yield part.at, f"stray {part.text}: braces only enclose a placeholder like {{order}}; remove it"
        elif part.kind == "slot" and part.name.removeprefix(_NO) in SLOTS and part.name.startswith(_NO):
            yield part.at, f"{part.text} has no text to show: it can only be asked for, {{if {part.name}}}…{{end}}"
        elif part.kind == "slot" and part.name not in SLOTS:
            yield part.at, f"unknown placeholder {part.text}: {_advice(part.name)}"
        elif part.kind == "if" and part.name.removeprefix(_NO) not in SLOTS:
            yield part.at, f"unknown placeholder in {part.text}: {_advice(part.name)}"


@lru_cache(maxsize=256)
def _advice(name: str) -> str:
    meant = name.strip().casefold().removeprefix(_NO)
    within = [slot for slot in SLOTS if slot in meant.split("_")]
    close = within or difflib.get_close_matches(meant, SLOTS, n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(SLOTS)}"


def _unclosed(parts: Iterable[_Part]) -> Iterator[tuple[int, str]]:
    opened: list[_Part] = []
    for part in parts:
        if part.kind == "if":
            opened.append(part)
        elif part.kind == "end" and not opened:
            yield part.at, "{end} without an {if}: remove it, or write the {if} before it"
        elif part.kind == "end":
            opened.pop()
    for part in opened:
        yield part.at, f"{part.text} is never closed: write {{end}} where its text ends"


def _half_marks(source: str) -> Iterator[tuple[int, str]]:
    # A placeholder inside a mark is no bracket, so it is out of the way here already.
    for found in _HALF_MARK.finditer(source):
        yield found.start(), "[[ opens a mark that is not closed on its line: write ]] after it"


def _position(source: str, at: int) -> tuple[int, int]:
    before = source[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
