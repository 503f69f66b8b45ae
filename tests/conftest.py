"""What every test stands on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.stores import ASKED, POSTGRESQL, SQLITE, forget, known, store_at

# A busy machine is no fault of the code: examples are counted, never timed.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which store the tests use."""
    told = "Where every store lies; without it what is about stores is tried on both, the rest in files."
    parser.addoption("--store", choices=[SQLITE, POSTGRESQL], default="", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Tell every process of the tests, and what they start."""
    if chosen := config.getoption("--store"):
        os.environ[ASKED] = chosen


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is about stores is tried on both: see `ON_BOTH` and `store_url`."""
    if "dialect" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--store")
        metafunc.parametrize("dialect", [asked] if asked else [SQLITE, POSTGRESQL], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about a file has nothing to look at where no store lies in one."""
    if config.getoption("--store") == POSTGRESQL:
        about_files = [item for item in items if item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=about_files)
        items[:] = [item for item in items if item not in about_files]


@pytest.fixture(autouse=True)
def _databases() -> Iterator[None]:
    """A database takes room on the disk: it goes with the test it was made for."""
    before = known()
    yield
    forget(before)


@pytest.fixture
def dialect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the stores of this test lie: sqlite, then postgresql."""
    asked: str = request.param
    monkeypatch.setenv(ASKED, asked)
    return asked


@pytest.fixture
def store_url(tmp_path: Path, dialect: str) -> str:
    """The address of a store of the test's own, tried on both: in tmp_path/amends.db, or a database."""
    return store_at(tmp_path / "amends.db")
