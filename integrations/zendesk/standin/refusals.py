"""How Zendesk says no: the status and the body of each refusal, as recorded by others or described by Zendesk."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.zendesk.standin.records import Json


class Refusal(Exception):
    """Ends a request with a status and a JSON body."""

    def __init__(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, dict(headers or {})
        super().__init__(f"{status}: {body}")


def unknown_user() -> Refusal:
    """401: no such user, or the wrong token."""
    return Refusal(401, {"error": "Couldn't authenticate you"})


def forbidden() -> Refusal:
    """403: known, but not allowed to; here `error` is an object, not a word."""
    text = "You do not have access to this page. Please contact the account owner of this help desk for further help."
    return Refusal(403, {"error": {"title": "Forbidden", "message": text}})


def not_found() -> Refusal:
    """404: never there, or deleted."""
    return Refusal(404, {"error": "RecordNotFound", "description": "Not found"})


def conflict() -> Refusal:
    """409: a safe update whose stamp is not the ticket's."""
    text = "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data."
    return Refusal(409, {"error": "UpdateConflict", "description": text})


def invalid(name: str, text: str) -> Refusal:
    """422: the record would not be valid."""
    details = {name: [{"description": text}]}
    return Refusal(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def closed() -> Refusal:
    """422: what is closed is only for reading."""
    return invalid("status", "Status: closed prevents ticket update")


def wrong_value(text: str, status: int = 422) -> Refusal:
    """422 (or 400): a parameter that cannot be used."""
    return Refusal(status, {"error": "InvalidValue", "description": text})


def too_many(text: str, wait: int) -> Refusal:
    """429: asked too often; Retry-After in seconds."""
    body = {"error": "APIRateLimitExceeded", "description": f"Number of allowed {text} exceeded"}
    return Refusal(429, body, {"Retry-After": str(wait)})
