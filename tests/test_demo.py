"""The demo as a newcomer meets it: it runs, it can be looked at with a mail program, and Ctrl-C leaves nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.witness import Witness, eventually, watching


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    log = tmp_path / "demo.log"
    command = [str(Path(sys.executable).with_name("amends")), "demo", "--seconds", "12"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=tmp_path)
        try:
            yield process, log
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=30)
    assert code == 0, log.read_text()
    assert "Traceback" not in log.read_text()
    assert not Path(said(log, r"in (/\S*amends-demo-\S+)")).exists()


def said(log: Path, pattern: str) -> str:
    return eventually(lambda: re.search(pattern, log.read_text()), pattern)[1]


def drafts(witness: Witness) -> int:
    return len(witness.folder("Drafts"))


def test_letters_arrive_and_a_colleague_and_amends_work_on_them(
    demo: tuple[subprocess.Popen[bytes], Path],
) -> None:
    _, log = demo
    port, password = int(said(log, r"port (\d+)")), said(log, r"password (\S+)")
    page = said(log, r"(http://127\.0\.0\.1:\d+)")
    with watching("127.0.0.1", port, "support@lighthouse.example", password) as witness:
        eventually(lambda: drafts(witness) >= 10, "ten drafts", 60)
        tagged = [seen for seen in witness.folder("INBOX") if "complaint" in seen.flags]
        assert len(tagged) >= 10
        assert all("\\Seen" not in seen.flags for seen in tagged)
        said(log, r"(the promise to answer is kept)")
        eventually(lambda: witness.by_subject("INBOX", "To do: "), "reminder", 90)
        said(log, r"(filed the first complaint as resolved)")
    with urllib.request.urlopen(page, timeout=10) as answer:  # noqa: S310 - the demo's own page on loopback
        assert b"Register" in answer.read()
