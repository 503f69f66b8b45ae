"""Threads shared out between inboxes, so that one that is slow or does not answer never holds up another.

Whoever asks gets a turn as soon as one is free: news before routine, else in the order of asking. At one server only a
few are at work at the same time, and routine looks are spread; one that takes long gives up its place and goes on
beside the others.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

log = logging.getLogger("amends.jobs")

PLACES = 12
"""So many are at work at once, not counting those that take long."""
LONG = 5.0  # seconds after which a turn counts no more
MOST = 64
"""Threads at most: where so many hang, there is something wrong with more than a few accounts."""
AT_ONE_SERVER = 6
"""So many are at work at one server at once; providers count connections and logins."""
APART = 0.2
"""Seconds between two routine looks at one server."""


@dataclass(slots=True)
class _Turn:
    key: str
    server: str
    run: Callable[[], Any]
    routine: bool
    began: float = 0.0
    done: Future[Any] = field(default_factory=Future)


class Turns:
    """Safe to use from many threads. What is asked for under one key waits once, and never runs beside itself."""

    def __init__(self, name: str, places: int = PLACES, long: float = LONG) -> None:
        """`name` is that of its threads; nothing runs before the first turn is asked for."""
        self._name, self._places, self._long = name, places, long
        self._news = threading.Condition()
        self._waiting: dict[str, _Turn] = {}
        self._working: dict[str, _Turn] = {}
        self._looked: dict[str, float] = {}  # by server: when the last routine look began
        self._hands = ThreadPoolExecutor(MOST, thread_name_prefix=name)
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, key: str, run: Callable[[], Any], *, server: str = "", routine: bool = False) -> Future[Any]:
        """A turn for `run`; where one of this key waits already, that one, as soon as the more urgent of both.

        The future is cancelled where everything ends before.
        """
        with self._news:
            turn = self._waiting.get(key)
            if turn is None:
                turn = _Turn(key, server or key, run, routine)
                if self._closed:
                    turn.done.cancel()
                    return turn.done
                self._waiting[key] = turn
                self._begin()
            turn.routine = turn.routine and routine
            self._news.notify()
            return turn.done

    def drop(self, key: str) -> None:
        """Who waits under this key waits no more."""
        with self._news:
            if (turn := self._waiting.pop(key, None)) is not None:
                turn.done.cancel()

    def close(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        with self._news:
            self._closed = True
            for turn in self._waiting.values():
                turn.done.cancel()
            self._waiting.clear()
            self._news.notify()
        self._hands.shutdown(wait=True)
        if self._thread is not None:
            self._thread.join()

    # ---- who is next --------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._give, name=f"{self._name}-turns", daemon=True)
            self._thread.start()

    def _give(self) -> None:
        with self._news:
            while not self._closed:
                now = monotonic()
                turn = self._next(now)
                if turn is None:
                    self._news.wait(self._until_next(now))
                    continue
                del self._waiting[turn.key]
                turn.began, self._working[turn.key] = now, turn
                if turn.routine:
                    self._looked[turn.server] = now
                self._hands.submit(self._take, turn)

    def _next(self, now: float) -> _Turn | None:
        """Whose turn it is; nobody's where all places are taken."""
        if not self._waiting or self._is_full(now):
            return None
        busy = Counter(turn.server for turn in self._working.values())
        found = None
        for turn in self._waiting.values():
            if turn.key in self._working or busy[turn.server] >= AT_ONE_SERVER:
                continue
            if not turn.routine:
                return turn
            if found is None and now >= self._looked.get(turn.server, 0.0) + APART:
                found = turn
        return found

    def _is_full(self, now: float) -> bool:
        quick = sum(now - turn.began < self._long for turn in self._working.values())
        return quick >= self._places or len(self._working) >= MOST

    def _until_next(self, now: float) -> float | None:
        """Seconds until somebody may be next though nobody says so; None where nobody waits for time to pass."""
        if not self._waiting:
            return None
        times = [turn.began + self._long for turn in self._working.values() if now - turn.began < self._long]
        times += [self._looked[turn.server] + APART for turn in self._waiting.values() if turn.server in self._looked]
        return max(min((at for at in times if at > now), default=now + self._long) - now, 0.005)

    def _take(self, turn: _Turn) -> None:
        try:
            if turn.done.set_running_or_notify_cancel():
                turn.done.set_result(turn.run())
        except Exception as error:  # noqa: BLE001 - whoever asked is told; who does not listen has seen to it himself
            turn.done.set_exception(error)
        finally:
            with self._news:
                del self._working[turn.key]
                self._news.notify()
