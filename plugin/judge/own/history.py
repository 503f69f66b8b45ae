"""What others wrote: quoted lines, the line above a quotation, the headers pasted above one, forwarded mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain

from plugin.judge.late import late
from plugin.judge.own.phrases import FIELDS, PHRASES

RULES = "-_=*#~+—–―─"
"""What a line across the mail is drawn with."""
MARKS = RULES + " \t\xa0\ufeff\u200b\u200e\u200f\u202a\u202c\u202f<[(>|"
"""What may stand around the words of a line that a mail program wrote."""

_SPREAD = 4  # lines an attribution may spread over
_BLOCK = 9  # lines a block of headers may spread over
_WIDE = 400  # characters of a line that are looked at
_WIDTH = 66  # characters from which a quoted line may have been wrapped

_START = late(r"[\W_]*(?:[^\W\d_]+['’.,]{0,2}[ \t]+){0,3}\(?\d")
_DIGITS = late(r"\d[\d:./-]*\d")
_TIME = late(r"(?<![\d.])\d{1,2}[:.h]\d\d(?![\d.])|\d ?[AaPp]\.?[Mm]\b")
_DATE = late(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d|\d{1,2}[年月]")
_ADDRESS = late(r"[^\s<>@]@[\w-]")
_MAILBOX = late(r"[^\s@]{1,99}@[^\s@]{1,99}")
_WORD = late(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_FORM = late(r"[^\W\d_][\w ()-]{1,20}[:：] ?\S")
_SELF, _PART = frozenset(PHRASES["self"]), frozenset(PHRASES["part"])
_PERSONAL = frozenset(PHRASES["personal"]) | _SELF
_VERBS = frozenset(chain.from_iterable(verb.split() for verb in PHRASES["wrote"]))
_WROTE = PHRASES["wrote"]
_SIGNED_OFF = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines that are not the sender's: from `start` up to, and without, `end`."""

    start: int
    end: int


def plain(line: str) -> str:
    """The words of a line in lower case, without what stands around them; at most 200 characters."""
    return line[:200].strip(MARKS).lower().replace("’", "'")


def is_quoted(line: str) -> bool:
    """Whether the line is marked as a quotation; ">:" is the end of an address that was wrapped."""
    bare = line if line[:1] == ">" else line.lstrip()
    return bare.startswith((">", "|>")) and not bare.startswith(">:")


def quotation(lines: Sequence[str], at: int) -> Cut:
    """The quoted lines from here on, and the ends of quoted lines that were wrapped on their way."""
    end = at
    while end < len(lines) and (is_quoted(lines[end]) or _is_wrapped(lines, end)):
        end += 1
    return Cut(at, end)


def _is_wrapped(lines: Sequence[str], at: int) -> bool:
    """Whether this line is the end of the quoted one above it: that one is full, and its sentence goes on here."""
    line, above = lines[at], lines[at - 1]
    if not line[:1].islower() or at + 1 >= len(lines) or not is_quoted(lines[at + 1]):
        return False
    first_word = line[:_WIDTH].partition(" ")[0]
    return len(above) + len(first_word) > _WIDTH and not above.endswith((*_SIGNED_OFF, ":", ";"))


def attribution(lines: Sequence[str], at: int) -> Cut | None:
    """The "On ... wrote:" that ends here, with all that follows where what it quotes is not marked line by line."""
    window = _joined(lines, max(0, at - _SPREAD + 1), at)
    if "@" not in window and not _DIGITS.search(window):
        return None
    start = _attribution_start(lines, at)
    if start is None:
        return None
    if _quote_follows(lines, at + 1):
        return Cut(start, at + 1)
    return Cut(start, len(lines)) if _is_certain(_joined(lines, start, at), lines[at + 1 : at + 2]) else None


def _is_certain(said: str, below: Sequence[str]) -> bool:
    """Whether it can be nothing else, though no line below is marked: a date, and an address or an hour and a name."""
    if not said.endswith((":", "：")) and any(below):
        return False  # a sentence that goes on
    if "<" in said and _ADDRESS.search(said):
        return is_dated(said)
    return _TIME.search(said) is not None and _START.match(said) is not None and _is_signed(said)


def is_dated(said: str) -> bool:
    """Whether it names a day or an hour."""
    return _DATE.search(said) is not None or _TIME.search(said) is not None


def _is_signed(said: str) -> bool:
    """Whether nothing but a name stands behind the date, nor speaks anybody there who tells something."""
    said = _MAILBOX.sub("", said)
    words = _WORD.findall(said)
    if not _PERSONAL.isdisjoint(word.lower() for word in words):
        return False
    behind = _WORD.findall(said[max((found.end() for found in _DIGITS.finditer(said)), default=0) :])
    return not any(word[0].islower() and word not in _PART and word not in _VERBS for word in behind)


def _joined(lines: Sequence[str], start: int, at: int) -> str:
    return " ".join(line[:_WIDE].strip() for line in lines[start : at + 1]).replace("= ", "")


def _attribution_start(lines: Sequence[str], at: int) -> int | None:
    """The nearest line above that begins as a date does; failing that, the line that names an address."""
    weak: int | None = None
    for start in range(at, max(-1, at - _SPREAD), -1):
        line = lines[start]
        if not line or (start < at and line.endswith(_SIGNED_OFF) and "@" not in line and not _START.match(line)):
            break
        if _START.match(line) and _is_attribution(_joined(lines, start, at)):
            return _first_line(lines, start, at)
        if weak is None and "@" in line and _is_attribution(_joined(lines, start, at)):
            weak = start
    return weak


def _first_line(lines: Sequence[str], start: int, at: int) -> int:
    """The date may be spread over lines of its own: "On 3 May 2026," above "at 10:00,"."""
    while start and at - start + 1 < _SPREAD and lines[start - 1].endswith(",") and _START.match(lines[start - 1]):
        start -= 1
    return start


def _is_attribution(said: str) -> bool:
    """An address or a date, and a verb of writing; a customer's own "the driver wrote:" has neither of the first."""
    low = said.lower()
    if not any(verb in low for verb in _WROTE):
        return low.endswith((">:", ">：")) and _ADDRESS.search(low) is not None and _DATE.search(low) is not None
    if not _SELF.isdisjoint(_WORD.findall(low.partition("<")[0])):
        return False
    return _ADDRESS.search(low) is not None or (_DIGITS.search(low) is not None and _DATE.search(low) is not None)


def _quote_follows(lines: Sequence[str], at: int) -> bool:
    for line in lines[at : at + 6]:
        if line:
            return is_quoted(line)
    return False


def headers(lines: Sequence[str], at: int, begun: bool) -> Cut | None:
    """The pasted headers that begin here, and all below them; only the headers where nothing stands above.

    A letter with nothing of its own above a mail is that mail.
    """
    if begun and at and _FORM.match(lines[at - 1]):
        return None  # a form, of which the first lines are none that a mail has
    found: dict[str, int] = {}
    for number in range(at, min(len(lines), at + _BLOCK)):
        kind = field(lines[number])
        if kind in found and kind != "other":
            break
        if kind:
            found[kind] = number
    last = max(found.values(), default=at)
    if not _are_headers(found, [line[:_WIDE] for line in lines[at : last + 1]]):
        return None
    return Cut(at, last + 1 if _quote_follows(lines, last + 1) or not begun else len(lines))


def _are_headers(found: Collection[str], lines: Sequence[str]) -> bool:
    """They name a sender and a moment, and an address, a subject or the hour of sending; a journey does not."""
    if "sender" not in found or not ("sent" in found or "date" in found):
        return False
    if "subject" in found or any("@" in line for line in lines):
        return True
    return "sent" in found and "other" in found and any(_TIME.search(line.replace("\u200e", "")) for line in lines)


def field(line: str) -> str:
    """What header this line is: sender, sent, date, subject, other, or none."""
    head, colon, _ = line[:40].replace("：", ":").partition(":")
    return FIELDS.get(head.strip(MARKS).lower().replace("’", "'"), "") if colon else ""


def passed_on(lines: Sequence[str], at: int, whole: bool) -> Cut | None:
    """The mark of a mail that was passed on or is answered, its headers, with `whole` all of it, if not quoted."""
    if not is_mark(lines[at]):
        return None
    end = at + 1
    while end < min(len(lines), at + _BLOCK) and (field(lines[end]) or not lines[end]):
        end += 1
    return Cut(at, len(lines) if whole and not _quote_follows(lines, end) else end)


def is_mark(line: str) -> bool:
    """Whether a line that begins like "Forwarded message" is no sentence: it is drawn, or ends in a colon."""
    bare = line.strip(" \t>")
    return len(bare) <= 100 and (bare.startswith(tuple(RULES)) or bare.endswith((":", "：")))
