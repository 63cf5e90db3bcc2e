"""Work in parts, so that whoever else has something to do has a turn between them."""

from collections.abc import Iterator

import numpy as np

from services.alerting.ports.sources import Samples

AT_ONCE = 500
"""Groups that are judged without a pause: each of them may have an alert to begin."""


def turns(length: int) -> Iterator[slice]:
    """Places up to a length, in parts."""
    return (slice(start, start + AT_ONCE) for start in range(0, length, AT_ONCE))


def portions(samples: Samples) -> Iterator[Samples]:
    """Samples in parts, all of a series in one; the names of series before them."""
    if len(samples.ids) <= AT_ONCE and len(samples.series) <= AT_ONCE:
        yield samples
        return
    named, none = list(samples.series.items()), slice(0, 0)
    for some in turns(len(named)):
        yield Samples(dict(named[some]), samples.ids[none], samples.times[none], samples.values[none], samples.partial)
    starts = (
        np.flatnonzero(np.append(True, samples.ids[1:] != samples.ids[:-1])) if len(samples.ids) else np.empty(0, int)
    )
    cuts = starts[np.flatnonzero(np.diff(starts // AT_ONCE)) + 1]
    for rows in np.split(np.arange(len(samples.ids)), cuts):
        some = slice(rows[0], rows[-1] + 1) if len(rows) else none
        yield Samples({}, samples.ids[some], samples.times[some], samples.values[some], samples.partial)
