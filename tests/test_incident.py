"""One outage: its facts file, the cases that belong to it, and letters that are about one person each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.decide import Correct, Reopen, Resolve, Undo
from plugin.desk.incidents import kept
from plugin.desk.ledger import Policies
from plugin.desk.spreading import Foreseen, Incidents, NoSuchIncident
from plugin.desk.work import Writing
from plugin.hours import Hours
from plugin.incident import GRACE, Incident, kept_incident, read_incident
from plugin.letters.alike import MOST, NEARLY, Lately, alike, personal, stock_of
from plugin.model import Draft
from plugin.playbook import load_book
from plugin.register import Register
from plugin.source import Problems
from plugin.store import Session, Store
from plugin.timeline import Case, Linked, Unlinked
from tests.outage import FACTS, Complaint, complaints
from tests.player import HOURS, MONDAY, WORDS, Shop, book, settings
from tests.stores import ON_BOTH, store_at

pytestmark = ON_BOTH

NOON = MONDAY + timedelta(hours=12)
PLAYBOOK = """\
name: shop
when: complaint_received
then:
  - due_by: {for: update, every: 3 business days}
  - draft: {text: hello}
"""
LETTER = """\
{greeting},

{incident_what}. It began on {incident_from}{if incident_until} and ended on {incident_until}{end}.

{if effect}
{effect}

{end}

{if incident_fix}
This was done: {incident_fix}.

{end}
{if incident_gesture}
{incident_gesture}

{end}
{signature}
"""
SIMPLE = "name: portal\nwhat: Nobody could log in\nfrom: 2026-11-02 06:40\n"
OUTAGE = "Your service has been down since this morning and nobody tells us anything. This is unacceptable, I complain."


# ---- the file -------------------------------------------------------------------------------------------------------


def reading(folder: Path, text: str, now: datetime = NOON) -> Incident:
    """The incident in this text, for a shop with one inbox and one letter."""
    path = folder / "outage.yaml"
    path.write_text(text, "utf-8")
    return read_incident(path, {"support": HOURS}, ["incident", "hello"], now)


def test_two_facts_are_enough(tmp_path: Path) -> None:
    incident = reading(tmp_path, SIMPLE)
    assert incident.what == {"": "Nobody could log in"}
    assert incident.span(HOURS) == (datetime(2026, 11, 2, 6, 40, tzinfo=UTC), None)
    assert str(incident.condition) == "[{category: service-outage}]"
    assert incident.letter == "incident"


def test_the_same_file_serves_inboxes_in_several_zones_unless_it_names_an_offset(tmp_path: Path) -> None:
    tokyo = Hours.parse("tokyo", "Asia/Tokyo", {"mon-fri": "09:00-17:00"})
    local = reading(tmp_path, SIMPLE)
    assert local.span(tokyo)[0] == datetime(2026, 11, 1, 21, 40, tzinfo=UTC)
    fixed = reading(tmp_path, SIMPLE.replace("06:40", "06:40+01:00"))
    assert fixed.span(tokyo)[0] == fixed.span(HOURS)[0] == datetime(2026, 11, 2, 5, 40, tzinfo=UTC)


WRONG = {
    "a key that is none": (f"{SIMPLE}untill: 2026-11-02 09:00\n", "4:1: unknown key `untill`: did you mean `until`?"),
    "a day without its time": (SIMPLE.replace(" 06:40", ""), "3:7: `2026-11-02` is a day: write the time too"),
    "a time without its day": (SIMPLE.replace("2026-11-02 ", ""), "3:7: `06:40` is no time: write it like"),
    "a name with blanks": (SIMPLE.replace("portal", "The Portal"), "1:7: `The Portal` cannot be a name"),
    "nothing that happened": ("name: portal\nwhat:\nfrom: 2026-11-02 06:40\n", "2:1: nothing stands here"),
    "a beginning to come": (SIMPLE.replace("2026", "2027"), "3:7: `from` lies in the future"),
    "no end, as some write it": (f"{SIMPLE}until: 9999-12-31 23:59\n", "4:8: `9999-12-31 23:59` is in no year"),
    "a beginning in no time": (SIMPLE.replace("2026-11-02", "0001-01-01"), "3:7: `0001-01-01 06:40` is in no year"),
    "an end before it": (f"{SIMPLE}until: 2026-11-02 05:00\n", "4:8: `until` is before `from`"),
    "a condition that is none": (f"{SIMPLE}if:\n  - categry: safety\n", "5:5: unknown key `categry`"),
    "what is not known yet": (f"{SIMPLE}if:\n  - outcome: upheld\n", "5:5: `outcome` is not known"),
    "an inbox there is not": (f"{SIMPLE}inboxes: [suport]\n", "4:11: unknown inbox `suport`"),
    "a letter there is not": (f"{SIMPLE}text: incidents\n", "4:7: there is no text `incidents`"),
    "a language that is none": (SIMPLE.replace("Nobody could log in", "{english: Nobody}"), "2:17: `english` is no"),
    "half of it in one language": (
        SIMPLE.replace("Nobody could log in", "{en: Nobody, de: Niemand}") + "fix: {en: restarted}\n",
        "4:1: write `fix` in the same languages as `what`: {en: …, de: …}",
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Problems) as caught:
        reading(tmp_path, text)
    assert any(f"outage.yaml:{said}" in str(problem) for problem in caught.value.problems), str(caught.value)


def test_what_can_be_read_once_can_be_read_again_from_the_store(tmp_path: Path) -> None:
    text = FACTS.format(since="2026-11-02 06:40")
    incident = reading(tmp_path, text)
    assert kept_incident(text, 3).what == incident.what
    assert kept("portal", "name: [", 1) is None


def test_complaints_from_before_it_and_from_long_after_it_do_not_belong_to_it(tmp_path: Path) -> None:
    incident = reading(tmp_path, f"{SIMPLE}until: 2026-11-02 09:00\n")
    began, ended = incident.span(HOURS)
    assert ended is not None
    minute = timedelta(minutes=1)
    moments = (began - minute, began, ended, ended + GRACE, ended + GRACE + minute)
    assert [incident.within(at, HOURS).held for at in moments] == [False, True, True, True, False]


def test_the_facts_are_told_in_the_customers_language_else_in_the_inboxs_else_in_english(tmp_path: Path) -> None:
    incident = reading(tmp_path, SIMPLE.replace("Nobody could log in", "{de: Niemand, en: Nobody}"))
    assert incident.languages("de-AT", "en") == ("de", "en")
    assert incident.languages("fr", "en") == ("en", "de")
    assert incident.languages("fr", "it") == ("en", "de")
    assert reading(tmp_path, SIMPLE).languages("de", "en") == ("en",)


# ---- cases ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return opened(tmp_path)


def opened(folder: Path) -> Shop:
    """A shop at noon, with a letter of its own for incidents."""
    texts = folder / "playbooks" / "drafts"
    texts.mkdir(parents=True)
    (texts / "incident.en.txt").write_text(LETTER, "utf-8")
    return Shop(folder, book(folder / "playbooks", {"shop": PLAYBOOK}), now=NOON)


def arrives(shop: Shop, text: str = OUTAGE, *, subject: str = "Down", sender: str = "anna@example.org",
            trusted: bool | None = None) -> Case:  # fmt: skip
    """A complaint comes and is dealt with."""
    message = shop.box.arrive(text, at=shop.now, subject=subject, sender=sender, trusted=trusted)
    shop.run()
    return next(case for case in shop.cases() if case.message == message.key)


def tells(shop: Shop, text: str, by: str = "maya") -> Foreseen:
    """A person opens the incident in this text; what was foretold of it."""
    incidents = Incidents(shop.desk.store, shop.desk.policies, shop.now)
    incident = reading(shop.folder, text, shop.now)
    found = incidents.foresee(incident)
    incidents.open(incident, by)
    shop.run()
    return found


def now(shop: Shop, case: Case) -> Case:
    """The case as it stands now."""
    return next(one for one in shop.cases() if one.id == case.id)


def fates(shop: Shop, case: Case) -> list[str]:
    return [draft.fate.value for draft in now(shop, case).drafts]


def lying(shop: Shop, case: Case) -> Draft:
    """The one draft of a case that lies in the inbox."""
    (found,) = (draft for draft in shop.box.box.drafts.values() if draft.case == case.id)
    return found


def test_open_cases_are_linked_and_their_untouched_drafts_written_anew(shop: Shop) -> None:
    case, other = arrives(shop), arrives(shop, WORDS["complaint"], subject="Lamp", sender="bob@example.net")
    found = tells(shop, SIMPLE)
    assert (found.linked, found.rewritten, dict(found.apart)) == ([case.id], 1, {"product-quality": 1})
    assert (now(shop, case).cause, now(shop, other).cause) == ("portal", "")
    assert fates(shop, case) == ["withdrawn", "written"]
    assert fates(shop, other) == ["written"]
    assert "Nobody could log in. It began on Monday 2 November at 06:40." in lying(shop, case).text
    assert lying(shop, other).text == "This is the letter hello.\n"


def test_who_complains_afterwards_is_linked_at_once_and_has_one_draft(shop: Shop) -> None:
    tells(shop, SIMPLE)
    case = arrives(shop)
    assert case.cause == "portal"
    assert fates(shop, case) == ["written"]
    linked = next(event for event in shop.timeline(case.id) if isinstance(event, Linked))
    assert (linked.reason, linked.message) == ("category is service-outage", case.message)


def test_a_corrected_fact_changes_the_letters_nobody_touched_and_no_others(shop: Shop) -> None:
    tells(shop, SIMPLE)
    people = ("untouched", "edited", "sent", "deleted")
    cases = {who: arrives(shop, subject=who, sender=f"{who}@example.org") for who in people}
    shop.box.edit_draft(lying(shop, cases["edited"]), "My own words.")
    shop.box.send_draft(lying(shop, cases["sent"]))
    del shop.box.box.drafts[lying(shop, cases["deleted"]).message_id]
    shop.run()
    found = tells(shop, f"{SIMPLE}until: 2026-11-02 11:30\nfix: we restarted it\n")
    assert (found.rewritten, dict(found.kept)) == (1, {"edited": 1, "sent": 1, "gone": 1})
    after = {who: fates(shop, case) for who, case in cases.items()}
    assert after == {
        "untouched": ["withdrawn", "written"], "edited": ["edited"], "sent": ["sent"], "deleted": ["gone"],
    }  # fmt: skip
    text = lying(shop, cases["untouched"]).text
    assert "ended on Monday 2 November at 11:30" in text
    assert "This was done: we restarted it." in text
    assert len(shop.box.box.drafts) == 2


def test_a_correction_that_changes_no_letter_writes_none(shop: Shop) -> None:
    tells(shop, SIMPLE)
    case = arrives(shop)
    assert tells(shop, f"# a remark\n{SIMPLE}").rewritten == 0
    assert fates(shop, case) == ["written"]
    assert now(shop, case).incident_version == 2


def test_who_was_being_answered_while_it_was_corrected_keeps_what_they_wrote(shop: Shop) -> None:
    tells(shop, SIMPLE)
    case = arrives(shop)
    incidents = Incidents(shop.desk.store, shop.desk.policies, shop.now)
    incidents.open(reading(shop.folder, f"{SIMPLE}fix: restarted\n"), "maya")
    shop.box.edit_draft(lying(shop, case), "My own words.")  # before the old draft could be taken back
    shop.run()
    assert lying(shop, case).text == "My own words."
    assert fates(shop, case) == ["edited"]


def test_a_case_that_the_corrected_facts_rule_out_is_let_go(shop: Shop) -> None:
    case = arrives(shop)
    tells(shop, SIMPLE)
    found = tells(shop, SIMPLE.replace("06:40", "12:01"))
    assert (found.unlinked, found.rewritten) == ([case.id], 1)
    assert (now(shop, case).cause, now(shop, case).incident) == ("", "")
    assert lying(shop, case).text == "This is the letter hello.\n"
    assert any(isinstance(event, Unlinked) for event in shop.timeline(case.id))


def test_once_it_is_closed_nobody_new_is_linked_and_opening_it_again_links_them(shop: Shop) -> None:
    tells(shop, SIMPLE)
    incidents = Incidents(shop.desk.store, shop.desk.policies, shop.now)
    incidents.close("portal", "maya")
    with pytest.raises(NoSuchIncident, match="closed already"):
        incidents.close("portal", "maya")
    with pytest.raises(NoSuchIncident, match="there is none of this name"):
        incidents.close("portall", "maya")
    case = arrives(shop)
    assert case.cause == ""
    tells(shop, SIMPLE)
    assert now(shop, case).cause == "portal"


def test_a_person_who_says_that_it_is_about_the_outage_after_all_has_it_linked(shop: Shop) -> None:
    case = arrives(shop, WORDS["complaint"], subject="Lamp")
    tells(shop, SIMPLE)
    assert now(shop, case).cause == ""
    shop.desk.act(case.id, Correct(category="service-outage", by="maya"))
    shop.run()
    assert now(shop, case).cause == "portal"
    assert fates(shop, case) == ["withdrawn", "written"]


def test_what_a_person_calls_the_cause_stands_and_else_the_incident_is_it(shop: Shop) -> None:
    tells(shop, SIMPLE)
    first, second = arrives(shop), arrives(shop, sender="bob@example.net")
    shop.desk.act(first.id, Resolve(at=shop.now, outcome="upheld", cause="a loose cable"))
    shop.desk.act(second.id, Resolve(at=shop.now, outcome="upheld"))
    assert [now(shop, case).cause for case in (first, second)] == ["a loose cable", "portal"]
    shop.desk.act(second.id, Reopen(by="maya"))
    assert now(shop, second).cause == "portal"


def test_who_states_another_outcome_later_keeps_the_cause_they_gave(shop: Shop) -> None:
    tells(shop, SIMPLE)
    case = arrives(shop)
    shop.desk.act(case.id, Resolve(at=shop.now, outcome="upheld", cause="a loose cable"))
    shop.desk.act(case.id, Resolve(at=shop.now, outcome="partly-upheld"))
    assert (now(shop, case).outcome, now(shop, case).cause) == ("partly-upheld", "a loose cable")


def test_a_draft_that_is_written_while_its_case_is_brought_in_line_tells_the_new_facts(shop: Shop) -> None:
    tells(shop, SIMPLE)
    shop.box.arrive(OUTAGE, at=shop.now, subject="Down", sender="anna@example.org")
    shop.desk.poll("support")
    desk = shop.desk

    class Meanwhile(Store):
        """The store of that desk, which writes the draft just before the second transaction of this one."""

        begun = 0

        @contextmanager
        def writing(self, inbox: str | None = None) -> Iterator[Session]:
            self.begun += 1
            if self.begun == 2:  # after the facts: what was worked out for the case is about to be stored
                Writing(desk.store, desk.policies, desk.inboxes, shop.now).run()
            with super().writing() as session:
                yield session

    other = Meanwhile(store_at(shop.folder / "amends.db"))
    Incidents(other, desk.policies, shop.now).open(reading(shop.folder, f"{SIMPLE}fix: restarted\n"), "maya")
    other.close()
    shop.run()
    assert "This was done: restarted." in lying(shop, shop.case).text
    assert fates(shop, shop.case) == ["withdrawn", "written"]


def test_a_case_of_an_inbox_that_is_set_up_no_more_holds_up_no_incident(shop: Shop) -> None:
    case = arrives(shop)
    tells(shop, SIMPLE)
    inboxes = {"other": settings("other", hours="uk")}
    policies = Policies(shop.book, {"uk": HOURS}, inboxes)  # no calendar is called default any more
    Incidents(shop.desk.store, policies, shop.now).open(reading(shop.folder, f"{SIMPLE}fix: restarted\n"), "maya")
    assert now(shop, case).incident_version == 2


def test_a_case_that_cannot_be_read_holds_up_no_other_and_no_word_of_it_is_logged(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    broken, other = arrives(shop), arrives(shop, sender="bob@example.net")
    with shop.desk.store.writing() as session:
        session.forget_letter(broken.id, broken.message)
        session.keep_letter(broken.id, broken.message, "message", OUTAGE, detail='{"own_text": "unacceptable')
        session.incidents.tell("portal", SIMPLE, shop.now, "maya")
    shop.run()
    assert now(shop, other).cause == "portal"
    assert f"case {broken.id}: it could not be brought in line" in caplog.text
    assert "unacceptable" not in caplog.text


def test_what_was_told_last_reaches_every_case_even_if_it_is_closed_at_once(shop: Shop) -> None:
    tells(shop, SIMPLE)
    case = arrives(shop)
    with shop.desk.store.writing() as session:
        session.incidents.tell("portal", f"{SIMPLE}fix: restarted\n", shop.now, "maya")  # and broken off here
    Incidents(shop.desk.store, shop.desk.policies, shop.now).close("portal", "maya")
    shop.run()
    assert "This was done: restarted." in lying(shop, case).text


def test_a_case_that_is_reopened_is_answered_by_the_facts_told_meanwhile(shop: Shop) -> None:
    tells(shop, SIMPLE)
    case = arrives(shop)
    shop.desk.act(case.id, Resolve(at=shop.now, outcome="upheld"))
    shop.run()
    tells(shop, f"{SIMPLE}fix: we restarted it\n")
    assert now(shop, case).incident_version == 1
    shop.desk.act(case.id, Reopen(by="maya"))
    shop.run()
    assert "This was done: we restarted it." in lying(shop, case).text


def test_a_text_that_names_no_incident_is_left_as_it_is(shop: Shop) -> None:
    (shop.folder / "playbooks" / "drafts" / "incident.en.txt").write_text("{greeting}, it is known.\n", "utf-8")
    shop.change(load_book((), shop.folder / "playbooks", calendars={"default": HOURS}))
    tells(shop, SIMPLE)
    case = arrives(shop)
    assert tells(shop, f"{SIMPLE}fix: restarted\n").rewritten == 0
    assert fates(shop, case) == ["written"]


def test_the_explanation_shows_the_conditions_and_the_words_behind_them(shop: Shop) -> None:
    case, other = arrives(shop), arrives(shop, WORDS["complaint"], subject="Lamp", sender="bob@example.net")
    tells(shop, SIMPLE)
    register = Register(shop.desk.store, {"default": HOURS}, {"support": settings()})
    (linked,) = register.explain(case.id)["incidents"]
    assert linked["linked"]
    words = linked["conditions"][1]["span"]
    assert OUTAGE[words["start"] : words["end"]] == words["text"] == "service has been down"
    (apart,) = register.explain(other.id)["incidents"]
    assert (apart["linked"], apart["reason"]) == (False, "category is product-quality, not service-outage")


def test_the_list_counts_its_cases_and_what_became_of_their_drafts(shop: Shop) -> None:
    tells(shop, SIMPLE)
    arrives(shop)
    shop.box.send_draft(lying(shop, arrives(shop, sender="bob@example.net")))
    shop.run()
    register = Register(shop.desk.store, {"default": HOURS}, {"support": settings()})
    (one,) = register.incidents()
    assert (one["name"], one["cases"], one["version"], one["from"]) == ("portal", 2, 1, "2026-11-02T06:40:00Z")
    assert one["drafts"] == {"written": 1, "edited": 0, "sent": 1, "gone": 0}


def test_mail_that_may_be_somebody_elses_gives_the_letter_no_word_when_it_is_written_anew(shop: Shop) -> None:
    case = arrives(shop, trusted=False)
    tells(shop, SIMPLE)
    draft = lying(shop, case)
    assert "Nobody could log in" in draft.text
    assert (draft.quoted, draft.to.name) == ("", "")


def test_as_many_as_were_written_can_be_written_anew_whatever_the_cap_of_the_hour(shop: Shop) -> None:
    cases = [arrives(shop, trusted=False, sender=f"c{number}@example.org") for number in range(20)]
    tells(shop, SIMPLE)
    assert [fates(shop, case) for case in cases] == [["withdrawn", "written"]] * 20


def test_facts_that_name_a_person_are_read_without_him_once_he_is_forgotten(shop: Shop) -> None:
    tells(shop, f"{SIMPLE}if:\n  - not: {{from: anna@example.org}}\n")
    with shop.desk.store.writing() as session:
        session.erasing.erase([], ["anna@example.org"], [])
    with shop.desk.store.reading() as session:
        (one,) = session.incidents.in_force()
    incident = kept(one.name, one.text, one.version)
    assert "anna" not in one.text
    assert incident is not None
    assert arrives(shop, sender="bob@example.net").cause == "portal"


def test_what_was_undone_has_no_draft_and_gets_none_by_a_correction(shop: Shop) -> None:
    tells(shop, SIMPLE)
    case = arrives(shop)
    shop.desk.act(case.id, Undo(by="maya"))
    shop.run()
    assert shop.box.box.drafts == {}
    assert tells(shop, f"{SIMPLE}fix: restarted\n").rewritten == 0
    assert shop.box.box.drafts == {}


# ---- alike ----------------------------------------------------------------------------------------------------------


def test_letters_are_compared_by_what_is_personal_in_them() -> None:
    source = "{greeting},\n\nThank you for writing to us. Your order {order} is late.\n\nKind regards,\n{signature}\n"
    stock = stock_of((source,), "en")
    text = "Dear Anna,\n\nThank you for writing to us. Your order LL-1 is late.\n\nKind regards,\nExample Ltd\n\n> hi"
    assert personal(text, stock, "Example Ltd") == "Your order LL-1 is late."


def test_the_same_words_are_alike_and_others_are_not() -> None:
    one = "We are sorry that you missed your train to Leeds and had to stay the night."
    other = "We are sorry that the library charged you a late fee for three books."
    assert alike(one, [other, one.upper()]) == 1.0
    assert alike(one, [other]) < 0.3
    assert alike(one, []) == 0.0
    assert alike("", [""]) == 1.0


def test_only_the_last_letters_to_other_cases_count() -> None:
    lately = Lately()
    for number in range(2 * MOST):
        lately.add(f"c{number}", "The very same letter to everybody who wrote to us.")
    assert lately.near("new", "The very same letter to everybody who wrote to us.") == MOST
    assert lately.near(f"c{2 * MOST - 1}", "The very same letter to everybody who wrote to us.") == MOST - 1
    assert lately.near("new", "Something quite different is said in this one letter.") == 0


def said(*, least: int = 0) -> st.SearchStrategy[str]:
    """Letters of few words, so that many are nearly the same."""
    words = st.lists(st.sampled_from(["we", "are", "sorry", "your", "parcel", "late."]), min_size=least, max_size=14)
    return words.map(" ".join)


@given(said(), st.lists(said(), max_size=6), st.lists(said(least=1), max_size=3))
def test_many_letters_are_held_against_one_as_one_by_one(text: str, others: list[str], stock: list[str]) -> None:
    known = stock_of(tuple(stock), "xx")
    lately = Lately({f"c{number}": other for number, other in enumerate(others)})
    near = [alike(personal(text, known), [personal(other, known)]) >= NEARLY for other in others]
    assert lately.near("new", text, known) == sum(near)


def test_a_draft_that_went_to_many_today_says_so(shop: Shop) -> None:
    cases = [arrives(shop, WORDS["complaint"], sender=f"c{number}@example.org") for number in range(5)]
    register = Register(shop.desk.store, {"default": HOURS}, {"support": settings()})
    said = [[remark["practice"] for remark in register.case(case.id)["drafts"][0]["remarks"]] for case in cases]
    assert [some.count("P8") for some in said] == [0, 0, 0, 1, 1]


# ---- two hundred letters --------------------------------------------------------------------------------------------


def outage(folder: Path) -> Shop:
    """A shop with the shipped playbooks and letters, on the morning of an outage."""
    return Shop(folder, load_book(["general"], None, calendars={"default": HOURS}), now=NOON)


@pytest.mark.parametrize("total", [40, pytest.param(200, marks=pytest.mark.long)])
def test_every_letter_about_one_outage_is_about_one_person(tmp_path: Path, total: int) -> None:
    shop = outage(tmp_path)
    tells(shop, FACTS.format(since="2026-11-02 06:40"))
    people = complaints(total)
    for person in people:
        shop.box.arrive(person.text, subject=person.subject, sender=person.email, name=person.name, at=shop.now)
    shop.run()
    written = {draft.to.email: draft.text for draft in shop.box.box.drafts.values()}
    assert {case.cause for case in shop.cases()} == {"portal-outage"}
    assert [person.text for person in people if not names_it(person, written[person.email])] == []
    assert nearest(shop, [written[person.email] for person in people]) < NEARLY


def names_it(person: Complaint, letter: str) -> bool:
    """Whether the letter tells when it began, and what it meant for this very person."""
    return "6:40" in letter and person.effect in letter.replace("’", "'")


def nearest(shop: Shop, letters: Sequence[str]) -> float:
    """How near the two letters come to each other that are most alike."""
    texts = [text for text in shop.book.texts if text.name == "incident"]
    stock = frozenset().union(*(stock_of((text.source,), text.language) for text in texts))
    bare = [personal(letter, stock, "Example Ltd") for letter in letters]
    return max(alike(one, [other]) for one, other in combinations(bare, 2))
