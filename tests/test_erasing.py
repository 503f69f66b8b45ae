"""Forgetting one person harms nobody whose address only looks like theirs, nor whoever works on the store meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plugin.desk.erasing import Erasing, NotToBeErased
from plugin.desk.undoing import Undoing
from plugin.store import Store
from tests.counter import COMPLAINT, Counter
from tests.stores import ON_BOTH, store_at

pytestmark = ON_BOTH

ANN, JOANN = "ann@example.org", "jo-ann@example.org"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def forget(counter: Counter, who: str) -> None:
    erasing = Erasing(counter.desk)
    held = erasing.held(who)
    Undoing(counter.desk, lambda: counter.now).decide(held.cases, "mia", forget=True)
    erasing.erase(held, "mia", counter.now)


@pytest.mark.parametrize("other", [JOANN, f"{ANN}.uk", f"x.{ANN}", f"sales+{ANN}"])
def test_an_address_that_only_looks_like_theirs_stays_whole(counter: Counter, other: str) -> None:
    theirs = counter.complaint("Kettle", sender=ANN)
    others = counter.complaint("Lamp", sender=other, name="Somebody Else")
    counter.unreadable(f"it came from {other}")
    before = counter.register.case(others)
    forget(counter, ANN)
    assert counter.register.case(others) == before
    assert counter.register.quarantine()[0]["reason"] == f"it came from {other}"
    assert counter.register.case(theirs)["sender"] == ""


@pytest.mark.parametrize("quoted", ["'{}'", "<{}>", "mailto:{}.", "-{}", "({})", "({}-"])
def test_however_it_is_quoted_their_address_goes_elsewhere_too(counter: Counter, quoted: str) -> None:
    text = f"{COMPLAINT}\nAsk {quoted.format(ANN.upper())}"
    counter.mail.arrive(text, subject="Lamp", sender=JOANN, at=counter.now)
    counter.work()
    (case,) = counter.register.cases()
    forget(counter, ANN)
    assert counter.register.case(case["id"])["their_text"].endswith(quoted.format("erased@invalid"))


@pytest.mark.parametrize("who", ["@", "@example.com", "ann@", "ann@@example.org", "a b@example.org"])
def test_what_is_no_address_is_refused_and_nothing_goes(counter: Counter, who: str) -> None:
    with pytest.raises(NotToBeErased, match="no address"):
        Erasing(counter.desk).held(who)


def test_an_address_that_we_write_from_is_refused_for_every_case_names_it(counter: Counter) -> None:
    with pytest.raises(NotToBeErased, match="your own address"):
        Erasing(counter.desk).held("Support@Example.com")


def test_whoever_had_the_case_at_hand_before_it_was_erased_has_it_no_more(counter: Counter, tmp_path: Path) -> None:
    case = counter.complaint("Kettle", sender=ANN)
    erasing = Erasing(counter.desk)
    held = erasing.held(ANN)
    Undoing(counter.desk, lambda: counter.now).decide(held.cases, "mia", forget=True)
    with closing(Store(store_at(tmp_path / "amends.db"))) as beside:  # such as `amends run`
        with beside.reading() as session:
            assert session.case(case).complainant.email == ANN
        erasing.erase(held, "mia", counter.now)
        with beside.reading() as session:
            assert session.case(case).complainant.email == ""
            assert session.case(case).erased


def test_what_a_person_makes_of_a_draft_that_is_yet_to_be_taken_back_is_not_kept(counter: Counter) -> None:
    case = counter.complaint("Kettle", sender=ANN)
    (draft,) = counter.mail.box.drafts.values()
    forget(counter, ANN)
    counter.mail.edit_draft(draft, "Dear Ann, your kettle is on its way to Baker Street.")
    counter.work()
    with counter.store.reading() as session:
        assert "Baker Street" not in "".join(str(row["text"]) for row in session.letters_of([case]).values())


def test_a_draft_that_was_being_written_meanwhile_leaves_no_text_behind(counter: Counter) -> None:
    counter.mail.arrive(COMPLAINT, subject="Kettle", sender=ANN, name="Anna Jones", at=counter.now)
    counter.desk.poll("support")
    write = counter.mail.write

    def forgotten_meanwhile(changes: object) -> object:
        counter.mail.write = write  # type: ignore[method-assign]
        forget(counter, ANN)
        return write(changes)  # type: ignore[arg-type]

    counter.mail.write = forgotten_meanwhile  # type: ignore[method-assign,assignment]
    counter.desk.run_due()
    counter.work()
    assert counter.mail.box.drafts == {}
    (case,) = counter.register.cases()
    with counter.store.reading() as session:
        assert session.letters_of([case["id"]]) == {}
