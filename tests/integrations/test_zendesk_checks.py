"""What `amends doctor` says of a Zendesk account, line by line; it never raises, never writes, never tells a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integrations.zendesk.checks import EVENTS, FROM_RULES
from integrations.zendesk.client import ZendeskInbox
from integrations.zendesk.standin import Clock, Limits, StandIn
from integrations.zendesk.standin.records import Role
from plugin.inbox import Finding
from plugin.register import Register
from plugin.store import Store
from plugin.web import open_doors, serve
from tests.stores import store_at
from tests.zendesk.desk import CALENDARS, FRIDAY, attached

SECRET = "b3VyIG93biBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXQ="
THERE = "https://amends.example.com/webhooks/helpdesk"
CALL = {"field": "notification_webhook", "value": ["", '{"ticket_id": "{{ticket.id}}"}']}


@pytest.fixture
def zendesk() -> Iterator[StandIn]:
    """An account whose clock runs; whatever is asked of it, nothing is written."""
    with StandIn(clock=Clock()) as standin:
        yield standin
        written = [one for one in standin.witness.log if one.method != "GET" and one.path != "webhooks/test"]
        assert written == []
    assert standin.misshapen == []


def doctor(zendesk: StandIn, **settings: Any) -> list[Finding]:
    """All it says; no line holds the token or the secret."""
    inbox = ZendeskInbox(attached(zendesk, **settings))
    try:
        found = list(inbox.check())
    finally:
        inbox.close()
    assert not any(secret in one.detail for one in found for secret in (zendesk.login.token, SECRET))
    return found


def line(found: list[Finding], check: str) -> Finding:
    """The only line about this."""
    (one,) = [finding for finding in found if finding.check == check]
    return one


def bad(found: list[Finding]) -> list[str]:
    return [finding.check for finding in found if not finding.ok]


def hook(zendesk: StandIn, url: str, *subscriptions: str, secret: str = SECRET) -> str:
    """A webhook; the stand-in calls only this machine, but doctor reads what stands there."""
    made = zendesk.webhooks.add("http://127.0.0.1:9/", subscriptions or EVENTS, secret=secret, name="Amends")
    zendesk.webhooks.known[made.id] = replace(made, url=url)
    return made.id


def trigger(zendesk: StandIn, *actions: dict[str, Any], **more: Any) -> None:
    zendesk.rules.add({"title": "Sort complaints", "conditions": {"all": []}, "actions": list(actions)} | more)


@contextmanager
def at_work(zendesk: StandIn, folder: Path, secret: str = SECRET) -> Iterator[tuple[str, Store]]:
    """Amends, as Zendesk reaches it."""
    store = Store(store_at(folder / "amends.db"))
    settings = attached(zendesk, webhook_secret=secret)
    doors = open_doors(store, [settings])
    with serve(Register(store, CALENDARS, {"helpdesk": settings}), ("127.0.0.1", 0), doors) as url:
        yield url, store
    doors.close()
    store.close()


# ---- who we are -----------------------------------------------------------------------------------------------------


def test_an_account_without_webhook_and_app_is_well_and_says_what_it_does_without(zendesk: StandIn) -> None:
    found = doctor(zendesk)
    assert bad(found) == []
    checks = [one.check for one in found]
    assert checks == ["login", "role", "limit", "clock", "tags", "replies", "sidebar", "webhook"]
    assert "none is needed" in line(found, "webhook").detail
    assert "every minute" in line(found, "webhook").detail
    assert "amends zendesk-app build" in line(found, "sidebar").detail


def test_a_wrong_token_ends_the_visit(zendesk: StandIn) -> None:
    zendesk.bot.token = "another"
    (login,) = doctor(zendesk)
    assert (login.check, login.ok) == ("login", False)
    assert "check `email` and `token`" in login.detail


def test_where_nobody_answers_it_says_where_it_asked(zendesk: StandIn) -> None:
    zendesk.faults.drop("GET users/me")
    (connection,) = doctor(zendesk)
    assert (connection.check, connection.ok) == ("connection", False)
    assert f"{zendesk.url}: no answer from Zendesk" in connection.detail


def test_somebody_else_under_the_address_is_no_zendesk(zendesk: StandIn) -> None:
    zendesk.faults.fail("GET users/me", 404)
    (login,) = doctor(zendesk)
    assert "check `subdomain`" in login.detail


@pytest.mark.parametrize("role", [Role.AGENT, Role.LIGHT_AGENT])
def test_whoever_is_no_admin_is_told_why_that_matters_and_what_to_do(role: Role) -> None:
    with StandIn(clock=Clock(), role=role) as zendesk:
        found = doctor(zendesk)
    assert "incremental export" in line(found, "role").detail
    assert "make bot@example.com an admin" in line(found, "role").detail
    assert "role of an admin" in line(found, "webhook").detail
    assert line(found, "tags").ok


@pytest.mark.parametrize(("most", "plan"), [(200, "(Team)"), (400, "(Growth or Professional)"), (321, "minute, ")])
def test_the_limit_names_the_plan_it_belongs_to(zendesk: StandIn, most: int, plan: str) -> None:
    zendesk.meter.limits = Limits(account=most)
    told = line(doctor(zendesk), "limit")
    assert told.ok
    assert f"{most} requests a minute" in told.detail
    assert plan in told.detail


def test_a_limit_others_have_used_up_is_a_fault() -> None:
    with StandIn(clock=Clock(FRIDAY), limits=Limits(account=200)) as zendesk:
        for _ in range(182):
            zendesk.meter.count("GET", "tickets", 1)
        told = line(doctor(zendesk), "limit")
    assert not told.ok
    assert "other programs" in told.detail


def test_an_account_without_limits_says_nothing_of_them(zendesk: StandIn) -> None:
    zendesk.meter.limits = Limits.none()
    assert "does not say" in line(doctor(zendesk), "limit").detail


@pytest.mark.parametrize(("minutes", "told"), [(10, "10 minutes behind"), (-10, "10 minutes ahead of")])
def test_a_clock_that_is_wrong_is_told_by_how_much(zendesk: StandIn, minutes: int, told: str) -> None:
    zendesk.clock.later(minutes=minutes)
    clock = line(doctor(zendesk), "clock")
    assert not clock.ok
    assert told in clock.detail


# ---- tags others use ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"field": "current_tags", "value": "complaint vip"}, "adds complaint,"),
        ({"field": "current_tags", "value": "severity-high"}, "adds severity-high,"),
        ({"field": "remove_tags", "value": "amends-due"}, "removes amends-due,"),
        ({"field": "set_tags", "value": "sorted"}, "sets all tags of a ticket anew"),
    ],
)
def test_a_trigger_with_our_tags_is_named(zendesk: StandIn, action: dict[str, Any], told: str) -> None:
    trigger(zendesk, action)
    tags = line(doctor(zendesk), "tags")
    assert not tags.ok
    assert "“Sort complaints”" in tags.detail
    assert told in tags.detail


def test_a_trigger_that_is_off_or_has_tags_of_its_own_disturbs_nobody(zendesk: StandIn) -> None:
    trigger(zendesk, {"field": "current_tags", "value": "complaint"}, active=False)
    trigger(zendesk, {"field": "current_tags", "value": "complaints-team vip"})
    assert line(doctor(zendesk), "tags").ok


def test_a_dropdown_with_our_tags_is_named_and_a_prefix_ends_it(zendesk: StandIn) -> None:
    zendesk.account.add_field("What is it about?", options=("category-delivery", "something-else"))
    tags = line(doctor(zendesk), "tags")
    assert not tags.ok
    assert "the ticket field “What is it about?” has category-delivery as well" in tags.detail
    assert "tag_prefix: amends-" in tags.detail
    with_prefix = line(doctor(zendesk, tag_prefix="amends-"), "tags")
    assert with_prefix.ok
    assert "amends-complaint" in with_prefix.detail


def test_triggers_on_later_pages_are_read_too(zendesk: StandIn) -> None:
    for number in range(120):
        trigger(zendesk, {"field": "current_tags", "value": "vip"}, title=f"Trigger {number}")
    trigger(zendesk, {"field": "current_tags", "value": "complaint"}, title="The last one")
    assert "“The last one”" in line(doctor(zendesk), "tags").detail


def test_what_others_named_cannot_move_the_cursor_of_a_terminal(zendesk: StandIn) -> None:
    trigger(zendesk, {"field": "current_tags", "value": "complaint"}, title="\x1b[2Jgone\nok   helpdesk")
    detail = line(doctor(zendesk), "tags").detail
    assert detail.isprintable()


# ---- replies and the sidebar ----------------------------------------------------------------------------------------


def test_what_comments_are_by_default_is_told(zendesk: StandIn) -> None:
    assert "comments are public" in line(doctor(zendesk), "replies").detail
    zendesk.account.public_by_default = False
    assert "only a public one counts" in line(doctor(zendesk), "replies").detail


def test_the_sidebar_app_is_looked_for(zendesk: StandIn) -> None:
    assert "is not installed" in line(doctor(zendesk, sidebar_app=77), "sidebar").detail
    zendesk.account.apps[77] = False
    assert "is switched off" in line(doctor(zendesk, sidebar_app=77), "sidebar").detail
    zendesk.account.apps[77] = True
    assert line(doctor(zendesk, sidebar_app=77), "sidebar").ok


# ---- the webhook ----------------------------------------------------------------------------------------------------


def test_a_round_trip_proves_secret_address_and_order_of_what_is_signed(zendesk: StandIn, tmp_path: Path) -> None:
    with at_work(zendesk, tmp_path) as (url, store):
        hook(zendesk, f"{url}/webhooks/helpdesk")
        found = doctor(zendesk, webhook_secret=SECRET)
        with store.reading() as session:
            (entered,) = session.notices.waiting("helpdesk")
            aside = session.aside()
    assert bad(found) == []
    assert "by event subscriptions" in line(found, "webhook").detail
    assert line(found, "webhook secret").detail == "the same here and there"
    assert f"{url}/webhooks/helpdesk" in line(found, "round trip").detail
    assert (entered.topic, entered.unknown) == ("", "")
    assert list(aside) == []


def test_amends_that_knows_another_secret_refuses_and_doctor_says_start_it_again(
    zendesk: StandIn, tmp_path: Path
) -> None:
    with at_work(zendesk, tmp_path, secret="of yesterday") as (url, _):
        hook(zendesk, f"{url}/webhooks/helpdesk")
        told = line(doctor(zendesk, webhook_secret=SECRET), "round trip")
    assert not told.ok
    assert "refused" in told.detail
    assert "start Amends again" in told.detail


def test_nobody_at_home_is_told_with_what_to_do(zendesk: StandIn) -> None:
    hook(zendesk, "http://127.0.0.1:9/webhooks/helpdesk")
    told = line(doctor(zendesk, webhook_secret=SECRET), "round trip")
    assert not told.ok
    assert "start `amends run`" in told.detail


def test_somebody_else_at_home_is_told_with_his_answer(zendesk: StandIn, tmp_path: Path) -> None:
    with at_work(zendesk, tmp_path) as (url, _):
        hook(zendesk, f"{url}/elsewhere/webhooks/helpdesk")
        told = line(doctor(zendesk, webhook_secret=SECRET), "round trip")
    assert not told.ok
    assert "405" in told.detail or "404" in told.detail or "no inbox can be called there" in told.detail


def test_a_secret_that_is_not_the_webhooks_is_told_without_either(zendesk: StandIn) -> None:
    hook(zendesk, THERE, secret="bm90IG91cnM=")
    found = doctor(zendesk, webhook_secret=SECRET)
    told = line(found, "webhook secret")
    assert not told.ok
    assert "is not the signing secret of “Amends”" in told.detail
    assert "bm90IG91cnM=" not in " ".join(one.detail for one in found)
    assert zendesk.witness.asked("POST") == []


def test_a_webhook_nobody_opens_to_needs_its_secret(zendesk: StandIn) -> None:
    hook(zendesk, THERE)
    assert "`webhook_secret` is not set" in line(doctor(zendesk), "webhook secret").detail


def test_a_secret_without_a_webhook_is_of_no_use(zendesk: StandIn) -> None:
    hook(zendesk, "https://amends.example.com/webhooks/another")
    told = line(doctor(zendesk, webhook_secret=SECRET), "webhook")
    assert not told.ok
    assert "ends in /webhooks/helpdesk" in told.detail
    assert "every minute" in told.detail


def test_a_webhook_that_is_switched_off_is_told(zendesk: StandIn) -> None:
    made = hook(zendesk, THERE)
    zendesk.webhooks.known[made] = replace(zendesk.webhooks.known[made], active=False)
    told = line(doctor(zendesk, webhook_secret=SECRET), "webhook")
    assert not told.ok
    assert "is not active" in told.detail


def test_a_webhook_for_triggers_needs_one_that_notifies_it(zendesk: StandIn) -> None:
    made = hook(zendesk, THERE, FROM_RULES, secret="bm90IG91cnM=")
    assert "no active one notifies it" in line(doctor(zendesk, webhook_secret=SECRET), "webhook").detail
    trigger(zendesk, CALL | {"value": [made, "{}"]}, title="Tell Amends")
    told = line(doctor(zendesk, webhook_secret=SECRET), "webhook")
    assert told.ok
    assert "set off by the trigger “Tell Amends”" in told.detail


def test_events_it_is_not_told_of_are_named(zendesk: StandIn) -> None:
    hook(zendesk, THERE, *EVENTS[:-2])
    told = line(doctor(zendesk, webhook_secret=SECRET), "webhook")
    assert told.ok
    assert "not told of soft_deleted, undeleted" in told.detail


def test_what_may_be_secret_in_an_address_is_not_shown(zendesk: StandIn) -> None:
    hook(zendesk, "https://user:hidden@amends.example.com/webhooks/helpdesk?key=hidden")
    found = doctor(zendesk)
    assert "https://amends.example.com/webhooks/helpdesk" in line(found, "webhook secret").detail
    assert "hidden" not in " ".join(one.detail for one in found)


# ---- whatever happens -----------------------------------------------------------------------------------------------

ASKED = ("account/settings", "triggers", "ticket_fields", "webhooks", "apps/installations")


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("status", [403, 404, 422, 503])
def test_a_question_that_fails_is_a_line_and_no_stumble(zendesk: StandIn, path: str, status: int) -> None:
    zendesk.faults.fail(f"GET {path}", status)
    assert len(bad(doctor(zendesk, sidebar_app=77))) >= 1


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("wrong", ["truncate", "lose"])
def test_an_answer_that_breaks_off_is_a_line_and_no_stumble(zendesk: StandIn, path: str, wrong: str) -> None:
    getattr(zendesk.faults, wrong)(f"GET {path}")
    assert len(bad(doctor(zendesk, sidebar_app=77))) >= 1
