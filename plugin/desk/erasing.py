"""A person is forgotten: what we wrote about them is taken back, and what is kept of their words goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from plugin.desk import Desk, UnknownCase
from plugin.desk.ledger import store_events
from plugin.desk.undoing import Traces
from plugin.judge.reading import folded, words
from plugin.model import AmendsError
from plugin.store import Correction, Forgotten, Kept, Session
from plugin.timeline import Erased, Status

_EVERY = 1_000_000
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>.]+(?:\.[^\s@<>.]+)*")


class NotToBeErased(AmendsError):
    """What was named is nobody who can be forgotten."""

    input_is_wrong = True

    def __init__(self, who: str, why: str) -> None:
        self.who = who
        super().__init__(f"erase {who}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is kept of a person: their cases, what is kept of those, and how much elsewhere names them."""

    cases: tuple[str, ...]
    addresses: tuple[str, ...]  # whose every mention goes; of a single case none, since others may be kept
    erased: int = 0  # of these cases
    kept: Kept = field(default_factory=Kept)
    traces: Traces = field(default_factory=Traces)  # of ours in the mailbox
    mentions: int = 0  # texts and events of other cases
    quarantined: int = 0
    words: int = 0  # that a judge learned from nobody but them

    @property
    def nothing(self) -> bool:
        """Whether nothing on record names them."""
        return not (self.cases or self.mentions or self.quarantined)


class Erasing:
    """Forgets an address with all its cases, or one case."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def held(self, who: str) -> Held:
        """What there is of this address or case; raises UnknownCase and NotToBeErased."""
        addresses = (self._address(who),) if "@" in who else ()
        with self._desk.store.reading() as session:
            case_ids = session.erasing.cases_of(addresses[0]) if addresses else [who]
            cases = session.load(case_ids).values()
            if any(case.status is Status.NONE for case in cases):
                raise UnknownCase(who)
            mentions, quarantined = session.erasing.elsewhere(addresses, case_ids)
            traces = Traces()
            for case in cases:
                traces.take(case)
            return Held(
                cases=tuple(case_ids), addresses=addresses, erased=sum(case.erased for case in cases), traces=traces,
                kept=session.erasing.kept(case_ids), mentions=mentions, quarantined=quarantined,
                words=session.erasing.learned(_words_of_theirs(session, case_ids)),
            )  # fmt: skip

    def _address(self, who: str) -> str:
        address = who.strip().strip("<>").casefold()
        if not _ADDRESS.fullmatch(address):
            raise NotToBeErased(who, "this is no address - write it like anna@example.org, or name a case")
        ours = (one.email for inbox in self._desk.policies.inboxes.values() for one in inbox.identities)
        if address in map(str.casefold, ours):
            raise NotToBeErased(who, "this is your own address, which every case names - name a case instead")
        return address

    def erase(self, held: Held, by: str, now: datetime) -> Forgotten:
        """Erase it in one transaction, then write the store anew; raises StoreUnavailable where that cannot be yet.

        That it was erased joins the timelines in the same transaction: whoever had one at hand has to read it anew.
        """
        with self._desk.store.writing() as session:
            for case in session.load(held.cases).values():
                if not case.erased:
                    store_events(session, case, [Erased(at=now, by=by)], case.inbox)
            session.flush()
            gone = session.erasing.erase(held.cases, held.addresses, _words_of_theirs(session, held.cases))
            session.fold_anew()
        self._desk.store.compact()
        return gone


def _words_of_theirs(session: Session, case_ids: Sequence[str]) -> list[str]:
    """The words the judge may have learned from nobody but them."""
    said = session.corrections.all(_EVERY)
    theirs = set(case_ids)
    mine = _words(one for one in said if one.case_id in theirs)
    return sorted(mine - _words(one for one in said if one.case_id not in theirs))


def _words(said: Iterable[Correction]) -> set[str]:
    return {folded(word) for one in said for word in words(f"{one.subject} {one.text}")} - {""}
