"""Errors as they travel."""

from services.core.errors import InvalidInput, Violation
from services.runtime.statuses import status_from


def test_what_is_very_long_is_told_in_part() -> None:
    error = InvalidInput([Violation("field" * 100, "é" * 5_000)] * 1_000)
    status = status_from(error)
    assert len(status.SerializeToString()) < 8_000
    assert status.message.startswith("field")
