"""A playbook as one English sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugin.playbook import load_book, shipped_packs
from plugin.sentence import sentence
from tests.test_cli import run

HERE = Path(__file__).parent / "playbooks"


def said(folder: Path, text: str) -> str:
    """The sentence of the playbook in `text`."""
    (folder / "drafts").mkdir()
    for letter in ("acknowledgement", "still-satisfied", "goodwill"):
        (folder / "drafts" / f"{letter}.en.txt").write_text("Dear {name},\n")
    (folder / "only.yaml").write_text(text)
    (playbook,) = load_book([], folder).playbooks
    return sentence(playbook)


def golden() -> list[tuple[str, str, str]]:
    """The sections of sentences.txt: a title, a playbook, and its sentence."""
    sections = []
    for part in (HERE / "sentences.txt").read_text().split("=== ")[1:]:
        title, _, rest = part.partition("\n")
        text, _, wanted = rest.rpartition("---\n")
        sections.append((title, text, " ".join(wanted.split())))
    return sections


@pytest.mark.parametrize(("text", "wanted"), [pytest.param(text, wanted, id=title) for title, text, wanted in golden()])
def test_a_playbook_is_said_in_one_sentence(tmp_path: Path, text: str, wanted: str) -> None:
    assert said(tmp_path, f"name: a\n{text}") == wanted


def test_the_example_of_the_manual_is_said_like_this(tmp_path: Path) -> None:
    assert said(tmp_path, (HERE / "late-delivery.yaml").read_text()) == (
        "When a complaint is received and its category is delivery and its severity is medium, high or critical and "
        'either its subject holds "refund" or its text holds /order\\s+#?\\d{5,}/ or it comes from @example.org and '
        "it is not tagged vip: tag it parcel-desk, give it to parcel-desk, acknowledge it within 4 business hours, "
        "tell the customer how it stands at least every 3 business days, resolve it within 8 weeks, write the draft "
        "acknowledgement (an acknowledgement), 3 business days after the resolution ask whether all is well (with the "
        "draft still-satisfied) and 1 business day after the resolution offer voucher or thank-you-note worth up to "
        "15 EUR (with the draft goodwill)."
    )


@pytest.mark.parametrize("pack", shipped_packs())
def test_every_shipped_playbook_has_one_sentence_without_a_word_of_the_grammar(pack: str) -> None:
    for playbook in load_book([pack], None).playbooks:
        text = sentence(playbook)
        assert text.endswith(".")
        assert "\n" not in text
        assert not re.search(r"\w_\w|\b(due_by|within \d+ days?, every|None|Roll)\b", text), text


def test_check_says_each_when_asked_to_and_so_does_the_list_of_a_pack(tmp_path: Path) -> None:
    assert run(tmp_path, "init").exit_code == 0
    (tmp_path / ".env").write_text("SUPPORT_PASSWORD=secret\n")
    (tmp_path / "my-playbooks" / "late.yaml").write_text("name: late\nwhen: reopened\nthen:\n  - tag: late\n")
    line = "late: When a case is reopened: tag it late."
    assert line in run(tmp_path, "check", "-v").stdout.splitlines()
    assert line not in run(tmp_path, "check").stdout.splitlines()
    assert "  When a case is reopened: tag it second-attempt, " in run(tmp_path, "packs", "show", "general").stdout
