"""Waiting for a suite that is away: not in silence, and not for ever."""

import pytest

from services.launcher.failures import LauncherError
from services.launcher.importing.sending import Pace, sending


class Leaping:
    """A clock on which waiting takes no time."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds


async def test_a_suite_that_is_away_is_told_of_once_while_it_is_waited_for() -> None:
    told: list[str] = []
    async with sending("127.0.0.1:1", None, Pace(1.0, 60.0), Leaping(), told.append) as sender:
        with pytest.raises(LauncherError, match=r"Does it run there \(--target\)\? The same command goes on"):
            await sender.bounds()
    [line] = told
    assert line.endswith("it is asked again for 60 s.")
