"""A provider asks for silence, in its own words: it gets it, on every connection, and everybody can see until when."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import requests

from tests.faults.house import House
from tests.faults.letters import letter
from tests.faults.table import record
from tests.proxy import Proxy

T = TypeVar("T")
MICROSOFT = b"NO Request is throttled. Suggested Backoff Time: 299910 milliseconds"
GMAIL = b"NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)"
WATCHED = 4.0  # seconds of silence that are looked at; without it there would be a look every second


def until(true: Callable[[], T]) -> T:
    """What it is, once it is anything; waited for up to a minute."""
    limit = time.monotonic() + 60
    while not (found := true()):
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.1)
    return found


def silence(address: str) -> float:
    """For how many seconds the inbox is to be left alone, as `/readyz` tells; 0 where it is not."""
    inbox = requests.get(f"{address}/readyz", timeout=30).json()["inboxes"][0]
    if not inbox["wait_until"]:
        return 0.0
    assert "throttled until" in inbox["fault"]
    return (datetime.fromisoformat(inbox["wait_until"]) - datetime.now(UTC)).total_seconds()


def test_m11_who_is_asked_for_silence_says_nothing_and_shows_until_when(house: House, tmp_path: Path) -> None:
    with Proxy(house.server.host, house.server.port) as proxy, house.account(tmp_path, port=proxy.port) as ours:
        with ours.shop.running():
            ours.witness.append("INBOX", letter(1, complaint=True).raw())
            until(ours.drafts)
            proxy.replace(b"OK List completed", MICROSOFT)
            left = until(lambda: silence(ours.shop.address))
            proxy.reset()
            time.sleep(WATCHED)
            commands = len(bytes(proxy.said).splitlines())
            assert "Throttled until" in requests.get(ours.shop.address, timeout=30).text
        # It is not forgotten at a restart, and the doctor asks nothing either.
        proxy.reset()
        ran, doctor = ours.shop.amends("run", "--once"), ours.shop.amends("doctor")
        assert (ran.returncode, doctor.returncode) == (1, 1)
        assert b"throttled until" in ran.stderr
        assert b"FAIL support: connection: throttled until" in doctor.stdout
        commands += len(bytes(proxy.said).splitlines())
        right = commands == 0 and 270 < left < 300
        record("M11", f"Microsoft's words: {commands} commands in the wait of 300 s, also after a restart", right)
        assert commands == 0
        assert 270 < left < 300


def test_m11_where_nobody_says_for_how_long_it_is_silent_too(house: House, tmp_path: Path) -> None:
    with Proxy(house.server.host, house.server.port) as proxy, house.account(tmp_path, port=proxy.port) as ours:
        proxy.replace(b"OK List completed", GMAIL)
        assert "throttled until" in ours.shop.amends("run", "--once").stderr.decode()
        proxy.reset()
        assert ours.shop.amends("run", "--once").returncode == 1
        record("M11", f"Gmail's words: {proxy.sent} bytes said in the wait", proxy.sent == 0)
        assert proxy.sent == 0


def test_m11_a_login_that_is_throttled_waits_too(house: House, tmp_path: Path) -> None:
    with Proxy(house.server.host, house.server.port) as proxy, house.account(tmp_path, port=proxy.port) as ours:
        proxy.rewrite(lambda line: line.split(b" ")[0] + b" " + MICROSOFT + b"\r\n" if b"Logged in" in line else line)
        assert "throttled until" in ours.shop.amends("run", "--once").stderr.decode()
        proxy.reset()
        assert ours.shop.amends("run", "--once").returncode == 1
        assert proxy.sent == 0


def test_m11_a_full_mailbox_is_no_throttling(house: House, tmp_path: Path) -> None:
    with Proxy(house.server.host, house.server.port) as proxy, house.account(tmp_path, port=proxy.port) as ours:
        ours.witness.append("INBOX", letter(1, complaint=True).raw())
        proxy.rewrite(lambda line: line if b"APPENDUID" not in line else FULL % line.split(b" ")[0])
        told = ours.shop.amends("run", "--once")
        assert told.returncode == 1
        assert b"throttled" not in told.stderr
        assert b"Quota exceeded" in told.stderr


FULL = b"%s NO [OVERQUOTA] Quota exceeded (mailbox for user is full)\r\n"
