"""What the desk makes a letter of, and how its drafts are listed: ready, or waiting for a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from integrations.imap.letter import draft_bytes
from integrations.zendesk.note import told as note
from plugin.cli import main
from plugin.config import load
from plugin.decide import Reopen, Resolve
from plugin.desk.work import matter
from plugin.letters import Material
from plugin.model import Assessment
from plugin.timeline import Kind, Task
from tests.counter import FRIDAY, PLAYBOOKS, Counter
from tests.stores import store_at

WORDED = """Dear {name},

We are sorry: {sentence}.

{if answer_by}By {answer_by} you hear from us.{end}

{signature}
"""

SITE = (
    "store: sqlite:///amends.db\npacks: []\n"
    "hours: {default: {zone: Europe/London, week: {mon-fri: 09:00-17:30}}}\n"
    "inboxes:\n  support: {kind: imap, host: h.example, user: u, password: p, "
    "identities: [support@example.com]}\n"
)
ITALIAN = "La fattura è sbagliata: mi avete addebitato 129 euro e nessuno mi ha risposto. Voglio un rimborso."


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """The same business with a letter in which nothing is left to fill in."""
    monkeypatch.setitem(PLAYBOOKS, "drafts/hello.en.txt", WORDED)
    made = Counter(tmp_path)
    yield made
    made.close()


def material(counter: Counter, case_id: str, **changed: object) -> Material:
    """What the first letter of a case would be made of, had the case been so."""
    with counter.store.reading() as session:
        case = session.case(case_id)
    task = next(task for task in case.tasks if task.kind is Kind.DRAFT)
    policies, settings = counter.desk.policies, counter.desk.policies.inboxes["support"]
    judged = Assessment(complaint=True, maybe=False, score=0.9, category="delivery", asks=("refund",), own_text="Late.")
    assert isinstance(task, Task)
    return matter(policies, settings, replace(case, **changed), task, judged)[0]  # type: ignore[arg-type]


class TestMaterial:
    def test_a_persons_correction_counts_before_the_judges_word(self, counter: Counter) -> None:
        told = material(counter, counter.complaint("Parcel"), category="billing", asks=("apology",), heated=True)
        assert (told.category, told.assessment.category) == ("billing", "billing")
        assert (told.assessment.asks, told.assessment.heated) == (("apology",), True)

    def test_the_case_its_channel_and_what_was_attached_are_known(self, counter: Counter) -> None:
        case_id = counter.complaint("Parcel")
        told = material(counter, case_id, channel="review", has_attachment=True)
        assert (told.case, told.channel, told.attached) == (case_id, "review", True)

    def test_the_inbox_chooses_the_voice(self, counter: Counter) -> None:
        inboxes = counter.desk.policies.inboxes
        counter.desk.policies.inboxes = {"support": replace(inboxes["support"], voice="formal")}
        assert material(counter, counter.complaint("Parcel")).voice == "formal"

    def test_what_a_person_reopens_was_written_when_it_was_written(self, counter: Counter) -> None:
        case_id = counter.complaint("Parcel")
        counter.desk.act(case_id, Resolve(at=counter.now, outcome="upheld"))
        counter.later(days=10)
        counter.desk.act(case_id, Reopen(by="maya"))
        counter.work()
        assert material(counter, case_id).received_at == FRIDAY
        assert counter.draft("Parcel").quote_head == "On 20 November 2026, Anna Jones wrote:"

    def test_what_was_held_up_names_no_day_that_is_past(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The letter was to be written on Wednesday 25, and the program stood still until Monday 7 December."""
        monkeypatch.setitem(PLAYBOOKS, "drafts/hello.en.txt", "By {update_by}, or we call {call_times}.\n")
        planned = "  - due_by: {for: update, every: 3 business days, draft: hello}\n"
        monkeypatch.setitem(PLAYBOOKS, "answer.yaml", f"name: a\nabout: A.\nwhen: complaint_received\nthen:\n{planned}")
        with closing(Counter(tmp_path)) as counter:
            counter.complaint("Parcel")
            counter.later(days=17)
            assert counter.draft("Parcel").text == (
                "By Thursday 10 December, or we call on Tuesday 8 December between 09:00 and 11:00 or "
                "on Wednesday 9 December between 15:30 and 17:30.\n"
            )


class TestReadyOrNot:
    def test_a_draft_with_a_mark_needs_somebody(self, counter: Counter) -> None:
        case = counter.register.case(counter.complaint("Parcel"))
        (draft,) = case["drafts"]
        assert (draft["standing"], draft["marks"], case["needs_you"]) == ("needs you (1 mark)", 1, 1)
        assert counter.register.cases()[0]["needs_you"] == 1

    def test_a_draft_without_one_is_ready(self, sound: Counter) -> None:
        case = sound.register.case(sound.complaint("Parcel"))
        (draft,) = case["drafts"]
        assert (draft["standing"], draft["marks"], case["needs_you"]) == ("ready", 0, 0)
        assert "[[" not in draft["text"]

    def test_what_a_person_edited_is_theirs(self, counter: Counter) -> None:
        case_id = counter.complaint("Parcel")
        counter.mail.edit_draft(counter.draft("Parcel"), "Dear Anna, it is on its way.")
        counter.work()
        case = counter.register.case(case_id)
        assert (case["drafts"][0]["standing"], case["needs_you"]) == ("edited", 0)


class TestWhy:
    def test_it_is_kept_beside_the_draft(self, sound: Counter) -> None:
        (draft,) = sound.register.case(sound.complaint("Parcel"))["drafts"]
        first, second = draft["why"]
        assert first.startswith("Why these words: “We are sorry: ")
        assert second == "P5 takes up their own words; P9 a day they can count on"
        assert {"name": "name", "value": "Anna Jones"} in draft["slots"]

    def test_colleagues_read_it_in_a_note_and_nobody_in_the_draft(self, sound: Counter) -> None:
        sound.complaint("Parcel")
        draft = sound.draft("Parcel")
        assert draft.aside[-2].startswith("Why these words: ")
        assert "Why these words: " in note([draft])
        assert b"Why these words" not in draft_bytes(draft)

    def test_a_draft_of_an_earlier_amends_can_still_be_read(self, sound: Counter) -> None:
        case_id = sound.complaint("Parcel")
        (draft,) = sound.register.case(case_id)["drafts"]
        with sound.store.writing() as session:
            session.forget_letter(case_id, draft["message_id"])
            old = json.dumps([["name", "Anna Jones"]])
            session.keep_letter(case_id, draft["message_id"], "draft", draft["text"], detail=old)
        (again,) = sound.register.case(case_id)["drafts"]
        assert (again["slots"], again["why"]) == ([{"name": "name", "value": "Anna Jones"}], [])


class TestCommandLine:
    def test_show_and_cases_say_what_waits_for_a_person(self, tmp_path: Path, counter: Counter) -> None:
        case_id = counter.complaint("Parcel")
        counter.close()
        (tmp_path / "amends.yaml").write_text(SITE.replace("sqlite:///amends.db", store_at(tmp_path / "amends.db")))
        assert load(tmp_path / "amends.yaml").inboxes[0].name == "support"
        listed, shown = (
            CliRunner().invoke(main, ["--config", str(tmp_path / "amends.yaml"), *command]).output
            for command in (["cases"], ["show", case_id])
        )
        assert listed.rstrip().endswith("needs you: 1 draft")
        assert "draft  acknowledgement: needs you (1 mark) (Drafts/1)" in shown
        assert "no letters in" not in shown

    def test_show_says_that_a_letter_is_not_in_the_language_they_wrote_in(
        self, tmp_path: Path, counter: Counter
    ) -> None:
        counter.mail.arrive(ITALIAN, subject="Reclamo: fattura sbagliata", at=counter.now)
        counter.work()
        (case,) = counter.register.cases()
        counter.close()
        (tmp_path / "amends.yaml").write_text(SITE.replace("sqlite:///amends.db", store_at(tmp_path / "amends.db")))
        show = ["--config", str(tmp_path / "amends.yaml"), "show", case["id"]]
        told = "no letters in Italian: this one is in English; add drafts/<name>.it.txt and phrases/it.yaml"
        assert f"       {told}\n" in CliRunner().invoke(main, show).output
        (draft,) = json.loads(CliRunner().invoke(main, [*show, "--json"]).output)["drafts"]
        assert (draft["language"], draft["foreign"]) == ("en", told)

    def test_a_trial_prints_the_slots_and_the_reasons(self, tmp_path: Path) -> None:
        mail = tmp_path / "a.eml"
        mail.write_text(
            "From: Anna Jones <anna@example.org>\nTo: support@example.com\nSubject: Parcel\n\n"
            "My order LL-10234 has not arrived, it is two weeks late and nobody answers. I want a refund now!\n"
        )
        told = CliRunner().invoke(main, ["--config", str(tmp_path / "amends.yaml"), "try", str(mail)]).output
        assert re.search(r"\n    slot    \w+: .*LL-10234", told)
        assert "Why these words: " in told
