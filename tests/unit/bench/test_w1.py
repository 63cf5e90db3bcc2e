"""Workload W1, and the same samples as rivals are sent them."""

import cramjam
import numpy as np

from bench import remote_write, w1
from binnacle.remotewrite.v1 import remote_write_pb2 as pb

END_MS = 1_800_000_000_000


def test_both_layouts_hold_the_same_samples_of_the_last_day() -> None:
    workload = w1.W1(30_000, END_MS)
    rows = []
    for batches in (workload.grouped(), workload.flat(), workload.scrapes()):
        parts = [(each.places, each.times_ms, each.values) for each in batches]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        rows.append(sorted(zip(*(column.tolist() for column in columns), strict=True)))
    assert rows[0] == rows[1] == rows[2]
    assert len(set(rows[0])) == workload.samples == 30_000
    assert max(at for _place, at, _value in rows[0]) == END_MS
    assert min(at for _place, at, _value in rows[0]) > END_MS - w1.DAY_MS


def test_remote_write_carries_every_sample_with_its_labels() -> None:
    workload = w1.W1(10_000, END_MS)
    for batches, entry in ((workload.grouped, 10), (workload.flat, 1)):
        [batch], [body] = list(batches()), remote_write.bodies(batches(), entry)
        request = pb.WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(body)))
        entries = [pb.Series.FromString(raw) for raw in request.series]
        samples = [pb.Sample.FromString(raw) for each in entries for raw in each.samples]
        assert len(entries) == 10_000 // entry
        found = [(each.time_unix_ms, each.value) for each in samples]
        assert found == list(zip(batch.times_ms.tolist(), batch.values.tolist(), strict=True))
        first = {label.name: label.value for label in entries[0].labels}
        assert first == {"__name__": w1.name_of(0), **w1.labels_of(0)}
