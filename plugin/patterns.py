"""Patterns: what people write between slashes, found by RE2 in time linear in the text, one by one or many at once.

Terminology
-----------
pattern   one `/…/`: RE2's syntax (https://github.com/google/re2/wiki/Syntax), letters of either case alike.
spelt     how texts and patterns are handed to RE2, so that `\\w`, `\\d`, `\\s`, `\\b` and case mean what they mean in
          every language: RE2's own know English letters only, and its `\\b` can be told no others.
family    all patterns of one book, asked about a text together through RE2's set.

How it is spelt
---------------
Each character becomes a few that begin with an ASCII one: a letter or digit beyond ASCII is put between two `_`, any
other character beyond ASCII stands behind a U+0001, and the two signs that got a meaning by this are written with the
help of U+0080 and U+0081. So RE2's `\\b`, which looks at one byte to either side, sees a word character on both edges
of each letter, and a search cannot begin within a character, since nothing that is looked for begins beyond ASCII.
What is a letter, a digit, white space, or the same letter in the other case is asked of Python's `re`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice
from typing import Any

import re2

from plugin.model import clip

LONGEST = 500
"""Characters a pattern may have."""
FEW = 12
"""So many patterns are asked one by one; only more of them are worth a set."""
_MEMORY = 4 << 20  # bytes RE2 may use for one compiled pattern
_FAMILY_MEMORY = 64 << 20  # bytes RE2 may use for a set
_TEXTS = 4  # whose hits a family remembers: subject and text of the mails at hand

Ranges = tuple[tuple[int, int], ...]  # code points from and to, both included, in order and apart


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that can be looked for; equal to another that is written the same."""

    source: str
    compiled: Any = field(compare=False, repr=False)
    family: Family | None = field(default=None, compare=False, repr=False)
    number: int = field(default=-1, compare=False, repr=False)

    @classmethod
    def parse(cls, source: str, family: Family | None = None) -> Pattern:
        """The pattern between the slashes of `/…/`, one of `family`; ValueError says what cannot be and what to do."""
        if len(source) > LONGEST:
            raise ValueError(f"this pattern is longer than {LONGEST} characters: split it up, a list means any of")
        try:
            # First as it was written, so that what is said about it is about that.
            re2.compile(source.encode("utf-8", "replace"), _options(_MEMORY))
            spelt = _spelt_pattern(source)
            compiled = re2.compile(spelt.encode("utf-8", "replace"), _options(_MEMORY))
        except re2.error as error:
            raise ValueError(_refusal(source, error)) from None
        if all(compiled.search(text) for text in (b"", b"x", b"\n", b"5")):
            raise ValueError(
                f"the pattern {_slashed(source)} fits every text: say what must be there, `+` instead of `*`"
            )
        if any(0 < match.start() < len(_INSIDE) for match in compiled.finditer(_INSIDE)):
            raise ValueError(
                f"the pattern {_slashed(source)} fits where nothing stands: say what must be there beside the \\B"
            )
        return cls(source, compiled, family, -1 if family is None else family.add(spelt))

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches anywhere in `text`."""
        if self.family is not None and self.number not in self.family.hits(text):
            return False
        return self.compiled.search(_spelt(text)) is not None

    def span_in(self, text: str) -> tuple[int, int] | None:
        """Where the pattern first matches in `text`; None where it does not."""
        raw = _spelt(text)
        match = self.compiled.search(raw)
        if match is None:
            return None
        start = _length(raw[: match.start()])
        return start, start + _length(match[0])

    def spans_in(self, text: str, most: int) -> list[tuple[int, int]]:
        """Where the pattern matches in `text`, in order and apart; the first `most` of them."""
        if self.family is not None and self.number not in self.family.hits(text):
            return []
        raw, read, chars, found = _spelt(text), 0, 0, list[tuple[int, int]]()
        for match in islice(self.compiled.finditer(raw), most):
            start = chars + _length(raw[read : match.start()])
            read, chars = match.end(), start + _length(match[0])
            found.append((start, chars))
        return found

    def __str__(self) -> str:
        return _slashed(self.source)


@dataclass(slots=True)
class Family:
    """The patterns of one book; a text is asked about all of them at once, and what that hits is asked again alone."""

    spelt: list[str] = field(default_factory=list)
    compiled: Any = None
    known: dict[str, Container[int]] = field(default_factory=dict)

    def add(self, spelt: str) -> int:
        """One more pattern, as it is spelt; its number."""
        self.spelt.append(spelt)
        self.compiled = None
        self.known.clear()
        return len(self.spelt) - 1

    def hits(self, text: str) -> Container[int]:
        """The numbers of the patterns found in `text`; all of them where they are few, or RE2 had too little memory."""
        found = self.known.get(text)
        if found is None:
            if len(self.known) >= _TEXTS:
                self.known.pop(next(iter(self.known)), None)
            found = self.known[text] = self._asked(text)
        return found

    def _asked(self, text: str) -> Container[int]:
        everyone = range(len(self.spelt))
        if len(everyone) <= FEW:
            return everyone
        if self.compiled is None:
            self.compiled = self._set()
        found = frozenset(self.compiled.Match(_spelt(text)) or ()) if self.compiled else frozenset()
        # RE2 does not say when a set runs out of memory, it finds nothing: so the last of the set fits every text.
        return found if len(everyone) in found else everyone

    def _set(self) -> Any:
        """RE2's set; False where all of them together are too large for one."""
        made = re2.Set.SearchSet(_options(_FAMILY_MEMORY))
        for spelt in (*self.spelt, r"\z"):
            made.Add(spelt.encode())
        try:
            made.Compile()
        except re2.error:
            return False
        return made


@cache
def _options(memory: int) -> Any:
    options = re2.Options()
    options.max_mem = memory
    options.log_errors = False
    return options


_REFUSALS = (
    (r"perl operator: \(\?P\b|escape sequence: \\\d", "repeats an earlier match, which cannot be done: write it out"),
    (r"perl operator: \(\?<?[=!]", "looks ahead or behind, which cannot be done: use two conditions, or `not:`"),
    (r"perl operator: \(\?[>(]", "has a group that is tried in a way of its own: use plain brackets ( )"),
    (r"perl operator: \(\?", "has a group of a kind that is not known: use plain brackets ( )"),
    (r"repetition size", "repeats too often: at most 1000 times, the smaller number first"),
    (r"repetition operator", "has a * + ? or { with nothing before it to repeat: `\\*` means the sign itself"),
    (r"missing \)|unexpected \)", "has a round bracket without its partner: `\\(` means the sign itself"),
    (r"missing \]", "has a square bracket without its partner: `\\[` means the sign itself"),
    (r"escape sequence: \\Z", "has a \\Z, which is not known: write `$` for the end of the text"),
    (r"escape sequence", "has a backslash before a sign that needs none: remove the backslash"),
    (r"trailing \\", "ends with a backslash: remove it, or write two to mean one"),
    (r"character class range|too large", "is too large or has a range the wrong way round: make it smaller"),
)  # fmt: skip


def _refusal(source: str, error: Exception) -> str:
    said = str(error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else error.args[0])
    why = next((advice for pattern, advice in _REFUSALS if re.search(pattern, said)), f"is not understood ({said})")
    return f"the pattern {_slashed(source)} {why}"


def _slashed(source: str) -> str:
    return f"/{clip(source, 60)}/"


# --- texts -------------------------------------------------------------------------------------------------------


class _Spelling(dict[int, str]):
    """How each character is spelt, by code point; found out when it is met."""

    def __missing__(self, point: int) -> str:
        char = "\ufffd" if 0xD800 <= point <= 0xDFFF else chr(point)
        if point < 0x80:
            spelt = {"_": "_\x80_", "\x01": "\x01\x81"}.get(char, char)
        else:
            spelt = f"_{char}_" if char.isalnum() else f"\x01{char}"
        self[point] = spelt
        return spelt


_SPELLING = _Spelling()


@cache
def _written(char: str) -> bytes:
    return _SPELLING[ord(char)].encode()


_SIGNS_MEANT = "\x01_"
_AS_THEY_STAND = bytes(byte for byte in range(0x80) if chr(byte) not in _SIGNS_MEANT)
_CONTINUED = bytes(range(0x80, 0xC0))  # what a character beyond ASCII goes on with in UTF-8
_MARKED = bytes(byte if byte in _AS_THEY_STAND else 0xFF for byte in range(0x100))


@lru_cache(maxsize=32)
def _spelt(text: str) -> bytes:
    if text.isascii() and not any(sign in text for sign in _SIGNS_MEANT):
        return text.encode()
    try:
        raw = text.encode("latin-1")  # most mails are, and it is a tenth of the work
        others, marked = raw.translate(None, _AS_THEY_STAND).decode("latin-1"), raw.translate(_MARKED)
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
        others = raw.translate(None, _AS_THEY_STAND).decode("utf-8", "surrogatepass")
        marked = raw.translate(_MARKED, _CONTINUED)
    if len(others) * 2 > len(text):
        return text.translate(_SPELLING).encode()
    # Where few are spelt otherwise, a mark for each of them parts the text at one go, and they are put between.
    parts = marked.split(b"\xff")
    whole = [b""] * (2 * len(parts) - 1)
    whole[::2], whole[1::2] = parts, map(_written, others)
    return b"".join(whole)


_INSIDE = _spelt("\U000f0000")
"""One character; only what may be empty and asks for no edge of a word (`\\B`) is found within it."""


def _length(spelt: bytes) -> int:
    """How many characters of the text this is."""
    text = spelt.decode(errors="ignore")  # of a character that is cut in two nothing counts
    return len(text) - text.count("\x01") - text.count("_")


# --- patterns ----------------------------------------------------------------------------------------------------

_ALL: Ranges = ((0, 0x10FFFF),)
_ASCII: Ranges = ((0, 0x7F),)
_BEYOND: Ranges = ((0x80, 0x10FFFF),)
_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\[pP]\{.*?\}|\\.|[^\]\\])*\])"
    r"|(?P<kept>\\[bBAz]|[\^$|)*+?]|\{\d+(?:,\d*)?\})|(?P<group>\((?:\?P?<\w+>|\?[imsU-]*[:)])?)|(?P<dot>\.)"
    r"|(?P<item>\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[pP](?:\{.*?\}|.)|\\[0-7]{1,3}|\\.|.)",
    re.DOTALL,
)  # fmt: skip
_MEMBER = re.compile(
    r"(?P<posix>\[:\^?\w+:\])|(?P<item>\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[pP](?:\{.*?\}|.)|\\[0-7]{1,3}|\\.|.)"
    r"(?:-(?P<to>\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[0-7]{1,3}|\\.|[^\]\\]))?",
    re.DOTALL,
)  # fmt: skip
_SIGNS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}


def _spelt_pattern(source: str) -> str:
    """The pattern that finds in spelt texts what `source`, which RE2 takes, shall find; ValueError for a `\\C`."""
    flags, outer, parts = "i", list[str](), list[str]()
    for token in _TOKEN.finditer(source):
        kind, text = token.lastgroup, token[0]
        if kind == "group":
            flags, part = _group(text, flags, outer)
        elif kind == "kept":
            flags, part = outer.pop() if text == ")" else flags, text
        else:
            part = _atoms(kind or "", token, flags)
        parts.append(part)
    return "".join(parts)


def _group(text: str, flags: str, outer: list[str]) -> tuple[str, str]:
    """The flags from this opening bracket on, and how it is spelt: case and `.` are spelt out, so only m and U stay."""
    found = re.fullmatch(r"\(\?([imsU]*)(?:-([imsU]*))?([:)])", text)
    if found is None or found[3] == ":":
        outer.append(flags)
    if found is None:
        return flags, "("
    on, off = found[1], found[2] or ""
    kept = "".join(flag for flag in on if flag in "mU") + ("-" if set(off) & set("mU") else "")
    kept += "".join(flag for flag in off if flag in "mU")
    flags = "".join(sorted((set(flags) | set(on)) - set(off)))
    return flags, f"(?{kept}{found[3]}" if kept or found[3] == ":" else ""


def _atoms(kind: str, token: re.Match[str], flags: str) -> str:
    if kind == "quoted":
        return "".join(_letter(ord(char), flags) for char in token["quoted"])
    if kind == "dot":
        return _either(_ALL if "s" in flags else _without(_ALL, ((10, 10),)))
    if kind == "class":
        return _either(_members(token["class"], "i" in flags))
    named = _named(token["item"])
    return _letter(_point(token["item"]), flags) if named is None else _either(named)


@cache
def _letter(point: int, flags: str) -> str:
    # In capitals ß is two letters, the only one of the common alphabets.
    if "i" in flags and point in (0xDF, 0x1E9E):
        return f"(?:{_either(_cases(point))}|{_letter(0x73, flags)}{{2}})"
    return _either(_cases(point) if "i" in flags else ((point, point),))


def _members(text: str, any_case: bool) -> Ranges:
    """The characters of a class such as `[^a-z\\d]`."""
    negated = text.startswith("[^")
    found: Ranges = ()
    letters: Ranges = ()
    for member in _MEMBER.finditer(text[1 + negated : -1]):
        if member["posix"]:
            found = _with(found, _asked(f"[{member['posix']}]"))
        elif (named := _named(member["item"])) is not None:
            found = _with(found, named, ((0x2D, 0x2D),) * bool(member["to"]))
            letters = _with(letters, *(((_point(to), _point(to)),) for to in [member["to"]] if to))
        else:
            first = _point(member["item"])
            letters = _with(letters, ((first, _point(member["to"]) if member["to"] else first),))
    found = _with(found, letters, *(_variants(letters) if any_case else ()))
    return _without(_ALL, found) if negated else found


def _variants(ranges: Ranges) -> Iterator[Ranges]:
    """For each letter in `ranges` those that differ from it in nothing but case."""
    for first, last in ranges:
        if last - first < 200:
            yield from map(_cases, range(first, last + 1))
        else:
            yield from (_cases(ord(char)) for char in _cased() if first <= ord(char) <= last)


def _named(item: str) -> Ranges | None:
    """The characters of an escape that stands for many of them; None where it is one character."""
    if item[:2] == "\\C":
        raise ValueError("the pattern has a \\C, which is half a character: write `.`")
    return _asked(item) if re.fullmatch(r"\\[wWdDsS]|\\[pP].*", item) else None


def _point(item: str) -> int:
    """The code point of one character as it is written in a pattern."""
    if item[0] != "\\":
        return ord(item)
    if item[1] == "x":
        return int(item[2:].strip("{}"), 16)
    if item[1].isdigit():
        return int(item[1:], 8)
    return _SIGNS.get(item[1], ord(item[1]))


_SPACE: Ranges = ((9, 13), (28, 32), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
                  (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000))  # fmt: skip
_LAST_LETTER = 0x33FFF  # no character beyond it is a letter or digit; the tests see to it


@cache
def _asked(escape: str) -> Ranges:
    """The characters that belong to a class: `\\w`, `\\d`, `\\s` as Python has them, the others as RE2 has them."""
    if escape in (r"\W", r"\D", r"\S"):
        return _without(_ALL, _asked(escape.lower()))
    if escape == r"\s":
        return _SPACE
    if escape in (r"\w", r"\d"):
        letters = "".join(map(chr, range(_LAST_LETTER)))
        return tuple((match.start(), match.end() - 1) for match in re.finditer(f"{escape}+", letters))
    chars = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    gap = 0x800  # surrogates are no characters
    spans = (match.span() for match in re2.finditer(f"{escape}+", chars))
    return tuple((start + gap * (start >= 0xD800), end + gap * (end > 0xD800) - 1) for start, end in spans)


_ASCII_CASES = {"i": "İı", "k": "\u212a", "s": "ſ"}


@cache
def _cases(point: int) -> Ranges:
    """The character and what differs from it in nothing but case, as Python's `re` sees it."""
    char = chr(point)
    if point < 0x80:
        found = char.lower() + char.upper() + _ASCII_CASES.get(char.lower(), "")
    else:
        found = _cased().get(char, char)
    return _with(*(((ord(each), ord(each)),) for each in found))


@cache
def _cased() -> dict[str, str]:
    """Each letter that has another case, with all that are the same but for case."""
    alike: dict[str, str] = {}
    for char in map(chr, range(0x1F000)):
        if char.islower() or char.isupper() or char.istitle():
            others = "".join(other for other in (char.lower(), char.upper()) if len(other) == 1)
            group = "".join(dict.fromkeys(char + "".join(alike.get(other, other) for other in others)))
            alike.update(dict.fromkeys(group, group))
    return alike | dict.fromkeys("iıİI", "iıİI")


# --- sets of characters ------------------------------------------------------------------------------------------


def _with(*several: Iterable[tuple[int, int]]) -> Ranges:
    """What is in any of them."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(each for ranges in several for each in ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return tuple(joined)


def _without(ranges: Ranges, others: Ranges) -> Ranges:
    """What is in `ranges` and not in `others`."""
    return tuple(_left(ranges, others))


def _left(ranges: Ranges, others: Ranges) -> Iterator[tuple[int, int]]:
    gone = iter((*others, (0x110000, 0x110000)))
    low, high = next(gone)
    for first, last in ranges:
        start = first
        while start <= last:
            while high < start:
                low, high = next(gone)
            if low > start:
                yield start, min(last, low - 1)
            start = high + 1 if low <= last else last + 1


def _has(ranges: Ranges, point: int) -> bool:
    return any(first <= point <= last for first, last in ranges)


@cache
def _either(ranges: Ranges) -> str:
    """What finds one character of `ranges` in a spelt text, as one piece that can be repeated."""
    plain = _class(_without(ranges, ((1, 1), (0x5F, 0x5F), *_BEYOND)))
    words, others = _parted(_without(ranges, _ASCII))
    between = _class(_with(words, ((0x80, 0x80),) * _has(ranges, 0x5F)))
    signs = ((0x80, 0x80),) * _has(ranges, 0x80), ((0x81, 0x81),) * _has(ranges, 1)
    behind = _class(_with(others, *signs))
    pieces = [piece for piece in (plain, between and f"_{between}_", behind and rf"\x01{behind}") if piece]
    if not pieces:
        return r"[^\x00-\x{10FFFF}]"
    return f"(?:{'|'.join(pieces)})" if between or behind else plain


def _parted(ranges: Ranges) -> tuple[Ranges, Ranges]:
    """Of characters beyond ASCII those that belong to words, and the others.

    Where they are many, each part is filled up with what never stands in its place, since that is shorter to say.
    """
    points = [point for first, last in ranges if last - first < _FEW_POINTS for point in range(first, last + 1)]
    if len(points) < _FEW_POINTS and len(points) == sum(last - first + 1 for first, last in ranges):
        words = _with([(point, point) for point in points if chr(point).isalnum()])
        return words, _without(ranges, words)
    words, others = _beyond()
    return _filled(ranges, words), _filled(ranges, others)


_FEW_POINTS = 1000


@cache
def _beyond() -> tuple[Ranges, Ranges]:
    """The letters and digits beyond ASCII, and all that is neither."""
    others = _without(_BEYOND, _asked(r"\w"))
    return _without(_BEYOND, others), others


def _filled(ranges: Ranges, among: Ranges) -> Ranges:
    """Those of `ranges` that are `among` others, or the same with all that is not; never the two signs."""
    exact = _without(ranges, _without(_BEYOND, among))
    if not exact:
        return ()
    more = _without(_BEYOND, _without(among, ranges))
    return _without(min(exact, more, key=len), ((0x80, 0x81),))


def _class(ranges: Ranges) -> str:
    shown = "".join(_shown(first) + (f"-{_shown(last)}" if last > first else "") for first, last in ranges)
    return f"[{shown}]" if shown else ""


def _shown(point: int) -> str:
    return chr(point) if point < 0x80 and chr(point).isalnum() else rf"\x{{{point:x}}}"
