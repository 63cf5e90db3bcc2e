"""Samples as they are fed, to who reads them: those that are wanted, and never too many."""

from collections.abc import Sequence

import numpy as np
import pytest

from services.aggregator.domain.live.sample_feed import READER_SAMPLES, SampleFeed
from services.aggregator.ports.records import Record, SampleColumns, Series
from services.core.errors import Overloaded, Unavailable

HEAT = [Series(n, "heat", {"host": f"web-{n}"}) for n in range(3)]
COLD = Series(9, "cold", {})


def fed(*samples: tuple[int, float], series: Sequence[Series] = (), tenant: str = "acme") -> Record:
    ids, values = np.array([one for one, _ in samples], np.uint64), np.array([value for _, value in samples])
    return Record(0, tenant, 0, series, SampleColumns(ids, np.arange(len(ids), dtype=np.int64), values))


def wanted(series: Sequence[Series]) -> Sequence[Series]:
    return [one for one in series if one.name == "heat"]


async def test_series_are_named_before_their_first_samples_and_once() -> None:
    feed = SampleFeed()
    with feed.reading("acme", wanted) as reader:
        reader.know(HEAT[:1])
        feed.fed([fed((0, 1.0), (1, 2.0), (9, 3.0), series=[HEAT[1], COLD]), fed((0, 4.0), tenant="other")])
        first = await reader.next(5.0)
        assert [one.id for one in first.series] == [0, 1]
        assert first.samples.values.tolist() == [1.0, 2.0]
        feed.fed([fed((1, 5.0), (2, 6.0), series=HEAT[1:])])
        second = await reader.next(5.0)
        assert [one.id for one in second.series] == [2]
        assert second.samples.values.tolist() == [5.0, 6.0]
        assert not len((await reader.next(0.0)).samples.values)
    feed.fed([fed((0, 7.0))])
    assert not len((await reader.next(0.0)).samples.values)


async def test_a_reader_that_falls_behind_is_ended_and_so_is_each_when_the_store_is_read_anew() -> None:
    feed = SampleFeed()
    with feed.reading("acme", wanted) as slow, feed.reading("acme", wanted) as other:
        many = np.zeros(READER_SAMPLES + 1)
        columns = SampleColumns(many.astype(np.uint64), many.astype(np.int64), many)
        slow.offer(Record(0, "acme", 0, (), columns))
        with pytest.raises(Overloaded):
            await slow.next(5.0)
        feed.end(Unavailable("the store is being read", 0.5))
        with pytest.raises(Unavailable):
            await other.next(5.0)
