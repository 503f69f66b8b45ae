"""Looking at what is outside: doctor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from plugin.cli.frame import Frame, say, show_json
from plugin.cli.thunderbird import write_preferences
from plugin.config import InboxSettings, Settings
from plugin.desk import now_utc, open_inbox
from plugin.desk.ledger import stay_quiet
from plugin.inbox import Finding, InboxError, InboxUnavailable
from plugin.inforce import book_of
from plugin.judge import deep
from plugin.store import Store, StoreError


@click.command()
@click.option("--make-folders", is_flag=True, help="Make the folders Amends/Complaint and so on.")
@click.option("--thunderbird", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the tags for Thunderbird into this file, and look at nothing.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def doctor(frame: Frame, *, make_folders: bool, thunderbird: Path | None, as_json: bool) -> None:
    """Look at every inbox online: one line per check. Nothing in it is changed, but for what --make-folders makes."""
    if thunderbird is not None:
        _for_thunderbird(thunderbird, frame.settings(secrets=False))
        return
    settings = frame.settings()
    found = [("store", _store(settings)), ("judge", _judge(settings))]
    silent = _silent(settings)
    for inbox in settings.inboxes:
        findings = silent.get(inbox.name) or _inbox(inbox, make_folders)
        found += [(inbox.name, finding) for finding in findings]
    if as_json:
        show_json({"findings": [_plain(name, finding) for name, finding in found]})
    else:
        for name, finding in found:
            say(f"{'ok  ' if finding.ok else 'FAIL'} {name}: {finding.check}: {finding.detail}")
    if not all(finding.ok for _, finding in found):
        raise SystemExit(1)


def _for_thunderbird(path: Path, settings: Settings) -> None:
    write_preferences(path, book_of(settings))
    say(f"wrote  {path}: copy its lines into user.js in the folder of your Thunderbird profile (Help, Troubleshooting "
        "Information, Profile Folder), and start Thunderbird anew")  # fmt: skip


def _plain(name: str, finding: Finding) -> dict[str, object]:
    return {"inbox": name, "check": finding.check, "ok": finding.ok, "detail": finding.detail}


def _store(settings: Settings) -> Finding:
    try:
        with closing(Store(settings.store)) as store:
            return Finding("database", True, f"{store.url} can be opened{store.about()}")
    except StoreError as error:
        return Finding("database", False, str(error))


def _silent(settings: Settings) -> dict[str, list[Finding]]:
    """The inboxes that asked to be left alone, which the doctor does too."""
    found: dict[str, list[Finding]] = {}
    try:
        with closing(Store(settings.store)) as store, store.reading() as session:
            for inbox in settings.inboxes:
                try:
                    stay_quiet(session.inbox(inbox.name), now_utc())
                except InboxUnavailable as error:
                    found[inbox.name] = [Finding("connection", False, error.problem)]
    except StoreError:
        return {}  # told already, and no reason not to look at the inboxes
    return found


def _judge(settings: Settings) -> Finding:
    """Whether the second opinion answers, where there is to be one."""
    second = deep.second(settings.deep)
    if second is not None and not second.works():
        return Finding(
            "second opinion", False, "the library cannot be used: write `judge: {deep: off}`, or install it anew"
        )
    return Finding("second opinion", True, f"the judge {deep.standing(settings.deep)}")


_MODES = {
    "watch": "nothing is written into this inbox, as `mode: watch` asks; the register has everything",
    "tag": "tags and reminders are written and no drafts, as `mode: tag` asks",
}


def _mode(settings: InboxSettings) -> Iterator[Finding]:
    if told := _MODES.get(settings.mode):
        yield Finding("mode", True, told)


def _inbox(settings: InboxSettings, make_folders: bool) -> list[Finding]:
    inbox = open_inbox(settings)
    try:
        return [*_mode(settings), *inbox.check(make_folders)]
    except InboxError as error:
        return [Finding("inbox", False, str(error))]
    finally:
        inbox.close()
