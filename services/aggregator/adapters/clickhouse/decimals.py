"""Values as integers: 21.5 is 215 and one decimal, which packs three times smaller than a double.

See 0001_store.sql: value = mantissa / 10^exponent; a value without a short decimal form is kept by its bits,
exponent -1. So is the NaN that ends a series, unchanged to its last bit.
"""

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Floats, Ids, Longs

BITS = -1
_POWERS = np.array([10.0**n for n in range(10)])
# Above this an integer is no longer exact in a double.
_LARGEST = float(1 << 53)


def decompose(series_ids: Ids, values: Floats) -> tuple[Longs, npt.NDArray[np.int8]]:
    """Mantissas and exponents of values whose equal series ids stand together.

    All values of a series get the exponent of the longest of them, so that neighbours differ little.
    """
    own = _decimals(values)
    starts = np.flatnonzero(np.concatenate(([True], series_ids[1:] != series_ids[:-1])))
    sizes = np.diff(np.append(starts, len(values)))
    shared = np.repeat(np.maximum.reduceat(own, starts), sizes) if len(values) else own
    scale = _POWERS[np.maximum(shared, 0)]
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.rint(values * scale)
    fits = (own >= 0) & (np.abs(scaled) < _LARGEST) & (scaled / scale == values)
    mantissas = np.where(fits, np.where(fits, scaled, 0.0).astype(np.int64), values.view(np.int64))
    return mantissas, np.where(fits, shared, BITS).astype(np.int8)


def _decimals(values: Floats) -> npt.NDArray[np.int8]:
    """Decimals each value needs, or -1 when it has no short decimal form."""
    found = np.full(len(values), BITS, np.int8)
    left = np.arange(len(values))
    for decimals, scale in enumerate(_POWERS):
        part = values[left]
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.rint(part * scale)
        exact = (scaled / scale == part) & (np.abs(scaled) < _LARGEST)
        found[left[exact]] = decimals
        left = left[~exact]
        if not len(left):
            break
    return found
