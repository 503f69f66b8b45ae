"""The Idempotency-Key of a new ticket: whoever asks again with the same key is answered as before.

Source: api-reference/ticketing/introduction, Idempotency. How long a key is kept (two hours) and how a key with another
body is refused are recalled, not read.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.clock import Clock
from integrations.zendesk.standin.records import Json

KEPT = timedelta(hours=2)
_Answer = tuple[Json | None, int]


class Once:
    """The answers that were given under a key; a key is a user's own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[tuple[int, str], tuple[datetime, bytes, _Answer]] = {}

    def find(self, user_id: int, key: str, body: bytes) -> _Answer | None:
        """The answer from before, if there is one; another body under the same key is refused with 400."""
        at, asked, answer = self._given.get((user_id, key), (None, b"", None))
        if at is None or self._clock.now() - at > KEPT:
            return None
        if asked != body:
            text = "Request parameters do not match the ones of the first request with this key"
            raise refusals.Refusal(400, {"error": "IdempotentRequestError", "description": text})
        return answer

    def keep(self, user_id: int, key: str, body: bytes, answer: _Answer) -> None:
        """Remembers an answer."""
        self._given[user_id, key] = (self._clock.now(), body, answer)
