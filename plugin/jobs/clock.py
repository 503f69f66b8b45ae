"""The clock of one machine: APScheduler as a wake-up and nothing more. What is due stands in the store.

A scheduler that loses a tick, fires twice or is killed loses nothing: every tick asks the store what is due now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from plugin.desk import Desk
from plugin.jobs.listening import Listeners
from plugin.jobs.looks import POLL, Looks, guarded
from plugin.jobs.turns import APART, Turns

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

TICK = 1.0  # seconds between two looks at the agenda
LEARN = 3600.0  # seconds between two looks whether it is time to learn from people's corrections
TIDY = 5.0  # seconds between two looks whether there is anything to take into the index, or to keep no longer
ALERT = 20.0  # seconds between two looks whether the team must be told how an inbox fares
SETTLE = 0.2  # seconds from a call to the look it asks for: one act of a person sets off several calls
MENDED = 5.0  # seconds between two looks whether a person has mended what such an inbox said no to
_THREADS = 5  # for the ticks; the inboxes have theirs


class Jobs:
    """Ticks for the agenda and for each inbox, and listeners for those that can call."""

    def __init__(
        self, desk: Desk, *, poll_every: float = POLL, tick_every: float = TICK,
        learn: Callable[[], Any] | None = None, alert: Callable[[], Any] | None = None,
        mended: Callable[[str], bool] | None = None, tidy: Callable[[], Any] | None = None,
    ) -> None:  # fmt: skip
        """`learn` is asked now and then whether there is anything to be learned from people's corrections, `alert` more
        often whether there is anything to tell them, and `mended` whether an inbox that said no may now say yes. `tidy`
        does what the store needs now and then.
        """
        self._desk, self._looks = desk, Looks(desk, mended)
        self._servers = {name: server_of(desk, name) for name in desk.inboxes}
        self._turns = Turns("inbox")
        self._listeners = Listeners(desk.inboxes, self.poll_soon, lambda name: not self._looks.is_refused(name))
        self._clock = _clock(_THREADS)
        self._every(tick_every, self._due, "due")
        if learn is not None:
            self._every(LEARN, guarded, "learn", "learning", learn)
        if alert is not None:
            self._every(min(ALERT, poll_every), guarded, "alert", "telling the team", alert)
        if tidy is not None:
            self._every(TIDY, guarded, "tidy", "keeping the store tidy", tidy)
        if mended is not None:
            self._every(min(MENDED, poll_every), guarded, "mended", "looking for what was mended", self._mend)
        for name, seconds in spread_out(self._servers, poll_every).items():
            self._every(seconds, self._ask, name, name)

    def _every(self, seconds: float, run: Callable[..., Any], job_id: str, *args: Any) -> None:
        self._clock.add_job(run, "interval", args, seconds=seconds, id=job_id, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        """Begin; returns at once."""
        self._clock.start()
        for name, server in self._servers.items():
            self._listeners.add(name, server)

    def stop(self) -> None:
        """End after the steps that are under way."""
        self._clock.shutdown(wait=True)
        self._listeners.stop()
        self._turns.close()
        self._desk.close()
        self._listeners.close()

    def wake(self, at: datetime) -> None:
        """Have a look at the agenda at that time, too."""
        self._clock.add_job(self._due, "date", run_date=at)

    def poll_soon(self, name: str) -> None:
        """Have a look into that inbox as soon as somebody is free, before all that is routine."""
        self._ask(name, routine=False)

    def rung(self, name: str) -> None:
        """That inbox called: look into it at once; where it does not answer, at the time that was set for that."""
        at = datetime.now(UTC) + timedelta(seconds=SETTLE)
        job = None if self._looks.is_failing(name) else self._clock.get_job(name)
        if job is not None and job.next_run_time > at:
            self._look_at(name, SETTLE)

    # ---- what a tick does ---------------------------------------------------------------------------------------

    def _due(self) -> None:
        guarded("looking at the agenda", self._look_at_agenda)

    def _look_at_agenda(self) -> None:
        self._desk.keep_up()
        for name in self._desk.ahead():
            self._perform_soon(name)

    def _perform_soon(self, name: str) -> None:
        run = partial(self._looks.perform, name)
        self._turns.ask(f"perform {name}", run, server=self._servers.get(name, name))

    def _ask(self, name: str, *, routine: bool = True) -> None:
        self._turns.ask(f"poll {name}", partial(self._look, name), server=self._servers[name], routine=routine)

    def _look(self, name: str) -> None:
        came, pause = self._looks.look(name)
        if pause:
            self._turns.drop(f"poll {name}")
            self._look_at(name, pause)
        elif came:
            self._perform_soon(name)

    def _look_at(self, name: str, after: float) -> None:
        """Have the next look after so many seconds, and go on from there."""
        with suppress(LookupError):  # the clock is stopping, and knows this job no more
            self._clock.modify_job(name, next_run_time=datetime.now(UTC) + timedelta(seconds=after))

    def _mend(self) -> None:
        """Try an inbox that said no again as soon as a person has mended something."""
        for name in self._looks.mended():
            self._listeners.renew(name)
            self.poll_soon(name)


def server_of(desk: Desk, name: str) -> str:
    """Where this inbox is reached, as far as its settings tell: inboxes of one server share what it allows."""
    return desk.policies.inboxes[name].server if name in desk.policies.inboxes else name


def spread_out(servers: dict[str, str], poll_every: float) -> dict[str, float]:
    """Seconds between two looks into each inbox: longer where a server has so many that they could not be kept."""
    shared = Counter(servers.values())
    return {name: max(poll_every, shared[server] * APART) for name, server in servers.items()}


def _clock(threads: int) -> BackgroundScheduler:
    from apscheduler.executors.pool import ThreadPoolExecutor  # noqa: PLC0415 - a single pass needs no clock
    from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415 - as above

    return BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(threads)},
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
