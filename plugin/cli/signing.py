"""Signing in: login."""

from __future__ import annotations

import io
import sys
from contextlib import closing

import click

from plugin.cli.frame import Frame, fail, say
from plugin.config import InboxSettings, Settings
from plugin.desk import open_inbox
from plugin.signin import sign_in


@click.command()
@click.argument("inbox")
@click.option("--port", default=0, type=click.IntRange(0, 65_535),
              help="Google: the port of this machine its page leads back to; else any that is free.")  # fmt: skip
@click.option("--browser/--no-browser", default=True, show_default=True, help="Google: open a browser here.")
@click.pass_obj
def login(frame: Frame, inbox: str, port: int, browser: bool) -> None:
    """Sign in with Microsoft or Google for an inbox; the tokens are kept beside the store, for nobody else to read."""
    settings = _named(frame.settings(), inbox)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # where to go must be read before it is waited for
    who = sign_in(settings, say, port=port, browser=browser)
    say(f"signed in{f' as {who}' if who else ''}; a running Amends goes on with it by itself")
    _try(settings, who)


def _named(settings: Settings, name: str) -> InboxSettings:
    found = {one.name: one for one in settings.inboxes}
    if name not in found:
        fail(f"login: no inbox is called {name} - there is {', '.join(found)}", 2)
    return found[name]


def _try(settings: InboxSettings, who: str) -> None:
    """Whether the mailbox lets in who signed in."""
    with closing(open_inbox(settings)) as inbox:
        findings = {finding.check: finding for finding in inbox.check()}
    bad = next((finding for finding in findings.values() if not finding.ok), None)
    if "login" in findings and findings["login"].ok:
        say(f"the mailbox opens: {findings['login'].detail}")
    elif bad is not None:
        fail(f"but the mailbox does not open: {bad.check}: {bad.detail}", 1)
