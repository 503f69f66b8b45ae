"""The past once more: each mail is received as it came, and what fell due before the next one is done, on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from plugin.config import InboxSettings, Settings
from plugin.desk import Desk, policies_of
from plugin.desk.backfilling import shown_answered
from plugin.desk.ledger import Policies
from plugin.desk.work import Raising, Writing
from plugin.inbox import Act, Change, Cursor, Finding, Memory, Page, Receipt, Recorded
from plugin.inforce import judge_of
from plugin.judge import Judge
from plugin.model import Direction, Message, Place, Written
from plugin.playbook import Tag
from plugin.register import Register
from plugin.register.shape import summary
from plugin.store import ForgetfulStore
from plugin.timeline import CAPPED, Case

_LISTED = ("open", "resolved")
_AT_A_TIME = 50  # messages received at once
_AT_ONCE = 200  # cases read at once
_EVERYTHING = 1_000_000
_NEVER = datetime.max.replace(tzinfo=UTC)


class Replay:
    """A desk of its own over a store that forgets, and a clock that follows the mail."""

    def __init__(self, settings: Settings, inbox: InboxSettings, taught: Callable[[Judge], Judge]) -> None:
        """These playbooks, for mail of this inbox, whatever its mode, under the judge as `taught`; raises Problems."""
        # Nobody needs to be reminded of what is over, and a preview shows what there would be if it were let.
        inbox = replace(inbox, reminders="", mode="draft")
        inboxes = {inbox.name: inbox}
        self._name, self._now = inbox.name, datetime.fromtimestamp(0, UTC)
        self._fresh: list[Message] = []
        self._policies, judge = policies_of(settings, inboxes), taught(judge_of(settings))
        self._store, paper = ForgetfulStore(), _Paper(inbox.name)
        self._desk = Desk(self._store, {inbox.name: paper}, self._policies, judge, lambda: self._now, past=True)
        self.register = Register(self._store, settings.calendars, inboxes)
        self.tags = _tags_of(self._policies)

    def take(self, one: Message | Act) -> None:
        """A message arrives, or a person does something, at its own time; times may only grow."""
        if isinstance(one, Message) and _stands_alone(one):
            self._fresh.append(one)
            if len(self._fresh) >= _AT_A_TIME:
                self._receive_fresh()
            return
        self.go_on_to(one.at)
        page = Page(cursor={}, messages=(one,)) if isinstance(one, Message) else Page(cursor={}, acts=(one,))
        self._desk.receive(self._name, page)

    def _receive_fresh(self) -> None:
        """Several at once, for speed; nothing that falls due before the last of them has to do with any of them."""
        fresh, self._fresh = tuple(self._fresh), []
        if fresh:
            self._desk.receive(self._name, Page(cursor={}, messages=fresh))

    def go_on_to(self, moment: datetime) -> None:
        """Time passes, and whatever falls due meanwhile is raised or written when it does."""
        self._receive_fresh()
        while (due := min(agenda := self._agenda())) <= moment:
            self._now = max(self._now, due)
            if agenda[0] == due:
                with self._store.writing() as session:
                    Raising(session, self._policies, self._now).run()
            else:
                Writing(self._store, self._policies, self._desk.inboxes, self._now).some()
        self._now = max(self._now, moment)

    def _agenda(self) -> tuple[datetime, datetime]:
        """When something falls due next for a person, and when for the inbox."""
        with self._store.reading() as session:
            person, inbox = session.agenda()
        return person or _NEVER, inbox or _NEVER

    # ---- what came of it --------------------------------------------------------------------------------------------

    def verdicts(self) -> dict[str, int]:
        """How many messages of each verdict there were."""
        with self._store.reading() as session:
            return session.verdicts(self._name)

    def stumbled(self) -> list[tuple[str, int, str]]:
        """Messages over which we stumbled ourselves: folder and uid of each, and why."""
        with self._store.reading() as session:
            return [(str(row["folder"]), int(row["uid"]), str(row["reason"])) for row in session.aside()]

    def ids(self) -> list[str]:
        """The cases there would be, newest first."""
        with self._store.reading() as session:
            return session.summaries(statuses=_LISTED, limit=_EVERYTHING)

    def waiting(self) -> int:
        """How many of them nobody has answered since the last complaint in them."""
        count = 0
        for start in range(0, len(ids := self.ids()), _AT_ONCE):
            with self._store.reading() as session:
                cases = session.load(ids[start : start + _AT_ONCE]).values()
                count += sum(shown_answered(session, case) is None for case in cases)
        return count

    def cases(self) -> Iterator[dict[str, Any]]:
        """Each of them as JSON, with its drafts' texts and how many drafts the caps held back."""
        ids = self.ids()
        for start in range(0, len(ids), _AT_ONCE):
            yield from self.some(ids[start : start + _AT_ONCE])

    def some(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """These cases as JSON."""
        with self._store.reading() as session:
            cases = {case_id: case for case_id, case in session.load(ids).items() if case.status.value in _LISTED}
            texts = {key: row["text"] for (_, key), row in session.letters_of(list(ids)).items()}
        return [self._document(case, texts) for case in cases.values()]

    def _document(self, case: Case, texts: dict[str, str]) -> dict[str, Any]:
        found = summary(case, self.register)
        for draft in found["drafts"]:
            draft["text"] = texts.get(draft["message_id"], "")
        return found | {"capped": sum(task.held_back == CAPPED for task in case.tasks)}

    def close(self) -> None:
        """Forget it all."""
        self._desk.close()


def _stands_alone(message: Message) -> bool:
    """Whether it touches no case there is: it answers nothing, reports on nothing, and is not ours."""
    return message.direction is Direction.IN and not message.references and not message.bounced


class _Paper:
    """An inbox in which nothing lies, and in which whatever is written is said to be there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        """Nothing ever comes."""
        return iter(())

    def history(self, since: datetime, most: int) -> Iterator[Page]:
        """Nothing ever came."""
        return iter(())

    def backlog(self, since: datetime, cursor: Cursor, known: Recorded, at_once: int = 100) -> Iterator[Page]:
        """Nothing ever came."""
        return iter(())

    def reread(self, place: Place, cursor: Cursor | None) -> Page:
        """Nothing lies there."""
        return Page(cursor={})

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """It goes nowhere."""
        return [
            Receipt(
                key=change.key, tags_added=change.add_tags, tags_removed=change.remove_tags,
                draft=_paper(change.draft.message_id) if change.draft else None,
                withdrawn={written.message_id: "withdrawn" for written in change.withdraw},
            )
            for change in changes
        ]  # fmt: skip

    def check(self, make_folders: bool = False) -> Sequence[Finding]:
        """There is nothing to look at."""
        return ()

    def find(self, message_id: str) -> Message | None:
        """There is none."""
        return None

    def wait(self, seconds: float) -> bool:
        """There is no news."""
        return False

    def close(self) -> None:
        """Nothing is held open."""


def _paper(message_id: str) -> Written:
    return Written(message_id, "draft", None, "on paper")


def _tags_of(policies: Policies) -> frozenset[str]:
    return frozenset(
        tag for book in policies.book.playbooks for action in book.actions if isinstance(action, Tag)
        for tag in action.tags
    )  # fmt: skip
