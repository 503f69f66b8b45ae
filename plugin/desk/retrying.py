"""A mail that could not be read is read again: from where it lies, else from what was kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import Any

from plugin.desk import Desk
from plugin.desk.ledger import cursor_of
from plugin.inbox import READERS, InboxError, InboxUnavailable, Page
from plugin.model import AmendsError, Place, clip


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

    def row(self, one: str) -> Mapping[str, Any]:
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
        """Read it again; what could be read is taken in as if it had just come, and leaves the quarantine.

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

    def _read(self, row: Mapping[str, Any], name: str, place: Place) -> tuple[Page, str]:
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
            return Page(cursor={}, messages=(self._parsed(raw, name, place, row["at"]),)), ""
        except (AmendsError, ValueError, LookupError, RecursionError) as error:
            return Page(cursor={}), clip(str(error), 300) or type(error).__name__

    def _parsed(self, raw: bytes, name: str, place: Place, received: datetime) -> Any:
        settings = self._desk.policies.inboxes[name]
        module, _, function = READERS[settings.kind].partition(":")
        return replace(getattr(import_module(module), function)(raw, settings, place, received), place=place)

    def _taken(self, one: str, name: str, page: Page) -> Tried:
        """It leaves the quarantine once it is on record: broken off before, it is known the next time."""
        self._desk.receive(name, page)
        with self._desk.store.writing() as session:
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
