"""One outage and its many complaints: incident open, close, list, example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from plugin.cli.acting import as_option, opened
from plugin.cli.cases import json_option
from plugin.cli.cases import opened as register_of
from plugin.cli.frame import Frame, counted, fail, say, show_json, whoami
from plugin.desk import Desk, now_utc
from plugin.desk.spreading import Foreseen, Incidents
from plugin.incident import Incident, Words, read_incident
from plugin.register import Register

_FACTS = ("what", "fix", "gesture")
_BY_PERSON = {"edited": "edited", "sent": "sent", "gone": "deleted"}


@click.group()
def incident() -> None:
    """One outage: its facts, the complaints it causes, and their letters."""


@incident.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def example(file: Path | None) -> None:
    """A facts file to fill in, with the time of now in it; written to FILE, else shown."""
    text = (files("plugin.cli") / "templates" / "incident.yaml").read_text("utf-8")
    now = datetime.now(UTC).astimezone()
    text = text.replace("{now}", f"{now:%Y-%m-%d %H:%M}").replace("{name}", f"{now:outage-%m-%d}")
    if file is None:
        click.echo(text, nl=False)
        return
    if file.exists():
        fail(f"incident: {file} is there already, and nothing is ever overwritten - choose another name", 2)
    file.write_text(text, "utf-8")
    say(f"wrote  {file}")
    say(f"Fill it in, then: amends incident open {file}")


@incident.command(name="open")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do it without asking.")
@as_option
@click.pass_obj
def open_(frame: Frame, file: Path, yes: bool, name: str | None) -> None:
    """Open the incident in FILE, or correct the one of the same name: shows what follows, asks, then does it."""
    with opened(frame) as desk:
        now = now_utc()
        incidents = Incidents(desk.store, desk.policies, now)
        found = read_incident(file, _calendars(desk), (text.name for text in desk.policies.book.texts), now)
        standing = incidents.standing(found.name)
        if standing is not None and standing.text == found.source and standing.closed_at is None:
            say(f"incident {found.name}: nothing to do, these are the facts it has.")
            return
        for line in told(
            desk, incidents.foresee(found), closed=standing is not None and standing.closed_at is not None
        ):
            say(line)
        if not yes:
            click.confirm("Do it?", abort=True)
        incidents.open(found, whoami(name))
    say(f"incident {found.name}: {'corrected' if standing else 'open'}. The drafts are written by amends run, within "
        "seconds.")  # fmt: skip


def _calendars(desk: Desk) -> dict[str, Any]:
    return {name: desk.policies.calendars[inbox.hours] for name, inbox in desk.policies.inboxes.items()}


def told(desk: Desk, found: Foreseen, *, closed: bool = False) -> Iterator[str]:
    """What opening it would do, line by line: its facts or what changes in them, then the cases and drafts."""
    incident, before = found.incident, found.before
    hours = next(iter(_calendars(desk).values()))
    how = "is opened" if before is None else "is opened again" if closed else "is corrected"
    yield f"incident {incident.name} {how}:"
    facts = _facts(incident, hours.shown)
    was = _facts(before, hours.shown) if before else {}
    for name, text in facts.items():
        if before is None:
            yield f"  {name:9} {text or '-'}"
        elif was[name] != text:
            yield f"  {name:9} {was[name] or '-'}  ->  {text or '-'}"
    yield f"  {'cases':9} {_cases(found)}"
    yield f"  {'drafts':9} {_drafts(found)}"
    if found.apart:
        some = ", ".join(f"{number:,} {category}" for category, number in found.apart.most_common(4))
        yield f"  {'apart':9} other open complaints since then: {some}; if they are about it too, widen `if:`"


def _facts(incident: Incident, shown: Any) -> dict[str, str]:
    """Each fact in a line; times with an offset are told in the zone of the first inbox, others as they stand."""
    moments = {"from": incident.since, "until": incident.until}
    times = {
        name: "" if at is None else shown(at) if at.tzinfo else f"{at:%a %d %b %Y %H:%M}"
        for name, at in moments.items()
    }
    words: Mapping[str, Words] = {name: getattr(incident, name) for name in _FACTS}
    said = {name: "; ".join(f"{key}: {text}" if key else text for key, text in some.items())
            for name, some in words.items()}  # fmt: skip
    return {
        "what": said["what"],
        **times,
        "if": ", ".join(map(str, incident.condition.conditions)),
        "inboxes": ", ".join(incident.inboxes) or "all",
        "fix": said["fix"],
        "gesture": said["gesture"],
        "text": incident.letter,
    }


def _cases(found: Foreseen) -> str:
    parts = [f"{counted(len(found.linked), 'open case')} will be linked to it"]
    parts += [f"{len(found.corrected):,} {'is' if len(found.corrected) == 1 else 'are'} already"] * bool(
        found.corrected
    )
    parts += [f"{len(found.unlinked):,} no longer belong{'s' if len(found.unlinked) == 1 else ''}"] * bool(
        found.unlinked
    )
    return ", ".join(parts)


def _drafts(found: Foreseen) -> str:
    kept = [f"{number:,} {_BY_PERSON[fate]}" for fate, number in sorted(found.kept.items())]
    stays = f"; left as a person left them: {', '.join(kept)}" if kept else ""
    return f"to be written anew, since nobody has touched them: {found.rewritten:,}{stays}"


@incident.command()
@click.argument("known_as", metavar="ID")
@as_option
@click.pass_obj
def close(frame: Frame, known_as: str, name: str | None) -> None:
    """No more complaints are linked to it; those that are, stay so. To say that it is over, write `until:` instead."""
    with opened(frame) as desk:
        Incidents(desk.store, desk.policies, now_utc()).close(known_as, whoami(name))
    say(f"incident {known_as}: closed. Complaints that come from now on are not linked to it.")


@incident.command(name="list")
@json_option
@click.pass_obj
def list_(frame: Frame, as_json: bool) -> None:
    """The incidents, the one opened last first: their cases, and what became of their drafts."""
    with register_of(frame) as register:
        found = register.incidents()
        if as_json:
            show_json({"incidents": found})
            return
        for one in found:
            for line in _listed(register, one):
                say(line)
        if not found:
            say("no incident - `amends incident example` shows how one is written")


def _listed(register: Register, one: dict[str, Any]) -> Iterator[str]:
    inbox = next(iter(one["inboxes"]), "")
    state = f"closed {_shown(register, one['closed_at'], inbox)}" if one["closed_at"] else "open"
    yield f"{one['name']}  {state}  {one['what']}"
    until = f" until {_shown(register, one['until'], inbox)}" if one["until"] else ""
    since = _shown(register, one["from"], inbox) if one["from"] else "a time that cannot be read any more"
    yield f"  from {since}{until}; told {counted(one['version'], 'time')}"
    drafts = ", ".join(f"{number:,} {fate}" for fate, number in one["drafts"].items() if number) or "none"
    yield f"  {counted(one['cases'], 'case')}, {one['open']:,} open; drafts: {drafts}"


def _shown(register: Register, moment: str, inbox: str) -> str:
    return register.shown(datetime.fromisoformat(moment), inbox)
