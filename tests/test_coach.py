"""Wording as people meet it: `amends letters check`, remarks on drafts and replies, and `amends coach`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from plugin.cli import main
from plugin.model import Draft
from plugin.store import edited_key
from tests.counter import COMPLAINT, PLAYBOOKS, Counter
from tests.stores import store_at

SETTINGS = """\
store: sqlite:///amends.db
inboxes:
  support:
    kind: imap
    host: mail.example.com
    user: support@example.com
    password: secret
    identities: [Example Support <support@example.com>]
packs: [general]
playbooks: mine/
"""
BAD = "Dear Anna,\n\nWe are sorry for any inconvenience caused.\nThis is not our fault.\n"
GOOD = "{greeting},\n\nWe are sorry that {product} came broken. By {answer_by} you hear from us.\n"


def run(folder: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(folder / "amends.yaml"), *args])


def checked(folder: Path, name: str, text: str, *options: str) -> Result:
    (folder / name).write_text(text, "utf-8")
    return run(folder, "letters", "check", *options, str(folder / name))


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path)


# ---- letters check --------------------------------------------------------------------------------------------------


def test_each_remark_is_a_line_with_its_place_its_practice_and_what_is_better(tmp_path: Path) -> None:
    told = checked(tmp_path, "hello.en.txt", BAD)
    first, second = told.stdout.splitlines()
    assert first.startswith(
        f"{tmp_path}/hello.en.txt:3:8: sorry for any inconvenience caused: P29, vague-apology: I am sorry"
    )
    assert second.startswith(f"{tmp_path}/hello.en.txt:4:9: not our fault: P15, blame: ")
    assert told.exit_code == 1


def test_a_letter_with_slots_and_no_remark_is_well(tmp_path: Path) -> None:
    told = checked(tmp_path, "hello.en.txt", GOOD)
    assert (told.stdout, told.exit_code) == ("1 letter, no remarks\n", 0)


def test_what_is_wrong_with_the_letter_language_is_told_too(tmp_path: Path) -> None:
    told = checked(tmp_path, "hello.en.txt", GOOD + "{if order}Order {ordr}.\n")
    assert ":4:1: {if order} is never closed" in told.stdout
    assert ":4:17: unknown slot {ordr}: did you mean order?" in told.stdout
    assert told.exit_code == 1


def test_the_language_is_told_by_the_name_else_by_the_option_else_by_the_words(tmp_path: Path) -> None:
    german = "Das ist leider nicht unsere Schuld, und wir haben es Ihnen auch so geschrieben.\n"
    for name, options in (("a.de.txt", ()), ("b.txt", ("--lang", "de")), ("c.txt", ())):
        assert "nicht unsere Schuld: P15" in checked(tmp_path, name, german, *options).stdout
    told = checked(tmp_path, "d.txt", "12345\n")
    assert "its language is not known: call it name.en.txt" in told.stdout


def test_of_a_language_without_a_list_it_is_said_that_nothing_was_looked_for(tmp_path: Path) -> None:
    told = checked(tmp_path, "ciao.it.txt", "Non è colpa nostra.\n")
    assert told.stdout.splitlines()[0].startswith(
        "no list of words for `it`, so its tone was not looked at: tone/it.yaml"
    )
    assert told.exit_code == 0


def test_a_letter_called_after_its_purpose_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    cold = "Dear Anna,\n\nyour parcel leaves today.\n"
    assert ":1:1: (the whole letter): P13, no-empathy: " in checked(tmp_path, "answer.en.txt", cold).stdout
    assert checked(tmp_path, "other.en.txt", cold).exit_code == 0
    assert (
        "leave us a review: P22"
        in checked(tmp_path, "goodwill.en.txt", "We are sorry. Please leave us a review.").stdout
    )


def test_a_file_that_cannot_be_read_ends_with_2_and_the_others_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "bad.en.txt").write_text(BAD)
    told = run(tmp_path, "letters", "check", str(tmp_path / "none.en.txt"), str(tmp_path / "bad.en.txt"))
    assert "none.en.txt:1:1: cannot be read" in told.stdout
    assert "not our fault: P15" in told.stdout
    assert told.exit_code == 2


def test_words_of_the_site_count_and_what_is_wrong_with_them_check_tells(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text(SETTINGS)
    (tmp_path / "mine" / "tone").mkdir(parents=True)
    (tmp_path / "mine" / "tone" / "en.yaml").write_text(
        "remarks:\n  jargon:\n    - find: blue desk\n      better: us\n"
    )
    told = checked(tmp_path, "hello.en.txt", "We are sorry that the blue desk did not call.\n")
    assert "blue desk: P13, jargon: us" in told.stdout
    (tmp_path / "mine" / "tone" / "en.yaml").write_text("remarks:\n  jargon:\n    - find: /(/\n      better: us\n")
    told = run(tmp_path, "check")
    assert "tone/en.yaml:3:13: the pattern /(/ has a round bracket without its partner" in told.stdout
    assert told.exit_code == 2


# ---- drafts and replies ---------------------------------------------------------------------------------------------


def the_draft(counter: Counter) -> Draft:
    (draft,) = counter.mail.box.drafts.values()
    return draft


def test_a_draft_that_a_person_edited_is_kept_in_their_own_words_and_looked_at(counter: Counter) -> None:
    case = counter.complaint("Late again")
    quoted = "\n\nOn 20 November 2026, Anna Jones wrote:\n> This is not our fault, you said.\n"
    counter.mail.edit_draft(the_draft(counter), "Dear Anna,\n\nThis is not our fault." + quoted)
    counter.work()
    (draft,) = counter.register.case(case)["drafts"]
    assert draft["state"] == "edited"
    assert "not our fault" in draft["text"] and "> This" not in draft["text"]
    assert "thank you for writing" in draft["composed"]
    (remark,) = [remark for remark in draft["remarks"] if remark["kind"] == "blame"]
    assert draft["text"][remark["start"] : remark["end"]] == remark["text"] == "not our fault"


def test_what_a_person_made_of_a_draft_is_kept_once_and_forgotten_with_the_rest(counter: Counter) -> None:
    case = counter.complaint("Late again")
    key = edited_key(the_draft(counter).message_id)
    counter.mail.edit_draft(the_draft(counter), "In my own words.")
    counter.work()
    counter.work()
    with counter.store.reading() as session:
        assert (session.letter(case, key) or {})["text"] == "In my own words."
    with counter.store.writing() as session:
        session.erasing.erase([case], ["anna@example.org"], [])
        assert session.letter(case, key) is None


def test_try_prints_the_remarks_on_a_draft_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text(SETTINGS)
    (tmp_path / "mine" / "drafts").mkdir(parents=True)
    (tmp_path / "mine" / "drafts" / "late-delivery.en.txt").write_text(BAD)
    mail = tmp_path / "late.eml"
    mail.write_text(f"From: Anna <anna@example.org>\nTo: support@example.com\nSubject: Late\n\n{COMPLAINT}\n")
    (draft,) = json.loads(run(tmp_path, "try", "--json", str(mail)).stdout)["drafts"]
    found = [(one["kind"], one["practice"]) for one in draft["remarks"]]
    assert found == [("no-empathy", "P13"), ("vague-apology", "P29"), ("blame", "P15")]
    first = draft["remarks"][1]
    assert draft["text"][first["start"] : first["end"]] == first["text"] == "sorry for any inconvenience caused"
    assert "    remark  P15  “not our fault”: " in run(tmp_path, "try", str(mail)).stdout


def test_show_tells_the_remarks_on_what_was_sent(counter: Counter) -> None:
    case = answered(counter, "Late", "This is not our fault.")
    (reply,) = counter.register.case(case)["replies"]
    assert reply["text"] == "This is not our fault."
    assert [(one["kind"], one["start"]) for one in reply["remarks"]] == [("blame", 8)]


def test_show_says_why_a_draft_is_worded_so_only_while_there_is_one_and_what_is_due_first_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLAYBOOKS, "drafts/hello.en.txt", "Dear {name},\n\n{thanks}\n")
    counter = Counter(tmp_path)
    lies, gone = counter.complaint("Late"), answered(counter, "Late too", "You hear from me by Friday.")
    dues = counter.register.case(gone)["due"]
    counter.close()
    (tmp_path / "amends.yaml").write_text(SETTINGS.replace("sqlite:///amends.db", store_at(tmp_path / "amends.db")))
    (tmp_path / "mine").mkdir()
    assert "Why these words" in run(tmp_path, "show", lies).stdout
    told = run(tmp_path, "show", gone).stdout
    assert "acknowledgement: withdrawn" in told and "Why these words" not in told
    shown = [line.split()[1].rstrip(":") for line in told.splitlines() if line.startswith("due ")]
    assert shown == [due["for"] for due in sorted(dues, key=lambda due: str(due["due_at"]))]


# ---- coach ----------------------------------------------------------------------------------------------------------


def answered(
    counter: Counter, subject: str, text: str, sender: str = "anna@example.org", name: str = "Anna Jones"
) -> str:
    case = counter.complaint(subject, sender=sender, name=name)
    theirs = counter.mail.box.messages[-1].message_id
    counter.mail.arrive(text, sender=sender, subject=f"Re: {subject}", after=theirs, sent=True, at=counter.now)
    counter.work()
    return case


def coached(counter: Counter) -> dict[str, Any]:
    found = counter.register.coaching(counter.now.replace(day=1))
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def test_coaching_counts_what_was_sent_with_examples_and_what_goes_well(counter: Counter) -> None:
    vague = [answered(counter, f"Late {n}", "We are sorry for any inconvenience caused.") for n in range(4)]
    answered(counter, "Late 9", "I understand how long that was. The parcel is with you on Thursday 26 November.")
    found = coached(counter)
    assert found["replies"] == 5
    (group,) = found["groups"]
    assert (group["inbox"], group["language"], group["replies"]) == ("support", "en", 5)
    assert group["well"] == {"feeling": 1, "day": 1, "clean": 1}
    (remark,) = group["remarks"]
    assert (remark["kind"], remark["practice"], remark["count"]) == ("vague-apology", "P29", 4)
    assert len(remark["examples"]) == 3
    assert {one["case"] for one in remark["examples"]} < {*vague}
    assert {one["text"] for one in remark["examples"]} == {"sorry for any inconvenience caused"}
    assert remark["better"].startswith("I am sorry that …")


def test_coaching_names_no_customer(counter: Counter) -> None:
    answered(counter, "Late", "Anna Jones, you claim that the Jones parcel never came; we will tell Anna soon.")
    said = json.dumps(coached(counter))
    assert "Anna" not in said and "Jones" not in said and "anna@example.org" not in said
    assert "undated-promise" in said


def test_coaching_knows_a_name_by_its_genitive_without_its_accents_and_by_the_address(counter: Counter) -> None:
    answered(counter, "Late", "We will tell MÜLLER soon.", sender="j.m@example.org", name="Jo\u0308rg Mu\u0308ller")
    answered(counter, "Later", "We will look at Mullers parcel soon.", sender="j@example.org", name="Jörg Müller")
    answered(counter, "Latest", "We will tell Kowalski soon.", sender="kowalski7@example.org", name="K.")
    said = json.dumps(coached(counter), ensure_ascii=False).casefold()
    assert "undated-promise" in said
    assert not any(name in said for name in ("müller", "muller", "kowalski"))


def test_without_a_reply_coaching_says_so(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text(SETTINGS)
    (tmp_path / "mine").mkdir()
    told = run(tmp_path, "coach")
    assert "no reply was sent in that time" in told.output
    assert told.exit_code == 0
    assert json.loads(run(tmp_path, "coach", "--json", "--since", "7d").stdout)["replies"] == 0
