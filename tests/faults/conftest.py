"""One mail server of each kind for all of these tests, and a mailbox of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plugin.demo.mailbox import Dovecot
from tests.cyrus import Cyrus
from tests.faults.called import Called
from tests.faults.house import PASSWORD, PLUGINS, Account, Forks, House


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    with closing(Forks()) as running:
        yield running


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("mail")
    with Dovecot(folder, password=PASSWORD, extra=PLUGINS, fsync="never") as server:
        yield House(server, forks)


@pytest.fixture(scope="session")
def second_house(forks: Forks) -> Iterator[House]:
    with Cyrus(password=PASSWORD) as server:
        yield House(server, forks)


@pytest.fixture(params=["house", "second_house"], ids=["Dovecot", "Cyrus"])
def each_house(request: pytest.FixtureRequest) -> House:
    """Dovecot, then Cyrus."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, House)
    return found


@pytest.fixture
def each(each_house: House, tmp_path: Path) -> Iterator[Account]:
    """A mailbox Amends is attached to, on either server."""
    with each_house.account(tmp_path) as one:
        yield one


@pytest.fixture
def ours(house: House, tmp_path: Path) -> Iterator[Account]:
    """A mailbox Amends is attached to."""
    with house.account(tmp_path) as one:
        yield one


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    """A helpdesk that can be called."""
    with closing(Called(tmp_path)) as one:
        yield one
