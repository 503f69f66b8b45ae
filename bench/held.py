"""What a pass over a backlog holds in memory at its end, room by room: the product in a process of its own.

Usage: python -m bench.held [MAILS]
Rooms are told by who asked for the memory. What libraries in C hold (RE2, SQLite, OpenSSL) and what lies between that
which is held is in no room, but in the memory of the whole process, which is row G9b of `python -m bench`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.contest import Hall
from bench.mail import mails
from bench.rooms import room
from plugin.demo.mailbox import Dovecot

_ONCE = """
import json, tracemalloc
from plugin.cli import main
main(["run", "--once"], standalone_mode=False)
held = tracemalloc.take_snapshot().statistics("filename")
print(json.dumps([[one.traceback[0].filename, one.size] for one in held]))
"""


def main() -> None:
    """Print the rooms, the fullest first."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="bench-") as name, Dovecot(Path(name, "mail")) as server:
        hall = Hall(server, Path(name))
        shop = hall.product("held")
        shop.once()
        hall.fill(["held"], mails(count, 7))
        command = [sys.executable, "-X", "tracemalloc", "-c", _ONCE]
        ran = subprocess.run(command, cwd=shop.folder, check=True, stdout=subprocess.PIPE)
    held = Counter[str]()
    for file, size in json.loads(ran.stdout.splitlines()[-1]):
        held["code" if "importlib" in file else room(file)] += size
    for name, size in [*held.most_common(14), ("all that Python holds", held.total())]:
        print(f"{name:<28} {size / (1 << 20):>5.1f} MiB")


if __name__ == "__main__":
    main()
