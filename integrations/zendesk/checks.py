"""`amends doctor` for a Zendesk account: the login, its role, the plan's limit, the clock, tags that others use too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integrations.zendesk.wire import Wire, ZendeskSettings
from plugin.inbox import Finding, InboxError


def look_at_everything(wire: Wire, settings: ZendeskSettings) -> Sequence[Finding]:
    """One line for each thing that must be right; never raises."""
    return list(_findings(wire, settings))


def _findings(wire: Wire, settings: ZendeskSettings) -> Iterator[Finding]:
    try:
        wire.me()
    except InboxError as error:
        yield Finding("login", False, f"{error.problem}" + (f" - {error.advice}" if error.advice else ""))
        return
    yield Finding("login", True, f"{settings.email} at {settings.url}")
