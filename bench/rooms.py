"""Where the time of a backlog goes, room by room: the product in this process, under a profiler.

Usage: python -m bench.rooms [MAILS]
The profiler slows Python code about twofold and C code not at all, so the shares are a direction and not a measure.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.contest import ROOT, Hall
from bench.mail import mails
from plugin.config import load
from plugin.demo.mailbox import Dovecot
from plugin.desk import open_desk
from plugin.jobs import run_once

_LIBRARIES = ("sqlalchemy", "imapclient", "mailparser", "pydantic", "imaplib", "re2", "email", "dataclasses", "babel")


def main() -> None:
    """Print the rooms, the dearest first."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Dovecot(Path(name, "mail")) as server:
        profile = _profiled(Hall(server, Path(name)), count)
    spent = Counter[str]()
    for (file, _, _), (_, _, own, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file != "~":
            spent[room(file)] += own
            continue
        for (caller, _, _), (_, _, part, _) in callers.items():  # what is built in counts where it was called
            spent[room(caller)] += part
    for name, seconds in spent.most_common(16):
        print(f"{name:<28} {seconds / spent.total():>5.0%}")


def _profiled(hall: Hall, count: int) -> cProfile.Profile:
    """One pass over a backlog that came after the inbox was attached."""
    shop = hall.product("rooms")
    desk = open_desk(load(shop.folder / "amends.yaml"))
    run_once(desk)
    hall.fill(["rooms"], mails(count, 7))
    profile = cProfile.Profile()
    profile.runcall(run_once, desk)
    desk.close()
    return profile


def room(file: str) -> str:
    """The room of ours, or the library, that this file belongs to."""
    path = Path(file)
    if path.is_relative_to(ROOT) and ".venv" not in path.parts:
        return "/".join(path.relative_to(ROOT).parts[:2]).removesuffix(".py")
    return next((name for name in _LIBRARIES if f"/{name}" in file), "other libraries")


if __name__ == "__main__":
    main()
