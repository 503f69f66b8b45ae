"""Asking why: explain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import click

from plugin.cli.cases import json_option, opened, standing, words_gone
from plugin.cli.frame import Frame, say, show_json
from plugin.model import clip
from plugin.register import Register

Json = dict[str, Any]

_WHEN = {
    "complaint_received": "A complaint arrived",
    "message_received": "They wrote again",
    "reply_sent": "A person answered",
    "due_missed": "A due date passed",
    "resolved": "It was resolved",
    "reopened": "It was reopened",
    "feedback_received": "They said whether they are content",
}
_OCCASIONS = 6
"""More than so many occasions, and the oldest on which nothing applied are only counted."""


@click.command()
@click.argument("case")
@json_option
@click.pass_obj
def explain(frame: Frame, case: str, as_json: bool) -> None:
    """Why these dates, and why each playbook did or did not apply."""
    with opened(frame) as register:
        found = register.explain(case)
        if as_json:
            show_json(found)
        else:
            say("\n".join(told(register, register.case(case), found)))


def told(register: Register, case: Json, explained: Json) -> Iterator[str]:
    """The explanation of a case, line by line; `case` and `explained` are as the register gives them."""
    playbooks = explained["playbooks"]
    yield f"{case['subject'] or '(no subject)'}"
    yield f"case {case['id']}, received {_shown(register, case['received_at'], case)}"
    if case["words_gone_at"]:
        yield words_gone(register, case)
    for due in sorted(case["due"], key=lambda due: (due["due_at"] is None, due["due_at"])):
        yield from ("", *_why_then(due), f"  {standing(register, due, case['inbox'])}")
    for task in explained["later"]:
        yield from ("", *_why_later(task, _shown(register, task["due_at"], case)))
    for heading, some in _by_occasion(register, case, playbooks):
        yield from ("", heading)
        yield from (line for playbook in some for line in _why(playbook))
    for one in explained["incidents"]:
        yield from ("", *_incident(register, case, one))
    if never := _never(playbooks):
        yield from ("", "Not looked at", *never)
    if held_back := explained["held_back"]:
        yield from ("", "Decided, and not written into the inbox", *_held_back(held_back))


def _shown(register: Register, moment: str, case: Json) -> str:
    return register.shown(datetime.fromisoformat(moment), case["inbox"])


def _why_then(due: Json) -> Iterator[str]:
    """The working of a date, each counted and skipped day with its reason."""
    start = "last reply" if due["since_reply"] else due["from"].replace("_", " ")
    yield f"{due['for'].capitalize()}: {due['within']} from the {start}, promised by {due['playbook']}"
    yield from (f"  {line}" for line in due["derivation"])
    if not due["derivation"]:
        yield f"  it has no date before the {start}"
    elif due["provisional"]:
        yield f"  provisional: it moves with the {start}"


def _why_later(task: Json, when: str) -> Iterator[str]:
    """The working of the date of a follow_up or a gesture."""
    yield f"{task['what'].capitalize()}: {task['counted'] or 'planned'}, by {task['playbook']}"
    yield from (f"  {line}" for line in task["derivation"])
    if task["snoozed"]:
        yield f"  put off by a person to {when}"
    elif not task["derivation"]:
        yield f"  due {when}"


def _by_occasion(register: Register, case: Json, playbooks: Sequence[Json]) -> Iterator[tuple[str, list[Json]]]:
    """The occasions in their order; of very many those on which something applied, and the last ones."""
    occasions: dict[tuple[str, str], list[Json]] = {}
    for playbook in playbooks:
        if playbook["at"]:
            occasions.setdefault((playbook["at"], playbook["when"]), []).append(playbook)
    quiet = [key for key, some in occasions.items() if not any(playbook["applied"] for playbook in some)]
    left_out = quiet[: max(len(occasions) - _OCCASIONS, 0)]
    if left_out:
        yield f"Not shown: {len(left_out)} earlier occasion(s) on which no playbook applied", []
    for (at, when), some in occasions.items():
        if (at, when) not in left_out:
            heading = f"{_WHEN.get(when, when)}; decided {_shown(register, at, case)}"
            yield heading, sorted(some, key=lambda playbook: (not playbook["applied"], len(playbook["missing"])))


def _why(playbook: Json) -> Iterator[str]:
    if not playbook["applied"]:
        yield f"  no   {playbook['name']}: {playbook['reason']}{_nearest(playbook)}"
        return
    yield f"  yes  {playbook['name']}{'' if playbook['conditions'] else ': ' + playbook['reason']}"
    for condition in playbook["conditions"]:
        words = f" (“{clip(condition['span']['text'], 60)}”)" if condition["span"] else ""
        yield f"         {clip(condition['condition'], 70)}: {condition['reason']}{words}"
    yield from (f"         not used: {one}" for one in playbook["unused"])


def _incident(register: Register, case: Json, one: Json) -> Iterator[str]:
    if not one["linked"]:
        yield f"Not the incident {one['name']}: {one['reason']}"
        return
    yield f"The incident {one['name']}; linked {_shown(register, one['at'], case)}"
    for condition in one["conditions"]:
        words = f" (“{clip(condition['span']['text'], 60)}”)" if condition["span"] else ""
        yield f"         {clip(condition['condition'], 70)}: {condition['reason']}{words}"
    if not one["conditions"]:
        yield f"         {one['reason']}"


def _nearest(playbook: Json) -> str:
    """What else would have had to be different, where the first condition that failed is not all of it."""
    others = playbook["missing"][1:]
    return f"; also missing: {clip(', '.join(others), 90)}" if others else ""


def _held_back(tasks: Sequence[Json]) -> Iterator[str]:
    for (what, reason), count in Counter((task["what"], task["reason"]) for task in tasks).items():
        yield f"  {what}{f', {count} times' if count > 1 else ''}: {reason}"


def _never(playbooks: Sequence[Json]) -> list[str]:
    """The playbooks whose occasion has not come, those with the same one together."""
    names: dict[str, list[str]] = {}
    for playbook in playbooks:
        if not playbook["at"]:
            names.setdefault(playbook["reason"], []).append(playbook["name"])
    return [f"  -    {', '.join(some)}: {reason}" for reason, some in names.items()]
