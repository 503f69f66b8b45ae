"""In what a case differs under other playbooks: tags, owner, due-bys, drafts, and which playbooks apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def difference(before: Json | None, after: Json | None) -> Json | None:
    """What is otherwise, as {id, subject, received_at, opens, tags, owner, due, drafts, playbooks}; None for nothing.

    Either may be None, where there is no such case. `opens` is `both`, or under which playbooks alone there is a case.
    """
    shown = after or before or {}
    found = {
        "tags": _sets(_tags(before), _tags(after)),
        "owner": _pair(before and before["owner"], after and after["owner"]),
        "due": _pairs("for", _dates(before), _dates(after)),
        "drafts": _pairs("purpose", _letters(before), _letters(after)),
        "playbooks": _sets(_applied(before), _applied(after)),
    }
    if not any(found.values()) and before and after:
        return None
    opens = "both" if before and after else "before" if before else "after"
    return {name: shown.get(name) for name in ("id", "subject", "received_at")} | {"opens": opens} | found


def _tags(case: Json | None) -> list[str]:
    return list(case["tags"]) if case else []


def _applied(case: Json | None) -> list[str]:
    return [ran["name"] for ran in case["playbooks"] if ran["applied"]] if case else []


def _dates(case: Json | None) -> dict[str, Any]:
    return {due["for"]: due["due_at"] for due in case["due"]} if case else {}


def _letters(case: Json | None) -> dict[str, Any]:
    """Drafts by their purpose, in later rounds and for later due-bys with a number."""
    found: dict[str, Any] = {}
    for draft in case["drafts"] if case else ():
        number = sum(name.partition(" ")[0] == draft["purpose"] for name in found) + 1
        found[draft["purpose"] if number == 1 else f"{draft['purpose']} {number}"] = draft["text"]
    return found


def _sets(before: list[str], after: list[str]) -> Json | None:
    added = [one for one in dict.fromkeys(after) if one not in before]
    removed = [one for one in dict.fromkeys(before) if one not in after]
    return {"added": added, "removed": removed} if added or removed else None


def _pair(before: object, after: object) -> Json | None:
    return {"before": before, "after": after} if (before or None) != (after or None) else None


def _pairs(word: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    return [
        {word: name, "before": before.get(name), "after": after.get(name)}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
