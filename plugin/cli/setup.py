"""Beginning: init, check, doctor."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import click

from plugin.cli.frame import Frame, fail, say, show_json
from plugin.config import InboxSettings, MailboxSettings, Settings
from plugin.desk import book_of, judge_of, open_inbox
from plugin.inbox import Finding, InboxError
from plugin.judge import deep
from plugin.playbook import playbook_schema
from plugin.source import Problems
from plugin.store import Store, StoreError

PRESETS = ("gmail", "microsoft365", "fastmail", "zoho", "icloud", "own")


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--preset", type=click.Choice(PRESETS), default="own", help="The mail provider.")
@click.option("--zendesk", is_flag=True, help="Not yet: Zendesk comes with a later version.")
def init(folder: Path, preset: str, zendesk: bool) -> None:
    """Write a commented amends.yaml and a folder for your own playbooks; nothing is ever overwritten."""
    if zendesk:
        fail("init: --zendesk: not yet - this version attaches to IMAP mailboxes only", 2)
    if preset != "own":
        fail(f"init: --preset {preset}: not yet - use own, and fill in the host your provider names", 2)
    if (folder / "plugin" / "model.py").exists():
        fail(f"init: {folder.resolve()} is the source tree of Amends - choose a folder of your own", 2)
    for name, text in _files().items():
        _write(folder / name, text)
    say("Next: put the password into .env, fill in amends.yaml, then run: amends check && amends doctor && amends run")
    if deep.offer():
        say(deep.offer())


def _files() -> dict[str, str]:
    templates = files("plugin.cli") / "templates"
    return {
        "amends.yaml": (templates / "amends.yaml").read_text("utf-8"),
        ".env": (templates / "env").read_text("utf-8"),
        "my-playbooks/example.yaml": (templates / "example.yaml").read_text("utf-8"),
        "my-playbooks/playbook.schema.json": json.dumps(playbook_schema(), indent=2) + "\n",
    }


def _write(path: Path, text: str) -> None:
    if path.exists():
        say(f"kept   {path} (it was there already)")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600 if path.name == ".env" else 0o644)
    path.write_text(text, "utf-8")
    say(f"wrote  {path}")


@click.command()
@click.option("--tests", is_flag=True, help="Also run the playbooks' own tests (not yet).")
@click.pass_obj
def check(frame: Frame, tests: bool) -> None:
    """Read every file and say everything that is wrong with it; offline."""
    problems: list[str] = []
    settings = _settings(frame, problems)
    if settings is not None:
        _book(settings, problems)
    if tests:
        problems.append("check: --tests: not yet - playbooks cannot hold tests in this version")
    for line in problems:
        say(line)
    if problems:
        raise SystemExit(2)
    if settings is not None:
        _remarks(settings)


def _settings(frame: Frame, problems: list[str]) -> Settings | None:
    try:
        return frame.settings()
    except Problems as error:
        problems.extend(map(str, error.problems))
    try:
        return frame.settings(secrets=False)  # a missing secret must not hide what is wrong with the playbooks
    except Problems:
        return None


def _book(settings: Settings, problems: list[str]) -> None:
    for read in (book_of, judge_of):
        try:
            read(settings)
        except Problems as error:
            problems.extend(map(str, error.problems))


def _remarks(settings: Settings) -> None:
    for remark in settings.remarks:
        say(f"remark: {remark}")
    for inbox in settings.inboxes:
        if isinstance(inbox, MailboxSettings) and inbox.host == "mail.example.com":
            say(f"remark: {inbox.name}: host is still mail.example.com - fill in your provider's incoming mail server")
    say(f"the judge {deep.standing(settings.deep)}")
    book = book_of(settings)
    say(f"all is well: {len(settings.inboxes)} inbox(es), {len(book.playbooks)} playbooks, {len(book.texts)} letters")


@click.command()
@click.option("--make-folders", is_flag=True, help="Make the folders Amends/Complaint and so on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def doctor(frame: Frame, make_folders: bool, as_json: bool) -> None:
    """Look at every inbox online: one line per check."""
    settings = frame.settings()
    found = [("store", _store(settings)), ("judge", _judge(settings))]
    for inbox in settings.inboxes:
        found += [(inbox.name, finding) for finding in _inbox(inbox, make_folders)]
    if as_json:
        show_json({"findings": [_plain(name, finding) for name, finding in found]})
    else:
        for name, finding in found:
            say(f"{'ok  ' if finding.ok else 'FAIL'} {name}: {finding.check}: {finding.detail}")
    if not all(finding.ok for _, finding in found):
        raise SystemExit(1)


def _plain(name: str, finding: Finding) -> dict[str, object]:
    return {"inbox": name, "check": finding.check, "ok": finding.ok, "detail": finding.detail}


def _store(settings: Settings) -> Finding:
    try:
        Store(settings.store).close()
    except StoreError as error:
        return Finding("database", False, str(error))
    return Finding("database", True, f"{settings.store} can be opened")


def _judge(settings: Settings) -> Finding:
    """Whether the second opinion answers, where there is to be one."""
    second = deep.second(settings.deep)
    if second is not None and not second.works():
        return Finding(
            "second opinion", False, "the library cannot be used: write `judge: {deep: off}`, or install it anew"
        )
    return Finding("second opinion", True, f"the judge {deep.standing(settings.deep)}")


def _inbox(settings: InboxSettings, make_folders: bool) -> list[Finding]:
    inbox = open_inbox(settings)
    try:
        return list(inbox.check(make_folders))
    except InboxError as error:
        return [Finding("inbox", False, str(error))]
    finally:
        inbox.close()
