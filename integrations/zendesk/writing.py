"""What a run writes into a ticket: one update, with the tags just read and ours, and one note no customer sees.

Zendesk keeps what a lost answer did: every step we take is named in its audit, and a step that stands there is done.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from integrations.zendesk import note
from integrations.zendesk.conversation import DUE, FOLDER, Json, said_in, steps_of
from integrations.zendesk.shelf import Shelf, Standing
from integrations.zendesk.wire import ODD, Barred, Changed, Gone, Unwritable, Wire, ZendeskSettings
from plugin.inbox import Change, InboxUnavailable, Receipt
from plugin.model import Draft, Place, Reminder, Written

TRIES = 3
RUNS = 3
"""So many runs in a ticket within WINDOW; then something answers us each time, and we pause."""
WINDOW = 600.0
_NOTHING: Json = {"id": 0, "events": []}
MOST_COMMENTS = 5000
"""A ticket holds no more (ticketing/tickets/ticket_comments)."""
_MERGES = 5  # followed one after the other


@dataclass(slots=True)
class _Run:
    """The changes for one ticket, and what of them is still to be done."""

    number: int
    changes: Sequence[Change]
    receipts: dict[str, Receipt] = field(default_factory=dict)
    done: dict[str, Json] = field(default_factory=dict)  # steps that stand in the ticket, each with its audit

    @property
    def steps(self) -> set[str]:
        """Every step of every change."""
        return {step for change in self.changes for step in _steps(change)}

    def open(self) -> list[Change]:
        """Those without a receipt."""
        return [change for change in self.changes if change.key not in self.receipts]

    def settle(self, make: Callable[[Change], Receipt]) -> None:
        """The same answer for all that is open."""
        self.receipts |= {change.key: make(change) for change in self.open()}


class Writer:
    """Writes for one call of write."""

    def __init__(self, wire: Wire, settings: ZendeskSettings, shelf: Shelf) -> None:
        self._wire, self._settings, self._shelf = wire, settings, shelf

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        """A receipt for each, in order; raises InboxUnavailable where nobody knows what became of the last update."""
        by_ticket: dict[int, list[Change]] = defaultdict(list)
        receipts = {change.key: _nothing(change) for change in changes if not _needs_ticket(change)}
        for change in changes:
            if change.key in receipts:
                continue
            if (number := _ticket_of(change)) == 0:
                receipts[change.key] = Receipt(key=change.key, gone="nobody knows which ticket it belongs to")
            else:
                by_ticket[number].append(change)
        for number, some in by_ticket.items():
            run = _Run(number, some)
            self._do(run)
            receipts |= run.receipts
        return [receipts[change.key] for change in changes]

    def _do(self, run: _Run) -> None:
        try:
            standing = self._living(run.number)
            self._known_steps(run, standing)
            if run.open():
                self._after_close(run, standing) if standing.ticket["status"] == "closed" else self._update(
                    run, standing
                )
        except Gone:
            run.settle(lambda change: Receipt(key=change.key, gone=f"the ticket #{run.number} is no longer there"))
        except Unwritable as error:
            self._shelf.forget(run.number)
            why = f"Zendesk will not have it: {error}"
            run.settle(lambda change: Receipt(key=change.key, refused=why))
        except Barred as error:
            self._barred(run, error)
        except ODD as error:
            self._shelf.forget(run.number)
            why = f"what Zendesk says of ticket #{run.number} makes no sense ({type(error).__name__})"
            run.settle(lambda change: Receipt(key=change.key, refused=why))
        except InboxUnavailable:
            self._shelf.clear()
            raise

    def _barred(self, run: _Run, error: Barred) -> None:
        """One ticket of a closed group must not hold up the others; a login without rights is another matter."""
        if self._wire.me().get("role") not in ("admin", "agent"):
            raise error
        run.settle(lambda change: Receipt(key=change.key, refused=f"ticket #{run.number}: {error.problem}"))

    def _living(self, number: int) -> Standing:
        """The ticket, or where it was merged into."""
        standing = self._shelf.fresh(self._wire, number)
        for _ in range(_MERGES):
            target = _merged_into(standing)
            if not target:
                break
            standing = self._shelf.fresh(self._wire, target)
        return standing

    # ---- what is done already ---------------------------------------------------------------------------------------

    def _known_steps(self, run: _Run, standing: Standing) -> None:
        """What stands in the ticket is not done again; a change of which all stands there has its receipt."""
        run.done = {name: audit for name, audit in standing.steps.items() if name in run.steps}
        for change in run.open():
            steps = _steps(change)
            if steps and all(name in run.done for name in steps):
                run.receipts[change.key] = self._receipt(run, change, standing, _NOTHING)
        self._put_right(run, standing)

    def _put_right(self, run: _Run, standing: Standing) -> None:
        """An earlier run may have ended before it put tags back; of what others asked for in it we know nothing."""
        for audit in {str(audit["id"]): audit for audit in run.done.values()}.values():
            if run.steps.issuperset(steps_of(audit)) and _putting_back(standing, audit) not in standing.steps:
                self._put_back(run, standing, audit)

    def _receipt(self, run: _Run, change: Change, standing: Standing, audit: Json) -> Receipt:
        """What came of a change, by the audit that did each part of it: an earlier one, or this."""
        number = int(standing.ticket["id"])
        before, after = _tags_around(run.done.get(_tag_step(change), audit), standing)
        return Receipt(
            key=change.key,
            tags_added=tuple(tag for tag in change.add_tags if self._name(tag) not in before),
            tags_removed=tuple(tag for tag in change.remove_tags if self._name(tag) not in after),
            draft=_lies("draft", change.draft, number, run.done.get(_note_step(change.case, change.draft), audit)),
            reminder=_lies(
                "reminder", change.reminder, number, run.done.get(_note_step(change.case, change.reminder), audit)
            ),
            withdrawn=_nothing(change).withdrawn,
        )

    # ---- one update -------------------------------------------------------------------------------------------------

    def _update(self, run: _Run, standing: Standing) -> None:
        self._leave_out_notes(run, standing)
        for _ in range(TRIES):
            if not run.open() or self._too_often(run, standing):
                return
            update = self._fields(run, standing)
            if update is None:
                self._settled(run, standing, _NOTHING)
                return
            try:
                answer = self._wire.update(int(standing.ticket["id"]), update)
            except Changed:
                standing = self._once_more(run, standing)
                if not run.open():
                    return
                continue
            self._written(run, standing, answer)
            return
        self._postponed(run, standing)

    def _leave_out_notes(self, run: _Run, standing: Standing) -> None:
        """Where a ticket holds all comments it can, tags are all that can be written, now and later."""
        if _said(standing) < MOST_COMMENTS:
            return
        why = f"the ticket #{run.number} holds {MOST_COMMENTS:,} comments, and Zendesk takes no more"
        run.changes = [_without_notes(change) if _steps(change)[0] == _tag_step(change) else change
                       for change in run.changes]  # fmt: skip
        for change in run.open():
            if _notes_of(change):
                run.receipts[change.key] = Receipt(key=change.key, gone=why)

    def _once_more(self, run: _Run, before: Standing) -> Standing:
        """Somebody was faster. Other tags are no matter; anything said or settled must be decided upon first."""
        number = int(before.ticket["id"])
        standing = self._shelf.read(self._wire, number)
        if _said(standing) != _said(before) or standing.ticket["status"] != before.ticket["status"]:
            self._postponed(run, standing)
        self._known_steps(run, standing)
        return standing

    def _postponed(self, run: _Run, standing: Standing) -> None:
        self._shelf.changed[int(standing.ticket["id"])] = None
        why = f"the ticket #{standing.ticket['id']} changed meanwhile"
        run.settle(lambda change: Receipt(key=change.key, again=why))

    def _too_often(self, run: _Run, standing: Standing) -> bool:
        """Three runs within ten minutes: something answers every change of ours, so we stop and say so."""
        now = self._wire.now().timestamp()
        recent = sorted(at for at in standing.runs if now - at < WINDOW)
        if len(recent) < RUNS:
            return False
        until = datetime.fromtimestamp(recent[-RUNS] + WINDOW, UTC)
        why = (
            f"ticket #{standing.ticket['id']} was written {len(recent)} times within ten minutes - look for a trigger "
            f"or another program that answers each change; Amends pauses there until {until:%H:%M} UTC"
        )
        run.settle(lambda change: Receipt(key=change.key, refused=why))
        return True

    def _fields(self, run: _Run, standing: Standing) -> dict[str, Any] | None:
        """What to send, or nothing where the ticket is as it should be."""
        before = set(standing.ticket.get("tags") or ())
        tags, notes = self._tags(run.open(), before), _notes(run)
        if tags == before and not notes:
            return None
        steps = " ".join(name for change in run.open() for name in _steps(change) if name not in run.done)
        fields: dict[str, Any] = {
            "safe_update": True, "updated_stamp": standing.ticket["updated_at"], "metadata": {note.METADATA: steps},
        }  # fmt: skip
        if tags != before:
            fields["tags"] = sorted(tags)
        if notes:
            fields["comment"] = {"body": notes, "public": False}
        return fields

    def _tags(self, changes: Iterable[Change], before: set[str]) -> set[str]:
        tags, due = set(before), False
        for change in changes:
            tags |= {self._name(tag) for tag in change.add_tags}
            tags -= {self._name(tag) for tag in change.remove_tags}
            due = due or change.reminder is not None or change.still_due
            if change.settle and not change.still_due:
                tags.discard(DUE)
        if any(change.reminder for change in changes):
            tags.add(DUE)
        return tags

    def _written(self, run: _Run, before: Standing, answer: Json) -> None:
        audit, ticket = answer.get("audit") or {}, answer["ticket"]
        after = Standing(ticket, [*before.audits, audit] if audit.get("events") else before.audits)
        self._shelf.keep(after)
        self._settled(run, before, audit or _NOTHING)
        self._put_back(run, after, audit)

    def _settled(self, run: _Run, standing: Standing, audit: Json) -> None:
        for change in run.open():
            run.receipts[change.key] = self._receipt(run, change, standing, audit)

    def _put_back(self, run: _Run, after: Standing, audit: Json) -> None:
        """Tags that came or went in the second in which we wrote, unseen by us: they are put right at once."""
        lost, revived = self._astray(run, audit)
        now, number = set(after.ticket.get("tags") or ()), int(after.ticket["id"])
        right = (now | lost) - revived
        if right == now:
            return
        fields = {
            "tags": sorted(right), "safe_update": True, "updated_stamp": after.ticket["updated_at"],
            "metadata": {note.METADATA: _putting_back(after, audit)},
        }  # fmt: skip
        self._shelf.forget(number)
        self._shelf.changed[number] = None
        with suppress(Changed):  # it is read anew, and whoever changed it saw the tags as they are
            self._wire.update(number, fields)

    def _astray(self, run: _Run, audit: Json) -> tuple[set[str], set[str]]:
        """The tags an update of ours took off, and those it put on, though no change asks for it.

        An update sends all tags; those sent that are not ours are those we knew of.
        """
        changed = _tags_changed(audit)
        if not changed:
            return set(), set()
        there, sent = set(changed[0].get("previous_value") or ()), set(changed[0].get("value") or ())
        removed = {self._name(tag) for change in run.changes for tag in change.remove_tags}
        added = {self._name(tag) for change in run.changes for tag in change.add_tags}
        return there - sent - removed - {DUE}, sent - there - added - {DUE}

    # ---- a closed ticket --------------------------------------------------------------------------------------------

    def _after_close(self, run: _Run, closed: Standing) -> None:
        """What is closed takes neither tag nor word: what a colleague must see goes into a ticket that follows it."""
        for change in run.open():
            if change.draft is None and change.reminder is None:
                run.receipts[change.key] = Receipt(
                    key=change.key, tags_unkept=change.add_tags, withdrawn=_nothing(change).withdrawn
                )
        if not run.open():
            return
        follower = self._follower(closed)
        if follower is None:
            self._create(run, closed)
            return
        self._known_steps(run, follower)
        if run.open():
            self._update(run, follower)

    def _follower(self, closed: Standing) -> Standing | None:
        """The latest ticket that follows it and is not closed itself."""
        for number in reversed(closed.ticket.get("followup_ids") or ()):
            try:
                standing = self._shelf.fresh(self._wire, int(number))
            except Gone:
                continue
            if standing.ticket["status"] != "closed":
                return standing
        return None

    def _create(self, run: _Run, closed: Standing) -> None:
        """The requester is ourselves and the note is none of the customer's: nobody outside hears of it."""
        steps = " ".join(name for change in run.open() for name in _steps(change))
        subject = next((one.reminder.subject for one in run.open() if one.reminder), closed.ticket.get("subject"))
        fields = {
            "via_followup_source_id": int(closed.ticket["id"]), "requester_id": int(self._wire.me()["id"]),
            "subject": subject, "tags": sorted(self._tags(run.open(), set())), "metadata": {note.METADATA: steps},
            "comment": {"body": _notes(run), "public": False},
        }  # fmt: skip
        key = hashlib.sha256(f"{closed.ticket['id']} {steps}".encode()).hexdigest()[:32]
        answer = self._wire.create(fields, key)
        self._shelf.forget(int(closed.ticket["id"]))  # it names its followers
        audit = answer.get("audit") or _NOTHING
        follower = self._shelf.keep(Standing(answer["ticket"], [audit]))
        self._settled(run, Standing({**follower.ticket, "tags": []}, []), audit)

    # ---- tags -------------------------------------------------------------------------------------------------------

    def _name(self, tag: str) -> str:
        """A tag of ours as it stands in this account."""
        return f"{self._settings.tag_prefix}{tag}"


def _needs_ticket(change: Change) -> bool:
    said = change.draft or change.reminder or change.note
    return bool(change.add_tags or change.remove_tags or said or change.settle)


def _ticket_of(change: Change) -> int:
    """The ticket a change belongs into: a reminder is settled where it lies, which may be a ticket that follows."""
    places = [one.place for one in change.settle] + [change.place]
    return next((place.validity for place in places if place is not None), 0)


def _nothing(change: Change) -> Receipt:
    """A note that was written stays: it is a record, and nobody outside sees it. It is only offered no more."""
    return Receipt(key=change.key, withdrawn={one.message_id: "over" for one in change.withdraw})


def _steps(change: Change) -> list[str]:
    steps = [_tag_step(change)] if change.add_tags or change.remove_tags else []
    steps += [_note_step(change.case, one) for one in _notes_of(change)]
    return steps + [note.step(change.case, "s" + note.bare(one.message_id)) for one in change.settle]


def _tag_step(change: Change) -> str:
    said = "|".join((change.key, *change.add_tags, "", *change.remove_tags))
    return note.step(change.case, "t" + hashlib.sha256(said.encode()).hexdigest()[:16])


def _note_step(case: str, item: Draft | Reminder | None) -> str:
    return note.step(case, item.message_id) if item else ""


def _lies(kind: str, item: Draft | Reminder | None, ticket: int, audit: Json) -> Written | None:
    if item is None:
        return None
    comment = next((int(event["id"]) for event in audit["events"] if event["type"] == "Comment"), 0)
    digest = hashlib.sha256(item.text.encode()).hexdigest()
    return Written(item.message_id, kind, Place(FOLDER, ticket, comment), digest)


def _notes(run: _Run) -> str:
    """The notes that do not stand in the ticket yet, as one comment; empty where all of them do."""
    items = [(change.case, item) for change in run.open() for item in _notes_of(change)]
    return note.told([item for case, item in items if _note_step(case, item) not in run.done])


def _without_notes(change: Change) -> Change:
    return replace(change, draft=None, reminder=None, note=None)


def _notes_of(change: Change) -> list[Draft | Reminder]:
    return [item for item in (change.draft, change.reminder, change.note) if item]


def _said(standing: Standing) -> int:
    return sum(len(said_in(audit)) for audit in standing.audits)


def _merged_into(standing: Standing) -> int:
    vias: list[Mapping[str, object]] = [(audit.get("via") or {}).get("source") or {} for audit in standing.audits]
    targets = [via.get("to") for via in vias if via.get("rel") == "merge"]
    numbers = [int(to.get("ticket_id") or 0) for to in targets if isinstance(to, dict)]
    return next((number for number in reversed(numbers) if number), 0)


def _tags_changed(audit: Json) -> list[Json]:
    """What an audit did to the tags: first whoever made it, then the account's own rules."""
    return [event for event in audit.get("events") or () if event.get("field_name") == "tags"]


def _putting_back(standing: Standing, audit: Json) -> str:
    """The step that puts right what this audit did to tags that are none of ours."""
    return f"tags/{standing.ticket['id']}-{audit['id']}"


def _tags_around(audit: Json, standing: Standing) -> tuple[set[str], set[str]]:
    changed = _tags_changed(audit)
    if not changed:
        now = set(standing.ticket.get("tags") or ())
        return now, now
    return set(changed[0].get("previous_value") or ()), set(changed[-1].get("value") or ())
