"""W05: whatever was answered with 2xx survives `kill -9`, and is picked up at the next start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import requests

from integrations.zendesk.standin import Clock, Limits, StandIn
from plugin.desk.ledger import StoreMemory
from plugin.inbox import Notice
from plugin.store import Store
from tests.calls import SECRET, event, invocation, signed
from tests.stores import store_at, store_line
from tests.zendesk.desk import helpdesk

CALLS = 1000
COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."
ROOT = Path(__file__).parents[2]
SETTINGS = """\
inboxes:
  helpdesk:
    kind: zendesk
    subdomain: example
    email: bot@example.com
    token: ${NOT_NEEDED_FOR_BEING_CALLED}
    webhook_secret: ${HELPDESK_SECRET}
"""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`webhook_app` under a server of one's own, killed at the end; its address."""
    command = [sys.executable, "-m", "waitress", "--listen=127.0.0.1:0", "--threads=16", "webhook_app:app"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "HELPDESK_SECRET": SECRET}
    process = subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stderr
        line = next(line for line in process.stderr if "Serving" in line)
        address = re.search(r"http://[\d.:]+", line)
        assert address
        yield process, f"{address[0]}/webhooks/helpdesk"
        process.send_signal(signal.SIGKILL)


def rain(url: str, numbers: list[int], stored: set[str], enough: int, reached: Event) -> None:
    """Call with each of these numbers until nobody answers; `stored` takes those that were answered with 2xx."""

    def some(mine: list[int]) -> None:
        with requests.Session() as session:
            for number in mine:
                body = event(number)
                headers = signed(body, invocation=invocation(number), at=datetime.now(UTC))
                try:
                    status = session.post(url, body, headers=headers, timeout=60).status_code
                except requests.RequestException:
                    return
                if status in (200, 202):
                    stored.add(invocation(number))
                if len(stored) >= enough:
                    reached.set()

    with ThreadPoolExecutor(16) as callers:
        for mine in [numbers[start::16] for start in range(16)]:
            callers.submit(some, mine)
    reached.set()


def test_none_of_a_thousand_is_lost(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text(store_line(tmp_path / "amends.db") + SETTINGS)
    stored: set[str] = set()
    while len(stored) < CALLS:
        enough = min(CALLS, len(stored) + CALLS // 3)
        rest = [number for number in range(1, CALLS + 1) if invocation(number) not in stored]
        reached = Event()
        with serving(tmp_path) as (process, url), ThreadPoolExecutor(1) as crowd:
            crowd.submit(rain, url, rest, stored, enough, reached)
            assert reached.wait(300)
            process.kill()  # in the middle of the rain, but for the last time: then at its very end
        found = {notice.id for notice in _found(tmp_path)}
        assert stored <= found
    assert len(stored) == CALLS
    assert sorted(notice.topic for notice in _found(tmp_path)) == sorted(f"ticket:{n}" for n in range(1, CALLS + 1))


def _found(folder: Path) -> list[Notice]:
    store = Store(store_at(folder / "amends.db"))
    try:
        return list(StoreMemory(store, "helpdesk").notices())
    finally:
        store.close()


def test_what_came_before_the_end_is_worked_on_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text(store_line(tmp_path / "amends.db") + SETTINGS)
    with StandIn(clock=Clock(datetime.now(UTC)), limits=Limits.none()) as zendesk:
        with helpdesk(tmp_path, zendesk, webhook_secret=SECRET) as desk:
            desk.work(seconds=1)
        zendesk.clock.later(seconds=5)
        with serving(tmp_path) as (_, url):
            zendesk.webhooks.add(url, secret=SECRET)
            tickets = [zendesk.people.customer_writes(COMPLAINT, sender=f"anna{n}@example.org") for n in range(20)]
            held = zendesk.webhooks.pending[:]
            while held:  # what is not stored, since the machine is busy, comes again
                held = [one.invocation for one in zendesk.webhooks.deliver(held) if one.status != 202]
        with helpdesk(tmp_path, zendesk, webhook_secret=SECRET) as desk:
            desk.work(seconds=1)  # the export shows nothing that young
            assert len(desk.cases()) == 20
        assert all(len(zendesk.witness.notes(zendesk.bot, ticket)) == 1 for ticket in tickets)
