"""What is asked of the database again and again, said once: putting a statement together costs more than sending it.

`some` is a list of values in every statement that asks about several things at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, and_, bindparam, case, delete, func, select, update

from plugin.store.tables import (
    DRAFTED,
    REMINDING,
    bookmarks,
    cases,
    events,
    inboxes,
    letters,
    messages,
    places,
    tasks,
    written,
)
from plugin.store.tables import LIVE as LYING

_inbox: BindParameter[str] = bindparam("inbox")
_some: BindParameter[Sequence[object]] = bindparam("some", expanding=True)

# ---- cases and their letters ----------------------------------------------------------------------------------------

VERSIONS = select(cases.c.id, cases.c.version).where(cases.c.id.in_(_some))
TIMELINES = (
    select(events.c.case_id, events.c.kind, events.c.body)
    .where(events.c.case_id.in_(_some))
    .order_by(events.c.case_id, events.c.seq)
)
COMPLAINTS = select(cases.c.sender, cases.c.id).where(
    cases.c.inbox == _inbox, cases.c.sender.in_(_some), cases.c.status.in_(("open", "resolved"))
)
LETTERS = select(letters).where(letters.c.case_id.in_(_some))
LETTER = select(letters).where(letters.c.case_id == bindparam("case"), letters.c.key == bindparam("key"))
REMINDED = select(letters.c.case_id).where(letters.c.key == bindparam("key"), REMINDING)

# ---- the ledgers ----------------------------------------------------------------------------------------------------

_known = select(messages.c.key, messages.c.message_id, messages.c.case_id, messages.c.verdict).order_by(messages.c.at)
MESSAGES = _known.where(messages.c.inbox == _inbox, messages.c.key.in_(_some))
MESSAGES_BY_ID = _known.where(messages.c.inbox == _inbox, messages.c.message_id.in_(_some))
OURS_BY_ID = select(written.c.message_id, written.c.case_id, written.c.kind).where(
    written.c.inbox == _inbox, written.c.message_id.in_(_some)
)
_here = and_(
    places.c.inbox == _inbox, places.c.folder == bindparam("folder"), places.c.validity == bindparam("validity")
)
KEYS_OF = (
    select(places.c.fingerprint, places.c.message)
    .where(places.c.inbox == _inbox, places.c.fingerprint.in_(_some))
    .order_by(places.c.validity, places.c.uid)
)
KEYS_AT = select(places.c.uid, places.c.message).where(_here, places.c.uid.in_(_some))
PLACES_OF = (
    select(places)
    .where(places.c.inbox == _inbox, places.c.message.in_(_some))
    .order_by(places.c.validity, places.c.uid)
)
BOOKMARKS = select(bookmarks.c.topic, bookmarks.c.read).where(bookmarks.c.inbox == _inbox, bookmarks.c.topic.in_(_some))
CASES_IN = (
    select(messages.c.case_id)
    .join(places, and_(messages.c.inbox == places.c.inbox, messages.c.key == places.c.message))
    .where(_here, messages.c.case_id != "")
    .order_by(messages.c.at)
)

INBOX = select(inboxes).where(inboxes.c.name == bindparam("name"))

# ---- what we wrote --------------------------------------------------------------------------------------------------

WRITTEN_AS = select(written).where(written.c.inbox == _inbox, written.c.message_id.in_(_some))
LIVE = select(written).where(written.c.inbox == _inbox, LYING).order_by(written.c.at)
UNTRUSTED_OF = select(written.c.message_id).where(
    written.c.inbox == _inbox, written.c.untrusted.is_(True), written.c.message_id.in_(_some)
)
DRAFTS_SINCE = (
    select(written.c.sender, written.c.untrusted, func.count())
    .where(written.c.inbox == _inbox, DRAFTED, written.c.at > bindparam("since"))
    .group_by(written.c.sender, written.c.untrusted)
)

LATEST_DRAFTS = (
    select(written.c.case_id, letters.c.text, letters.c.detail, letters.c.packed)
    .join(letters, and_(letters.c.case_id == written.c.case_id, letters.c.key == written.c.message_id))
    .where(written.c.inbox == _inbox, DRAFTED, written.c.at >= bindparam("since"))
    .order_by(written.c.at.desc(), written.c.message_id)
    .limit(bindparam("most"))
)

# ---- the agenda -----------------------------------------------------------------------------------------------------

_due = and_(
    tasks.c.for_inbox == bindparam("for"), tasks.c.run_at <= bindparam("now"), tasks.c.lease_until <= bindparam("now")
)
_some_due = select(tasks.c.key).where(_due).order_by(tasks.c.run_at, tasks.c.key).limit(bindparam("most"))
CLAIM = (
    update(tasks)
    .where(tasks.c.key.in_(_some_due.scalar_subquery()), tasks.c.lease_until <= bindparam("now"))
    .values(lease_until=bindparam("until"), attempts=tasks.c.attempts + 1)
    .returning(tasks)
)
CLAIM_IN = (
    update(tasks)
    .where(
        tasks.c.key.in_(_some_due.where(tasks.c.inbox == bindparam("of")).scalar_subquery()),
        tasks.c.lease_until <= bindparam("now"),
    )
    .values(lease_until=bindparam("until"), attempts=tasks.c.attempts + 1)
    .returning(tasks)
)
_free_at = case((tasks.c.lease_until > tasks.c.run_at, tasks.c.lease_until), else_=tasks.c.run_at)
AHEAD = (
    select(tasks.c.inbox, func.min(_free_at))
    .where(tasks.c.for_inbox == bindparam("for"), tasks.c.run_at <= bindparam("until"))
    .where(tasks.c.lease_until <= bindparam("until"))
    .group_by(tasks.c.inbox)
)


def _first_waiting(whose: str) -> ScalarSelect[Any]:
    waits = and_(tasks.c.for_inbox == bindparam(whose), tasks.c.fault == "", tasks.c.lease_until <= tasks.c.run_at)
    return select(tasks.c.run_at).where(waits).order_by(tasks.c.run_at).limit(1).scalar_subquery()


AGENDA = select(_first_waiting("persons"), _first_waiting("inboxes"))
FORGET = delete(tasks).where(tasks.c.key.in_(_some))
