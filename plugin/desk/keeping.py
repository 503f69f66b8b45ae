"""What is kept, and for how long: letters of cases that rest are packed, then given up, and the cases after them.

Nothing that anybody still works on is touched: no open case, none with a task or promise to come, none of an incident
that is not closed. Everything goes in small transactions, and whatever breaks off is gone on with by the next pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plugin.config import Keep
from plugin.desk.ledger import store_events
from plugin.store import AS_WRITTEN, GONE, PACKED, Packed, Session, Store, idle_since
from plugin.timeline import Case, WordsGone

_AT_ONCE = 100
"""Cases in one transaction: nobody who waits to write should wait for long."""
_DAILY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a pass came to: what was packed, of how many cases so many texts were given up, how many cases were."""

    packed: Packed = field(default_factory=Packed)
    cases_without_words: int = 0
    texts: int = 0
    cases: int = 0


def keep(store: Store, settings: Keep, now: datetime, *, dry: bool = False, enough: Callable[[], bool] = bool) -> Kept:
    """Keep no longer what need not be kept; with `dry`, only say what that would be.

    Breaks off once it is `enough`, between two transactions. Raises StoreError.
    """
    one = _Pass(store, settings, now, dry, enough)
    cases = one.cases()
    without, texts = one.words()
    packed = Packed() if dry else one.packed()
    if not dry and (cases or without):
        _tidy(store, enough)
    return Kept(packed=packed, cases_without_words=without, texts=texts, cases=cases)


def index(store: Store, most: int = 10) -> int:
    """Have what was stored last in the index for searching; at most so many transactions. How many cases it was.

    Letters are read before anybody is kept from writing; whatever changes meanwhile is left for the next time.
    """
    total = 0
    for _ in range(most):
        with store.reading() as session:
            some = session.unsought(_AT_ONCE)
        if not some:
            break
        with store.writing() as session:
            total += session.search.take_in(some)
    return total


class Chores:
    """What a store needs now and then. Each look does a bounded part of it, and the next one goes on."""

    def __init__(self, store: Store, settings: Keep, clock: Callable[[], datetime]) -> None:
        self._store, self._settings, self._clock = store, settings, clock
        self._kept: datetime | None = None
        self._untidy = False

    def look(self) -> None:
        """Take into the index what came, and once a day see to what is kept."""
        index(self._store)
        now = self._clock()
        if self._kept is None or now - self._kept >= _DAILY:
            self._go_on(now)

    def _go_on(self, now: datetime) -> None:
        patience = _Patience()
        kept = keep(self._store, self._settings, now, enough=patience.over)
        self._untidy = self._untidy or kept.cases + kept.cases_without_words > 0
        if self._untidy and patience.left >= 0:
            _tidy(self._store, patience.over)
        if patience.left >= 0:
            self._kept, self._untidy = now, False


@dataclass(slots=True)
class _Patience:
    """For so many transactions."""

    left: int = 50

    def over(self) -> bool:
        """Whether that was enough."""
        self.left -= 1
        return self.left < 0


# ---- one after the other --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over what rests."""

    store: Store
    settings: Keep
    now: datetime
    dry: bool
    enough: Callable[[], bool]

    def packed(self) -> Packed:
        """Pack the letters of what has rested long enough."""
        done, before = Packed(), self.settings.archive.before(self.now)
        while not self.enough():
            with self.store.writing() as session:
                some = session.archive.pack(before, _AT_ONCE)
            if not some.cases:
                break
            done += some
        return done

    def words(self) -> tuple[int, int]:
        """Give up words: of how many cases, and how many texts that is."""
        if self.settings.text is None:
            return 0, 0
        of_cases = texts = 0
        event = WordsGone(at=self.now, kept=str(self.settings.text))
        # What goes as a whole goes before, so this begins where that ended.
        first = (self.settings.case.before(self.now), "") if self.settings.case else None
        for session, some in self._batches((AS_WRITTEN, PACKED), self.settings.text.before(self.now), first):
            ids = [case.id for case in some]
            of_cases, texts = of_cases + len(ids), texts + session.retention.texts(ids)
            if not self.dry:
                for case in some:
                    store_events(session, case, [event], case.inbox)
                session.flush()
                session.retention.give_up_texts(ids)
        return of_cases, texts

    def cases(self) -> int:
        """Give up whole cases; how many."""
        if self.settings.case is None:
            return 0
        count = 0
        for session, some in self._batches((AS_WRITTEN, PACKED, GONE), self.settings.case.before(self.now)):
            count += len(some)
            if not self.dry:
                session.retention.give_up(some)
                session.fold_anew()
        return count

    def _batches(
        self, states: Sequence[int], before: datetime, first: tuple[datetime, str] | None = None
    ) -> Iterator[tuple[Session, list[Case]]]:
        """Cases that have rested since before then and that nobody waits for, each few with the transaction to use."""
        for texts in states:
            after = first
            while not self.enough():
                with self.store.reading() if self.dry else self.store.writing() as session:
                    some = session.retention.resting(texts, before, after, _AT_ONCE)
                    if cases := list(_at_rest(session, [case_id for _, case_id in some])):
                        yield session, cases
                if len(some) < _AT_ONCE:
                    break
                after = some[-1]


def _tidy(store: Store, enough: Callable[[], bool]) -> None:
    """Have the index let go of the words of what was given up."""
    more = True
    while more and not enough():
        with store.writing() as session:
            more = session.search.tidy()


def _at_rest(session: Session, case_ids: Sequence[str]) -> Iterator[Case]:
    """Those of these cases to which nothing is to come, and whose incident is over."""
    running = {one.name for one in session.incidents.in_force()}
    for case in session.load(case_ids).values():
        if idle_since(case) is not None and case.incident not in running:
            yield case
