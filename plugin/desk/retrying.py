"""A mail that could not be read is read again: from where it lies, else from what was kept of it.

Its promises count from its own receipt, as they would have, had it been read at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, cast

from plugin.desk import Desk
from plugin.desk.ledger import cursor_of
from plugin.inbox import READERS, InboxError, InboxUnavailable, Page
from plugin.model import AmendsError, Message, Place, clip

Row = Mapping[str, Any]


class NotAside(AmendsError):
    """There is nothing of this id in quarantine."""

    input_is_wrong = True

    def __init__(self, one: str) -> None:
        self.id = one
        super().__init__(f"quarantine: there is no mail {one} in it - `amends quarantine` lists them")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: whether it was read, its case if it has one, or why it stays."""

    id: str
    well: bool
    case: str = ""
    reason: str = ""


class Retrying:
    """Reads again what lies in quarantine."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def row(self, one: str) -> Row:
        """What is kept of this one; raises NotAside."""
        with self._desk.store.reading() as session:
            row = session.aside_as(one)
        if row is None:
            raise NotAside(one)
        return row

    def ids(self) -> Sequence[str]:
        """Everything in quarantine, oldest first."""
        with self._desk.store.reading() as session:
            return session.ids_aside()

    def retry(self, one: str) -> Tried:
        """Read it again; what could be read is taken in as of its own receipt, and leaves the quarantine.

        Of an inbox that does not answer nothing is taken for gone: it stays. Raises NotAside.
        """
        row = self.row(one)
        name, place = str(row["inbox"]), Place(row["folder"], row["validity"], row["uid"])
        if name not in self._desk.inboxes:
            return Tried(one, False, reason=f"inbox {name} is not set up any more")
        page, why = self._read(row, name, place)
        if not page.messages:
            why = next((unreadable.reason for unreadable in page.unreadable), why)
            return self._stays(one, why or str(row["reason"]))
        return self._taken(one, name, page)

    def _read(self, row: Row, name: str, place: Place) -> tuple[Page, str]:
        why = "it lies there no more, and nothing of it was kept"
        cursor = cursor_of(self._desk.store, name)
        try:
            page = self._desk.inboxes[name].reread(place, cursor)
            if page.messages or page.unreadable:
                return page, ""
        except InboxUnavailable as error:
            return Page(cursor={}), str(error)
        except InboxError as error:
            why = str(error)
        raw = bytes(row["raw"])
        if not raw:
            return Page(cursor={}), why
        try:
            return Page(cursor={}, messages=(self._parsed(raw, name, place, row),)), ""
        except (AmendsError, ValueError, LookupError, RecursionError) as error:
            return Page(cursor={}), clip(str(error), 300) or type(error).__name__

    def _parsed(self, raw: bytes, name: str, place: Place, row: Row) -> Message:
        """As it came, though it lies there no more: its clocks run from its own receipt."""
        settings = self._desk.policies.inboxes[name]
        module, _, function = READERS[settings.kind].partition(":")
        read = getattr(import_module(module), function)(raw, settings, place, row["received_at"] or row["at"])
        return replace(cast(Message, read), place=place, historic=row["historic"])

    def _taken(self, one: str, name: str, page: Page) -> Tried:
        """It leaves the quarantine once it is on record: broken off before, it is known the next time."""
        # Later parts of its thread may have come, and been read, since.
        self._desk.receive(name, page, old=True)
        with self._desk.store.writing(name) as session:
            known = session.known(name, [message.key for message in page.messages])
            if known:
                session.let_out(one)
        if not known:
            return Tried(one, False, reason="Amends stumbles over it - see the log of `amends run`, and report it")
        return Tried(one, True, case=next((found.case_id for found in known.values() if found.case_id), ""))

    def _stays(self, one: str, why: str) -> Tried:
        with self._desk.store.writing() as session:
            session.note_aside(one, why)
        return Tried(one, False, reason=why)
