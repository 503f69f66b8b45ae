"""The web page: what it shows, whom it answers, and what it never does."""

from __future__ import annotations

import re
import runpy
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup
from prometheus_client.parser import text_string_to_metric_families

from plugin.decide import Resolve, Snooze, Undo
from plugin.desk.erasing import Erasing
from plugin.model import AmendsError
from plugin.store import Doorbook
from plugin.web import Doors, PortTaken, create_app, serve
from plugin.web.view import left, marked
from tests.calls import HELPDESK, INVOCATION, NOW, SECRET, event, post, signed, waiting
from tests.counter import COMPLAINT, Counter

PARCEL = "Where is my parcel?"
HOSTILE = "<script>alert('boo')</script>\"><img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


@pytest.fixture
def app(counter: Counter) -> Flask:
    return create_app(counter.register, clock=lambda: counter.now)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A browser before a register in which nothing happens."""
    counter = Counter(tmp_path_factory.mktemp("idle"))
    yield create_app(counter.register).test_client()
    counter.close()


def seen(browser: FlaskClient, path: str) -> str:
    """The page as text without markup, white space folded."""
    answer = browser.get(path)
    assert answer.status_code == 200
    return plain(answer.text)


def plain(html: str) -> str:
    body = re.sub(r"<head>.*?</head>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


# ---- the register ---------------------------------------------------------------------------------------------------


def test_an_empty_register_says_so(browser: FlaskClient) -> None:
    text = seen(browser, "/")
    assert "Nothing is owed now." in text
    assert "No cases here." in text
    assert "Every message could be read." in text


def test_the_register_shows_what_each_case_owes_next(browser: FlaskClient, counter: Counter) -> None:
    counter.complaint(PARCEL)
    text = seen(browser, "/")
    assert "Where is my parcel? Anna Jones <anna@example.org>" in text
    assert "acknowledge this complaint Mon 23 Nov 11:30 in 2 days open" in text
    assert "Times are those of Europe/London." in text


def test_what_is_owed_next_stands_first(browser: FlaskClient, counter: Counter) -> None:
    counter.complaint("Older and pressing")
    counter.later(hours=1.5)
    counter.complaint("Newer", sender="bob@example.net")
    pressing, newest = seen(browser, "/"), seen(browser, "/?show=all")
    assert pressing.index("Older and pressing") < pressing.index("Newer")
    assert newest.index("Newer") < newest.index("Older and pressing")


def test_settled_cases_show_only_among_all(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.desk.act(case_id, Resolve(at=counter.now, outcome="not-upheld"))
    assert PARCEL not in seen(browser, "/")
    assert PARCEL in seen(browser, "/?show=all")


def test_what_was_promised_in_a_reply_stands_on_the_case_with_its_words(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    theirs = counter.mail.box.messages[-1]
    counter.mail.arrive("Dear Anna, you will have it by next Friday.", sender=theirs.sender.email, sent=True,
                        subject=f"Re: {PARCEL}", after=theirs.message_id, at=counter.now)  # fmt: skip
    counter.work()
    text = seen(browser, f"/cases/{case_id}")
    assert "Promise open Fri 27 Nov 17:30" in text
    assert "Promised in a reply of ours: Dear Anna, you will have it by next Friday." in text
    assert "says: “by next Friday” due Fri 27 Nov 2026 17:30 Europe/London" in text


def test_what_is_owed_now_is_listed_with_how_to_end_it(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=3)
    text = seen(browser, "/")
    assert "Acknowledge this complaint : Where is my parcel?" in text
    assert "due Mon 23 Nov 11:30 , 4 h 30 min late" in text
    assert f"amends done {case_id}/1/answer/3" in text


def test_the_case_says_when_a_task_comes_up_again(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=3)
    (task,) = counter.register.tasks(now=counter.now)
    counter.desk.act(case_id, Snooze(key=task["id"], until=counter.now + timedelta(days=1), by="jo"))
    text = seen(browser, f"/cases/{case_id}")
    assert "Acknowledge this complaint , put off: comes up again Tue 24 Nov 16:00 (in 24 h)" in text
    assert "Put off by jo to Tue 24 Nov 2026 16:00 Europe/London: acknowledge this complaint." in text


def test_older_cases_are_one_link_away(browser: FlaskClient, counter: Counter) -> None:
    for number in range(51):
        subject, sender = f"Complaint number {number:02}", f"p{number}@example.org"
        counter.mail.arrive(COMPLAINT, subject=subject, sender=sender, at=counter.now)
        counter.now += timedelta(minutes=1)
    counter.work()
    first = browser.get("/?show=all").text
    assert "Complaint number 50" in first
    assert "Complaint number 00" not in first
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = browser.get(unescape(older)).text
    assert re.findall(r"Complaint number \d\d", second) == ["Complaint number 00"]
    assert 'rel="next"' not in second


def test_the_quarantine_and_an_inboxs_fault_are_shown(browser: FlaskClient, counter: Counter) -> None:
    counter.unreadable("its parts nest too deep")
    with counter.store.writing() as session:
        session.keep_inbox("support", fault="the password was refused")
    text = seen(browser, "/")
    assert "support , folder INBOX , UID 99: its parts nest too deep" in text
    assert "Fault: the password was refused" in text


# ---- a case ---------------------------------------------------------------------------------------------------------


def test_a_case_shows_its_dates_with_their_working(browser: FlaskClient, counter: Counter) -> None:
    text = seen(browser, f"/cases/{counter.complaint(PARCEL)}")
    assert "Acknowledgement open Mon 23 Nov 11:30 (in 2 days)" in text
    assert "4 business hours from receipt, by playbook answer :" in text
    assert "Fri 20 Nov: 1 h 30 min counted, 2 h 30 min left" in text


def test_a_case_shows_its_draft_and_what_is_still_to_fill_in(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    assert "Acknowledgement needs you (1 mark)" in seen(browser, f"/cases/{case_id}")
    assert "We will <mark>[[say what we do]]</mark>." in browser.get(f"/cases/{case_id}").text


def test_a_case_shows_why_each_playbook_did_or_did_not_apply(browser: FlaskClient, counter: Counter) -> None:
    text = seen(browser, f"/cases/{counter.complaint(PARCEL)}")
    assert "applied answer : it always applies" in text
    assert "did not apply vip : the sender is not vip@example.org" in text
    assert "What it looked at did not hold: from: vip@example.org" in text


def test_a_condition_shows_the_words_it_looked_at_and_they_stay_text(tmp_path: Path) -> None:
    bold = "name: bold\nwhen: complaint_received\nif:\n  - subject: '/<b>.+/'\nthen:\n  - tag: [bold]\n"
    (tmp_path / "bold.yaml").write_text(bold)
    counter = Counter(tmp_path)
    page = create_app(counter.register).test_client().get(f"/cases/{counter.complaint('<b>Where is it?')}").text
    counter.close()
    assert '<code>subject: /&lt;b&gt;.+/</code> <q dir="auto">&lt;b&gt;Where is it?</q>' in page


def test_a_case_shows_its_story_day_by_day(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.later(days=3)
    text = seen(browser, f"/cases/{case_id}")
    assert "Friday 20 November 2026 16:00 Anna Jones <anna@example.org> wrote to support" in text
    assert "Monday 23 November 2026 16:00 Acknowledgement: the date has passed, and it was not done." in text


def test_a_settled_case_shows_its_outcome_and_what_is_no_longer_owed(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    counter.desk.act(case_id, Resolve(at=counter.now, outcome="upheld", cause="carrier"))
    text = seen(browser, f"/cases/{case_id}")
    assert "Outcome upheld, caused by carrier" in text
    assert "Update no longer owed" in text


def test_an_undone_case_and_a_forgotten_one_are_called_so(browser: FlaskClient, counter: Counter) -> None:
    undone = counter.complaint(PARCEL)
    counter.desk.act(undone, Undo(by="mia"))
    page = seen(browser, f"/cases/{undone}")
    assert "What Amends did here was taken back." in page
    assert f"amends reopen {undone}" in page
    assert f"{PARCEL} Anna Jones <anna@example.org> nothing undone" in seen(browser, "/?show=all")
    erasing = Erasing(counter.desk)
    erasing.erase(erasing.held(undone), "mia", counter.now)
    page = seen(browser, f"/cases/{undone}")
    assert "was forgotten" in page
    assert "amends reopen" not in page
    assert "(erased) nothing erased" in seen(browser, "/?show=all")


@pytest.mark.parametrize("path", ["/cases/c404", "/cases/", "/cases/a%00b", "/?after=c404", "/?after=%00", "/nothing"])
def test_what_is_not_there_is_said_in_one_sentence(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert re.search(r"<h1>[A-Z][^<]+\.</h1>", answer.text)


# ---- text stays text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/", "/?show=all", "/cases/{case}"])
def test_a_hostile_subject_and_name_are_text(browser: FlaskClient, counter: Counter, page: str) -> None:
    case_id = counter.complaint(HOSTILE, name=HOSTILE)
    counter.later(days=3)
    answer = browser.get(page.format(case=case_id))
    assert not re.search(r"<(script|img)\b", answer.text)
    assert "{{ 7 * 7 }}" in answer.text
    assert HOSTILE in unescape(answer.text)


def test_marks_in_a_draft_show_and_the_rest_stays_text() -> None:
    assert marked("<b> [[a <i> name]] & more") == Markup("&lt;b&gt; <mark>[[a &lt;i&gt; name]]</mark> &amp; more")


# ---- whom it answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_answered(idle: FlaskClient, address: str) -> None:
    assert idle.get("/", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "", "unix:"])
@pytest.mark.parametrize("path", ["/", "/?show=all", "/cases/c404", "/static/amends.css"])
def test_another_machine_is_refused(idle: FlaskClient, address: str, path: str) -> None:
    assert idle.get(path, environ_base={"REMOTE_ADDR": address}).status_code == 403


def test_that_it_lives_may_be_asked_from_anywhere(idle: FlaskClient) -> None:
    answer = idle.get("/healthz", environ_base={"REMOTE_ADDR": "192.0.2.1"}, headers={"Host": "amends.example.com"})
    assert (answer.status_code, answer.text) == (200, "ok\n")


PROXYS = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"]


@pytest.mark.parametrize("header", PROXYS)
def test_who_asks_through_a_proxy_is_elsewhere_whatever_name_it_gives(idle: FlaskClient, header: str) -> None:
    answer = idle.get("/", headers={"Host": "127.0.0.1", header: "192.0.2.1"})
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8025", "127.0.0.1", "127.0.0.1:8025", "[::1]", "[::1]:8025"])
def test_the_names_of_this_machine_are_answered(idle: FlaskClient, host: str) -> None:
    assert idle.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8025", "localhost:x", "",
     "192.0.2.1", "localhost@evil.example"],
)  # fmt: skip
def test_any_other_name_is_refused(idle: FlaskClient, host: str) -> None:
    assert idle.get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/cases/c404", "/healthz", "/readyz", "/static/amends.css", "/nothing"])
def test_nothing_can_be_written(idle: FlaskClient, method: str, path: str) -> None:
    answer = idle.open(path, method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_a_head_is_a_page_without_a_body(idle: FlaskClient) -> None:
    answer = idle.head("/")
    assert (answer.status_code, answer.data) == (200, b"")


# ---- what it never does ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/nothing", "/static/amends.css"])
def test_every_answer_is_sealed(idle: FlaskClient, path: str) -> None:
    with idle.get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


def test_the_pages_fetch_nothing_from_elsewhere_and_hold_no_script_or_style(
    browser: FlaskClient, counter: Counter
) -> None:
    case_id = counter.complaint(PARCEL)
    pages = "".join(browser.get(path).text for path in ("/", "/?show=all", f"/cases/{case_id}", "/nothing"))
    assert not re.search(r"<(script|style|iframe)\b|\son\w+=|\sstyle=", pages)
    assert set(re.findall(r"<form[^>]*>", pages)) == {'<form action="/" method="get" role="search" class="search">'}
    assert all(re.match(r"/(?!/)|#", link) for link in re.findall(r'(?:href|src)="([^"]*)"', pages))
    with browser.get("/static/amends.css") as css:
        assert not re.search(r"url\(|@import", css.get_data(as_text=True))


def test_the_register_can_be_searched_page_by_page(browser: FlaskClient, counter: Counter) -> None:
    for number in range(52):
        counter.complaint(f"Lamp {number}", sender=f"p{number}@example.org")
    counter.complaint("Kettle", sender="zoe@example.net", name="Zoë Ångström")
    only = browser.get("/?q=angstrom+KETTLE").text
    assert re.findall(r'dir="auto">([^<]+)</a>', only) == ["Kettle"]
    assert 'value="angstrom KETTLE"' in only
    assert "What is owed now" not in only
    first = browser.get("/?q=lamp").text
    (onwards,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = browser.get(onwards.replace("&amp;", "&")).text
    shown = re.findall(r'dir="auto">(Lamp \d+)</a>', first + second)
    assert sorted(shown) == sorted(f"Lamp {number}" for number in range(52))
    assert "In no case all of these words stand." in browser.get("/?q=zebra").text


@pytest.mark.parametrize(
    "asked", ["<script>alert(1)</script>", '" onfocus="x', "a" * 10_000, "%00", "%F0%28", "'--", "*"]
)
def test_whatever_is_searched_for_stays_text(browser: FlaskClient, counter: Counter, asked: str) -> None:
    counter.complaint(PARCEL)
    answer = browser.get("/?q=" + (asked if asked[0] == "%" else quote(asked)))
    assert answer.status_code == 200
    assert not re.search(r'<script|" onfocus=', answer.text)


def test_a_page_can_be_read_aloud(browser: FlaskClient, counter: Counter) -> None:
    case_id = counter.complaint(PARCEL)
    for path in ("/", f"/cases/{case_id}"):
        html = browser.get(path).text
        levels = [int(level) for level in re.findall(r"<h(\d)", html)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(below - above <= 1 for above, below in pairwise(levels))
        named = re.findall(r'aria-labelledby="(\w+)"', html)
        assert all(f'id="{name}"' in html for name in named)
        assert all("scope=" in header for header in re.findall(r"<th\b[^>]*>", html))


# ---- how it fares ---------------------------------------------------------------------------------------------------


def test_ready_tells_each_inbox(browser: FlaskClient) -> None:
    answer = browser.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    (inbox,) = answer.json["inboxes"]
    assert (inbox["name"], inbox["last_success"], inbox["fault"]) == ("support", "2026-11-20T16:00:00Z", None)


def test_an_inbox_nobody_has_looked_into_for_long_is_not_ready(browser: FlaskClient, counter: Counter) -> None:
    counter.now += timedelta(minutes=16)
    assert browser.get("/readyz").status_code == 503


def test_from_elsewhere_only_the_token_tells_more_than_whether_all_is_well(counter: Counter) -> None:
    app = create_app(counter.register, clock=lambda: counter.now, token="a token of sixteen").test_client()
    elsewhere: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.7"}}
    assert app.get("/readyz", **elsewhere).json == {"ready": True}
    assert app.get("/metrics", **elsewhere).text.splitlines()[2:] == ["amends_ready 1.0"]
    wrong = {"Authorization": "Bearer a token of sixteem"}
    assert app.get("/readyz", headers=wrong, **elsewhere).json == {"ready": True}
    right = {"Authorization": "Bearer a token of sixteen"}
    assert "support" in app.get("/readyz", headers=right, **elsewhere).text
    assert 'inbox="support"' in app.get("/metrics", headers=right, **elsewhere).text


def test_prometheus_reads_the_figures(browser: FlaskClient, counter: Counter) -> None:
    counter.complaint(PARCEL)
    counter.unreadable("its parts nest too deep")
    answer = browser.get("/metrics")
    figures = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert figures["amends_ready",] == 1
    assert figures["amends_messages", "support", "complaint"] == 1
    assert figures["amends_cases", "support", "open"] == 1
    assert figures["amends_cases_overdue", "support", "open"] == 0
    assert figures["amends_inbox_quarantined", "support"] == 1
    assert figures["amends_inbox_last_success_timestamp_seconds", "support"] == counter.now.timestamp()


def test_an_inbox_at_fault_is_not_ready(browser: FlaskClient, counter: Counter) -> None:
    with counter.store.writing() as session:
        session.keep_inbox("support", fault="the password was refused")
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["inboxes"][0]["fault"] == "the password was refused"


def test_a_register_that_cannot_be_read_gives_the_reason(counter: Counter) -> None:
    def broken() -> NoReturn:
        raise AmendsError("store: the disk is full")

    answer = create_app(counter.register, health=broken).test_client().get("/readyz")
    assert answer.status_code == 503
    assert "<h1>store: the disk is full.</h1>" in answer.text


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(seconds=30), "in moments"),
        (timedelta(minutes=20), "in 20 min"),
        (timedelta(hours=3), "in 3 h"),
        (timedelta(hours=3, minutes=20), "in 3 h 20 min"),
        (timedelta(hours=35, minutes=20), "in 35 h"),
        (timedelta(days=4, hours=5), "in 4 days"),
        (-timedelta(minutes=5), "5 min late"),
        (-timedelta(days=2), "2 days late"),
    ],
)
def test_how_long_is_left_is_told_shortly(span: timedelta, told: str) -> None:
    assert left(span) == told


# ---- served ---------------------------------------------------------------------------------------------------------


def fetched(address: str | urllib.request.Request) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - an address of this machine
        return str(answer.read().decode())


def test_the_page_is_served_while_the_block_runs(counter: Counter) -> None:
    counter.complaint(PARCEL)
    with serve(counter.register, ("127.0.0.1", 0)) as address:
        assert PARCEL in fetched(address)
        assert fetched(f"{address}/healthz") == "ok\n"
    with pytest.raises(OSError, match="refused"):
        fetched(address)


@pytest.mark.parametrize("header", PROXYS)
def test_the_server_that_serves_it_leaves_what_a_proxy_says_to_the_page(counter: Counter, header: str) -> None:
    with serve(counter.register, ("127.0.0.1", 0)) as address:
        through = urllib.request.Request(address, headers={header: "192.0.2.1"})  # noqa: S310 - of this machine
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(through)
        through.full_url = f"{address}/metrics"
        assert "amends_ready" in fetched(through)
        assert "amends_inbox" not in fetched(through)


def test_a_taken_port_gives_the_next_free_one(counter: Counter) -> None:
    with serve(counter.register, ("127.0.0.1", 0)) as first:
        port = int(first.rpartition(":")[2])
        with serve(counter.register, ("127.0.0.1", port)) as second:
            assert int(second.rpartition(":")[2]) > port
            assert fetched(f"{second}/healthz") == "ok\n"


def test_an_address_of_another_machine_cannot_be_listened_on(counter: Counter) -> None:
    with (
        pytest.raises(PortTaken, match=r"web: cannot listen on 192\.0\.2\.1:8025"),
        serve(counter.register, ("192.0.2.1", 8025)),
    ):
        pass


def test_any_wsgi_server_can_serve_the_folder_it_runs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "amends.yaml").write_text("""\
inboxes:
  helpdesk:
    kind: imap
    host: mail.example.com
    user: support@example.com
    password: ${NOT_NEEDED_FOR_READING}
    identities: [support@example.com]
""")
    monkeypatch.chdir(tmp_path)
    wsgi = runpy.run_path(str(Path(__file__).parent.parent / "webhook_app.py"))
    assert "helpdesk" in wsgi["app"].test_client().get("/").text


def test_a_case_shows_which_words_caused_which_tag(counter: Counter, browser: FlaskClient) -> None:
    case = counter.complaint("Late", name="Anna")
    page = browser.get(f"/cases/{case}").text
    found = counter.register.case(case)
    assert {one["label"] for one in found["evidence"]} & set(found["tags"])
    for one in found["evidence"]:
        assert found["own_text"][one["start"] : one["end"]] == one["text"]
        assert str(Markup("<dt>{}</dt>").format(one["label"])) in page
        assert str(Markup("<q>{}</q>").format(one["text"])) in page
    first = found["evidence"][0]
    assert str(Markup('<mark title="{}">').format(first["label"])) in page


def test_words_that_caused_a_tag_stay_text_on_the_page(counter: Counter, browser: FlaskClient) -> None:
    text = f"{COMPLAINT} Your page said {HOSTILE} and nobody answers!"
    counter.mail.arrive(text, at=counter.now)
    counter.work()
    (case,) = counter.register.cases()
    page = browser.get(f"/cases/{case['id']}").text
    assert "<script>alert" not in page
    assert "<img" not in page


# ---- who may call ---------------------------------------------------------------------------------------------------

OUTSIDE = {"REMOTE_ADDR": "192.0.2.1"}


@pytest.fixture
def door(counter: Counter) -> Iterator[FlaskClient]:
    """Somebody on another machine, before an application that can be called."""
    with closing(Doors(Doorbook(counter.store, patience=60), [HELPDESK])) as doors:
        client = create_app(counter.register, clock=lambda: NOW, doors=doors).test_client()
        client.environ_base |= {**OUTSIDE, "HTTP_HOST": "amends.example.com"}
        yield client


@pytest.mark.parametrize("host", ["amends.example.com", "192.0.2.9:443", "localhost", "x" * 100])
def test_a_call_may_come_from_anywhere_under_any_name(door: FlaskClient, counter: Counter, host: str) -> None:
    body = event()
    door.environ_base["HTTP_HOST"] = host
    assert [post(door, body), post(door, body)] == [202, 200]
    assert waiting(counter.store) == [INVOCATION]


@pytest.mark.parametrize("inbox", ["support", "nobody", "HELPDESK", "helpdesk%00", "..", "%2e%2e"])
def test_an_inbox_that_is_unknown_or_cannot_be_called_is_404(door: FlaskClient, inbox: str) -> None:
    answer = door.post(f"/webhooks/{inbox}", data=event(), headers=signed(event()))
    assert (answer.status_code, answer.text) in [(404, "No inbox of this name can be called.\n"), (403, answer.text)]
    assert answer.status_code == 404 or "." in inbox


@pytest.mark.parametrize(
    "path",
    ["/webhooks/helpdesk/", "/webhooks/helpdesk/x", "/webhooks", "/webhooks/", "/", "//webhooks/helpdesk",
     "/webhooks//helpdesk", "/healthz/../webhooks/helpdesk"],
)  # fmt: skip
def test_exactly_that_path_is_open_and_no_other(door: FlaskClient, counter: Counter, path: str) -> None:
    assert door.post(path, data=event(), headers=signed(event())).status_code == 403
    assert waiting(counter.store) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_webhook_is_there_to_be_called_and_for_nothing_else(door: FlaskClient, method: str) -> None:
    assert door.open("/webhooks/helpdesk", method=method).status_code == 403
    door.environ_base |= {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}
    assert door.open("/webhooks/helpdesk", method=method).status_code == 405


def test_a_method_said_in_a_header_is_none(door: FlaskClient) -> None:
    assert door.get("/webhooks/helpdesk", headers={"X-HTTP-Method-Override": "POST"}).status_code == 403


def test_an_application_without_doors_knows_no_inbox_to_be_called(idle: FlaskClient) -> None:
    assert post(idle, event()) == 404


def test_calls_reach_the_store_through_a_real_server(counter: Counter) -> None:
    rung: list[str] = []
    with (
        closing(Doors(Doorbook(counter.store, rung.append, patience=60), [HELPDESK])) as doors,
        serve(counter.register, ("127.0.0.1", 0), doors) as address,
    ):
        headers = signed(event(), at=datetime.now(UTC))
        wanted = urllib.request.Request(f"{address}/webhooks/helpdesk", event(), headers)  # noqa: S310 - of ours
        with urllib.request.urlopen(wanted, timeout=60) as answer:  # noqa: S310 - an address of this machine
            assert (answer.status, answer.read()) == (202, b"Stored.\n")
            assert answer.headers["Cache-Control"] == "no-store"
    assert waiting(counter.store) == [INVOCATION]
    assert rung == ["helpdesk"]


@pytest.mark.parametrize(("given", "status"), [(SECRET, 202), ("", 404)])
def test_a_server_of_ones_own_can_be_called_where_the_secret_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, status: int
) -> None:
    (tmp_path / "amends.yaml").write_text("""\
inboxes:
  helpdesk:
    kind: zendesk
    subdomain: example
    email: bot@example.com
    token: ${NOT_NEEDED}
    webhook_secret: ${HELPDESK_SECRET}
""")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HELPDESK_SECRET", given)
    wsgi = runpy.run_path(str(Path(__file__).parent.parent / "webhook_app.py"))
    guessed = given or "${HELPDESK_SECRET}"
    headers = signed(event(), secret=guessed, at=datetime.now(UTC))
    while (answered := post(wsgi["app"].test_client(), event(), headers)) == 503:
        pass  # the machine is busy: what is not stored has to come again
    assert answered == status
