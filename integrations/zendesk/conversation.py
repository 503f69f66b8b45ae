"""A ticket and all that happened to it become messages and acts. Pure: it reads what was read, and asks nobody.

The first comment of a ticket lies at uid 1, every other at its own id; so the export, which shows a ticket without its
comments, and the audits name the same message alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from integrations.zendesk import note
from plugin.inbox import Act, ActKind
from plugin.model import Address, Attachment, Direction, Message, Place

Json = Mapping[str, Any]

FOLDER = "tickets"
DUE = "amends-due"
"""The tag of a ticket in which a task is due; it is ours in every account, whatever the prefix."""
FIRST = 1
_SYSTEM = -1
_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
_SAID = frozenset({"Comment", "VoiceComment", "FacebookComment"})
"""Events of an audit in which somebody speaks (api-reference/ticketing/tickets/ticket_audits)."""
_SETTLED = frozenset({"solved", "closed"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONGEST_NAME, _LONGEST_SUBJECT = 200, 500
_MACHINE = 4  # a flag of a comment: an automatic answer (ticketing/tickets/ticket_comments, flags)
_BY_HAND = frozenset({"phone", "voice", "voicemail"})
_PRIVATE = frozenset({"direct_message", "message", "direct", "chat"})
_LABELS = ("category-", "severity-")
_CHANNELS = {
    "email": "email", "mail": "email",
    "chat": "chat", "native_messaging": "chat", "messaging": "chat", "sunshine_conversations_api": "chat",
    "whatsapp": "chat", "sms": "chat", "line": "chat", "telegram": "chat", "facebook_messenger": "chat",
    "phone": "phone", "voice": "phone", "voicemail": "phone",
    "twitter": "social", "facebook": "social", "instagram": "social", "instagram_dm": "chat", "twitter_dm": "chat",
    "any_channel": "social", "google_play": "review", "app_store": "review", "trustpilot": "review",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever writes in a ticket; `staff` work here, in whatever role."""

    id: int
    name: str
    email: str
    staff: bool


def person(user: Json) -> Person:
    """A user as Zendesk tells of him; many who come by telephone or a social network have no address."""
    email = str(user.get("email") or "").lower() or f"user-{user['id']}@zendesk.invalid"
    name = _line(user.get("name"), _LONGEST_NAME)
    return Person(int(user["id"]), name, email, user.get("role") in ("agent", "admin"))


def unknown(user: int) -> Person:
    """Somebody whom Zendesk knows no longer, or Zendesk itself."""
    return Person(user, "", f"user-{user}@zendesk.invalid", staff=user == _SYSTEM)


@dataclass(frozen=True, slots=True)
class Account:
    """What must be known of the inbox to read its tickets."""

    inbox: str
    host: str
    us: Address
    prefix: str = ""

    def root(self, ticket: int) -> str:
        """The Message-ID of a ticket's first comment."""
        return f"<ticket.{ticket}@{self.host}>"

    def comment(self, comment: int) -> str:
        """The Message-ID of any other comment."""
        return f"<comment.{comment}@{self.host}>"

    def key(self, ticket: int, uid: int) -> str:
        """The key of a comment."""
        return hashlib.sha256(f"{self.host}|{ticket}|{uid}".encode()).hexdigest()[:24]


@dataclass(slots=True)
class Turn:
    """Things said, and then things done, up to the audit with the id `last`; what happens next comes after both."""

    last: int = 0
    messages: list[Message] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)


@dataclass(frozen=True)
class Conversation:
    """A ticket, its audits, oldest first, and the people who speak in it.

    What happened before `since` is history, and what happened before `begin` is no news at all.
    """

    account: Account
    ticket: Json
    audits: Sequence[Json]
    people: Mapping[int, Person]
    since: datetime
    begin: datetime

    @property
    def id(self) -> int:
        """The number of the ticket."""
        return int(self.ticket["id"])

    @property
    def place(self) -> Place:
        """The conversation as a whole."""
        return Place(FOLDER, self.id, 0)

    @cached_property
    def requester(self) -> Person:
        """Who asks."""
        return self._who(int(self.ticket["requester_id"]))

    @cached_property
    def askers(self) -> tuple[Address, ...]:
        """The requester, then whoever was it before: a ticket can be handed to somebody else."""
        found = [self.requester, *map(self._who, former_requesters(self.audits))]
        known = {one.email: Address(one.email, one.name) for one in found}
        for person, address in self._written_from():  # under another address than theirs of today
            known.setdefault(address, Address(address, person.name))
        return tuple(known.values())

    def _written_from(self) -> Iterator[tuple[Person, str]]:
        """From where those wrote who are or were the requester: an address can be changed."""
        askers = {self.requester.id, *former_requesters(self.audits)}
        for audit in self.audits:
            address = (((audit.get("via") or {}).get("source") or {}).get("from") or {}).get("address")
            for event in said_in(audit) if address else ():
                who = self._who(int(event["author_id"]))
                if who.id in askers and not who.staff:
                    yield who, str(address).lower()

    def _who(self, user: int) -> Person:
        return self.people.get(user) or unknown(user)

    def steps(self) -> dict[str, Json]:
        """What we did here, each step with its audit."""
        return {step: audit for audit in self.audits for step in steps_of(audit)}

    def turns(self, after: int) -> list[Turn]:
        """What happened in the audits behind the one with this id, in order; always at least one turn, maybe empty."""
        turns, said = [Turn(after)], self._said()
        for audit in self.audits:
            if int(audit["id"]) <= after:
                continue
            messages = said.get(int(audit["id"]), [])
            if messages and turns[-1].acts:
                turns.append(Turn())
            turns[-1].messages += messages
            turns[-1].acts += self._done(audit)
            turns[-1].last = int(audit["id"])
        return turns

    # ---- messages ---------------------------------------------------------------------------------------------------

    def messages(self) -> list[Message]:
        """Everything said between the requester and us that is not older than `begin`, oldest first."""
        return [message for messages in self._said().values() for message in messages]

    def _said(self) -> dict[int, list[Message]]:
        """What was said, by the id of its audit."""
        found: dict[int, list[Message]] = {}
        ancestry = list(self._before())
        for audit in self.audits:
            for event in said_in(audit):
                if (message := self._message(audit, event, ancestry)) is not None:
                    found.setdefault(int(audit["id"]), []).append(message)
                    ancestry.append(message.message_id)
            merged = _from_ticket(audit.get("via"), "merge")
            if merged and self.account.root(merged) not in ancestry:
                ancestry.append(self.account.root(merged))
        return found

    def _before(self) -> Iterator[str]:
        """What this ticket follows."""
        source = _from_ticket(self.ticket.get("via"), "follow_up")
        if source:
            yield self.account.root(source)

    def _message(self, audit: Json, event: Json, ancestry: Sequence[str]) -> Message | None:
        if steps_of(audit) or _rel(audit.get("via")) == "merge" or instant(audit["created_at"]) < self.begin:
            return None
        author = self._who(int(event["author_id"]))
        first = event["id"] == self._first_comment
        heard = self._heard(audit, event, author, first)
        if heard is None:
            return None
        return self._made(audit, event, tuple(ancestry), author, heard)

    @cached_property
    def _first_comment(self) -> int:
        return int(next((event["id"] for audit in self.audits for event in said_in(audit)), 0))

    def _heard(self, audit: Json, event: Json, author: Person, first: bool) -> Direction | None:
        """Who speaks to whom; nothing where colleagues speak among themselves."""
        if not author.staff or author.id == self.requester.id:
            return Direction.IN
        written_down = first and (not event.get("public") or _channel(self.ticket.get("via")) in _BY_HAND)
        if written_down:
            return Direction.IN  # an agent noted what the customer said
        return Direction.OUT if event.get("public") else None

    def _made(
        self, audit: Json, event: Json, ancestry: tuple[str, ...], author: Person, direction: Direction
    ) -> Message:
        uid = FIRST if event["id"] == self._first_comment else int(event["id"])
        if uid >= 1 << 63:
            raise ValueError("no id of Zendesk's has more than 64 bits")
        at, ours = instant(audit["created_at"]), direction is Direction.OUT
        asks = Address(self.requester.email, self.requester.name)
        speaks = asks if author.staff and not ours else Address(author.email, author.name)
        text = _words(event.get("plain_body") or event.get("body"))
        return Message(
            inbox=self.account.inbox, key=self.account.key(self.id, uid), place=Place(FOLDER, self.id, uid),
            message_id=self._named(uid), references=ancestry, at=at, direction=direction,
            sender=speaks, answer_to=asks, identity=self.account.us, to=self.askers if ours else (self.account.us,),
            subject=_line(self.ticket.get("subject")), text=text, channel=channel(self.ticket.get("via")),
            attachments=_files(event), automatic=_automatic(audit, event), genuine=ours, historic=at < self.since,
            draft_mark=self._draft_behind(text) if ours else "", marks=self._tags_at_first() if uid == FIRST else (),
        )  # fmt: skip

    def _named(self, uid: int) -> str:
        return self.account.root(self.id) if uid == FIRST else self.account.comment(uid)

    def _draft_behind(self, said: str) -> str:
        """The Message-ID of the suggestion of ours that was sent as this comment, or nothing."""
        domain = self.account.us.email.rpartition("@")[2]
        for step, text in reversed(self._suggestions):
            if note.alike(said, text):
                return f"<amends.{step.partition('/')[2]}@{domain}>"
        return ""

    @cached_property
    def _suggestions(self) -> list[tuple[str, str]]:
        found = []
        for audit in self.audits:
            for event in said_in(audit) if steps_of(audit) else ():
                parts = note.parts(str(event.get("body") or ""))
                found += [(step, note.suggested(part)) for part in parts for step in note.markers(part)]
        return [(step, text) for step, text in found if text]

    def _tags_at_first(self) -> tuple[str, ...]:
        events = self.audits[0]["events"] if self.audits else ()
        return tuple(tag for event in events if _is(event, "tags") for tag in event.get("value") or ())

    # ---- acts -------------------------------------------------------------------------------------------------------

    def _done(self, audit: Json) -> list[Act]:
        """What a person did in this audit; nothing where it is ours, or older than `begin`."""
        ours = steps_of(audit) or instant(audit["created_at"]) < self.begin
        return [] if ours else list(self._acts_in(audit))

    def _acts_in(self, audit: Json) -> Iterator[Act]:
        at = instant(audit["created_at"])
        target = _to_ticket(audit.get("via"), "merge")
        if target:
            yield Act(ActKind.MOVED, at, conversation=self.place, into=Place(FOLDER, target, 0), by="an agent",
                      note=f"the ticket was merged into #{target}")  # fmt: skip
        for event in audit["events"]:
            if event["type"] == "SatisfactionRating" and event.get("score") in ("good", "bad"):
                yield Act(ActKind.RATED, at, conversation=self.place, satisfied=event["score"] == "good",
                          note=str(event.get("body") or event.get("comment") or ""))  # fmt: skip
            elif _is(event, "tags"):
                yield from self._tagged(audit, event, at)
            elif _is(event, "status") and not target:
                yield from self._moved_on(audit, event, at)

    def _moved_on(self, audit: Json, event: Json, at: datetime) -> Iterator[Act]:
        before, after = event.get("previous_value"), event.get("value")
        if after in _SETTLED and before not in _SETTLED:
            yield Act(ActKind.RESOLVED, at, conversation=self.place, by="an agent")
        elif before == "solved" and after not in _SETTLED and not self._opened_by_mail(audit):
            yield Act(ActKind.REOPENED, at, conversation=self.place, by="an agent")
        if after == "pending":
            yield Act(ActKind.WAITING, at, conversation=self.place, by="an agent")
        elif before == "pending" and after not in _SETTLED and not self._opened_by_mail(audit):
            yield Act(ActKind.WAITING_OVER, at, conversation=self.place, by="an agent")

    def _opened_by_mail(self, audit: Json) -> bool:
        """Zendesk opens a ticket whenever somebody from outside writes in it; what that means, their words tell."""
        who = self.people.get(int(audit["author_id"]))
        return int(audit["author_id"]) == self.requester.id or (who is not None and not who.staff)

    @property
    def settled(self) -> bool:
        """Whether the ticket is solved or closed."""
        return self.ticket.get("status") in _SETTLED

    def _tagged(self, audit: Json, event: Json, at: datetime) -> Iterator[Act]:
        before, after = set(event.get("previous_value") or ()), set(event.get("value") or ())
        if event["type"] == "Create" and _rel(self.ticket.get("via")) == "follow_up":
            return  # a ticket that follows another inherits its tags; nobody said anything
        added, removed = self._ours(after - before), self._ours(before - after)
        here = self.place
        if "complaint" in added and (first := self._first_word()) is not None:
            yield Act(ActKind.COMPLAINT, at, message=first, by="an agent")
        if "not-a-complaint" in added:
            yield Act(ActKind.NOT_A_COMPLAINT, at, conversation=here, by="an agent")
        elif "complaint" in removed:
            yield Act(ActKind.TAKEN_OFF, at, conversation=here, by="an agent")
        if any(tag.startswith(_LABELS) for tag in added):
            labels = tuple(sorted(tag for tag in self._ours(after) if tag.startswith(_LABELS)))
            yield Act(ActKind.RELABELLED, at, conversation=here, labels=labels, by="an agent")
        if DUE in before - after:
            yield Act(ActKind.REMINDER_DONE, at, conversation=here, by="an agent")

    def _ours(self, tags: set[str]) -> set[str]:
        """Those of these tags that are meant for Amends, as it calls them, without the prefix of this account."""
        return {tag.removeprefix(self.account.prefix) for tag in tags if tag.startswith(self.account.prefix)}

    def _first_word(self) -> Message | None:
        """What the requester said first, however long ago: whoever puts a tag on means that."""
        everything = replace(self, begin=_LONG_AGO).messages()
        return next((one for one in everything if one.direction is Direction.IN), None)


def from_export(account: Account, ticket: Json, people: Mapping[int, Person], since: datetime) -> Message:
    """The first words of a ticket to which nothing has happened since; the same message as its audits give."""
    asks = people.get(int(ticket["requester_id"])) or unknown(int(ticket["requester_id"]))
    at = instant(ticket["created_at"])
    return Message(
        inbox=account.inbox, key=account.key(int(ticket["id"]), FIRST), place=Place(FOLDER, int(ticket["id"]), FIRST),
        message_id=account.root(int(ticket["id"])), references=(), at=at, direction=Direction.IN,
        sender=Address(asks.email, asks.name), answer_to=Address(asks.email, asks.name), identity=account.us,
        to=(account.us,), subject=_line(ticket.get("subject")), text=_words(ticket.get("description")),
        channel=channel(ticket.get("via")), historic=at < since,
    )  # fmt: skip


def speaks_for_itself(ticket: Json) -> bool:
    """Whether the export's line says all there is: nothing happened since its own requester opened it."""
    return bool(
        ticket["created_at"] == ticket["updated_at"] and ticket.get("submitter_id") == ticket["requester_id"]
        and not ticket.get("tags") and ticket.get("status") == "new" and _rel(ticket.get("via")) is None
    )  # fmt: skip


def channel(via: Json | None) -> str:
    """The channel in Amends' words; what is said in public is `social` or `review`."""
    if _rel(via) in _PRIVATE:
        return "chat"
    return _CHANNELS.get(_channel(via), "web")


def instant(text: str) -> datetime:
    """A time as Zendesk writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def steps_of(audit: Json) -> tuple[str, ...]:
    """The steps of ours an audit did, by its metadata or by the marker of its note; none where it is not ours.

    Markers are copied: into other notes by people, into mail by customers, into other tickets when two are merged.
    So one counts only in a note that came through the API, as ours do.
    """
    custom = (audit.get("metadata") or {}).get("custom") or {}
    told = str(custom.get(note.METADATA) or "").split()
    ours = _channel(audit.get("via")) == "api" and _rel(audit.get("via")) != "merge"
    notes = [event for event in said_in(audit) if event.get("public") is False] if ours else []
    marked = [step for event in notes for step in note.markers(str(event.get("body") or ""))]
    return tuple(dict.fromkeys([*told, *marked]))


def said_in(audit: Json) -> list[Json]:
    """The events of an audit in which somebody speaks."""
    return [event for event in audit["events"] if event["type"] in _SAID]


def former_requesters(audits: Iterable[Json]) -> list[int]:
    """Whoever the ticket belonged to before, by their ids."""
    changes = (event for audit in audits for event in audit["events"]
               if event["type"] == "Change" and event.get("field_name") == "requester_id")  # fmt: skip
    return [int(event["previous_value"]) for event in changes if str(event.get("previous_value") or "").isdecimal()]


def _line(value: object, most: int = _LONGEST_SUBJECT) -> str:
    """What people wrote, as one line without controls."""
    return " ".join(_CONTROLS.sub(" ", str(value or "")).split())[:most].rstrip()


def _words(value: object) -> str:
    """What people wrote, with plain ends of lines and without controls."""
    return _CONTROLS.sub("", str(value or "").replace("\r\n", "\n").replace("\r", "\n"))


def _is(event: Json, name: str) -> bool:
    return event["type"] in ("Change", "Create") and event.get("field_name") == name


def _files(event: Json) -> tuple[Attachment, ...]:
    return tuple(Attachment(str(one.get("file_name") or ""), int(one.get("size") or 0))
                 for one in event.get("attachments") or ())  # fmt: skip


def _automatic(audit: Json, event: Json) -> str:
    """Zendesk's own words, those of its rules, and answers a machine wrote."""
    flags = (audit.get("metadata") or {}).get("flags") or ()
    by_rule = _rel(audit.get("via")) in ("trigger", "automation") or event["author_id"] == _SYSTEM
    return "auto-reply" if by_rule or _MACHINE in flags else ""


def _channel(via: Json | None) -> str:
    return str((via or {}).get("channel") or "")


def _rel(via: Json | None) -> str | None:
    return ((via or {}).get("source") or {}).get("rel")


def _from_ticket(via: Json | None, rel: str) -> int:
    return _ticket_in(via, rel, "from")


def _to_ticket(via: Json | None, rel: str) -> int:
    return _ticket_in(via, rel, "to")


def _ticket_in(via: Json | None, rel: str, end: str) -> int:
    source = (via or {}).get("source") or {}
    return int((source.get(end) or {}).get("ticket_id") or 0) if source.get("rel") == rel else 0
