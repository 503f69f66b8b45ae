"""A program of the site's own that prints an access token: the first line it writes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from plugin.inbox import InboxRefused, InboxUnavailable, Token

_PATIENCE = 30.0  # seconds the program may take
_KEPT = 300.0  # seconds its token is shown again without asking
_TOKEN = re.compile(r"[\x21-\x7e]{1,20000}")


class Command:
    """plugin.inbox.Tokens from a program; what it prints is told to nobody."""

    def __init__(self, name: str, command: Sequence[str], patience: float = _PATIENCE) -> None:
        self.advice = "see that `token_command` prints a token for this user and for IMAP: run it by hand"
        self._name, self._command, self._patience = name, tuple(command), patience
        self._lock = threading.Lock()
        self._token, self._until = Token(""), 0.0

    def get(self, refused: str = "") -> Token:
        """See plugin.inbox.Tokens; when the token ends nobody knows."""
        with self._lock:
            if not self._token.text or self._token.text == refused or time.monotonic() >= self._until:
                self._token, self._until = Token(self._printed()), time.monotonic() + _KEPT
            if self._token.text == refused:
                raise InboxRefused(self._name, "`token_command` prints the token again that was refused", self.advice)
            return self._token

    def stamp(self) -> str:
        """Nobody signs in here."""
        return ""

    def _printed(self) -> str:
        line = self._ran().partition("\n")[0].strip()
        if not _TOKEN.fullmatch(line):
            what = "holds characters no token has" if line else "is empty"
            raise InboxUnavailable(self._name, f"the first line that `token_command` prints {what}", self.advice)
        return line

    def _ran(self) -> str:
        """What it printed; it and all it started are ended when it takes too long."""
        try:
            process = subprocess.Popen(  # noqa: S603 - the site's own program, without a shell
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            # The program alone is named: what it is given may be secret.
            raise InboxRefused(
                self._name, f"`token_command` cannot be run: {self._command[0]}: {error.strerror}",
                "write the program's whole path into `token_command:`, and see that it may be run",
            ) from error  # fmt: skip
        with process:
            try:
                out, _ = process.communicate(timeout=self._patience)
            except subprocess.TimeoutExpired as error:
                _end(process)
                raise InboxUnavailable(
                    self._name, f"`token_command` took longer than {self._patience:.0f} seconds", "run it by hand"
                ) from error
        if process.returncode:
            raise InboxUnavailable(
                self._name, f"`token_command` ended with {process.returncode}", "run it by hand: it tells more"
            )
        return out.decode("ascii", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
