"""Samples of remote write, thousands at once: serialised messages of one length are read as columns."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from binnacle.remotewrite.v1 import remote_write_pb2 as pb
from services.collector.domain.columns import Mask, Times, Values

Bytes = npt.NDArray[np.uint8]

VALUE_TAG = 0x09
TIME_TAG = 0x10
VALUE_BYTES = 9
# A time of 1990 to 2039 in milliseconds takes six bytes on the wire.
TIME_BYTES = 6
NO_VALUE = 1 + TIME_BYTES
WITH_VALUE = VALUE_BYTES + NO_VALUE
CONTINUES = 0x80


def decode(samples: Sequence[bytes]) -> tuple[Times, Values]:
    """Times in milliseconds and values of serialised `Sample`s. Raises DecodeError for what is none."""
    times, values = np.zeros(len(samples), np.int64), np.zeros(len(samples), np.float64)
    lengths = np.fromiter(map(len, samples), np.intp, len(samples))
    left = np.ones(len(samples), np.bool_)
    # A value of zero is left out on the wire.
    for length in (WITH_VALUE, NO_VALUE):
        rows = np.flatnonzero(lengths == length)
        if not len(rows):
            continue
        chosen = samples if len(rows) == len(samples) else [samples[row] for row in rows.tolist()]
        table = np.frombuffer(b"".join(chosen), np.uint8).reshape(-1, length)
        plain = _is_plain(table)
        if not plain.all():
            rows, table = rows[plain], table[plain]
        times[rows] = _times(table[:, -TIME_BYTES:])
        if length == WITH_VALUE:
            values[rows] = np.ascontiguousarray(table[:, 1:VALUE_BYTES]).view("<f8")[:, 0]
        left[rows] = False
    for row in np.flatnonzero(left).tolist():
        sample = pb.Sample.FromString(samples[row])
        times[row], values[row] = sample.time_unix_ms, sample.value
    return times, values


def _is_plain(table: Bytes) -> Mask:
    """Rows that hold value and time, each once and in this order, or the time alone."""
    time = table[:, -TIME_BYTES:]
    plain: Mask = (
        (table[:, -NO_VALUE] == TIME_TAG) & (time[:, :-1] >= CONTINUES).all(axis=1) & (time[:, -1] < CONTINUES)
    )
    if table.shape[1] == WITH_VALUE:
        plain &= table[:, 0] == VALUE_TAG
    return plain


def _times(varints: Bytes) -> Times:
    shifts = np.arange(TIME_BYTES, dtype=np.int64) * 7
    times: Times = ((varints & 0x7F).astype(np.int64) << shifts).sum(axis=1)
    return times
