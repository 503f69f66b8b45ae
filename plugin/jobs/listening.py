"""Listening to many inboxes: one thread for all that lend an ear, a thread of its own for each that can only wait."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic

from plugin.inbox import Ear, Hearing, Inbox, InboxError
from plugin.jobs.turns import Turns

log = logging.getLogger("amends.jobs")

LISTEN = 290.0  # seconds to wait at a stretch
PAUSE = 2.0  # seconds to the next try to listen, twice as many after each
LONGEST_PAUSE = 80.0


class Listeners:
    """Tells which inbox has news. Inboxes may come and go while it listens."""

    def __init__(
        self, inboxes: Mapping[str, Inbox], heard: Callable[[str], None], may_try: Callable[[str], bool]
    ) -> None:
        """`heard` is told the name of an inbox with news; one that `may_try` says no to is left alone meanwhile."""
        self._inboxes, self._heard, self._may_try = inboxes, heard, may_try
        self._turns = Turns("listen", places=4)
        self._lock = threading.Lock()
        self._servers: dict[str, str] = {}  # of those that are listened to
        self._ears: dict[str, Ear] = {}
        self._fresh: list[tuple[str, Ear]] = []  # opened, and not yet listened to
        self._stale: set[str] = set()  # whose ear is of no use any more
        self._again: dict[str, float] = {}  # when to try to open one
        self._pauses: dict[str, float] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._stopping = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._bell, self._button = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, "")
        self._thread: threading.Thread | None = None

    def add(self, name: str, server: str) -> None:
        """Listen to this inbox, too."""
        with self._lock:
            self._servers[name] = server
        if isinstance(self._inboxes[name], Hearing):
            self._begin()
            self.renew(name)
            return
        if (before := self._threads.get(name)) is not None and before.is_alive():
            return  # it has not yet noticed that it was to end
        waiting = threading.Thread(target=self._wait, args=(name,), name=f"listen-{name}", daemon=True)
        self._threads[name] = waiting
        waiting.start()

    def remove(self, name: str) -> None:
        """Listen to it no more; who waits on it is let go when the inbox is closed."""
        with self._lock:
            self._servers.pop(name, None)
            self._again.pop(name, None)
        self._ring()

    def renew(self, name: str) -> None:
        """Listen to it anew, as soon as possible: it is reached in another way."""
        with self._lock:
            self._stale.add(name)
            if name in self._servers and isinstance(self._inboxes[name], Hearing):
                self._again[name] = 0.0
        self._ring()

    def stop(self) -> None:
        """Say nothing more from now on; the inboxes are to be closed next, and then `close` called."""
        self._stopping.set()
        self._ring()

    def close(self) -> None:
        """Wait until every thread has ended."""
        self._turns.close()
        if self._thread is not None:
            self._thread.join(timeout=5)
        for waiting in self._threads.values():
            waiting.join(timeout=5)
        self._selector.close()
        self._bell.close()
        self._button.close()

    # ---- ears ---------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="listen", daemon=True)
            self._thread.start()
        self._ring()

    def _ring(self) -> None:
        self._button.send(b".")

    def _listen(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select(self._until_next()):
                if key.data:
                    self._hear(key.data)
                else:
                    self._bell.recv(1024)
            self._sort()
        for name in list(self._ears):
            self._let_go(name)

    def _until_next(self) -> float | None:
        with self._lock:
            times = [*self._again.values(), *(ear.until for ear in self._ears.values())]
        return max(min(times) - monotonic(), 0.0) if times else None

    def _sort(self) -> None:
        """Listen to new ears, and no more to those whose time is over or whose inbox is gone; have some opened."""
        now = monotonic()
        with self._lock:
            fresh, self._fresh = self._fresh, []
            gone = [name for name in self._ears if name not in self._servers or name in self._stale]
            self._stale.clear()
            due = [name for name, at in self._again.items() if at <= now]
            for name in due:
                del self._again[name]
        for name in gone:
            self._let_go(name)
        for name, ear in fresh:
            self._watch(name, ear)
        for name in [name for name, ear in self._ears.items() if ear.until <= now]:
            ear = self._let_go(name)
            self._ask(name, partial(self._renew, name, ear))
        for name in due:
            self._ask(name, partial(self._open, name))

    def _watch(self, name: str, ear: Ear) -> None:
        for other in [other for other, old in self._ears.items() if old.fileno() == ear.fileno() or other == name]:
            self._let_go(other)  # its connection was closed by somebody else, so that its number is free again
            if other != name:
                self._try_again(other, 0.0)
        self._ears[name] = ear
        self._selector.register(ear, selectors.EVENT_READ, name)

    def _let_go(self, name: str) -> Ear:
        ear = self._ears.pop(name)
        self._selector.unregister(ear)
        return ear

    def _hear(self, name: str) -> None:
        try:
            if self._ears[name].hear():
                self._tell(name)
        except InboxError as error:
            self._let_go(name)
            self._tell(name)  # something may have been missed
            self._stumbled(name, error)
        except Exception as error:
            log.exception("inbox %s: the listener stumbled", name)
            self._let_go(name)
            self._stumbled(name, error)

    def _tell(self, name: str) -> None:
        if name in self._servers and not self._stopping.is_set():
            self._heard(name)

    def _ask(self, name: str, run: Callable[[], None]) -> None:
        with self._lock:
            if (server := self._servers.get(name)) is None:
                return
        self._turns.ask(name, run, server=server, routine=True)

    def _renew(self, name: str, ear: Ear) -> None:
        try:
            if ear.close():
                self._tell(name)
        except InboxError as error:
            self._tell(name)
            self._stumbled(name, error)
            return
        self._open(name)

    def _open(self, name: str) -> None:
        inbox = self._inboxes[name]
        if name not in self._servers or not isinstance(inbox, Hearing) or self._stopping.is_set():
            return
        if not self._may_try(name):
            self._try_again(name, 1.0)  # nobody tries the door a second time before a person has looked
            return
        try:
            ear = inbox.listen()
        except Exception as error:
            if not isinstance(error, InboxError):
                log.exception("inbox %s: the listener stumbled", name)
            self._stumbled(name, error)
            return
        self._pauses.pop(name, None)
        if ear is None:
            self._try_again(name, LISTEN)
            return
        if ear.news:
            self._tell(name)
        with self._lock:
            self._fresh.append((name, ear))
        self._ring()

    def _stumbled(self, name: str, error: Exception) -> None:
        pause = self._pauses.get(name, PAUSE)
        self._pauses[name] = min(pause * 2, LONGEST_PAUSE)
        log.info("inbox %s: listening again in %.0f s: %s", name, pause, error)
        self._try_again(name, pause)

    def _try_again(self, name: str, after: float) -> None:
        with self._lock:
            if name not in self._servers or self._stopping.is_set():
                return
            self._again[name] = monotonic() + after
        self._ring()

    # ---- who can only wait --------------------------------------------------------------------------------------

    def _wait(self, name: str) -> None:
        """Wait for news on a thread of its own."""
        pause = PAUSE
        while not self._stopping.is_set() and name in self._servers:
            if not self._may_try(name):
                self._stopping.wait(1.0)
                continue
            try:
                if self._inboxes[name].wait(LISTEN):
                    self._tell(name)
                pause = PAUSE
            except Exception as error:
                if not isinstance(error, InboxError):
                    log.exception("inbox %s: the listener stumbled", name)
                log.info("inbox %s: listening again in %.0f s: %s", name, pause, error)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
