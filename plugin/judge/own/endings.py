"""What stands below or around a letter: signatures, contact lines, disclaimers, what lists and mail programs add."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plugin.judge.late import late
from plugin.judge.own.history import RULES, Cut, field, is_dated, is_quoted, plain
from plugin.judge.own.phrases import PHRASES, begun_with

_SIGNATURE_LINES = 12
_PARAGRAPH_LINES = 40
_SHORT = 80  # characters of a line that may be a name, an office or a way to reach somebody
_ENDS_SENTENCE = late(r"[!?:;]$|[^\W\d_]{4}\.$")

_GADGETS, _LEGAL, _REFERENCE = PHRASES["gadget"], PHRASES["legal"], PHRASES["reference"]
_POSTSCRIPT = late(r"p\.? ?s\.? ?[:,.\s)-]|p\.s\.|ps$|nb[:.]|n\.b\.|edit:", re.I)
_WAY = late(
    r"https?://|www\.|[^\s@]@[\w-]|\bskype\b"
    r"|^\W*(?:[^\W\d_]{1,12}[.:]*\W{0,3}){0,2}(?:\+|00|\(?0)[\d ()/.–-]{6,}"
    r"|\b(?:gmbh|ltd|inc|llc|plc|s\.?a\.?r\.?l|s\.?r\.?l|b\.v|n\.v|e\.v|s\.p\.a|kg|ag|oy|ab|a/s|aps|lda|sp\. z)\b"
    r"|@ ?\w",
    re.I,
)
_PHONE = late(r"^\W*(?:[^\W\d_]{1,12}[.:]*\W{0,3}){0,2}[+(]?\d[\d ()/.–-]{5,}$")
_DIGIT = late(r"\d")
_LINK = late(r"https?://|www\.|mailto:|<[^ >]+>|[+-][\w.]*@")
_LIST = ("mailing list", "listinfo", "unsubscribe", "subscribed", "mailman", "googlegroups", "reply to this email")


def signature(lines: Sequence[str], raw: Sequence[str], at: int, begun: bool) -> Cut | None:
    """What a line of dashes cuts off: RFC 3676, 4.3, two dashes and a blank; others only above what looks like one.

    A letter that begins with such a line has no signature there, and a postscript is none.
    """
    if not begun:
        return Cut(at, at + 1) if raw[at] == "-- " else None
    if raw[at] == "-- " or _is_loose_signature(lines, at):
        return Cut(at, _postscript(lines, at + 1))
    if _is_list_footer(lines, at):
        return Cut(at, paragraph(lines, at + 1))
    return None


def _postscript(lines: Sequence[str], at: int) -> int:
    return next((n for n in range(at, len(lines)) if lines[n][:1] in "PpN" and _POSTSCRIPT.match(lines[n])), len(lines))


def _is_loose_signature(lines: Sequence[str], at: int) -> bool:
    """Two dashes without their blank above a few short lines; another line above ways to reach somebody."""
    below = [line for line in lines[at + 1 : at + 2 * _SIGNATURE_LINES + 2] if line and not is_quoted(line)]
    if not below or len(below) > _SIGNATURE_LINES or len(lines) > at + 60:
        return False
    if any(_is_sentence(line) for line in below):
        return False
    drawn = lines[at].strip()
    if drawn == "--":
        return True
    ways = sum(1 for line in below if _WAY.search(line[:200]))
    return ways > 0 and _is_name(below[0].lstrip(" *"))


def _is_sentence(line: str) -> bool:
    return len(line) > _SHORT or (line.endswith((".", "!", "?", ":", ",")) and line.count(" ") >= 4)


def _is_list_footer(lines: Sequence[str], at: int) -> bool:
    return any(word in line[:200].lower() for line in lines[at + 1 : at + 4] for word in _LIST)


def paragraph(lines: Sequence[str], at: int) -> int:
    """Where the paragraph ends in which this line stands."""
    end = at
    while end < min(len(lines), at + _PARAGRAPH_LINES) and lines[end]:
        end += 1
    return end


def device(lines: Sequence[str], at: int) -> Cut | None:
    """The line in which a telephone or a mail program names itself; a customer's sentence names more."""
    said = lines[at].partition("<")[0].strip(" *_")
    words = plain(said).split()
    named = any(gadget in word for word in words for gadget in _GADGETS) or words[:3] == ["sent", "from", "my"]
    return Cut(at, at + 1) if named and len(words) <= (5 if said.endswith(".") else 9) and "," not in said else None


def footer(lines: Sequence[str], at: int) -> Cut | None:
    """What a list, a filter or a scanner says: up to the end of its sentence, or of its paragraph."""
    end = at
    while end < min(len(lines), at + 6) and lines[end]:
        end += 1
        if lines[end - 1].endswith((".", "!")) or len(lines[end - 1]) > 100:
            break
    return Cut(at, end)


def leave(lines: Sequence[str], at: int) -> Cut | None:
    """How to leave a list, with the address where; without one it is somebody who wants to."""
    end = min(paragraph(lines, at), at + 6)
    return Cut(at, end) if any(_LINK.search(line[:300]) for line in lines[at:end]) else None


def notice(lines: Sequence[str], at: int) -> Cut | None:
    """A disclaimer's paragraph, and those below it that go on in its words; two legal words make none."""
    end = paragraph(lines, at)
    if end - at == 1 and len(lines[at]) < 60:  # its title
        end = paragraph(lines, _next(lines, end))
    if _legal_words(lines, at, end) < 3:
        return None
    while (following := _next(lines, end)) < len(lines):
        last = paragraph(lines, following)
        if not _legal_words(lines, following, last) or _POSTSCRIPT.match(lines[following]):
            break
        end = last
    return Cut(at, end)


def _next(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at]:
        at += 1
    return at


def _legal_words(lines: Sequence[str], start: int, end: int) -> int:
    said = " ".join(lines[start:end])[:2_000].lower()
    return sum(1 for stem in _LEGAL if stem in said)


def closing(lines: Sequence[str], at: int, phrase: str) -> Cut | None:
    """The lines below the name that tell the sender's office and how to reach him.

    The greeting and the name stay: they are his own, and the name is a fact. So does a telephone number that stands
    alone, or a customer's number, which he wrote there to be used.
    """
    said = plain(lines[at])
    signed = said.removeprefix(phrase).strip(" ,.!-/")
    signed = signed if any(map(str.isalpha, signed)) else ""
    name = at if signed else _next(lines, at + 1)
    if name < len(lines) and name != at and is_drawn(lines[name]):
        name = _next(lines, name + 1)
    if not any(lines[name + 1 : name + _SIGNATURE_LINES]) or name > at + 4:
        return None  # nothing stands below the name, as in most letters
    if name != at and _closes(lines[name]):
        return None  # "Thanks", above "Regards": the second has the name below it
    written = lines[at].rstrip(" ,.!")[-len(signed) :] if signed else lines[name]
    return _contact(lines, name + 1) if _is_name(written) else None


def _closes(line: str) -> bool:
    return any(kind == "closing" for _, kind in begun_with(plain(line)))


def _contact(lines: Sequence[str], start: int) -> Cut | None:
    end, ways, filled = start, 0, 0
    first = _next(lines, start)
    for number in range(first, min(len(lines), first + 2 * _SIGNATURE_LINES)):
        line = lines[number]
        if not line:
            continue
        if filled == _SIGNATURE_LINES or not _is_contact(line) or _closes(line):
            break
        ways += _WAY.search(line) is not None
        filled, end = filled + 1, number + 1
    if not ways or (filled == 1 and _PHONE.match(lines[end - 1])):
        return None
    return Cut(start, end)


def _is_contact(line: str) -> bool:
    if len(line) > _SHORT or line[-1] in "?:" or _POSTSCRIPT.match(line) or field(line) or _is_reference(line):
        return False
    if "<" in line and is_dated(line):
        return False  # the first line of "On ... <...> wrote:"
    return _small_words(line) <= 1 if _WAY.search(line) else _is_name(line, 7)


def _is_reference(line: str) -> bool:
    """Whether the line gives a number by which the sender is known."""
    low = line.lower()
    return _DIGIT.search(line) is not None and any(word in low for word in _REFERENCE)


def _is_name(line: str, most: int = 5) -> bool:
    """Words that begin with capitals, as names, offices and streets do."""
    return 0 < len(line.split()) <= most and not _small_words(line) and not _ENDS_SENTENCE.search(line)


def _small_words(line: str) -> int:
    words = (word for word in line.strip(" *_-/,").split() if "@" not in word and "." not in word)
    return sum(1 for word in words if word[0].islower() and len(word) > 3)


def last_lines(lines: Sequence[str], end: int) -> int:
    """Where the paragraph above `end` is cut that is a name and ways to reach it, and nothing else; the name stays."""
    if not end or lines[end - 1].replace(" ", "").isalpha() or not _WAY.search(lines[end - 1][:_SHORT]):
        return end
    start = end
    while start and lines[start - 1] and end - start < _SIGNATURE_LINES:
        start -= 1
    below = lines[start + 1 : end]
    ways = sum(1 for line in below if len(line) <= _SHORT and _WAY.search(line))
    return start + 1 if start and ways >= 2 and all(map(_is_contact, below)) and _is_name(lines[start]) else end


def is_drawn(line: str) -> bool:
    """Whether a line is nothing but drawn across the mail."""
    return (len(line) > 1 and not line.strip(RULES + " ")) or line == "—"
