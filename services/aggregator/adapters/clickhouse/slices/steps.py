"""Steps of a range within kept answers: rows are told by stretches that every step is made of."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from services.aggregator.adapters.clickhouse.slices.row_merging import Groups, Key, RowMerging

DAY_SECONDS = 86_400


def stretch_of(starts: Sequence[int]) -> int:
    """The longest stretch up to a day, counted from the epoch, whose multiples hold every start but the first."""
    return reduce(math.gcd, starts[1:], DAY_SECONDS)


def stretch_column(micros: str, stretch: int) -> str:
    """The first second of the stretch that a time, in microseconds, is in, as SQL."""
    return f"intDiv({micros}, {int(stretch) * 1_000_000}) * {int(stretch)}"


def step_of(starts: Sequence[int], second: int) -> int:
    """The start of the step that a stretch which begins with this second belongs to."""
    return starts[max(bisect_right(starts, second) - 1, 0)]


def regrouped(merging: RowMerging, groups: Groups, rename: Callable[[Key], Key]) -> Groups:
    """Groups under other keys; those that have the same now are put together."""
    renamed: dict[Key, list[Sequence[Any]]] = {}
    for key, figures in groups.items():
        renamed.setdefault(rename(key), []).append(figures)
    return merging.merge([{key: each} for key, parts in renamed.items() for each in parts])
