"""A picture of very many samples: none that stands out gets lost, however few pixels there are."""

import time

import numpy as np
import pytest

from binnacle.journal.v1 import journal_pb2
from binnacle.query.v1 import query_pb2 as pb
from tests.component.aggregator.aggregators import Aggregator
from tests.component.aggregator.test_time_series_service import ask
from tests.support.journals import record
from tests.support.metric_queries import at, selected

pytestmark = pytest.mark.store

SAMPLES, SPIKES, PIXELS, HOUR_MS = 1_000_000, 500, 1_000, 3_600_000
# As much as a collector puts into one.
A_RECORD = 100_000
SERIES = 7


async def test_of_a_million_samples_each_pixel_has_its_least_and_its_greatest(aggregator: Aggregator) -> None:
    start_ms = (int(time.time()) // 3_600 - 2) * HOUR_MS
    rng = np.random.default_rng(20261121)
    times = start_ms + np.sort(rng.choice(HOUR_MS, SAMPLES, replace=False))
    values = np.round(rng.normal(50.0, 1.0, SAMPLES), 6)
    values[rng.choice(SAMPLES, SPIKES, replace=False)] += rng.choice([-400.0, 400.0], SPIKES)
    parts = [slice(first, first + A_RECORD) for first in range(0, SAMPLES, A_RECORD)]
    async with aggregator.journal() as journal:
        await journal.hello()
        for offset, part in enumerate(parts):
            await journal.commit(offset, _record(times[part], values[part]))
    query = pb.TimeSeriesQuery(
        expressions=[selected("heat")],
        start_time=at(start_ms / 1e3),
        end_time=at((start_ms + HOUR_MS) / 1e3),
        pixels=PIXELS,
        envelope=True,
    )
    answer = await ask(aggregator, query)
    [series] = answer.results[0].series
    starts = np.array(answer.times_unix_ms)
    assert PIXELS / 2 < len(starts) <= PIXELS, "a step is a pixel at least, and no more than two"
    places = np.searchsorted(times, starts)
    assert np.array_equal(np.array(series.minimums), np.minimum.reduceat(values, places))
    assert np.array_equal(np.array(series.maximums), np.maximum.reduceat(values, places))


def _record(times: np.ndarray, values: np.ndarray) -> journal_pb2.Record:
    made = record(series=[(SERIES, "heat", {"host": "web-0"})])
    made.samples.series_ids = np.full(len(times), SERIES, "<u8").tobytes()
    made.samples.times_unix_ms = times.astype("<i8").tobytes()
    made.samples.values = values.astype("<f8").tobytes()
    return made
