"""What a person mends while Amends runs: a password in .env, a setting of the way in, a sign-in. It counts at once.

Only how an inbox is reached is taken over; everything else in amends.yaml counts from the next start.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from plugin.config import HelpdeskSettings, InboxSettings, MailboxSettings, OAuth, Settings, load
from plugin.desk import Desk, open_inbox
from plugin.source import Problems

log = logging.getLogger("amends.desk")

_WAYS = {
    MailboxSettings: ("host", "port", "tls", "user", "password", "sign_in"),
    HelpdeskSettings: ("subdomain", "email", "token", "url"),
}


class Mending:
    """Looks whether something was changed by which an inbox that said no may say yes."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self._desk, self._path = desk, settings.path
        self._inboxes = {inbox.name: inbox for inbox in settings.inboxes}
        self._seen = {name: self._stamps(name) for name in self._inboxes}

    def look(self, name: str) -> bool:
        """Whether something was changed since the last look, and this inbox is worth another try."""
        seen, stamps = self._seen[name], self._stamps(name)
        self._seen[name] = stamps
        if seen == stamps:
            return False
        files = [path for path in self._files() if seen.get(path) != stamps.get(path)]
        return self._reopened(name) if files else True

    def _reopened(self, name: str) -> bool:
        """Whether the way in is another one now; then it is the one that counts."""
        before, after = self._inboxes[name], self._read().get(name)
        if after is None or type(after) is not type(before):
            return False
        ways = {way: getattr(after, way) for way in _WAYS[type(before)]}
        changed = replace(before, **ways)
        if changed == before:
            return False
        log.info("inbox %s: its settings were changed, and are tried at once", name)
        self._inboxes[name] = changed
        self._seen[name] = self._stamps(name)
        self._desk.exchange(name, open_inbox(changed))
        return True

    def _read(self) -> Mapping[str, InboxSettings]:
        if self._path is None:
            return {}
        try:
            return {inbox.name: inbox for inbox in load(self._path).inboxes}
        except Problems as error:
            log.warning("%s was changed, and does not count yet: %s", self._path.name, error)
            return {}

    def _files(self) -> tuple[Path, ...]:
        return () if self._path is None else (self._path, self._path.with_name(".env"))

    def _stamps(self, name: str) -> dict[Path, Any]:
        """When each file that matters to this inbox was last written, and how long it is."""
        way = getattr(self._inboxes[name], "sign_in", None)
        kept = (way.kept,) if isinstance(way, OAuth) else ()
        return {path: _stamp(path) for path in (*self._files(), *kept)}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
