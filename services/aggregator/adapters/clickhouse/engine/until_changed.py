"""Answers that hold until this process writes what they are about."""

import threading
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")
MOST = 1_000


class UntilChanged(Generic[Key, Answer]):
    """May be used by several threads. While `shared` says that others write to the store too, nothing is kept."""

    def __init__(self, shared: Callable[[], bool]) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._known: dict[Key, Answer] = {}
        self._changes = 0

    async def of(self, key: Key, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """What is known, or what asking tells. Raises what asking raises."""
        with self._lock:
            changes = self._changes
            if key in self._known:
                return self._known[key]
        answer = await ask()
        with self._lock:
            # What was asked before a change may have been answered before it.
            if changes == self._changes and not self._shared():
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known[key] = answer
        return answer

    def forget(self) -> None:
        """Something may have been written."""
        with self._lock:
            self._changes += 1
            self._known.clear()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Something is written within the block; to be entered where that is done, which nobody can give up."""
        try:
            yield
        finally:
            self.forget()
