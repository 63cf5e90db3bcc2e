"""The stretches of a tenant's newest samples, as they come, where samples are too many to keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.growth import Stretches, joined, singles, stretches_of, together
from services.aggregator.ports.records import Ids, SampleColumns

NO_STRETCHES = singles(SampleColumns(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0)))


@dataclass(frozen=True, slots=True)
class Block:
    """Stretches that came in one minute, in order of series: of `ids[i]` from `starts[i]` to `starts[i + 1]`."""

    stretches: Stretches
    ids: Ids
    starts: npt.NDArray[np.intp]
    first_ms: int
    last_ms: int
    minute: int

    def __len__(self) -> int:
        return len(self.stretches)

    def of(self, ids: Ids) -> Stretches:
        """Those of series, which are in rising order."""
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        at = at[self.ids[at] == ids]
        if len(at) == len(self.ids):
            return self.stretches
        firsts, counts = self.starts[at], self.starts[at + 1] - self.starts[at]
        return self.stretches.chosen(np.repeat(firsts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum()))


class RecentGrowth:
    """All of a tenant from `from_ms` on, and some before. The list of blocks is replaced, never changed."""

    def __init__(self, runs: Iterable[tuple[SampleColumns, int]], from_ms: int) -> None:
        self.from_ms = from_ms
        self._blocks: list[Block] = []
        for samples, minute in runs:
            self.take(samples, minute)

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def take(self, samples: SampleColumns, minute: int) -> None:
        """Samples that came now; blocks of one minute and about one size become one."""
        stretches = stretches_of(samples)
        if not len(stretches):
            return
        blocks = self._blocks
        if blocks and blocks[-1].minute != minute:
            blocks = _put_together(blocks, whole=True)
        self._blocks = _put_together([*blocks, _block(stretches, minute)], whole=False)

    def leave(self, oldest_ms: int, most: int) -> None:
        """Let go of what is older than that, and of the oldest of more than so many."""
        while self._blocks:
            oldest = min(self._blocks, key=lambda each: each.last_ms)
            if oldest.last_ms >= oldest_ms and len(self) <= most:
                return
            self._blocks = [each for each in self._blocks if each is not oldest]
            self.from_ms = max(self.from_ms, oldest.last_ms + 1)

    def within(self, from_ms: int, to_ms: int) -> Sequence[Block] | None:
        """Those that hold something of a range; None where it is not all here."""
        if self.from_ms > from_ms:
            return None
        return [each for each in self._blocks if each.last_ms >= from_ms and each.first_ms < to_ms]


def stretches_within(blocks: Sequence[Block], ids: Ids, from_ms: int, to_ms: int) -> Stretches:
    """Stretches of series that begin within a range, in order of series and time."""
    wanted = np.sort(ids)
    rows = joined([NO_STRETCHES, *(each.of(wanted) for each in blocks)])
    return together([rows.chosen((rows.first_ms >= from_ms) & (rows.first_ms < to_ms))])


def _block(stretches: Stretches, minute: int) -> Block:
    ids, starts = np.unique(stretches.series_ids, return_index=True)
    first_ms, last_ms = int(stretches.first_ms.min()), int(stretches.last_ms.max())
    return Block(stretches, ids, np.append(starts, len(stretches)), first_ms, last_ms, minute)


def _put_together(blocks: list[Block], *, whole: bool) -> list[Block]:
    blocks = list(blocks)
    while len(blocks) > 1 and blocks[-2].minute == blocks[-1].minute:
        before, last = blocks[-2:]
        if not whole and len(before) > 2 * len(last):
            break
        blocks[-2:] = [_block(together([before.stretches, last.stretches]), last.minute)]
    return blocks
