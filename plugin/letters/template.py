"""Setting a letter: the text of a letter file, its slots and phrases filled with what is known of a complaint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from plugin.letters import syntax
from plugin.letters.phrases import SHIPPED, Phrases
from plugin.letters.practices import served
from plugin.letters.slots import ADDRESS_CHECK, FLAGS, SLOTS, Material
from plugin.letters.syntax import LIMIT, NO, Names, Part
from plugin.model import clip

_SUBJECT = re.compile(r"subject:[ \t]*([^\n]*)(?:\n|$)", re.IGNORECASE)
# A line that holds only {if …} or {end} is no line of the letter.
_ALONE = re.compile(r"(?m)^[ \t]*(\{(?:if[ \t][^{}\n]*|end)\})[ \t]*\n")
_MARK = re.compile(r"\[\[[^\[\]\n]+\]\]")
_UNPRINTABLE = re.compile(r"[^\S\n ]|[\x00-\x08\x0e-\x1f\x7f\u200b\u2028-\u202e\u2066-\u2069\ufeff]")
_GAP = re.compile(r"\n(?=[ \t]*\n)")
_FIRST_WORDS = 32
_SUBJECT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot a letter names; an empty value means that it is not known."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A composed letter: `subject` is empty to answer under theirs; `marks` counts what a person must fill in.

    `practices` are, paragraph by paragraph, its first words and the practices of complaint handling it serves;
    `language` is what it is written in.
    """

    subject: str
    text: str
    slots: tuple[Slot, ...]
    marks: int
    practices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    language: str = ""


def compose(source: str, material: Material) -> Letter:
    """The letter in `source`, the whole text of a letter file, for this complaint; never fails.

    At most 64 KiB; the same for the same arguments. What `problems` reports of a source shows as a mark or is left out.
    """
    subject, body = _read(source)
    filling = _Filling(material)
    whole = _joined(filling.fill(subject))
    head = clip(whole, _SUBJECT_LIMIT)
    head = head if head == whole else _closed(head)
    pieces = filling.fill(body)
    text = _tidy(_joined(pieces))
    if SLOTS["address_check"](material):
        text = f"{ADDRESS_CHECK}\n\n{text}"
    octets = text.encode("utf-8", "ignore")
    text = octets[:LIMIT].decode("utf-8", "ignore")
    if len(octets) > LIMIT:
        text = _closed(text[: -len("[[…]]".encode())])
    slots = tuple(Slot(name, value) for name, value in filling.values.items())
    return Letter(head, text, slots, marks(head) + marks(text), tuple(_practices(pieces)), material.language)


def _closed(text: str) -> str:
    """A text that was cut, and a mark it was cut in as a short one, for that is not filled in either."""
    opened = text.rfind("[[")
    return f"{text[:opened]}[[…]]" if opened > text.rfind("]]") else text


def marks(text: str) -> int:
    """How many `[[…]]` a person has still to fill in."""
    return len(_MARK.findall(text))


def problems(source: str, phrases: Phrases = SHIPPED) -> tuple[tuple[int, int, str], ...]:
    """What is wrong with a letter file: (line, column, text), both counted from 1, in the order of the file.

    At most fifty of them. `phrases` are those it may name.
    """
    return syntax.problems(source, Names((*SLOTS, *sorted(phrases.names - SLOTS.keys())), tuple(FLAGS)))


@lru_cache(maxsize=256)
def _read(source: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The parts of the subject and of the text below it; every case writes from the same few sources."""
    source = _printable(source[:LIMIT].replace("\r\n", "\n").replace("\r", "\n"))
    found = _SUBJECT.match(source)
    subject, body = (found[1], source[found.end() :]) if found else ("", source)
    return tuple(syntax.parts(subject)), tuple(syntax.parts(_ALONE.sub(r"\1", body)))


@lru_cache(maxsize=1024)
def _line(text: str) -> tuple[Part, ...]:
    """The parts of a phrase, which is one line."""
    return tuple(syntax.parts(_printable(" ".join(text[:LIMIT].splitlines()))))


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    # A no-break space is wanted in French; every other odd space becomes a plain one, a control nothing.
    char = found[0]
    return char if char in "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}" else " " if char.isspace() else ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of the letter as it is written, and the slots and phrases it was made of."""

    text: str
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class _Filling:
    """Sets values into parts; a value is set in as it is and never read again. `values` gathers the slots."""

    material: Material
    values: dict[str, str] = field(default_factory=dict)
    _phrases: dict[tuple[str, bool], _Piece | None] = field(default_factory=dict)

    def fill(self, parts: Iterable[Part], *, in_mark: bool = False, data_only: bool = False) -> list[_Piece]:
        """One pass over the parts. With `data_only`, in a phrase, a name is that of a slot and never a phrase's."""
        written: list[_Piece] = []
        shown, size = [True], 0
        for part in parts:
            if part.kind == "if":
                shown.append(shown[-1] and self._holds(part.name, data_only))
            elif part.kind == "end" and len(shown) > 1:
                shown.pop()
            elif shown[-1] and part.kind in ("text", "slot") and size < LIMIT:
                piece = _Piece(part.text) if part.kind == "text" else self._named(part.name, in_mark, data_only)
                text = piece.text
                in_mark = text.rfind("[[") > text.rfind("]]") if "[[" in text or "]]" in text else in_mark
                size += len(text)
                written.append(piece)
        return written

    def _named(self, name: str, in_mark: bool, data_only: bool) -> _Piece:
        if name == "address_check":
            return _Piece("")  # it stands on top of the letter, wherever the text names it
        piece = None if data_only else self._phrase(name, in_mark)
        if piece is not None:
            return piece
        if value := self._value(name):
            return _Piece(value, (name,))
        wanted = self.material.words.marks.get(name) or clip(name.replace("[", "").replace("]", ""), 40)
        return _Piece(wanted if in_mark else f"[[{wanted}]]", (name,))

    def _phrase(self, name: str, in_mark: bool = False) -> _Piece | None:
        """The phrase as this case says it; None where its language has none of that name."""
        key = name, in_mark
        if key not in self._phrases:
            known = self.material
            line = known.phrases.of(known.language).line(name, known.categories, known.voice, known.case)
            pieces = self.fill(_line(line), in_mark=in_mark, data_only=True) if line else []
            names = dict.fromkeys((name, *(one for piece in pieces for one in piece.names)))
            self._phrases[key] = _Piece(_joined(pieces).strip(), tuple(names)) if line else None
        return self._phrases[key]

    def _holds(self, name: str, data_only: bool) -> bool:
        """Whether an {if} shows its text; of a name nobody knows it does not."""
        wanted = name.removeprefix(NO)
        if wanted in SLOTS:
            has = bool(self._value(wanted))
        elif wanted in FLAGS:
            has = FLAGS[wanted](self.material)
        elif not data_only and wanted in self.material.phrases.names:
            piece = self._phrase(wanted)
            has = piece is not None and bool(piece.text)
        else:
            return False
        return has is not name.startswith(NO)

    def _value(self, name: str) -> str:
        if name in SLOTS and name not in self.values:
            self.values[name] = SLOTS[name](self.material)
        return self.values.get(name, "")


def _joined(pieces: Iterable[_Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _tidy(text: str) -> str:
    """No space twice or at the end of a line, no second blank line, one line break at the end."""
    text = re.sub(r" ?\n ?", "\n", re.sub(r" {2,}", " ", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _practices(pieces: list[_Piece]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The first words of each paragraph that serves a practice, and which."""
    starts = accumulate((len(piece.text) for piece in pieces), initial=0)
    named = [(start, piece.names) for start, piece in zip(starts, pieces, strict=False) if piece.names and piece.text]
    text = _joined(pieces)
    for start, end in _paragraphs(text):
        names = [name for at, some in named if start <= at < end for name in some]
        if names and (practices := served(names)):
            yield clip(text[start:end], _FIRST_WORDS), practices


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each goes; there is an empty line between two."""
    start = 0
    for gap in _GAP.finditer(text):
        if gap.start() > start:
            yield start, gap.start()
        start = gap.end()
    if start < len(text):
        yield start, len(text)
