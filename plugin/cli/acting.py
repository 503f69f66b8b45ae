"""Acting: done, drop, snooze, resolve, reopen, correct, replied, open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import click

from plugin.cli.cases import Length
from plugin.cli.frame import Frame, desk_of, fail, say, whoami
from plugin.decide import Act as PersonAct
from plugin.decide import Correct, EndTask, Reopen, Resolve, SayReplied, Snooze
from plugin.desk import Desk
from plugin.inbox import Act, ActKind, Page
from plugin.model import CATEGORIES, OUTCOMES, SEVERITIES

as_option = click.option("--as", "name", help="Who acts; else the login name of the system user.")
note_option = click.option("--note", default="", help="A word for the record.")


@contextmanager
def opened(frame: Frame, *, online: bool = False) -> Iterator[Desk]:
    """The desk of this folder, closed at the end; only what goes `online` needs a password."""
    desk = desk_of(frame.settings(secrets=online))
    try:
        yield desk
    finally:
        desk.close()


class Moment(click.ParamType[datetime]):
    """A time a person writes: 2026-11-20T10:00Z, 2026-11-20 10:00 (of this machine), or 2026-11-20."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """To an aware time in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value)).astimezone(UTC)
        except ValueError:
            self.fail(f"{value!r} is no time: write it like 2026-11-20T10:00 or 2026-11-20T10:00Z", param, ctx)


class Until(Moment):
    """A time to come: what Moment takes, or 2d, or tomorrow or fri, at 09:00 unless a clock time follows."""

    _DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """To an aware time in UTC; days and clock times are those of this machine."""
        text = str(value).strip().lower()
        if re.fullmatch(r"\d+\s*[mhdw]", text):
            return datetime.now(UTC) + Length().convert(text, param, ctx)
        found = re.fullmatch(rf"(tomorrow|{'|'.join(self._DAYS)})[a-z]*(?:\s+([01]?\d|2[0-3]):([0-5]\d))?", text)
        return self._day(found) if found else super().convert(value, param, ctx)

    def _day(self, found: re.Match[str]) -> datetime:
        today = datetime.now(UTC).astimezone().date()
        ahead = 1 if found[1] == "tomorrow" else (self._DAYS.index(found[1]) - today.weekday() - 1) % 7 + 1
        at = time(int(found[2]), int(found[3])) if found[2] else time(9)
        return datetime.combine(today + timedelta(days=ahead), at).astimezone(UTC)


def _act(frame: Frame, case: str, act: PersonAct, told: str) -> None:
    """Record the act, and say what was recorded, or that it was so already."""
    with opened(frame) as desk:
        with desk.store.reading() as session:
            before = session.case(case).version
        after = desk.act(case, act)
    if after.version == before:
        say(f"case {after.id}: nothing to record, it was so already.")
    else:
        say(f"case {after.id}: {told}. What follows from it is written by amends run, within seconds.")


def _past(command: str, at: datetime) -> datetime:
    if at > datetime.now(UTC):
        fail(f"{command}: {at:%Y-%m-%d %H:%M} UTC is in the future - say when it happened", 2)
    return at


def _case_of(task: str) -> str:
    if "/" not in task:
        fail(f"there is no task {task} - `amends tasks` lists them, with the command that ends each", 2)
    return task.partition("/")[0]


@click.command()
@click.argument("task")
@click.option("--gave", default="", help='What was given, such as "10 EUR voucher".')
@note_option
@as_option
@click.pass_obj
def done(frame: Frame, task: str, gave: str, note: str, name: str | None) -> None:
    """A task is done. A gesture counts as delivered only with --gave and a note."""
    if gave and not note:
        fail(f"done {task}: a gesture counts as delivered only with proof - add --note, saying how and when", 2)
    _act(frame, _case_of(task), EndTask(key=task, done=True, gave=gave, note=note, by=whoami(name)), f"{task} is done")
    if "/goodwill/" in task and not gave:
        say("It does not count as delivered: for that, say what was given, with --gave and --note.")


@click.command()
@click.argument("task")
@click.option("--note", required=True, help="Why it is not needed.")
@as_option
@click.pass_obj
def drop(frame: Frame, task: str, note: str, name: str | None) -> None:
    """A task is not needed."""
    _act(frame, _case_of(task), EndTask(key=task, done=False, note=note, by=whoami(name)), f"{task} is dropped")


@click.command()
@click.argument("task")
@click.option("--until", type=Until(), required=True, help='When: 2d, tomorrow, "fri 9:00" or 2026-11-20T10:00.')
@note_option
@as_option
@click.pass_obj
def snooze(frame: Frame, task: str, until: datetime, note: str, name: str | None) -> None:
    """A task is put off, and comes up again then; what was promised stays promised."""
    told = f"{task} comes up again at {until:%Y-%m-%d %H:%M} UTC"
    _act(frame, _case_of(task), Snooze(key=task, until=until, note=note, by=whoami(name)), told)


@click.command()
@click.argument("case")
@click.option("--outcome", type=click.Choice(OUTCOMES), required=True, help="What came of it.")
@click.option("--cause", default="", help="What caused it.")
@click.option("--at", type=Moment(), help="When it was settled; else now.")
@note_option
@as_option
@click.pass_obj
def resolve(frame: Frame, /, case: str, at: datetime | None, name: str | None, **stated: str) -> None:
    """A case is settled."""
    when = _past(f"resolve {case}", at) if at else datetime.now(UTC)
    _act(frame, case, Resolve(at=when, by=whoami(name), **stated), f"resolved, {stated['outcome']}")


@click.command()
@click.argument("case")
@as_option
@click.pass_obj
def reopen(frame: Frame, case: str, name: str | None) -> None:
    """A case is not settled after all."""
    _act(frame, case, Reopen(by=whoami(name)), "open again")


@click.command()
@click.argument("case")
@click.option("--category", type=click.Choice(CATEGORIES), help="What the complaint is about.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="How grave it is.")
@as_option
@click.pass_obj
def correct(frame: Frame, case: str, category: str | None, severity: str | None, name: str | None) -> None:
    """The judge was wrong about the category or the severity; it learns from your word."""
    if not (category or severity):
        fail(f"correct {case}: say what is right, with --category or --severity", 2)
    told = " and ".join(filter(None, (category, severity and f"severity {severity}")))
    _act(frame, case, Correct(category=category or "", severity=severity or "", by=whoami(name)), f"it is {told}")


@click.command()
@click.argument("case")
@click.option("--at", type=Moment(), required=True, help="When the answer was given.")
@click.option("--note", required=True, help="How: by phone, at the counter, from elsewhere.")
@as_option
@click.pass_obj
def replied(frame: Frame, case: str, at: datetime, note: str, name: str | None) -> None:
    """A complainant was answered where Amends cannot see it; your word is shown as such."""
    when = _past(f"replied {case}", at)
    _act(frame, case, SayReplied(at=when, how=note, by=whoami(name)), f"answered at {when:%Y-%m-%d %H:%M} UTC")


@click.command(name="open")
@click.option("--inbox", required=True, help="The inbox the message lies in.")
@click.argument("message_id")
@click.pass_obj
def open_(frame: Frame, inbox: str, message_id: str) -> None:
    """This message is a complaint, whatever the judge said."""
    wanted = message_id if message_id.startswith("<") else f"<{message_id}>"
    with opened(frame, online=True) as desk:
        if inbox not in desk.inboxes:
            fail(f"open: there is no inbox {inbox} in amends.yaml - there is {', '.join(desk.inboxes)}", 2)
        message = desk.inboxes[inbox].find(wanted)
        if message is None:
            fail(f"open: no message with Message-ID {wanted} lies in the watched folders of {inbox}", 2)
        act = Act(ActKind.COMPLAINT, datetime.now(UTC), message=message)
        desk.receive(inbox, Page(cursor={}, acts=(act,)))
        with desk.store.reading() as session:
            known = session.known(inbox, [message.key]).get(message.key)
    say(f"case {known.case_id if known else '?'}: open")
