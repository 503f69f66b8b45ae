"""One run works on a store; a second one says so and ends well."""

from __future__ import annotations

from tests.faults.house import Account
from tests.witness import eventually


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
