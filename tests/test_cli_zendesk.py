"""`amends init --zendesk`, and what `check` and `doctor` say to whoever attaches a Zendesk account."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import Result

from integrations.zendesk.checks import EVENTS
from integrations.zendesk.standin import Clock, StandIn
from integrations.zendesk.webhook import accept
from plugin.inbox import Call
from tests.test_cli import run
from tests.zendesk.conftest import Ear, ear, until
from tests.zendesk.desk import attached

__all__ = ["ear"]

SECRET = "b3VyIG93biBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXQ="


def begun(folder: Path, *lines: str, secret: str = "") -> Path:
    """A folder as a newcomer has it once the token is filled in; `lines` take the place of remarks and examples."""
    assert run(folder, "init", "--zendesk").exit_code == 0
    text = (folder / "amends.yaml").read_text()
    for line in lines:
        name = line.strip().partition(":")[0]
        found = re.search(rf"(?m)^( *)(# )?{name}:.*$", text)
        assert found, line
        text = text.replace(found[0], found[1] + line, 1)
    (folder / "amends.yaml").write_text(text)
    (folder / ".env").write_text(f"ZENDESK_TOKEN=token-of-the-bot\nZENDESK_WEBHOOK_SECRET={secret}\n")
    (folder / ".env").chmod(0o600)
    return folder


def remarks(told: Result) -> list[str]:
    assert told.exit_code == 0, told.stdout
    return [line for line in told.stdout.splitlines() if line.startswith("remark:")]


def printed(told: str, name: str) -> dict[str, Any]:
    """One of the things to create, as it is printed."""
    found: dict[str, Any] = json.JSONDecoder().raw_decode(told[told.index(f'{{"{name}": ') :])[0]
    return found


# ---- init -----------------------------------------------------------------------------------------------------------


def test_init_writes_files_that_only_lack_a_token(tmp_path: Path) -> None:
    told = run(tmp_path, "init", "--zendesk")
    assert told.exit_code == 0
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    lacking = run(tmp_path, "check")
    assert lacking.exit_code == 2
    assert lacking.stdout.strip().splitlines() == [
        "amends.yaml:10:12: ZENDESK_TOKEN is empty in .env: write its value behind `ZENDESK_TOKEN=`"
    ]
    (tmp_path / ".env").write_text("ZENDESK_TOKEN=x\n")
    assert "all is well: 1 inbox(es)" in run(tmp_path, "check").stdout


def test_what_init_prints_is_taken_by_zendesk_and_what_it_then_sends_is_understood(tmp_path: Path, ear: Ear) -> None:
    told = run(tmp_path, "init", "--zendesk").stdout
    webhook, trigger = printed(told, "webhook"), printed(told, "trigger")
    webhook["webhook"] |= {"endpoint": ear.url, "subscriptions": ["conditional_ticket_events"]}
    with StandIn(clock=Clock(), live=True) as zendesk:
        auth = (f"{zendesk.login.email}/token", zendesk.login.token)
        made = requests.post(zendesk.address("webhooks"), json=webhook, auth=auth, timeout=5).json()["webhook"]
        trigger["trigger"]["actions"][0]["value"][0] = made["id"]
        assert requests.post(zendesk.address("triggers"), json=trigger, auth=auth, timeout=5).status_code == 201
        ticket = zendesk.people.customer_writes("My lamp is broken.")
        until(lambda: ear.heard)
        zendesk.people.agent_tags(ticket, "amends-quiet")
        settings = attached(zendesk, webhook_secret=zendesk.webhooks.known[made["id"]].secret)
        headers, body = ear.heard[0]
        call = Call({name.lower(): value for name, value in headers.items()}, body)
        assert accept(call, settings, datetime.now(UTC)).topic == f"ticket:{ticket.id}"
    assert len(ear.heard) == 1
    assert zendesk.misshapen == []


def test_the_webhook_it_prints_is_told_of_all_that_doctor_asks_for(tmp_path: Path) -> None:
    told = run(tmp_path, "init", "--zendesk").stdout
    assert printed(told, "webhook")["webhook"]["subscriptions"] == list(EVENTS)
    assert printed(told, "view")["view"]["all"][0]["value"] == "amends-due"
    assert "zendesk-app build" in told


# ---- check ----------------------------------------------------------------------------------------------------------


def test_check_says_what_is_done_without_a_webhook(tmp_path: Path) -> None:
    (told,) = remarks(run(begun(tmp_path, "subdomain: lamps"), "check"))
    assert "asked every minute" in told


def test_check_says_which_subdomain_is_still_the_example(tmp_path: Path) -> None:
    assert "subdomain is still example" in remarks(run(begun(tmp_path), "check"))[0]


@pytest.mark.parametrize(
    "line", ["webhook_secret: ${ZENDESK_WEBHOOK_SECRET}", "sidebar_app: 77"]
)  # fmt: skip
def test_check_says_how_zendesk_is_to_reach_us(tmp_path: Path, line: str) -> None:
    told = remarks(run(begun(tmp_path, "subdomain: lamps", line, secret=SECRET), "check"))[-1]
    assert f"{line.partition(':')[0]} set, but not where Zendesk reaches us" in told
    assert "127.0.0.1:8025" in told
    assert SECRET not in told


def test_check_has_nothing_to_say_where_all_is_set(tmp_path: Path) -> None:
    lines = ("subdomain: lamps", "webhook_secret: ${ZENDESK_WEBHOOK_SECRET}",
             'web: {listen: "127.0.0.1:8025", url: "https://amends.lamps.example"}')  # fmt: skip
    assert remarks(run(begun(tmp_path, *lines, secret=SECRET), "check")) == []


# ---- doctor ---------------------------------------------------------------------------------------------------------


def test_doctor_looks_at_the_account(tmp_path: Path) -> None:
    with StandIn(clock=Clock()) as zendesk:
        folder = begun(tmp_path, f"subdomain: example\n    url: {zendesk.url}")
        told = run(folder, "doctor")
    assert told.exit_code == 0, told.stdout
    assert f"ok   helpdesk: login: bot@example.com at {zendesk.url}" in told.stdout
    assert "ok   helpdesk: webhook: none, and none is needed" in told.stdout
