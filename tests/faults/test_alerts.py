"""Nobody has to look at a log: the team's own chat says when an inbox needs a person, and when it is well again."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.faults.house import PASSWORD, House
from tests.faults.listening import Listener, listening
from tests.shop import Shop, open_shop
from tests.stores import ON_BOTH


def opened(folder: Path, house: House, team: Listener, password: str) -> Shop:
    """A shop with this password for its mailbox, whose team listens."""
    shop = open_shop(folder, house.server.port, password, user="alerted@example.com")
    settings = folder / "amends.yaml"
    settings.write_text(f'notify: ["{team.address}"]\n' + settings.read_text())
    return shop


def told(team: Listener, count: int) -> list[str]:
    """The first so many messages, waited for up to a minute."""
    until = time.monotonic() + 60
    while len(team.heard) < count and time.monotonic() < until:
        time.sleep(0.1)
    return [heard["message"] for heard in team.heard]


@ON_BOTH
def test_the_team_hears_of_a_refused_password_within_a_minute_and_when_it_is_mended(
    house: House, tmp_path: Path
) -> None:
    with listening() as team:
        with opened(tmp_path, house, team, "wrong").running():
            (first,) = told(team, 1)
            assert first.startswith("Nobody can get into inbox support since ")
            assert "refused" in first
            time.sleep(2.5)  # more than two looks
        with opened(tmp_path, house, team, PASSWORD).running():
            assert told(team, 2)[1:] == [
                "Inbox support is well again: what came meanwhile is taken in, and what waited is written."
            ]
    assert team.address not in (tmp_path / "run.log").read_text()


def test_the_log_can_be_one_json_document_a_line(house: House, tmp_path: Path) -> None:
    with listening() as team:
        shop = opened(tmp_path, house, team, "wrong")
        ran = shop.amends("run", "--once", "--log", "json")
    assert ran.returncode == 1
    lines = [json.loads(line) for line in ran.stderr.decode().splitlines() if line.startswith("{")]
    assert all(line.keys() >= {"event", "level", "logger", "timestamp"} for line in lines)
