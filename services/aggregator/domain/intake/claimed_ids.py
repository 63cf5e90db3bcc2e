"""A large set of ids that only grows at its young end and is forgotten from its old end."""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.claims import ID_BYTES, ClaimRun, IdColumn

# Kept apart until they are worth sorting.
FRESH_IDS = 65_536
RUN_US = 3_600_000_000
# A run never holds more than this share of all: so much is forgotten at once when there is no room.
SHARE = 16

Halves = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Run:
    """Ids from a moment on, as two numbers each; `first` is in rising order, for it is found by bisection."""

    from_us: int
    first: Halves
    second: Halves

    @classmethod
    def of(cls, from_us: int, first: Halves, second: Halves) -> "_Run":
        order = np.argsort(first)
        return cls(from_us, first[order], second[order])

    def __len__(self) -> int:
        return len(self.first)

    def mark(self, first: Halves, second: Halves, found: npt.NDArray[np.bool_]) -> None:
        """Set `found` where an id is held."""
        places = np.searchsorted(self.first, first)
        near = self.first[np.minimum(places, len(self.first) - 1)] == first
        for row in np.flatnonzero(near).tolist():
            end = np.searchsorted(self.first, first[row], side="right")
            found[row] |= bool((self.second[places[row] : end] == second[row]).any())


class ClaimedIds:
    """Ids of 16 bytes, at most about `most` of them, each kept with the hour it came in."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._runs: deque[_Run] = deque()
        self._fresh: set[bytes] = set()
        self._fresh_from_us = 0
        self.complete_from_us = 0

    def __len__(self) -> int:
        return len(self._fresh) + sum(len(run) for run in self._runs)

    def restore(self, runs: Iterable[ClaimRun], complete_from_us: int) -> None:
        """Take in what was remembered elsewhere, the oldest first; once, before anything is added."""
        self._runs.extend(_Run.of(run.from_us, *_halves(run.ids)) for run in runs if len(run.ids))
        self.complete_from_us = complete_from_us
        self._make_room()

    def add(self, ids: Iterable[bytes], now_us: int) -> None:
        """Take in ids; the oldest ones make room if need be."""
        if self._fresh and now_us >= self._fresh_from_us + RUN_US:
            self._sort_fresh()
        if not self._fresh:
            self._fresh_from_us = now_us
        self._fresh.update(ids)
        if len(self._fresh) >= min(FRESH_IDS, max(self._most // SHARE, 1)):
            self._sort_fresh()
            self._make_room()

    def held(self, ids: Collection[bytes]) -> npt.NDArray[np.bool_]:
        """Which of the ids are in the set."""
        found = np.array([one in self._fresh for one in ids], np.bool_)
        first, second = _halves(b"".join(ids))
        for run in self._runs:
            run.mark(first, second, found)
        return found

    def forget(self, before_us: int) -> None:
        """Let go of what was added before a moment; up to two hours late."""
        if self._fresh and self._fresh_from_us + RUN_US <= before_us:
            self._sort_fresh()
        while len(self._runs) > 1 and self._runs[1].from_us <= before_us:
            self._runs.popleft()
        # The last run may have been joined by what was fresh for an hour.
        if self._runs and self._runs[-1].from_us + 2 * RUN_US <= before_us:
            self._runs.popleft()

    def _sort_fresh(self) -> None:
        first, second = _halves(b"".join(self._fresh))
        began = self._fresh_from_us
        self._fresh = set()
        if self._runs and self._joins(self._runs[-1], len(first), began):
            run = self._runs.pop()
            began = run.from_us
            first, second = np.concatenate((run.first, first)), np.concatenate((run.second, second))
        self._runs.append(_Run.of(began, first, second))

    def _joins(self, run: _Run, count: int, now_us: int) -> bool:
        return now_us < run.from_us + RUN_US and len(run) + count <= self._most // SHARE

    def _make_room(self) -> None:
        while len(self) > self._most and len(self._runs) > 1:
            self._runs.popleft()
            self.complete_from_us = max(self.complete_from_us, self._runs[0].from_us)


def _halves(ids: bytes | IdColumn) -> tuple[Halves, Halves]:
    pairs = np.frombuffer(ids, "<u8").reshape(-1, ID_BYTES // 8)
    return pairs[:, 0].copy(), pairs[:, 1].copy()
