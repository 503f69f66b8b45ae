"""A preview in words: how much there was, what would have been late, a few cases, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from difflib import ndiff
from typing import Any

Json = dict[str, Any]
Shown = Callable[[datetime, str], str]

_EXAMPLES = 3
_LINES = 8  # of a letter that differs
_NAMED = 10  # mails that could not be read


@dataclass(slots=True)
class _Counts:
    """What all cases come to."""

    words: dict[str, Counter[str]] = field(
        default_factory=lambda: {word: Counter() for word in ("category", "severity", "playbook", "draft")}
    )
    due: dict[str, Counter[str]] = field(default_factory=dict)
    capped: int = 0
    examples: list[Json] = field(default_factory=list)

    def take(self, case: Json) -> None:
        """One more case."""
        self.words["category"][case["category"]] += 1
        self.words["severity"][case["severity"]] += 1
        self.words["playbook"].update({ran["name"] for ran in case["playbooks"] if ran["applied"]})
        self.words["draft"].update(draft["purpose"] for draft in case["drafts"])
        for due in case["due"]:
            self.due.setdefault(due["for"], Counter())[standing(due)] += 1
        self.capped += case["capped"]
        if len(self.examples) < _EXAMPLES:
            self.examples.append(case)


def standing(due: Json) -> str:
    """What became of a due-by: met in time, met late, missed, open, or not started."""
    if due["met_at"]:
        return "met late" if due["missed"] else "met in time"
    if due["missed"]:
        return "missed"
    return "open" if due["due_at"] else "not started"


def lines(summary: Json, cases: Iterable[Json], differences: Iterable[Json] | None, shown: Shown) -> Iterator[str]:
    """The whole preview, line by line; `differences` is None where nothing was compared."""
    counts = _Counts()
    for case in cases:
        counts.take(case)
    yield from _totals(summary)
    yield from _tables(counts)
    if differences is None:
        for case in counts.examples:
            yield from _example(case, shown)
    else:
        yield from _differing(differences, summary["complaints"], shown)


def _totals(summary: Json) -> Iterator[str]:
    other = {"maybe a complaint": summary["undecided"], "written by a machine": summary["automatic"],
             "ours": summary["ours"]}  # fmt: skip
    rest = "".join(f", {count} {what}" for what, count in other.items() if count)
    yield f"inbox {summary['inbox']}: {summary['messages']} mails, {summary['complaints']} complaints{rest}"
    if summary["mode"] != "draft":
        yield f"  shown as `mode: draft` would have it; this inbox is set to `mode: {summary['mode']}`"
    for folder in summary["cut"]:
        yield f"  not all mails of {folder} were looked at, they are too many: name a shorter time with --since"
    if summary["complaints"] and not summary["ours"]:
        yield "  no mail of ours was found, in Sent or elsewhere: no date can count as kept"
    faults = summary["unreadable"]
    if faults:
        yield f"  {len(faults)} could not be read and were passed over:"
    yield from (f"    {one['file']}: {one['error']}" for one in faults[:_NAMED])
    if len(faults) > _NAMED:
        yield f"    and {len(faults) - _NAMED} more; --json lists them all"


def _tables(counts: _Counts) -> Iterator[str]:
    for word, found in counts.words.items():
        if found:
            yield f"  {word:<10}{', '.join(f'{name} {count}' for name, count in found.most_common())}"
    if counts.capped:
        yield f"  {'':<10}{counts.capped} more drafts were held back by the hour's cap"
    for name, states in counts.due.items():
        yield f"  due       {name}: {', '.join(f'{count} {state}' for state, count in states.most_common())}"


def _example(case: Json, shown: Shown) -> Iterator[str]:
    yield ""
    yield f"{case['subject'] or '(no subject)'} - {_shown(case['received_at'], case, shown)}"
    yield f"  tags      {', '.join(case['tags'])}"
    for due in case["due"]:
        yield f"  due       {due['for']}: {_shown(due['due_at'], case, shown)} - {standing(due)}"
    for draft in case["drafts"]:
        yield f"  draft     {draft['purpose']}, {draft['marks']} mark(s) to fill in:"
        yield from (f"    | {line}" for line in draft["text"].splitlines())


def _differing(differences: Iterable[Json], total: int, shown: Shown) -> Iterator[str]:
    count = 0
    for case in differences:
        count += 1
        yield ""
        yield f"{case['subject'] or '(no subject)'} - case {case['id']}"
        yield from _changes(case, shown)
    yield ""
    yield f"{count} of {total} cases would be treated otherwise"


def _changes(case: Json, shown: Shown) -> Iterator[str]:
    if case["opens"] != "both":
        yield f"  case      only with {'the playbooks now in force' if case['opens'] == 'before' else 'the other ones'}"
    for word in ("tags", "playbooks"):
        if case[word]:
            changed = [f"+{one}" for one in case[word]["added"]] + [f"-{one}" for one in case[word]["removed"]]
            yield f"  {word:<10}{' '.join(changed)}"
    if case["owner"]:
        yield f"  owner     {case['owner']['before'] or 'nobody'} -> {case['owner']['after'] or 'nobody'}"
    for due in case["due"]:
        dates = (_shown(due[side], case, shown) for side in ("before", "after"))
        yield f"  due       {due['for']}: {' -> '.join(dates)}"
    for draft in case["drafts"]:
        yield from _letters(draft)


def _letters(draft: Json) -> Iterator[str]:
    before, after = draft["before"], draft["after"]
    if before is None or after is None:
        yield f"  draft     {draft['purpose']}: {'none before' if before is None else 'none any more'}"
        before, after = before or "", after or ""
    else:
        yield f"  draft     {draft['purpose']}: another text"
    changed = [line for line in ndiff(before.splitlines(), after.splitlines()) if line[:1] in "+-" and line[2:].strip()]
    yield from (f"    {line}" for line in changed[:_LINES])
    if len(changed) > _LINES:
        yield f"    … and {len(changed) - _LINES} more lines"


def _shown(moment: str | None, case: Json, shown: Shown) -> str:
    return shown(datetime.fromisoformat(moment), str(case.get("inbox", ""))) if moment else "none"
