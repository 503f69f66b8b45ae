"""How a case's letters read: remarks on our drafts, on what people made of them, and on what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugin.judge.language import language
from plugin.letters.tone import Remark, Tone, lint
from plugin.store import edited_key

Row = Mapping[str, Any]
PUBLIC = ("social", "review")
"""Channels whose answers everybody can read."""


def remarks_on(
    text: str, tone: Tone, *, spoken: str, purpose: str = "", channel: str = "email"
) -> list[dict[str, Any]]:
    """What to look at in a letter, as JSON; `spoken` is its language where its own words do not tell."""
    found = lint(text, language(text) or spoken, purpose=purpose, public=channel in PUBLIC, words=tone)
    return [remark_document(remark) for remark in found]


def remark_document(remark: Remark) -> dict[str, Any]:
    """One remark (contract, section 9); the span counts in the characters of the letter's text."""
    return {"text": remark.text, "start": remark.start, "end": remark.end, "practice": remark.practice,
            "better": remark.better, "kind": remark.kind}  # fmt: skip


def told(remark: Row) -> str:
    """A remark for a person, on one line."""
    words = f"“{' '.join(str(remark['text']).split())}”: " if remark["text"] else ""
    return f"{remark['practice']}  {words}{remark['better']}"


def remarked(case: dict[str, Any], letters: Mapping[str, Row], tone: Tone) -> dict[str, Any]:
    """The case with remarks on its drafts, and `replies`: what was sent, {key, text, remarks} each.

    The text of a draft that a person edited is what they made of it, where that was seen; `composed` is ours.
    """
    edited = {key: row["text"] for key, row in letters.items() if row["kind"] == "edited"}
    drafts = [_draft(draft, edited.get(edited_key(draft["message_id"]), ""), case, tone) for draft in case["drafts"]]
    replies = [{"key": key, "text": row["text"], "remarks": _said(row["text"], case, tone)}
               for key, row in letters.items() if row["kind"] == "reply"]  # fmt: skip
    return case | {"drafts": drafts, "replies": replies}


def _draft(draft: dict[str, Any], edited: str, case: Row, tone: Tone) -> dict[str, Any]:
    now = draft | {"text": edited, "composed": draft["text"]} if edited else draft
    found = remarks_on(
        now["text"], tone, spoken=case["language"], purpose=draft["purpose"], channel=case["channel"]
    ) if now["text"] else []  # fmt: skip
    return now | {"remarks": [*draft.get("remarks", ()), *found]}


def _said(text: str, case: Row, tone: Tone) -> list[dict[str, Any]]:
    return remarks_on(text, tone, spoken=case["language"], channel=case["channel"])
