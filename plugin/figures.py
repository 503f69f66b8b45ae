"""How well the judge does on mail whose labels a person knows: `amends judge --on PATH`. Writes nothing.

What a mail is, its folder or its own header says:

    folder or mbox   complaint, complaints | not-a-complaint, ordinary, ham
    header           Keywords, X-Keywords, X-Label or X-Gmail-Labels with `complaint` or `not-a-complaint`, and where
                     there are any `category-…` and `severity-…`
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from math import sqrt
from pathlib import Path
from typing import Any

from plugin.config import Settings
from plugin.judge import Judge
from plugin.model import CATEGORIES, SEVERITIES, AmendsError, Assessment
from plugin.trial import mails, reader_of

_YES = {"complaint", "complaints"}
_NO = {"not-a-complaint", "not a complaint", "no-complaint", "ordinary", "ham"}
_HEADERS = ("Keywords", "X-Keywords", "X-Label", "X-Gmail-Labels")
_HEAD = 65_536  # bytes of a mail that are searched for its header
_LISTED = 20  # mails that were judged wrongly


class NothingLabelled(AmendsError):
    """No mail under this path says what it is."""

    input_is_wrong = True

    def __init__(self, path: Path, found: int) -> None:
        self.path, self.found = path, found
        what = f"none of its {found} mails says" if found else "it holds no mail, so none says"
        super().__init__(
            f"judge --on {path}: {what} whether it is a complaint - lay them into folders `complaint` and "
            "`not-a-complaint`, or give them such a keyword"
        )


@dataclass(frozen=True, slots=True)
class Label:
    """What a person says a mail is; category and severity are empty where nobody said."""

    complaint: bool
    category: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled mail and what the judge says of it."""

    name: str
    label: Label
    said: Assessment


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; `low` and `high` bound the true share with 95 % confidence (Wilson, 1927)."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, or nothing where there is nothing to share."""
        return self.hits / self.of if self.of else None

    def interval(self) -> tuple[float, float]:
        """The Wilson score interval."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.96, self.of, self.hits / self.of
        middle, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (middle - spread) / (1 + z * z / n)), min(1.0, (middle + spread) / (1 + z * z / n))


def judged_under(path: Path, settings: Settings, judge: Judge) -> tuple[list[Judged], list[tuple[str, str]], int]:
    """The labelled mails judged; those that cannot be read, with why; how many say nothing. Raises NothingLabelled."""
    read = reader_of(settings)
    found, unread, unlabelled = [], [], 0
    for name, raw in mails([path]):
        label = label_of(name, path, raw)
        if label is None:
            unlabelled += 1
            continue
        try:
            found.append(Judged(name, label, judge.assess(read(raw))))
        except AmendsError as error:
            unread.append((name, str(error)))
    if not found:
        raise NothingLabelled(path, unlabelled + len(unread))
    return found, unread, unlabelled


def label_of(name: str, top: Path, raw: bytes) -> Label | None:
    """What a mail is, by its own header or, where that says nothing, by the folders it lies in below `top`."""
    words = _keywords(raw) | _folders(name, top)
    if not words & (_YES | _NO):
        return None
    return Label(
        complaint=not words & _NO,
        category=next((one for one in CATEGORIES if f"category-{one}" in words), ""),
        severity=next((one for one in SEVERITIES if f"severity-{one}" in words), ""),
    )


def _keywords(raw: bytes) -> set[str]:
    head = message_from_bytes(re.split(rb"\r?\n\r?\n", raw[:_HEAD], maxsplit=1)[0] + b"\n\n")
    found = {word for name in _HEADERS if head[name] for word in _words(name, _decoded(str(head[name])))}
    return {word.strip(" \"'").casefold() for word in found}


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):  # broken words, or a charset nobody knows, are no label
        return value


def _words(name: str, value: str) -> list[str]:
    """The keywords in a header: between commas, which Gmail always writes, or else between blanks."""
    if name == "X-Gmail-Labels" or re.search("[,;]", value):
        return re.split("[,;]", value)
    return [value, *value.split()]


def _folders(name: str, top: Path) -> set[str]:
    """The names of the folders, and of the mbox, a mail lies in; a Maildir's `.Amends.Complaint` ends in its name."""
    path = Path(name.rpartition("#")[0] or name)
    parts = [top.name, *(path.relative_to(top).parts if path.is_relative_to(top) else path.parts)]
    named = [part.removesuffix(".mbox").casefold() for part in parts]
    return {word for part in named for word in (part, part.rpartition(".")[2])}


def figures(found: Sequence[Judged]) -> dict[str, Share]:
    """What can be counted: found, right among those tagged, false alarms, asked about, category, severity."""
    complaints = [one for one in found if one.label.complaint]
    ordinary = [one for one in found if not one.label.complaint]
    tagged = [one for one in found if one.said.complaint]
    categories = [one for one in complaints if one.label.category]
    severities = [one for one in complaints if one.label.severity]
    return {
        "found": _share(complaints, (one.said.complaint for one in complaints)),
        "right": _share(tagged, (one.label.complaint for one in tagged)),
        "false_alarms": _share(ordinary, (one.said.complaint for one in ordinary)),
        "asked": _share(found, (one.said.maybe for one in found)),
        "category": _share(categories, (one.said.category == one.label.category for one in categories)),
        "severity": _share(severities, (one.said.severity == one.label.severity for one in severities)),
        "severity_within_one": _share(severities, (_steps(one) <= 1 for one in severities)),
    }


def _share(of: Sequence[Judged], hits: Iterable[bool]) -> Share:
    return Share(sum(hits), len(of))


def _steps(one: Judged) -> int:
    return abs(SEVERITIES.index(one.said.severity) - SEVERITIES.index(one.label.severity))


def wrong(found: Sequence[Judged]) -> list[Judged]:
    """The mails judged wrongly, the surest mistakes first."""
    missed = [one for one in found if one.said.complaint != one.label.complaint]
    return sorted(missed, key=lambda one: abs(one.said.score - one.label.complaint), reverse=True)


def as_json(found: Sequence[Judged], unread: Sequence[tuple[str, str]], unlabelled: int) -> dict[str, Any]:
    """The figures for another program."""
    shares = {name: {"hits": share.hits, "of": share.of, "value": share.value, "interval": list(share.interval())}
              for name, share in figures(found).items()}  # fmt: skip
    missed = [{"file": one.name, "complaint": one.label.complaint, "score": one.said.score} for one in wrong(found)]
    errors = [{"file": name, "error": error} for name, error in unread]
    return {"mails": len(found), "unlabelled": unlabelled, "figures": shares, "wrong": missed, "unread": errors}


_TOLD = {
    "found": "complaints found",
    "right": "of those tagged, complaints",
    "false_alarms": "ordinary mail tagged",
    "asked": "left for a person to say",
    "category": "category right",
    "severity": "severity right",
    "severity_within_one": "severity at most one off",
}


def told(found: Sequence[Judged], unread: Sequence[tuple[str, str]], unlabelled: int) -> Iterator[str]:
    """The figures for a person."""
    yield f"{len(found)} labelled mails" + (f", {unlabelled} without a label left out" if unlabelled else "")
    for name, share in figures(found).items():
        if share.of:
            low, high = share.interval()
            sure = f"{share.hits / share.of:4.0%}  ({low:.0%} - {high:.0%})"
            yield f"  {_TOLD[name]:28} {share.hits:5} of {share.of:5}  {sure}"
    missed = wrong(found)
    for one in missed[:_LISTED]:
        yield f"  {'missed' if one.label.complaint else 'false '}  {one.said.score:.2f}  {one.name}"
    if len(missed) > _LISTED:
        yield f"  … and {len(missed) - _LISTED} more"
    yield from (f"  could not be read: {name}: {error}" for name, error in unread)
