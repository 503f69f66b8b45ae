"""Beginning: init, check."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import click

from plugin.cli.frame import Frame, fail, say
from plugin.cli.presets import OWN, PRESETS, filled, hidden, what_next
from plugin.config import HelpdeskSettings, InboxSettings, MailboxSettings, OAuth, Settings, settings_schema
from plugin.coverage import Remark, remarks
from plugin.inforce import book_of, judge_of
from plugin.judge import deep
from plugin.letters import read_tone
from plugin.playbook import Book, playbook_schema
from plugin.sentence import sentence
from plugin.signin import where_an_id_comes_from
from plugin.source import Problem, Problems


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--preset", type=click.Choice(list(PRESETS)), default=OWN, show_default=True, help="The mail provider.")
@click.option("--zendesk", is_flag=True, help="For a Zendesk account; also prints what to create there.")
def init(folder: Path, preset: str, zendesk: bool) -> None:
    """Write a commented amends.yaml and a folder for your own playbooks; nothing is ever overwritten."""
    if (folder / "plugin" / "model.py").exists():
        fail(f"init: {folder.resolve()} is the source tree of Amends - choose a folder of your own", 2)
    texts = _files("zendesk/" if zendesk else "")
    there = (folder / "amends.yaml").exists()
    if not zendesk and not there:
        texts["amends.yaml"] = _asked(texts["amends.yaml"], preset)
        texts[".env"] = hidden(texts[".env"], PRESETS[preset])
    for name, text in texts.items():
        _write(folder / name, text)
    if there:
        say("The amends.yaml that was there stays as it is: for another provider begin in a folder of its own.")
    say(_next_at_zendesk() if zendesk else what_next(PRESETS[preset]))
    if deep.offer():
        say(deep.offer())


def _asked(template: str, preset: str) -> str:
    """The settings for this provider, with what a person at the keyboard says; nobody else is asked."""
    if not sys.stdin.isatty():
        return filled(template, PRESETS[preset])
    say("Return leaves an example in its place.")
    address = click.prompt("The mailbox's address", default="support@example.com", value_proc=_address)
    name = click.prompt("The name your customers know you by", default="Example Support")
    host = click.prompt("Its incoming mail server", default=PRESETS[preset].host) if preset == OWN else ""
    return filled(template, PRESETS[preset], host, address, name)


def _address(value: str) -> str:
    if not re.fullmatch(r"[^\s@<>\"']+@[A-Za-z0-9.-]+", value):
        raise click.UsageError("an address looks like support@example.com")
    return value


def _files(kind: str) -> dict[str, str]:
    return {
        "amends.yaml": _template(f"{kind}amends.yaml"),
        "amends.schema.json": json.dumps(settings_schema(), indent=2) + "\n",
        ".env": _template(f"{kind}env"),
        "my-playbooks/example.yaml": _template("example.yaml"),
        "my-playbooks/playbook.schema.json": json.dumps(playbook_schema(), indent=2) + "\n",
    }


def _next_at_zendesk() -> str:
    """What to create there; nothing of it is secret."""
    text = _template("zendesk/next.txt")
    for name in ("webhook", "trigger", "view"):
        text = text.replace(f"{{{name}}}", _template(f"zendesk/{name}.json").rstrip())
    return text.rstrip()


def _template(name: str) -> str:
    return (files("plugin.cli") / "templates" / name).read_text("utf-8")


def _write(path: Path, text: str) -> None:
    if path.exists():
        say(f"kept   {path} (it was there already)")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600 if path.name == ".env" else 0o644)
    path.write_text(text, "utf-8")
    say(f"wrote  {path}")


@click.command()
@click.option("--tests", is_flag=True, help="Also run the playbooks' own tests.")
@click.option("--verbose", "-v", is_flag=True, help="Also say in one sentence what each playbook does.")
@click.pass_obj
def check(frame: Frame, tests: bool, verbose: bool) -> None:
    """Read every file and say everything that is wrong with it; offline."""
    problems: list[str] = []
    settings = _settings(frame, problems)
    book = None if settings is None else _book(settings, problems)
    if tests and settings is not None and book is not None:
        problems.extend(_tested(settings))
    for line in problems:
        say(line)
    if problems:
        raise SystemExit(2)
    if settings is not None and book is not None:
        if verbose:
            _sentences(book)
        _remarks(settings, book)


def _sentences(book: Book) -> None:
    for playbook in book.playbooks:
        say(f"{playbook.name}: {sentence(playbook)}")


def _settings(frame: Frame, problems: list[str]) -> Settings | None:
    try:
        return frame.settings()
    except Problems as error:
        problems.extend(map(str, error.problems))
    try:
        return frame.settings(secrets=False)  # a missing secret must not hide what is wrong with the playbooks
    except Problems:
        return None


def _book(settings: Settings, problems: list[str]) -> Book | None:
    """The playbooks, where they, the judge's signs and the lists of tone are sound; all faults go to `problems`."""
    found: list[str] = []
    book = None
    try:
        book = book_of(settings)
    except Problems as error:
        found.extend(map(str, error.problems))
    try:
        judge_of(settings)
    except Problems as error:
        found.extend(map(str, error.problems))
    if settings.playbooks is not None:
        own: list[Problem] = []
        read_tone(settings.playbooks, own)
        found.extend(map(str, own))
    problems.extend(found)
    return None if found else book


def _tested(settings: Settings) -> list[str]:
    """What failed of the playbooks' own tests; that all hold is said here."""
    from plugin.owntests import run_own_tests  # noqa: PLC0415 - it brings the whole engine along

    tested = run_own_tests(settings)
    if not tested.failures:
        say(f"{tested.tests} test(s) of {tested.playbooks} playbook(s) hold")
    return [str(failure) for failure in tested.failures]


def _remarks(settings: Settings, book: Book) -> None:
    for remark in settings.remarks:
        say(f"remark: {remark}")
    for inbox in settings.inboxes:
        for remark in _about(inbox, settings):
            say(f"remark: {inbox.name}: {remark}")
    _coverage(remarks(book, _own_folder(settings)))
    say(f"the judge {deep.standing(settings.deep)}")
    say(f"all is well: {len(settings.inboxes)} inbox(es), {len(book.playbooks)} playbooks, {len(book.texts)} letters")


_REMARKS_SHOWN = 5


def _own_folder(settings: Settings) -> str:
    """Where what is missing belongs: the site's playbooks, or amends.yaml where it has none."""
    return str(settings.playbooks or settings.path or "amends.yaml")


def _coverage(found: Sequence[Remark]) -> None:
    """What the playbooks leave out, a handful of it."""
    for remark in found[:_REMARKS_SHOWN]:
        say(f"remark: {remark}")
    if len(found) > _REMARKS_SHOWN:
        say(f"remark: and {len(found) - _REMARKS_SHOWN} more about the playbooks, shown when these are seen to")


def _about(inbox: InboxSettings, settings: Settings) -> Iterator[str]:
    """What is no problem, and worth knowing before one wonders."""
    if isinstance(inbox, MailboxSettings) and inbox.host == "mail.example.com":
        yield "host is still mail.example.com - fill in your provider's incoming mail server"
    if isinstance(inbox, MailboxSettings) and isinstance(inbox.sign_in, OAuth):
        yield from _about_sign_in(inbox.name, inbox.sign_in)
    if isinstance(inbox, HelpdeskSettings):
        yield from _about_helpdesk(inbox, settings)


def _about_sign_in(name: str, way: OAuth) -> Iterator[str]:
    by_itself = way.provider == "microsoft" and way.client_secret
    if way.unfilled:
        yield f"client_id is still an example - {where_an_id_comes_from(way.provider)}"
    elif not by_itself and not way.kept.exists():
        yield f"nobody has signed in yet - run: amends login {name}"


def _about_helpdesk(inbox: HelpdeskSettings, settings: Settings) -> Iterator[str]:
    here = inbox.url.startswith("http:")  # a stand-in on this machine reaches us without more
    if inbox.subdomain == "example" and not here:
        yield "subdomain is still example - fill in yours: of https://lamps.zendesk.com it is lamps"
    if not inbox.webhook_secret:
        yield "no webhook_secret, so Zendesk is asked every minute what changed; with a webhook it tells at once"
    needs = [name for name in ("webhook_secret", "sidebar_app") if getattr(inbox, name)]
    if needs and not settings.url and not here:
        host, port = settings.listen
        yield (
            f"{' and '.join(needs)} set, but not where Zendesk reaches us - write `web: {{url: https://…}}`, and have "
            f"/webhooks/ and /sidebar/ of that address passed on to {host}:{port}"
        )
