"""One mail server for all of these tests, and a mailbox of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plugin.demo.mailbox import Dovecot
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
