"""What rests for long is packed, loses its words and goes; what anybody still works on stays as it is."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, select

from plugin.config import Keep, Lapse, Settings, load
from plugin.decide import Correct, Reopen, Resolve
from plugin.desk import keeping
from plugin.desk.erasing import Erasing
from plugin.desk.keeping import Chores, Kept, index, keep
from plugin.source import Problems
from plugin.store import Store
from plugin.store.archive import pack, unpacked
from plugin.store.tables import cases, events, letters, metadata
from tests.counter import COMPLAINT, Counter
from tests.stores import ON_BOTH, looking, on_postgresql, store_at
from tests.test_cli import run

pytestmark = ON_BOTH

MAILBOX = """\
inboxes:
  support:
    kind: imap
    host: mail.example.com
    user: support@example.com
    password: ${SUPPORT_PASSWORD}
    identities: [support@example.com]
"""
RULES = Keep(text=Lapse(24, "months"), case=Lapse(6, "years"))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def resolved(counter: Counter, subject: str, **options: str) -> str:
    """A complaint that was resolved, and to which nothing is to come."""
    case = counter.complaint(subject, **options)
    counter.desk.act(case, Resolve(at=counter.now, outcome="withdrawn", by="mia"))
    counter.work()
    assert counter.register.case(case)["status"] == "resolved"
    return case


def after(counter: Counter, *, years: int = 0, days: int = 0) -> Kept:
    """So long after, what need not be kept goes."""
    return keep(counter.store, RULES, counter.now + timedelta(days=366 * years + days))


def rows(tmp_path: Path, query: Any) -> list[Any]:
    with looking(store_at(tmp_path / "amends.db")) as connection:
        return list(connection.execute(query).all())


# ---- packing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "kettle", "ü" * 500, "\ud800", "\n".join(map(str, range(2000))), "a\0b"])
def test_what_was_packed_reads_as_it_was_written(text: str) -> None:
    assert unpacked(pack(text, text[::-1])) == {"text": text, "detail": text[::-1]}


def test_the_words_letters_were_packed_with_stay_for_ever() -> None:
    """Whoever changes them can read no letter any more that was packed before: another list needs another number."""
    dictionary = (files("plugin.store") / "letters-1.txt").read_bytes()
    assert len(dictionary) <= 32_768  # what zlib looks back at
    assert hashlib.sha256(dictionary).hexdigest() == "e3c4acfefe68679b6b31fe838cdd44aba86d2623ccad9755ffffb85ad5de9f16"


def test_a_letter_that_is_damaged_is_no_other_letter() -> None:
    packed = pack("kettle", "")
    with pytest.raises((zlib.error, ValueError)):
        unpacked(packed[:-6])
    with pytest.raises(ValueError, match="upgrade Amends"):
        unpacked(b"\x02" + packed[1:])


def test_letters_of_a_case_that_rests_are_packed_and_nobody_sees_a_difference(
    counter: Counter, tmp_path: Path
) -> None:  # fmt: skip
    case, other = resolved(counter, "Kettle"), counter.complaint("Lamp", sender="bob@example.org")
    counter.desk.act(case, Correct(severity="high", by="mia"))
    counter.work()
    before = [counter.register.case(one) for one in (case, other)], counter.register.explain(case)
    everything = list(counter.register.everything())
    with counter.store.reading() as session:
        said = session.corrections.all()
    assert after(counter, days=89).packed.letters == 0
    packed = after(counter, days=91).packed
    assert (packed.cases, packed.letters) == (1, 2)
    assert packed.after < packed.before / 2
    plain = rows(tmp_path, select(letters.c.case_id, letters.c.text, letters.c.packed))
    assert {bool(row.packed) for row in plain if row.case_id == case} == {True}
    assert {row.text for row in plain if row.case_id == case} == {""}
    assert {bool(row.packed) for row in plain if row.case_id == other} == {False}
    assert ([counter.register.case(one) for one in (case, other)], counter.register.explain(case)) == before
    assert list(counter.register.everything()) == everything
    with counter.store.reading() as session:
        assert session.corrections.all() == said
    assert after(counter, days=92).packed.cases == 0
    index(counter.store)
    assert [one["id"] for one in counter.register.search("disappointed LL-10234 kettle")] == [case]


def test_a_case_that_comes_back_is_packed_anew_once_it_rests_again(counter: Counter) -> None:
    case = resolved(counter, "Kettle")
    assert after(counter, days=100).packed.cases == 1
    before = counter.register.case(case)["their_text"]
    counter.later(days=120)
    counter.desk.act(case, Reopen(by="mia"))
    counter.work()
    assert counter.register.case(case)["their_text"] == before
    assert after(counter, years=1).packed.cases == 0  # it is open
    counter.desk.act(case, Resolve(at=counter.now, outcome="withdrawn", by="mia"))
    counter.work()
    packed = after(counter, days=100).packed
    assert packed.cases == 1
    assert packed.letters > 0  # those of the second round


def test_who_is_named_in_a_packed_letter_can_be_forgotten(counter: Counter) -> None:
    text = f"{COMPLAINT}\nAsk quentin@example.net about it."
    counter.mail.arrive(text, subject="Lamp", sender="bob@example.org", at=counter.now)
    counter.work()
    (line,) = counter.register.cases()
    counter.desk.act(line["id"], Resolve(at=counter.now, outcome="withdrawn", by="mia"))
    counter.work()
    after(counter, days=100)
    erasing = Erasing(counter.desk)
    held = erasing.held("quentin@example.net")
    assert held.mentions > 0
    erasing.erase(held, "mia", counter.now)
    assert "Ask erased@invalid about it." in counter.register.case(line["id"])["their_text"]
    assert erasing.held("quentin@example.net").nothing


# ---- words -----------------------------------------------------------------------------------------------------------


def test_words_go_when_their_time_has_come_and_the_timeline_stays(counter: Counter, tmp_path: Path) -> None:
    case = resolved(counter, "Kettle", sender="zoe@example.net", name="Zoe")
    index(counter.store)
    before = counter.register.case(case)
    assert after(counter, years=1).texts == 0
    gone = after(counter, years=2)
    assert (gone.cases_without_words, gone.cases) == (1, 0)
    assert gone.texts >= 2
    assert rows(tmp_path, select(letters.c.key).where(letters.c.case_id == case)) == []
    found = counter.register.case(case)
    assert found["timeline"][:-1] == before["timeline"]
    assert found["timeline"][-1]["text"].startswith("Amends gave up what was written in this case: words are kept for")
    assert (found["sender"], found["subject"], found["their_text"]) == (before["sender"], "Kettle", "")
    assert found["words_gone_at"] is not None
    assert {draft["text"] for draft in found["drafts"]} == {""}
    index(counter.store)
    assert list(counter.register.search("disappointed")) == []
    assert [one["id"] for one in counter.register.search("kettle zoe")] == [case]
    assert after(counter, years=3).cases_without_words == 0


def test_everything_that_reads_letters_goes_on_without_them(counter: Counter, tmp_path: Path) -> None:
    case = resolved(counter, "Kettle")
    counter.desk.act(case, Correct(severity="high", by="mia"))
    counter.work()
    after(counter, years=3)
    playbooks = counter.register.explain(case)["playbooks"]
    assert {playbook["name"] for playbook in playbooks} == {"answer", "vip"}
    assert len(list(counter.register.everything())) == 1
    assert counter.register.coaching(counter.now - timedelta(days=1))["replies"] == 0
    counter.desk.act(case, Reopen(by="mia"))
    counter.later(days=1)
    assert counter.register.case(case)["status"] == "open"
    erasing = Erasing(counter.desk)
    erasing.erase(erasing.held(case), "mia", counter.now)
    assert counter.register.case(case)["erased"]


# ---- cases -----------------------------------------------------------------------------------------------------------


def test_a_whole_case_goes_when_its_time_has_come_and_is_still_counted(counter: Counter, tmp_path: Path) -> None:
    case, other = resolved(counter, "Kettle", sender="zoe@example.net"), counter.complaint("Lamp", sender="bob@x.org")
    index(counter.store)
    before = counter.register.inboxes()[0]["verdicts"]
    gone = after(counter, years=6, days=3)
    assert gone.cases == 1
    assert [one["id"] for one in counter.register.cases()] == [other]
    assert counter.register.inboxes()[0]["verdicts"] == before
    assert counter.register.counted(counter.now)["support", "open"][0] == 1
    assert ("support", "resolved") not in counter.register.counted(counter.now)
    with counter.store.reading() as session:
        assert session.gone() == {("support", "2026-11 delivery withdrawn"): 1}
    assert list(counter.register.search("kettle")) == []
    with looking(store_at(tmp_path / "amends.db")) as connection:
        for table in metadata.sorted_tables:
            told = json.dumps([[str(value) for value in row] for row in connection.execute(select(table))])
            assert case not in told, table.name
            assert "zoe" not in told, table.name


def test_the_mail_of_a_case_that_is_gone_opens_no_case_when_it_is_seen_again(counter: Counter) -> None:
    resolved(counter, "Kettle")
    (message,) = [one for one in counter.mail.box.messages if one.subject == "Kettle"]
    after(counter, years=7)
    assert counter.register.cases() == []
    counter.mail.put(message)
    counter.work()
    assert counter.register.cases() == []


# ---- what stays ------------------------------------------------------------------------------------------------------


def test_nothing_goes_of_what_anybody_still_works_on(counter: Counter) -> None:
    counter.complaint("Open")
    owing = counter.complaint("With a gesture to come", sender="bob@example.org")
    counter.desk.act(owing, Resolve(at=counter.now, outcome="upheld", by="mia"))
    promised = counter.complaint("With a promise", sender="eve@example.org")
    assert counter.register.case(owing)["status"] == "resolved"
    assert after(counter, years=50) == Kept()
    assert len(counter.register.cases()) == 3
    assert counter.register.case(promised)["their_text"]


def test_a_case_of_an_incident_stays_until_the_incident_is_closed(counter: Counter) -> None:
    case = resolved(counter, "Kettle")
    told = "name: portal\nfrom: 2026-11-20 10:00\nwhat: {en: The portal is down.}\n"
    with counter.store.writing() as session:
        session.incidents.tell("portal", told, counter.now, "mia")
        connection = session._connection
        connection.execute(cases.update().where(cases.c.id == case).values(incident="portal"))
        event = connection.execute(select(func.max(events.c.seq)).where(events.c.case_id == case)).scalar() or 0
        body = json.dumps({"at": counter.now.isoformat(), "incident": "portal", "version": 1})
        row = {"case_id": case, "seq": event + 1, "at": counter.now, "kind": "Linked", "body": body}
        connection.execute(events.insert().values(row))
        connection.execute(cases.update().where(cases.c.id == case).values(version=event + 1))
        session.fold_anew()
    assert after(counter, years=7).cases == 0
    with counter.store.writing() as session:
        session.incidents.close("portal", counter.now, "mia")
    assert after(counter, years=7).cases == 1


def test_a_pass_that_was_broken_off_is_gone_on_with(counter: Counter) -> None:
    ids = [resolved(counter, f"Kettle {number}", sender=f"p{number}@x.org") for number in range(3)]
    calls = iter([False, True, True, True, True])
    later = counter.now + timedelta(days=3000)
    keep(counter.store, RULES, later, enough=lambda: next(calls, True))
    keep(counter.store, RULES, later)
    assert counter.register.cases() == []
    assert len(ids) == 3


def test_without_rules_everything_stays_for_ever(counter: Counter) -> None:
    resolved(counter, "Kettle")
    gone = keep(counter.store, Keep(), counter.now + timedelta(days=36_500))
    assert (gone.texts, gone.cases) == (0, 0)
    assert counter.register.cases()


def test_the_chores_keep_the_index_up_to_date_and_look_at_what_is_kept_once_a_day(counter: Counter) -> None:
    case = resolved(counter, "Kettle")
    now = [counter.now + timedelta(days=365 * 3)]
    chores = Chores(counter.store, RULES, lambda: now[0])
    chores.look()
    assert counter.register.case(case)["their_text"] == ""
    other = resolved(counter, "Lamp", sender="bob@example.org")
    chores.look()
    assert counter.register.case(other)["their_text"]
    with counter.store.reading() as session:
        assert not session.search.waiting(10)
    now[0] += timedelta(days=1)
    chores.look()
    assert counter.register.case(other)["their_text"] == ""


# ---- what one asks for -----------------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lapse", "before"),
    [
        (Lapse(1, "months"), datetime(2026, 2, 28, 12, tzinfo=UTC)),
        (Lapse(25, "months"), datetime(2024, 2, 29, 12, tzinfo=UTC)),
        (Lapse(6, "years"), datetime(2020, 3, 31, 12, tzinfo=UTC)),
        (Lapse(2, "weeks"), datetime(2026, 3, 17, 12, tzinfo=UTC)),
        (Lapse(90, "days"), datetime(2025, 12, 31, 12, tzinfo=UTC)),
    ],
)
def test_a_lapse_is_counted_by_the_calendar(lapse: Lapse, before: datetime) -> None:
    assert lapse.before(NOON) == before


def settings(folder: Path, keeps: str) -> Settings:
    path = folder / "amends.yaml"
    path.write_text(f"store: '{store_at(folder / 'amends.db')}'\n{keeps}\n{MAILBOX}")
    return load(path, secrets=False)


def test_what_is_kept_can_be_said_in_amends_yaml(tmp_path: Path) -> None:
    assert settings(tmp_path, "keep: {text: 24 months, case: 6 years}").keep == RULES
    assert settings(tmp_path, "keep: {archive: 1 year}").keep == Keep(archive=Lapse(1, "years"))
    assert settings(tmp_path, "").keep == Keep()


def test_nothing_is_kept_shorter_than_a_pack_in_force_demands(tmp_path: Path) -> None:
    assert settings(tmp_path, "packs: [bank, general]\nkeep: {text: 1 year, case: 36 months}").keep.case
    assert settings(tmp_path, "keep: {case: 2 years}").keep.case  # a shop may
    with pytest.raises(Problems) as caught:
        settings(tmp_path, "keep: {case: 35 months}\npacks: [bank, general]")
    assert str(caught.value).endswith(
        "amends.yaml:2:14: `case` must be at least 3 years, since the pack bank demands it "
        "(playbooks/packs/bank/README.txt:5): write 3 years"
    )


def test_the_command_says_what_would_go_and_then_sees_to_it(counter: Counter, tmp_path: Path) -> None:
    counter.now = datetime.now(UTC) - timedelta(days=4 * 366)
    resolved(counter, "Kettle")
    settings(tmp_path, "keep: {text: 24 months, case: 6 years}")
    dry = run(tmp_path, "keep", "--dry-run", "--json")
    told = json.loads(dry.stdout)
    assert (told["cases_without_words"], told["cases"], told["dry_run"]) == (1, 0, True)
    before = counter.register.cases()
    done = run(tmp_path, "keep")
    assert "words of 1 case, " in done.stdout
    assert ": given up, 24 months after the case was resolved" in done.stdout
    assert [case["id"] for case in counter.register.cases()] == [before[0]["id"]]
    shown = run(tmp_path, "show", str(before[0]["id"]))
    assert "is kept no more (keep: text in amends.yaml); dates and acts stay." in shown.stdout
    explained = run(tmp_path, "explain", str(before[0]["id"]))
    assert "is kept no more (keep: text in amends.yaml)" in explained.stdout
    assert explained.exit_code == 0


def test_no_byte_of_what_was_given_up_is_left_in_the_file(counter: Counter, tmp_path: Path) -> None:
    counter.mail.arrive(f"{COMPLAINT} Quagga.", subject="Kettle", sender="zoe@example.net", at=counter.now)
    counter.work()
    (line,) = counter.register.cases()
    counter.desk.act(line["id"], Resolve(at=counter.now, outcome="withdrawn", by="mia"))
    counter.work()
    index(counter.store)
    assert after(counter, years=3).texts > 0
    index(counter.store)
    if on_postgresql():
        return  # it cleans up by itself, and when, is for it to say
    counter.store.close()
    assert b"uagga" not in (tmp_path / "amends.db").read_bytes()


# ---- stores of before ------------------------------------------------------------------------------------------------


def test_a_store_of_before_is_counted_and_its_cases_rest_since_they_were_resolved(tmp_path: Path) -> None:
    if on_postgresql():
        return  # before, there was no store in PostgreSQL
    file = tmp_path / "old.db"
    config = Config()
    config.set_main_option("script_location", str(Path(keeping.__file__).parent.parent / "migrations"))
    with looking(f"sqlite:///{file}") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        for statement in OLD:
            connection.exec_driver_sql(statement)
        connection.commit()
    store = Store(f"sqlite:///{file}")
    with store.reading() as session:
        assert session.verdicts("support") == {"complaint": 3, "no": 1}
        assert session.counted(at_second(9)) == {
            ("support", "open"): (1, 0), ("support", "resolved"): (2, 1), ("support", "undecided"): (1, 0),
        }  # fmt: skip
        resting = session.retention.resting(0, at_second(9), None, 10)
        assert resting == [(at_second(3), "c3"), (at_second(4), "c1")]
        assert set(session.search.waiting(10)) == {"c0", "c1", "c2", "c3"}
    store.close()


def at_second(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


OLD = (
    "INSERT INTO complaint (id, inbox, version, status, received_at, next_due) VALUES "
    "('c0', 'support', 1, 'open', 1000000, NULL), ('c1', 'support', 2, 'resolved', 2000000, NULL), "
    "('c2', 'support', 2, 'resolved', 2500000, 8000000), ('c3', 'support', 1, 'undecided', 3000000, NULL)",
    "INSERT INTO event (case_id, seq, at, kind, body) VALUES ('c1', 1, 2000000, 'Received', '{}'), "
    "('c1', 2, 4000000, 'Resolved', '{}'), ('c2', 2, 4000000, 'Resolved', '{}')",
    "INSERT INTO message (inbox, key, case_id, verdict, at) VALUES ('support', 'k0', 'c0', 'complaint', 1), "
    "('support', 'k1', 'c1', 'complaint', 1), ('support', 'k2', 'c2', 'complaint', 1), ('support', 'k3', '', 'no', 1)",
)
