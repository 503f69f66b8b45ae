"""The desk: the one place that touches the world. poll, receive, act, run_due, and no fifth verb.

poll      ask an inbox what came, page by page
receive   take a page in: judge, decide, store, all of it in one transaction
act       a person did something to a case
run_due   raise what is due, write what waits to be written
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import cast

from plugin.config import InboxSettings, Settings
from plugin.decide import Act, Acted, Trigger
from plugin.desk.intake import Intake
from plugin.desk.ledger import Policies, StoreMemory, follow, keep_fault, recount, stay_quiet, words_of
from plugin.desk.replanning import Foreseen, Replan, foresee, trigger_of
from plugin.desk.spreading import spread
from plugin.desk.work import Outcome, Raising, Writing
from plugin.inbox import KINDS, ActKind, Inbox, InboxError, Page, Unreadable
from plugin.inforce import book_of, judge_of, phrases_of
from plugin.judge import Judge
from plugin.model import AmendsError, Assessment, clip
from plugin.signin import tokens_for
from plugin.store import NEVER_TAUGHT, Conflict, Session, Store
from plugin.timeline import Case, Status

__all__ = ["Desk", "Outcome", "Replan", "UnknownCase", "open_desk", "open_inbox", "policies_of"]

log = logging.getLogger("amends.desk")


class UnknownCase(AmendsError):
    """There is no case with this id."""

    input_is_wrong = True

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"case {case}: there is none with this id - `amends cases` lists them")


def now_utc() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


class Desk:
    """Everything that happens, happens here; safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        inboxes: Mapping[str, Inbox],
        policies: Policies,
        judge: Judge,
        clock: Callable[[], datetime] = now_utc,
        *,
        past: bool = False,
    ) -> None:
        """With `past` the clock may lag behind what is received: a message counts as taken in when it came."""
        self.store, self.inboxes, self.policies = store, dict(inboxes), policies
        self._judge, self._clock, self._past = judge, clock, past
        self._taught = NEVER_TAUGHT
        self._counted = False
        with store.entering() as session:
            session.keep_book(policies.book.version, policies.book.to_json())

    def poll(self, name: str) -> int:
        """Take in what came to this inbox since the last time; how many messages. Raises InboxError."""
        self._recount()
        with self.store.reading() as session:
            row, taught = session.inbox(name), session.corrections.stamp()
        stay_quiet(row, self._clock())
        cursor = row["cursor"]
        self._heed(taught)
        total = 0
        try:
            memory = StoreMemory(self.store, name)
            for page in self.inboxes[name].fetch(json.loads(cursor) if cursor else None, memory):
                self.receive(name, page)
                total += len(page.messages)
        except InboxError as error:
            with self.store.writing(name) as session:
                keep_fault(session, error, self._clock())
            raise
        with self.store.writing(name) as session:
            session.keep_well(name, self._clock())
        return total

    def exchange(self, name: str, inbox: Inbox) -> None:
        """From now on the inbox of this name is reached in another way; the old connections are let go."""
        old, self.inboxes[name] = self.inboxes[name], inbox
        old.close()

    def receive(self, name: str, page: Page, *, old: bool = False) -> None:
        """Take a page in with its cursor, all of it or none; a message over which we stumble is put aside alone.

        An `old` page is of a backlog, whose threads may be known already from their later ends.
        """
        try:
            self._take(name, page, old=old)
        except AmendsError:
            raise  # the store, mostly: the page is taken in at the next try
        except Exception:
            log.exception("inbox %s: a page of %d could not be taken in whole", name, len(page.messages))
            self._take_singly(name, page, old=old)

    def _take_singly(self, name: str, page: Page, *, old: bool) -> None:
        """A fault of ours in one message must not hold up those behind it: it goes to the quarantine."""
        stumbled = []
        alone = replace(page, cursor={}, messages=(), acts=(), unreadable=(), sightings=(), heard=(), bookmarks=None)
        singles = [replace(alone, messages=(message,)) for message in page.messages]
        singles += [replace(alone, acts=(act,)) for act in page.acts]
        for single in singles:
            try:
                self._take(name, single, old=old)
            except AmendsError:
                raise
            except Exception as error:
                log.exception("inbox %s: one message could not be taken in", name)
                reason = f"Amends stumbled over it: {type(error).__name__}: {clip(str(error), 200)}"
                stumbled += [Unreadable(one.place, reason, b"", one.at, one.historic) for one in single.messages]
        self._take(name, replace(page, messages=(), acts=(), unreadable=(*page.unreadable, *stumbled)))

    def _take(self, name: str, page: Page, *, old: bool = False) -> None:
        assessed = self._assess(page)
        with self.store.writing(name) as session:
            now, whole = self._clock(), self._judge.assess
            Intake(session, self.policies, name, now, assessed, self._past, old, whole).take(page)

    def _heed(self, taught: str) -> None:
        """Judge from now on as people have taught, here or in another process."""
        if taught != self._taught:
            from plugin.desk.learning import taught_by_people  # noqa: PLC0415 - many a desk has nothing to learn

            self._judge, self._taught = taught_by_people(self._judge, self.store), taught

    def _assess(self, page: Page) -> dict[str, Assessment]:
        assessed = {message.key: self._judge.glance(message) for message in page.messages}
        for act in page.acts:
            # A person looked at it, so it counts even if a machine wrote it.
            if act.kind is ActKind.COMPLAINT and act.message is not None:
                assessed[act.message.key] = self._judge.assess(replace(act.message, automatic=""))
        return assessed

    def act(self, case_id: str, act: Act | Replan) -> Case:
        """A person's act on a case; the case as it stands then. Raises UnknownCase, ActRefused."""
        for _ in range(5):
            try:
                return self._act(case_id, act)
            except Conflict:
                continue
        raise Conflict(case_id)

    def _act(self, case_id: str, act: Act | Replan) -> Case:
        with self.store.reading() as session:
            inbox = session.case(case_id).inbox  # which is never another one
        with self.store.writing(inbox or None) as session:
            case, now = _known(session, case_id), self._clock()
            trigger: Trigger
            if isinstance(act, Replan):
                trigger = trigger_of(session, self.policies, case, act.by, now)
            else:
                trigger = Acted(at=now, act=act, text=words_of(session, case))
            after, _ = follow(session, self.policies, case, case.inbox, trigger)
            return after

    def foresee(self, case_id: str, act: Replan) -> Foreseen:
        """What such an act would do, and nothing is done. Raises UnknownCase, ActRefused."""
        with self.store.reading() as session:
            return foresee(session, self.policies, _known(session, case_id), act.by, self._clock())

    def run_due(self) -> Outcome:
        """Raise every task whose time has come and write all that waits; faults are stored, not raised."""
        self.keep_up()
        with self.store.writing() as session:
            Raising(session, self.policies, self._clock()).run()
        return Writing(self.store, self.policies, self.inboxes, self._clock()).run()

    def keep_up(self) -> None:
        """Bring cases in line with changed calendars (once in a process) and with incidents told anew."""
        self._recount()
        spread(self.store, self.policies, self._clock())

    def ahead(self, within: timedelta = timedelta()) -> dict[str, datetime]:
        """The inboxes for which something falls due within so long, each with the time of the first."""
        with self.store.reading() as session:
            return session.ahead(self._clock() + within)

    def perform(self, name: str, may: Callable[[], bool] = lambda: True) -> Outcome:
        """As `run_due`, of one inbox alone: so one that does not answer holds up no other.

        Before anything is written `may` is asked whether we still may; where not, what is left stays due.
        """
        with self.store.writing(name) as session:
            Raising(session, self.policies, self._clock()).run(name)
        return Writing(self.store, self.policies, self.inboxes, self._clock(), may).run(name)

    def _recount(self) -> None:
        """A calendar that was changed since the last run moves the open due-bys; looked at once in a process."""
        if self._counted:
            return
        for name in self.inboxes:
            with self.store.writing(name) as session:
                recount(session, self.policies, name, self._clock())
        self._counted = True

    @property
    def judge(self) -> Judge:
        """Who judges, with all that people taught up to the last look into an inbox."""
        return self._judge

    def close(self) -> None:
        """Let go of inboxes and store."""
        for inbox in self.inboxes.values():
            inbox.close()
        self.store.close()


def _known(session: Session, case_id: str) -> Case:
    case = session.case(case_id)
    if case.status is Status.NONE:
        raise UnknownCase(case_id)
    return case


def open_inbox(settings: InboxSettings) -> Inbox:
    """The inbox these settings describe; nothing is connected yet."""
    module, _, name = KINDS[settings.kind].partition(":")
    make, tokens = getattr(import_module(module), name), tokens_for(settings)
    return cast(Inbox, make(settings) if tokens is None else make(settings, tokens))


def policies_of(settings: Settings, inboxes: Mapping[str, InboxSettings]) -> Policies:
    """Playbooks, calendars and phrases in force for these inboxes; raises Problems."""
    return Policies(book_of(settings), settings.calendars, inboxes, phrases_of(settings, []))


def open_desk(
    settings: Settings, clock: Callable[[], datetime] = now_utc,
    opening: Callable[[InboxSettings], Inbox] = open_inbox,
) -> Desk:  # fmt: skip
    """The desk these settings describe; raises Problems and StoreError."""
    policies = policies_of(settings, {inbox.name: inbox for inbox in settings.inboxes})
    inboxes = {inbox.name: opening(inbox) for inbox in settings.inboxes}
    return Desk(Store(settings.store), inboxes, policies, judge_of(settings), clock)
