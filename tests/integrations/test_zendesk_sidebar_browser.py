"""The page beside a ticket in a real browser: framed by a page that plays Zendesk, over a stub of its framework."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect, sync_playwright

from plugin.web import serve
from tests.beside import TICKET, Beside, beside, signer

OURS = "https://amends.example.com"
ZENDESK = "https://example.zendesk.com"
QUERY = "?origin=ZENDESK&amp;app_guid=1"

AGENT = """<!doctype html><meta charset="utf-8"><title>Ticket</title>
<div id="editor" contenteditable></div>
<iframe name="app" title="Amends" sandbox="allow-scripts allow-same-origin allow-forms" width="320" height="900">
</iframe>
<form id="load" method="post" target="app" action="OURS/sidebar/helpdeskQUERY">
<input type="hidden" name="token" value="TOKEN"></form>
<script>
  const known = {"ticket.id": TICKET, "currentUser": {"locale": "LOCALE"}};
  const does = {
    get: (paths) => Object.fromEntries(paths.map((path) => [path, known[path]])),
    invoke: (name, ...rest) => {
      if (name === "ticket.editor.insert") document.getElementById("editor").innerHTML += rest[0];
      if (name === "resize") document.querySelector("iframe").dataset.height = rest[0].height;
    },
  };
  addEventListener("message", (event) => {
    if (event.origin !== "OURS") return;
    event.source.postMessage({id: event.data.id, result: does[event.data.verb](...event.data.args)}, event.origin);
  });
  document.getElementById("load").submit();
</script>"""
"""What an agent sees, as far as the page is concerned: an editor, and a frame that is loaded with a signed form."""

FRAMEWORK = """
window.ZAFClient = {
  init() {
    const origin = new URLSearchParams(location.search).get("origin");
    if (!origin) return false;
    const waiting = new Map(), heard = {};
    let last = 0;
    addEventListener("message", (event) => {
      if (event.origin !== origin) return;
      waiting.get(event.data.id)(event.data.result);
    });
    const ask = (verb, ...args) => new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      parent.postMessage({id: last, verb, args}, origin);
    });
    window.stub = heard;
    return {
      get: (paths) => ask("get", [].concat(paths)),
      invoke: (...args) => ask("invoke", ...args),
      on: (name, run) => { heard[name] = run; },
    };
  },
};
"""
"""The few things of Zendesk's framework client that the page uses, with the same shapes."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert path, "Chromium is missing: these tests open a page in a real browser (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Beside]:
    with signer() as zendesk, beside(tmp_path, zendesk) as desk:
        yield desk


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent before a ticket, with our page beside it; `complaints` is what the browser found fault with."""

    page: Page
    complaints: list[str]

    def waits_for_a_complaint(self) -> None:
        """For ten seconds, unless the browser has found fault with something already."""
        for _ in range(100):
            if self.complaints:
                return
            self.page.wait_for_timeout(100)

    @property
    def app(self) -> FrameLocator:
        """Our page."""
        return self.page.frame_locator("iframe")

    @property
    def written(self) -> str:
        """The text in the editor, as it would be sent."""
        return self.page.locator("#editor").inner_text()


@dataclass(frozen=True, slots=True)
class Desktop:
    """A browser, and all that it can reach: Zendesk, its framework, and our page as it is really served."""

    browser: Browser
    desk: Beside
    address: str

    def opens(self, locale: str = "en-US", *, dark: bool = False, where: str = ZENDESK, query: str = QUERY) -> Agent:
        """An agent opens the ticket; `where` is the site that frames our page."""
        context = self.browser.new_context(color_scheme="dark" if dark else "light", locale="en-GB")
        html = _filled(AGENT, QUERY=query, ZENDESK=where, OURS=OURS, TICKET=str(TICKET), LOCALE=locale,
                       TOKEN=self.desk.zendesk.token(self.desk.now))  # fmt: skip
        context.route("**/*", lambda route: self._answer(route, html))
        agent = Agent(context.new_page(), [])
        agent.page.on("console", lambda said: agent.complaints.append(said.text) if said.type == "error" else None)
        agent.page.on("pageerror", lambda error: agent.complaints.append(str(error)))
        agent.page.goto(f"{where}/agent/tickets/{TICKET}")
        return agent

    def _answer(self, route: Route, html: str) -> None:
        url = route.request.url
        if url.startswith(OURS):
            route.fulfill(response=route.fetch(url=self.address + url.removeprefix(OURS)))
        elif url.endswith("/zaf_sdk.min.js"):
            route.fulfill(content_type="text/javascript", body=FRAMEWORK)
        else:
            route.fulfill(content_type="text/html", body=html)


def _filled(text: str, **words: str) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


@pytest.fixture
def screen(chromium: Browser, desk: Beside) -> Iterator[Desktop]:
    with serve(desk.register, ("127.0.0.1", 0), sidebars=desk.pages) as address:
        yield Desktop(chromium, desk, address)
        for context in chromium.contexts:
            context.close()


def test_the_page_shows_beside_its_ticket_what_is_due_and_why(desk: Beside, screen: Desktop) -> None:
    case = desk.complaint()
    agent = screen.opens()
    expect(agent.app.get_by_role("heading", name="Complaint: delivery")).to_be_visible()
    expect(agent.app.get_by_role("listitem").filter(has_text="Acknowledge").first).to_contain_text("Mon 23 Nov, 11:30")
    expect(agent.app.get_by_text("formal complaint").first).to_be_visible()
    expect(agent.app.get_by_text(f"Case {case}")).to_be_visible()
    assert agent.complaints == []


def test_a_ticket_without_a_complaint_says_so(screen: Desktop) -> None:
    agent = screen.opens()
    expect(agent.app.get_by_text("No complaint is known for this ticket.")).to_be_visible()
    assert agent.complaints == []


def test_insert_draft_puts_the_text_into_the_editor_as_text(desk: Beside, screen: Desktop) -> None:
    case = desk.complaint()
    agent = screen.opens()
    agent.app.get_by_role("button", name="Insert draft").click()
    expect(agent.app.get_by_role("status")).to_have_text("The draft is in the editor.")
    (draft,) = desk.register.case(case)["drafts"]
    assert '<img src="x" onerror="alert(1)"> & so on' in draft["text"]
    assert agent.written.rstrip() == draft["text"].rstrip()
    assert agent.page.locator("#editor img").count() == 0
    assert agent.complaints == []


def test_done_by_keyboard_ends_the_task_in_the_store(desk: Beside, screen: Desktop) -> None:
    case = desk.complaint()
    desk.later(days=3)
    agent = screen.opens()
    done = agent.app.get_by_role("button", name="Done: Acknowledge")
    done.focus()
    agent.page.keyboard.press("Enter")
    expect(agent.app.get_by_role("status")).to_have_text("Done.")
    expect(done).to_have_count(0)
    assert desk.task(case, "acknowledgement")["state"] == "done"
    assert agent.complaints == []


def test_every_control_is_reached_with_the_tab_key(desk: Beside, screen: Desktop) -> None:
    desk.complaint()
    desk.later(days=3)
    agent = screen.opens()
    expect(agent.app.get_by_role("button", name="Insert draft")).to_be_visible()
    agent.app.get_by_role("region", name="Suggested text").focus()
    reached = []
    for _ in range(3):
        agent.page.keyboard.press("Tab")
        reached.append(agent.app.locator(":focus").inner_text())
    assert reached == ["Insert draft", "Done", "Snooze"]


def test_snooze_puts_the_task_off(desk: Beside, screen: Desktop) -> None:
    case = desk.complaint()
    desk.later(days=3)
    agent = screen.opens()
    agent.app.get_by_text("Snooze").click()
    agent.app.get_by_role("button", name="3 days").click()
    expect(agent.app.get_by_role("status")).to_have_text("Put off.")
    expect(agent.app.get_by_text("Thu 26 Nov, 09:00")).to_be_visible()
    assert desk.task(case, "acknowledgement")["snoozed_until"] == "2026-11-26T09:00:00Z"


def test_what_came_meanwhile_shows_when_the_ticket_is_looked_at_again(desk: Beside, screen: Desktop) -> None:
    agent = screen.opens()
    expect(agent.app.get_by_text("No complaint is known")).to_be_visible()
    desk.complaint()
    agent.page.frame("app").evaluate("window.stub['app.activated']()")  # type: ignore[union-attr]
    expect(agent.app.get_by_role("heading", name="Complaint: delivery")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "heading", "button"),
    [("de", "Beschwerde: delivery", "Entwurf einfügen"), ("fr", "Réclamation: delivery", "Insérer le brouillon"),
     ("es-419", "Reclamación: delivery", "Insertar borrador"), ("pl", "Complaint: delivery", "Insert draft")],
)  # fmt: skip
def test_the_page_speaks_the_agents_language(
    desk: Beside, screen: Desktop, locale: str, heading: str, button: str
) -> None:
    desk.complaint()
    agent = screen.opens(locale=locale)
    expect(agent.app.get_by_role("heading", name=heading)).to_be_visible()
    expect(agent.app.get_by_role("button", name=button)).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_into_320_pixels_in_light_and_dark(desk: Beside, screen: Desktop, dark: bool) -> None:
    desk.complaint(text=f"This is a formal complaint about {'x' * 200}. I am very disappointed and want a refund now!")
    desk.later(days=3)
    agent = screen.opens(dark=dark)
    expect(agent.app.get_by_role("button", name="Insert draft")).to_be_visible()
    body = agent.app.locator("body")
    assert body.evaluate("body => body.ownerDocument.documentElement.scrollWidth") <= 320
    red = int(body.evaluate("body => getComputedStyle(body).backgroundColor").split("(")[1].split(",")[0])
    assert (red < 80) == dark
    assert int(agent.page.locator("iframe").get_attribute("data-height").removesuffix("px")) > 200  # type: ignore[union-attr]


def test_no_other_site_can_frame_the_page(desk: Beside, screen: Desktop) -> None:
    desk.complaint()
    agent = screen.opens(where="https://evil.example.net")
    expect(agent.app.get_by_role("heading", name="Complaint")).to_have_count(0)
    agent.waits_for_a_complaint()  # the framed page comes later than the one that frames it
    assert any("frame-ancestors" in said for said in agent.complaints)


def test_the_bearer_lies_nowhere_but_in_memory_and_runs_out(desk: Beside, screen: Desktop) -> None:
    desk.complaint()
    desk.later(days=3)
    agent = screen.opens()
    done = agent.app.get_by_role("button", name="Done: Acknowledge")
    expect(done).to_be_visible()
    assert not agent.app.locator(":root").evaluate("root => root.outerHTML.includes('eyJ') || document.cookie")
    assert agent.page.context.storage_state() == {"cookies": [], "origins": []}
    desk.now += timedelta(hours=2)
    done.click()
    expect(agent.app.get_by_role("status")).to_have_text("This page was open for long. Load the apps again.")


def test_the_page_outside_of_zendesks_framework_says_where_it_belongs(desk: Beside, screen: Desktop) -> None:
    desk.complaint()
    agent = screen.opens(query="")
    expect(agent.app.get_by_role("status")).to_have_text("This page belongs beside a ticket in Zendesk.")
    assert agent.complaints == []
