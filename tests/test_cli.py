"""The command line as people and scripts use it: what is printed, and the exit code."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from plugin.cli import main
from plugin.cli.acting import Until
from plugin.config import load
from plugin.desk import Desk
from plugin.desk.ledger import Policies
from plugin.inforce import book_of
from plugin.judge import Judge
from plugin.playbook import load_book, shipped_packs
from plugin.store import Store
from plugin.testing import MemoryInbox
from tests.shop import Shop, open_shop
from tests.witness import written

COMPLAINT = written("My order LL-10234 arrived broken. I want a replacement.\n", subject="Broken lamp")
QUESTION = written("Do you sell lamps?\n", subject="A question", sender="Bob <bob@example.net>")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A folder with everything; no server is needed for what is tested here."""
    return open_shop(tmp_path / "shop", 1, "secret")


def run(folder: Path, *args: str, stdin: bytes = b"") -> Result:
    """The command, in this process: starting one anew for each would take a second every time."""
    with contextlib.chdir(folder):
        return CliRunner().invoke(main, list(args), input=stdin)


def document(folder: Path, *args: str) -> Any:
    told = run(folder, *args, "--json")
    assert told.exit_code == 0, told.stderr
    return json.loads(told.stdout)


# ---- init and check -------------------------------------------------------------------------------------------------


def test_init_writes_files_that_only_lack_a_password(tmp_path: Path) -> None:
    assert run(tmp_path, "init").exit_code == 0
    (tmp_path / ".env").write_text("SUPPORT_PASSWORD=x\n")
    checked = run(tmp_path, "check")
    assert checked.exit_code == 0, checked.stdout
    assert "all is well: 1 inbox(es)" in checked.stdout
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    example = (tmp_path / "my-playbooks" / "example.yaml").read_text()
    assert example.startswith("# yaml-language-server: $schema=playbook.schema.json")
    schema = json.loads((tmp_path / "my-playbooks" / "playbook.schema.json").read_text())
    assert {"name", "when", "if", "then"} <= set(schema["properties"])


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text("mine\n")
    told = run(tmp_path, "init")
    assert told.exit_code == 0
    assert "kept   amends.yaml" in told.stdout
    assert (tmp_path / "amends.yaml").read_text() == "mine\n"


def test_init_refuses_the_source_tree() -> None:
    told = run(Path(__file__).parent.parent, "init")
    assert told.exit_code == 2
    assert "choose a folder of your own" in told.stderr


def test_check_tells_every_problem_of_every_file_at_once(shop: Shop) -> None:
    shop.playbook("late", "name: late\nabout: x\nwhen: complaint_recieved\nthen:\n  - tag: [a]\n")
    shop.playbook("soon", "name: soon\nabout: x\nwhen: resolved\nthen:\n  - due_by: {for: update, every: 3 day off}\n")
    shop.know()
    told = run(shop.folder, "check")
    assert told.exit_code == 2
    assert "late.yaml:3:7:" in told.stdout
    assert "did you mean complaint_received" in told.stdout.replace("`", "")
    assert "soon.yaml:5:" in told.stdout
    assert "SHOP_PASSWORD" in told.stdout
    assert "Traceback" not in told.stdout + told.stderr


def test_without_a_settings_file_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    for command in ("check", "run", "cases", "doctor"):
        told = run(tmp_path, command)
        assert told.exit_code == 2
        assert "amends init" in told.stderr
        assert len(told.stderr.splitlines()) == 1


def test_check_remarks_a_handful_of_what_the_playbooks_leave_out_and_all_is_still_well(shop: Shop) -> None:
    settings = shop.folder / "amends.yaml"
    settings.write_text(settings.read_text("utf-8").replace("packs: [general]", "packs: []"), "utf-8")
    for number in range(7):
        late = "due_by: {for: acknowledgement, within: 3 business days}"
        shop.playbook(f"r{number}", f"name: r{number}\nabout: x\nwhen: complaint_received\nthen:\n  - {late}\n")
    told = run(shop.folder, "check")
    assert told.exit_code == 0, told.stdout
    remarks = [line for line in told.stdout.splitlines() if "my-playbooks" in line]
    assert len(remarks) == 5
    assert remarks[0].startswith("remark: ")
    assert "no playbook writes a letter for complaints about delivery" in remarks[0]
    assert "r0.yaml:5:5: a first word after 3 business days" in remarks[3]
    assert "remark: and 5 more about the playbooks" in told.stdout
    assert "all is well" in told.stdout


def test_check_has_no_remark_about_the_shipped_playbooks(shop: Shop) -> None:
    told = run(shop.folder, "check")
    assert told.exit_code == 0, told.stdout
    assert "playbooks:" not in told.stdout


# ---- packs -----------------------------------------------------------------------------------------------------------


def test_the_packs_are_listed_without_any_settings(tmp_path: Path) -> None:
    told = run(tmp_path, "packs")
    assert told.exit_code == 0, told.stderr
    assert "bank            Banks and payment firms" in told.stdout
    found = {pack["name"]: pack for pack in document(tmp_path, "packs")["packs"]}
    assert sorted(found) == ["bank", "food-delivery", "general", "shop"]
    assert sorted(found["bank"]) == ["about", "as_of", "languages", "letters", "name", "playbooks"]
    assert found["general"]["languages"] == ["de", "en", "es", "fr"]
    assert found["shop"]["letters"] == 0


def test_a_pack_is_shown_with_each_value_its_reason_and_its_date(tmp_path: Path) -> None:
    told = run(tmp_path, "packs", "show", "bank")
    assert told.exit_code == 0, told.stderr
    assert "values as of 2026-11-22" in told.stdout
    assert "https://handbook.fca.org.uk/" in told.stdout
    standing = "  - due_by: {for: resolution, within: 4 weeks, roll: previous, draft: answer}\n"
    assert f"{standing}      Four weeks: half the 8" in told.stdout


@pytest.mark.parametrize("name", shipped_packs())
def test_a_pack_as_json_has_every_action_of_every_playbook(tmp_path: Path, name: str) -> None:
    shown = document(tmp_path, "packs", "show", name)
    assert sorted(shown) == ["about", "as_of", "letters", "name", "notes", "playbooks"]
    book = load_book([name], None)
    assert [playbook["name"] for playbook in shown["playbooks"]] == [playbook.name for playbook in book.playbooks]
    assert [len(playbook["then"]) for playbook in shown["playbooks"]] == [len(one.actions) for one in book.playbooks]
    assert all(playbook["why"] for playbook in shown["playbooks"])
    dated = [step for playbook in shown["playbooks"] for step in playbook["then"] if "due_by" in step["value"]]
    assert all(step["why"] for step in dated)


def test_an_unknown_pack_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    told = run(tmp_path, "packs", "show", "banks")
    assert told.exit_code == 2
    assert told.stderr == "packs: unknown pack `banks`: did you mean `bank`?\n"


# ---- looking and acting ---------------------------------------------------------------------------------------------


def test_an_empty_register_is_one_document_with_stable_keys(shop: Shop) -> None:
    assert document(shop.folder, "cases") == {"cases": []}
    assert document(shop.folder, "cases", "--open", "--due", "3d") == {"cases": []}
    assert document(shop.folder, "tasks") == {"tasks": []}
    assert document(shop.folder, "quarantine") == {"quarantine": []}


@pytest.mark.parametrize(
    "command",
    [
        ("show", "cnone"),
        ("explain", "cnone"),
        ("replan", "cnone"),
        ("resolve", "cnone", "--outcome", "upheld"),
        ("reopen", "cnone"),
        ("replied", "cnone", "--at", "2026-11-01", "--note", "by phone"),
        ("done", "cnone/1/acknowledge/1"),
        ("drop", "cnone/1/acknowledge/1", "--note", "no need"),
    ],
)
def test_an_unknown_case_is_a_sentence_and_exit_code_2(shop: Shop, command: tuple[str, ...]) -> None:
    told = run(shop.folder, *command)
    assert told.exit_code == 2
    assert "case cnone: there is none with this id" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("resolve", "c1", "--outcome", "fine"), "'fine' is not one of"),
        (("replied", "c1", "--at", "yesterday", "--note", "x"), "'yesterday' is no time"),
        (("replied", "c1", "--at", "2999-01-01", "--note", "x"), "is in the future"),
        (("done", "c1/1/goodwill/1", "--gave", "10 EUR"), "add --note"),
        (("cases", "--due", "soon"), "soon"),
        (("open", "--inbox", "nobody", "<x@y>"), "there is no inbox nobody"),
        (("frobnicate",), "No such command"),
    ],
)
def test_a_wrong_word_is_a_sentence_and_exit_code_2(shop: Shop, command: tuple[str, ...], words: str) -> None:
    told = run(shop.folder, *command)
    assert told.exit_code == 2
    assert words in told.stderr


def test_doctor_says_what_is_wrong_and_ends_with_1(shop: Shop) -> None:
    told = run(shop.folder, "doctor")
    assert told.exit_code == 1
    assert "ok   store" in told.stdout
    assert "FAIL support" in told.stdout


# ---- try ------------------------------------------------------------------------------------------------------------


def tried(folder: Path, *args: str, stdin: bytes = b"") -> list[dict[str, Any]]:
    told = run(folder, "try", "--json", *args, stdin=stdin)
    assert told.exit_code == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_try_tells_everything_about_a_complaint_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(COMPLAINT)
    (result,) = tried(tmp_path, "mail.eml")
    assert result["file"] == "mail.eml"
    assert result["status"] == "open"
    assert "complaint" in result["tags"]
    assert {due["for"] for due in result["due"]} == {"acknowledgement", "update", "resolution"}
    assert "LL-10234" in result["drafts"][0]["text"]
    assert {"name", "value"} == set(result["drafts"][0]["slots"][0])
    assert result["drafts"][0]["remarks"] == []
    own = result["assessment"]["own_text"]
    assert all(own[item["start"] : item["end"]] == item["text"] for item in result["assessment"]["evidence"])
    assert all(item["reason"] for item in result["playbooks"] if not item["applied"])
    assert [path.name for path in tmp_path.iterdir()] == ["mail.eml"]


def test_try_takes_folders_mboxes_and_standard_input(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.eml").write_bytes(COMPLAINT)
    (tmp_path / "a" / "2.eml").write_bytes(QUESTION)
    mbox = b"From a@b Fri Nov 20 10:00:00 2026\n" + COMPLAINT.replace(b"\r\n", b"\n") + b"\n"
    mbox += b"From a@b Fri Nov 20 10:00:01 2026\n" + QUESTION.replace(b"\r\n", b"\n") + b"\n"
    (tmp_path / "box").write_bytes(mbox)
    assert [item["status"] for item in tried(tmp_path, "a")] == ["open", None]
    assert [item["file"] for item in tried(tmp_path, "box")] == ["box#1", "box#2"]
    assert [item["status"] for item in tried(tmp_path, "-", stdin=COMPLAINT)] == ["open"]


def test_try_goes_on_after_a_mail_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(b"Subject: nobody wrote this\r\n\r\nx\r\n")
    (tmp_path / "2.eml").write_bytes(COMPLAINT)
    bad, good = tried(tmp_path, "1.eml", "2.eml")
    assert set(bad) == {"file", "error"}
    assert good["status"] == "open"


def test_try_counts_from_the_topmost_received(tmp_path: Path) -> None:
    received = b"Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0000\r\n"
    (tmp_path / "mail.eml").write_bytes(received + COMPLAINT)
    (result,) = tried(tmp_path, "mail.eml")
    assert result["received_at"] == "2026-11-02T10:00:00Z"


def test_try_uses_the_playbooks_of_the_folder_without_its_secrets(shop: Shop) -> None:
    shop.know()
    shop.playbook("mine", "name: mine\nabout: x\nwhen: complaint_received\nthen:\n  - tag: [parcel-desk]\n")
    (shop.folder / "mail.eml").write_bytes(COMPLAINT)
    (result,) = tried(shop.folder, "mail.eml")
    assert "parcel-desk" in result["tags"]
    assert not shop.store.exists()


def test_every_command_has_help(tmp_path: Path) -> None:
    for name in main.list_commands(click.Context(main)):
        told = run(tmp_path, name, "--help")
        assert told.exit_code == 0
        assert told.stdout.startswith("Usage: main")


def test_the_installed_command_ends_with_the_same_codes(tmp_path: Path) -> None:
    amends = Path(sys.executable).with_name("amends")
    told = subprocess.run([amends, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (2, "")
    assert "amends init" in told.stderr


def a_case(shop: Shop) -> str:
    """A case in the shop's store, taken in over the memory inbox under the shop's own settings."""
    settings = load(shop.folder / "amends.yaml")
    box = MemoryInbox()
    inboxes = {inbox.name: inbox for inbox in settings.inboxes}
    policies = Policies(book_of(settings), settings.calendars, inboxes)
    desk = Desk(Store(settings.store), {"support": box}, policies, Judge())
    desk.poll("support")
    text = "My order LL-10234 arrived broken, for the third time. Nobody has answered for weeks. I want a new one."
    box.arrive(text, subject="Broken lamp")
    desk.poll("support")
    desk.run_due()
    desk.close()
    (case,) = document(shop.folder, "cases")["cases"]
    return str(case["id"])


# ---- explain, replan and the playbooks' own tests --------------------------------------------------------------------

PARCELS = """\
name: parcels
when: complaint_received
if:
  - text: [parrot, broken]
then:
  - tag: [parcel-desk]
  - due_by: {for: resolution, within: 2 hours}
"""


def test_explain_shows_each_date_and_each_playbook_on_one_screen(shop: Shop) -> None:
    shop.playbook("parcels", PARCELS)
    case = a_case(shop)
    told = run(shop.folder, "explain", case).stdout
    assert re.search(r"Resolution: 2 hours from the receipt, promised by parcels\n  from .*\n(  .*\n)*  due ", told)
    assert '  yes  parcels\n         text: [parrot, broken]: the text holds "broken" (“broken”)\n' in told
    assert "         not used: resolution within " in told
    assert re.search(r"  no   rude-staff: category is [a-z-]+, not staff-conduct\n", told)
    assert "goodwill" in told.partition("\nNot looked at\n")[2]
    assert len(told.splitlines()) <= 60  # late in the evening the first date takes a line more


def test_explain_as_json_has_the_promised_keys(shop: Shop) -> None:
    shop.playbook("parcels", PARCELS)
    found = document(shop.folder, "explain", a_case(shop))
    assert set(found) >= {"id", "playbooks", "later"}
    assert all(set(one) >= {"name", "version", "applied", "reason", "conditions"} for one in found["playbooks"])
    (condition,) = next(one for one in found["playbooks"] if one["name"] == "parcels")["conditions"]
    assert set(condition) >= {"condition", "held", "value", "span"}
    assert (condition["held"], condition["value"], condition["span"]["text"]) == (True, "broken", "broken")


def test_replan_shows_the_difference_asks_and_does_it_once(shop: Shop) -> None:
    shop.playbook("parcels", PARCELS)
    case = a_case(shop)
    assert "nothing to do" in run(shop.folder, "replan", case).stdout
    shop.playbook("parcels", PARCELS.replace("parcel-desk", "front-desk").replace("2 hours", "3 hours"))
    asked = run(shop.folder, "replan", case, stdin=b"n\n")
    assert asked.exit_code == 1
    assert "  tags       off: parcel-desk\n  tags       on: front-desk\n" in asked.stdout
    assert "  due        resolution: " in asked.stdout
    assert "parcel-desk" in document(shop.folder, "show", case)["tags"]
    assert run(shop.folder, "replan", case, "--yes").exit_code == 0
    assert "front-desk" in document(shop.folder, "show", case)["tags"]
    assert "nothing to do" in run(shop.folder, "replan", case, "--yes").stdout


def test_the_test_that_init_writes_holds_and_one_that_fails_says_what_came(tmp_path: Path) -> None:
    run(tmp_path, "init")
    example = tmp_path / "my-playbooks" / "example.yaml"
    told = run(tmp_path, "check", "--tests")  # the password is still missing, and that hides nothing
    assert "1 test(s) of 1 playbook(s) hold" in told.stdout
    (tmp_path / ".env").write_text("SUPPORT_PASSWORD=x\n")
    assert run(tmp_path, "check", "--tests").exit_code == 0
    example.write_text(example.read_text().replace("applies: true", "applies: false"))
    told = run(tmp_path, "check", "--tests")
    assert told.exit_code == 2
    assert re.search(
        r"example\.yaml:23:16: test “an order that is late”: expected that it does not apply, but", told.stdout
    )
    assert run(tmp_path, "check").exit_code == 0


def test_tests_are_not_run_over_playbooks_that_cannot_be_read(shop: Shop) -> None:
    shop.playbook("parcels", PARCELS.replace("tag:", "tags:"))
    told = run(shop.folder, "check", "--tests")
    assert told.exit_code == 2
    assert told.stdout.count("\n") == 1


def test_an_act_says_what_was_recorded_and_needs_no_password(shop: Shop) -> None:
    case = a_case(shop)
    shop.know()
    assert "answered at 20" in run(shop.folder, "replied", case, "--at", now(), "--note", "by phone").stdout
    assert "resolved, upheld" in run(shop.folder, "resolve", case, "--outcome", "upheld").stdout
    assert "it was so already" in run(shop.folder, "resolve", case, "--outcome", "upheld").stdout
    assert "open again" in run(shop.folder, "reopen", case).stdout
    shown = document(shop.folder, "show", case)
    assert (shown["status"], shown["round"]) == ("open", 2)


def test_a_gesture_without_proof_is_done_but_said_not_to_count_and_can_be_proved_later(shop: Shop) -> None:
    case = a_case(shop)
    run(shop.folder, "resolve", case, "--outcome", "upheld")
    task = f"{case}/1/goodwill/1"
    assert "does not count as delivered" in run(shop.folder, "done", task).stdout
    proved = run(shop.folder, "done", task, "--gave", "10 EUR voucher", "--note", "by post on Monday")
    assert "does not count" not in proved.stdout
    (gesture,) = (item for item in document(shop.folder, "show", case)["tasks"] if item["kind"] == "goodwill")
    assert gesture["state"] == "done"
    assert "10 EUR voucher" in gesture["note"]


def test_a_task_is_put_off_and_what_was_promised_stays_promised(shop: Shop) -> None:
    case = a_case(shop)
    task, due = f"{case}/1/acknowledge/1", document(shop.folder, "show", case)["due"]
    assert (
        "comes up again at 2999-01-01 10:00 UTC"
        in run(
            shop.folder, "snooze", task, "--until", "2999-01-01T10:00Z", "--note", "she is away", "--as", "jo"
        ).stdout
    )
    shown = document(shop.folder, "show", case)
    (put_off,) = (item for item in shown["tasks"] if item["id"] == task)
    assert (put_off["state"], put_off["snoozed_until"]) == ("waiting", "2999-01-01T10:00:00Z")
    assert shown["due"] == due
    assert "put off to Tue 01 Jan 2999 10:00" in run(shop.folder, "show", case).stdout


@pytest.mark.parametrize(
    ("until", "problem"),
    [("2020-01-01", "is past, so no task can be put off to then"), ("5m", "to an earlier time than its own"),
     ("soon", "'soon' is no time")],
)  # fmt: skip
def test_a_task_is_not_put_off_to_a_time_that_does_not_fit(shop: Shop, until: str, problem: str) -> None:
    case = a_case(shop)
    told = run(shop.folder, "snooze", f"{case}/1/acknowledge/1", "--until", until)
    assert (told.exit_code, problem in told.stderr) == (2, True)


@pytest.mark.parametrize(
    ("written", "days", "clock"),
    [("tomorrow", (1,), "09:00"), ("tomorrow 7:30", (1,), "07:30"), ("Fri", range(1, 8), "09:00"),
     ("friday 14:05", range(1, 8), "14:05"), ("2 d", (2,), None)],
)  # fmt: skip
def test_a_time_to_come_is_understood_as_people_write_it(written: str, days: Sequence[int], clock: str | None) -> None:
    before = datetime.now(UTC).astimezone()
    found = Until().convert(written, None, None).astimezone()
    assert (found.date() - before.date()).days in days
    assert f"{found:%H:%M}" == clock or clock is None
    assert found.weekday() == 4 or "fri" not in written.lower()


def test_an_answer_or_an_end_in_the_future_or_before_the_complaint_is_refused(shop: Shop) -> None:
    case = a_case(shop)
    for command in (("resolve", case, "--outcome", "upheld"), ("replied", case, "--note", "by phone")):
        told = run(shop.folder, *command, "--at", "2999-01-01")
        assert (told.exit_code, "is in the future" in told.stderr) == (2, True)
    told = run(shop.folder, "replied", case, "--note", "by phone", "--at", "2020-01-01")
    assert (told.exit_code, "answers nothing of this round" in told.stderr) == (2, True)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


# ---- zendesk-app ----------------------------------------------------------------------------------------------------

ZENDESK = """\
web: {url: "https://amends.example.com/"}
inboxes:
  helpdesk:
    kind: zendesk
    subdomain: example
    email: bot@example.com
    token: ${ZENDESK_TOKEN}
"""


def test_the_sidebar_app_is_built_without_any_secret(tmp_path: Path) -> None:
    (tmp_path / "amends.yaml").write_text(ZENDESK)
    told = run(tmp_path, "zendesk-app", "build")
    assert (told.exit_code, "`sidebar_app: …`" in told.stdout) == (0, True), told.stderr
    with zipfile.ZipFile(tmp_path / "amends-sidebar-helpdesk.zip") as app:
        location = json.loads(app.read("manifest.json"))["location"]["support"]["ticket_sidebar"]
    assert location["url"] == "https://amends.example.com/sidebar/helpdesk"
    assert run(tmp_path, "zendesk-app", "build", "--inbox", "helpdesk", "--out", "app.zip").exit_code == 0
    assert (tmp_path / "app.zip").read_bytes() == (tmp_path / "amends-sidebar-helpdesk.zip").read_bytes()


@pytest.mark.parametrize(
    ("was", "becomes", "options", "said"),
    [
        ('web: {url: "https://amends.example.com/"}', "", (), "set `web: {url: https://…}` in amends.yaml"),
        ("https://amends.example.com/", "http://127.0.0.1:8025", (), "Zendesk takes only pages under https"),
        ("", "", ("--inbox", "support"), "there is no Zendesk inbox support - name one with --inbox: helpdesk"),
        ("", "", ("--out", "no/such/folder.zip"), "cannot be written"),
    ],
)
def test_what_the_sidebar_app_lacks_is_one_sentence(
    tmp_path: Path, was: str, becomes: str, options: tuple[str, ...], said: str
) -> None:
    (tmp_path / "amends.yaml").write_text(ZENDESK.replace(was, becomes) if was else ZENDESK)
    told = run(tmp_path, "zendesk-app", "build", *options)
    assert (told.exit_code in (1, 2), said in told.stderr) == (True, True), told.stderr


def test_the_sidebar_app_needs_a_zendesk_inbox_and_a_choice_among_several(shop: Shop, tmp_path: Path) -> None:
    assert "no inbox in amends.yaml is of `kind: zendesk`" in run(shop.folder, "zendesk-app", "build").stderr
    second = ZENDESK.partition("inboxes:\n")[2].replace("helpdesk", "second")
    (tmp_path / "amends.yaml").write_text(ZENDESK + second)
    told = run(tmp_path, "zendesk-app", "build")
    assert (told.exit_code, "there are several Zendesk inboxes" in told.stderr) == (2, True)


# ---- the judge ------------------------------------------------------------------------------------------------------


def test_nobody_has_corrected_a_new_judge(shop: Shop) -> None:
    assert document(shop.folder, "judge") == {"judge": 0, "corrections": []}
    assert "nobody has corrected the judge yet" in run(shop.folder, "judge").stdout
    assert "nothing to take back" in run(shop.folder, "judge", "--back").stdout


def test_a_correction_is_listed_with_what_the_judge_said(shop: Shop) -> None:
    case = a_case(shop)
    before = document(shop.folder, "show", case)["category"]
    other = "privacy" if before != "privacy" else "billing"
    assert f"it is {other}" in run(shop.folder, "correct", case, "--category", other, "--as", "mia").stdout
    (one,) = document(shop.folder, "judge")["corrections"]
    assert (one["case"], one["label"], one["was"], one["value"], one["by"]) == (case, "category", before, other, "mia")
    told = run(shop.folder, "judge").stdout
    assert f"category {other} (judged {before})" in told
    assert "amends judge --retrain" in told


def test_too_few_corrections_change_nothing_and_that_is_said(shop: Shop) -> None:
    run(shop.folder, "resolve", a_case(shop), "--outcome", "not-a-complaint")
    told = run(shop.folder, "judge", "--retrain")
    assert told.exit_code == 0
    assert "1 corrections are too few to tell" in told.stdout
    assert document(shop.folder, "judge", "--retrain")["kept"] is False
    assert document(shop.folder, "judge")["judge"] == 0


def test_a_correction_that_says_nothing_is_refused(shop: Shop) -> None:
    told = run(shop.folder, "correct", a_case(shop))
    assert told.exit_code == 2
    assert "--category or --severity" in told.stderr


def test_learning_and_taking_back_at_once_is_refused(shop: Shop) -> None:
    told = run(shop.folder, "judge", "--retrain", "--back")
    assert told.exit_code == 2
    assert "name one of them" in told.stderr


def test_the_judge_is_measured_on_mail_of_ones_own_without_any_settings(tmp_path: Path) -> None:
    for name, raw in (("complaint", COMPLAINT), ("not-a-complaint", QUESTION)):
        (tmp_path / "mail" / name).mkdir(parents=True)
        (tmp_path / "mail" / name / "1.eml").write_bytes(raw)
    (tmp_path / "mail" / "notes.eml").write_bytes(QUESTION)
    told = run(tmp_path, "judge", "--on", "mail")
    assert told.exit_code == 0, told.stderr
    assert "2 labelled mails, 1 without a label left out" in told.stdout
    found = document(tmp_path, "judge", "--on", "mail")
    assert found["figures"]["found"]["of"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mail"]


def test_mail_without_labels_cannot_be_measured_on_and_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(QUESTION)
    told = run(tmp_path, "judge", "--on", "one.eml")
    assert told.exit_code == 2
    assert "none of its 1 mails says" in told.stderr
    assert "not-a-complaint" in told.stderr


def test_a_phrase_of_ones_own_is_heard_and_a_wrong_one_is_named_with_its_line(shop: Shop) -> None:
    signs = shop.folder / "my-playbooks" / "signs"
    signs.mkdir(parents=True)
    (shop.folder / "mine.eml").write_bytes(written("My lamp arrived broken. The glimmer guild shall hear of it.\n"))
    assert "legal" not in document(shop.folder, "try", "mine.eml")["assessment"]["risks"]
    (signs / "en.yaml").write_text("risk-legal:\n  - glimmer guild\n")
    assert "legal" in document(shop.folder, "try", "mine.eml")["assessment"]["risks"]
    (signs / "en.yaml").write_text("risk-leagal:\n  - glimmer guild\n")
    told = run(shop.folder, "check")
    assert told.exit_code == 2
    assert "en.yaml:2:" in told.stdout
