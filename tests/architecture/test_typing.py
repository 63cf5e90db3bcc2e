"""Every hand-written Python file is typed, strictly."""

import pytest

from tests.architecture.commands import ROOT, passes

FOLDERS = ("services", "clients/python", "tests", "bench", "tools")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_types_hold() -> None:
    passes("mypy", *(folder for folder in FOLDERS if any((ROOT / folder).rglob("*.py"))))
