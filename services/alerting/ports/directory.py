"""Whose rules are judged."""

from collections.abc import Callable, Mapping
from typing import Protocol


class Directory(Protocol):
    """The tenants that were created, or have data."""

    def zones(self) -> Mapping[str, str]:
        """The time zone that each lives by; an empty one is UTC."""
        ...

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function after each change."""
        ...
