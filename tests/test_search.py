"""Cases are found by words: the same ones in every database, whatever anybody types, and as long as they are kept."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.decide import Resolve
from plugin.desk.erasing import Erasing
from plugin.desk.keeping import index
from plugin.store import Store
from plugin.store.search import folded, wanted, words_in
from tests.counter import COMPLAINT, Counter
from tests.stores import ON_BOTH, on_postgresql, store_at
from tests.test_cli import run

pytestmark = ON_BOTH


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def complaint(
    counter: Counter, subject: str, text: str = "", *, sender: str = "anna@example.org", name: str = ""
) -> str:
    """A complaint that says this arrives; the id of its case."""
    known = {case["id"] for case in counter.register.cases()}
    counter.now += timedelta(minutes=1)
    counter.mail.arrive(f"{COMPLAINT}\n{text}", subject=subject, sender=sender, name=name, at=counter.now)
    counter.work()
    return next(str(case["id"]) for case in counter.register.cases() if case["id"] not in known)


def found(counter: Counter, words: str) -> list[str]:
    return [case["subject"] for case in counter.register.search(words)]


# ---- what is found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indexed", [True, False])
def test_a_case_is_found_by_its_id_its_customer_its_subject_and_its_letters(counter: Counter, *, indexed: bool) -> None:
    case = complaint(counter, "Broken kettle", "It leaks at the spout.", sender="zoe@example.net", name="Zoë Müller")
    complaint(counter, "Lamp")
    if indexed:
        assert index(counter.store) == 2
    for words in (case, "kettle", "zoe@example.net", "Zoe Muller", "SPOUT", "leaks broken", "spou*"):
        assert found(counter, words) == ["Broken kettle"], words
    assert found(counter, "kettle lamp") == []
    assert found(counter, "spou") == []


def test_a_letter_of_ours_is_found_once_it_was_sent(counter: Counter) -> None:
    complaint(counter, "Kettle", name="Anna Jones")
    assert found(counter, "thank writing") == []
    counter.mail.send_draft(counter.draft("Kettle"), at=counter.now)
    counter.work()
    for _ in range(2):
        assert found(counter, "thank writing") == ["Kettle"]
        index(counter.store)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Die Straße nach Łódź war gesperrt", "strasse lodz"),
        ("Żółta łódź, wysłana późno", "zolta wyslana pozno"),
        ("Le café était fermé", "CAFE etait ferme"),
        ("荷物が届きません。返金してください", "返金"),
        ("荷物が届きません。返金してください", "届きません"),
        ("荷物が届きません", "荷"),
        ("退款在哪里", "退款"),
        ("환불해 주세요", "환불"),
        ("ขอคืนเงินด้วย", "คืนเงิน"),
        ("Посылка не пришла", "посылка"),
        ("Το δέμα δεν ήρθε", "δεμα ηρθε"),
        ("الطرد لم يصل", "الطرد"),
        ("החבילה לא הגיעה", "החבילה"),
        ("order #10-234/b", "10-234"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
    ],
)
def test_words_of_every_language_are_found(counter: Counter, text: str, words: str) -> None:
    complaint(counter, "Theirs", text)
    complaint(counter, "Another")
    assert found(counter, words) == ["Theirs"]
    index(counter.store)
    assert found(counter, words) == ["Theirs"]


HOSTILE = [
    "", " ", '"', "'", "\\", "*", "a*b*", "**", "NEAR(a b, 2)", "a AND", "OR", "NOT x", "-x", "x:y", "{a b}", "^kettle",
    "kettle' OR 1=1 --", "'; DROP TABLE complaint; --", ":*", "& | ! <->", "(((((", ")", "\0", "a\0b", "\ud800", "%",
    "_", "kettle" * 2000, "a " * 5000, "\N{COMBINING ACUTE ACCENT}" * 999, "ﷺ" * 1000, "\N{ZERO WIDTH JOINER}", "😀",
]  # fmt: skip


@pytest.mark.parametrize("indexed", [True, False])
def test_whatever_somebody_types_is_only_words(counter: Counter, *, indexed: bool) -> None:
    complaint(counter, "Kettle")
    if indexed:
        index(counter.store)
    for asked in HOSTILE:
        assert set(found(counter, asked)) <= {"Kettle"}
    assert found(counter, 'kettle"') == found(counter, "(kettle)") == found(counter, "^𝔨𝔢𝔱𝔱𝔩𝔢") == ["Kettle"]
    chance = random.Random(8)  # noqa: S311 - which words does not matter, only that they are the same every time
    for _ in range(100):
        found(counter, "".join(chr(chance.randrange(1, 0x3000)) for _ in range(chance.randrange(1, 40))))


def test_a_search_is_of_so_many_words_at_most() -> None:
    assert len(wanted(" ".join(f"word{number}" for number in range(500)))) == 16
    assert len(words_in([" ".join(f"w{number}" for number in range(20_000))])) == 5000


def test_folding_twice_is_folding_once() -> None:
    for words in ("Über Straße ŁÓDŹ İstanbul ŒUVRE ﬁn", "ﬃ Ǆ ẞ", "각 가나다"):
        assert folded(folded(words)) == folded(words)


# ---- in what order ---------------------------------------------------------------------------------------------------


def test_the_newest_come_first_page_by_page_whether_they_are_in_the_index_or_not(counter: Counter) -> None:
    subjects = [f"Kettle {number}" for number in range(7)]
    for number, subject in enumerate(subjects):
        complaint(counter, subject, sender=f"p{number}@example.org")
        if number == 3:
            index(counter.store)
    pages, after = list[list[str]](), ""
    while page := list(counter.register.search("kettle", 2, after)):
        pages.append([case["subject"] for case in page])
        after = page[-1]["id"]
    assert [subject for page in pages for subject in page] == subjects[::-1]
    assert list(map(len, pages)) == [2, 2, 2, 1]


# ---- what is kept in the index ---------------------------------------------------------------------------------------


def test_what_is_written_later_is_found_and_what_was_found_before_still_is(counter: Counter) -> None:
    case = complaint(counter, "Kettle", "It leaks.")
    index(counter.store)
    first = counter.register.case(case)["timeline"][0]["message_id"]
    counter.mail.arrive("Now it does not even boil.", subject="Re: Kettle", after=first, at=counter.now)
    counter.work()
    for _ in range(2):
        assert found(counter, "leaks boil") == ["Kettle"]
        index(counter.store)


def test_an_undecided_mail_is_no_case_and_is_not_found(counter: Counter) -> None:
    case = complaint(counter, "Kettle")
    index(counter.store)
    counter.desk.act(case, Resolve(at=counter.now, outcome="not-a-complaint", by="mia"))
    index(counter.store)
    assert found(counter, "kettle") == ["Kettle"]  # it is resolved, and still listed
    counter.mail.arrive("Hello, when do you open?", subject="Zebra hours", at=counter.now)
    counter.work()
    assert found(counter, "zebra") == []


def forget(counter: Counter, who: str) -> None:
    erasing = Erasing(counter.desk)
    erasing.erase(erasing.held(who), "mia", counter.now)


@pytest.mark.parametrize("indexed", [True, False])
def test_who_was_forgotten_is_not_found_by_any_word(counter: Counter, *, indexed: bool) -> None:
    case = complaint(counter, "Xylophone", "It was a quagga.", sender="quentin@example.net", name="Quentin Quick")
    other = complaint(counter, "Lamp", "I told quentin@example.net so.", sender="bob@example.org")
    if indexed:
        index(counter.store)
    forget(counter, "quentin@example.net")
    for _ in range(2):
        assert [found(counter, words) for words in ("xylophone", "quagga", "quentin", "quick")] == [[], [], [], []]
        assert [case["id"] for case in counter.register.search("lamp told")] == [other]
        assert [one["id"] for one in counter.register.search(case)] == [case]  # the skeleton stays
        index(counter.store)


def test_no_byte_of_who_was_forgotten_is_left_in_the_index(counter: Counter, tmp_path: Path) -> None:
    if on_postgresql():
        forget(counter, complaint(counter, "Xylophone", "It was a quagga."))
        assert found(counter, "quagga") == []  # PostgreSQL cleans up by itself, and when, is for it to say
        return
    for number in range(5):
        complaint(counter, "Xylophone", f"It was a quagga{number}.", sender="quentin@example.net", name="Quentin Quick")
        index(counter.store)
    file = tmp_path / "amends.db"
    forget(counter, "quentin@example.net")
    assert b"quentin" not in file.read_bytes().lower()
    assert b"quagga" not in file.read_bytes()


def test_an_index_broken_off_by_a_kill_is_right_afterwards(counter: Counter, tmp_path: Path) -> None:
    """The words and the note that they are there are one transaction, so a kill at any moment leaves both or none."""
    for number in range(8):
        complaint(counter, f"Kettle {number}", sender=f"p{number}@example.org")
    store = store_at(tmp_path / "amends.db")
    code = (
        "import os, signal, sys\n"
        "from plugin.store import Store\n"
        "store = Store(sys.argv[1])\n"
        "with store.writing() as session: session.search.take_in(session.unsought(3))\n"
        "with store.writing() as session:\n"
        "    session.search.take_in(session.unsought(3))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, store], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    subjects = [f"Kettle {number}" for number in reversed(range(8))]
    assert found(counter, "kettle") == subjects
    assert index(counter.store) == 5
    assert found(counter, "kettle") == subjects
    assert index(counter.store) == 0


def test_a_store_of_before_is_taken_into_the_index_bit_by_bit(counter: Counter) -> None:
    for number in range(4):
        complaint(counter, f"Kettle {number}", sender=f"p{number}@example.org")
    store: Store = counter.store
    for left in (3, 1, 0):
        with store.writing() as session:
            assert session.search.take_in(session.unsought(3)) == left
    assert len(found(counter, "kettle")) == 4


def test_words_that_were_forgotten_while_they_were_read_do_not_come_back(counter: Counter) -> None:
    complaint(counter, "Lamp", "I told quentin@example.net so.", sender="bob@example.org")
    with counter.store.reading() as session:
        read = session.unsought(10)
    assert "quentin" in read[0].words
    forget(counter, "quentin@example.net")
    with counter.store.writing() as session:
        assert session.search.take_in(read) == 0
    index(counter.store)
    assert found(counter, "quentin") == []
    assert found(counter, "told") == ["Lamp"]


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_lists_what_it_finds_page_by_page(counter: Counter, tmp_path: Path) -> None:
    ids = [complaint(counter, f"Kettle {number}", sender=f"p{number}@example.org") for number in range(5)][::-1]
    settings_in(tmp_path)
    whole = json.loads(run(tmp_path, "cases", "--search", "KETTLE order", "--json").stdout)
    assert [case["id"] for case in whole["cases"]] == ids
    first = run(tmp_path, "cases", "--search", "kettle", "--limit", "2").stdout.splitlines()
    assert [line.split()[0] for line in first[:2]] == ids[:2]
    assert first[2] == f"There may be more: --after {ids[1]}"
    rest = json.loads(run(tmp_path, "cases", "--search", "kettle", "--after", ids[1], "--json").stdout)
    assert [case["id"] for case in rest["cases"]] == ids[2:]
    assert run(tmp_path, "cases", "--search", "zebra").stdout == "no cases\n"
    assert run(tmp_path, "cases", "--search", "kettle", "--open").exit_code == 2
    unknown = run(tmp_path, "cases", "--search", "kettle", "--after", "c404", "--json")
    assert (unknown.exit_code, unknown.stdout) == (2, "")


def test_every_list_of_the_command_can_be_cut_short(counter: Counter, tmp_path: Path) -> None:
    ids = [complaint(counter, f"Kettle {number}", sender=f"p{number}@example.org") for number in range(3)][::-1]
    counter.unreadable("it is broken")
    settings_in(tmp_path)
    listed = json.loads(run(tmp_path, "cases", "--limit", "2", "--json").stdout)["cases"]
    assert [case["id"] for case in listed] == ids[:2]
    listed = json.loads(run(tmp_path, "cases", "--open", "--after", ids[0], "--json").stdout)["cases"]
    assert [case["id"] for case in listed] == ids[1:]
    assert len(json.loads(run(tmp_path, "tasks", "--all", "--limit", "2", "--json").stdout)["tasks"]) == 2
    (aside,) = json.loads(run(tmp_path, "quarantine", "--limit", "2", "--json").stdout)["quarantine"]
    assert json.loads(run(tmp_path, "quarantine", "--after", aside["id"], "--json").stdout) == {"quarantine": []}


def settings_in(folder: Path) -> None:
    """An amends.yaml over the store of this folder."""
    (folder / "amends.yaml").write_text(
        f"store: '{store_at(folder / 'amends.db')}'\ninboxes:\n  support:\n    kind: imap\n    host: mail.example.com\n"
        "    user: support@example.com\n    password: x\n    identities: [support@example.com]\n"
    )
