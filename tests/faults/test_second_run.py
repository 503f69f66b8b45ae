"""One run works on a store; a second one says so and ends well."""

from __future__ import annotations

import pytest

from plugin.jobs import Leadership
from tests.faults.house import Account
from tests.stores import IN_A_FILE
from tests.witness import eventually


@IN_A_FILE
def test_a_second_run_on_the_same_store_ends_at_once_with_0_and_says_so(ours: Account) -> None:
    with ours.shop.running() as first:
        eventually(lambda: "Amends is at work" in (ours.shop.folder / "run.log").read_text(), "run at work")
        for args in (("run",), ("run", "--once")):
            second = ours.shop.amends(*args)
            assert second.returncode == 0
            assert "another amends run works on it already" in second.stdout.decode()
            assert second.stderr == b""
        assert first.poll() is None
    ours.shop.once()


def test_people_may_look_and_act_while_it_runs(ours: Account) -> None:
    with ours.shop.running():
        ours.witness.deliver(
            "My lamp arrived broken, I am very disappointed, this is a complaint.", subject="Broken lamp"
        )
        (case,) = eventually(lambda: ours.shop.json("cases")["cases"], "case")
        ran = ours.shop.amends("resolve", case["id"], "--outcome", "not-upheld")
        assert ran.returncode == 0, ran.stderr.decode()
        assert ours.shop.json("show", case["id"])["status"] == "resolved"


def lock(ours: Account, doing: str) -> Leadership:
    """What a command holds while it works on the store."""
    return Leadership("sqlite:///amends.db", ours.shop.folder / "amends.db.lock", doing)


@IN_A_FILE
@pytest.mark.parametrize("doing", ["undo", "erase", "store restore"])
def test_a_run_begun_while_a_command_is_at_work_waits_for_its_end_and_says_so(ours: Account, doing: str) -> None:
    """A service that ended then would lie there until somebody sees it."""
    told = f"amends {doing} is at work on the store: amends run waits until that is over."
    with lock(ours, doing) as held:
        once = ours.shop.amends("run", "--once")
        assert once.returncode == 1
        assert f"amends {doing} is at work on it - try again once that is over" in once.stderr.decode()
        with ours.shop.running():
            eventually(lambda: told in ours.shop.log, "waiting")
            assert "Amends is at work" not in ours.shop.log
            held.__exit__(None, None, None)
            eventually(lambda: "Amends is at work" in ours.shop.log, "run at work")
