"""The clock of one machine: APScheduler as a wake-up and nothing more. What is due stands in the store.

A scheduler that loses a tick, fires twice or is killed loses nothing: every tick asks the store what is due now.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from plugin.desk import Desk
from plugin.inbox import InboxError, InboxRefused, InboxUnavailable
from plugin.model import AmendsError
from plugin.store import StoreUnavailable

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger("amends.jobs")

TICK = 1.0  # seconds between two looks at the agenda
LEARN = 3600.0  # seconds between two looks whether it is time to learn from people's corrections
ALERT = 20.0  # seconds between two looks whether the team must be told how an inbox fares
SETTLE = 0.2  # seconds from a call to the look it asks for: one act of a person sets off several calls
POLL = 10.0  # seconds between two looks into an inbox that has not called
LISTEN = 290.0  # seconds of IDLE at a stretch
LONGEST_PAUSE = 80.0  # seconds between two tries at an inbox that does not answer
REFUSED_PAUSE = 300.0  # seconds to the next try at an inbox that says no, twice as many after each: a person must look
LONGEST_REFUSED = 3600.0
MENDED = 5.0  # seconds between two looks whether a person has mended what such an inbox said no to


class AlreadyRunning(AmendsError):
    """Another `amends run` works on this store."""

    def __init__(self, store: str) -> None:
        super().__init__(f"store {store}: another amends run works on it already, so this one has nothing to do")


class Busy(AmendsError):
    """A command that is soon over, and no `amends run`, works on this store."""

    def __init__(self, store: str, doing: str) -> None:
        self.doing = doing
        super().__init__(f"store {store}: amends {doing} is at work on it - try again once that is over")


RUN = "run"
"""What leads a store for good; every other command is soon over."""


class Leadership:
    """One process at a time works on a store; the lock goes with the process, however it ends (flock(2)).

    Its file says what that process is `doing`. Entering raises AlreadyRunning or Busy.
    """

    def __init__(self, store: str, path: Path, doing: str = RUN) -> None:
        self._store, self._path, self._doing = store, path, doing
        self._file: IO[str] | None = None

    def __enter__(self) -> Leadership:
        file = self._path.open("a+")
        self._path.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            doing = file.read(100).strip()
            file.close()
            if doing in ("", RUN):
                raise AlreadyRunning(self._store) from error
            raise Busy(self._store, doing) from error
        self._file = file
        _note(file, self._doing)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            _note(file, "")
            file.close()


def _note(file: IO[str], doing: str) -> None:
    """Write into the file who leads; on a full disk it is led all the same, and taken for a run."""
    with suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), doing.encode())


class Jobs:
    """Ticks for the agenda and for each inbox, and a listener for each inbox that can call."""

    def __init__(
        self, desk: Desk, *, poll_every: float = POLL, tick_every: float = TICK,
        learn: Callable[[], Any] | None = None, alert: Callable[[], Any] | None = None,
        mended: Callable[[str], bool] | None = None,
    ) -> None:  # fmt: skip
        """`learn` is asked now and then whether there is anything to be learned from people's corrections, `alert` more
        often whether there is anything to tell them, and `mended` whether an inbox that said no may now say yes.
        """
        self._desk, self._poll_every = desk, poll_every
        self._failures: dict[str, int] = {}
        self._refusals: dict[str, int] = {}  # how often in a row an inbox said no
        self._mended = mended
        self._stopping = threading.Event()
        self._listeners: list[threading.Thread] = []
        self._turns = {name: threading.Lock() for name in desk.inboxes}
        self._clock = _clock(6 + 2 * len(desk.inboxes))
        self._every(tick_every, self._due, "due")
        if learn is not None:
            self._every(LEARN, self._guarded, "learn", "learning", learn)
        if alert is not None:
            self._every(min(ALERT, poll_every), self._guarded, "alert", "telling the team", alert)
        if mended is not None:
            self._every(min(MENDED, poll_every), self._guarded, "mended", "looking for what was mended", self._mend)
        for name in desk.inboxes:
            # Two, so that news of a message that came in the middle of a look is not lost: the second waits its turn.
            self._every(poll_every, self._in_turn, name, name, max_instances=2)

    def _every(self, seconds: float, run: Callable[..., None], job_id: str, *args: Any, max_instances: int = 1) -> None:
        self._clock.add_job(run, "interval", args, seconds=seconds, id=job_id, next_run_time=datetime.now(UTC),
                            max_instances=max_instances)  # fmt: skip

    def start(self) -> None:
        """Begin; returns at once."""
        self._clock.start()
        for name in self._desk.inboxes:
            listener = threading.Thread(target=self._listen, args=(name,), name=f"listen-{name}", daemon=True)
            listener.start()
            self._listeners.append(listener)

    def stop(self) -> None:
        """End after the step that is under way."""
        self._stopping.set()
        self._clock.shutdown(wait=True)
        self._desk.close()
        for listener in self._listeners:
            listener.join(timeout=5)

    def wake(self, at: datetime) -> None:
        """Have a look at the agenda at that time, too."""
        self._clock.add_job(self._due, "date", run_date=at)

    def poll_soon(self, name: str, after: float = 0.0) -> None:
        """Have a look into that inbox after so many seconds, and go on from there."""
        with suppress(LookupError):  # the clock is stopping, and knows this job no more
            self._clock.modify_job(name, next_run_time=datetime.now(UTC) + timedelta(seconds=after))

    def rung(self, name: str) -> None:
        """That inbox called: look into it at once; where it does not answer, at the time that was set for that."""
        at = datetime.now(UTC) + timedelta(seconds=SETTLE)
        job = None if name in self._failures else self._clock.get_job(name)
        if job is not None and job.next_run_time > at:
            self.poll_soon(name, SETTLE)

    # ---- what a tick does ---------------------------------------------------------------------------------------

    def _due(self) -> None:
        self._guarded("run_due", self._desk.run_due)

    def _in_turn(self, name: str) -> None:
        with self._turns[name]:
            self._poll(name)

    def _poll(self, name: str) -> None:
        try:
            came = self._desk.poll(name)
        except InboxError as error:
            self._failures[name] = self._failures.get(name, 0) + 1
            self._refusals[name] = self._refusals.get(name, 0) + 1 if isinstance(error, InboxRefused) else 0
            self.poll_soon(name, self._pause(name, error))
            log.warning("%s", error)
            return
        except AmendsError as error:  # the store, mostly: nothing was done, and the next tick tries again
            log.warning("%s", error)
            return
        except Exception:
            log.exception("inbox %s could not be polled", name)  # the tick must go on; the next one tries again
            return
        self._failures.pop(name, None)
        self._refusals.pop(name, None)
        if came:
            self._due()

    def _pause(self, name: str, error: InboxError) -> float:
        if isinstance(error, InboxRefused):
            return float(min(REFUSED_PAUSE * 2 ** (self._refusals[name] - 1), LONGEST_REFUSED))
        pause = min(2.0 ** self._failures[name], LONGEST_PAUSE)
        return max(pause, error.wait) if isinstance(error, InboxUnavailable) else pause

    def _mend(self) -> None:
        """Try an inbox that said no again as soon as a person has mended something."""
        for name in [name for name, times in self._refusals.items() if times]:
            if self._mended is not None and self._mended(name):
                self._refusals.pop(name, None)
                self.poll_soon(name)

    def _guarded(self, what: str, run: Callable[[], Any]) -> None:
        try:
            run()
        except AmendsError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("%s failed", what)  # the clock must go on; what was due is still due

    # ---- listening ----------------------------------------------------------------------------------------------

    def _listen(self, name: str) -> None:
        """Wait for news on a connection of its own; the interval tick goes on whatever happens here."""
        pause = 2.0
        while not self._stopping.is_set():
            if self._refusals.get(name):
                self._stopping.wait(1.0)  # nobody tries the door a second time before a person has looked
                continue
            try:
                if self._desk.inboxes[name].wait(LISTEN):
                    self.poll_soon(name)
                pause = 2.0
            except Exception as error:
                if not isinstance(error, InboxError):
                    log.exception("inbox %s: the listener stumbled", name)
                log.info("inbox %s: listening again in %.0f s: %s", name, pause, error)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)


def _clock(threads: int) -> BackgroundScheduler:
    from apscheduler.executors.pool import ThreadPoolExecutor  # noqa: PLC0415 - a single pass needs no clock
    from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415 - as above

    return BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(threads)},
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )


def run_once(desk: Desk) -> list[str]:
    """One full pass: fetch, decide, write, all that is due; what must be tried again, a sentence each."""
    faults = []
    for name in desk.inboxes:
        try:
            desk.poll(name)
        except InboxError as error:
            faults.append(str(error))
        except StoreUnavailable:
            raise  # it is the same for every inbox
        except Exception as error:
            log.exception("inbox %s could not be polled", name)  # the others, and what waits to be written, go on
            faults.append(f"inbox {name}: unexpected {type(error).__name__}: {error} - report it")
    outcome = desk.run_due()
    return faults + (_unwritten(desk) if outcome.again else [])


def _unwritten(desk: Desk) -> list[str]:
    """Why writes wait, each reason once."""
    with desk.store.reading() as session:
        reasons = Counter((inbox, fault) for inbox, _, fault in session.faults())
    return [
        fault if fault.startswith(f"inbox {inbox}") else f"inbox {inbox}: {count} to be written again: {fault}"
        for (inbox, fault), count in reasons.items()
    ]
