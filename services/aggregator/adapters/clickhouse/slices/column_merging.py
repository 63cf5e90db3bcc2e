"""Columns of numbers with a key of 64 bits: many groups, put together without a loop over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from services.aggregator.adapters.clickhouse.engine import native_rows

Column = npt.NDArray[Any]
Columns = Sequence[Column]
"""Keys in order, each once, and their figures."""
_FUNCTIONS: Mapping[str, Any] = {"sum": np.add, "min": np.minimum, "max": np.maximum}


@dataclass(frozen=True, slots=True)
class ColumnMerging:
    """Columns of: the start of the part (Int64), a key (UInt64), and figures (Int64), each with what merges them."""

    figures: Sequence[str]
    form: str = "Native"

    def read(self, body: bytes) -> dict[int, Columns]:
        """See slices.py."""
        kinds = ("Int64", "UInt64", *("Int64" for _figure in self.figures))
        starts, *columns = native_rows.columns(body, kinds)
        found: dict[int, Columns] = {}
        for start in np.unique(starts).tolist():
            theirs = starts == start
            found[start] = self._together([column[theirs] for column in columns])
        return found

    def merge(self, values: Sequence[Columns]) -> Columns:
        """See slices.py."""
        if len(values) == 1:
            return values[0]
        if not values:
            return [np.empty(0, np.uint64), *(np.empty(0, np.int64) for _figure in self.figures)]
        return self._together([np.concatenate(columns) for columns in zip(*values, strict=True)])

    def weight(self, value: Columns) -> int:
        """See slices.py."""
        return sum(column.nbytes for column in value)

    def _together(self, columns: Columns) -> Columns:
        """The rows of each key as one."""
        if not len(columns[0]):
            return columns
        # Much of it is in order already.
        order = np.argsort(columns[0], kind="stable")
        keys = columns[0][order]
        firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        figures = [
            _FUNCTIONS[name].reduceat(column[order], firsts)
            for name, column in zip(self.figures, columns[1:], strict=True)
        ]
        return [keys[firsts], *figures]
