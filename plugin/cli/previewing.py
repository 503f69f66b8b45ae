"""Previewing: what would have happened to past mail."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from plugin.cli.cases import Length
from plugin.cli.frame import Frame, fail, say
from plugin.config import InboxSettings, Settings
from plugin.desk import open_inbox
from plugin.desk.learning import taught_at
from plugin.inbox import Page
from plugin.preview import MOST, Preview, history, lines
from plugin.source import Problem, Problems
from plugin.trial import reader_of, settings_for

_MONTH = timedelta(days=30)


@click.command()
@click.option("--inbox", "name", metavar="NAME", help="The inbox to look at; needed where there are several.")
@click.option(
    "--mbox", type=click.Path(path_type=Path), help="Not an inbox but an mbox, a Maildir or a folder of mails."
)
@click.option("--since", type=Length(), help="How far to look back, such as 30d (an inbox: 30d, files: all).")
@click.option("--compare", type=click.Path(path_type=Path), metavar="FOLDER",
              help="List the cases that this folder of playbooks would treat otherwise.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def preview(
    frame: Frame, *, name: str | None, mbox: Path | None, since: timedelta | None, compare: Path | None, as_json: bool
) -> None:
    """What the playbooks would have done with past mail. Writes nothing, and only reads the inbox."""
    settings = settings_for(frame.config) if mbox else frame.settings()
    inbox = _chosen(settings, name)
    if compare is not None and not compare.is_dir():
        raise Problems([Problem(str(compare), 1, 1, "there is no such folder: name a folder of playbooks")])
    now = datetime.now(UTC)
    progress = Progress()
    folder = compare and compare.absolute()
    taught = taught_at(settings)
    with closing(Preview(settings, inbox, now, compare=folder, told=progress.show, taught=taught)) as past:
        try:
            past.read(_files(settings, inbox, mbox, since, now) if mbox else _inbox(inbox, now - (since or _MONTH)))
            past.run()
        finally:
            progress.over()
        _print(past, as_json, compared=compare is not None)


def _chosen(settings: Settings, name: str | None) -> InboxSettings:
    names = [inbox.name for inbox in settings.inboxes]
    if name is None and len(names) > 1:
        fail(f"there are several inboxes: name one with --inbox ({', '.join(names)})", 2)
    found = next((inbox for inbox in settings.inboxes if name in (None, inbox.name)), None)
    if found is None:
        fail(f"inbox {name}: there is none of this name - there is {', '.join(names)}", 2)
    return found


def _inbox(settings: InboxSettings, since: datetime) -> Iterator[Page]:
    with closing(open_inbox(settings)) as inbox:
        yield from inbox.history(since, MOST)


def _files(
    settings: Settings, inbox: InboxSettings, path: Path, since: timedelta | None, now: datetime
) -> Iterator[Page]:
    if settings.path is None:
        click.echo("there is no amends.yaml here: nobody counts as one of us, so no reply is known as one", err=True)
    return history(path, reader_of(replace(settings, inboxes=(inbox,))), now - since if since is not None else None)


# ---- telling --------------------------------------------------------------------------------------------------------


def _print(past: Preview, as_json: bool, *, compared: bool) -> None:
    if as_json:
        _print_json(past, compared)
        return
    differences = past.differences() if compared else None
    for line in lines(past.summary(), past.cases(), differences, past.register.shown):
        say(line)


def _print_json(past: Preview, compared: bool) -> None:
    """One document, written case by case: a month may hold more of them than memory does."""
    say(json.dumps(past.summary(), ensure_ascii=False)[:-1] + ",")
    if compared:
        _print_list("differences", past.differences(), ",")
    _print_list("cases", past.cases(), "}")


def _print_list(name: str, items: Iterator[dict[str, object]], end: str) -> None:
    say(f'"{name}": [')
    before = ""
    for item in items:
        click.echo(before + json.dumps(item, ensure_ascii=False), nl=False)
        before = ",\n"
    say(f"]{end}")


class Progress:
    """One line on a terminal that says how far it is; elsewhere nothing."""

    def __init__(self) -> None:
        self._shown, self._last = sys.stderr.isatty(), 0.0

    def show(self, what: str, done: int, total: int) -> None:
        """So many are done, of `total` if that is known; ten times a second at most."""
        now = time.monotonic()
        if not self._shown or (now - self._last < 0.1 and done != total):
            return
        self._last = now
        far = f"[{'#' * (30 * done // total):<30}] {done} of {total} mails" if total else f"{done} mails"
        click.echo(f"\r\x1b[K{what} {far}", nl=False, err=True)

    def over(self) -> None:
        """Leave the line empty."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
