"""A shop that signs in to its mailbox with a provider: the provider, the mail server that asks it, and the command."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import requests

from plugin.demo.mailbox import Dovecot
from tests.faults.house import Forks, QuickShop
from tests.player import WORDS
from tests.provider import CLIENT, CLIENT_SECRET, Provider, asking, signing_in
from tests.shop import open_shop
from tests.witness import Witness, watching

PASSWORD = "canary-password-7d2a91"
_users = count(1)


@dataclass(frozen=True, slots=True)
class Office:
    """One mailbox that opens by a sign-in, who watches it, and who looks on."""

    shop: QuickShop
    provider: Provider
    server: Dovecot
    witness: Witness

    def opens(self, way: str) -> None:
        """From now on the shop's settings name this way in, as `oauth: {…}`."""
        settings = self.shop.folder / "amends.yaml"
        ways = ("    oauth: ", "    password: ", "    token_command: ")
        kept = [line for line in settings.read_text().splitlines() if not line.startswith(ways)]
        found = next(number for number, line in enumerate(kept) if line.startswith("    user: "))
        settings.write_text("\n".join([*kept[: found + 1], f"    {way}", *kept[found + 1 :]]) + "\n")

    def microsoft(self) -> str:
        """A person signs in with Microsoft."""
        return f"oauth: {{provider: microsoft, client_id: {CLIENT}, tenant: example.com, url: '{self.provider.url}'}}"

    def google(self) -> str:
        """A person signs in with Google."""
        secret = "client_secret: '${CLIENT_SECRET}'"
        return f"oauth: {{provider: google, client_id: {CLIENT}, {secret}, url: '{self.provider.url}'}}"

    def sign_in(self) -> str:
        """A person signs in, as the page asks; what the command said."""
        done = self.shop.amends("login", "support")
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def sign_in_at_google(self) -> str:
        """A person signs in on the page whose address the command says; what the command said."""
        command = [str(Path(sys.executable).with_name("amends")), "login", "support", "--no-browser"]
        with subprocess.Popen(command, cwd=self.shop.folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            said = [process.stdout.readline()]
            while not said[-1].startswith("https://"):
                assert said[-1], "".join(said)
                said.append(process.stdout.readline())
            page = requests.get(said[-1].strip(), timeout=30, verify=str(self.provider.certificate))
            assert "Amends may use the mailbox now" in page.text
            said.append(process.stdout.read())
        assert process.returncode == 0, "".join(said)
        return "".join(said)

    def tagged(self) -> set[str]:
        """The subjects of the mails that carry the tag."""
        return {str(seen.mail["Subject"]) for seen in self.witness.folder("INBOX") if "complaint" in seen.flags}

    def arrives(self, subject: str) -> None:
        """A complaint comes and is seen by whoever is at work; it may take a minute."""
        self.witness.deliver(WORDS["complaint"], subject=subject)
        until = time.monotonic() + 60
        while subject not in self.tagged():
            assert time.monotonic() < until, self.shop.log
            time.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Street:
    """The provider, the mail server and the command, for as many offices as tests want."""

    provider: Provider
    server: Dovecot
    forks: Forks

    @contextmanager
    def office(self, folder: Path) -> Iterator[Office]:
        """A fresh user, whose settings name no way in yet; the provider is well, and its tokens last an hour."""
        user = f"signed{next(_users)}@example.com"
        provider = self.provider
        provider.user, provider.life, provider.status, provider.may_renew = user, 3600.0, 200, True
        provider.grants.clear()
        provider.shown.clear()
        plain = open_shop(folder / user, self.server.port, "unused", user=user)
        settings = plain.folder / "amends.yaml"
        settings.write_text(settings.read_text().replace("    password: ${SHOP_PASSWORD}\n", ""))
        plain.know(CLIENT_SECRET=CLIENT_SECRET)
        with watching(self.server.host, self.server.port, user, PASSWORD) as witness:
            yield Office(QuickShop(plain.folder, forks=self.forks), provider, self.server, witness)


@contextmanager
def street(folder: Path) -> Iterator[Street]:
    """All there is to signing in, on this machine."""
    folder.chmod(0o755)
    with signing_in(folder) as provider, pytest.MonkeyPatch.context() as patch:
        for name, value in provider.trust.items():
            patch.setenv(name, value)
        extra = asking(provider, folder)
        with (
            Dovecot(folder / "mail", password=PASSWORD, extra=extra, fsync="never") as server,
            closing(Forks()) as forks,
        ):
            yield Street(provider, server, forks)
