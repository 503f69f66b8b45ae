"""Several passes by one desk: as quick as one, for the playbooks are read but once."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

from plugin.config import load
from plugin.desk import open_desk
from tests.shop import Shop


def passes(shop: Shop, count: int = 2, *, later: timedelta = timedelta()) -> None:
    """So many full passes that must end well, by a clock that is so much ahead."""
    with closing(open_desk(load(shop.folder / "amends.yaml"), lambda: datetime.now(UTC) + later)) as desk:
        for _ in range(count):
            for name in desk.inboxes:
                desk.poll(name)
            assert not desk.run_due().again
