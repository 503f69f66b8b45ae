"""Access tokens end after an hour and sign-ins after months: the first nobody notices, the second somebody is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.listening import Listener, listening
from tests.faults.table import record
from tests.faults.test_alerts import told
from tests.office import Office, Street, street

LIFE = 5.0
WHILE = 2.5 * LIFE
SILENCES = [pytest.param(8.0, id="8 s"), pytest.param(90.0, id="90 s", marks=pytest.mark.long)]
"""Seconds in which nobody may try the door, though `amends run` looks every second."""


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("street")) as one:
        yield one


@pytest.fixture
def office(around: Street, tmp_path: Path) -> Iterator[Office]:
    with around.office(tmp_path) as one:
        one.opens(one.microsoft())
        yield one


def heard_by(team: Listener, office: Office) -> None:
    """The team is told."""
    settings = office.shop.folder / "amends.yaml"
    settings.write_text(f'notify: ["{team.address}"]\n' + settings.read_text())


def tries(office: Office) -> int:
    """How often a token was asked for, or shown."""
    return len(office.provider.grants) + len(office.provider.shown)


@pytest.mark.parametrize("silence", SILENCES)
def test_m12_tokens_are_renewed_before_they_end_and_a_sign_in_that_is_over_is_told(
    office: Office, silence: float
) -> None:
    office.provider.life = LIFE
    office.sign_in()
    office.shop.once()
    with listening() as team:
        heard_by(team, office)
        with office.shop.running():
            office.arrives("First")
            time.sleep(WHILE)
            office.arrives("Second")
            ended = [left for _, left in office.provider.shown if left <= 0]
            renewed = office.provider.grants.count("refresh_token")
            figure = f"{renewed} renewals in {WHILE:.0f} s of tokens of {LIFE:.0f} s, {len(ended)} shown too late"
            record("M12", figure, renewed > 2 and not ended)
            assert renewed > 2
            assert not ended

            office.provider.may_renew = False
            over = time.monotonic()
            (alert,) = told(team, 1)
            seconds = time.monotonic() - over
            assert "amends login support" in alert
            assert office.provider.user not in alert

            before = tries(office)
            time.sleep(silence)
            more = tries(office) - before
            record("M12", f"sign-in over: told after {seconds:.0f} s, then {more} tries in {silence:.0f} s", more == 0)
            assert more == 0

            office.provider.may_renew, office.provider.life = True, 3600.0
            office.sign_in()
            office.arrives("Third")
            assert "well again" in told(team, 2)[1]


def test_m12_a_token_that_is_taken_back_early_is_renewed_once_and_nobody_notices(office: Office) -> None:
    office.sign_in()
    office.shop.once()
    office.provider.revoke()
    office.shop.once()
    assert [left > 0 for _, left in office.provider.shown[-2:]] == [False, True]


def test_m12_an_outage_of_the_sign_in_is_no_refusal(office: Office) -> None:
    office.sign_in()
    office.provider.status = 503
    office.provider.revoke()
    ran = office.shop.amends("run", "--once")
    assert ran.returncode == 1
    assert b"did not answer" in ran.stderr
    office.provider.status = 200
    office.shop.once()
