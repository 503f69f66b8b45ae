"""Mails that could not be read: quarantine, with show and retry."""

from __future__ import annotations

import click

from plugin.cli.acting import opened as desk_opened
from plugin.cli.cases import json_option, opened
from plugin.cli.frame import Frame, say, show_json
from plugin.desk.retrying import Retrying, Tried

_SHOWN = 4000  # bytes of a mail
_TIME = "%Y-%m-%d %H:%M"


@click.group(invoke_without_command=True)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.option("--after", default="", metavar="ID", help="Those that follow this one in the list.")
@json_option
@click.pass_context
def quarantine(ctx: click.Context, limit: int | None, after: str, as_json: bool) -> None:
    """Mails that could not be read: kept, listed, shown and retried."""
    if ctx.invoked_subcommand is not None:
        return
    with opened(ctx.obj) as register:
        found = register.quarantine(limit, after)
        if as_json:
            show_json({"quarantine": found})
            return
        for item in found:
            say(f"{item['id']}  {item['inbox']}: {item['folder']} uid {item['uid']}: {item['reason']}")
        say(
            "`amends quarantine retry ID` reads one again, and --all every one." if found else "the quarantine is empty"
        )


@quarantine.command()
@click.argument("quarantine_id", metavar="ID")
@click.pass_obj
def show(frame: Frame, quarantine_id: str) -> None:
    """One of them: where it lies, what is wrong, and how it begins."""
    with desk_opened(frame) as desk:
        row = Retrying(desk).row(quarantine_id)
    raw = bytes(row["raw"])
    came = f", received {row['received_at']:{_TIME}} UTC" if row["received_at"] else ""
    say(f"{row['id']}  {row['inbox']}: {row['folder']} uid {row['uid']}{came}, here since {row['at']:{_TIME}} UTC")
    say(f"reason: {row['reason']}")
    say(f"{len(raw):,} bytes are kept" + (", which begin:" if raw else ""))
    for line in raw[:_SHOWN].decode("utf-8", "replace").splitlines():
        # What a stranger wrote must not reach the terminal as anything but text.
        say("  | " + "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)[:400])


@quarantine.command()
@click.argument("quarantine_id", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="Every one of them.")
@click.pass_obj
def retry(frame: Frame, quarantine_id: str | None, everything: bool) -> None:
    """Read a mail again, from its inbox, or from what is kept of it; exit 1 if it still cannot be read."""
    if bool(quarantine_id) == everything:
        raise click.UsageError("name an ID, or say --all")
    with desk_opened(frame, online=True) as desk:
        retrying = Retrying(desk)
        tried = [retrying.retry(one) for one in (retrying.ids() if everything else [str(quarantine_id)])]
    for came in tried:
        say(_told(came))
    if not tried:
        say("the quarantine is empty")
    if any(not came.well for came in tried):
        raise SystemExit(1)


def _told(tried: Tried) -> str:
    if not tried.well:
        return f"{tried.id}: it stays in quarantine: {tried.reason}"
    return f"{tried.id}: read; {f'case {tried.case}' if tried.case else 'it is no complaint'}"
