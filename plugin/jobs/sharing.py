"""The engine of many machines: workers share the inboxes of one PostgreSQL between them.

Each worker holds some inboxes and says every few seconds that it is alive; what a dead one held is taken over by the
others. procrastinate wakes a worker for the inboxes it holds. A job that is lost, comes twice or too late loses
nothing: what is due stands in the agenda, and a sweep looks at that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from time import monotonic
from typing import Any

import psycopg
from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status

from plugin.desk import Desk
from plugin.jobs.clock import SETTLE, server_of, spread_out
from plugin.jobs.leading import LEADS, Busy
from plugin.jobs.listening import Listeners
from plugin.jobs.looks import POLL as POLL_EVERY
from plugin.jobs.looks import WITHIN, Looks, guarded
from plugin.jobs.pens import Pens
from plugin.jobs.queue import CHORES, PERFORM, POLL, Calls, app_on, conninfo, performing, polling, queue_of, share
from plugin.jobs.turns import Turns
from plugin.model import AmendsError
from plugin.store import StoreNewer, StoreUnavailable
from plugin.store.holdings import LAPSE, PRESENT
from plugin.store.postgresql import NOTICED, number_of

log = logging.getLogger("amends.jobs")

BEAT = 5.0  # seconds between two signs of life
SWEEP = "* * * * * */15"  # cron, the seconds last: when somebody looks for what was left lying
_CHORES = "* * * * * 5/20"
_LEARN = "0 * * * *"
_FETCH = 1.0  # seconds between two looks for jobs whose time has come
_AT_ONCE = 500  # jobs; the threads are shared out by Turns
_AGAIN = 2.0  # seconds to the next try to reach the database
_REACH = "check its address, and that the server runs"
_CHANNEL = "amends_workers"
_ENDING = 20.0  # seconds in which what is under way may end


class Worker:
    """Does the work of the inboxes it holds. As many as one likes work on a store, on as many machines."""

    def __init__(
        self, desk: Desk, url: str, *, poll_every: float = POLL_EVERY, learn: Callable[[], Any] | None = None,
        alert: Callable[[], Any] | None = None, mended: Callable[[str], bool] | None = None,
        tidy: Callable[[], Any] | None = None,
    ) -> None:  # fmt: skip
        """`url` is that of the desk's store, password and all; the others as for Jobs."""
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._desk, self._url, self._looks = desk, url, Looks(desk, mended)
        self._learn, self._alert, self._tidy = learn, alert, tidy
        self._servers = {name: server_of(desk, name) for name in desk.inboxes}
        self._every = spread_out(self._servers, poll_every)
        share(desk.store, url)
        self._app = self._with_tasks(app_on(url))
        self._calls = Calls(url)
        self._turns = Turns("inbox")
        self._listeners = Listeners(desk.inboxes, self._has_news, lambda name: not self._looks.is_refused(name))
        self._held: frozenset[str] = frozenset()
        self._orphaned: set[str] = set()  # whose jobs are still those of the dead
        self._inherited: set[str] = set()  # whose tasks are still leased to the dead
        self._pens = Pens(url)
        self._beaten = 0.0
        self._hurried: set[str] = set()  # whose news was told and is not yet looked at
        self._complaint = ""  # what was said last about a database that does not answer
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._threads = [
            threading.Thread(target=self._stay_alive, name="worker", daemon=True),
            threading.Thread(target=lambda: asyncio.run(self._work()), name="jobs", daemon=True),
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the steps that are under way, and give back what is held; ending twice does no harm."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._tell_loop()
        self._listeners.stop()
        guarded("telling the other workers", self._notify)  # and our own thread, which waits for word of them
        for thread in self._threads:
            thread.join(_ENDING)  # a server that is gone answers nobody, and what is under way lies in its rows
        self._turns.close()
        guarded("giving back the inboxes", self._leave)
        self._desk.close()
        self._listeners.close()
        self._calls.close()
        self._pens.close()

    def rung(self, name: str) -> None:
        """That inbox called: whoever holds it looks into it at once."""
        self._calls.poll_soon(name, SETTLE)

    def _has_news(self, name: str) -> None:
        """Heard from the inbox itself, perhaps many times in a moment."""
        if name not in self._hurried:
            self._hurried.add(name)
            self._calls.poll_soon(name)

    # ---- who holds what -------------------------------------------------------------------------------------------

    def _stay_alive(self) -> None:
        """Say so every few seconds, and whenever another comes or goes."""
        while not self._stopping.is_set():
            try:
                with psycopg.connect(conninfo(self._url), autocommit=True, application_name="amends worker") as wire:
                    wire.execute(f"LISTEN {_CHANNEL}")
                    self._sign_in(wire)
                    while not self._stopping.is_set():
                        self._beat(wire)
                        for _ in wire.notifies(timeout=BEAT, stop_after=1):
                            log.debug("worker %s: another came or went", self.name)
            except (Busy, StoreNewer) as error:
                self._hold(frozenset(), frozenset())
                self._complain(str(error))
                self._stopping.wait(_AGAIN)
            except AmendsError as error:
                self._complain(str(error))
                self._lapse()
                self._stopping.wait(_AGAIN)
            except psycopg.Error as error:
                self._complain(str(StoreUnavailable(self._desk.store.url, _first_line(error), _REACH)))
                self._lapse()
                self._stopping.wait(_AGAIN)
            except Exception:
                log.exception("worker %s stumbled", self.name)  # it must go on saying that it is alive
                self._stopping.wait(_AGAIN)

    def _sign_in(self, wire: psycopg.Connection[Any]) -> None:
        """Hold, as long as this connection lasts, what says that we are here; raises Busy while a command is alone."""
        wire.execute(NOTICED)
        row = wire.execute("SELECT pg_try_advisory_lock_shared(%s, 0)", (LEADS,)).fetchone()
        if row is None or not row[0]:
            raise Busy(self._desk.store.url, "a command that needs to be alone")
        wire.execute("SELECT pg_advisory_lock_shared(%s, %s)", (PRESENT, number_of(self.name)))

    def _beat(self, wire: psycopg.Connection[Any]) -> None:
        began = monotonic()
        with self._desk.store.entering() as session:
            found = session.holdings.share(self.name, list(self._desk.inboxes))
        self._beaten, self._complaint = began, ""
        if found.moved:
            wire.execute(f"NOTIFY {_CHANNEL}")
        self._orphaned |= found.orphaned
        self._inherited |= found.orphaned
        self._hold(found.held, found.orphaned)
        for name in self._looks.mended():
            self._listeners.renew(name)
            self._calls.poll_soon(name)

    def _complain(self, why: str) -> None:
        if why != self._complaint:
            self._complaint = why
            log.warning("%s", why)

    def _lapse(self) -> None:
        """Without a sign of life for so long, others hold what we held."""
        if self._held and monotonic() - self._beaten > LAPSE.total_seconds():
            self._hold(frozenset(), frozenset())

    def _hold(self, held: frozenset[str], orphaned: frozenset[str]) -> None:
        before, self._held = self._held, held
        if held == before:
            return
        for name in sorted(held - before):
            log.info("inbox %s: held by worker %s%s", name, self.name, ", as the one before died" * (name in orphaned))
            self._listeners.add(name, self._servers[name])
        for name in sorted(before - held):
            log.info("inbox %s: given back by worker %s", name, self.name)
            self._listeners.remove(name)
            self._looks.forget(name)
            self._hurried.discard(name)
            self._turns.ask(f"close {name}", self._desk.inboxes[name].close)
        self._tell_loop()
        self._look_again(held - before)

    def _look_again(self, names: Set[str]) -> None:
        """Whoever held these before may have left one alone for an hour; a person may have mended it since."""
        with self._desk.store.reading() as session:
            troubled = [name for name in sorted(names) if session.inbox(name)["fault"]]
        for name in troubled:
            self._calls.poll_soon(name)

    def _leave(self) -> None:
        with self._desk.store.entering() as session:
            session.holdings.leave(self.name)
        self._notify()

    def _notify(self) -> None:
        try:
            with psycopg.connect(conninfo(self._url), autocommit=True) as wire:
                wire.execute(f"NOTIFY {_CHANNEL}")
        except psycopg.Error as error:
            raise StoreUnavailable(self._desk.store.url, _first_line(error), "they hear of it by themselves") from error

    def _tell_loop(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    # ---- procrastinate --------------------------------------------------------------------------------------------

    def _with_tasks(self, app: App) -> App:
        app.task(name=POLL)(self._told(self._poll))
        app.task(name=PERFORM)(self._told(self._perform))
        for cron, name, run in ((SWEEP, "sweep", self._sweep), (_CHORES, "chores", self._chores),
                                (_LEARN, "learn", self._learned)):  # fmt: skip
            task = app.task(name=f"amends.{name}", queue=CHORES, lock=name, queueing_lock=name)(self._told(run))
            app.periodic(cron=cron)(task)
        return app

    def _told(self, run: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """The same; what goes wrong is told in our log, since procrastinate's own tells every trace."""

        @wraps(run)
        async def told(**given: Any) -> None:
            try:
                await run(**given)
            except ConnectorException as error:
                log.warning("worker %s: %s", self.name, _first_line(error.__cause__ or error))
                raise
            except AmendsError as error:  # the store, mostly; what was due is still due
                log.warning("worker %s: %s", self.name, error)
                raise
            except Exception:
                log.exception("worker %s: a job stumbled", self.name)
                raise

        return told

    async def _work(self) -> None:
        """Run procrastinate's worker on the queues of what is held; when that changes the next one takes over at once,
        while the one before ends what it began.
        """
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._overheard)
        running: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            try:
                async with self._app.open_async():
                    await self._take_turns(running)
            except Exception as error:  # noqa: BLE001 - mostly the database; what was due is still due
                log.info("worker %s: the queue of jobs does not answer: %s", self.name, _first_line(error))
                await asyncio.sleep(_AGAIN)

    def _overheard(self, loop: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        """What procrastinate cannot tell a database that is gone, nobody waits for; every other error is told whole."""
        if isinstance(error := told.get("exception"), ConnectorException):
            log.info("worker %s: the queue of jobs does not answer: %s", self.name, _first_line(error))
        else:
            loop.default_exception_handler(told)

    async def _take_turns(self, running: set[asyncio.Task[None]]) -> None:
        worker: asyncio.Task[None] | None = None
        try:
            while not self._stopping.is_set():
                self._changed.clear()
                worker = asyncio.create_task(self._run_worker())
                running.add(worker)
                worker.add_done_callback(lambda ended: _forget(running, ended))
                await self._sweep(0)
                changed = asyncio.create_task(self._changed.wait())
                await asyncio.wait({worker, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                if worker.done() and not self._stopping.is_set():
                    log.info("worker %s: the queue of jobs does not answer, and is asked again", self.name)
                    await asyncio.sleep(_AGAIN)
                worker.cancel()  # once: it ends what it began, unless it is told so again
                worker = None
        finally:
            if worker is not None:
                worker.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _run_worker(self) -> None:
        await self._app.run_worker_async(
            queues=[CHORES, *map(queue_of, sorted(self._held))], name=self.name, concurrency=_AT_ONCE,
            install_signal_handlers=False, fetch_job_polling_interval=_FETCH, delete_jobs="always",
            update_heartbeat_interval=BEAT, stalled_worker_timeout=LAPSE.total_seconds(),
        )  # fmt: skip

    async def _defer(self, task: str, how: dict[str, Any], **given: Any) -> None:
        try:
            await self._app.configure_task(task, **how).defer_async(**given)
        except AlreadyEnqueued:
            return

    # ---- what a job does ------------------------------------------------------------------------------------------

    async def _poll(self, inbox: str, routine: bool = True) -> None:
        """Look into an inbox, and see to it that somebody does so again."""
        self._hurried.discard(inbox)
        if inbox not in self._desk.inboxes:
            return
        if not routine and self._looks.is_failing(inbox):
            return  # it has its time
        pause = 0.0
        if inbox in self._held:
            _, pause = await self._turn("poll", inbox, partial(self._looks.look, inbox), routine=routine) or (0, 0.0)
        if routine:
            wait = max(self._every[inbox], pause) if inbox in self._held else 0.0
            await self._defer(POLL, polling(inbox, _in(wait), routine=True), inbox=inbox)

    async def _perform(self, inbox: str) -> None:
        """Do what is due for an inbox; what is due again in a moment gets its job."""
        if inbox not in self._desk.inboxes:
            return
        at = await self._turn("perform", inbox, partial(self._performed, inbox))
        if at is not None:
            await self._defer(PERFORM, performing(inbox, max(at, _in(1.0))), inbox=inbox)

    def _performed(self, inbox: str) -> datetime | None:
        with self._pens.taken(inbox) as mine:
            if not mine:
                return _in(_AGAIN)
            if inbox in self._inherited:
                with self._desk.store.writing(inbox) as session:
                    session.release(inbox)  # who was writing there has ended, perhaps in the middle of it
                self._inherited.discard(inbox)
            self._looks.perform(inbox, partial(self._may_write, inbox))
        return self._desk.ahead(WITHIN).get(inbox)

    def _may_write(self, inbox: str) -> bool:
        """Whether to go on with what is due: who ends, or gave the inbox back, leaves it to the others."""
        return not self._stopping.is_set() and inbox in self._held and self._pens.has(inbox)

    async def _turn(self, what: str, inbox: str, run: Callable[[], Any], *, routine: bool = False) -> Any:
        turn = self._turns.ask(f"{what} {inbox}", run, server=self._servers[inbox], routine=routine)
        return await asyncio.wrap_future(turn)

    async def _sweep(self, timestamp: int) -> None:
        """Look for what was left lying: by workers that died, by a queue that was emptied, by time that passed."""
        manager = self._app.job_manager
        await self._bury(await manager.get_stalled_jobs(seconds_since_heartbeat=LAPSE.total_seconds()))
        for name in sorted(self._orphaned):
            await self._bury(await manager.list_jobs_async(queue=queue_of(name), status="doing"))
            await self._defer(PERFORM, performing(name, _in(0.0)), inbox=name)
            self._orphaned.discard(name)
        known = {str(job.task_kwargs.get("inbox")) for job in await manager.list_jobs_async(task=POLL)}
        for name in self._desk.inboxes:
            if name not in known:
                await self._defer(POLL, polling(name, _in(0.0), routine=True), inbox=name)
        due = await asyncio.to_thread(self._desk.ahead, WITHIN)
        waiting = {job.queueing_lock for job in await manager.list_jobs_async(task=PERFORM)}
        for name, at in due.items():
            how = performing(name, max(at, _in(0.0)))
            if how["queueing_lock"] not in waiting:
                await self._defer(PERFORM, how, inbox=name)

    async def _bury(self, jobs: Iterable[Job]) -> None:
        """End the jobs of the dead; what they were about is found in the store."""
        for job in jobs:
            with suppress(ConnectorException):  # another has done so meanwhile
                await self._app.job_manager.finish_job(job, Status.FAILED, delete_job=True)

    async def _chores(self, timestamp: int) -> None:
        """What concerns no single inbox, by one worker at a time."""
        await asyncio.to_thread(guarded, "bringing cases in line", self._desk.keep_up)
        if self._alert is not None:
            await asyncio.to_thread(guarded, "telling the team", self._alert)
        if self._tidy is not None:
            await asyncio.to_thread(guarded, "keeping the store tidy", self._tidy)

    async def _learned(self, timestamp: int) -> None:
        if self._learn is not None:
            await asyncio.to_thread(guarded, "learning", self._learn)


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _forget(running: set[asyncio.Task[None]], ended: asyncio.Task[None]) -> None:
    running.discard(ended)
    if not ended.cancelled() and (error := ended.exception()) is not None:
        log.info("a queue of jobs has ended: %s", _first_line(error))
