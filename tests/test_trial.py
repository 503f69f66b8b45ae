"""Trying a mail: where mails are found, from when they count, and that one trial knows nothing of another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin.source import Problems
from plugin.trial import Trial, counted_from, mails, settings_for
from tests.witness import written

ASKS = "Die Lampe flackert seit gestern."
BROKEN = "My order LL-10234 arrived broken and nobody answers. I want my money back."


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return Trial(settings_for(tmp_path_factory.mktemp("empty") / "amends.yaml"))


@pytest.mark.parametrize(
    ("head", "moment"),
    [
        (b"Received: by b; Mon, 2 Nov 2026 10:00:00 +0100\r\nDate: Sun, 1 Nov 2026 09:00:00 +0000\r\n", (2, 9)),
        (b"Received: from a\r\n\tby b (x; y)\r\n\tid 1; Mon, 2 Nov 2026 10:00:00 +0000\r\n", (2, 10)),
        (b"Received: by b; no date at all\r\nDate: Sun, 1 Nov 2026 09:00:00 +0000\r\n", (1, 9)),
        (b"Subject: x\r\nDate: Sun, 1 Nov 2026 09:00:00 +0000\r\n", (1, 9)),
    ],
)
def test_a_mail_counts_from_its_topmost_received_else_from_its_date(head: bytes, moment: tuple[int, int]) -> None:
    assert counted_from(head + b"\r\nDate: in the body\r\n") == datetime(2026, 11, *moment, tzinfo=UTC)


def test_a_mail_without_any_date_counts_from_now() -> None:
    before = datetime.now(UTC)
    assert before <= counted_from(b"Subject: x\r\n\r\n") <= datetime.now(UTC)


def test_one_trial_knows_nothing_of_the_one_before(trial: Trial) -> None:
    raw = written(BROKEN, subject="Broken lamp")
    first, second = trial.of("a", raw), trial.of("a", raw)
    assert first == second
    assert first["status"] == "open"


def test_a_letter_a_newsletter_and_an_ordinary_mail_are_told_apart_in_words(trial: Trial) -> None:
    complaint = trial.told(trial.of("a.eml", written(BROKEN, subject="Broken lamp")))
    letter = written("Our new lamps are here.", subject="News", List_Unsubscribe="<https://x.example>")
    assert complaint.startswith("a.eml: a complaint (score ")
    assert "  draft     acknowledgement" in complaint
    assert "does not apply: category is" in complaint
    assert trial.told(trial.of("b.eml", letter)).startswith("b.eml: no complaint: a machine wrote it")
    other = trial.told(trial.of("c.eml", written("Do you sell lamps?")))
    assert other.startswith("c.eml: no complaint (score ")
    assert other.splitlines()[2:] == [
        "  playbook  none is looked at: this mail opens no case",
        "  hint      `amends try --complaint` shows what comes once a person says that it is one",
    ]
    assert "  playbook  not now: chased (set off by message_received)" in complaint.splitlines()


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="there is no such file or folder"):
        list(mails([tmp_path / "nothing"]))


def test_what_may_be_a_complaint_waits_for_a_persons_word(trial: Trial) -> None:
    told = trial.told(trial.of("d.eml", written(ASKS)))
    assert told.startswith("d.eml: perhaps a complaint: a person is asked")
    assert "acknowledge (set off once a person says that this is a complaint)" in told


@pytest.mark.parametrize("text", ["Do you sell lamps?", ASKS])
def test_with_a_persons_word_any_mail_gets_what_a_complaint_gets(trial: Trial, text: str) -> None:
    result = trial.of("e.eml", written(text), insist=True)
    told = trial.told(result)
    assert told.startswith("e.eml: a complaint, as a person says (score ")
    assert "  draft     acknowledgement" in told and "hint" not in told
    assert not result["assessment"]["complaint"]


def test_what_is_due_first_stands_first(trial: Trial) -> None:
    result = trial.of("a.eml", written(BROKEN, subject="Broken lamp"))
    moments = {due["for"]: due["due_at"] for due in result["due"]}
    shown = [line.split()[1].rstrip(":") for line in trial.told(result).splitlines() if line.startswith("  due ")]
    assert shown == sorted(moments, key=lambda name: moments[name]) and len(shown) == 3


def test_who_writes_in_a_language_without_letters_is_told_of_in_one_line(trial: Trial) -> None:
    text = "La fattura è sbagliata: mi avete addebitato 129 euro e nessuno mi ha risposto. Voglio un rimborso."
    told = "no letters in Italian: this one is in English; add drafts/<name>.it.txt and phrases/it.yaml"
    italian = trial.of("a.eml", written(text, subject="Reclamo: fattura sbagliata"))
    assert [(draft["language"], draft["foreign"]) for draft in italian["drafts"]] == [("en", told)]
    assert trial.told(italian).count(f"    {told}\n") == 1
    english = trial.of("b.eml", written(BROKEN, subject="Broken lamp"))
    assert [(draft["language"], draft["foreign"]) for draft in english["drafts"]] == [("en", "")]
    assert "no letters in" not in trial.told(english)
