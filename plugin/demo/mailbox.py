"""A private mail server on loopback: for the demo, for the tests and for measuring.

It runs as whoever calls, root or not, on a free port, keeps all it has in one folder, and knows nothing of a mail
server the machine may already run. Where Dovecot 2.3 is not found, a mail server that comes as a Python package stands
in.

    with open_mailbox(folder, password="lamp") as mailbox:
        IMAPClient(mailbox.host, mailbox.port, ssl=False).login("support@lighthouse.example", "lamp")
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self

from plugin.model import AmendsError

_PLACES = ("/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/opt/homebrew/sbin", "/opt/homebrew/bin")
_PATIENCE = 10.0  # seconds a server may take to come up, or to go
_LONGEST_FOLDER = 64  # characters; the name of a local socket may have 107, and Dovecot's own part of it takes up to 40
_PASSWORD = re.compile(r"[A-Za-z0-9_.-]+")

_CONFIG = Template("""\
base_dir = $home/run
state_dir = $home/state
instance_name = amends
log_path = $home/dovecot.log
protocols = imap
listen = 127.0.0.1
login_greeting = $greeting
ssl = $ssl
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 0
mail_fsync = $fsync
mail_location = maildir:~/Maildir
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = password=$password
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$home/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
$folders}
service imap-login {
  service_count = 0
  client_limit = 2000
  process_min_avail = 1
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = $tls_port
  }
}
service imap {
  process_limit = 2000
}
service auth {
  client_limit = 5000
}
service anvil {
  client_limit = 5000
  # A listener nobody may use: a wrong password is then answered at once, not after ever longer waits.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
""")
_ORDINARY = Template("""\
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
service stats {
  chroot =
}
""")
_SPECIAL = "  mailbox {0} {{\n    auto = create\n    special_use = \\{0}\n  }}\n"


class MailboxError(AmendsError):
    """The private mail server cannot do what was asked; `said` is what it wrote about it in its log, if anything."""

    def __init__(self, server: str, problem: str, said: str = "") -> None:
        self.server, self.problem, self.said = server, problem, said
        super().__init__(f"the private mail server ({server}) {problem}" + (f": {said}" if said else ""))


class _Server(ABC):
    """A mail server as a child process: started, heard, and ended with all it started itself."""

    name: str
    lacks = ""

    def __init__(self, folder: Path, password: str, port: int) -> None:
        if not _PASSWORD.fullmatch(password):
            raise MailboxError(self.name, "takes a password of letters, digits, '_', '.' and '-' only")
        self.folder, self.password = folder.resolve(), password
        self.host, self._asked = "127.0.0.1", port
        self.port, self.log = 0, self.folder / f"{self.name.lower()}.log"
        # Tells our server from a stranger who took the port first.
        self._greeting = f"{self.name} ready {secrets.token_hex(6)}"
        self._log_start = 0
        self._end: Callable[[], object] | None = None

    def start(self) -> None:
        """Start the server and return as soon as it answers; starting twice does no harm.

        Raises MailboxError when it does not come up, and leaves no process behind then.
        """
        if self._end is not None:
            return
        self.port = self.port or self._asked or free_port()
        process = self._launch(self._prepare())
        # The finalizer also ends the server where a caller forgot to, at the latest when Python leaves.
        self._end = weakref.finalize(self, _end_group, process)
        self._await_greeting(process)

    def stop(self) -> None:
        """End the server and everything it started; stopping twice does no harm."""
        if self._end is not None:
            self._end()
            self._end = None

    def restart(self) -> None:
        """Stop, then start again on the same port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> list[str]:
        """Write what the server reads and return its command line."""

    def _launch(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Run the server in a process group of its own, which a Ctrl-C in the terminal does not reach."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        try:
            with self.log.open("ab") as log:
                return subprocess.Popen(  # noqa: S603 - our own command line, no shell
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
                )
        except OSError as error:
            raise MailboxError(self.name, "cannot be run", str(error)) from error

    def _await_greeting(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _PATIENCE
        while self._greeting.encode() not in _first_line(self.host, self.port):
            ended = process.poll()
            if ended is not None or time.monotonic() > until:
                self.stop()
                why = f"ended at once with {ended}" if ended is not None else f"was silent for {_PATIENCE:.0f} seconds"
                raise MailboxError(self.name, f"{why}, see {self.log}", _last_words(self.log, self._log_start))
            time.sleep(0.01)


class Dovecot(_Server):
    """A Dovecot 2.3 with Maildir, Drafts, Sent and Trash (SPECIAL-USE), keywords, UIDPLUS, CONDSTORE and IDLE.

    Any user name logs in with `password` and has a mailbox of its own. `port` 0 is a free one, kept over restarts.
    `extra` is Dovecot configuration that follows ours and so wins; with `special_use` off there is an INBOX only.
    `protocol_tls` adds STARTTLS on `port` and implicit TLS on `tls_port`, with a self-signed `certificate` for the name
    `certificate_for` (it needs the openssl command). `fsync` is Dovecot's mail_fsync: optimized, always or never.
    `home` is where it all lies: the folder, or a temporary one where Dovecot could not work in the folder. The mail is
    kept over stop and start, as long as this object lives.
    Raises MailboxError where no Dovecot 2.3 is found.
    """

    name = "Dovecot"

    def __init__(
        self,
        folder: Path,
        *,
        password: str = "password",  # noqa: S107 - a server on loopback for a demo and for tests
        extra: str = "",
        special_use: bool = True,
        protocol_tls: bool = False,
        certificate_for: str = "localhost",
        fsync: str = "optimized",
        port: int = 0,
    ) -> None:
        super().__init__(folder, password, port)
        self._binary = _required_dovecot()
        self._extra, self._special_use, self._fsync = extra, special_use, fsync
        self._tls, self._certificate_for = protocol_tls, certificate_for
        self.home = self._reachable_home()
        self.log = self.home / "dovecot.log"
        self.tls_port = 0
        self.certificate = self.home / "certificate.pem"

    def doveadm(self, *args: str) -> str:
        """What `doveadm` prints when run against this server; raises MailboxError with its complaint if it fails."""
        command = [_beside(self._binary, "doveadm"), "-c", str(self.home / "dovecot.conf"), *args]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - as above
        if ran.returncode:
            raise MailboxError(self.name, f"refused `doveadm {' '.join(args)}`: {ran.stderr.strip() or ran.returncode}")
        return ran.stdout

    def maildir(self, user: str) -> Path:
        """The Maildir of `user`; it exists once the user has logged in."""
        return self.home / "mail" / user / "Maildir"

    def _reachable_home(self) -> Path:
        """The folder itself, or a temporary one where Dovecot could not work in it; `home` in the folder leads there.

        Dovecot reads mail as another user when root starts it, and that user must be able to get there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if len(str(self.folder)) <= _LONGEST_FOLDER and (os.getuid() != 0 or _open_to_all(self.folder)):
            return self.folder
        home = Path(tempfile.mkdtemp(prefix="amends-"))
        home.chmod(0o755)
        weakref.finalize(self, shutil.rmtree, home, ignore_errors=True)
        link = self.folder / "home"
        link.unlink(missing_ok=True)
        link.symlink_to(home, target_is_directory=True)
        return home

    def _prepare(self) -> list[str]:
        for name in ("run", "state", "mail"):
            (self.home / name).mkdir(exist_ok=True)
        owner = _mail_owner()
        os.chown(self.home / "mail", owner.pw_uid, owner.pw_gid)
        if self._tls:
            self.tls_port = self.tls_port or free_port()
            self._make_certificate()
        config = self.home / "dovecot.conf"
        config.touch(mode=0o600)
        config.write_text(self._config(owner))
        return [str(self._binary), "-F", "-c", str(config)]

    def _config(self, owner: pwd.struct_passwd) -> str:
        folders = "".join(map(_SPECIAL.format, ("Drafts", "Sent", "Trash"))) if self._special_use else ""
        return "".join((
            _CONFIG.substitute(
                home=self.home, greeting=self._greeting, ssl="yes" if self._tls else "no", fsync=self._fsync,
                password=self.password, uid=owner.pw_uid, gid=owner.pw_gid, folders=folders,
                port=self.port, tls_port=self.tls_port,
            ),
            f"ssl_cert = <{self.certificate}\nssl_key = <{self._key()}\n" if self._tls else "",
            "" if os.getuid() == 0 else _ordinary(owner),
            self._extra + "\n",
        ))  # fmt: skip

    def _key(self) -> Path:
        return self.certificate.with_suffix(".key")

    def _make_certificate(self) -> None:
        if self.certificate.exists():
            return
        names = f"subjectAltName=DNS:{self._certificate_for}" + (
            ",IP:127.0.0.1" if self._certificate_for == "localhost" else ""
        )
        command = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", f"/CN={self._certificate_for}", "-addext", names,
            "-keyout", str(self._key()), "-out", str(self.certificate),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - as above
        except (OSError, subprocess.CalledProcessError) as error:
            said = str(getattr(error, "stderr", "") or error).strip()
            raise MailboxError(self.name, "got no certificate from the openssl command", said) from error


class PipMailbox(_Server):
    """The stand-in where there is no Dovecot: pymap with Drafts, Sent and Trash (SPECIAL-USE), keywords and UIDPLUS.

    Any user name logs in with `password` and has a mailbox of its own. `lacks` is one sentence about what it cannot do.
    Its mail lives in memory: a stop forgets it, and `restart` begins with empty mailboxes.
    """

    name = "Pymap"
    lacks = (
        "a stand-in mail server is used: it keeps mail in memory only and cannot call when mail comes, "
        "so letters are noticed within seconds instead of at once; tags, drafts and folders are real"
    )

    def __init__(self, folder: Path, *, password: str = "password", port: int = 0) -> None:  # noqa: S107 - as above
        super().__init__(folder, password, port)

    def _prepare(self) -> list[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        # -P keeps this folder off the search path, where `mailbox` is a module of Python's own.
        program = [sys.executable, "-P", str(Path(__file__).with_name("pymap_mailbox.py"))]
        return [*program, "--port", str(self.port), "--password", self.password, "--greeting", self._greeting]


def open_mailbox(folder: Path, password: str = "password") -> Dovecot | PipMailbox:  # noqa: S107 - as above
    """A mail server that can be started here: Dovecot where there is one, else the stand-in. It is not started yet."""
    return Dovecot(folder, password=password) if find_dovecot() else PipMailbox(folder, password=password)


def find_dovecot() -> Path | None:
    """The `dovecot` binary, on the PATH or where systems put it, if this user can run it and it is a 2.3; else None."""
    search = os.pathsep.join((os.environ.get("PATH", os.defpath), *_PLACES))
    found = shutil.which("dovecot", path=search)
    return Path(found) if found and _has_name() and _version(found).startswith("2.3.") else None


def _required_dovecot() -> Path:
    binary = find_dovecot()
    if binary is None:
        raise MailboxError("Dovecot", "was not found in version 2.3: install the package dovecot-imapd")
    return binary


def _version(binary: str) -> str:
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - as above


def _beside(binary: Path, name: str) -> str:
    """The path of another program of the same installation, or its bare name for the PATH to decide."""
    return shutil.which(name, path=os.pathsep.join(map(str, (binary.parent, binary.parent.parent / "bin")))) or name


def _has_name() -> bool:
    """Whether the calling user stands in the user database: Dovecot's configuration knows users by name only."""
    try:
        return bool(pwd.getpwuid(os.getuid()))
    except KeyError:
        return False


def _mail_owner() -> pwd.struct_passwd:
    """Who owns the mail: the calling user, but for root, whom Dovecot refuses, an ordinary user of the system."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("mail")
    except KeyError:
        return pwd.getpwnam("nobody")


def _ordinary(user: pwd.struct_passwd) -> str:
    """The configuration for a Dovecot that may not become anybody else."""
    return _ORDINARY.substitute(user=user.pw_name, group=grp.getgrgid(user.pw_gid).gr_name)


def _open_to_all(folder: Path) -> bool:
    """Whether any user may pass through `folder` and everything above it."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first_line(host: str, port: int) -> bytes:
    """The first line a server at this port says, or nothing where none listens yet."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection, connection.makefile("rb") as lines:
            return lines.readline(4096)
    except OSError:
        return b""


def _last_words(log: Path, since: int) -> str:
    """What the server wrote in its log from byte `since` on: its first complaint, else its last line, or nothing."""
    written = log.read_bytes()[since:].decode(errors="replace") if log.exists() else ""
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    return next((line for line in lines if "Error: " in line or "Fatal: " in line), lines[-1] if lines else "")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask all of a server's group to end, and after a while end with force what is left of it.

    All at once: asked alone, Dovecot's first process waits a second for the one that writes its log.
    """
    _signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE / 2)
    # Whoever is left then has either ended, and only nobody has asked for its result yet, or does not listen.
    until = time.monotonic() + 0.25
    while _signal_group(process, 0):
        if time.monotonic() > until:
            _signal_group(process, signal.SIGKILL)
            break
        time.sleep(0.005)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], sign: int) -> bool:
    """Whether there was still somebody in the group to send this to."""
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:
        return False
    return True
