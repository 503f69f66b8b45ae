"""The sentences a model is fitted on: where each comes from, what it is, and how much it is believed.

Weak labels are believed less than what was labelled by hand. Which part of its source a sentence is in (`fold`) depends
on nothing but its text, so that it is always on the same side.
"""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from string import ascii_letters, ascii_lowercase, digits, hexdigits
from typing import Any
from zlib import crc32

from integrations.imap.message import Unparsable, read_file
from plugin.inbox import InboxError
from plugin.judge.own import own_text
from plugin.judge.reading import sentences
from plugin.model import Address, Message, Place

FOLDS = 5
HELD_MAIL = 5
"""Of the ordinary mail every so-manieth is kept from all training."""
ROOT = Path(__file__).resolve().parent.parent

_ANGRY = {"anger", "annoyance", "disappointment", "disapproval", "disgust"}
_KIND = {
    "admiration", "amusement", "approval", "caring", "excitement", "gratitude", "joy", "love", "optimism", "pride",
    "relief",
}  # fmt: skip
_PROBLEMS = {
    "card_payment_fee_charged": "billing", "direct_debit_payment_not_recognised": "billing",
    "balance_not_updated_after_cheque_or_cash_deposit": "", "wrong_amount_of_cash_received": "",
    "cash_withdrawal_charge": "billing", "transaction_charged_twice": "billing", "declined_cash_withdrawal": "",
    "transfer_fee_charged": "billing", "transfer_not_received_by_recipient": "",
    "balance_not_updated_after_bank_transfer": "", "card_payment_not_recognised": "billing",
    "card_payment_wrong_exchange_rate": "billing", "extra_charge_on_statement": "billing",
    "wrong_exchange_rate_for_cash_withdrawal": "billing", "Refund_not_showing_up": "refund",
    "reverted_card_payment?": "", "cash_withdrawal_not_recognised": "billing", "declined_card_payment": "",
    "top_up_reverted": "", "top_up_failed": "", "failed_transfer": "", "declined_transfer": "",
    "card_not_working": "", "virtual_card_not_working": "", "contactless_not_working": "", "card_swallowed": "",
    "unable_to_verify_identity": "account-access",
}  # fmt: skip
_UNSURE = {
    "pending_card_payment", "pending_top_up", "pending_transfer", "pending_cash_withdrawal", "card_arrival",
    "pin_blocked", "compromised_card", "request_refund", "beneficiary_not_allowed", "top_up_by_card_charge",
}  # fmt: skip
_NOISES = 600
_ALPHABETS = (
    ascii_lowercase, ascii_letters + digits + "+/", "абвгдежзийклмнопрстуфхцчшщыьэюя", "aeiouáéíóúäöüßñçlmnrst",
    hexdigits, "的一是不了人我在有他这为之大来以个中上们", "αβγδεζηθικλμνξοπρστυφχψω", "אבגדהוזחטיכלמנסעפצקרשת",
    "xxxxxx_-=#*",
)  # fmt: skip
_MARKED = re.compile(r"(</?(?:c|grave|minor|ask-[a-z-]+|risk-[a-z-]+)>)")
_IN_GOOD_PART = 0.3  # of a sentence
_BLOCK = 20  # letters that stand next to each other and are never taken apart
_MASK = re.compile(r"\b[X]{2,}(?:[/ ]+X{2,}|/\d+)*\b")


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence or short letter: 1 a complaint, 0 not; `kind` is what it is about."""

    text: str
    label: int
    source: str
    language: str = "en"
    kind: str = ""
    severity: str = ""
    within: str = ""  # the letter it is a sentence of, or the pattern it was made from
    part: int = -1  # that of its letter, where this has one

    @property
    def fold(self) -> int:
        """Which part of its source it belongs to, together with its sisters."""
        return self.part if self.part >= 0 else crc32((self.within or self.text).encode()) % FOLDS


@dataclass(frozen=True, slots=True)
class Mark:
    """What `text[start:end]` of a letter is: `c` tells the grievance, `grave`, `minor`, `ask-refund`, `risk-legal`."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole letter written for this, as it came; `marks` and `block` only of those that were marked."""

    text: str
    subject: str
    label: int
    language: str
    kind: str
    severity: str
    asks: frozenset[str] = frozenset()
    risks: frozenset[str] = frozenset()
    marks: tuple[Mark, ...] = ()
    block: int = -1

    @property
    def fold(self) -> int:
        """Which part it and all its sentences belong to; look-alikes stand next to each other, in one block."""
        return self.block % FOLDS if self.block >= 0 else crc32(self.text.encode()) % FOLDS

    @property
    def source(self) -> str:
        """What it is counted as."""
        return "marked" if self.block >= 0 else "whole"


def rows(data: Path, name: str) -> Iterator[dict[str, Any]]:
    """The rows of one file of public texts."""
    with gzip.open(data / "text" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def own(folder: Path) -> Iterator[Example]:
    """The sentences written for this: label, category or kind, severity or `-`, text.

    Those of `<language>-plain.tsv` are what everybody writes in everyday words.
    """
    for path in sorted(folder.glob("*.tsv")):
        language, _, kind = path.stem.partition("-")
        for row in _rows(path, 4):
            yield Example(row[3], int(row[0]), kind or "own", language, row[1], row[2].strip("-"))


def whole(folder: Path) -> Iterator[Whole]:
    """The whole letters written for this: label, category or kind, severity or `-`, subject, text with \\n in it."""
    for path in sorted(folder.glob("*.tsv")):
        for label, kind, severity, subject, text in _rows(path, 5) if "-" not in path.stem else ():
            yield Whole(_lines(text), subject, int(label), path.stem, kind, severity.strip("-"))


def marked(folder: Path) -> Iterator[Whole]:
    """The letters of `<language>-<letter>.tsv`, in which the telling words are marked.

    Columns: label, category or kind, severity, asks, risks, subject, text; `-` is nothing.
    """
    for path in sorted(folder.glob("*-*.tsv")):
        for number, (label, kind, severity, asks, risks, subject, text) in enumerate(_rows(path, 7)):
            bare, marks = unmarked(_lines(text))
            yield Whole(
                bare, subject, int(label), path.stem.partition("-")[0], kind, severity.strip("-"),
                _listed(asks), _listed(risks), tuple(marks), number // _BLOCK,
            )  # fmt: skip


def unmarked(text: str) -> tuple[str, list[Mark]]:
    """A text without its marks, and where what they mark stands in it; marks may nest, a lone one marks nothing."""
    kept: list[str] = []
    opened: list[tuple[str, int]] = []
    marks: list[Mark] = []
    for piece in _MARKED.split(text):
        tag = _MARKED.fullmatch(piece)
        at = sum(map(len, kept))
        if not tag:
            kept.append(piece)
        elif not piece.startswith("</"):
            opened.append((piece[1:-1], at))
        else:
            name = piece[2:-1]
            start = next((start for label, start in reversed(opened) if label == name), None)
            if start is not None:
                opened.remove((name, start))
                marks.append(Mark(name, start, at))
    return "".join(kept), sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.label))


def _lines(text: str) -> str:
    return text.replace("\\n", "\n").strip()


def _listed(labels: str) -> frozenset[str]:
    return frozenset(labels.replace(",", " ").split()) - {"-"}


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = [cell.strip() for cell in line.split("\t", columns - 1)]
        if len(row) == columns and row[0] in {"0", "1"} and row[-1]:
            yield row


def told_apart(letters: Iterable[Whole]) -> Iterator[Example]:
    """The sentences and the subject of marked letters.

    Source `telling`: tells the grievance, wholly or in good part; `beside`: another sentence of a complaint; `quiet`:
    one of an ordinary letter. `marked` is a whole complaint, which tells of its category and severity only.
    """
    for one in letters:
        if one.label:
            text = f"{one.subject}\n{one.text}"
            yield Example(text, 1, "marked", one.language, one.kind, one.severity, one.text, one.fold)
        for start, end in ((-1, -1), *sentences(one.text)):
            text = (one.text[start:end] if end >= 0 else one.subject).strip()
            if not text:
                continue
            telling = end >= 0 and _share_of(one, start, end, {"c"}) > _IN_GOOD_PART
            source = "telling" if telling else "beside" if one.label else "quiet"
            yield Example(text, int(telling), source, one.language, one.kind, one.severity, one.text, one.fold)


def voices(letters: Iterable[Whole]) -> Iterator[tuple[str, frozenset[str], int]]:
    """The sentences and the subject of marked letters, the marks in good part in each, and the part it belongs to."""
    for one in letters:
        if one.block < 0:
            continue
        if one.subject.strip():
            yield one.subject.strip(), frozenset(), one.fold
        for start, end in sentences(one.text):
            if one.text[start:end].strip():
                said = frozenset(mark.label for mark in one.marks if _is_in(mark, start, end))
                yield one.text[start:end].strip(), said, one.fold


def _is_in(mark: Mark, start: int, end: int) -> bool:
    """Whether half of the mark, or half of the sentence, lies in the other."""
    shared = min(end, mark.end) - max(start, mark.start)
    return shared > 0 and 2 * shared >= min(mark.end - mark.start, end - start)


def _share_of(one: Whole, start: int, end: int, labels: Collection[str]) -> float:
    """How much of `text[start:end]` marks of these labels cover."""
    covered = sum(max(0, min(end, mark.end) - max(start, mark.start)) for mark in one.marks if mark.label in labels)
    return covered / max(1, len(one.text[start:end].strip()))


def told_in(letters: Iterable[Whole]) -> Iterator[Example]:
    """Each letter in one piece, and every sentence of the ordinary ones: none of those is a complaint."""
    for one in letters:
        yield Example(f"{one.subject}\n{one.text}", one.label, "whole", one.language, one.kind, one.severity, one.text)
        if not one.label:
            for start, end in sentences(one.text):
                if one.text[start:end].strip():
                    yield Example(one.text[start:end].strip(), 0, "whole", one.language, one.kind, "", one.text)


def patterns(folder: Path) -> Iterator[Example]:
    """The plainest things one can write, about one thing and another: patterns, the things in the first line."""
    for path in sorted(folder.glob("*.tsv")):
        things = path.read_text(encoding="utf-8").partition("\n")[0].partition(": ")[2].split(", ")
        for label, kind, severity, pattern in _rows(path, 4):
            for text in dict.fromkeys(pattern.replace("{t}", thing) for thing in things):
                yield Example(text, int(label), "pattern", path.stem, kind, severity.strip("-"), pattern)


def noise() -> Iterator[Example]:
    """What no person wrote: letters at random, and bytes written as letters; none a complaint."""
    chance = Random(1)  # noqa: S311 - the same noise every time, nothing secret
    for number in range(_NOISES):
        letters = _ALPHABETS[number % len(_ALPHABETS)]
        long = chance.choice((3, 5, 8, 14, 40))
        told = (
            "".join(chance.choices(letters, k=chance.randrange(1, 2 * long))) for _ in range(chance.randrange(1, 30))
        )
        yield Example(" ".join(told), 0, "noise", "")


def phrases(folder: Path) -> Iterator[Example]:
    """The bare phrases of complaint in languages nothing else is in, in the same four columns."""
    for example in own(folder):
        yield Example(example.text, example.label, "phrases", example.language, example.kind, example.severity)


def letters(name: str) -> Iterator[Example]:
    """The letters the tests were written with, except those only counted: subject and text in one."""
    for entry in (ROOT / "tests" / "judge" / f"{name}.txt").read_text(encoding="utf-8").split("## ")[1:]:
        head, _, text = entry.partition("\n")
        labels = head.partition(" | ")[0].split()
        category = labels[1] if labels[0] == "complaint" else ""
        language = labels[2] if labels[0] == "complaint" else labels[1]
        text = text.removeprefix("Subject: ").strip()
        yield Example(text, int(labels[0] == "complaint"), "letters", language, category)


def banking(data: Path) -> Iterator[Example]:
    """Questions to a bank; those of certain intents tell of a problem, some may or may not and are left out."""
    for row in rows(data, "banking77"):
        intent = row["category"]
        if intent not in _UNSURE:
            label = int(intent in _PROBLEMS)
            yield Example(row["text"], label, "banking77", kind=_PROBLEMS.get(intent, "enquiry"))


def requests(data: Path) -> Iterator[Example]:
    """Short requests, none a complaint."""
    for row in rows(data, "clinc150"):
        yield Example(row["text"], 0, "clinc150", kind="enquiry")


def intents(data: Path) -> Iterator[Example]:
    """Templated requests to a shop; what is neither clearly a complaint nor clearly none is left out."""
    for row in rows(data, "bitext_intents"):
        if row["label"] is not None:
            yield Example(row["text"], row["label"], "bitext", kind="enquiry")


def emotions(data: Path) -> Iterator[Example]:
    """Remarks of which the anger or disappointment is a weak sign; mixed ones are left out."""
    for row in rows(data, "goemotions"):
        felt = set(row["category"].split(","))
        angry = bool(felt & _ANGRY)
        if angry and felt & (_KIND | {"neutral"}):
            continue
        yield Example(row["text"].replace("[NAME]", "").strip(), int(angry), "goemotions", kind="social")


def narratives(data: Path) -> Iterator[list[str]]:
    """The complaints to a regulator, each as its sentences, without the marks that hide names."""
    for name in ("cfpb_narratives_a", "cfpb_narratives_b"):
        for row in rows(data, name):
            text = _MASK.sub("", row["text"])
            yield [text[start:end].strip() for start, end in sentences(text) if end - start > 12][:60]


@dataclass(frozen=True, slots=True)
class Shop:
    """The inbox that reads these mails."""

    name: str = "training"
    identities: tuple[Address, ...] = (Address("support@example.com"),)
    ours: tuple[str, ...] = ()


def mails(data: Path, name: str) -> Iterator[Message]:
    """Real mails of an archive, read as at run time and in their order there; unreadable ones are left out."""
    with tarfile.open(data / "mail" / f"{name}.tar.gz") as archive:
        members = sorted((member for member in archive if member.isfile()), key=lambda member: member.name)
        for number, member in enumerate(members, 1):
            file = archive.extractfile(member)
            raw = file.read() if file else b""
            try:
                yield read_file(raw, Shop(), Place("INBOX", 1, number), datetime(2002, 9, 1, tzinfo=UTC))
            except (Unparsable, InboxError):
                continue


def mail_sentences(messages: Iterable[Message], source: str) -> Iterator[Example]:
    """The different sentences of ordinary mails, subjects among them; none a complaint."""
    seen: set[str] = set()
    for message in messages:
        text = own_text(message.text)
        told = [message.subject, *(text[start:end].strip() for start, end in sentences(text)[:60])]
        for sentence in told:
            if len(sentence) > 3 and sentence not in seen:
                seen.add(sentence)
                yield Example(sentence[:600], 0, source, kind="mail")
