"""Letters with their labels that nothing is fitted on, and how well a judge tells them.

unseen     tests/judge/unseen: nobody may look at single ones to mend anything; only figures are made of them
held_out   tests/judge/held_out.txt, and
demo       the letters of the demo: both were looked at while signs and weights were chosen, so they flatter
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from integrations.imap.message import read_file
from plugin.judge import Judge
from plugin.model import SEVERITIES, Address, Direction, Message, Place
from training.source import ROOT, Shop

SETS = ("unseen", "held_out", "demo")
_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
_SOMEBODY = Address("anna@example.org", "Anna")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A letter and what it is; what nobody said is empty or None."""

    language: str
    message: Message
    complaint: bool
    category: str = ""
    severity: str = ""
    asks: frozenset[str] | None = None
    risks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """How well letters were told; shares as (how many, of how many), correlation None where there is too little."""

    letters: int
    recall: tuple[int, int]
    noticed: tuple[int, int]  # tagged, or asked about
    precision: tuple[int, int]
    false: tuple[int, int]
    category: tuple[int, int]
    severity: float | None
    asks: float | None
    risks: float | None

    def plain(self) -> dict[str, float | int | None]:
        """As it is kept in JSON: shares in four places."""
        shares = {name: getattr(self, name) for name in ("recall", "noticed", "precision", "false", "category")}
        kept: dict[str, float | int | None] = {
            name: round(some / whole, 4) if whole else None for name, (some, whole) in shares.items()
        }
        return {"letters": self.letters, **kept, "severity": self.severity, "asks": self.asks, "risks": self.risks}


def letters(name: str) -> list[Labelled]:
    """The letters of one of SETS."""
    return list({"unseen": _unseen, "held_out": _held_out, "demo": _demo}[name]())


def figures(judge: Judge, some: Sequence[Labelled]) -> Figures:
    """What this judge makes of them."""
    told = [(one, judge.assess(one.message)) for one in some]
    yes = [(one, found) for one, found in told if one.complaint]
    tagged = [one.complaint for one, found in told if found.complaint]
    named = [(one, found) for one, found in yes if one.category]
    graded = [(SEVERITIES.index(one.severity), SEVERITIES.index(found.severity)) for one, found in yes if one.severity]
    return Figures(
        letters=len(told),
        recall=(sum(found.complaint for _, found in yes), len(yes)),
        noticed=(sum(found.complaint or found.maybe for _, found in yes), len(yes)),
        precision=(sum(tagged), len(tagged)),
        false=(len(tagged) - sum(tagged), len(told) - len(yes)),
        category=(sum(one.category == found.category for one, found in named), len(named)),
        severity=rank(graded),
        asks=_agreement([(one.asks, found.asks) for one, found in yes if one.asks is not None]),
        risks=_agreement([(one.risks, found.risks) for one, found in yes if one.risks is not None]),
    )


def rank(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Spearman's rank correlation, ties at their mean rank; None of fewer than ten pairs, or where one side is flat."""
    if len(pairs) < 10 or any(len(set(column)) < 2 for column in zip(*pairs, strict=True)):
        return None
    ranks = np.array([_ranked(column) for column in zip(*pairs, strict=True)])
    return round(float(np.corrcoef(ranks)[0, 1]), 4)


def _ranked(column: Sequence[int]) -> list[float]:
    order = sorted(column)
    first = {value: order.index(value) for value in set(order)}
    return [first[value] + (order.count(value) - 1) / 2 for value in column]


def _agreement(pairs: Sequence[tuple[frozenset[str], tuple[str, ...]]]) -> float | None:
    """F1 over all labels of all letters; None where nobody said any."""
    right = sum(len(true & set(found)) for true, found in pairs)
    whole = sum(len(true) + len(found) for true, found in pairs)
    return round(2 * right / whole, 4) if any(true for true, _ in pairs) else None


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Head, subject and body of each letter below a line that begins with `## `."""
    for entry in f"\n{text}".split("\n## ")[1:]:
        head, _, rest = entry.partition("\n")
        first, _, body = rest.partition("\n")
        if first.startswith("Subject: "):
            yield head, first.removeprefix("Subject: "), body.strip("\n")
        else:
            yield head, "", rest.strip("\n")


def _unseen() -> Iterator[Labelled]:
    for path in sorted((ROOT / "tests" / "judge" / "unseen").glob("*.txt")):
        for head, subject, body in _entries(path.read_text(encoding="utf-8")):
            yield _labelled(path.stem, [cell.strip() for cell in head.split("|")], _message(subject, body))


def _labelled(language: str, cells: Sequence[str], message: Message) -> Labelled:
    if cells[0] != "complaint":
        return Labelled(language=language, message=message, complaint=False)
    said: Mapping[str, frozenset[str]] = {
        name: frozenset(labels.replace(",", " ").split()) - {"-"}
        for name, _, labels in (cell.partition(":") for cell in cells[3:])
    }
    return Labelled(
        language=language, message=message, complaint=True, category=cells[1], severity=cells[2],
        asks=said.get("asks"), risks=said.get("risks"),
    )  # fmt: skip


def _held_out() -> Iterator[Labelled]:
    text = (ROOT / "tests" / "judge" / "held_out.txt").read_text(encoding="utf-8")
    for head, subject, body in _entries(text):
        labels, complaint = head.partition(" | ")[0].split(), head.startswith("complaint")
        yield Labelled(
            language=labels[2 if complaint else 1], message=_message(subject, body), complaint=complaint,
            category=labels[1] if complaint else "",
        )  # fmt: skip


def _demo() -> Iterator[Labelled]:
    folder = ROOT / "plugin" / "demo" / "letters"
    with (folder / "truth.tsv").open(encoding="utf-8", newline="") as table:
        for number, row in enumerate(csv.DictReader(table, delimiter="\t"), 1):
            raw = (folder / row["file"]).read_bytes()
            yield Labelled(
                language=row["language"], message=read_file(raw, Shop(), Place("INBOX", 1, number), _AT),
                complaint=row["complaint"] == "yes", category=row["category"],
            )  # fmt: skip


def _message(subject: str, text: str) -> Message:
    return Message(
        inbox="support", key="k", place=Place("INBOX", 1, 1), message_id="<1@example.org>", references=(), at=_AT,
        direction=Direction.IN, sender=_SOMEBODY, answer_to=_SOMEBODY, identity=_SOMEBODY, to=(_SOMEBODY,),
        subject=subject, text=text,
    )  # fmt: skip


def of_each_language(some: Sequence[Labelled]) -> dict[str, list[Labelled]]:
    """The letters by language, and all of them under `all`."""
    languages = sorted({one.language for one in some})
    return {"all": list(some)} | {each: [one for one in some if one.language == each] for each in languages}
