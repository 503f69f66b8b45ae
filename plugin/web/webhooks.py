"""POST /webhooks/<inbox>: word from outside that something changed, stored before it is answered.

202 stored; 200 known already; 401 not the inbox's own, or old; 404 no such inbox, or one that cannot be called; 413 too
large; 503 not stored, so have it sent again. Nothing of a call is shown or logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from importlib import import_module
from typing import cast

from flask import Flask, request
from flask.wrappers import Response
from werkzeug.exceptions import RequestEntityTooLarge

from plugin.config import HelpdeskSettings, InboxSettings
from plugin.inbox import DOORS, Call, CallRefused, Notice
from plugin.store import Doorbook, Entry, NotEntered, Store

log = logging.getLogger("amends.web")

LARGEST = 1 << 20
"""Bytes a call may have."""

_ENDPOINT = "webhook"
_AGAIN = 2  # seconds until a call that could not be stored may come again
_TELL = timedelta(minutes=1)  # between two lines of the log about refused calls of one inbox
_Accept = Callable[[Call, InboxSettings, datetime], Notice]


class Doors:
    """The inboxes that can be called, and the book their calls are entered in. Safe to use from several threads."""

    def __init__(self, book: Doorbook, inboxes: Iterable[InboxSettings] = ()) -> None:
        """Of these inboxes those can be called whose kind can call and whose secret is known here."""
        self._book = book
        self._open = {inbox.name: (_acceptance(inbox.kind), inbox) for inbox in inboxes if _can_be_called(inbox)}
        self._told: dict[str, datetime] = {}

    def __contains__(self, inbox: object) -> bool:
        return inbox in self._open

    def enter(self, inbox: str, call: Call, now: datetime) -> bool:
        """Understand a call and store it: true if it is new. Raises CallRefused; NotEntered if it is not stored."""
        accept, settings = self._open[inbox]
        try:
            notice = accept(call, settings, now)
        except CallRefused as error:
            self._tell(inbox, error, now)
            raise
        raw = call.body if notice.unknown else b""
        return self._book.enter(
            Entry(inbox=inbox, id=notice.id, at=now, topic=notice.topic, group=notice.group, unknown=notice.unknown,
                  raw=raw)
        )  # fmt: skip

    def close(self) -> None:
        """Store what still waits, and let nobody in any more."""
        self._book.close()

    def _tell(self, inbox: str, error: CallRefused, now: datetime) -> None:
        """Anybody may knock as often as he likes; the log need not say so each time."""
        if inbox not in self._told or now - self._told[inbox] >= _TELL:
            self._told[inbox] = now
            log.warning("%s (of more within a minute nothing is said)", error)


def open_doors(
    store: Store, inboxes: Iterable[InboxSettings], rung: Callable[[str], None] = lambda inbox: None
) -> Doors:
    """The doors of these inboxes; `rung` is told which of them has called, once it is stored. Close them at the end."""
    return Doors(Doorbook(store, rung), inboxes)


def _can_be_called(inbox: InboxSettings) -> bool:
    if not isinstance(inbox, HelpdeskSettings) or inbox.kind not in DOORS or not inbox.webhook_secret:
        return False
    if "${" in inbox.webhook_secret:  # everybody can guess the name of a variable that is not set
        log.warning("inbox %s: its webhook_secret is not set here, so nobody can call it", inbox.name)
        return False
    return True


def _acceptance(kind: str) -> _Accept:
    module, _, name = DOORS[kind].partition(":")
    return cast(_Accept, getattr(import_module(module), name))


# ---- the edge -------------------------------------------------------------------------------------------------------


def add_webhooks(app: Flask, doors: Doors | None, clock: Callable[[], datetime]) -> None:
    """Let the application be called; without doors every inbox is unknown."""

    @app.post("/webhooks/<inbox>", endpoint=_ENDPOINT, provide_automatic_options=False)
    def webhook(inbox: str) -> Response:
        if doors is None or inbox not in doors:
            return _says(404, "No inbox of this name can be called.")
        try:
            return _called(doors, inbox, clock())
        except Exception as error:  # noqa: BLE001 - who calls is to hear one of few words, whatever goes wrong here
            log.error("inbox %s: a call was lost to an unexpected %s", inbox, type(error).__name__)
            return _again()


def is_call() -> bool:
    """Whether this request is a call: its signature tells who sent it, so it may come from anywhere."""
    return request.endpoint == _ENDPOINT and request.method == "POST"


def _called(doors: Doors, inbox: str, now: datetime) -> Response:
    request.max_content_length = LARGEST
    try:
        call = Call({name.lower(): value for name, value in request.headers}, request.get_data(cache=False))
        is_new = doors.enter(inbox, call, now)
    except RequestEntityTooLarge:
        return _says(413, f"A call may have {LARGEST:,} bytes.")
    except CallRefused as error:
        return _says(error.status, f"Refused: {error.problem}.")
    except NotEntered:
        return _again()
    return _says(202, "Stored.") if is_new else _says(200, "Known already.")


def _again() -> Response:
    answer = _says(503, "Not stored: send it again.")
    answer.headers["Retry-After"] = str(_AGAIN)
    return answer


def _says(status: int, sentence: str) -> Response:
    return Response(f"{sentence}\n", status, mimetype="text/plain")
