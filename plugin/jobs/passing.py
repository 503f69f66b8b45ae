"""One full pass over every inbox, without a clock."""

from __future__ import annotations

import logging
from collections import Counter

from plugin.desk import Desk
from plugin.inbox import InboxError
from plugin.store import StoreUnavailable

log = logging.getLogger("amends.jobs")


def run_once(desk: Desk) -> list[str]:
    """One full pass: fetch, decide, write, all that is due; what must be tried again, a sentence each."""
    faults = []
    for name in desk.inboxes:
        try:
            desk.poll(name)
        except InboxError as error:
            faults.append(str(error))
        except StoreUnavailable:
            raise  # it is the same for every inbox
        except Exception as error:
            log.exception("inbox %s could not be polled", name)  # the others, and what waits to be written, go on
            faults.append(f"inbox {name}: unexpected {type(error).__name__}: {error} - report it")
    outcome = desk.run_due()
    return faults + (_unwritten(desk) if outcome.again else [])


def _unwritten(desk: Desk) -> list[str]:
    """Why writes wait, each reason once."""
    with desk.store.reading() as session:
        reasons = Counter((inbox, fault) for inbox, _, fault in session.faults())
    return [
        fault if fault.startswith(f"inbox {inbox}") else f"inbox {inbox}: {count} to be written again: {fault}"
        for (inbox, fault), count in reasons.items()
    ]
