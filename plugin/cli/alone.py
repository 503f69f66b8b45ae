"""Whether a command is alone at work on a store, and may do what `amends run` would do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from plugin.cli.running import turn
from plugin.config import Settings
from plugin.jobs import AlreadyRunning


@contextmanager
def alone(settings: Settings, doing: str) -> Iterator[bool]:
    """True while no `amends run` works on the store, and none can begin; else False.

    Another command like this one is waited for. `doing` is how this one is called. To be held while a command works,
    never while a person is asked: nobody else gets at the store meanwhile.
    """
    with ExitStack() as held:
        leads = True
        try:
            held.enter_context(turn(settings, doing))
        except AlreadyRunning:
            leads = False
        yield leads
