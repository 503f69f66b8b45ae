"""What would have happened: past mail through the same desk, over a store that forgets. Writes nothing, anywhere.

files       past mail from an mbox, a Maildir, a folder; of an inbox its own `history` tells
spool       what was read waits here until all of it is there, and is taken out in the order of time
replay      each mail is received as it came, and what fell due before the next one is done, on paper
differing   what other playbooks would do otherwise
telling     the result for a person
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from plugin.config import InboxSettings, Settings
from plugin.inbox import Act, Page
from plugin.judge import Judge
from plugin.model import Message
from plugin.preview.differing import difference
from plugin.preview.files import history
from plugin.preview.replay import Replay
from plugin.preview.spool import Spool
from plugin.preview.telling import lines
from plugin.register import Register
from plugin.register.shape import utc

__all__ = ["MOST", "Preview", "history", "lines"]

MOST = 20_000
"""Messages of one folder; of more than that an inbox tells the newest, where it can."""
_OURS = ("category-", "severity-", "risk-")
_WORDS = frozenset({"complaint", "maybe-complaint", "not-a-complaint", "resolved"})
_NOT_ORDINARY = frozenset({"complaint", "undecided", "automatic", "ours"})  # what is counted beside it
_AT_ONCE = 200  # cases compared at once

Told = Callable[[str, int, int], None]
Taught = Callable[[Judge], Judge]


class Preview:
    """One look at the past. First `read` what there is, then `run`; the rest tells what came of it."""

    def __init__(
        self, settings: Settings, inbox: InboxSettings, until: datetime, *, compare: Path | None = None,
        told: Told = lambda what, done, total: None, taught: Taught = lambda judge: judge,
    ) -> None:  # fmt: skip
        """`compare` is another folder of playbooks; `told` hears how far it is; `taught` gives the judge what people
        taught it. Raises Problems.
        """
        self._inbox, self._until, self._told = inbox, until, told
        books = [settings] if compare is None else [settings, replace(settings, playbooks=compare)]
        with ExitStack() as opened:
            self._replays = [opened.enter_context(closing(Replay(book, inbox, taught))) for book in books]
            self._spool = opened.enter_context(closing(Spool()))
            self._opened = opened.pop_all()
        self._tags = frozenset[str]().union(*(one.tags for one in self._replays))
        self._unreadable: list[tuple[str, str]] = []
        self._folders = Counter[str]()

    @property
    def register(self) -> Register:
        """Where the cases lie, for telling times."""
        return self._replays[0].register

    def read(self, pages: Iterable[Page]) -> None:
        """Take in what there was; raises whatever the pages raise."""
        for page in pages:
            for message in page.messages:
                self._folders[message.place.folder] += 1
                self._put(message)
            for act in page.acts:
                self._put_act(act)
            self._unreadable += [(_place(one.place.folder, one.place.uid), one.reason) for one in page.unreadable]
            self._told("read", len(self._spool), 0)

    def _put(self, message: Message) -> None:
        message = self._as_it_came(message)
        self._spool.put(message, message.at)

    def _as_it_came(self, message: Message) -> Message:
        """Before any of this was on it: Amends' tags; nor is it too old for a draft, or from the future."""
        marks = tuple(mark for mark in message.marks if not self._is_ours(mark))
        return replace(message, historic=False, marks=marks, at=min(message.at, self._until))

    def _is_ours(self, mark: str) -> bool:
        return mark in _WORDS or mark in self._tags or mark.startswith(_OURS)

    def _put_act(self, act: Act) -> None:
        about = act.message and self._as_it_came(act.message)
        act = replace(act, message=about, at=min(act.at, self._until))
        self._spool.put(act, act.at)

    def run(self) -> None:
        """Live through it once more, up to now."""
        for done, one in enumerate(self._spool.in_order(), 1):
            for replay in self._replays:
                replay.take(one)
            self._told("judged", done, len(self._spool))
        for replay in self._replays:
            replay.go_on_to(self._until)

    # ---- what came of it --------------------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """Counts, and what could not be read; the same as JSON (contract, section 9), but for the cases."""
        verdicts = self._replays[0].verdicts()
        return {
            "inbox": self._inbox.name,
            "mode": self._inbox.mode,  # it is previewed as `draft` all the same
            "until": utc(self._until),
            "messages": sum(verdicts.values()),
            "complaints": len(self._replays[0].ids()),
            "undecided": verdicts.get("undecided", 0),
            "automatic": verdicts.get("automatic", 0),
            "ours": verdicts.get("ours", 0),
            "ordinary": sum(count for verdict, count in verdicts.items() if verdict not in _NOT_ORDINARY),
            "unreadable": [{"file": name, "error": why} for name, why in self._faults()],
            "cut": [folder for folder, count in self._folders.items() if count >= MOST],
        }

    def _faults(self) -> list[tuple[str, str]]:
        stumbled = [(_place(folder, uid), why) for folder, uid, why in self._replays[0].stumbled()]
        return [*self._unreadable, *stumbled]

    def waiting(self) -> int:
        """How many cases there would be that nobody has answered since the last complaint in them."""
        return self._replays[0].waiting()

    def cases(self) -> Iterator[dict[str, Any]]:
        """Each case there would be, newest first, with its drafts' texts."""
        return self._replays[0].cases()

    def differences(self) -> Iterator[dict[str, Any]]:
        """The cases other playbooks would treat otherwise, newest first; none where nothing is compared."""
        first, *others = self._replays
        for other in others:
            ids = list(dict.fromkeys([*first.ids(), *other.ids()]))
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                before, after = ({case["id"]: case for case in one.some(some)} for one in (first, other))
                found = (difference(before.get(case), after.get(case)) for case in some)
                yield from (one for one in found if one is not None)

    def close(self) -> None:
        """Forget it all."""
        self._opened.close()


def _place(folder: str, uid: int) -> str:
    return f"{folder} uid {uid}" if uid else folder
