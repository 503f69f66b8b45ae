"""What Amends remembers: timelines, the agenda, the ledger of messages and places. SQLAlchemy Core, Alembic migrations.

Store
    opens the database, migrates it, and hands out sessions.
ForgetfulStore
    a store of which nothing remains.
Session
    one transaction: what is read and what is written belong together, and all of it is stored or none.
Doorbook
    enters notices from outside durably, many with one commit.

Errors
------
StoreError
├── StoreUnavailable   the database cannot be opened, is full, or stays locked
├── NotEntered         a notice was not stored, and has to come again
├── StoreNewer         it was written by a later version of Amends
├── StoreInUse         something has it open, so it cannot be replaced
├── CopyRefused        a backup cannot be made, or is none
├── MoveRefused        a store cannot be moved there
├── MovedBadly         what arrived elsewhere is not what was sent
└── Conflict           somebody else appended to the case meanwhile: load it and decide again
"""

from plugin.store.archive import Packed
from plugin.store.copies import Copied, CopyRefused, StoreInUse, backup, file_of, look_through, restore
from plugin.store.corrections import NEVER_TAUGHT, Correction, LearnedJudge
from plugin.store.database import Store, StoreError, StoreNewer, StoreUnavailable, shown
from plugin.store.doorbook import Doorbook, NotEntered
from plugin.store.erasing import Forgotten, Kept
from plugin.store.forgetful import ForgetfulStore
from plugin.store.moving import Moved, MovedBadly, MoveRefused, move
from plugin.store.notices import Entry
from plugin.store.search import wanted
from plugin.store.session import UNTRUSTED, Claim, Conflict, Known, Session, edited_key, idle_since, next_due
from plugin.store.tables import AS_WRITTEN, GONE, PACKED

__all__ = [
    "AS_WRITTEN",
    "GONE",
    "NEVER_TAUGHT",
    "PACKED",
    "UNTRUSTED",
    "Claim",
    "Conflict",
    "Copied",
    "CopyRefused",
    "Correction",
    "Doorbook",
    "Entry",
    "ForgetfulStore",
    "Forgotten",
    "Kept",
    "Known",
    "LearnedJudge",
    "MoveRefused",
    "Moved",
    "MovedBadly",
    "NotEntered",
    "Packed",
    "Session",
    "Store",
    "StoreError",
    "StoreInUse",
    "StoreNewer",
    "StoreUnavailable",
    "backup",
    "edited_key",
    "file_of",
    "idle_since",
    "look_through",
    "move",
    "next_due",
    "restore",
    "shown",
    "wanted",
]
