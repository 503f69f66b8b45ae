"""The port to the outside world: what Amends asks of an inbox, and nothing more.

Terminology
-----------
inbox      an account of a business where complaints arrive: an IMAP mailbox, a Zendesk.
page       a handful of messages and acts in the order they came, with the cursor that stands behind them.
cursor     the inbox's own bookmark: JSON, opaque to everyone else, stored in the same transaction as its page.
act        what a person did in the mail program: marked, filed or answered a message, ticked off a reminder.
token      what an inbox is shown in place of a password, for an hour or so.
change     all that one run of one case wants written; safe to write again, the second time has no effect.
receipt    what came of a change.
notice     word from outside (a webhook) that something changed; what it is, the inbox reads itself.
memory     what the store remembers for the inbox, so that the inbox itself can stay without state.

Errors
------
InboxError
├── InboxUnavailable   try again later: network, server, throttling
└── InboxRefused       trying again is of no use until a person has looked: password, rights, settings

An inbox never sends mail, never deletes, moves or marks what a person or another program made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from plugin.model import AmendsError, Draft, Message, Place, Reminder, Written

Cursor = dict[str, Any]

KINDS = {"imap": "integrations.imap.client:ImapInbox", "zendesk": "integrations.zendesk.client:ZendeskInbox"}
"""Where each kind of inbox lives; this and the next ones are the only places that know."""

READERS = dict.fromkeys(KINDS, "integrations.imap.message:read_file")
"""How one mail from a file is read for that kind of inbox: (raw, settings, place, received) -> Message."""

DOORS = {"zendesk": "integrations.zendesk.webhook:accept"}
"""Kinds of inbox that can be called, and what understands a call: (call, settings, now) -> Notice; see CallRefused."""

PAGES = {"zendesk": "integrations.zendesk.sidebar"}
"""Kinds of inbox with pages inside the helpdesk: a package with `pages(settings, tickets, now) -> Blueprint`, and
`bundle(url, contact) -> bytes`, the app that shows them there."""

STANDINS = {"zendesk": "integrations.zendesk.standin:StandIn"}
"""Kinds of inbox for which a server can be started on this machine that does as theirs; for the demo."""

ALONE = frozenset({"zendesk"})
"""Kinds of inbox where a reminder lies at its own case, so that several are never put into one list."""


class InboxError(AmendsError):
    """Something about an inbox; `inbox` names it, `advice` says what a person can do."""

    def __init__(self, inbox: str, problem: str, advice: str = "") -> None:
        self.inbox, self.problem, self.advice = inbox, problem, advice
        super().__init__(f"inbox {inbox}: {problem}" + (f" - {advice}" if advice else ""))


class InboxUnavailable(InboxError):
    """The inbox did not answer; trying again after `wait` seconds may help."""

    def __init__(self, inbox: str, problem: str, advice: str = "", *, wait: float = 0.0) -> None:
        self.wait = wait
        super().__init__(inbox, problem, advice)


class InboxRefused(InboxError):
    """The inbox said no; a person must look before it is worth trying again."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is shown at the door in place of a password; `renew_at` is when a fresh one should be used (seconds since
    1970), 0 where nobody knows.
    """

    text: str = field(repr=False)
    renew_at: float = 0.0


class Tokens(Protocol):
    """Where an inbox that takes access tokens in place of a password gets them."""

    advice: str
    """What a person can do where no token is accepted any more."""

    def get(self, refused: str = "") -> Token:
        """A token that is good for a while; never the `refused` one. Raises InboxRefused where a person must sign in
        again, InboxUnavailable where it may go well later.
        """

    def stamp(self) -> str:
        """Another one after a person signed in anew; empty where nobody does, and time alone may mend it."""


class CallRefused(InboxError):
    """A call that is not from the inbox, is too old, or cannot be understood; `status` is the HTTP answer."""

    def __init__(self, inbox: str, problem: str, status: int) -> None:
        self.status = status
        super().__init__(inbox, problem)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a webhook as it came in; names of headers are lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """Word from outside that something changed; `id` is the same when it comes again.

    `topic` names the conversation in the inbox's own words, `group` what belongs to one act of a person (or is empty).
    An `unknown` one is well signed and not understood: the reason, for the quarantine; `topic` is empty then.
    """

    id: str
    topic: str
    group: str = ""
    unknown: str = ""


class ActKind(StrEnum):
    """What a person did in a mail program."""

    COMPLAINT = "complaint"
    NOT_A_COMPLAINT = "not-a-complaint"
    TAKEN_OFF = "taken-off"  # the tag `complaint` was taken off, by us or by a person: the ledger knows whose it was
    RESOLVED = "resolved"
    REOPENED = "reopened"  # settled no longer, a person says
    MOVED = "moved"  # the conversation goes on elsewhere, where another complaint of the same person lies: see `note`
    ENDED = "ended"  # the conversation was thrown away: see `note`
    WAITING = "waiting"  # a person wrote, and now it is the complainant's turn
    WAITING_OVER = "waiting-over"
    RATED = "rated"  # the complainant says whether he is content: see `satisfied`
    RELABELLED = "relabelled"  # other tags for category or severity stand on it than ours
    ANSWERED = "answered"  # the mail program marked the message as answered
    REMINDER_DONE = "reminder-done"
    REMINDER_GONE = "reminder-gone"
    DRAFT_EDITED = "draft-edited"
    DRAFT_GONE = "draft-gone"  # sent or deleted; which of the two, the Sent folder tells


@dataclass(frozen=True, slots=True)
class Act:
    """One act: about `message`, about a whole `conversation` (named by the folder and validity of a place in it), or
    about what we wrote, named by its Message-ID in `written`.

    Of `draft-edited`, `text` is what the draft says now with all it quotes, where that was seen.
    Of `relabelled`, `labels` are all tags for category and severity that now stand on the message. `by` says where
    a person did it.
    """

    kind: ActKind
    at: datetime
    message: Message | None = None
    conversation: Place | None = None
    into: Place | None = None  # of `moved`: where the conversation goes on
    written: str = ""
    text: str = ""
    labels: tuple[str, ...] = ()
    by: str = "mail program"
    note: str = ""
    satisfied: bool | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that could not be read: kept raw (at most 1 MiB), with the reason.

    `at` is when the inbox took it, where that is known; `historic` as of Message.
    """

    place: Place
    reason: str
    raw: bytes
    at: datetime | None = None
    historic: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """A known message seen at a place it was not known to lie at (moved, copied, UIDVALIDITY changed)."""

    place: Place
    fingerprint: str
    key: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """How much is still to come: so many mails, and bytes."""

    mails: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came, in order; `prints` gives each message's header fingerprint by its place.

    `heard` are the ids of notices that need no more attention once this page is stored; `bookmarks` say for a
    conversation, by its topic, how far it was read; `ahead` is how much of a backlog follows, where that is known.
    """

    cursor: Cursor
    messages: tuple[Message, ...] = ()
    acts: tuple[Act, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    prints: Mapping[Place, str] | None = None
    heard: tuple[str, ...] = ()
    bookmarks: Mapping[str, str] | None = None
    ahead: Ahead | None = None
    size: int = 0  # bytes that were read for it, where that is known


FLAG = "\\Flagged"
"""What stands among the tags of a receipt, and of a change that takes tags off, for the flag (star) of a message."""

Recorded = Callable[[Sequence[Place]], Mapping[Place, bool]]
"""Which of these places hold mail that is on record, and of which of them no further use can be made."""


class Memory(Protocol):
    """What the store remembers for one inbox."""

    def known(self, fingerprints: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The message keys recorded under each of these header fingerprints, oldest first."""

    def recorded(self, folder: str, validity: int, uids: Sequence[int]) -> Mapping[int, str]:
        """The message keys recorded at these places, of mail whose text need not be read again for a person's act."""

    def written(self) -> Sequence[Written]:
        """Our drafts nobody has sent, edited or removed, and our reminders that are still open."""

    def notices(self) -> Sequence[Notice]:
        """Notices nobody has heeded yet, oldest first."""

    def bookmarks(self, topics: Sequence[str]) -> Mapping[str, str]:
        """How far each of these conversations was read, of those that ever were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All that one run of one case wants written.

    `message_id` and `place` are of the message that carries the tags, else of the one the case is about.
    """

    key: str
    case: str
    message_id: str = ""
    place: Place | None = None  # where it was last seen
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    draft: Draft | None = None
    reminder: Reminder | None = None
    withdraw: tuple[Written, ...] = ()  # drafts of ours to take back, if still byte for byte ours
    settle: tuple[Written, ...] = ()  # reminders of ours that are over: unflag, mark seen
    note: Reminder | None = None  # a word to colleagues, written where an inbox has notes; elsewhere nothing
    still_due: bool = False  # something else of this case, or in this conversation, is on a person's list


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of a change; `refused` is a sentence where the inbox said no to a part of it.

    `again` says that the conversation changed under our hands: nothing was written, and it must be read and decided
    anew. `gone` says why nothing of this change can ever be written.

    `tags_added` are those that were not there before us; only these may ever be removed again.
    `withdrawn` says for each Message-ID what became of it: withdrawn, edited, gone, kept (it should go and the server
    cannot remove it) or over (it stays as a note and is offered no more).
    """

    key: str
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    tags_unkept: tuple[str, ...] = ()  # accepted by the server and not there afterwards
    draft: Written | None = None
    reminder: Written | None = None
    withdrawn: Mapping[str, str] | None = None
    refused: str = ""
    again: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `amends doctor`: what was looked at, whether it is well, what to know or do."""

    check: str
    ok: bool
    detail: str


class Inbox(Protocol):
    """The four verbs, and a few small ones; every one may raise InboxUnavailable or InboxRefused."""

    name: str

    def fetch(self, cursor: Cursor | None, memory: Memory) -> Iterator[Page]:
        """What came since `cursor`, oldest first; None is the very first pass. Changes nothing in the inbox."""

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        """Write the changes, a receipt each in the same order; writing one again has no further effect."""

    def check(self, make_folders: bool = False) -> Sequence[Finding]:
        """Look at everything that must be right for this inbox to work; never raises."""

    def find(self, message_id: str) -> Message | None:
        """The message with this Message-ID in a watched folder."""

    def history(self, since: datetime, most: int) -> Iterator[Page]:
        """What came and what we sent since then, in pages without a cursor and in no promised order; of each folder at
        most about the newest `most`. Acts where the inbox knows when they were done. Changes nothing in the inbox.
        """

    def backlog(self, since: datetime, cursor: Cursor, known: Recorded, at_once: int = 100) -> Iterator[Page]:
        """Mail from before the inbox was attached, not older than `since` and not on record: historic, the oldest
        first, in pages of at most about `at_once`. The first page is empty and says what is `ahead`. Changes nothing.
        """

    def reread(self, place: Place, cursor: Cursor | None) -> Page:
        """What lies at this place, read anew as if it had just come; an empty page where nothing does any more."""

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for news; True as soon as there may be some. On a connection of its own."""

    def close(self) -> None:
        """Let go of every connection; the inbox may be used again afterwards."""


class Ear(Protocol):
    """An ear at an inbox, for a thread that has many of them: nothing here takes long, but `close`.

    `news` says whether something came before it was there; at `until` (as time.monotonic has it) it must be closed, and
    a new one opened.
    """

    news: bool
    until: float

    def fileno(self) -> int:
        """What to watch with `selectors`; readable where there is something to hear."""

    def hear(self) -> bool:
        """What was said: true for news. Raises InboxUnavailable where nothing will be heard any more."""

    def close(self) -> bool:
        """Listen no more; true for news that came just then. Raises InboxUnavailable where something may be missed."""


@runtime_checkable
class Hearing(Protocol):
    """An inbox that one thread can listen to together with others, in place of a thread each in `wait`."""

    def listen(self) -> Ear | None:
        """An ear, on the connection of `wait`; None where this inbox cannot call. Raises as the verbs do."""
