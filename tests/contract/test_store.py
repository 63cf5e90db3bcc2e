"""What every Store promises."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from services.aggregator.domain.live.live import history_bounds
from services.aggregator.ports.store import EventFilter, Store, StoredEvent
from tests.support.journals import JOURNAL, NOW, record, segment
from tests.support.stores import MAKERS, opened

ALL = EventFilter()
ANOTHER = "00000000000000bb"
HARD_TEXT = "läden \"1\" \\ \n\t'x' {a:b} 🧭"


@pytest.fixture(
    params=["memory", pytest.param("chdb", marks=pytest.mark.store), pytest.param("server", marks=pytest.mark.store)]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(MAKERS[request.param](tmp_path / "store")) as ready:
        yield ready


def types(events: "list[StoredEvent] | tuple[StoredEvent, ...]") -> list[str]:
    return [event.type for event in events]


async def test_a_new_store_is_empty(store: Store) -> None:
    assert dict(await store.committed()) == {}
    assert list(await store.tenants()) == []
    assert list(await store.events("default", ALL, 10)) == []
    assert (await store.intake_counts("default")).events == 0


async def test_an_event_comes_back_as_it_was(store: Store) -> None:
    event = {"type": "purchase", "service": HARD_TEXT, "user": "u", "session": "s", "data": {"note": HARD_TEXT}}
    await store.commit(segment(record(events=[{**event, "time": NOW - 0.25}]), first_offset=7))
    [kept] = await store.events("default", ALL, 10)
    assert (kept.type, kept.service, kept.user_id, kept.session_id) == ("purchase", HARD_TEXT, "u", "s")
    assert (kept.time_us, kept.accepted_us) == (round((NOW - 0.25) * 1e6), round(NOW * 1e6))
    assert kept.place == (JOURNAL, 7, 0)
    assert '"note"' in kept.data_json
    assert await store.count_events("default", EventFilter(service=HARD_TEXT)) == 1


async def test_a_segment_committed_twice_is_there_once(store: Store) -> None:
    everything = segment(
        record(
            events=[{"type": "request", "service": "shop", "data": {"latency_ms": 5}}, {"type": "purchase"}],
            heartbeats=[{"service": "shop"}],
            logs=[{"message": "hello"}],
            series=[(1, "requests", {"service": "shop"})],
            samples=[(1, NOW, 2.0)],
        )
    )
    for _time in range(2):
        await store.commit(everything)
    counts = await store.intake_counts("default")
    assert (counts.events, counts.samples, counts.logs, counts.heartbeats, counts.series) == (2, 1, 1, 1, 1)
    history = await store.live_history("default", history_bounds(NOW))
    assert history.signals.requests.sum() == 3.0
    assert dict(await store.committed()) == {JOURNAL: 1}


async def test_equal_rows_of_another_segment_are_kept(store: Store) -> None:
    for offset in range(2):
        await store.commit(segment(record(samples=[(1, NOW, 2.0)], logs=[{"message": "hello"}]), first_offset=offset))
    counts = await store.intake_counts("default")
    assert (counts.samples, counts.logs) == (2, 2)


async def test_many_distinct_words_and_long_texts_come_back(store: Store) -> None:
    rows = [{"type": f"t{n}", "service": "s" * (n % 300), "data": {"text": "x" * n}} for n in range(400)]
    await store.commit(segment(record(events=rows)))
    kept = {event.type: event for event in await store.events("default", ALL, 1_000)}
    assert len(kept) == 400
    assert all(kept[f"t{n}"].service == "s" * (n % 300) and "x" * n in kept[f"t{n}"].data_json for n in range(400))


async def test_two_days_in_one_segment_are_there_once_each(store: Store) -> None:
    days = segment(record(events=[{"type": "a", "time": NOW - 86_400}, {"type": "b", "time": NOW}]))
    for _time in range(2):
        await store.commit(days)
    assert types(list(await store.events("default", ALL, 10))) == ["b", "a"]


async def test_journals_are_committed_apart(store: Store) -> None:
    await store.commit(segment(record(events=[{"type": "a"}])))
    await store.commit(
        segment(record(events=[{"type": "b"}]), record(events=[{"type": "c"}]), journal_id="00000000000000bb")
    )
    await store.commit(segment(record(events=[{"type": "d"}]), first_offset=1))
    assert dict(await store.committed()) == {JOURNAL: 2, "00000000000000bb": 2}
    assert (await store.intake_counts("default")).events == 4


async def test_tenants_never_see_each_other(store: Store) -> None:
    await store.commit(
        segment(
            record(tenant="a", events=[{"type": "mine", "user": "u"}], heartbeats=[{"service": "s"}]),
            record(tenant="b", events=[{"type": "theirs"}]),
        )
    )
    assert list(await store.tenants()) == ["a", "b"]
    assert types(list(await store.events("a", ALL, 10))) == ["mine"]
    assert await store.count_events("b", ALL) == 1
    assert (await store.intake_counts("b")).heartbeats == 0
    assert (await store.live_history("b", history_bounds(NOW))).users == {}
    assert list(await store.events("' OR 1 = 1 --", ALL, 10)) == []


async def test_events_are_filtered_newest_first_and_paged_without_gap(store: Store) -> None:
    # Several share one time: only their places tell them apart.
    rows = [{"type": "odd" if n % 2 else "even", "service": f"s{n % 3}", "time": NOW + n // 4} for n in range(20)]
    await store.commit(segment(record(events=rows[:10]), record(events=rows[10:])))
    everything = list(await store.events("default", ALL, 100))
    assert [event.time_us for event in everything] == sorted((e.time_us for e in everything), reverse=True)
    assert len({event.place for event in everything}) == 20
    paged: list[StoredEvent] = []
    while page := await store.events("default", ALL, 3, (paged[-1].time_us, *paged[-1].place) if paged else None):
        paged += page
    assert paged == everything
    matching = EventFilter("odd", "s1")
    assert len(await store.events("default", matching, 100)) == await store.count_events("default", matching) == 4


async def test_values_of_samples_come_back_exactly(store: Store) -> None:
    values = [0.0, 21.5, -3.125, 0.1 + 0.2, 1e308, 5e-324, -1e-7, 123456789.123456789, 2.0**53 + 2, 1 / 3]
    names = [(n + 1, "system_disk_percent", {"host": "h", "mount": str(n)}) for n in range(len(values))]
    samples = [(n + 1, NOW, value) for n, value in enumerate(values)]
    await store.commit(segment(record(series=names, samples=samples)))
    history = await store.live_history("default", history_bounds(NOW))
    assert {sample.series_id: sample.value for sample in history.samples} == dict(enumerate(values, 1))


async def test_history_holds_what_a_live_overview_needs(store: Store) -> None:
    await store.commit(
        segment(
            record(
                series=[(1, "latency", {"service": "shop", "endpoint": "/a"}), (2, "temperature", {})],
                samples=[(1, NOW, 10.0), (1, NOW - 1, 20.0), (2, NOW, 1.0)],
                events=[
                    {"type": "request", "service": "shop", "user": "u", "data": {"endpoint": "/a", "status_code": 500}},
                    {"type": "purchase", "user": "early", "time": NOW - 400},
                    {"type": "request", "service": "old", "time": NOW - 1_000},
                ],
                heartbeats=[{"service": "shop", "time": NOW - 5}, {"service": "shop", "status": "degraded"}],
            )
        )
    )
    history = await store.live_history("default", history_bounds(NOW))
    assert [series.name for series in history.series] == ["latency"]
    assert history.series[0].labels == {"service": "shop", "endpoint": "/a"}
    assert history.users == {"u": round(NOW * 1e6)}
    assert types(list(history.events)) == ["purchase"]
    assert [(beat.service, beat.status) for beat in history.heartbeats] == [("shop", "degraded")]
    signals = history.signals
    assert (signals.requests.sum(), signals.errors.sum(), signals.latency_sums_ms.sum()) == (1.0, 1.0, 30.0)
    assert signals.bucket_counts.sum() == signals.latency_counts.sum() == 2
    assert np.diff(signals.bucket_starts).sum() == len(signals.buckets)
    by_service = {totals.service: totals.requests for totals in history.days}
    assert by_service["old"] == 1.0
