"""What Amends did is taken back: our tags, our untouched drafts, our reminders. What a person made stays.

Each case is decided in a transaction of its own, and what follows waits in the agenda: broken off, it goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from plugin.decide import Undo
from plugin.desk import Desk, Outcome, UnknownCase
from plugin.desk.work import Writing
from plugin.inbox import ALONE
from plugin.timeline import Case, DraftFate, Status

_STANDING = tuple(status.value for status in (Status.OPEN, Status.RESOLVED, Status.UNDECIDED))


@dataclass(slots=True)
class Traces:
    """What of ours lies in the inbox for some cases, and what of it a person has made their own."""

    cases: int = 0
    undone: int = 0  # of these cases, so many were undone before
    messages: int = 0  # that carry tags of ours
    tags: Counter[str] = field(default_factory=Counter)
    drafts: int = 0
    reminders: set[str] = field(default_factory=set)
    tasks: int = 0  # that a person would still have to do
    waiting: int = 0  # tasks of ours that are not written yet
    kept: Counter[str] = field(default_factory=Counter)  # drafts that stay, by what became of them

    @property
    def nothing_left(self) -> bool:
        """Whether every one of them was undone before, and all of it is done."""
        left = self.messages + self.drafts + len(self.reminders) + self.tasks + self.waiting
        return self.undone == self.cases and not left

    def take(self, case: Case) -> None:
        """One more case."""
        self.cases += 1
        self.undone += case.undone
        self.messages += len({key for key, _ in case.kept})
        self.tags.update(tag for _, tag in case.kept)
        self.drafts += sum(draft.fate is DraftFate.WRITTEN for draft in case.drafts)
        self.reminders |= {item.message_id for item in case.reminders if item.placed and not item.over}
        self.tasks += sum(not task.kind.for_inbox for task in case.open_tasks())
        self.waiting += sum(task.kind.for_inbox for task in case.open_tasks())
        stays = (DraftFate.EDITED, DraftFate.SENT)
        self.kept.update(draft.fate.value for draft in case.drafts if draft.fate in stays)


class Undoing:
    """The taking back for one case, or for all of an inbox."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime]) -> None:
        self._desk, self._clock = desk, clock

    def cases_of(self, inbox: str) -> list[str]:
        """Every case of this inbox, those that nobody has decided on included."""
        with self._desk.store.reading() as session:
            return session.cases_of(inbox, _STANDING)

    def traces(self, case_ids: Sequence[str]) -> Traces:
        """What lies there now; raises UnknownCase."""
        found = Traces()
        for start in range(0, len(case_ids), 200):
            with self._desk.store.reading() as session:
                for case_id, case in session.load(case_ids[start : start + 200]).items():
                    if case.status is Status.NONE:
                        raise UnknownCase(case_id)
                    found.take(case)
        return found

    def decide(self, case_ids: Sequence[str], by: str, *, forget: bool = False) -> None:
        """Have it taken back; those that were undone before are looked at once more."""
        for case_id in case_ids:
            with self._desk.store.reading() as session:
                inbox = session.case(case_id).inbox
            settings = self._desk.policies.inboxes.get(inbox)
            tell = settings is not None and settings.kind in ALONE
            self._desk.act(case_id, Undo(by=by, tell=tell, forget=forget))

    def finish_begun(self, case_ids: Sequence[str]) -> None:
        """What was begun and may lie in the inbox without our knowing is done first, or it could not be taken back.

        Only for whoever is alone at work on the store.
        """
        self._write(case_ids, begun=True)

    def write(self, case_ids: Sequence[str]) -> Outcome:
        """Do in the inbox what was decided, for these cases alone."""
        return self._write(case_ids)

    def _write(self, case_ids: Sequence[str], *, begun: bool = False) -> Outcome:
        writing = Writing(self._desk.store, self._desk.policies, self._desk.inboxes, self._clock())
        return writing.run(only=case_ids, begun=begun) if case_ids else Outcome()
