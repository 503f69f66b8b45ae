"""A private Cyrus on loopback: the second IMAP server of the tests, unlike Dovecot in most that a server may decide.

It marks \\drafts and \\sent in lower case, sends each answer in pieces, keeps a mailbox in a database of its own, and
knows flags only that were set. `.ci/cyrus` unpacks it; it runs as whoever calls, or as `mail` where that is root.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from imaplib import IMAP4
from pathlib import Path
from string import Template

from plugin.demo.mailbox import MailboxError, _Server

_UNPACKED = Path(__file__).parents[1] / ".cyrus"
_SETTINGS = Template("""\
configdirectory: $home/conf
defaultpartition: default
partition-default: $home/spool
sievedir: $home/conf
proc_path: $home/run/proc
mboxname_lockpath: $home/run/lock
idlesocket: $home/run/idle
lmtpsocket: $home/run/lmtp
notifysocket: $home/run/notify
cyrus_user: $user
cyrus_group: $group
admins: admin
servername: $greeting
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: alwaystrue
virtdomains: userid
altnamespace: yes
unixhierarchysep: yes
autocreate_quota: 0
expunge_mode: immediate
delete_mode: immediate
imapidlepoll: 1
maxlogins_per_user: 0
""")
_FOLDERS = """\
autocreate_inbox_folders: Drafts|Sent|Trash
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
"""
_SERVICES = Template("""\
START {
  recover cmd="$bin/ctl_cyrusdb -C $home/imapd.conf -r"
}
SERVICES {
  imap cmd="$bin/imapd -C $home/imapd.conf" listen="127.0.0.1:$port" prefork=1 maxchild=200
}
DAEMON {
  idled cmd="$bin/idled -C $home/imapd.conf"
}
""")


class Cyrus(_Server):
    """A Cyrus 3.6 with Drafts, Sent and Trash (SPECIAL-USE), keywords, UIDPLUS, CONDSTORE and IDLE.

    Any user name of the form `somebody@example.com` logs in with any password and has a mailbox of its own. `extra` is
    imapd.conf that follows ours, as `suppress_capabilities: UIDPLUS`; with `special_use` off there is an INBOX only.
    The mail is kept over stop and start, as long as this object lives. Raises MailboxError without `.ci/cyrus`.
    """

    name = "Cyrus"

    def __init__(self, *, password: str, extra: str = "", special_use: bool = True, port: int = 0) -> None:
        if not (_UNPACKED / "usr/sbin/cyrmaster").exists():
            raise MailboxError(self.name, "was not found: run `sh .ci/cyrus`")
        # A folder of its own: the name of a socket in it must be short, and whoever runs it must get there.
        self.home = Path(tempfile.mkdtemp(prefix="amends-cyrus-"))
        self.home.chmod(0o755)
        weakref.finalize(self, shutil.rmtree, self.home, ignore_errors=True)
        super().__init__(self.home, password, port)
        self._extra = (_FOLDERS if special_use else "") + extra
        self._root = _reachable(self.home)

    def allow(self, user: str, folder: str, rights: str) -> None:
        """Leave a user only these rights on a folder of his (RFC 4314), besides those an owner always has."""
        with self._admin() as admin:
            admin.setacl(_full(user, folder), user, rights)

    def limit(self, user: str, kib: int) -> None:
        """All of a user's mail may take so much room (RFC 9208)."""
        with self._admin() as admin:
            admin.setquota(_full(user, "INBOX"), f"(STORAGE {kib})")

    @contextmanager
    def _admin(self) -> Iterator[IMAP4]:
        """A connection of somebody who may do everything."""
        with IMAP4(self.host, self.port, timeout=30) as admin:
            admin.login("admin", self.password)
            yield admin

    def _prepare(self) -> list[str]:
        owner = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        for name in ("conf", "conf/socket", "spool", "run", "run/proc", "run/lock"):
            (self.home / name).mkdir(exist_ok=True)
            os.chown(self.home / name, owner.pw_uid, owner.pw_gid)
        names = {"home": str(self.home), "bin": str(self._root / "usr/lib/cyrus/bin"), "port": str(self.port)}
        names |= {"user": owner.pw_name, "group": grp.getgrgid(owner.pw_gid).gr_name}
        # A host name knows no blanks, so the token alone is shown in the greeting.
        self._greeting = self._greeting.rpartition(" ")[2]
        settings = _SETTINGS.substitute(names, greeting=self._greeting)
        (self.home / "imapd.conf").write_text(settings + self._extra + "\n")
        (self.home / "cyrus.conf").write_text(_SERVICES.substitute(names))
        config = ["-C", str(self.home / "imapd.conf"), "-M", str(self.home / "cyrus.conf")]
        pid = str(self.home / "run" / "master.pid")
        library = ":".join(sorted({str(found.parent) for found in self._root.rglob("lib*.so.*")}))
        return ["env", f"LD_LIBRARY_PATH={library}", str(self._root / "usr/sbin/cyrmaster"), *config, "-p", pid, "-D"]


def _full(user: str, folder: str) -> str:
    """The name of a folder as an administrator says it."""
    local, _, domain = user.partition("@")
    return f"user/{local}{'' if folder == 'INBOX' else f'/{folder}'}@{domain}"


def _reachable(home: Path) -> Path:
    """Where the programs lie for whoever runs them: root's Cyrus becomes `mail`, who may not enter every folder."""
    folders = (_UNPACKED, *_UNPACKED.parents)
    if os.getuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in folders):
        return _UNPACKED
    return Path(shutil.copytree(_UNPACKED, home / "cyrus", symlinks=True))
