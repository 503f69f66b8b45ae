"""Coaching: what people wrote to those who complained, counted, with examples and a better wording; nobody is named."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unicodedata import normalize

from plugin.judge.language import language
from plugin.letters.tone import List, Remark, Tone, feels, folded, lint, names_a_day
from plugin.model import Address, clip
from plugin.register.wording import PUBLIC
from plugin.timeline import Case

Row = Mapping[str, Any]
_EXAMPLES = 3
_SHOWN = 120  # characters of an example
_WITHHELD = "personal-data"  # its words are just what must not be shown


def coached(rows: Sequence[Row], cases: Mapping[str, Case], tone: Tone) -> dict[str, Any]:
    """{replies, groups} of these replies, one group for each inbox and language, the largest first."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["text"].strip() and row["case_id"] in cases:
            groups[row["inbox"], _language(row, cases[row["case_id"]])].append(row)
    told = [_group(inbox, spoken, some, cases, tone) for (inbox, spoken), some in groups.items()]
    told.sort(key=lambda group: (-group["replies"], group["inbox"], group["language"]))
    return {"replies": sum(group["replies"] for group in told), "groups": told}


def _language(row: Row, case: Case) -> str:
    """What a reply is written in: its own words tell, else what the judge kept, else what the case is in."""
    kept = json.loads(row["detail"]) if row["detail"] else {}
    return language(row["text"]) or str(kept.get("language") or case.language)


def _group(inbox: str, spoken: str, rows: Sequence[Row], cases: Mapping[str, Case], tone: Tone) -> dict[str, Any]:
    found = [(row, _remarks(row, cases[row["case_id"]], spoken, tone)) for row in rows]
    well = {
        "feeling": sum(feels(row["text"], spoken, words=tone) for row in rows),
        "day": sum(names_a_day(row["text"], spoken, words=tone) for row in rows),
        "clean": sum(not remarks for _, remarks in found),
    }
    known = tone.of(spoken) != List()
    return {"inbox": inbox, "language": spoken, "list": known, "replies": len(rows), "well": well if known else None,
            "remarks": list(_counted(found, cases))}  # fmt: skip


def _remarks(row: Row, case: Case, spoken: str, tone: Tone) -> tuple[Remark, ...]:
    return lint(row["text"], spoken, public=case.channel in PUBLIC, words=tone)


def _counted(found: Sequence[tuple[Row, Sequence[Remark]]], cases: Mapping[str, Case]) -> Iterator[dict[str, Any]]:
    """Each kind of remark with its practice, the commonest first."""
    kinds: dict[tuple[str, str], list[tuple[Row, Remark]]] = defaultdict(list)
    for row, remarks in found:
        for remark in remarks:
            kinds[remark.kind, remark.practice].append((row, remark))
    for (kind, practice), some in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])):
        shown = (
            [] if kind == _WITHHELD else [_example(row, one, cases[row["case_id"]]) for row, one in some[:_EXAMPLES]]
        )
        yield {"kind": kind, "practice": practice, "count": len(some), "better": some[0][1].better, "examples": shown}


def _example(row: Row, remark: Remark, case: Case) -> dict[str, str]:
    return {"case": row["case_id"], "text": clip(_nameless(" ".join(remark.text.split()), case), _SHOWN)}


def _nameless(text: str, case: Case) -> str:
    """The words without the name and the address of whoever complained, whatever their accents, and of whom."""
    text = normalize("NFC", text)
    names = {folded(word) for one in (case.complainant, case.answer_to) for word in _names(one)}
    if not names:
        return text
    longest_first = sorted(names, key=len, reverse=True)
    named = re.compile(rf"(?i)\b(?:{'|'.join(map(re.escape, longest_first))})s?\b")
    parts, at = list[str](), 0
    for found in named.finditer(folded(text)):  # of the same length
        parts += [text[at : found.start()], "…"]
        at = found.end()
    return "".join([*parts, text[at:]])


def _names(one: Address) -> Iterator[str]:
    """What a person may be called by: the words of the name, the address, and the words before its @."""
    yield from (one.email,) if one.email else ()
    yield from re.findall(r"\w{2,}", normalize("NFC", one.name))
    yield from re.findall(r"[^\W\d_]{3,}", one.email.partition("@")[0])
