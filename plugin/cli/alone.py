"""Whether a command is alone at work on a store, and may do what `amends run` would do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from plugin.cli.running import leadership
from plugin.config import Settings
from plugin.jobs import AlreadyRunning


@contextmanager
def alone(settings: Settings) -> Iterator[bool]:
    """True while no `amends run` works on the store, and none can begin; else False."""
    with ExitStack() as held:
        leads = True
        try:
            held.enter_context(leadership(settings))
        except AlreadyRunning:
            leads = False
        yield leads
