"""What a sign-in left, in a file: 0600 in a folder 0700, written whole or not at all, sealed where there is a key."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from plugin.model import AmendsError


class TokensUnreadable(AmendsError):
    """The file is there and cannot be used; `why` says so without naming it, `advice` what to do but sign in anew."""

    def __init__(self, path: Path, why: str, advice: str = "") -> None:
        self.why, self.advice = why, advice
        super().__init__(f"{path}: {why}")


class TokenFile:
    """One inbox's file; with `keys` it is written with the first, and read with any (Fernet)."""

    def __init__(self, path: Path, keys: Sequence[str] = ()) -> None:
        self.path, self._keys = path, tuple(keys)

    def read(self) -> dict[str, Any] | None:
        """What is kept; None where nobody signed in yet. Raises TokensUnreadable."""
        try:
            found = json.loads(self.path.read_bytes())
            if "sealed" in found:
                found = json.loads(self._opened(found["sealed"]))
            return dict(found)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TokensUnreadable(self.path, f"the file of the sign-in cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise TokensUnreadable(self.path, "the file of the sign-in is damaged") from error

    def write(self, content: Mapping[str, Any]) -> None:
        """Keep this from now on; the file before it stays whole until then. Raises TokensUnreadable."""
        text = json.dumps(content).encode()
        if self._keys:
            text = json.dumps({"sealed": self._cipher().encrypt(text).decode()}).encode()
        try:
            self._replace(text)
        except OSError as error:
            raise TokensUnreadable(self.path, f"the file of the sign-in cannot be written: {error.strerror}") from error

    def stamp(self) -> str:
        """Another one whenever the file was written."""
        try:
            found = self.path.stat()
        except OSError:
            return "absent"
        return f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One process at a time renews: a provider may take a token that is used twice for stolen."""
        self._folder()
        with self.path.with_suffix(".lock").open("a") as lock:
            self.path.with_suffix(".lock").chmod(0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _folder(self) -> Path:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.parent.chmod(0o700)
        return self.path.parent

    def _replace(self, text: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder(), prefix=".new-")  # it is made 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except OSError:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def _opened(self, sealed: str) -> bytes:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - few encrypt

        if not self._keys:
            raise TokensUnreadable(
                self.path, "the sign-in is encrypted, and AMENDS_KEY is not set", "set AMENDS_KEY as it was"
            )
        try:
            return bytes(self._cipher().decrypt(sealed.encode()))
        except InvalidToken as error:
            raise TokensUnreadable(
                self.path, "the sign-in was encrypted with a key that is not in AMENDS_KEY",
                "write the old key behind the new one, `AMENDS_KEY=new,old`",
            ) from error  # fmt: skip

    def _cipher(self) -> Any:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - as above

        return MultiFernet([Fernet(key) for key in self._keys])
