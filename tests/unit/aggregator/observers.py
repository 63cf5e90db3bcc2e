"""Observers for tests."""

from collections.abc import Mapping


class SilentObserver:
    """Remembers only what a test may ask."""

    def __init__(self) -> None:
        self.failures = 0
        self.repeats = 0
        self.horizon_seconds = 0.0
        self.names_held = 0

    def committed(self, rows: Mapping[str, int], seconds: float, lag_seconds: float) -> None:
        return

    def commit_failed(self) -> None:
        self.failures += 1

    def repeated(self, requests: int) -> None:
        self.repeats += requests

    def names(self, held: int, horizon_seconds: float) -> None:
        self.names_held = held
        self.horizon_seconds = horizon_seconds

    def journals(self, connected: int) -> None:
        return

    def watchers(self, connected: int) -> None:
        return
