"""Whether a command is alone at work on a store, and may do what `amends run` would do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plugin.cli.running import lock_path
from plugin.config import Settings
from plugin.jobs import AlreadyRunning, Leadership


@contextmanager
def alone(settings: Settings) -> Iterator[bool]:
    """True while no `amends run` works on the store, and none can begin; else False."""
    leadership = Leadership(settings.store, lock_path(settings))
    try:
        leadership.__enter__()
    except AlreadyRunning:
        yield False
        return
    try:
        yield True
    finally:
        leadership.__exit__(None, None, None)
