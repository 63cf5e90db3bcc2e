"""What duration histograms and server spans add to traffic."""

from pathlib import Path

import numpy as np
import pytest

from binnacle.journal.v1 import journal_pb2
from services.aggregator.domain.intake.durations import FRESH_NS, Durations, meaning
from services.aggregator.domain.intake.series_roles import SeriesRoles
from services.aggregator.domain.intake.signals import signals_by_tenant
from services.aggregator.domain.live.live import Live
from services.aggregator.ports.signals import SignalColumns
from services.core.columns import DELTA
from tests.support.clock import ManualClock
from tests.support.journals import JOURNAL, NOW, read, record
from tests.support.stores import memory_store, opened
from tests.support.telemetry import exponential, filled, histogram, spans
from tests.unit.aggregator.observers import SilentObserver

HTTP = "http.server.request.duration"
LABELS = {"service": "shop", "http.route": "/cart", "http.response.status_code": "200"}
FRESH = FRESH_NS / 1e9


class Story:
    """A live state that is fed, and asked for the signals that would be stored."""

    def __init__(self) -> None:
        self.live = Live(ManualClock(NOW), SilentObserver())
        self._offset = 0

    def signals(self, *records: journal_pb2.Record) -> SignalColumns:
        """Feed records and make signals of them, as the intake does."""
        taken = read(self._offset, records)
        self._offset += len(taken)
        self.live.feed(JOURNAL, taken)
        made = signals_by_tenant(taken, self.live.roles(), self.live.durations(JOURNAL))
        self.live.committed(JOURNAL, self._offset)
        return made.get("default", SignalColumns())


def series(unit: str = "s", kind: int = 4, name: str = HTTP, **labels: str) -> journal_pb2.Record:
    made = record(series=[(1, name, {**LABELS, **labels})], kind=kind)
    made.series[0].definition.unit = unit
    return made


def figures(signals: SignalColumns) -> tuple[float, float, float, float]:
    """Requests, errors, number and sum of latencies."""
    columns = (signals.requests, signals.errors, signals.latency_counts, signals.latency_sums_ms)
    requests, errors, count, total = (float(column.sum()) for column in columns)
    return requests, errors, count, round(total, 6)


def test_a_delta_histogram_is_requests_with_their_latencies() -> None:
    signals = Story().signals(filled(series(), histogram(1, NOW, [1, 2, 1], 3.5, temporality=DELTA)))
    assert figures(signals) == (4.0, 0.0, 4.0, 3500.0)
    assert (list(signals.services), list(signals.endpoints)) == (["shop"], ["/cart"])
    assert signals.seconds.tolist() == [int(NOW)]
    assert signals.bucket_counts.sum() == 4


def test_of_a_cumulative_histogram_only_what_is_new_counts() -> None:
    story = Story()
    start = NOW - FRESH - 60
    assert not len(story.signals(filled(series(), histogram(1, NOW - 20, [5, 0, 0], 0.2, start))))
    assert figures(story.signals(filled(record(), histogram(1, NOW - 10, [6, 1, 0], 0.8, start)))) == (2, 0, 2, 600.0)
    again = filled(record(), histogram(1, NOW - 10, [6, 1, 0], 0.8, start))
    assert not len(story.signals(again))
    late = filled(record(), histogram(1, NOW - 15, [6, 0, 0], 0.5, start))
    assert not len(story.signals(late))


def test_a_series_that_just_began_is_new_as_a_whole() -> None:
    signals = Story().signals(filled(series(), histogram(1, NOW, [2, 0, 1], 2.0, NOW - 10)))
    assert figures(signals) == (3.0, 0.0, 3.0, 2000.0)


def test_a_restarted_service_begins_anew() -> None:
    story = Story()
    story.signals(filled(series(), histogram(1, NOW - 20, [9, 9, 9], 20.0, NOW - 900)))
    restarted = filled(record(), histogram(1, NOW, [1, 1, 0], 0.6, NOW - 5))
    assert figures(story.signals(restarted)) == (2.0, 0.0, 2.0, 600.0)


@pytest.mark.parametrize(("unit", "latency"), [("s", 500.0), ("ms", 0.5), ("", 500.0), ("us", 0.0005)])
def test_units_are_converted(unit: str, latency: float) -> None:
    signals = Story().signals(filled(series(unit), histogram(1, NOW, [1, 0, 0], 0.5, temporality=DELTA)))
    assert signals.latency_sums_ms.sum() == pytest.approx(latency)


def test_exponential_histograms_count_too() -> None:
    story = Story()
    start = NOW - 900
    story.signals(filled(series(kind=5), exponential(1, NOW - 10, 1, [1, 0, 0], start)))
    signals = story.signals(filled(record(), exponential(1, NOW, 1, [2, 0, 3], start)))
    assert signals.requests.sum() == signals.latency_counts.sum() == 4.0


@pytest.mark.parametrize("scale", [-(2**31), 2**31 - 1, 400, -40])
def test_no_scale_is_too_much(scale: int) -> None:
    signals = Story().signals(filled(series(kind=5), exponential(1, NOW, scale, [2**63, 1], temporality=DELTA)))
    assert np.isfinite(signals.latency_sums_ms).all()


@pytest.mark.parametrize(
    ("labels", "endpoint", "failed"),
    [
        ({"http.route": "/a", "http.response.status_code": "500"}, "/a", True),
        ({"http.route": "/a", "http.response.status_code": 404, "error.type": "404"}, "/a", False),
        ({"rpc.service": "Cart", "rpc.method": "Add", "rpc.grpc.status_code": 13}, "Cart/Add", True),
        ({"rpc.method": "Add", "rpc.grpc.status_code": 5}, "Add", False),
        ({"error.type": "timeout"}, "", True),
        ({"http.response.status_code": ["odd"], "http.route": {"a": 1}}, "{'a': 1}", False),
        ({}, "", False),
    ],
)
def test_endpoint_and_failure_by_opentelemetrys_names(labels: dict[str, object], endpoint: str, failed: bool) -> None:
    assert meaning(labels.get) == (endpoint, failed)


def test_server_spans_are_requests_until_histograms_tell_them() -> None:
    story = Story()
    told = '{"http.route":"/pay","http.response.status_code":503}'
    signals = story.signals(filled(record(), spans(NOW, 2, 0.25, attributes=told)))
    assert figures(signals) == (1.0, 1.0, 1.0, 250.0)
    assert list(signals.endpoints) == ["/pay"]
    assert not len(story.signals(filled(record(), spans(NOW, 3, 0.25))))
    story.signals(series())
    assert not len(story.signals(filled(record(), spans(NOW, 2, 0.25))))
    assert len(story.signals(filled(record(), spans(NOW, 2, 0.25, service="other"))))


def test_what_was_decided_when_spans_came_holds_when_they_are_stored() -> None:
    story = Story()
    both = read(0, [filled(record(), spans(NOW, 2, 0.25)), series()])
    story.live.feed(JOURNAL, both[:1])
    story.live.feed(JOURNAL, both[1:])
    made = signals_by_tenant(both, story.live.roles(), story.live.durations(JOURNAL))
    assert made["default"].requests.sum() == 1.0


async def test_a_live_overview_sees_them(tmp_path: Path) -> None:
    story = Story()
    async with opened(memory_store(tmp_path)) as store:
        await story.live.rebuild(store)
    story.signals(filled(series(), histogram(1, NOW, [1, 2, 1], 3.5, temporality=DELTA)))
    assert story.live.state("default").snapshot.figures.requests_last_minute == 4.0


def test_after_a_start_only_what_is_new_counts() -> None:
    start = NOW - FRESH - 60
    before = read(0, [filled(series(), histogram(1, NOW - 20, [5, 0, 0], 0.2, start))])[0]
    after = read(1, [filled(record(), histogram(1, NOW, [5, 1, 0], 0.9, start))])[0]
    roles, durations = SeriesRoles(), Durations()
    roles.learn(before.series)
    durations.restore([before.telemetry], roles)
    durations.feed(JOURNAL, after, roles)
    (added,) = durations.pending(JOURNAL).values()
    (increment,) = added.increments
    assert (increment.requests, round(increment.latency_sum_ms)) == (1.0, 700)
