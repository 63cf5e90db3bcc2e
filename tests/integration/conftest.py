"""The suite that tests of whole suites look at."""

from collections.abc import Iterator

import pytest

from tests.support.suite import Suite, running_suite


@pytest.fixture(scope="package")
def suite() -> Iterator[Suite]:
    """One suite with demo and agent, shared by all tests of this folder that only look or add.

    It ends with them: a demo keeps a fourth of a core busy.
    """
    with running_suite(("--demo", "--agent")) as running:
        yield running
