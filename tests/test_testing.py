"""MemoryInbox keeps the contract that every inbox keeps."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from plugin.inbox import Change, Inbox
from plugin.model import Written
from plugin.testing import Box, Forgetful, InboxContract, MemoryInbox, a_draft


@dataclass(slots=True)
class MemoryBox:
    """A memory inbox and what people do to it."""

    memory: MemoryInbox = field(default_factory=MemoryInbox)

    @property
    def inbox(self) -> Inbox:
        return self.memory

    def deliver(self, text: str, subject: str) -> None:
        self.memory.arrive(text, subject=subject)

    def _key(self, subject: str) -> str:
        return next(message.key for message in self.memory.box.messages if message.subject == subject)

    def mark(self, subject: str, tag: str) -> None:
        self.memory.box.marks.setdefault(self._key(subject), set()).add(tag)

    def marks(self, subject: str) -> set[str]:
        return self.memory.box.marks.get(self._key(subject), set())

    def drafts(self) -> list[str]:
        return list(self.memory.box.drafts)

    def somewhere(self) -> None:
        return None

    def snapshot(self) -> object:
        box = self.memory.box
        return (tuple(box.messages), {key: set(marks) for key, marks in box.marks.items()}, dict(box.drafts))


class TestMemoryInbox(InboxContract):
    """The same promises as a mail server's."""

    @pytest.fixture
    def box(self) -> Box:
        return MemoryBox()


def test_settling_a_reminder_that_a_person_removed_is_no_fault() -> None:
    inbox = MemoryInbox()
    gone = Written("<gone@example.com>", "reminder", None, "")
    (receipt,) = inbox.write([Change(key="k", case="c1", settle=(gone,))])
    assert receipt.refused == ""


def test_waiting_ends_when_something_arrives() -> None:
    inbox = MemoryInbox()
    came: list[bool] = []
    waiter = threading.Thread(target=lambda: came.append(inbox.wait(60)))
    waiter.start()
    inbox.arrive("Hello")
    waiter.join(60)
    assert came == [True]


def test_an_edited_draft_is_noticed_and_left_alone() -> None:
    inbox = MemoryInbox()
    (receipt,) = inbox.write([Change(key="k", case="c1", draft=a_draft())])
    assert receipt.draft is not None
    inbox.edit_draft(a_draft(), "In my own words.")
    (page,) = inbox.fetch({"uid": 0}, Forgetful(receipt.draft))
    assert [act.kind for act in page.acts] == ["draft-edited"]
    (taken,) = inbox.write([Change(key="w", case="c1", withdraw=(receipt.draft,))])
    assert dict(taken.withdrawn or {}) == {a_draft().message_id: "edited"}
