"""Tokens that never end in use: renewed before that, at most once at a time, and never storming whoever renews them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

from plugin.inbox import InboxUnavailable, Token

AHEAD = 120.0
"""Seconds before its end when a token is renewed; of a life shorter than four minutes, half of it."""
_PAUSE = 30.0  # seconds between two tries to renew a token that still holds
_SPARE = 5.0  # seconds before its end a token is not shown any more


@dataclass(frozen=True, slots=True)
class Granted:
    """A token as it was handed out, and when it ends (seconds since 1970)."""

    text: str = field(repr=False)
    until: float


class Source(Protocol):
    """Who hands out tokens for one inbox."""

    advice: str

    def renew(self, refused: str) -> Granted:
        """A token with most of its life before it, and never `refused`. Raises InboxRefused, InboxUnavailable."""

    def stamp(self) -> str:
        """As of plugin.inbox.Tokens."""


class Fresh:
    """plugin.inbox.Tokens from a source; safe to use from several threads."""

    def __init__(self, name: str, source: Source) -> None:
        self.advice = source.advice
        self._name, self._source = name, source
        self._lock = threading.Lock()
        self._granted: Granted | None = None
        self._token = Token("")
        self._again_at = 0.0

    def get(self, refused: str = "") -> Token:
        """See plugin.inbox.Tokens; a token that still holds bridges the time until it can be renewed."""
        with self._lock:
            now = time.time()
            held = self._granted is not None and self._granted.text != refused
            if held and now < max(self._token.renew_at, self._again_at) and self._holds(now):
                return self._token
            try:
                self._take(self._source.renew(refused))
            except InboxUnavailable:
                if not (held and self._holds(now)):
                    raise
                self._again_at = now + _PAUSE
            return self._token

    def stamp(self) -> str:
        """Another one after a person signed in."""
        return self._source.stamp()

    def _holds(self, now: float) -> bool:
        return self._granted is not None and now < self._granted.until - min(_SPARE, self._ahead())

    def _ahead(self) -> float:
        return 0.0 if self._granted is None else self._granted.until - self._token.renew_at

    def _take(self, granted: Granted) -> None:
        life = max(0.0, granted.until - time.time())
        self._granted, self._again_at = granted, 0.0
        self._token = Token(granted.text, granted.until - min(AHEAD, life / 2))
