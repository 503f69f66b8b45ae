"""Running: run, and what the demo shares with it."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import click
from sqlalchemy import make_url

from plugin.cli.frame import Frame, fail, log_as, say
from plugin.config import Settings
from plugin.desk import Desk, now_utc, open_desk
from plugin.jobs import POLL, RUN, AlreadyRunning, Busy, Jobs, Leadership, SharedLeadership, run_once

log = logging.getLogger("amends.run")
_LOOK_AGAIN = 0.3  # seconds between two looks whether another command is over


@click.command()
@click.option("--once", is_flag=True, help="One full pass, then end: 0, or 1 if something must be tried again.")
@click.option("--every", default=POLL, show_default=True, type=click.FloatRange(0.2, 3600),
              help="Seconds between two looks into an inbox that has not called by itself.")  # fmt: skip
@click.option("--log", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              envvar="AMENDS_LOG", help="How the log is written: for people, or one JSON document a line.")  # fmt: skip
@click.pass_obj
def run(frame: Frame, once: bool, every: float, form: str) -> None:
    """Watch the inboxes, keep the clock, show the web page, until Ctrl-C."""
    settings = frame.settings()
    log_as(form)
    try:
        with leadership(settings) if once else turn(settings, alone=False):
            _lead(settings, once, every)
    except AlreadyRunning as error:
        say(str(error))


def _lead(settings: Settings, once: bool, every: float) -> None:
    desk = open_desk(settings)
    if once or desk.store.dialect == "sqlite":
        with desk.store.writing() as session:
            session.release()  # whoever held a task before us has ended, perhaps in the middle of it
    if once:
        _once(desk)
    else:
        work(desk, settings, every)


def _once(desk: Desk) -> None:
    try:
        faults = run_once(desk)
    finally:
        desk.close()
    if faults:
        fail("\n".join(dict.fromkeys(faults)), 1)


def work(desk: Desk, settings: Settings, every: float = POLL, *, beside: bool = True) -> None:
    """Everything in one process, until SIGINT or SIGTERM; without `beside` nothing stands inside a helpdesk."""
    stop = until_told()
    jobs = engine(desk, settings, every)
    with pages(desk, settings, jobs.rung, beside=beside) as address:
        jobs.start()
        say(f"Amends is at work: {', '.join(desk.inboxes)}. Register: {address} - end with Ctrl-C.")
        stop.wait()
        say("Ending after the step that is under way.")
        jobs.stop()


def until_told() -> threading.Event:
    """Set as soon as somebody ends this process by SIGINT or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    log_as("text")
    return stop


class Engine(Protocol):
    """What wakes the desk."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def rung(self, name: str) -> None: ...


def engine(desk: Desk, settings: Settings, every: float = POLL) -> Engine:
    """The engine that the store of this desk asks for."""
    from plugin.alerts import Alerts  # noqa: PLC0415 - a single pass tells its faults itself, …
    from plugin.desk.keeping import Chores  # noqa: PLC0415 - … keeps all it finds, …
    from plugin.desk.learning import learn_when_due  # noqa: PLC0415 - … has no time to learn …
    from plugin.desk.mending import Mending  # noqa: PLC0415 - … and ends before anything can be mended

    alert = Alerts(desk.store, tuple(desk.inboxes), settings.notify, now_utc).look
    learn = partial(learn_when_due, desk.judge, desk.store, settings.retrain)
    mended = Mending(desk, settings).look
    tidy = Chores(desk.store, settings.keep, now_utc).look
    if desk.store.dialect == "sqlite":
        return Jobs(desk, poll_every=every, learn=learn, alert=alert, mended=mended, tidy=tidy)
    from plugin.jobs.sharing import Worker  # noqa: PLC0415 - one machine needs no queue

    return Worker(desk, settings.store, poll_every=every, learn=learn, alert=alert, mended=mended, tidy=tidy)


@contextmanager
def pages(desk: Desk, settings: Settings, rung: Callable[[str], None], *, beside: bool = True) -> Iterator[str]:
    """Serve the pages, the doors and, with `beside`, what stands inside a helpdesk; gives the address."""
    from plugin.register import Register, tone_of  # noqa: PLC0415 - a single pass needs no register …
    from plugin.web import open_doors, open_sidebars, serve  # noqa: PLC0415 - … and no web server

    inboxes = {inbox.name: inbox for inbox in settings.inboxes}
    register = Register(desk.store, settings.calendars, inboxes, tone_of(settings))
    doors = open_doors(desk.store, settings.inboxes, rung)
    sidebars = open_sidebars(register, lambda: desk, settings.inboxes if beside else ())
    with closing(doors), serve(register, settings.listen, doors, sidebars, token=settings.web_token) as address:
        yield address


@contextmanager
def turn(settings: Settings, doing: str = RUN, *, alone: bool = True) -> Iterator[None]:
    """Lead the store as soon as no other command does, and say so where that takes a while; raises AlreadyRunning.

    A service that ended because somebody takes something back would lie there until somebody sees it.
    """
    with ExitStack() as held:
        waits_for = ""
        while True:
            try:
                held.enter_context(leadership(settings, doing, alone=alone))
                break
            except Busy as error:
                if waits_for != error.doing:
                    waits_for = error.doing
                    say(f"amends {waits_for} is at work on the store: amends {doing} waits until that is over.")
                time.sleep(_LOOK_AGAIN)
        yield


def leadership(settings: Settings, doing: str = RUN, *, alone: bool = True) -> Leadership | SharedLeadership:
    """The lock of a store, named without its password; entering it raises AlreadyRunning or Busy.

    In PostgreSQL those that are not `alone` share it; a file has one process at a time.
    """
    if settings.store.startswith("postgresql"):
        return SharedLeadership(settings.store, doing, alone=alone)
    return Leadership(make_url(settings.store).render_as_string(hide_password=True), _lock_path(settings), doing)


def _lock_path(settings: Settings) -> Path:
    """The file that says a run works on this store: beside a SQLite file, else beside amends.yaml."""
    database = make_url(settings.store).database
    if settings.store.startswith("sqlite") and database and database != ":memory:":
        return Path(f"{database}.lock")
    return settings.folder / "amends.lock"
