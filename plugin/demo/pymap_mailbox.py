"""The stand-in mail server: pymap with an empty mailbox for every user, keywords and SPECIAL-USE folders.

A program of its own (`python -P pymap_mailbox.py --port 14300 --password lamp --greeting hello`): it listens on
loopback until it is ended, and keeps all mail in memory. It imports nothing of Amends, so that it starts quickly.
"""

from __future__ import annotations

import asyncio
import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from pymap.backend.dict import Config, DictBackend, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.config import BackendCapability
from pymap.imap import IMAPService
from pymap.listtree import ListEntry, ListTree
from pymap.main import run
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag, Wildcard
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import Cleartext

_SPECIAL = {"Drafts": b"Drafts", "Sent": b"Sent", "Trash": b"Trash"}


class _Entry(ListEntry):
    """A folder in a listing that says what it is for (RFC 6154, section 2)."""

    @property
    def attributes(self) -> Sequence[bytes]:
        use = _SPECIAL.get(self.name)
        return [*super().attributes, use] if use else super().attributes


class _Tree(ListTree):
    def list_matching(self, ref_name: str, filter_: str) -> Iterable[ListEntry]:
        for entry in super().list_matching(ref_name, filter_):
            yield _Entry(entry.name, entry.exists, entry.marked, entry.has_children)


class _Folder(MailboxData):
    """A folder in which every keyword is kept: pymap's own drops what PERMANENTFLAGS does not name."""

    @property
    def permanent_flags(self) -> frozenset[Flag]:
        return super().permanent_flags | {Wildcard}


class _Folders(MailboxSet):
    """One user's folders; pymap's own makes them of its own kind, so the two places where it does are ours."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox = self._new()
        self._set.update({name: self._new() for name in _SPECIAL})

    def _new(self) -> _Folder:
        return _Folder(self._content_cache, self._thread_cache)

    async def add_mailbox(self, name: str) -> ObjectId:
        if name in self._set:
            raise ValueError(name)
        self._set[name] = folder = self._new()
        return folder.mailbox_id

    async def list_mailboxes(self) -> ListTree:
        return _Tree(self.delimiter).update("INBOX", *self._set)


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        return str(self.args.greeting).encode()

    @property
    def backend_capability(self) -> BackendCapability:
        # No IDLE: its news go out in pieces of a line, which the imapclient library takes for a broken connection.
        return BackendCapability(idle=False, object_id=True, multi_append=True, custom=[b"SPECIAL-USE"])


class _Login(Login):
    """Lets any user name in with the one password."""

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        name = credentials.authcid
        if name not in self.users_dict:
            self.users_dict[name] = UserMetadata(self.config, name, password=self.config.demo_password)
            self.config.set_cache[name] = (_Folders(), FilterSet())
        return await super().authenticate(credentials)


class _Backend(DictBackend):
    @classmethod
    async def init(cls, args: Namespace, **overrides: Any) -> tuple[_Backend, Config]:
        config = _Config.from_args(args, hash_context=Cleartext(), **overrides)
        return cls(_Login(config), config), config


def _arguments() -> Namespace:
    parser = ArgumentParser(description="An IMAP server on loopback, all in memory.")
    parser.add_argument("--password", dest="demo_password", required=True)
    parser.add_argument("--greeting", default="ready")
    IMAPService.add_arguments(parser)
    parser.set_defaults(host=["127.0.0.1"], tls=False, debug=False, demo_user="", demo_data=False)
    parser.set_defaults(passlib_cfg=None, set_uid=None, set_gid=None)  # what pymap's own command line would have set
    return parser.parse_args()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(_arguments(), _Backend, [IMAPService]))
