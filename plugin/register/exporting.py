"""A case as one line of a table, for programs that open tables."""

from __future__ import annotations

from typing import Any

COLUMNS = (
    "id", "inbox", "status", "undone", "erased", "received_at", "resolved_at", "outcome", "cause", "category",
    "severity", "language", "channel", "sender", "subject", "owner", "round", "tags",
    "acknowledgement_due_at", "acknowledgement_met_at", "acknowledgement_missed",
    "update_due_at", "update_met_at", "update_missed",
    "resolution_due_at", "resolution_met_at", "resolution_missed", "open_tasks", "drafts", "their_text",
)  # fmt: skip
"""The names of the columns; some may be added at the end, none is taken away."""

_BEGINS_A_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")


def row(case: dict[str, Any]) -> list[str]:
    """The values of these columns for a case as `Register.everything` gives it; no cell begins a formula."""
    due = {f"{one['for']}_{what}": one[what] for one in case["due"] for what in ("due_at", "met_at", "missed")}
    counted = {
        "tags": " ".join(case["tags"]),
        "open_tasks": sum(task["state"] in ("waiting", "raised") for task in case["tasks"]),
        "drafts": len(case["drafts"]),
    }
    found = case | due | counted
    return [harmless(_text(found.get(name))) for name in COLUMNS]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def harmless(text: str) -> str:
    """The text with a quotation mark before it where a table would take it for a formula (OWASP, CSV Injection)."""
    bare = text.lstrip(" \u00a0\ufeff")
    return f"'{text}" if bare[:1] in _BEGINS_A_FORMULA and bare else text
