"""Many machines on one store: worker, web."""

from __future__ import annotations

from contextlib import closing

import click

from plugin.cli.frame import Frame, desk_of, fail, log_as, say
from plugin.cli.running import engine, pages, turn, until_told
from plugin.config import Settings
from plugin.desk import open_desk
from plugin.jobs import POLL, WORKER

_every = click.option("--every", default=POLL, show_default=True, type=click.FloatRange(0.2, 3600),
                      help="Seconds between two looks into an inbox that has not called by itself.")  # fmt: skip
_log = click.option(
    "--log", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, envvar="AMENDS_LOG",
    help="How the log is written: for people, or one JSON document a line.",
)  # fmt: skip


@click.command()
@_every
@_log
@click.pass_obj
def worker(frame: Frame, every: float, form: str) -> None:
    """Do the work of some of the inboxes, beside other workers, until Ctrl-C; without pages. Needs PostgreSQL."""
    settings = _shared(frame.settings(), "worker")
    log_as(form)
    with turn(settings, WORKER, alone=False):
        stop = until_told()
        jobs = engine(open_desk(settings), settings, every)
        jobs.start()
        say("A worker of Amends is at work: the log tells which inboxes it holds - end with Ctrl-C.")
        stop.wait()
        say("Ending after the step that is under way.")
        jobs.stop()


@click.command()
@_log
@click.pass_obj
def web(frame: Frame, form: str) -> None:
    """Show the pages and let inboxes call, until Ctrl-C; the work is done by workers. Needs PostgreSQL."""
    from plugin.jobs.clock import SETTLE  # noqa: PLC0415 - a worker needs no calls of its own …
    from plugin.jobs.queue import Calls  # noqa: PLC0415 - … and no queue is loaded in vain

    settings = _shared(frame.settings(), "web")
    log_as(form)
    stop = until_told()
    with (
        closing(desk_of(settings)) as desk,
        closing(Calls(settings.store)) as calls,
        pages(desk, settings, lambda name: calls.poll_soon(name, SETTLE)) as address,
    ):
        say(f"The pages of Amends: {address} - end with Ctrl-C.")
        stop.wait()


def _shared(settings: Settings, command: str) -> Settings:
    if not settings.store.startswith("postgresql"):
        fail(f"amends {command}: a store in a file is for one process, so `amends run` does all - for more of them set "
             f"`store: postgresql://…`, see docs/growth.md", 2)  # fmt: skip
    return settings
