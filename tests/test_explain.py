"""Why a playbook did or did not apply: what its conditions saw is worked out again, exactly, from what a case keeps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import plugin.demo
from plugin.cli.explaining import told
from plugin.config import load
from plugin.decide import Rate, Resolve, SayReplied
from plugin.desk import Replan, open_desk
from plugin.inbox import Page
from plugin.model import Attachment
from plugin.patterns import Pattern
from plugin.playbook import Word
from plugin.register import NoSuchCase, Register
from plugin.store import Store
from plugin.testing import MemoryInbox
from plugin.trial import mails, reader_of
from tests.player import HOURS, JUDGE, WORDS, Shop, book, perform, settings
from tests.stores import ask, store_at

STORIES = Path(__file__).parent / "timelines"
Json = dict[str, Any]


def explained(shop: Shop) -> list[Json]:
    """Every playbook of the only case."""
    register = Register(shop.desk.store, {"default": HOURS}, {"support": settings()})
    found: list[Json] = register.explain(shop.case.id)["playbooks"]
    return found


def one(shop: Shop, name: str) -> Json:
    """The last time this playbook was looked at."""
    return [playbook for playbook in explained(shop) if playbook["name"] == name][-1]


def asking(tmp_path: Path, *conditions: str, when: str = "complaint_received", **more: Any) -> Shop:
    """A shop whose one playbook asks this of a complaint that has come, or of what came after."""
    asked = "\n".join(f"  - {condition}" for condition in conditions)
    text = f"name: asked\nwhen: {when}\nif:\n{asked}\nthen:\n  - tag: [x]\n"
    base = "name: base\nwhen: complaint_received\nthen:\n  - due_by: {for: acknowledgement, within: 2 hours}\n"
    made = Shop(tmp_path, book(tmp_path / "playbooks", {"a-base": base, "asked": text}))
    made.now += timedelta(hours=10)
    made.box.arrive(WORDS["complaint"], subject="Where is my Order?", at=made.now, **more)
    made.run()
    return made


# ---- what a condition saw -------------------------------------------------------------------------------------------


def test_a_condition_tells_what_it_wanted_what_it_saw_and_the_words_behind_it(tmp_path: Path) -> None:
    shop = asking(tmp_path, "text: '/LL-\\d+/'", "subject: my order", "category: [billing, refund, delivery]")
    found = one(shop, "asked")
    text, subject, category = found["conditions"]
    own_text = JUDGE.assess(shop.box.box.messages[0]).own_text
    assert (text["condition"], text["held"], text["value"]) == ("text: /LL-\\d+/", True, "LL-10234")
    assert own_text[text["span"]["start"] : text["span"]["end"]] == "LL-10234"
    assert subject["span"] == {"start": 9, "end": 17, "text": "my Order", "of": "subject"}
    assert category["value"] == shop.case.category
    assert category["reason"] == f"category is {category['value']}"
    assert (found["applied"], found["missing"]) == (True, [])


def test_a_label_shows_the_words_that_made_it(tmp_path: Path) -> None:
    (asks,) = one(asking(tmp_path, "asks: refund"), "asked")["conditions"]
    assert asks["held"]
    assert "refund" in asks["value"]
    own_text = WORDS["complaint"]
    assert own_text[asks["span"]["start"] : asks["span"]["end"]] == asks["span"]["text"] != ""


@pytest.mark.parametrize(
    ("condition", "missing"),
    [
        ("any: [{text: parrot}, {subject: parrot}]", ["text: parrot"]),
        ("not: {text: order}", ["not: {text: order}"]),
        ("any: [{not: {any: [{text: order}, {text: parrot}]}}, {text: parrot}]", None),
        ("any: [{text: order}, {text: parrot}]", []),
    ],
)
def test_the_nearest_miss_is_the_least_that_would_have_had_to_be_different(
    tmp_path: Path, condition: str, missing: list[str] | None
) -> None:
    found = one(asking(tmp_path, condition), "asked")
    assert len(found["missing"]) == (1 if missing is None else len(missing))
    assert missing is None or found["missing"] == missing
    assert found["conditions"][0]["parts"]


def test_what_holds_is_not_missed_and_what_does_not_is_told_in_order(tmp_path: Path) -> None:
    found = one(asking(tmp_path, "text: parrot", "text: order", "from: '@elsewhere.example'"), "asked")
    assert [condition["held"] for condition in found["conditions"]] == [False, True, False]
    assert found["missing"] == ["text: parrot", "from: @elsewhere.example"]
    assert found["reason"] == found["conditions"][0]["reason"] == 'the text does not hold "parrot"'


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("refund", "I want a Refund now", "Refund"),
        ("cafe", "das  CAFÉ\n dort", "CAFÉ"),
        ("my order", "Where is\n My   Order, please", "My   Order"),
        ("strasse", "Hauptstraße? Nein, Straße 3", "Straße"),
        ("fin", "to the ﬁn", "ﬁn"),
        ("配達", "まだ配達されません", "配達"),
        ("end", "this is the end", "end"),
        ("café", "un cafe\u0301 froid", "cafe\u0301"),
    ],
)
def test_a_word_is_shown_as_it_stands_in_the_letter(word: str, text: str, found: str) -> None:
    span = Word.parse(word).span_in(text)
    assert span is not None
    assert text[slice(*span)] == found


def test_a_pattern_is_shown_where_it_matches_whatever_stands_before_it() -> None:
    assert Pattern.parse(r"order #?\d+").span_in("Größe 🙂 Order #555") == (8, 18)
    assert Pattern.parse("order").span_in("nothing") is None
    assert Word.parse("order").span_in("nothing") is None


# ---- exactly as it was decided ---------------------------------------------------------------------------------------


def whole(playbook: Json) -> bool:
    """Whether it is shown why: applied, or with the first condition that failed, or that it was not looked at."""
    if not playbook["at"]:
        return not playbook["applied"] and "which has not happened" in playbook["reason"]
    failed = [condition["reason"] for condition in playbook["conditions"] if not condition["held"]]
    if playbook["applied"]:
        return not failed and bool(playbook["conditions"] or playbook["reason"] == "it always applies")
    return failed[:1] == [playbook["reason"]]


@pytest.mark.parametrize(
    "story", ["earlier-date", "reopened", "several-apply", "resolving-drops-reminders", "two-cases"]
)
def test_what_was_seen_is_worked_out_again_as_it_was(tmp_path: Path, story: str) -> None:
    perform((STORIES / f"{story}.txt").read_text("utf-8"), tmp_path)
    register = Register(Store(store_at(tmp_path / "amends.db")), {"default": HOURS}, {"support": settings()})
    playbooks = [one for case in register.cases() for one in register.explain(case["id"])["playbooks"]]
    assert playbooks
    assert [one for one in playbooks if not whole(one)] == []
    register.close()


@pytest.mark.parametrize(
    ("when", "condition", "value"),
    [
        ("due_missed", "missed: acknowledgement", "acknowledgement"),
        ("feedback_received", "satisfied: false", False),
        ("message_received", "has_attachment: true", True),
        ("message_received", "chaser: true", True),
    ],
)
def test_what_only_one_occasion_knows_is_known_again(tmp_path: Path, when: str, condition: str, value: object) -> None:
    shop = asking(tmp_path, condition, when=when)
    first = shop.box.box.messages[0].message_id
    shop.box.arrive(WORDS["chaser"], after=first, attachments=(Attachment("bill.pdf", 9),))
    shop.pass_time(hours=3)
    shop.act(Rate(satisfied=False))
    found = one(shop, "asked")
    assert (found["applied"], found["when"]) == (True, when)
    assert [(look["held"], look["value"]) for look in found["conditions"]] == [(True, value)]


def test_what_was_forgotten_is_not_shown_and_the_verdict_stays(tmp_path: Path) -> None:
    shop = asking(tmp_path, "text: order")
    shop.desk.store.close()
    ask(tmp_path / "amends.db", "UPDATE letter SET text = '', subject = '', detail = ''")
    found = one(shop, "asked")
    assert (found["applied"], found["reason"], found["conditions"]) == (True, 'the text holds "order"', [])


def test_a_playbook_of_before_is_explained_by_the_file_it_was(tmp_path: Path) -> None:
    shop = asking(tmp_path, "text: order")
    shop.change(book(tmp_path / "playbooks", {"other": "name: asked\nwhen: resolved\nthen:\n  - tag: [y]\n"}))
    assert one(shop, "asked")["conditions"][0]["condition"] == "text: order"


def test_a_case_that_was_moved_is_explained_by_both_books(tmp_path: Path) -> None:
    shop = asking(tmp_path, "text: order", "not: {outcome: upheld}")
    shop.act(Resolve(at=shop.now, outcome="upheld"))
    text = "name: asked\nwhen: complaint_received\nif:\n  - not: {outcome: upheld}\nthen:\n  - tag: [y]\n"
    shop.change(book(tmp_path / "playbooks", {"other": text}))
    shop.act(Replan())
    playbooks = [playbook for playbook in explained(shop) if playbook["name"] == "asked"]
    assert [(whole(playbook), len(playbook["conditions"])) for playbook in playbooks] == [(True, 2), (True, 1)]


def test_what_was_offered_and_not_taken_says_what_took_its_place(tmp_path: Path) -> None:
    first = (
        "name: first\nwhen: complaint_received\nthen:\n  - assign: anna\n  - draft: {text: hello}\n"
        "  - due_by: {for: resolution, within: 2 business days}\n"
    )
    second = first.replace("first", "second").replace("anna", "bob").replace("hello", "good-day").replace("2 b", "4 b")
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"1": first, "2": second}))
    shop.now += timedelta(hours=10)
    shop.box.arrive(WORDS["complaint"], at=shop.now)
    shop.run()
    assert one(shop, "first")["unused"] == []
    assert one(shop, "second")["unused"] == [
        "the owner bob: anna owns it already",
        "the draft good-day: first offers one first",
        "resolution within 4 business days, Fri 06 Nov 2026 17:00 Europe/London: first promises it earlier",
    ]


def test_a_case_that_was_moved_says_what_took_whose_place_under_the_new_playbooks(tmp_path: Path) -> None:
    first = "name: first\nwhen: complaint_received\nthen:\n  - draft: {text: hello}\n"
    second = (
        "name: second\nwhen: complaint_received\nthen:\n  - draft: {text: good-day}\n"
        "  - due_by: {for: resolution, within: 4 business days}\n"
    )
    again = "name: third\nwhen: message_received\nthen:\n  - tag: [again]\n"
    faster = "  - due_by: {for: resolution, within: 2 business days}\n"
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"1": first + faster, "2": second, "3": again}))
    shop.now += timedelta(hours=10)
    shop.box.arrive(WORDS["complaint"], at=shop.now)
    shop.run()
    shop.box.arrive(WORDS["chaser"], after=shop.box.box.messages[0].message_id)
    shop.pass_time(minutes=5)
    shop.change(
        book(tmp_path / "other", {"1": first.replace("draft: {text: hello}", "tag: [x]"), "2": second, "3": again})
    )
    shop.act(Replan())
    before, after = (playbook for playbook in explained(shop) if playbook["name"] == "second")
    assert [one.split(",")[0].split(":")[0] for one in before["unused"]] == [
        "the draft good-day", "resolution within 4 business days"]  # fmt: skip
    assert after["unused"] == []


def test_what_came_too_late_to_be_promised_says_that_it_is_met(tmp_path: Path) -> None:
    base = "name: base\nwhen: complaint_received\nthen:\n  - due_by: {for: acknowledgement, within: 4 hours}\n"
    again = "name: again\nwhen: message_received\nthen:\n  - due_by: {for: acknowledgement, within: 1 hour}\n"
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"a": base, "b": again}))
    shop.now += timedelta(hours=10)
    shop.box.arrive(WORDS["complaint"], at=shop.now)
    shop.run()
    shop.act(SayReplied(at=shop.now, how="phone"))
    shop.box.arrive(WORDS["chaser"], after=shop.box.box.messages[0].message_id)
    shop.pass_time(minutes=5)
    (unused,) = one(shop, "again")["unused"]
    assert unused.startswith("acknowledgement within 1 hour, Mon 02 Nov 2026 ")
    assert unused.endswith(": it is met already")


def lines_of(shop: Shop) -> list[str]:
    """The explanation of the only case as a person reads it."""
    register = Register(shop.desk.store, {"default": HOURS}, {"support": settings()})
    return list(told(register, register.case(shop.case.id), register.explain(shop.case.id)))


def test_a_date_that_a_reply_began_anew_says_so_and_what_became_of_each(tmp_path: Path) -> None:
    text = (
        "name: promises\nwhen: complaint_received\nthen:\n"
        "  - due_by: {for: acknowledgement, within: 4 business hours}\n"
        "  - due_by: {for: update, every: 2 business days}\n"
    )
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"a": text}))
    shop.now += timedelta(hours=10)
    shop.box.arrive(WORDS["complaint"], at=shop.now)
    shop.run()
    assert "Update: 2 business days from the receipt, promised by promises" in lines_of(shop)
    shop.act(SayReplied(at=shop.now + timedelta(hours=1), how="phone"))
    lines = lines_of(shop)
    assert "Update: 2 business days from the last reply, promised by promises" in lines
    assert "  met Mon 02 Nov 2026 11:00 Europe/London by act" in lines
    assert "  open" in lines


def test_the_date_of_a_follow_up_has_its_working_too(tmp_path: Path) -> None:
    base = "name: base\nwhen: complaint_received\nthen:\n  - due_by: {for: acknowledgement, within: 2 hours}\n"
    after = "name: after\nwhen: resolved\nthen:\n  - follow_up: {after: 2 business days}\n"
    shop = Shop(tmp_path, book(tmp_path / "playbooks", {"a": base, "b": after}))
    shop.now += timedelta(hours=10)
    shop.box.arrive(WORDS["complaint"], at=shop.now)
    shop.run()
    shop.act(Resolve(at=shop.now, outcome="upheld"))
    lines = lines_of(shop)
    start = lines.index("Ask whether all is well: 2 business days from the resolution, by after")
    assert lines[start + 1 : start + 5] == [
        "  from Mon 2 Nov 2026 10:00 Europe/London", "  Mon 2 Nov: day 0", "  Tue 3 Nov: day 1", "  Wed 4 Nov: day 2",
    ]  # fmt: skip


def test_an_unknown_case_is_said_to_be_none(tmp_path: Path) -> None:
    shop = asking(tmp_path, "text: order")
    with pytest.raises(NoSuchCase):
        Register(shop.desk.store, {"default": HOURS}, {"support": settings()}).explain("c0")


def test_occasions_on_which_nothing_applied_never_push_out_those_on_which_something_did(tmp_path: Path) -> None:
    shop = asking(tmp_path, "text: still waiting", when="message_received")
    first = shop.box.box.messages[0].message_id
    for kind in ["chaser", *["thanks"] * 9]:
        shop.box.arrive(WORDS[kind], after=first)
        shop.pass_time(minutes=5)
    register = Register(shop.desk.store, {"default": HOURS}, {"support": settings()})
    lines = list(told(register, register.case(shop.case.id), register.explain(shop.case.id)))
    assert "Not shown: 5 earlier occasion(s) on which no playbook applied" in lines
    assert [line for line in lines if line.startswith("  yes")] == ["  yes  base: it always applies", "  yes  asked"]
    assert len([line for line in lines if line.startswith("  no   asked")]) == 4


# ---- the demo --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Register, set[str]]]:
    """The demo's letters, dealt with by the demo's playbooks; and the names of these."""
    folder, home = tmp_path_factory.mktemp("demo"), Path(plugin.demo.__file__).parent
    shutil.copytree(home / "playbooks", folder / "playbooks")
    (folder / "amends.yaml").write_text(CONFIG, "utf-8")
    given = load(folder / "amends.yaml")
    desk = open_desk(given, opening=lambda one: MemoryInbox(one.name))
    read = reader_of(given)
    letters = [read(raw) for path in sorted((home / "letters").glob("*.eml")) for _, raw in mails([path])]
    desk.receive("support", Page(cursor={}, messages=tuple(letters)))
    names = {playbook.name for playbook in desk.policies.book.playbooks}
    yield Register(desk.store, given.calendars, {one.name: one for one in given.inboxes}), names
    desk.close()


CONFIG = """\
inboxes:
  support: {kind: imap, host: 127.0.0.1, port: 1, tls: none, user: support@lighthouse.example, password: x,
            identities: [Lighthouse Lamps <support@lighthouse.example>], ours: ["@lighthouse.example"]}
hours:
  default: {zone: Europe/London, week: {mon-sat: "09:00-12:30, 13:30-18:00"}}
judge: {deep: off}
packs: [general]
playbooks: playbooks/
"""


def test_each_playbook_is_shown_for_every_case_of_the_demo(demo: tuple[Register, set[str]]) -> None:
    register, names = demo
    cases = register.cases()
    assert len(cases) > 20
    for case in cases:
        playbooks = register.explain(case["id"])["playbooks"]
        assert {playbook["name"] for playbook in playbooks} == names
        assert [playbook for playbook in playbooks if not whole(playbook)] == []


def test_every_span_of_the_demo_shows_the_words_it_names(demo: tuple[Register, set[str]]) -> None:
    register, _ = demo
    spans = 0
    for listed in register.cases():
        case = register.case(listed["id"])
        texts = {"text": case["own_text"], "subject": case["subject"]}
        for playbook in register.explain(case["id"])["playbooks"]:
            for span in filter(None, (condition["span"] for condition in playbook["conditions"])):
                assert texts[span["of"]][span["start"] : span["end"]] == span["text"]
                spans += 1
    assert spans > 20
