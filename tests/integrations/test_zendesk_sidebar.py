"""The page beside a ticket: who may see it, what it shows and does, and the app that puts it there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from integrations.zendesk.sidebar import bundle
from integrations.zendesk.sidebar.bundle import NotReachable
from plugin.decide import Resolve
from tests.beside import TICKET, Beside, Signer, audience, beside, new_key, signer

PAGE = "/sidebar/helpdesk"
OUTSIDE = {"REMOTE_ADDR": "203.0.113.9", "HTTP_HOST": "amends.example.com"}
STRANGER = new_key()


@pytest.fixture(scope="module")
def zendesk() -> Iterator[Signer]:
    with signer() as zendesk:
        yield zendesk


@pytest.fixture
def desk(tmp_path: Path, zendesk: Signer) -> Iterator[Beside]:
    with beside(tmp_path, zendesk) as desk:
        yield desk


@pytest.fixture
def browser(desk: Beside) -> FlaskClient:
    """Somebody elsewhere, who comes through a proxy under the name of the outside."""
    return desk.app.test_client()


def load(browser: FlaskClient, token: str, path: str = PAGE) -> TestResponse:
    return browser.post(path, data={"token": token}, environ_overrides=OUTSIDE)


def admitted(browser: FlaskClient, desk: Beside) -> str:
    """The bearer that stands in the page after a good first load."""
    page = load(browser, desk.zendesk.token(desk.now, jti=str(desk.now)))
    assert page.status_code == 200, page.text
    return page.text.partition('name="amends-bearer" content="')[2].partition('"')[0]


def asked(browser: FlaskClient, bearer: str, path: str = f"/tickets/{TICKET}", body: Any = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    method = "GET" if body is None else "POST"
    return browser.open(PAGE + path, method=method, json=body, headers=headers, environ_overrides=OUTSIDE)


# ---- X10: eight tokens, and some more --------------------------------------------------------------------------------


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(desk: Beside) -> str:
    """`alg: none`, with the claims of a good token."""
    _, claims, _ = desk.zendesk.token(desk.now).split(".")
    return f"{b64(json.dumps({'alg': 'none', 'typ': 'JWT'}).encode())}.{claims}."


def signed_with_the_public_key(desk: Beside) -> str:
    """HS256, where the secret is the public key that everybody may know."""
    _, claims, _ = desk.zendesk.token(desk.now).split(".")
    signed = f"{b64(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{claims}"
    return f"{signed}.{b64(hmac.digest(desk.zendesk.pem, signed.encode(), hashlib.sha256))}"


def with_another_claim(desk: Beside) -> str:
    """The signature of a good token under other claims."""
    head, _, signature = desk.zendesk.token(desk.now).split(".")
    return f"{head}.{desk.zendesk.token(desk.now, sub='https://example.zendesk.com/api/v2/users/1.json').split('.')[1]}.{signature}"


def changed(**claims: Any) -> Callable[[Beside], str]:
    return lambda desk: desk.zendesk.token(desk.now, **claims)


def at(**later: float) -> Callable[[Beside], str]:
    return lambda desk: desk.zendesk.token(desk.now + timedelta(**later))


X10 = {
    "alg none": unsigned,
    "the public key as a secret": signed_with_the_public_key,
    "a stranger's key": lambda desk: desk.zendesk.token(desk.now, STRANGER),
    "another account": changed(aud=audience(subdomain="evil")),
    "another app of the account": changed(aud=audience(1)),
    "expired": at(minutes=-7),
    "from the future": at(minutes=2),
    "changed after it was signed": with_another_claim,
    "no audience": changed(aud=None),
    "two audiences": changed(aud=[audience(), audience(subdomain="evil")]),
    "no end": changed(exp=None),
    "no beginning": changed(iat=None),
    "good for years": changed(exp=4_000_000_000),
    "no times at all": changed(exp="soon", iat="now"),
    "another place": changed(context={"product": "support", "location": "nav_bar"}),
    "too large": changed(more="x" * 9000),
    "no token": lambda desk: "a.b.c",
    "nothing": lambda desk: "",
}


@pytest.mark.parametrize("bad", X10.values(), ids=X10)
def test_x10_a_token_that_is_not_good_opens_nothing(
    browser: FlaskClient, desk: Beside, bad: Callable[[Beside], str]
) -> None:
    desk.complaint()
    page = load(browser, bad(desk))
    assert page.status_code == 401
    assert "amends-bearer" not in page.text
    assert "frame-ancestors https://example.zendesk.com" in page.headers["Content-Security-Policy"]


def test_x10_a_token_is_good_once(browser: FlaskClient, desk: Beside) -> None:
    token = desk.zendesk.token(desk.now)
    assert load(browser, token).status_code == 200
    assert load(browser, token).status_code == 401
    assert "used before" in load(browser, token).text


def test_x10_the_same_token_spelt_otherwise_was_used_too(browser: FlaskClient, desk: Beside) -> None:
    token = desk.zendesk.token(desk.now)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + letters[letters.index(token[-1]) ^ 1]  # the last letter has bits that mean nothing
    assert load(browser, token).status_code == 200
    for spelt in (other, token + "=", f" {token}", f"{token}\n"):
        assert load(browser, spelt).status_code == 401


def test_a_token_stays_used_after_a_restart(tmp_path: Path, zendesk: Signer) -> None:
    statuses = []
    token = ""
    for _ in range(2):
        with beside(tmp_path, zendesk) as desk:
            token = token or zendesk.token(desk.now)
            statuses.append(load(desk.app.test_client(), token).status_code)
    assert statuses == [200, 401]


def test_clocks_may_differ_by_a_minute(browser: FlaskClient, desk: Beside) -> None:
    assert load(browser, at(seconds=50)(desk)).status_code == 200
    assert load(browser, at(minutes=-5, seconds=-50)(desk)).status_code == 200


def test_the_key_is_asked_for_once_and_strangers_do_not_have_it_asked_for_again(
    browser: FlaskClient, desk: Beside
) -> None:
    desk.zendesk.asked.clear()
    admitted(browser, desk)
    for _ in range(5):
        assert load(browser, desk.zendesk.token(desk.now, STRANGER)).status_code == 401
    assert len(desk.zendesk.asked) == 2  # the key, and where the app is installed


def test_a_new_key_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.zendesk.sidebar.keys.AGAIN", 0.0)
    with signer() as zendesk, beside(tmp_path, zendesk) as desk:
        browser = desk.app.test_client()
        admitted(browser, desk)
        zendesk.key, zendesk.installations = STRANGER, [{"id": 9, "app_id": 77}]
        assert load(browser, zendesk.token(desk.now)).status_code == 401
        assert load(browser, zendesk.token(desk.now, aud=audience(9))).status_code == 200


@pytest.mark.parametrize(
    ("settings", "silent", "said"),
    [
        ({"sidebar_app": 0}, False, "set `sidebar_app` of this inbox"),
        ({"token": "${ZENDESK_TOKEN}"}, False, "is not set where this page runs"),
        ({"sidebar_app": 8}, False, "Zendesk says 404"),
        ({}, True, "Zendesk says 503"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_one_sentence(
    tmp_path: Path, settings: dict[str, Any], silent: bool, said: str
) -> None:
    with signer() as zendesk, beside(tmp_path, zendesk, **settings) as desk:
        zendesk.silent = silent
        page = load(desk.app.test_client(), zendesk.token(desk.now))
        assert page.status_code == 503
        assert said in page.text


def test_a_zendesk_that_does_not_answer_is_not_asked_by_everybody_who_comes(tmp_path: Path) -> None:
    with signer() as zendesk, beside(tmp_path, zendesk) as desk:
        zendesk.silent = True
        browser = desk.app.test_client()
        assert [load(browser, zendesk.token(desk.now)).status_code for _ in range(5)] == [503] * 5
        assert len(zendesk.asked) == 1


# ---- who may ask afterwards ------------------------------------------------------------------------------------------


def test_without_a_bearer_nothing_is_told(browser: FlaskClient, desk: Beside) -> None:
    desk.complaint()
    forged = jwt.encode({"sub": "1", "auth_time": 1, "exp": 4_000_000_000}, "guessed" * 8, algorithm="HS256")
    for bearer in ("", "x", desk.zendesk.token(desk.now), forged):
        answer = asked(browser, bearer)
        assert (answer.status_code, list(answer.json or {})) == (401, ["error"])
        assert asked(browser, bearer, f"/tickets/{TICKET}/done", {"task": "x"}).status_code == 401


def test_a_bearer_is_good_for_an_hour_and_each_answer_brings_a_new_one_for_half_a_day(
    browser: FlaskClient, desk: Beside
) -> None:
    first = bearer = admitted(browser, desk)
    for _ in range(12):
        desk.now += timedelta(minutes=59)
        bearer = asked(browser, bearer).headers["Amends-Bearer"]
    assert asked(browser, first).status_code == 401
    desk.now += timedelta(minutes=13)
    answer = asked(browser, bearer)
    assert (answer.status_code, "load the app again" in answer.text) == (401, True)


def test_an_inbox_opens_with_its_own_token_only(browser: FlaskClient, desk: Beside) -> None:
    bearer = admitted(browser, desk)
    assert load(browser, desk.zendesk.token(desk.now), "/sidebar/support").status_code == 404
    headers = {"Authorization": f"Bearer {bearer}"}
    elsewhere = browser.get(f"/sidebar/support/tickets/{TICKET}", headers=headers, environ_overrides=OUTSIDE)
    assert elsewhere.status_code == 404


def test_the_register_itself_stays_for_this_machine(browser: FlaskClient, desk: Beside) -> None:
    case = desk.complaint()
    for path in ("/", f"/cases/{case}", "/sidebar", "/sidebar/helpdesk", "/sidebar/helpdesk/more/"):
        assert browser.get(path, environ_overrides=OUTSIDE).status_code in (400, 403)
    assert browser.get("/readyz", environ_overrides=OUTSIDE).json == {"ready": True}  # no name, no reason


def test_the_page_may_be_framed_by_that_zendesk_only_and_runs_two_scripts(browser: FlaskClient, desk: Beside) -> None:
    page = load(browser, desk.zendesk.token(desk.now))
    policy = dict(rule.partition(" ")[::2] for rule in page.headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "https://example.zendesk.com"
    sdk = "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js"
    assert policy["script-src"] == f"'self' {sdk}"
    assert (policy["default-src"], policy["base-uri"], policy["form-action"]) == ("'none'",) * 3
    assert page.text.count("<script src=") == 2
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "Set-Cookie" not in page.headers


def test_a_request_that_is_too_large_is_refused(browser: FlaskClient, desk: Beside) -> None:
    assert load(browser, "x" * 100_000).status_code == 413
    bearer = admitted(browser, desk)
    assert asked(browser, bearer, f"/tickets/{TICKET}/done", {"task": "x" * 20_000}).status_code == 413


def test_our_script_and_style_are_for_everybody(browser: FlaskClient) -> None:
    for name, kind in (("sidebar.js", "text/javascript"), ("sidebar.css", "text/css")):
        answer = browser.get(f"/sidebar/{name}", environ_overrides=OUTSIDE)
        assert (answer.status_code, answer.mimetype) == (200, kind)


# ---- what is shown and done ------------------------------------------------------------------------------------------


def test_a_ticket_shows_what_was_promised_by_when_why_and_what_to_write(browser: FlaskClient, desk: Beside) -> None:
    case = desk.complaint()
    shown = asked(browser, admitted(browser, desk)).json
    assert shown is not None
    assert shown["zone"] == "Europe/London"
    (told,) = shown["cases"]
    assert (told["id"], told["status"], told["category"]) == (case, "open", "delivery")
    assert next((due["for"], due["due_at"]) for due in told["due"]) == ("acknowledgement", "2026-11-23T11:30:00Z")
    assert "formal complaint" in json.dumps(told["evidence"])
    assert told["draft"]["text"].startswith("Dear Anna Jones,")
    assert told["draft"]["marks"] == 1
    assert set(told) == {"id", "status", "category", "severity", "outcome", "evidence", "due", "tasks", "draft"}


def test_a_ticket_without_a_complaint_is_told_so(browser: FlaskClient, desk: Beside) -> None:
    desk.complaint(TICKET)
    assert desk.complaint(7, "Do you sell lamps, and what do they cost?") == ""
    bearer = admitted(browser, desk)
    for ticket in (7, 8):
        assert (asked(browser, bearer, f"/tickets/{ticket}").json or {})["cases"] == []
    assert asked(browser, bearer, f"/tickets/{2**70}").status_code == 403  # no page of ours


def test_done_ends_the_task_and_says_who_did_it(browser: FlaskClient, desk: Beside) -> None:
    case = desk.complaint()
    desk.later(days=3)
    task = desk.task(case, "acknowledgement")
    assert task["state"] == "raised"
    answer = asked(browser, admitted(browser, desk), f"/tickets/{TICKET}/done", {"task": task["id"]})
    assert [one["kind"] for one in (answer.json or {})["cases"][0]["tasks"] if one["state"] == "raised"] == []
    assert desk.task(case, "acknowledgement")["state"] == "done"
    assert "Done by Zendesk user 42" in json.dumps(desk.register.case(case)["timeline"])


def test_snooze_puts_the_task_off_to_a_morning(browser: FlaskClient, desk: Beside) -> None:
    case = desk.complaint()
    desk.later(days=3)
    task = desk.task(case, "acknowledgement")["id"]
    answer = asked(browser, admitted(browser, desk), f"/tickets/{TICKET}/snooze", {"task": task, "days": 3})
    assert answer.status_code == 200
    put_off = desk.task(case, "acknowledgement")
    assert (put_off["state"], put_off["snoozed_until"]) == ("waiting", "2026-11-26T09:00:00Z")


def test_a_gesture_counts_with_what_was_given_and_how(browser: FlaskClient, desk: Beside) -> None:
    case = desk.complaint()
    desk.desk.act(case, Resolve(at=desk.now, outcome="upheld"))
    desk.later(days=5)
    gift = {"task": desk.task(case, "goodwill")["id"], "gave": "10 EUR voucher"}
    bearer = admitted(browser, desk)
    refused = asked(browser, bearer, f"/tickets/{TICKET}/done", gift)
    assert (refused.status_code, "only with proof" in refused.text) == (400, True)
    assert asked(browser, bearer, f"/tickets/{TICKET}/done", gift | {"note": "by post"}).status_code == 200
    assert desk.task(case, "goodwill")["note"] == "gave 10 EUR voucher; by post"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/tickets/{TICKET}/done", {"task": "c0/1/none/1"}, 404),
        (f"/tickets/{TICKET}/done", {}, 404),
        (f"/tickets/{TICKET}/done", [], 400),
        (f"/tickets/{TICKET}/done", {"task": ["x"]}, 400),
        (f"/tickets/{TICKET}/done", {"task": "x" * 600}, 400),
        (f"/tickets/{TICKET}/done", {"task": "c0/1/none/1", "gave": "10 EUR"}, 400),
        (f"/tickets/{TICKET}/snooze", {"task": "c0/1/none/1", "days": 1}, 404),
        (f"/tickets/{TICKET}/snooze", {"task": "c0/1/none/1", "days": 400}, 400),
        (f"/tickets/{TICKET}/snooze", {"task": "c0/1/none/1", "days": True}, 400),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(
    browser: FlaskClient, desk: Beside, path: str, body: Any, status: int
) -> None:
    desk.complaint()
    answer = asked(browser, admitted(browser, desk), path, body)
    assert (answer.status_code, list(answer.json or {})) == (status, ["error"])


def test_only_tasks_of_the_ticket_at_hand_can_be_ended_and_only_once(browser: FlaskClient, desk: Beside) -> None:
    here, there = desk.complaint(1), desk.complaint(2, sender="bob@example.net")
    desk.later(days=3)
    bearer, task = admitted(browser, desk), desk.task(there, "acknowledgement")["id"]
    assert asked(browser, bearer, "/tickets/1/done", {"task": task}).status_code == 404
    assert desk.task(there, "acknowledgement")["state"] == "raised"
    mine = {"task": desk.task(here, "acknowledgement")["id"]}
    assert asked(browser, bearer, "/tickets/1/done", mine).status_code == 200
    again = asked(browser, bearer, "/tickets/1/done", mine)
    assert (again.status_code, "has already ended" in again.text) == (409, True)


# ---- the app ---------------------------------------------------------------------------------------------------------

URL = "https://amends.example.com/sidebar/helpdesk"


def test_the_app_is_a_zip_that_zendesk_takes() -> None:
    with zipfile.ZipFile(io.BytesIO(bundle(URL, "bot@example.com"))) as app:
        assert app.testzip() is None
        manifest = json.loads(app.read("manifest.json"))
        names = {
            entry.partition("/")[2]: json.loads(app.read(entry)) for entry in app.namelist() if "translations" in entry
        }
        logos = [app.read(f"assets/{name}") for name in ("logo.png", "logo-small.png")]
    assert manifest["location"] == {"support": {"ticket_sidebar": {"url": URL, "flexible": True}}}
    assert (manifest["private"], manifest["signedUrls"], manifest["frameworkVersion"]) == (True, True, "2.0")
    assert manifest["author"] == {"name": "Amends", "email": "bot@example.com"}
    assert set(names) == {"en.json", "de.json", "fr.json", "es.json"}
    assert all(0 < len(one["app"]["name"]) <= 40 and one["app"]["short_description"] for one in names.values())
    assert [int.from_bytes(logo[16:20], "big") for logo in logos] == [320, 128]  # PNG, IHDR: the width


def test_the_same_app_has_the_same_bytes() -> None:
    assert bundle(URL, "bot@example.com") == bundle(URL, "bot@example.com")


@pytest.mark.parametrize(
    "url", ["http://amends.example.com/sidebar/helpdesk", "http://127.0.0.1:8025/sidebar/helpdesk"]
)
def test_zendesk_takes_no_page_without_https(url: str) -> None:
    with pytest.raises(NotReachable, match="only pages under https"):
        bundle(url, "bot@example.com")


def test_every_language_has_every_word() -> None:
    words = json.loads((Path(__file__).parents[2] / "integrations/zendesk/sidebar/words.json").read_text("utf-8"))
    assert set(words) == {"en", "de", "fr", "es"}
    assert len({frozenset(one) for one in words.values()}) == 1
    assert all(text for one in words.values() for text in one.values())
