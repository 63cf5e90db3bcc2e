"""A bounded memory of what was worked out lately."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Recent(Generic[Key, Found]):
    """Keeps at least the `limit` entries last used, at most twice as many. To look one up is to look into a dict."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._young: dict[Key, Found] = {}
        self._old: dict[Key, Found] = {}

    def get(self, key: Key) -> Found | None:
        """What is remembered for `key`."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: Key, found: Found) -> None:
        """Remember."""
        if len(self._young) >= self._limit:
            self._young, self._old = {}, self._young
        self._young[key] = found

    def clear(self) -> None:
        """Forget everything."""
        self._young.clear()
        self._old.clear()
