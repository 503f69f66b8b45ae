"""A wrong password locks no account, and the right one counts as soon as somebody has written it into .env."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.house import PASSWORD, House
from tests.faults.letters import letter
from tests.faults.table import record
from tests.faults.test_m11_throttling import until
from tests.proxy import Proxy

WHILES = [pytest.param(5.0, id="5 s"), pytest.param(90.0, id="90 s", marks=pytest.mark.long)]
"""Seconds of a wrong password; a look every second."""


@pytest.mark.parametrize("seconds", WHILES)
def test_m12_a_refused_password_is_tried_once_and_the_right_one_at_once(
    house: House, tmp_path: Path, seconds: float
) -> None:
    with Proxy(house.server.host, house.server.port) as proxy, house.account(tmp_path, port=proxy.port) as ours:
        ours.shop.know(SHOP_PASSWORD="wrong")
        proxy.reset()
        with ours.shop.running():
            until(lambda: "refused the login" in ours.shop.log)
            ours.witness.append("INBOX", letter(1, complaint=True).raw())
            time.sleep(seconds)
            tries = bytes(proxy.said).count(b" LOGIN ")
            record("M12", f"wrong password: {tries} try in {seconds:.0f} s, the right one at once", tries == 1)
            assert tries == 1
            ours.shop.know(SHOP_PASSWORD="")  # not whole yet
            until(lambda: "does not count yet" in ours.shop.log)
            ours.shop.know(SHOP_PASSWORD=PASSWORD)
            until(ours.drafts)
        assert PASSWORD not in ours.shop.log
