"""Keeping: export, erase, and copies of the store."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from plugin.cli.acting import as_option
from plugin.cli.alone import alone
from plugin.cli.cases import opened as reading
from plugin.cli.frame import Frame, counted, desk_of, fail, say, whoami
from plugin.cli.undoing import take_back
from plugin.config import Settings, store_at
from plugin.desk.erasing import Erasing, Held
from plugin.desk.undoing import Undoing
from plugin.register.exporting import COLUMNS, row
from plugin.store import StoreInUse, file_of, look_through, shown
from plugin.store import backup as back_up
from plugin.store import move as move_store
from plugin.store import restore as put_back

# ---- export ---------------------------------------------------------------------------------------------------------


@click.command()
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), required=True,
              help="csv: a line for each case; jsonl: a document for each, with timeline and texts.")  # fmt: skip
@click.option("--to", "path", type=click.Path(path_type=Path, dir_okay=False), help="A new file; else standard output.")
@click.pass_obj
def export(frame: Frame, form: str, path: Path | None) -> None:
    """Every case, for another program, oldest first. No secret is in it: the store holds none."""
    with reading(frame) as register, _out(path) as out:
        if form == "csv":
            lines = csv.writer(out, lineterminator="\r\n")
            lines.writerow(COLUMNS)
            for case in register.everything():
                lines.writerow(row(case))
            return
        for case in register.everything():
            out.write(json.dumps(case, ensure_ascii=False) + "\n")


@contextmanager
def _out(path: Path | None) -> Iterator[TextIO]:
    """A new file for its owner alone, or standard output; text goes out as it is, whatever the machine's language."""
    if path is None:
        stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=True)
        try:
            yield stream
        finally:
            stream.detach()
        return
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        fail(f"export: {path}: {error.strerror} - name a new file", 2)
    with os.fdopen(file, "w", encoding="utf-8", newline="") as stream:
        yield stream


# ---- erase ----------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("who", metavar="ADDRESS|CASE")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@as_option
@click.pass_obj
def erase(frame: Frame, who: str, *, yes: bool, name: str | None) -> None:
    """Forget a person, or one case: words, addresses and names go, the dated skeleton of what happened stays.

    Shows first what there is, and asks. It cannot be taken back. Their mail in the mailbox and backups made before are
    not touched. Broken off, the same command goes on.
    """
    settings = frame.settings()
    with closing(desk_of(settings)) as desk:
        erasing = Erasing(desk)
        held = erasing.held(who)
        if held.nothing:
            desk.store.compact()  # perhaps this is the same command once more, broken off behind the deleting
            say(f"{who}: nothing on record names this address - see that it is spelled as in their mail.")
            return
        for line in _held(who, held):
            say(line)
        if not yes:
            click.confirm("Erase it? It cannot be taken back.", abort=True)
        undoing = Undoing(desk, lambda: datetime.now(UTC))
        with alone(settings, "erase") as leads:
            if held.cases:
                take_back(undoing, desk, held.cases, whoami(name), leads=leads, forget=True)
        gone = erasing.erase(held, whoami(name), datetime.now(UTC))
    say(f"Erased: {counted(gone.texts, 'text')} of {counted(gone.cases, 'case')}, "
        f"{counted(gone.mentions, 'mention')} elsewhere, {counted(gone.quarantined, 'mail')} in quarantine, "
        f"{counted(gone.words, 'word')} the judge had learned.")  # fmt: skip
    for line in _left(leads=leads):
        say(line)


def _held(who: str, held: Held) -> Iterator[str]:
    before = f", {held.erased:,} of them erased before" if held.erased else ""
    yield f"{who}: {counted(len(held.cases), 'case')}{before}, with all that was said in them. This goes:"
    kept, traces = held.kept, held.traces
    yield (f"  words      {counted(kept.letters, 'letter')} of theirs and of yours, {counted(kept.drafts, 'draft')} "
           f"and {counted(kept.reminders, 'reminder')} of ours, and notes people made")  # fmt: skip
    yield (f"  names      {counted(kept.addresses, 'address', 'addresses')}, with names, subjects and Message-IDs, out "
           f"of {counted(kept.events, 'line')} of their timelines")  # fmt: skip
    if held.addresses:
        yield (f"  elsewhere  this address in {counted(held.mentions, 'text')} and events of other cases, "
               f"{counted(held.quarantined, 'mail')} in quarantine")  # fmt: skip
    yield f"  judge      {counted(held.words, 'word')} it learned from nobody else"
    yield (f"  mailbox    {counted(traces.drafts, 'draft')} and {counted(len(traces.reminders), 'reminder')} of ours "
           "that nobody has touched")  # fmt: skip
    yield "  stays      when what happened, who of us did it, categories, dates kept and missed"


def _left(*, leads: bool) -> Iterator[str]:
    yield "What Amends does not hold is not erased by it, and still holds this person's words:"
    yield "  the mailbox or Zendesk itself: their mail, your answers, drafts you edited, notes in tickets, and lists of"
    yield "  things to do that name others as well"
    yield "  backups made before now, exports, files that `amends store restore` put aside (amends.db.replaced-…), and"
    yield "  files that an upgrade kept (amends.db.version-…)"
    if not leads:
        yield "  until amends run has taken them back, within seconds, our own untouched drafts"


# ---- copies ---------------------------------------------------------------------------------------------------------


@click.group()
def store() -> None:
    """The store: a copy of it while Amends is at work, and back again; and a move into another database."""


@store.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(frame: Frame, file: Path) -> None:
    """Copy the store into a new FILE, whole and looked through, while amends run goes on."""
    made = back_up(frame.settings(secrets=False).store, file)
    told = f"{counted(made.cases, 'case')}, {made.size / 1e6:,.1f} MB, version {made.version}"
    say(f"{file}: {told}, whole, and readable by you alone (0600).")
    say("It holds what customers wrote. amends.yaml, .env and your playbooks are not in it: copy them as well.")


@store.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.pass_obj
def restore(frame: Frame, file: Path, *, yes: bool) -> None:
    """Put a backup in the place of the store, which is kept beside it. Refused while amends run is at work."""
    settings = frame.settings(secrets=False)
    target = file_of(settings.store)
    if not yes:
        with _while_alone(settings, target):
            held = look_through(file)  # or the question would be asked in vain
        say(f"{file}: {counted(held.cases, 'case')}, {held.size / 1e6:,.1f} MB, version {held.version}")
        click.confirm(f"Put it in the place of the store {target}, which is kept?", abort=True)
    with _while_alone(settings, target):
        restored, kept = put_back(file, settings.store, datetime.now(UTC))
    say(f"Restored: {counted(restored.cases, 'case')}, version {restored.version}.")
    if kept is not None:
        say(f"The store that was there is {kept}: remove it once nothing in it is needed.")
    say("What came into the inboxes since the backup is read again by amends run; nothing is written twice there.")
    say("What was erased or undone since the backup is in the store again: erase it, or undo it, once more.")


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.pass_obj
def move(frame: Frame, source: str, target: str) -> None:
    """Copy the store at the address FROM into the empty database at TO, and compare both, row by row.

    Addresses as in amends.yaml: sqlite:///amends.db or 'postgresql+psycopg://user:${NAME}@host/database', where ${NAME}
    stands in the environment or in .env. Refused while amends run is at work. FROM stays as it is.
    """
    settings = frame.settings(secrets=False)
    old, new = (replace(settings, store=_address(one, settings.folder)) for one in (source, target))
    with _while_alone(old, shown(old.store), "store move"), _while_alone(new, shown(new.store), "store move"):
        moved = move_store(old.store, new.store, lambda table, rows: say(f"{counted(rows, 'row'):>16}  {table}"))
    say(f"Moved: {counted(moved.cases, 'case')}, {counted(moved.rows, 'row')} in {counted(moved.tables, 'table')}; "
        "each was read back and is the same.")  # fmt: skip
    say(f"Name it in amends.yaml under `store:` ({shown(new.store)}, with its password as ${{NAME}}), and start again.")
    say("The old store is as it was, with all that customers wrote: remove it once nothing in it is needed.")


def _address(text: str, folder: Path) -> str:
    try:
        return store_at(text, folder)
    except ValueError as error:
        fail(f"store move: {error}", 2)


@contextmanager
def _while_alone(settings: Settings, target: Path | str, doing: str = "store restore") -> Iterator[None]:
    """No `amends run` works on the store, and none can begin; raises StoreInUse where one does."""
    with alone(settings, doing) as leads:
        if not leads:
            raise StoreInUse(target)
        yield
