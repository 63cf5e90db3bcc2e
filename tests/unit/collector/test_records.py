"""What forwarding must know of a record."""

import lz4.block
import numpy as np

from services.collector.convert import records
from services.collector.domain.columns import Accepted, SampleColumns


def test_a_record_weighs_what_its_samples_take_unpacked() -> None:
    column = np.zeros(1_000, np.uint64)
    plain = SampleColumns(column, column.view(np.int64), column.view(np.float64))
    packed = SampleColumns(*(plain.series_ids, plain.times_ms, plain.values), lz4.block.compress(bytes(24_000)))
    raw = records.encode(Accepted("default", 1, samples=plain))
    small = records.encode(Accepted("default", 1, samples=packed))
    assert records.weight(raw) == len(raw)
    assert len(small) < 1_000
    assert records.weight(small) == len(small) + 24_000
