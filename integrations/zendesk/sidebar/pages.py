"""The page beside a ticket, and what its script asks for; each path is guarded here, whoever asks from wherever."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Protocol

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from integrations.zendesk.sidebar.gate import Gate, Visitor, VisitRefused
from integrations.zendesk.sidebar.keys import AppSettings, Keys
from plugin.inbox import InboxUnavailable
from plugin.model import AmendsError

log = logging.getLogger("amends.sidebar")

Json = dict[str, Any]
SDK = "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"
"""Zendesk's framework script; it is always the newest of its kind, so it has no digest to check."""

SNOOZES = (1, 3, 7)  # days
_LARGEST = 16_384  # bytes of a request
_LONGEST = 500  # characters of a note
_TELL = timedelta(minutes=1)  # between two lines of the log about who was turned away
_TICKET = f"<int(max={2**53}):ticket>"  # as far as a script counts


class Tickets(Protocol):
    """What the page shows and does; every call may raise AmendsError."""

    def cases(self, inbox: str, ticket: int) -> list[Json]:
        """The cases of this ticket, newest first, as `amends show --json` gives them."""

    def zone(self, inbox: str) -> str:
        """The zone dates are told in, such as Europe/London."""

    def done(self, task: str, *, by: str, gave: str = "", note: str = "") -> None:
        """A person's task is done."""

    def snooze(self, inbox: str, task: str, days: int, *, by: str) -> None:
        """A person's task is put off by so many days."""

    def first_use(self, digest: str, at: datetime) -> bool:
        """Whether a token with this digest was never used before, at any inbox; it is remembered as used, durably."""


def pages(settings: Mapping[str, AppSettings], tickets: Tickets, now: Callable[[], datetime]) -> Blueprint:
    """The pages for the inboxes with these settings, under /sidebar/."""
    gates = {name: _gate(inbox, tickets) for name, inbox in settings.items()}
    blueprint = Blueprint("zendesk_sidebar", __name__, url_prefix="/sidebar", template_folder="templates")
    desk = _Sidebar(settings, gates, tickets, now)
    blueprint.before_request(_bounded)
    blueprint.add_url_rule("/<any('sidebar.js', 'sidebar.css'):name>", "ours", _ours)
    blueprint.add_url_rule("/<inbox>", "page", desk.page, methods=["POST"])
    blueprint.add_url_rule(f"/<inbox>/tickets/{_TICKET}", "ticket", desk.ticket)
    blueprint.add_url_rule(f"/<inbox>/tickets/{_TICKET}/done", "done", desk.done, methods=["POST"])
    blueprint.add_url_rule(f"/<inbox>/tickets/{_TICKET}/snooze", "snooze", desk.snooze, methods=["POST"])
    blueprint.register_error_handler(AmendsError, desk.refused)
    blueprint.register_error_handler(HTTPException, desk.not_so)
    blueprint.after_request(desk.seal)
    return blueprint


def _gate(settings: AppSettings, tickets: Tickets) -> Gate:
    return Gate(settings, Keys(settings), tickets.first_use)


def _bounded() -> None:
    request.max_content_length = _LARGEST
    request.max_form_memory_size = _LARGEST


def _ours(name: str) -> ResponseReturnValue:
    kind = "text/javascript" if name.endswith(".js") else "text/css"
    answer = Response(files(__package__).joinpath("static", name).read_bytes(), mimetype=kind)
    answer.cache_control.max_age = 300
    return answer


class _Sidebar:
    """The answers."""

    def __init__(
        self, settings: Mapping[str, AppSettings], gates: Mapping[str, Gate], tickets: Tickets,
        now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._settings, self._gates, self._tickets, self._now = settings, gates, tickets, now
        self._told: datetime | None = None
        self._words = json.loads(files(__package__).joinpath("words.json").read_text("utf-8"))

    def page(self, inbox: str) -> ResponseReturnValue:
        """The page, for Zendesk's signed first load."""
        gate, now = self._gate(inbox), self._now()
        visitor = gate.admit(request.form.get("token", ""), now)
        bearer = gate.bearer(visitor, now)
        return render_template("sidebar/page.html", inbox=inbox, bearer=bearer, sdk=SDK, words=self._words)

    def ticket(self, inbox: str, ticket: int) -> ResponseReturnValue:
        """What is known of a ticket."""
        visitor = self._visitor(inbox)
        return self._shown(inbox, ticket, visitor)

    def done(self, inbox: str, ticket: int) -> ResponseReturnValue:
        """A task of this ticket is done."""
        visitor, asked = self._visitor(inbox), _asked()
        task, gave, note = (_text(asked, name) for name in ("task", "gave", "note"))
        if gave and not note:
            raise VisitRefused(inbox, "a gesture counts as delivered only with proof: say how and when", 400)
        self._must_have(inbox, ticket, task)
        self._tickets.done(task, by=str(visitor), gave=gave, note=note)
        return self._shown(inbox, ticket, visitor)

    def snooze(self, inbox: str, ticket: int) -> ResponseReturnValue:
        """A task of this ticket is put off."""
        visitor, asked = self._visitor(inbox), _asked()
        task, days = _text(asked, "task"), asked.get("days")
        if type(days) is not int or days not in SNOOZES:
            raise VisitRefused(inbox, f"a task is put off by {', '.join(map(str, SNOOZES))} days", 400)
        self._must_have(inbox, ticket, task)
        self._tickets.snooze(inbox, task, days, by=str(visitor))
        return self._shown(inbox, ticket, visitor)

    def _gate(self, inbox: str) -> Gate:
        if inbox not in self._gates:
            abort(404)
        return self._gates[inbox]

    def _visitor(self, inbox: str) -> Visitor:
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        return self._gate(inbox).again(bearer if scheme.lower() == "bearer" else "", self._now())

    def _must_have(self, inbox: str, ticket: int, task: str) -> None:
        """Only what lies on this ticket can be ended or put off from beside it."""
        tasks = (one["id"] for case in self._tickets.cases(inbox, ticket) for one in case["tasks"])
        if task not in tasks:
            raise VisitRefused(inbox, f"ticket {ticket} has no such task", 404)

    def _shown(self, inbox: str, ticket: int, visitor: Visitor) -> ResponseReturnValue:
        cases = [_case(case) for case in self._tickets.cases(inbox, ticket)]
        answer = jsonify({"zone": self._tickets.zone(inbox), "snoozes": SNOOZES, "cases": cases})
        answer.headers["Amends-Bearer"] = self._gate(inbox).bearer(visitor, self._now())
        return answer

    # ---- what goes wrong, and what every answer carries -------------------------------------------------------------

    def refused(self, error: AmendsError) -> ResponseReturnValue:
        """One sentence, as a page for whoever loads one, else as JSON."""
        status = error.status if isinstance(error, VisitRefused) else 409 if error.input_is_wrong else 503
        if status in (401, 503):
            self._tell(error)
        return _problem(status, str(error), 30 if isinstance(error, InboxUnavailable) else None)

    def _tell(self, error: AmendsError) -> None:
        """Anybody may knock as often as he likes; the log need not say so each time."""
        now = self._now()
        if self._told is None or now - self._told >= _TELL:
            self._told = now
            log.warning("%s (of more within a minute nothing is said)", error)

    def not_so(self, error: HTTPException) -> ResponseReturnValue:
        """As `refused`."""
        return _problem(error.code or 500, (error.description or error.name).rstrip("."))

    def seal(self, response: Response) -> Response:
        """May be framed by that Zendesk only, and runs scripts of ours and Zendesk's framework."""
        inbox = self._settings.get((request.view_args or {}).get("inbox", ""))
        frames = f"https://{inbox.subdomain}.zendesk.com" if inbox else "'none'"
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self' {SDK}; style-src 'self'; connect-src 'self'; base-uri 'none'; "
            f"form-action 'none'; frame-ancestors {frames}"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _asked() -> Json:
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        abort(400, "This must be a JSON object.")
    return asked


def _text(asked: Json, name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        abort(400, f"{name} must be text of at most {_LONGEST} characters.")
    return value.strip()


def _problem(status: int, sentence: str, again: int | None = None) -> ResponseReturnValue:
    page = request.endpoint == "zendesk_sidebar.page"
    answer = Response(render_template("sidebar/problem.html", sentence=sentence)) if page else jsonify(error=sentence)
    answer.status_code = status
    if again is not None:
        answer.headers["Retry-After"] = str(again)
    return answer


# ---- what the page needs of a case ----------------------------------------------------------------------------------


def _case(case: Json) -> Json:
    return {
        "id": case["id"],
        "status": case["status"],
        "category": case["category"],
        "severity": case["severity"],
        "outcome": case["outcome"],
        "evidence": _evidence(case),
        "due": [_picked(due, "for", "due_at", "met_at", "missed", "owed") for due in case["due"]],
        "tasks": [_picked(task, "id", "kind", "due_at", "state", "snoozed_until", "note") for task in case["tasks"]
                  if task["state"] in ("waiting", "raised")],
        "draft": _draft(case),
    }  # fmt: skip


def _evidence(case: Json) -> list[Json]:
    """Each label once, with the different words that caused it."""
    found: dict[str, list[str]] = {}
    for one in case["evidence"]:
        words = found.setdefault(one["label"], [])
        if one["text"] not in words:
            words.append(one["text"])
    return [{"label": label, "words": words} for label, words in found.items()]


def _draft(case: Json) -> Json | None:
    """The newest text nobody has sent or thrown away."""
    good = [draft for draft in case["drafts"] if draft["state"] in ("written", "edited") and draft["text"]]
    newest = max(good, key=lambda draft: str(draft["written_at"]), default=None)
    return None if newest is None else _picked(newest, "purpose", "text", "marks")


def _picked(row: Json, *names: str) -> Json:
    return {name: row[name] for name in names}
