"""Old mail, taken in on purpose: the oldest first, each page stored in one transaction, so that it can be broken off.

read      the inbox tells what it holds from before it was attached, and what of that is on record is left out
take      a page becomes timelines; old cases get their tags and their dates, and ask nothing of anybody
settle    all is there: what was answered is settled, and what is still open says what was missed, or is taken up
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.decide import SettleOld, TakeUp
from plugin.desk import Desk
from plugin.desk.ledger import cursor_of
from plugin.inbox import Page, Unreadable
from plugin.model import Message, Place
from plugin.store import Session
from plugin.timeline import Case, Status

ANSWERED_UNSEEN = "answered, not seen"


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of old cases: how many were settled, how many are open, and of those, were taken up."""

    settled: int = 0
    open: int = 0
    taken_up: int = 0


class Backfill:
    """One taking in of the old mail of one inbox; begun again, it goes on where it was broken off."""

    def __init__(self, desk: Desk, name: str, since: datetime, *, by: str = "", drafts: bool = False) -> None:
        """With `drafts`, old cases that are still open are dealt with like new ones."""
        self._desk, self._name, self._since = desk, name, since
        self._by, self._drafts = by, drafts
        self._laid: set[Place] = set()

    def pages(self, at_once: int) -> Iterator[Page]:
        """What is not on record, oldest first; the first page is empty and says how much. Raises InboxError.

        An inbox nobody has looked into is attached first, or mail that comes meanwhile would be neither old nor new.
        """
        cursor = cursor_of(self._desk.store, self._name)
        if cursor is None:
            self._desk.poll(self._name)
            cursor = cursor_of(self._desk.store, self._name)
        yield from self._desk.inboxes[self._name].backlog(self._since, cursor or {}, self._recorded, at_once)

    def _recorded(self, places: Sequence[Place]) -> dict[Place, bool]:
        """Answers that answer nothing we knew of are of use again: what they answer may be known by now."""
        found: dict[Place, bool] = {}
        by_folder: dict[tuple[str, int], list[int]] = defaultdict(list)
        for place in places:
            by_folder[place.folder, place.validity].append(place.uid)
        with self._desk.store.reading() as session:
            aside = session.places_aside(self._name)
            for (folder, validity), uids in by_folder.items():
                keys = session.keys_at(self._name, folder, validity, uids)
                known = session.known(self._name, list(keys.values()))
                for uid, key in keys.items():
                    told = known.get(key)
                    found[Place(folder, validity, uid)] = told is None or told.verdict != "ours" or told.case_id != ""
        return found | dict.fromkeys((aside | self._laid).intersection(places), True)

    def lay(self, *read: Sequence[Message | Unreadable]) -> None:
        """These were read and are at hand: they need not be read again, though they are not on record yet."""
        self._laid.update(one.place for some in read for one in some)

    def take(self, page: Page) -> None:
        """Take a page in, all of it or none; it is not read again."""
        self._desk.receive(self._name, page, old=True)
        self.lay(page.messages, page.unreadable)

    def open_cases(self) -> list[str]:
        """The old cases since then that are still open."""
        with self._desk.store.reading() as session:
            found = session.load(session.cases_of(self._name, (Status.OPEN.value,), self._since))
        return [case.id for case in found.values() if case.historic]

    def settle(self) -> Settled:
        """Settle what the mailbox shows to be answered; of the rest, say what was missed, or take it up."""
        told: Counter[str] = Counter()
        for case_id in self.open_cases():
            with self._desk.store.reading() as session:
                answered = shown_answered(session, session.case(case_id))
            if answered is not None:
                self._desk.act(case_id, answered)
                told["settled"] += 1
                continue
            self._desk.act(case_id, TakeUp(by=self._by, quietly=not self._drafts))
            told["open"] += 1
            told["taken_up"] += self._drafts
        return Settled(**told)


def shown_answered(session: Session, case: Case) -> SettleOld | None:
    """How the mailbox shows that nobody waits for an answer any more; None where somebody does."""
    replied_at = case.replies[-1][1] if case.replies else None
    complained_at = session.last_complained(case.id) or case.since
    if replied_at is not None and (complained_at is None or replied_at >= complained_at):
        return SettleOld(replied_at=replied_at)
    if replied_at is None and any(due.open and due.note == ANSWERED_UNSEEN for due in case.due):
        return SettleOld()
    return None
