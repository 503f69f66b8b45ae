"""Notices are entered durably before whoever called is answered; those that come at the same time share one commit.

A commit costs a write to the disk, and takes as long for fifty notices as for one. So one thread writes; what comes
while it does waits together for the next commit, and everybody learns of the commit that holds his own notice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from threading import Condition, Thread
from time import monotonic

from plugin.store.database import Store, StoreError
from plugin.store.notices import Entry

log = logging.getLogger("amends.doorbook")

PATIENCE = 0.3
"""Seconds a caller waits for the database before he is told that his notice was not stored."""

KEPT = timedelta(days=7)
"""How long a notice is known after it was heeded, so that the same one is not taken for a new one."""

_TIDY = timedelta(hours=1)
_Waiting = tuple[Entry, "Future[bool]"]


class NotEntered(StoreError):
    """A notice is not stored, and will not be unless it comes again."""

    def __init__(self, url: str, why: str) -> None:
        self.url = url
        super().__init__(f"store {url}: a notice was not stored, since {why} - it has to come again")


class Doorbook:
    """Where callers are entered. Safe to use from many threads."""

    def __init__(
        self, store: Store, rung: Callable[[str], None] = lambda inbox: None, *, patience: float = PATIENCE
    ) -> None:
        """`rung` is told the name of each inbox that has new notices, once for each commit."""
        self._store, self._rung, self._patience = store, rung, patience
        self._queue: list[_Waiting] = []
        self._news = Condition()
        self._thread: Thread | None = None
        self._since: float | None = None  # when the commit that is under way was begun
        self._closed = False
        self._tidied: datetime | None = None

    def enter(self, entry: Entry) -> bool:
        """Enter a notice: true if it is new, false if it was known. It is durable when this returns.

        Raises NotEntered where the database is not to be had within `patience` seconds or refuses; then it is not
        stored, also not later.
        """
        waiting = self._queued(entry)
        try:
            return waiting.result(self._patience)
        except TimeoutError:
            if waiting.cancel():
                raise self._busy() from None
            return waiting.result()  # it is being stored at this moment: only the end of that tells what to answer

    def close(self) -> None:
        """Enter what still waits, and end; whoever comes later is refused."""
        with self._news:
            self._closed = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()

    def _queued(self, entry: Entry) -> Future[bool]:
        waiting: Future[bool] = Future()
        with self._news:
            if self._closed:
                raise NotEntered(self._store.url, "Amends is ending")
            if self._since is not None and monotonic() - self._since > self._patience:
                raise self._busy()  # others wait already for longer than anybody should
            self._queue.append((entry, waiting))
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._write, name="doorbook", daemon=True)
                self._thread.start()
            self._news.notify()
        return waiting

    def _busy(self) -> NotEntered:
        return NotEntered(self._store.url, f"the database was busy for more than {self._patience:g} s")

    # ---- the thread that writes -----------------------------------------------------------------------------------

    def _write(self) -> None:
        while self._is_called():
            try:
                self._commit()
            finally:
                self._since = None

    def _is_called(self) -> bool:
        """Wait until there is something to write; false once nothing will come any more."""
        with self._news:
            self._news.wait_for(lambda: self._queue or self._closed)
            if self._queue:
                self._since = monotonic()
            return bool(self._queue)

    def _commit(self) -> None:
        some: Sequence[_Waiting] = ()
        try:
            with self._store.entering() as session:
                session.hold()
                some = self._taken()  # not before the database is ours: until now everybody was free to give up
                new = session.notices.enter([entry for entry, _ in some])
                if some and self._is_untidy(some[-1][0].at):
                    self._tidied = None if session.notices.forget(some[-1][0].at - KEPT) else some[-1][0].at
        except Exception as error:  # noqa: BLE001 - every caller is told, whatever it was
            self._refuse(some or self._taken(), error)
            return
        for (_, waiting), is_new in zip(some, new, strict=True):
            waiting.set_result(is_new)
        self._ring({entry.inbox for (entry, _), is_new in zip(some, new, strict=True) if is_new and not entry.unknown})

    def _taken(self) -> Sequence[_Waiting]:
        """All that waits and was not given up; from here on nobody can give up."""
        with self._news:
            queue, self._queue = self._queue, []
        return [(entry, waiting) for entry, waiting in queue if waiting.set_running_or_notify_cancel()]

    def _refuse(self, some: Sequence[_Waiting], error: Exception) -> None:
        # Of an error that is none of ours only the name: its words may hold what was to be stored.
        why = str(error) if isinstance(error, StoreError) else f"of an unexpected {type(error).__name__}"
        log.warning("%d notices could not be stored: %s", len(some), why)
        for _, waiting in some:
            waiting.set_exception(NotEntered(self._store.url, why))

    def _ring(self, inboxes: Iterable[str]) -> None:
        for inbox in sorted(inboxes):
            try:
                self._rung(inbox)
            except Exception:
                log.exception("inbox %s: nobody heard that it called; its notices are found at the next look", inbox)

    def _is_untidy(self, now: datetime) -> bool:
        return self._tidied is None or now - self._tidied > _TIDY
