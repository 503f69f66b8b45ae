"""A call to the running `amends run` is worked on at once: no look at the inbox is due for an hour."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import requests

from integrations.zendesk.standin import Clock, Limits, StandIn
from tests.calls import SECRET
from tests.witness import eventually

COMPLAINT = "My order LL-10234 arrived broken. Nobody answers my calls. I am very disappointed and want a replacement."
SETTINGS = """\
web: {{listen: "127.0.0.1:0"}}
inboxes:
  helpdesk:
    kind: zendesk
    subdomain: example
    email: {email}
    token: {token}
    webhook_secret: {secret}
    url: {url}
hours:
  default: {{zone: Europe/London, week: {{mon-sun: "00:00-24:00"}}}}
judge: {{deep: off}}
"""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """`amends run`, which looks by itself only once an hour; the address of its page."""
    command = [str(Path(sys.executable).with_name("amends")), "run", "--every", "3600"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
    try:
        found = eventually(lambda: re.search(r"Register: (http://[\d.:]+)", (folder / "log").read_text()), "page")
        yield found[1]
    finally:
        process.terminate()
        code = process.wait(timeout=60)
    assert code == 0, (folder / "log").read_text()


def test_a_call_is_worked_on_at_once(tmp_path: Path) -> None:
    with StandIn(clock=Clock(datetime.now(UTC)), limits=Limits.none()) as zendesk:
        told = SETTINGS.format(email=zendesk.login.email, token=zendesk.login.token, secret=SECRET, url=zendesk.url)
        (tmp_path / "amends.yaml").write_text(told)
        with running(tmp_path) as address:
            ready = f"{address}/readyz"
            eventually(lambda: requests.get(ready, timeout=60).json()["inboxes"][0]["last_success"], "first look")
            zendesk.clock.later(seconds=30)
            zendesk.webhooks.add(f"{address}/webhooks/helpdesk", secret=SECRET)
            ticket = zendesk.people.customer_writes(COMPLAINT)
            held = zendesk.webhooks.pending[:]
            while held:
                held = [one.invocation for one in zendesk.webhooks.deliver(held) if one.status != 202]
            eventually(lambda: zendesk.witness.notes(zendesk.bot, ticket), "note")
        assert len(zendesk.witness.notes(zendesk.bot, ticket)) == 1
        log = (tmp_path / "log").read_text()
    assert not any(word in log for word in (SECRET, "anna@", "parcel", "LL-10234"))
