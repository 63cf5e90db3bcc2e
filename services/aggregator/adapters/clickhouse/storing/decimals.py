"""Values as integers: 21.5 is 215 and one decimal, which packs three times smaller than a double.

See 0001_store.sql: value = mantissa / 10^exponent; a value without a short decimal form is kept by its bits,
exponent -1.
"""

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Flags, Floats, Longs

Exponents = npt.NDArray[np.int8]
Counts = npt.NDArray[np.intp]

BITS = -1
_POWERS = np.array([10.0**n for n in range(10)])
# Above this an integer is no longer exact in a double.
_LARGEST = float(1 << 53)


def decompose(counts: Counts, known: Exponents, values: Floats) -> tuple[Longs, Exponents]:
    """Mantissas and exponents of values, of which `counts` neighbours each belong to one series.

    All values of a series get the exponent of the longest seen so far, so that neighbours differ little: `known` holds
    it for each series and grows here. A series whose values mostly have no short form is known as BITS from then on.
    """
    scaled, exact = _scaled(counts, known, values)
    odd = np.flatnonzero(~exact)
    if len(odd) and _learn(counts, known, values, odd):
        scaled, exact = _scaled(counts, known, values)
    exponents = np.repeat(known, counts)
    with np.errstate(invalid="ignore"):
        mantissas = scaled.astype(np.int64)
    if not exact.all():
        odd = np.flatnonzero(~exact)
        mantissas[odd] = values.view(np.int64)[odd]
        exponents[odd] = BITS
    return mantissas, exponents


def _scaled(counts: Counts, known: Exponents, values: Floats) -> tuple[Floats, Flags]:
    """Values times the power of their series, and whether that is an integer which gives the value back."""
    scale = np.repeat(np.where(known >= 0, _POWERS[known], np.nan), counts)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values * scale
        np.rint(scaled, out=scaled)
        exact = scaled / scale == values
    exact &= np.abs(scaled) < _LARGEST
    return scaled, exact


def _learn(counts: Counts, known: Exponents, values: Floats, odd: npt.NDArray[np.intp]) -> bool:
    """Let `known` grow by what the odd rows need; whether it did."""
    series = np.repeat(np.arange(len(known)), counts)[odd]
    fresh = known[series] != BITS
    series, odd = series[fresh], odd[fresh]
    if not len(odd):
        return False
    before = known.copy()
    needed = _decimals(values[odd])
    np.maximum.at(known, series, needed)
    formless = np.bincount(series[needed == BITS], minlength=len(known))
    known[2 * formless > counts] = BITS
    return not np.array_equal(before, known)


def _decimals(values: Floats) -> Exponents:
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
