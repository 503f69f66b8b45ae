"""The web page: the register and its cases, for reading. It is for this machine alone and changes nothing.

Only inboxes may call from anywhere, where they prove by their signature who they are; so does a helpdesk that shows
our page beside a ticket.

create_app
    the WSGI application, for any server.
open_app
    the same, over the store and with the doors that settings describe.
serve
    the same, in threads of this process.
open_doors
    through which inboxes can call; given to either.
open_sidebars
    the pages that stand inside a helpdesk; given to either.
app_for
    the app that shows them there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from flask import Flask

from plugin.config import Settings
from plugin.desk import Desk, open_desk
from plugin.register import Register, tone_of
from plugin.store import Store
from plugin.web.app import create_app
from plugin.web.serving import PortTaken, serve
from plugin.web.sidebar import app_for, open_sidebars
from plugin.web.webhooks import Doors, open_doors

__all__ = ["Doors", "PortTaken", "app_for", "create_app", "open_app", "open_doors", "open_sidebars", "serve"]


def open_app(settings: Settings) -> Flask:
    """The application for a server of one's own; raises StoreError.

    Who calls is entered into the store, where the running Amends finds it at its next look; workers are told at once.
    """
    store = Store(settings.store)
    register = Register(store, settings.calendars, {inbox.name: inbox for inbox in settings.inboxes},
                        tone_of(settings))  # fmt: skip
    sidebars = open_sidebars(register, cache(lambda: _desk(settings)), settings.inboxes)
    doors = open_doors(store, settings.inboxes, _rung(store, settings))
    return create_app(register, doors=doors, sidebars=sidebars, token=settings.web_token)


def _desk(settings: Settings) -> Desk:
    desk = open_desk(settings)
    if desk.store.dialect == "postgresql":
        from plugin.jobs.queue import share  # noqa: PLC0415 - one machine needs no queue

        share(desk.store, settings.store)
    return desk


def _rung(store: Store, settings: Settings) -> Callable[[str], None]:
    if store.dialect != "postgresql":
        return lambda inbox: None
    from plugin.jobs.clock import SETTLE  # noqa: PLC0415 - as above
    from plugin.jobs.queue import Calls  # noqa: PLC0415 - as above

    return partial(Calls(settings.store).poll_soon, after=SETTLE)
