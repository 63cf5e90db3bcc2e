"""gen/ is what proto/ makes: nobody edited it, nobody forgot `make gen`."""

import pytest

from tests.architecture.commands import PYTHON, passes


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_stubs_are_current() -> None:
    passes(PYTHON, "-m", "tools.generate", "--check")


@pytest.mark.timeout(120)
def test_the_reference_is_current() -> None:
    passes(PYTHON, "-m", "tools.reference", "--check")
