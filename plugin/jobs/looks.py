"""Looking into inboxes and doing what is due there, and what is known of those that do not answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from plugin.desk import Desk
from plugin.inbox import InboxError, InboxRefused, InboxUnavailable
from plugin.model import AmendsError

log = logging.getLogger("amends.jobs")

POLL = 10.0  # seconds between two looks into an inbox that has not called
LONGEST_PAUSE = 80.0  # seconds between two tries at an inbox that does not answer
REFUSED_PAUSE = 300.0  # seconds to the next try at an inbox that says no, twice as many after each: a person must look
LONGEST_REFUSED = 3600.0
WITHIN = timedelta(minutes=1)
"""How far ahead of its time a distributed engine is told what falls due."""


class Looks:
    """What both engines do with an inbox. Nothing here is raised: the engine must go on."""

    def __init__(self, desk: Desk, mended: Callable[[str], bool] | None = None) -> None:
        """`mended` is asked whether an inbox that said no may now say yes."""
        self._desk, self._mended = desk, mended
        self._failures: dict[str, int] = {}
        self._refusals: dict[str, int] = {}  # how often in a row an inbox said no

    def look(self, name: str) -> tuple[int, float]:
        """Take in what came: how many mails, and for how many seconds the inbox is best left alone, 0 if it is well."""
        try:
            came = self._desk.poll(name)
        except InboxError as error:
            log.warning("%s", error)
            return 0, self._failed(name, error)
        except AmendsError as error:  # the store, mostly: nothing was done, and the next look tries again
            log.warning("%s", error)
            return 0, 0.0
        except Exception:
            log.exception("inbox %s could not be polled", name)  # the engine must go on; the next look tries again
            return 0, 0.0
        self.forget(name)
        return came, 0.0

    def perform(self, name: str, may: Callable[[], bool] = lambda: True) -> None:
        """Raise and write what is due for an inbox, as long as we `may`."""
        guarded(f"inbox {name}: what is due", lambda: self._desk.perform(name, may))

    def is_failing(self, name: str) -> bool:
        """Whether it did not answer when it was looked into last."""
        return name in self._failures

    def is_refused(self, name: str) -> bool:
        """Whether it said no, so that a person must look first."""
        return bool(self._refusals.get(name))

    def forget(self, name: str) -> None:
        """All is well with it, or it is no more ours."""
        self._failures.pop(name, None)
        self._refusals.pop(name, None)

    def mended(self) -> list[str]:
        """Those that said no and where a person has mended something since: they are worth another try at once."""
        found = []
        for name in [name for name, times in self._refusals.items() if times]:
            if self._mended is not None and self._mended(name):
                self.forget(name)
                found.append(name)
        return found

    def _failed(self, name: str, error: InboxError) -> float:
        self._failures[name] = self._failures.get(name, 0) + 1
        self._refusals[name] = self._refusals.get(name, 0) + 1 if isinstance(error, InboxRefused) else 0
        if isinstance(error, InboxRefused):
            return float(min(REFUSED_PAUSE * 2 ** (self._refusals[name] - 1), LONGEST_REFUSED))
        pause = min(2.0 ** self._failures[name], LONGEST_PAUSE)
        return max(pause, error.wait) if isinstance(error, InboxUnavailable) else pause


def guarded(what: str, run: Callable[[], Any]) -> None:
    """Run it; what goes wrong is told in the log."""
    try:
        run()
    except AmendsError as error:
        log.warning("%s", error)
    except Exception:
        log.exception("%s failed", what)  # the engine must go on; what was due is still due
