"""Prometheus remote write 1.0 by hand: `WriteRequest`s as snappy blocks, made before the clock starts."""

from collections.abc import Iterator

import cramjam
import numpy as np

from bench import w1

_SAMPLE = np.dtype([("head", "u1", 3), ("value", "<f8"), ("tag", "u1"), ("time", "u1", 6)])
"""Field 2 with 16 bytes: field 1 a double, field 2 a time in six bytes, which those of our days take."""


def bodies(batches: Iterator[w1.Batch], samples_an_entry: int) -> list[bytes]:
    """One request a batch; neighbours of one series share an entry of `samples_an_entry` samples."""
    labels = [_labels(series) for series in range(w1.SERIES)]
    heads = [_field(1, len(each) + samples_an_entry * _SAMPLE.itemsize) + each for each in labels]
    return [_body(batch, heads, samples_an_entry) for batch in batches]


def _body(batch: w1.Batch, heads: list[bytes], samples_an_entry: int) -> bytes:
    rows = np.empty(len(batch.values), _SAMPLE)
    rows["head"] = (0x12, 16, 0x09)
    rows["value"] = batch.values
    rows["tag"] = 0x10
    for place in range(6):
        last = place == 5
        rows["time"][:, place] = (batch.times_ms >> 7 * place) & 0x7F | (0 if last else 0x80)
    size = samples_an_entry * _SAMPLE.itemsize
    body = rows.tobytes()
    series = batch.places[::samples_an_entry].tolist()
    parts = (heads[each] + body[at * size : (at + 1) * size] for at, each in enumerate(series))
    return bytes(cramjam.snappy.compress_raw(b"".join(parts)))


def _labels(series: int) -> bytes:
    pairs = sorted({"__name__": w1.name_of(series), **w1.labels_of(series)}.items())
    return b"".join(_block(1, _block(1, name.encode()) + _block(2, value.encode())) for name, value in pairs)


def _block(number: int, body: bytes) -> bytes:
    return _field(number, len(body)) + body


def _field(number: int, size: int) -> bytes:
    length = bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size])
