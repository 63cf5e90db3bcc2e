"""Traffic as the store answers it equals a recomputation, however segments came: repeated, late, in any order."""

import random
from pathlib import Path

import numpy as np
import pytest

from services.aggregator.adapters.clickhouse.reports.traffic import ClickHouseTraffic
from services.aggregator.domain.reports.traffic import TrafficSums, summed
from services.aggregator.ports.store import Segment
from services.aggregator.ports.traffic import TrafficQuestion
from tests.support.journals import NOW, Event, record, segment
from tests.support.stores import chdb_store, opened

pytestmark = pytest.mark.store

HOUR = 3_600
START = int(NOW) // HOUR * HOUR
HOURS = 9


def request(rng: random.Random) -> Event:
    data = {
        "endpoint": rng.choice("ab"),
        "status_code": rng.choice((200, 500)),
        "latency_ms": round(rng.lognormvariate(3, 1), 2),
    }
    at = START + rng.random() * HOURS * HOUR
    return {"type": "request", "service": rng.choice(("x", "y")), "time": at, "data": data}


def segments(rng: random.Random, events: list[Event]) -> list[Segment]:
    """The events in segments of several journals, some of them twice."""
    made = [
        segment(record(events=events[journal::5][place::4]), first_offset=place, journal_id=f"{journal:016x}")
        for journal in range(5)
        for place in range(4)
    ]
    rng.shuffle(made)
    return [*made, *rng.sample(made, 8)]


def check(sums: TrafficSums, events: list[Event]) -> None:
    latencies = [event["data"]["latency_ms"] for event in events]
    assert (sums.requests, sums.errors) == (
        len(events),
        sum(event["data"]["status_code"] == 500 for event in events),
    )
    assert sums.last_second == max((int(event["time"]) for event in events), default=0)
    assert sums.observed.sum_ms == pytest.approx(sum(latencies))
    found = sums.observed.latency()
    assert (found is None) == (not latencies)
    if found is not None:
        told = [found.p50_ms, found.p95_ms, found.p99_ms]
        assert told == pytest.approx(np.percentile(latencies, [50, 95, 99]), rel=0.01)


async def test_any_range_equals_a_recomputation(tmp_path: Path) -> None:
    rng = random.Random(11)
    events = [request(rng) for _each in range(2_000)]
    async with opened(chdb_store(tmp_path / "store")) as store:
        for one in segments(rng, events):
            await store.commit(one)
        traffic = ClickHouseTraffic(store.reader)  # type: ignore[attr-defined]
        for _round in range(15):
            first, end = sorted(rng.sample(range(START - 100, START + HOURS * HOUR + 100), 2))
            within = [event for event in events if first <= int(event["time"]) < end]
            rows = await traffic.traffic("default", TrafficQuestion(first, end, ("service", "endpoint")))
            for key, sums in summed(rows, lambda row: (row.service, row.endpoint)).items():
                check(sums, [event for event in within if (event["service"], event["data"]["endpoint"]) == key])
            assert sum(row.requests for row in rows) == len(within)
            stretch = rng.choice((60, HOUR, 2 * HOUR))
            rows = await traffic.traffic("default", TrafficQuestion(first, end, (), stretch, service="x"))
            for start, sums in summed(rows, lambda row: row.start).items():
                same = [e for e in within if e["service"] == "x" and start <= int(e["time"]) < start + stretch]
                check(sums, same)
            counts = await traffic.counts("default", TrafficQuestion(first, end, ("service",), stretch))
            told: dict[tuple[str, int], list[list[float]]] = {}
            columns = counts.places.tolist(), counts.starts.tolist(), counts.requests.tolist(), counts.errors.tolist()
            for place, second, asked, failed in zip(*columns, strict=True):
                told.setdefault((counts.names[place][0], second), []).append([asked, failed])
            expected: dict[tuple[str, int], list[list[float]]] = {}
            for event in within:
                group = event["service"], int(event["time"]) // stretch * stretch
                expected.setdefault(group, []).append([1.0, float(event["data"]["status_code"] == 500)])
            summed_up = [{key: np.sum(each, axis=0).tolist() for key, each in one.items()} for one in (told, expected)]
            assert summed_up[0] == summed_up[1]
        assert not list(await traffic.traffic("other", TrafficQuestion(START, START + 9 * HOUR, ("service",))))
