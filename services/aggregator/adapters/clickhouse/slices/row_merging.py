"""Rows that are put together group by group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from services.aggregator.adapters.clickhouse.engine.engines import ROW_FORMAT, Row

Key = tuple[Any, ...]
Groups = Mapping[Key, Sequence[Any]]
"""Figures by the key of their group."""
Members = npt.NDArray[np.uint64]
"""Different things by their hashes, in order."""
_CELL_BYTES = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """How a column is read, and how two of its values come to one."""

    read: Callable[[Any], Any]
    merge: Callable[[Any, Any], Any]


def _whole(cell: Any) -> int:
    return int(cell or 0)


def _real(cell: Any) -> float:
    return float(cell or 0.0)


def _whole_or_none(cell: Any) -> int | None:
    return None if cell is None else int(cell)


def _larger(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _as_is(cell: Any) -> Any:
    return cell


def _members(cell: Sequence[int]) -> list[Members]:
    return [np.sort(np.array(cell, np.uint64))]


def _counts(cell: Sequence[Sequence[int]]) -> dict[int, int]:
    return {int(name): int(count) for name, count in zip(*cell, strict=True)}


def _added(some: Mapping[int, int], others: Mapping[int, int]) -> dict[int, int]:
    sums = dict(some)
    for name, count in others.items():
        sums[name] = sums.get(name, 0) + count
    return sums


WHOLE = Figure(_whole, lambda one, other: one + other)
"""A sum of whole numbers, however large."""
REAL = Figure(_real, lambda one, other: one + other)
"""A sum of numbers."""
LEAST = Figure(_as_is, min)
"""The least value."""
MOST = Figure(_as_is, max)
"""The greatest value; of rows in order of their first column the newest."""
LARGEST = Figure(_whole_or_none, _larger)
"""The greatest of whole numbers, None without any."""
MEMBERS = Figure(_members, lambda one, other: one + other)
"""Different things by their hashes: a list of arrays, which `distinct` puts together."""
COUNTS = Figure(_counts, _added)
"""What sumMap gives: sums by whole number."""


def distinct(members: Sequence[Members]) -> Members:
    """The different ones among several arrays."""
    if len(members) == 1:
        return members[0]
    if not members:
        return np.empty(0, np.uint64)
    # What is in order in parts is merged, not sorted anew.
    found = np.sort(np.concatenate(members), kind="stable")
    return found[np.concatenate(([True], found[1:] != found[:-1]))] if len(found) else found


def different(expression: str, condition: str) -> str:
    """The column of MEMBERS for an expression of SQL, of the rows that meet a condition."""
    return f"groupUniqArrayIf(sipHash64({expression}), {condition})"


@dataclass(frozen=True, slots=True)
class RowMerging:
    """Rows of: the start of the part, as many columns of a key as `keys` says, and figures."""

    keys: int
    figures: Sequence[Figure]
    form: str = ROW_FORMAT

    def read(self, body: bytes) -> dict[int, Groups]:
        """See slices.py."""
        found: dict[int, dict[Key, list[Any]]] = {}
        first = 1 + self.keys
        for line in body.splitlines():
            row: Row = orjson.loads(line)
            figures = [figure.read(cell) for figure, cell in zip(self.figures, row[first:], strict=True)]
            found.setdefault(int(row[0]), {})[tuple(row[1:first])] = figures
        return dict(found)

    def merge(self, values: Sequence[Groups]) -> Groups:
        """See slices.py."""
        merged: dict[Key, list[Any]] = {}
        merges = [figure.merge for figure in self.figures]
        for groups in values:
            for key, figures in groups.items():
                known = merged.get(key)
                if known is None:
                    merged[key] = list(figures)
                else:
                    merged[key] = [merge(one, other) for merge, one, other in zip(merges, known, figures, strict=True)]
        places = [place for place, figure in enumerate(self.figures) if figure is MEMBERS]
        for figures in merged.values() if places else ():
            for place in places:
                figures[place] = [distinct(figures[place])]
        return merged

    def weight(self, value: Groups) -> int:
        """See slices.py."""
        places = [place for place, figure in enumerate(self.figures) if figure is MEMBERS]
        members: int = sum(each.nbytes for figures in value.values() for place in places for each in figures[place])
        return len(value) * (self.keys + len(self.figures) + 3) * _CELL_BYTES + members
