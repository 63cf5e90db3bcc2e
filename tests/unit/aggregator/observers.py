"""Observers for tests."""

from collections.abc import Mapping


class SilentObserver:
    """Remembers only what a test may ask."""

    def __init__(self) -> None:
        self.failures = 0

    def committed(self, rows: Mapping[str, int], seconds: float, lag_seconds: float) -> None:
        return

    def commit_failed(self) -> None:
        self.failures += 1

    def journals(self, connected: int) -> None:
        return

    def watchers(self, connected: int) -> None:
        return
