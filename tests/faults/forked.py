"""The `amends` command in processes that need not load it anew, and that die where a test wants them to.

    python -m tests.faults.forked

reads one JSON document a line, `{"folder", "args", "stdin", "point", "nth"}`, and answers each with `{"code", "out",
"err"}`. For each of them a process of its own is forked, which runs the command in that folder. With a `point`, it
kills itself by SIGKILL as it passes that point for the nth time: with 0 it works in steps of its usual size and dies at
the first passing, with more it takes one message, one task, one tag and one draft at a time, so that there are many
moments to die. The product knows nothing of this: its own functions are wrapped from outside.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from itertools import count
from typing import IO, Any

import click
from imapclient import IMAPClient

from integrations.imap import reading, writing
from integrations.imap.session import Session as Connection
from plugin.cli import main
from plugin.desk import Desk, work
from plugin.desk.intake import Intake
from plugin.store import Session

Passing = Callable[[], None]


def _after(owner: Any, name: str, passed: Passing) -> None:
    whole = getattr(owner, name)

    @functools.wraps(whole)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = whole(*args, **kwargs)
        passed()
        return result

    setattr(owner, name, wrapped)


def _before_cursor(passed: Passing) -> None:
    whole = Session.keep_inbox

    def wrapped(self: Session, name: str, **changes: Any) -> None:
        if "cursor" in changes:
            passed()
        whole(self, name, **changes)

    setattr(Session, "keep_inbox", wrapped)  # noqa: B010 - a method is replaced on purpose


def _after_append(passed: Passing) -> None:
    _after(Session, "append", passed)  # in the middle of a transaction …
    _after(Desk, "receive", passed)  # … and behind its end


def _after_draft(passed: Passing) -> None:
    _after(Connection, "_send_append", passed)  # on its way, and nobody will hear the answer …
    _after(Connection, "append", passed)  # … and behind it


def _after_tag(passed: Passing) -> None:
    _after(Connection, "order_marks", passed)  # on its way, and nobody will hear the answer …
    _after(writing.Writer, "_settled", passed)  # … and behind it


def _after_schedule(passed: Passing) -> None:
    _after(Session, "will_write", passed)  # what will be written is entered …
    _after(Session, "claim", passed)  # … and taken in hand


POINTS: dict[str, Callable[[Passing], None]] = {
    "fetch": lambda passed: _after(Connection, "receive", passed),
    "parse": lambda passed: _after(reading, "parse", passed),
    "match": lambda passed: _after(Intake, "_case_for", passed),
    "schedule": _after_schedule,
    "append": _after_append,
    "commit": lambda passed: _after(Session, "over", passed),
    "cursor": _before_cursor,
    "tag": _after_tag,
    "draft": _after_draft,
    "expunge": lambda passed: _after(IMAPClient, "uid_expunge", passed),
}
"""The points, and how a process comes to notice that it passes one."""


def _doom(point: str, nth: int) -> None:
    """From here on this process dies at the point."""
    passings = count(1)
    POINTS[point](lambda: os.kill(os.getpid(), signal.SIGKILL) if next(passings) == max(nth, 1) else None)
    if nth:
        reading.PAGE = writing._STORED_AT_ONCE = writing._APPENDED_AT_ONCE = work.BATCH = 1


def _command(job: dict[str, Any], streams: tuple[IO[bytes], ...]) -> int:
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
    os.chdir(job["folder"])
    if job["point"]:
        _doom(job["point"], job["nth"])
    try:
        main(job["args"])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception:  # noqa: BLE001 - as the interpreter ends a process
        traceback.print_exc()
        return 1
    return 0


def _forked(job: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(job["stdin"].encode())
        given.seek(0)
        if (pid := os.fork()) == 0:
            code = 99
            try:
                code = _command(job, (given, out, err))
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        err.seek(0)
        return {"code": code, "out": out.read().decode(), "err": err.read().decode()}


def _load_everything() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        main.get_command(context, name)


if __name__ == "__main__":
    _load_everything()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_forked(json.loads(line))) + "\n")
        sys.stdout.flush()
