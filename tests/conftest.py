"""Fixtures for every test. Nothing of the outside is given that a test did not ask for."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.suite import Suite, running_suite

# How long an example takes depends on what else the machine does; a test that hangs is ended by its own time limit.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Of several processes one runs all tests of the shared suite, which is started once; else a file is one's."""
    shares = "suite" in getattr(item, "fixturenames", ())
    group = "suite" if shares else item.path.relative_to(item.config.rootpath).as_posix()
    item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _no_settings_of_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no BINNACLE_* of the person who runs it."""
    for key in [key for key in os.environ if key.startswith("BINNACLE_") and key != "BINNACLE_TEST_SCALE"]:
        monkeypatch.delenv(key)


@pytest.fixture(scope="session")
def scale() -> float:
    """Share of the full figures that chaos, fuzz and probe tests run at: 0.1 in `make test`, 1 in `make test-long`."""
    return float(os.environ.get("BINNACLE_TEST_SCALE", "0.1"))


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """One suite with demo and agent, shared by all tests that only look or add."""
    with running_suite(("--demo", "--agent")) as running:
        yield running
