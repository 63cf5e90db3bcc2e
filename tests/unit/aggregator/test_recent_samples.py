"""The newest samples in memory are those of the store, or are not told."""

from collections.abc import Sequence

import numpy as np
import pytest

from services.aggregator.domain.series import recent_samples
from services.aggregator.domain.series.recent_samples import NO_SAMPLES, RecentSamples, runs_of
from services.aggregator.ports.records import SampleColumns
from tests.support.clock import ManualClock
from tests.support.journals import NOW, Sample, record, segment

IDS = np.array([1, 2], np.uint64)
FROM_MS = int((NOW - 300) * 1e3)


def columns(rows: Sequence[Sample]) -> SampleColumns:
    ids, times, values = (np.array(column) for column in zip(*rows, strict=True))
    return SampleColumns(ids.astype(np.uint64), (times * 1e3).astype(np.int64), values.astype(np.float64))


def told(recent: RecentSamples, from_ms: int = FROM_MS) -> list[tuple[int, int, float]] | None:
    found = recent.samples("default", IDS, from_ms)
    if found is None:
        return None
    return sorted(zip(found.series_ids.tolist(), found.times_ms.tolist(), found.values.tolist(), strict=True))


class Writer:
    """A journal whose segments are written one after the other."""

    def __init__(self, recent: RecentSamples) -> None:
        self._recent = recent
        self._offset = 0

    def write(self, *samples: Sample, done: bool = True) -> None:
        made = segment(record(samples=samples), first_offset=self._offset)
        self._offset += done
        self._recent.before(made)
        self._recent.after(made, 1, done)


def loaded(clock: ManualClock, rows: Sequence[Sample] = ()) -> tuple[RecentSamples, Writer]:
    recent = RecentSamples(clock)
    recent.opened([], alone=True)
    writer = Writer(recent)
    writer.write()
    assert recent.hold()
    recent.take("default", runs_of(columns(rows) if rows else NO_SAMPLES, clock.now()), recent.kept_from_ms())
    recent.release()
    return recent, writer


def test_what_is_written_follows_what_was_read() -> None:
    recent, writer = loaded(ManualClock(NOW), [(1, NOW - 5, 1.0), (3, NOW, 9.0)])
    writer.write((2, NOW - 2, 2.0), (3, NOW, 3.0))
    writer.write((1, NOW - 1, 4.0))
    ms = int(NOW * 1e3)
    assert told(recent) == [(1, ms - 5_000, 1.0), (1, ms - 1_000, 4.0), (2, ms - 2_000, 2.0)]


def test_nothing_is_told_of_what_is_older_than_was_read() -> None:
    recent, _writer = loaded(ManualClock(NOW))
    assert told(recent, int((NOW - 700) * 1e3)) is None
    assert not recent.covers("default", int((NOW - 700) * 1e3))
    assert recent.covers("default", FROM_MS)


def test_a_segment_that_failed_makes_its_tenants_samples_doubtful() -> None:
    recent, writer = loaded(ManualClock(NOW))
    writer.write((1, NOW, 1.0), done=False)
    assert told(recent) is None
    assert recent.hold()
    recent.take("default", runs_of(columns([(1, NOW, 1.0)]), NOW), recent.kept_from_ms())
    recent.release()
    # What is repeated was in the store already.
    writer.write((1, NOW, 1.0))
    assert told(recent) is None


def test_the_first_segment_of_a_journal_may_be_a_repeat() -> None:
    recent, _writer = loaded(ManualClock(NOW))
    other = segment(record(samples=[(1, NOW, 1.0)]), journal_id="another")
    recent.before(other)
    recent.after(other, 1, True)
    assert told(recent) is None


async def test_what_is_old_goes() -> None:
    clock = ManualClock(NOW)
    recent, writer = loaded(clock)
    writer.write((1, NOW, 1.0))
    await clock.advance(700.0)
    writer.write((1, NOW + 700, 2.0))
    found = told(recent, int((NOW + 200) * 1e3))
    assert found is not None
    assert found[-1] == (1, int((NOW + 700) * 1e3), 2.0)


def test_of_too_many_the_newest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_samples, "MAX_ROWS", 10)
    monkeypatch.setattr(recent_samples, "RUN_ROWS", 5)
    recent, writer = loaded(ManualClock(NOW))
    for second in range(8):
        writer.write(*[(1, NOW + second, float(n)) for n in range(5)])
    assert told(recent) is None
    end_ms = int((NOW + 60) * 1e3)
    newest = recent.newest("default", IDS[:1], FROM_MS, end_ms)
    assert newest is not None
    assert int(newest.times_ms.max()) == int((NOW + 7) * 1e3)
    assert recent.newest("default", IDS, FROM_MS, end_ms) is None


def test_a_store_that_others_write_to_is_not_remembered() -> None:
    recent = RecentSamples(ManualClock(NOW))
    recent.opened([], alone=False)
    assert not recent.worth_reading("default", FROM_MS)


async def test_what_is_too_much_is_not_tried_again_at_once() -> None:
    clock = ManualClock(NOW)
    recent = RecentSamples(clock)
    recent.opened([], alone=True)
    assert recent.worth_reading("default", FROM_MS)
    recent.give_up("default")
    assert not recent.worth_reading("default", FROM_MS)
    assert recent.worth_reading("other", FROM_MS)
    await clock.advance(recent_samples.GIVEN_UP_SECONDS)
    assert recent.worth_reading("default", int((clock.now() - 300) * 1e3))


async def test_samples_stay_whole_over_minutes_and_runs_stay_few() -> None:
    clock = ManualClock(NOW)
    rows = [(1 + n % 2, NOW - n, float(n)) for n in range(300)]
    recent, writer = loaded(clock, [*rows, (1, NOW + 3_600, 8.0)])
    for second in range(1, 200):
        await clock.advance(1.0)
        late = (1, NOW - 200.0 + second / 2, 5.0)
        writer.write((2, clock.now(), float(second)), late)
        rows += [(2, clock.now(), float(second)), late]
    expected = sorted((one, round(at * 1e3), value) for one, at, value in [*rows, (1, NOW + 3_600, 8.0)])
    assert told(recent, int((NOW - 300) * 1e3)) == expected
    from_ms = int((clock.now() - 60) * 1e3)
    newest = told(recent, from_ms)
    assert newest is not None
    assert [row for row in newest if row[1] >= from_ms] == [row for row in expected if row[1] >= from_ms]
    # A minute is a run of its own, the running one a few; nothing of minutes that are older is looked at.
    assert len(recent._tenants["default"].runs) < 20
    assert len(newest) < 300


def test_how_many_come_a_second() -> None:
    clock = ManualClock(NOW)
    recent, writer = loaded(clock)
    assert recent.per_second("other") == 0.0
    writer.write(*[(1, NOW - n / 10, 1.0) for n in range(1_200)])
    assert recent.per_second("default") == pytest.approx(1_200 / recent_samples.KEPT_SECONDS)
