"""What every Store promises of distributions, exemplars and spans."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from services.aggregator.domain.live.live import history_bounds
from services.aggregator.ports.store import Store
from services.core.columns import Telemetry
from tests.support.journals import NOW, record, segment
from tests.support.stores import MAKERS, opened
from tests.support.telemetry import exponential, filled, histogram, spans

REQUESTS = [(1, "http.server.request.duration", {"service": "shop"})]


@pytest.fixture(
    params=["memory", pytest.param("chdb", marks=pytest.mark.store), pytest.param("server", marks=pytest.mark.store)]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(MAKERS[request.param](tmp_path / "store")) as ready:
        yield ready


async def newest(store: Store, tenant: str = "default") -> Telemetry:
    """The last histograms that a live overview is told of."""
    history = await store.live_history(tenant, history_bounds(NOW))
    return history.durations[-1]


async def test_the_newest_histogram_of_a_series_comes_back_as_it_was(store: Store) -> None:
    old = filled(record(series=REQUESTS, kind=4), histogram(1, NOW - 60, [1, 0, 0], 0.1))
    new = filled(record(), histogram(1, NOW, [1, 2, 3], 7.5))
    await store.commit(segment(old, new))
    found = (await newest(store)).histograms
    assert found is not None
    assert found.series_ids.tolist() == [1]
    assert found.times_ns.tolist() == [round(NOW * 1e9)]
    assert (found.counts.tolist(), found.sums.tolist()) == ([6], [7.5])
    assert np.isnan(found.mins).all()
    assert (found.bounds.flat.tolist(), found.buckets.flat.tolist()) == ([0.1, 1.0], [1, 2, 3])


async def test_an_exponential_histogram_comes_back_as_it_was(store: Store) -> None:
    await store.commit(segment(filled(record(series=REQUESTS, kind=5), exponential(1, NOW, 3, [4, 0, 1]))))
    found = (await newest(store)).exponential_histograms
    assert found is not None
    assert (found.scales.tolist(), found.positive_offsets.tolist()) == ([3], [-7])
    assert found.positive.flat.tolist() == [4, 0, 1]
    assert (found.zero_counts.tolist(), found.negative.lengths.tolist()) == ([2], [0])


async def test_who_sent_only_spans_is_a_tenant(store: Store) -> None:
    await store.commit(segment(filled(record(tenant="spanner"), spans(NOW, 2, 0.25, 0.5))))
    assert list(await store.tenants()) == ["spanner"]
    signals = (await store.live_history("spanner", history_bounds(NOW))).signals
    assert (signals.requests.sum(), signals.latency_sums_ms.sum()) == (2.0, 750.0)


async def test_a_segment_of_histograms_committed_twice_counts_once(store: Store) -> None:
    twice = segment(filled(record(series=REQUESTS, kind=4), histogram(1, NOW, [1, 2, 3], 7.5, start=NOW - 5)))
    for _time in range(2):
        await store.commit(twice)
    found = (await newest(store)).histograms
    assert found is not None
    assert len(found.counts) == 1
