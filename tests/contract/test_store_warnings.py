"""What every Store promises about intake warnings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.aggregator.ports.store import Store
from services.aggregator.ports.warnings import IntakeWarning, WarningFilter
from tests.support.intake_warnings import Refusals, warning_record
from tests.support.journals import NOW, segment
from tests.support.stores import MAKERS, opened

HARD_TEXT = "läden \"1\" \\ \n\t'x' {a:b} 🧭"


def within(start: float = NOW - 3600, end: float = NOW + 3600, kind: str = "") -> WarningFilter:
    return WarningFilter(round(start * 1e6), round(end * 1e6), kind)


@pytest.fixture(
    params=["memory", pytest.param("chdb", marks=pytest.mark.store), pytest.param("server", marks=pytest.mark.store)]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(MAKERS[request.param](tmp_path / "store")) as ready:
        yield ready


async def test_refusals_that_are_alike_are_one_row_summed_over_the_range(store: Store) -> None:
    rows = [
        Refusals(points=3, first=NOW, last=NOW + 1, sample="old"),
        Refusals(points=4, first=NOW + 2, last=NOW + 3, sample=HARD_TEXT),
        Refusals(points=100, first=NOW + 9, last=NOW + 10),
        Refusals(field="events.time", reason="clock_skew", last=NOW + 2),
    ]
    for offset, row in enumerate(rows):
        await store.commit(segment(warning_record([row]), first_offset=offset))
    newest, older = await store.intake_warnings("default", within(end=NOW + 10), 10)
    times = (round(NOW * 1e6), round((NOW + 3) * 1e6))
    expected = ("events", "events.type", "rule", "must be 1 to 100 characters", "shop", HARD_TEXT, 7)
    assert newest == IntakeWarning(*expected, *times)
    assert (older.field, older.reason, older.count) == ("events.time", "clock_skew", 1)


async def test_a_segment_committed_twice_is_counted_once(store: Store) -> None:
    told = segment(warning_record([Refusals(points=3), Refusals(points=4, source="cart")]))
    for _time in range(2):
        await store.commit(told)
    assert sorted(one.count for one in await store.intake_warnings("default", within(), 10)) == [3, 4]


async def test_they_are_filtered_by_kind_and_tenant(store: Store) -> None:
    await store.commit(
        segment(
            warning_record([Refusals(), Refusals(kind="logs", source=HARD_TEXT)]),
            warning_record([Refusals(points=9)], tenant="other"),
        )
    )
    [logs] = await store.intake_warnings("default", within(kind="logs"), 10)
    assert (logs.kind, logs.source) == ("logs", HARD_TEXT)
    assert [one.count for one in await store.intake_warnings("other", within(), 10)] == [9]
    assert list(await store.intake_warnings("nobody", within(), 10)) == []


async def test_pages_follow_each_other_without_gap(store: Store) -> None:
    # Several share one time: only what tells them apart orders them.
    rows = [Refusals(source=f"s{n % 4}", field=HARD_TEXT * (n % 3), last=NOW + n // 6) for n in range(24)]
    await store.commit(segment(warning_record(rows)))
    everything = list(await store.intake_warnings("default", within(), 100))
    assert len(everything) == 12
    assert [one.last_us for one in everything] == sorted((one.last_us for one in everything), reverse=True)
    paged: list[IntakeWarning] = []
    while page := await store.intake_warnings("default", within(), 5, paged[-1].position if paged else None):
        paged += page
    assert paged == everything
