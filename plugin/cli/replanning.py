"""Moving a case to the playbooks now in force: replan."""

from __future__ import annotations

import click

from plugin.cli.acting import as_option, opened
from plugin.cli.frame import Frame, say, whoami
from plugin.desk import Desk, Replan
from plugin.register.difference import difference, untouched


@click.command()
@click.argument("case")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@as_option
@click.pass_obj
def replan(frame: Frame, case: str, yes: bool, name: str | None) -> None:
    """Move a running case to the playbooks now in force: shows the difference, asks, then does it."""
    with opened(frame) as desk:
        act = Replan(by=whoami(name))
        if not _shown(desk, case, act):
            say(f"case {case}: nothing to do, the playbooks now in force are those it has.")
            return
        if not yes:
            click.confirm("Do it?", abort=True)
        desk.act(case, act)
    say(f"case {case}: moved to the playbooks now in force. What follows is written by amends run, within seconds.")


def _shown(desk: Desk, case: str, act: Replan) -> bool:
    """Show what would change; false where the case has these playbooks already."""
    seen = desk.foresee(case, act)
    if not seen.events:
        return False
    shown = desk.policies.calendars[desk.policies.inboxes[seen.before.inbox].hours].shown
    say(f"{seen.before.subject or '(no subject)'}")
    say(f"case {case} goes from version {seen.before.book} of the playbooks to {seen.after.book}:")
    for line in difference(seen.before, seen.events, seen.after, shown) or ["nothing else changes"]:
        say(f"  {line}")
    for line in untouched(seen.before, shown):
        say(f"  stays      {line}")
    return True
