"""Looking: cases, show, tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import click

from plugin.cli.frame import Frame, say, show_json, show_json_list
from plugin.hours import Span, SpanError
from plugin.register import Register, open_register
from plugin.register.wording import told
from plugin.store import Store

_INDEXED = 200  # transactions

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


@contextmanager
def opened(frame: Frame) -> Iterator[Register]:
    """The register of this folder's store, for reading; needs no password."""
    register = open_register(frame.settings(secrets=False))
    try:
        yield register
    finally:
        register.close()


class Length(click.ParamType[timedelta]):
    """A length of time: 3d, 12h, 2w, 30m, or `3 days`."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """To a length of elapsed time."""
        units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
        found = re.fullmatch(r"(\d+)\s*([mhdw])", str(value))
        try:
            span = Span.parse(f"{found[1]} {units[found[2]]}" if found else str(value))
        except SpanError as error:
            self.fail(str(error), param, ctx)
        if span.unit.value not in units.values():
            self.fail(f"{value!r}: write minutes, hours, days or weeks, such as 3d", param, ctx)
        return timedelta(**{span.unit.value: span.amount})


# ---- looking --------------------------------------------------------------------------------------------------------


@click.command()
@click.option("--open", "open_only", is_flag=True, help="Only cases that are not resolved.")
@click.option("--due", type=Length(), help="Only cases with something due within this time, such as 3d.")
@click.option("--search", "words", help="Only cases in which all these words stand; word* finds what begins so.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.option("--after", default="", metavar="CASE", help="Those that follow this case in the list.")
@json_option
@click.pass_obj
def cases(
    frame: Frame, *, open_only: bool, due: timedelta | None, words: str | None, limit: int | None, after: str,
    as_json: bool,
) -> None:  # fmt: skip
    """The register, newest first."""
    if words is not None and (open_only or due is not None):
        raise click.UsageError("--search looks through all cases: leave out --open and --due")
    if words is not None:
        _take_into_index(frame)
    with opened(frame) as register:
        found = (
            register.each_case(open_only=open_only, due_within=due, limit=limit, after=after) if words is None
            else register.search(words, limit, after)
        )  # fmt: skip
        if as_json:
            show_json_list("cases", found)
            return
        shown = 0
        for case in found:
            say(_line(register, case))
            shown, after = shown + 1, case["id"]
        if not shown:
            say("no cases")
        elif shown == limit:
            say(f"There may be more: --after {after}")


def _take_into_index(frame: Frame) -> None:
    """What came since the last look, so that it is found, too."""
    from plugin.desk.keeping import index  # noqa: PLC0415 - a list by itself needs no desk

    with closing(Store(frame.settings(secrets=False).store)) as store:
        index(store, _INDEXED)
        with store.reading() as session:
            if session.search.waiting(1):
                click.echo("Older cases are not in the index yet: amends run sees to it, or this once more.", err=True)


def _line(register: Register, case: dict[str, Any]) -> str:
    line = f"{case['id']}  {_status(case):8}  {case['category']:19} {case['subject'][:48]:48}  {_next(register, case)}"
    return f"{line}{_waiting(case['needs_you'])}".rstrip()


def _waiting(drafts: int) -> str:
    """How many drafts a person has to fill in before they can go out."""
    return f"  needs you: {drafts} draft{'' if drafts == 1 else 's'}" if drafts else ""


def _status(case: dict[str, Any]) -> str:
    return "erased" if case["erased"] else "undone" if case["undone"] else str(case["status"])


def _next(register: Register, case: dict[str, Any]) -> str:
    """What is owed first: a promise, or a task such as a follow_up."""
    owed = [(due["due_at"], due["for"], due["missed"]) for due in case["due"] if due["owed"] and due["due_at"]]
    owed += [(task["due_at"], task["what"], False) for task in case["tasks"] if task["state"] in ("waiting", "raised")]
    if not owed:
        return ""
    at, what, missed = min(owed)
    return f"{what} by {_shown(register, at, case['inbox'])}{' MISSED' if missed else ''}"


def _shown(register: Register, moment: str, inbox: str) -> str:
    return register.shown(datetime.fromisoformat(moment), inbox)


@click.command()
@click.argument("case")
@json_option
@click.pass_obj
def show(frame: Frame, case: str, as_json: bool) -> None:
    """One case with its timeline."""
    with opened(frame) as register:
        found = register.case(case)
        if as_json:
            show_json(found)
        else:
            say("\n".join(_told(register, found)))


def _told(register: Register, case: dict[str, Any]) -> list[str]:
    inbox = case["inbox"]
    lines = [
        f"{case['subject'] or '(no subject)'}",
        f"case {case['id']}  {_status(case)}  round {case['round']}  from {case['sender'] or '(forgotten)'}",
        f"received {_shown(register, case['received_at'], inbox)}  tags: {', '.join(case['tags'])}",
        "",
    ]
    if case["cause"]:
        lines.insert(-1, f"caused by {case['cause']}")
    if case["words_gone_at"]:
        lines.insert(-1, words_gone(register, case))
    for due in sorted(case["due"], key=lambda due: (due["due_at"] is None, due["due_at"] or "")):
        when = _shown(register, due["due_at"], inbox) if due["due_at"] else "not started"
        lines.append(f"due    {due['for']}: {when} - {standing(register, due, inbox)}")
        if due["said"]:
            said = due["said"]
            lines.append(f"       “{said['text']}” at {said['start']}-{said['end']} of the reply: {said['sentence']}")
    for task in case["tasks"]:
        note = f" - {task['note']}" if task["note"] else ""
        lines.append(
            f"task   {task['kind']}: {_shown(register, task['due_at'], inbox)} - {_state(register, task, inbox)}{note}"
        )
        lines.append(f"       {task['id']}")
    for draft in case["drafts"]:
        lines.append(f"draft  {draft['purpose']}: {draft['standing']} ({draft['ref']})")
        if draft["state"] != "withdrawn":  # of a letter that is gone nobody asks why it was worded so
            lines += [f"       {draft['foreign']}"] if draft["foreign"] else []
            lines += [f"       {line}" for line in draft["why"]]
        lines += [f"       {told(remark)}" for remark in draft["remarks"]]
    for reply in case["replies"]:
        lines += [f"sent   {told(remark)}" for remark in reply["remarks"]]
    lines.append("")
    news = (line for line in case["timeline"] if not line["minor"])
    return lines + [f"{_shown(register, line['at'], inbox)}  {line['text']}" for line in news]


def words_gone(register: Register, case: dict[str, Any]) -> str:
    """Why there are no letters to be shown."""
    up_to = _shown(register, case["words_gone_at"], case["inbox"])
    return f"What was written up to {up_to} is kept no more (keep: text in amends.yaml); dates and acts stay."


def _state(register: Register, task: dict[str, Any], inbox: str) -> str:
    until = task["snoozed_until"]
    return f"put off to {_shown(register, until, inbox)}" if until else str(task["state"])


def standing(register: Register, due: dict[str, Any], inbox: str) -> str:
    """What became of a due-by: met when and by what, open, no longer owed; and whether it was missed."""
    so_far = due["note"] or ("open" if due["owed"] else "no longer owed")
    met = f"met {_shown(register, due['met_at'], inbox)} by {due['met_by']}" if due["met_at"] else so_far
    return f"{met}{' - MISSED' if due['missed'] else ''}"


@click.command()
@click.option("--all", "upcoming", is_flag=True, help="Also what is not due yet.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@click.pass_obj
def tasks(frame: Frame, upcoming: bool, limit: int | None, as_json: bool) -> None:
    """What a person owes now."""
    with opened(frame) as register:
        found = register.tasks(upcoming=upcoming, limit=limit)
        if as_json:
            show_json({"tasks": found})
            return
        for task in found:
            when = _shown(register, task["due_at"], task["inbox"])
            say(f"{task['state']:7} {when}  {task['what']}: {task['subject']} ({task['sender']})")
            if task["note"]:
                say(f"        {task['note']}")
            say(f"        amends done {task['id']}")
        if not found:
            say("nothing is owed")
