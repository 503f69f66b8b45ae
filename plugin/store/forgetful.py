"""A store that forgets: one transaction that is never stored, in a file that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from plugin.store.database import Store
from plugin.store.session import Session
from plugin.store.tables import metadata

_AT_HAND = 512  # cases that are kept folded; the others are folded anew when they are asked for


class ForgetfulStore(Store):
    """For one thread, and for what must leave no trace; it spares the beginning and the end of every transaction.

    It may hold more than memory does: it lies in a file, which has no name any more before anything is written to it,
    and so goes with this process, however that ends. Of what ends in an exception stays what went before it.
    """

    def __init__(self) -> None:
        with TemporaryDirectory(prefix="amends-") as folder:
            super().__init__(f"sqlite:///{Path(folder, 'forgotten.db')}")
            self._held = self._engine.connect()
            wire: Any = self._held.connection.dbapi_connection
            wire.execute("PRAGMA journal_mode=MEMORY")  # any other would need a file beside it, by its name
        self._one = Session(self._held, self._at_hand)

    def _make_tables(self, _keep_old: bool) -> None:
        """All at once: nothing stands in it that would have to be brought up to date, and nothing is sought in it."""
        metadata.create_all(self._engine)

    @contextmanager
    def writing(self, inbox: str | None = None) -> Iterator[Session]:
        """The one session there is."""
        yield self._one
        self._one.let_go(_AT_HAND)

    @contextmanager
    def entering(self) -> Iterator[Session]:
        """The one session there is."""
        with self.writing() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The one session there is."""
        yield self._one

    def close(self) -> None:
        """Forget it all."""
        self._held.close()
        super().close()
