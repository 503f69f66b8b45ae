"""The playbooks' own tests: what they may expect, what is told where one fails, and whose are run."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from plugin.config import load
from plugin.owntests import Tried, run_own_tests
from plugin.playbook import playbook_schema
from plugin.source import Problems

SETTINGS = """\
inboxes:
  support: {kind: imap, host: 127.0.0.1, port: 1, tls: none, user: support@example.com, password: x,
            identities: [Support <support@example.com>], ours: ["@example.com"]}
hours:
  default: {zone: Europe/London, week: {mon-fri: "09:00-17:30"}}
judge: {deep: off}
packs: []
playbooks: my-playbooks/
"""
LATE = """\
name: late
when: complaint_received
if:
  - text: '/order #?\\d+/'
then:
  - tag: [parcel-desk]
  - due_by: {for: acknowledgement, within: 4 business hours}
  - due_by: {for: resolution, within: 7 days, from: day_after_receipt}
  - draft: {text: sorry}
"""
MAIL = """\
mail:
  subject: Where is it?
  at: 2026-11-20 16:00
  text: |
    My order 12345 has not arrived, it is two weeks late and nobody answers. I want my money back.
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with one playbook and two letters."""
    drafts = tmp_path / "my-playbooks" / "drafts"
    drafts.mkdir(parents=True)
    (tmp_path / "amends.yaml").write_text(SETTINGS)
    (drafts / "sorry.en.txt").write_text("Dear {name},\n\nwe are sorry that your order\nis late.\n")
    (drafts / "sorry.de.txt").write_text("Guten Tag,\n\nes tut uns leid.\n")
    return tmp_path


def tried(site: Path, *expect: str, mail: str = MAIL, playbook: str = LATE) -> Tried:
    """What came of tests that expect this of the mail, one each."""
    tests = [mail + indent(f"expect:\n{indent(dedent(one), '  ')}", "") for one in expect]
    lines = "".join(indent(f"- {indent(test, '  ').lstrip()}\n", "  ") for test in tests)
    (site / "my-playbooks" / "late.yaml").write_text(f"{playbook}tests:\n{lines}")
    return run_own_tests(load(site / "amends.yaml"))


def told(result: Tried) -> list[str]:
    """What is said of each failure, without the file."""
    return [failure.text.partition(": expected ")[2] for failure in result.failures]


def test_what_comes_as_it_is_expected_holds(site: Path) -> None:
    result = tried(
        site,
        "applies: true",
        "tags: [parcel-desk, complaint]",
        "due: {acknowledgement: 2026-11-23 11:30, resolution: 2026-11-27 24:00, update: none}",
        "due: {acknowledgement: 2026-11-23, resolution: 2026-11-27}",
        "due: {acknowledgement: 2026-11-23T11:30Z, resolution: any}",
        "draft: [Your order is LATE., we are sorry]",
        "not: {tags: vip, due: update, draft: voucher}",
    )
    assert result == Tried(7, 1, ())


def test_each_expectation_that_fails_says_what_came_instead(site: Path) -> None:
    result = tried(
        site,
        "applies: false\ntags: [vip]\ndue: {acknowledgement: 2026-11-24, update: any, resolution: none}\n"
        "draft: voucher\nnot: {tags: [parcel-desk], due: acknowledgement, draft: sorry}",
    )
    assert told(result) == [
        "that it does not apply, but it applies: the text holds /order #?\\d+/",
        "the tag `vip`, but the tags are complaint, category-delivery, severity-medium, parcel-desk",
        "acknowledgement due Tue 24 Nov 2026, but it is due Mon 23 Nov 2026 11:30 Europe/London, by playbook late",
        "update due date, but none is promised",
        "no resolution due date, but it is due Fri 27 Nov 2026 24:00 Europe/London, by playbook late",
        "a draft that says “voucher”, but the draft says “Dear [[their name]], we are sorry that your order is late.”",
        "no tag `parcel-desk`, but the tags are complaint, category-delivery, severity-medium, parcel-desk",
        "no acknowledgement due date, but it is due Mon 23 Nov 2026 11:30 Europe/London, by playbook late",
        "no draft that says “sorry”, but the draft says “Dear [[their name]], we are sorry that your order is late.”",
    ]


def test_a_failure_names_the_file_and_the_place_of_the_expectation(site: Path) -> None:
    (failure,) = tried(site, "applies: true\ntags: [parcel-desk, vip]").failures
    assert (failure.file, failure.line, failure.column) == (str(site / "my-playbooks" / "late.yaml"), 18, 27)
    assert failure.text.startswith("test “Where is it?”: expected the tag `vip`")


def test_a_mail_that_opens_no_case_says_so(site: Path) -> None:
    mail = "mail: {text: 'Do you sell lamps? My order 12345 came, thank you.'}\n"
    (failure,) = tried(site, "tags: [parcel-desk]", "applies: false", "not: {tags: [parcel-desk]}", mail=mail).failures
    assert "the tag `parcel-desk`, but this mail opens no case (score 0." in failure.text


def test_the_end_of_a_day_is_not_on_the_day_after(site: Path) -> None:
    (failure,) = told(tried(site, "due: {resolution: 2026-11-28}"))
    assert failure.endswith("but it is due Fri 27 Nov 2026 24:00 Europe/London, by playbook late")


@pytest.mark.parametrize("expect", ["{}", "due: {}", "applies: null", "not: null", "due: {}\nnot: {}"])
def test_a_test_that_could_not_fail_is_refused(site: Path, expect: str) -> None:
    with pytest.raises(Problems, match="nothing is expected: write applies, tags, due, draft or not"):
        tried(site, expect)


def test_the_language_of_a_mail_can_be_said(site: Path) -> None:
    mail = MAIL.replace("  at:", "  language: de\n  at:")
    assert told(tried(site, "draft: tut uns leid", mail=mail)) == []


@pytest.mark.parametrize(
    ("condition", "given"),
    [
        ("from: vip@example.org", "from: vip@example.org"),
        ("to: sales@example.com", "to: sales@example.com"),
        ("has_attachment: true", "has_attachment: true"),
        ("subject: where is it", "from: other@example.org"),
    ],
)
def test_a_mail_may_have_what_conditions_ask_for(site: Path, condition: str, given: str) -> None:
    playbook = LATE.replace("  - text: '/order #?\\d+/'", f"  - {condition}")
    mail = MAIL.replace("  at:", f"  {given}\n  at:")
    assert told(tried(site, "applies: true", playbook=playbook, mail=mail)) == []


def test_a_local_time_is_one_of_the_inbox(site: Path) -> None:
    settings = (site / "amends.yaml").read_text().replace("Europe/London", "America/New_York")
    (site / "amends.yaml").write_text(settings)
    assert (
        told(tried(site, "due: {acknowledgement: 2026-11-23 11:30}", "due: {acknowledgement: 2026-11-23T16:30Z}")) == []
    )


def test_a_playbook_that_is_switched_off_is_tested_as_if_it_were_on(site: Path) -> None:
    assert tried(site, "applies: true", playbook=f"enabled: false\n{LATE}") == Tried(1, 1, ())


def test_the_tests_of_a_pack_are_none_of_a_sites_business(site: Path) -> None:
    (site / "amends.yaml").write_text(SETTINGS.replace("packs: []", "packs: [general]"))
    assert tried(site, "applies: true", "not: {tags: [vip]}").tests == 2


def test_the_schema_knows_what_a_test_may_hold() -> None:
    known = playbook_schema()["$defs"]
    assert {"name", "mail", "expect"} == set(known["_OwnTestForm"]["properties"])
    assert {"subject", "text", "from", "to", "at", "language", "has_attachment"} == set(
        known["_OwnMailForm"]["properties"]
    )
