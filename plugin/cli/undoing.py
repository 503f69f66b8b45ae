"""Taking back what Amends did: undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime

import click

from plugin.cli.acting import as_option
from plugin.cli.alone import alone
from plugin.cli.frame import Frame, counted, desk_of, fail, say, whoami
from plugin.desk import Desk
from plugin.desk.undoing import Traces, Undoing
from plugin.inbox import FLAG

_TAGS = 8


@click.command()
@click.argument("case", required=False)
@click.option("--inbox", metavar="NAME", help="With --all: every case of this inbox.")
@click.option("--all", "everything", is_flag=True, help="Every case of an inbox, instead of one.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@as_option
@click.pass_obj
def undo(
    frame: Frame, /, case: str | None, inbox: str | None, name: str | None, *, everything: bool, yes: bool
) -> None:
    """Take back our own tags, untouched drafts and reminders, of one case or of a whole inbox; nothing a person made.

    Shows first what goes, and asks. The case stays on record as undone, and is left alone from then on. Broken off,
    the same command goes on.
    """
    if bool(case) == everything or everything != bool(inbox):
        raise click.UsageError("name either a CASE, or an inbox with --inbox NAME --all")
    settings = frame.settings()
    with closing(desk_of(settings)) as desk:
        if inbox and inbox not in desk.inboxes:
            fail(f"undo: there is no inbox {inbox} in amends.yaml - there is {', '.join(desk.inboxes)}", 2)
        undoing = Undoing(desk, lambda: datetime.now(UTC))
        case_ids = undoing.cases_of(inbox) if inbox else [str(case)]
        if not _shown(undoing, case_ids, f"case {case}" if case else f"inbox {inbox}"):
            return
        if not yes:
            click.confirm("Take it back?", abort=True)
        with alone(settings, "undo") as leads:
            done = take_back(undoing, desk, case_ids, whoami(name), leads=leads)
    if not done:
        raise SystemExit(1)
    if inbox:
        say(f"New complaints in {inbox} are dealt with as before: take it out of amends.yaml to end that.")


def _shown(undoing: Undoing, case_ids: Sequence[str], what: str) -> bool:
    """Show what goes and what stays; false where there is nothing at all."""
    found = undoing.traces(case_ids)
    if not found.cases:
        say(f"{what}: there is no case, so there is nothing to take back.")
        return False
    if found.nothing_left:
        which = "it is" if found.cases == 1 else f"all {found.cases:,} cases are"
        say(f"{what}: {which} undone already, and nothing of ours is left there, so there is nothing to do.")
        return False
    for line in _lines(found):
        say(line)
    return True


def _lines(found: Traces) -> Iterator[str]:
    before = f", {found.undone:,} of them undone before" if found.undone else ""
    yield f"{counted(found.cases, 'case')}{before}. This goes:"
    named = ["flag" if tag == FLAG else tag for tag, _ in found.tags.most_common(_TAGS)]
    tags = ", ".join(named) + (" …" if len(found.tags) > _TAGS else "")
    yield f"  tags       on {counted(found.messages, 'message')}{': ' + tags if tags else ''}"
    yield f"  drafts     {found.drafts:,} that nobody has touched"
    yield f"  reminders  {len(found.reminders):,}, and {counted(found.tasks, 'task')} of people"
    stays = [f"{found.kept[fate]:,} {fate}" for fate in ("edited", "sent") if found.kept[fate]]
    yield f"  stays      all that people wrote{': ' + ' and '.join(stays) + ' drafts' if stays else ''}, and the record"


def take_back(
    undoing: Undoing, desk: Desk, case_ids: Sequence[str], by: str, *, leads: bool, forget: bool = False
) -> bool:
    """Decide it, and do it in the inbox if nobody else is at work, else `amends run` does; false where some waits."""
    if leads:
        with desk.store.writing() as session:
            session.release()
        undoing.finish_begun(case_ids)
    undoing.decide(case_ids, by, forget=forget)
    if not leads:
        say("Decided. Our tags, drafts and reminders are taken back by amends run, within seconds.")
        return True
    outcome = undoing.write(case_ids)
    if outcome.again:
        say(f"{counted(outcome.again, 'change')} could not be written yet (`amends doctor` tells why): "
            "`amends run`, or this command once more, does that.")  # fmt: skip
        return False
    say("Taken back.")
    return True
