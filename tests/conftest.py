"""Fixtures for every test. Nothing of the outside is given that a test did not ask for."""

import gc
import os

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# How long an example takes depends on what else the machine does; a test that hangs is ended by its own time limit.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


class OneOfThemSharesTheSuite(LoadFileScheduling):  # type: ignore[misc]
    """Gives each file to one process; all with tests of the shared suites to the same, so that each is started once."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "suite" if "suite: Suite" in (self.config.rootpath / file).read_text(encoding="utf-8") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneOfThemSharesTheSuite:
    return OneOfThemSharesTheSuite(config, log)


@pytest.fixture(scope="module", autouse=True)
def _garbage_is_searched_for_among_little() -> None:
    """What pytest, hypothesis and the libraries keep is set aside: a search among it takes a third of a second, and
    each service that a test ends within its own process makes one.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_settings_of_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no BINNACLE_* of the person who runs it."""
    for key in [key for key in os.environ if key.startswith("BINNACLE_") and key != "BINNACLE_TEST_SCALE"]:
        monkeypatch.delenv(key)


@pytest.fixture(scope="session")
def scale() -> float:
    """Share of the full figures that chaos, fuzz and probe tests run at: 0.1 in `make test`, 1 in `make test-long`."""
    return float(os.environ.get("BINNACLE_TEST_SCALE", "0.1"))
