"""A real PostgreSQL, started by the tests as a user of its own: one for each process that runs tests.

A fresh database is a copy of one whose tables are made already, so that a test does not wait for its migrations.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from plugin.store import Store
from tests.stores import DATABASE_PASSWORD

USER, PASSWORD = "amends", DATABASE_PASSWORD
"""Who owns the databases: no superuser, and nobody who may make databases."""
_MASTER, _TEMPLATE = "master", "amends_template"
_SETTINGS = ("listen_addresses=127.0.0.1", "max_connections=200", "log_min_messages=fatal")
_HASTY = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "autovacuum=off")
_PDEATHSIG = 1  # PR_SET_PDEATHSIG
_names = count(1)


class Server:
    """One PostgreSQL on a free port of this machine, with its files in a folder of its own."""

    def __init__(self, *, durable: bool = False) -> None:
        """Make its files and start it; what is committed survives a power cut only where it is to be `durable`."""
        self._settings = _SETTINGS if durable else (*_SETTINGS, *_HASTY)
        self.folder = Path(tempfile.mkdtemp(prefix="amends-pg-"))
        self.port, self._process = _free_port(), None
        if (user := _user()) is not None:
            shutil.chown(self.folder, user)
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)  # the folder is closed to others
        self._run("initdb", "--username", _MASTER, "--pwfile", str(secret), "--auth", "md5", "--no-sync",
                  "--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en",
                  "--pgdata", str(self.folder / "data"))  # fmt: skip
        self.start()
        self.tell(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(USER), PASSWORD))

    _process: subprocess.Popen[bytes] | None

    # ---- the server -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [part for setting in self._settings for part in ("-c", setting)]
        command = [_binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder)]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [*command, *options],
            cwd="/",
            stdout=log,
            stderr=log,
            **_as_user(),
            start_new_session=True,
            preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - nothing else could end it where they are killed
        )
        log.close()
        self._wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: in order (SIGINT), or as a crash does (SIGQUIT)."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(30)

    def kill(self) -> None:
        """End it and all its children at once, as `kill -9` does, in the middle of whatever it does."""
        process, self._process = self._process, None
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    @property
    def is_up(self) -> bool:
        """Whether it was started and not ended since."""
        return self._process is not None

    def close(self) -> None:
        """End it and remove its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- databases --------------------------------------------------------------------------------------------------

    def fresh(self) -> str:
        """The address of a new store, whose tables are made already."""
        return self._made(self._template())

    def empty(self) -> str:
        """The address of a new database with nothing in it."""
        return self._made("template0")

    def drop(self, address: str) -> None:
        """Drop the database at this address, whoever still has it open."""
        name = make_url(address).database or ""
        self.tell(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def address(self, name: str, user: str = USER, password: str = PASSWORD) -> str:
        """Where the database of this name is."""
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def tell(self, statement: str | sql.Composed, name: str = "postgres") -> None:
        """Have the master of the server carry this out."""
        with psycopg.connect(self._as_master(name), autocommit=True) as connection:
            connection.execute(statement)

    def _made(self, template: str) -> str:
        name = f"t{os.getpid()}_{next(_names)}"
        making = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        self.tell(making.format(sql.Identifier(name), sql.Identifier(USER), sql.Identifier(template)))
        return self.address(name)

    def _template(self) -> str:
        return _migrated(self)

    def _as_master(self, name: str) -> str:
        return make_url(self.address(name, _MASTER)).set(drivername="postgresql").render_as_string(hide_password=False)

    # ---- starting it ------------------------------------------------------------------------------------------------

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run([_binary(program), *args], cwd="/", capture_output=True, check=False, **_as_user())
        assert done.returncode == 0, done.stderr.decode()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "log").read_text()
            try:
                psycopg.connect(self._as_master("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return


def _end_with_the_tests() -> None:
    """Have this process told to end once the one that started it is gone, in whatever way (prctl(2))."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGINT)


@cache
def server() -> Server:
    """The one of this process; it ends with it."""
    begun = Server()
    atexit.register(begun.close)
    return begun


@cache
def _migrated(server: Server) -> str:
    making = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
    server.tell(making.format(sql.Identifier(_TEMPLATE), sql.Identifier(USER)))
    with closing(Store(server.address(_TEMPLATE))):
        return _TEMPLATE


def _binary(program: str) -> str:
    """Debian keeps the programs of the server where no PATH leads."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    path = str(found[-1]) if found else shutil.which(program)
    assert path, f"PostgreSQL is missing ({program}): install it, such as with apt-get install postgresql"
    return path


@cache
def _user() -> str | None:
    """PostgreSQL refuses to run as root: who runs it then."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as_user() -> dict[str, Any]:
    user = _user()
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": ()}


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
