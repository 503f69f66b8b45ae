"""Beside a run at work: a copy is made and a case forgotten; and the copy comes back, as people do it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from plugin.jobs import Leadership
from tests.faults.house import Account, flags
from tests.faults.letters import letter
from tests.stores import IN_A_FILE
from tests.witness import eventually

pytestmark = IN_A_FILE

FORGOTTEN = b"customer0@example.org"


def standing_in(ours: Account) -> list[str]:
    """The files of the store in which the address stands."""
    files = [file for file in ours.shop.folder.iterdir() if file.name.startswith("amends.db")]
    return [file.name for file in files if FORGOTTEN in file.read_bytes().lower()]


def test_beside_a_run_a_copy_is_made_and_a_case_forgotten_and_the_copy_comes_back(ours: Account) -> None:
    copy = ours.shop.folder / "copy.db"
    with ours.shop.running():
        eventually(lambda: ours.shop.address, "register")
        ours.witness.append("INBOX", letter(0, complaint=True).raw())
        eventually(ours.drafts, "draft")
        made = ours.shop.amends("store", "backup", str(copy))
        assert made.returncode == 0, made.stderr.decode()
        assert "1 case," in made.stdout.decode()
        refused = ours.shop.amends("store", "restore", str(copy), "--yes")
        assert refused.returncode == 1
        assert "end `amends run`" in refused.stderr.decode()
        ours.witness.append("INBOX", letter(1, complaint=True).raw())
        eventually(lambda: len(ours.drafts()) == 2, "second draft")

        assert standing_in(ours)
        case = next(
            one for one in ours.shop.json("cases")["cases"] if one["subject"] == letter(0, complaint=True).subject
        )
        told = ours.shop.amends("erase", case["id"], "--yes")
        assert told.returncode == 0, told.stderr.decode()
        assert standing_in(ours) == []
        eventually(lambda: len(ours.drafts()) == 1, "taking back")
        assert standing_in(ours) == []
    assert standing_in(ours) == []

    before, drafts = flags(ours), ours.answered()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    restored = ours.shop.amends("store", "restore", str(copy), stdin=b"y\n")
    assert restored.returncode == 0, restored.stderr.decode()
    assert [one["sender"] for one in ours.shop.json("cases")["cases"]] == ["Anna Jones <customer0@example.org>"]
    ours.shop.once()
    ours.shop.once()
    assert len(ours.shop.json("cases")["cases"]) == 2
    assert ours.answered() == drafts
    assert flags(ours) == before


def test_nobody_is_kept_from_the_store_while_a_person_is_asked_and_it_is_looked_at_again_then(ours: Account) -> None:
    copy = ours.shop.folder / "copy.db"
    assert ours.shop.amends("store", "backup", str(copy)).returncode == 0
    before = ours.shop.store.read_bytes()
    command = [str(Path(sys.executable).with_name("amends")), "store", "restore", str(copy)]
    with subprocess.Popen(
        command, cwd=ours.shop.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as asking:
        assert asking.stdin and asking.stdout and asking.stderr
        shown = asking.stdout.readline().decode()
        assert "copy.db: 0 cases, " in shown
        with Leadership("sqlite:///amends.db", Path(f"{ours.shop.store}.lock")):  # a run begins meanwhile
            asking.stdin.write(b"y\n")
            told = asking.stderr.read().decode()
            assert asking.wait(timeout=60) == 1
    assert "end `amends run`" in told
    assert ours.shop.store.read_bytes() == before


def test_a_copy_that_is_damaged_is_told_before_anybody_is_asked(ours: Account) -> None:
    copy = ours.shop.folder / "copy.db"
    copy.write_bytes(b"no store at all")
    asked = ours.shop.amends("store", "restore", str(copy), stdin=b"y\n")
    assert asked.returncode == 2
    assert "Put it in the place" not in asked.stdout.decode()
