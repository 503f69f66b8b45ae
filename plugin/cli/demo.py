"""The demo: everything on loopback, no account, no question."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from plugin.cli.frame import say
from plugin.cli.running import leadership, work
from plugin.config import InboxSettings, load
from plugin.demo import US, Demo, LateInbox, prepare
from plugin.demo.mailbox import PipMailbox
from plugin.desk import open_desk, open_inbox
from plugin.hours import Hours, HoursError
from plugin.inbox import Inbox
from plugin.judge import deep

FIRST_PORT = 8025


@click.command()
@click.option("--seconds", default=120.0, show_default=True, help="How long the letters take to arrive.")
def demo(seconds: float) -> None:
    """A mailbox that fills with letters, and Amends at work on it. Ctrl-C ends all of it."""
    with tempfile.TemporaryDirectory(prefix="amends-demo-") as name:
        ready = prepare(Path(name), web=free_port(FIRST_PORT), zone=_zone())
        try:
            settings = load(ready.config)
            _introduce(ready)
            with leadership(settings):
                desk = open_desk(settings, opening=partial(_opening, ready))
                desk.poll("support")  # attach first: what arrives from now on is new mail
                with _playing(ready, seconds):
                    work(desk, settings, beside=False)
        finally:
            ready.helpdesk.close()
            ready.mailbox.stop()
    say("The demo is over, and nothing of it is left.")


def _opening(ready: Demo, settings: InboxSettings) -> Inbox:
    """The mailbox is opened at once, the helpdesk when it is first looked into."""
    if settings.kind != "zendesk":
        return open_inbox(settings)

    def late() -> Inbox:
        ready.helpdesk.start()
        return open_inbox(settings)

    return LateInbox(settings.name, late)


@contextmanager
def _playing(ready: Demo, seconds: float) -> Iterator[None]:
    """Letters and tickets arrive while the block runs."""
    stop = threading.Event()
    plays = [threading.Thread(target=play, args=(stop,), kwargs={"seconds": seconds, "told": say}, daemon=True)
             for play in (ready.play, ready.helpdesk.play)]  # fmt: skip
    for play in plays:
        play.start()
    try:
        yield
    finally:
        stop.set()
        for play in plays:
            play.join(timeout=5)


def _introduce(ready: Demo) -> None:
    mailbox = ready.mailbox
    say(f"Amends demo: Lighthouse Lamps, a small shop, in {ready.folder}")
    say(f"Look with a mail program: IMAP {mailbox.host} port {mailbox.port}, no encryption,")
    say(f"  user {US}, password {ready.password}")
    if isinstance(mailbox, PipMailbox):
        say(f"Note: Dovecot was not found, so {mailbox.lacks}.")
    if deep.offer():
        say(deep.offer())


def _zone() -> str:
    try:
        return Hours.default().zone.key
    except HoursError:
        return "UTC"


def free_port(first: int) -> int:
    """`first`, or the next port nobody listens on."""
    for port in range(first, first + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return 0
