"""Passwords, tokens and secrets are where they must be, and nowhere else: not in the store, logs, copies or reports."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet

from tests.faults.letters import letter
from tests.faults.table import record
from tests.office import PASSWORD, Office, Street, street
from tests.stores import on_postgresql

AT_DEBUG = """
import json, logging, sys
logging.basicConfig(level=1)
from plugin.cli import main
for args in json.loads(sys.argv[1]):
    try:
        main(args, standalone_mode=False)
    except BaseException:
        logging.exception("%s", args)
"""
COMMANDS = (
    ("doctor", "--json"), ("check",), ("cases", "--json"), ("export", "--format", "jsonl"),
    ("store", "backup", "copy.db"),
)  # fmt: skip
KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("street")) as one:
        yield one


@pytest.fixture
def office(around: Street, tmp_path: Path) -> Iterator[Office]:
    with around.office(tmp_path) as one:
        yield one


def with_password(office: Office) -> None:
    """The mailbox opens by a password."""
    office.opens("password: '${MAIL_PASSWORD}'")
    with (office.shop.folder / ".env").open("a") as env:
        env.write(f"MAIL_PASSWORD={PASSWORD}\n")


def with_microsoft(office: Office) -> None:
    """The mailbox opens by a sign-in with Microsoft."""
    office.opens(office.microsoft())
    office.sign_in()


def with_google(office: Office) -> None:
    """The mailbox opens by a sign-in with Google."""
    office.opens(office.google())
    assert "the mailbox opens" in office.sign_in_at_google()


def with_a_command(office: Office) -> None:
    """The mailbox opens by a token a program prints."""
    office.opens(office.microsoft())
    office.sign_in()
    token = list(office.provider.issued)[-1]
    office.opens("token_command: [cat, token]")
    (office.shop.folder / "token").write_text(token)


WAYS = {"password": with_password, "Microsoft": with_microsoft, "Google": with_google, "program": with_a_command}


@pytest.mark.parametrize("way", WAYS)
def test_x05_no_secret_is_anywhere_but_in_its_place(office: Office, way: str) -> None:
    WAYS[way](office)
    office.shop.once()
    office.witness.append("INBOX", letter(1, complaint=True).raw())
    office.provider.revoke()  # it is renewed while everything is logged, but where nothing can be renewed
    said = at_debug(office, ("--debug", "run", "--once"), *COMMANDS)
    assert (b"the token again that was refused" in said) is (way == "program")
    assert office.witness.folder("Drafts") or way == "program"
    secrets = {PASSWORD, *office.provider.secrets()}
    kept = {path.name: path.read_bytes() for path in places(office) if path.is_file()}
    assert "copy.db" in kept or on_postgresql()
    leaks = [name for name, text in [*kept.items(), ("output", said)] if found(secrets, text)]
    record("X05", f"{len(leaks)} canaries ({way})", not leaks)
    assert leaks == []


def test_x05_tokens_are_for_their_owner_alone_and_sealed_where_there_is_a_key(office: Office) -> None:
    office.opens(office.microsoft())
    office.sign_in()
    folder = office.shop.folder / "amends.tokens"
    file = folder / "support.json"
    assert [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())] == [0o700, 0o600, 0o600]
    assert found(office.provider.secrets(), file.read_bytes())

    env = office.shop.folder / ".env"
    plain = env.read_text()
    env.write_text(f"{plain}AMENDS_KEY={KEY}\n")
    office.provider.revoke()
    office.shop.once()  # the next time it is written, with a key
    assert not found(office.provider.secrets(), file.read_bytes())

    another = Fernet.generate_key().decode()
    env.write_text(f"{plain}AMENDS_KEY={another},{KEY}\n")
    office.shop.once()
    office.provider.revoke()
    office.shop.once()
    env.write_text(f"{plain}AMENDS_KEY={another}\n")
    office.shop.once()

    env.write_text(f"{plain}AMENDS_KEY={KEY}\n")
    told = office.shop.amends("run", "--once")
    assert told.returncode == 1
    assert b"`AMENDS_KEY=new,old`" in told.stderr
    env.write_text(plain)
    assert b"AMENDS_KEY is not set" in office.shop.amends("run", "--once").stderr
    sealed = not found(office.provider.secrets(), file.read_bytes())
    record("X05", "tokens 0600, sealed with a key, keys rotate", sealed)
    assert sealed


def at_debug(office: Office, *commands: tuple[str, ...]) -> bytes:
    """All that these commands say, where every library says all it can."""
    command = [sys.executable, "-c", AT_DEBUG, json.dumps(commands)]
    ran = subprocess.run(command, cwd=office.shop.folder, capture_output=True, check=False, timeout=120)
    return ran.stdout + ran.stderr


def places(office: Office) -> Iterator[Path]:
    """Every file of the shop where no secret may be."""
    allowed = {".env", "token"}
    for path in office.shop.folder.rglob("*"):
        if path.name not in allowed and path.parent.name != "amends.tokens":
            yield path


def found(secrets: set[str], text: bytes) -> set[str]:
    """Those that stand in a text, as they are, or as they are sent."""
    return {secret for secret in secrets if any(form in text for form in forms(secret))}


def forms(secret: str) -> Iterator[bytes]:
    """How a secret may look."""
    yield secret.encode()
    yield quote(secret).encode()
    for before in range(3):  # base64 looks different by where in it the secret begins
        packed = base64.b64encode(b"x" * before + secret.encode())
        yield packed[4 if before else 0 : len(packed) // 4 * 4 - 4]
