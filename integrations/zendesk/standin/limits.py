"""How often one may ask (api-reference/introduction/rate-limits). Counted on the account's clock, minute by minute."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from integrations.zendesk.standin import refusals
from integrations.zendesk.standin.clock import Clock, unix

_MINUTE, _TEN_MINUTES = 60, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Requests in a minute for the whole account, for updates of tickets and for exports; updates of one ticket in ten.

    0 is no limit. The defaults are those of an Enterprise plan.
    """

    account: int = 700
    updates: int = 100
    export: int = 10
    one_ticket: int = 30

    @classmethod
    def none(cls) -> Limits:
        """No limit at all."""
        return cls(account=0, updates=0, export=0, one_ticket=0)


@dataclass(frozen=True, slots=True)
class _Window:
    name: str  # as in the header of the endpoint; empty for the account
    key: str
    most: int
    seconds: int
    text: str


class Meter:
    """Counts requests; `limits` may be changed at any time."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self.limits = limits
        self._clock = clock
        self._counts: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def count(self, method: str, path: str, user_id: int) -> dict[str, str]:
        """One more request; the headers for its answer. Raises 429 once a limit is passed."""
        with self._lock:
            headers: dict[str, str] = {}
            for window in self._windows(method, path, user_id):
                left, wait = self._take(window)
                headers |= _headers(window, max(left, 0), wait)
                if left < 0:
                    refusal = refusals.too_many(window.text, wait)
                    refusal.headers |= headers
                    raise refusal
            return headers

    def _take(self, window: _Window) -> tuple[int, int]:
        now = unix(self._clock.now())
        key = (window.key, now // window.seconds)
        self._counts[key] += 1
        return window.most - self._counts[key], window.seconds - now % window.seconds

    def _windows(self, method: str, path: str, user_id: int) -> list[_Window]:
        limits = self.limits
        found = [_Window("", "account", limits.account, _MINUTE, "API requests per minute")]
        if method == "PUT" and path.startswith("tickets/"):
            ticket = path.split("/")[1]
            found.append(
                _Window("tickets-update", "update", limits.updates, _MINUTE, "ticket update requests per minute")
            )
            text = "updates of one ticket by one user in 10 minutes"
            found.append(_Window("tickets-update-ticket", f"{user_id}/{ticket}", limits.one_ticket, _TEN_MINUTES, text))
        if path.startswith("incremental/"):
            text = "incremental export API requests per minute"
            found.append(_Window("incremental-exports", "export", limits.export, _MINUTE, text))
        return [window for window in found if window.most]


def _headers(window: _Window, left: int, wait: int) -> dict[str, str]:
    if window.name:
        return {f"zendesk-ratelimit-{window.name}": f"total={window.most}; remaining={left}; resets={wait}"}
    most, rest = str(window.most), str(left)
    return {
        "X-Rate-Limit": most, "X-Rate-Limit-Remaining": rest, "ratelimit-limit": most, "ratelimit-remaining": rest,
        "ratelimit-reset": str(wait),
    }  # fmt: skip
