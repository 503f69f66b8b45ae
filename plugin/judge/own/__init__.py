"""What the sender wrote himself: no quoted history, no forwarded mail, no signature, no disclaimer.

What is in doubt stays: a sentence lost may be the complaint. Of a signature the greeting and the name stay as well; the
lines below the name go. Every rule looks at a line and a few around it, or at paragraphs one after the other, so that
the work grows with the text and not faster; most lines are passed over after a look at their first and last letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from operator import itemgetter

from plugin.judge.own import endings, history
from plugin.judge.own.history import MARKS, Cut, is_quoted, plain
from plugin.judge.own.phrases import HEAD, HEADS, PHRASES, begun_with

__all__ = ["LIMIT", "own_text"]

LIMIT = 65_536
"""Characters that are read of a text; what stands behind them is not looked at."""

_SIGNS = frozenset(MARKS)
_BLANKS = frozenset(" \t\xa0\u3000")
_COLONS = (":", "：")
_ENDS = (*_COLONS, *PHRASES["wrote"])  # of the line above a quotation
_VERB_ENDS = frozenset(verb[-3:] for verb in PHRASES["wrote"])
_BY_LINES = {
    "device": endings.device,
    "notice": endings.notice,
    "footer": endings.footer,
    "leave": endings.leave,
}
_LOOKS = 256
"""Lines that are looked at closely; a text that would need more was made to cost time, and what is left of it stays."""

_first, _head = itemgetter(slice(1)), itemgetter(slice(HEAD))
_last, _end = itemgetter(slice(-1, None)), itemgetter(slice(-3, None))


def own_text(text: str, *, forwarded: bool = False) -> str:
    """The sender's new words, lines joined by LF; with `forwarded`, those of the mail that was passed on."""
    whole = _printable(text[:LIMIT])
    if "\r" in whole:
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    raw = _inner(whole) if forwarded else whole.split("\n")
    lines = raw if _BLANKS.isdisjoint(map(_last, raw)) else [line.rstrip() for line in raw]
    kept = _kept(lines, raw, _odd(whole, lines))
    last = len(kept)
    while last and not kept[last - 1].strip(" _-=*"):
        last -= 1  # Outlook draws a line above what it quotes
    return "\n".join(kept[: endings.last_lines(kept, last)]).strip()


def _printable(text: str) -> str:
    """Half a surrogate pair is no text: nothing that stores or matches text takes it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def _odd(whole: str, lines: Sequence[str]) -> Iterable[int]:
    """The lines at which something may begin or end that is not the sender's, in their order.

    Each kind of them is looked for by itself, and only where the text may hold one: most letters hold a greeting.
    """
    odd = [at for at, head in enumerate(map(_head, lines)) if head in HEADS]
    if not _SIGNS.isdisjoint(map(_first, lines)):
        odd += [at for at, sign in enumerate(map(_first, lines)) if sign in _SIGNS]
    for colon in _COLONS:
        if colon in whole:
            odd += [at for at, line in enumerate(lines) if colon in line]
    if "@" in whole:
        odd += [at for at, end in enumerate(map(_end, lines)) if end in _VERB_ENDS]
    return sorted(set(odd))


def _kept(lines: list[str], raw: Sequence[str], odd: Iterable[int]) -> list[str]:
    kept: list[str] = []
    done, begun, looks = 0, False, 0
    for at in odd:
        if at < done:
            continue
        if (looks := looks + 1) > _LOOKS:
            break
        begun = begun or any(lines[done:at])
        cut = _cut(lines, raw, at, begun)
        if cut is None:
            begun = True
        else:
            kept += lines[done : max(done, cut.start)]
            done = cut.end
    return kept + lines[done:] if done else lines


def _cut(lines: Sequence[str], raw: Sequence[str], at: int, begun: bool) -> Cut | None:
    line = lines[at]
    if line[0] in _SIGNS:
        if is_quoted(line):
            return history.quotation(lines, at)
        if endings.is_drawn(line):
            return endings.signature(lines, raw, at, begun)
    for phrase, kind in begun_with(plain(line)):
        if cut := _marked(lines, at, begun, phrase, kind):
            return cut
    if history.field(line) and (cut := history.headers(lines, at, begun)):
        return cut
    return history.attribution(lines, at) if line.endswith(_ENDS) or line[-1] in _SIGNS else None


def _marked(lines: Sequence[str], at: int, begun: bool, phrase: str, kind: str) -> Cut | None:
    """What a line that begins with a phrase of this kind cuts off.

    Of a mail that was passed on without a word, and of one below a help desk's line, the line alone goes.
    """
    if kind == "closing":
        return endings.closing(lines, at, phrase)
    if kind in _BY_LINES:
        return _BY_LINES[kind](lines, at)
    if kind == "above":
        return Cut(at, len(lines) if begun else at + 1)
    return history.passed_on(lines, at, begun or kind == "original")


def _inner(whole: str) -> list[str]:
    """The lines of the mail that was passed on; all of them where no mark says where it begins."""
    lines = whole.split("\n")
    start = next((at for at in islice(_odd(whole, lines), _LOOKS) if _opens(lines, at, lines[at])), -1)
    if start < 0:
        return _unquoted(lines)
    inner = _unquoted(lines[start:])
    return inner if history.headers(inner, 0, False) else inner[1:]


def _opens(lines: Sequence[str], at: int, line: str) -> bool:
    """Whether a passed-on mail begins here: its mark, or its headers."""
    if any(kind in ("forwarded", "original") for _, kind in begun_with(plain(line))):
        return history.is_mark(lines[at])
    return history.field(line) == "sender" and history.headers(lines, at, False) is not None


def _unquoted(lines: list[str]) -> list[str]:
    """Where the mail stands quoted, its lines without the sign of it; what stands around it is left away."""
    first = next((line for line in lines[1:] if line.strip()), "")
    if not first.startswith(">"):
        return lines
    head = [] if lines[0].startswith(">") else lines[:1]
    quoted = [line[1:].removeprefix(" ") for line in lines if line.startswith(">")]
    return list(chain(head, quoted))
