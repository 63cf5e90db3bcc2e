"""Metrics are written as prometheus_client writes them."""

import math
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Metric, Summary, generate_latest
from prometheus_client.registry import Collector

from services.runtime.exposition import exposition
from services.runtime.metrics import LATENCY_BUCKETS, CallMetrics


class Labelled(Collector):
    """Metrics of a registry with the label of their process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            metric.samples = [each._replace(labels={**each.labels, "process": "p"}) for each in metric.samples]
            yield metric


def by_the_library(registry: CollectorRegistry) -> str:
    labelled = CollectorRegistry()
    labelled.register(Labelled(registry))
    return generate_latest(labelled).decode()


def test_every_kind_is_written_as_the_library_does() -> None:
    registry = CollectorRegistry()
    calls = Counter("calls", 'Calls; "quoted", a \\ and\na line.', ["method", "code"], registry=registry)
    for method, code in (("b", "OK"), ("a", 'x\\y"z'), ("ä\n", "")):
        calls.labels(method, code).inc(1_234_567.5)
    Gauge("room", "Room.", registry=registry).set(-0.25)
    odd = Gauge("odd", "Odd values.", ["value"], registry=registry)
    for value in (math.inf, -math.inf, math.nan, 0.0, 1e-9, 1e21, 12_345_678.0):
        odd.labels(str(value)).set(value)
    took = Histogram("took_seconds", "Time.", ["method"], registry=registry)
    for seconds in (0.001, 0.2, 50.0):
        took.labels("a").observe(seconds)
    Summary("size", "Size.", registry=registry).observe(3)
    Info("build", "Build.", registry=registry).info({"version": "1", "commit": "c"})
    assert exposition(registry, "p") == by_the_library(registry)
    calls.labels("b", "OK").inc()
    assert exposition(registry, "p") == by_the_library(registry)


def test_nothing_is_an_empty_text() -> None:
    assert exposition(CollectorRegistry(), "p") == generate_latest(CollectorRegistry()).decode() == ""


CALLS = (("/s/A", "OK", 0.0), ("/s/A", "OK", 0.01), ('/s/"B"', "OK", 99.0), ("/s/A", "X", 1e-7))


def test_calls_are_told_as_a_histogram_of_the_library() -> None:
    registry, library, calls = CollectorRegistry(), CollectorRegistry(), CallMetrics("p")
    registry.register(calls)
    expected = Histogram(
        "binnacle_rpc_duration_seconds",
        "Calls handled: time from the request to the end of the answer.",
        ("method", "code"),
        buckets=LATENCY_BUCKETS,
        registry=library,
    )
    # What is kept of a method must not outlive its next call.
    for method, code, seconds in (*CALLS, *CALLS):
        calls.took(method, code, seconds)
        expected.labels(method, code).observe(seconds)
        # When each of them was first seen is told by nobody else, and wanted by nobody.
        assert calls.exposition().splitlines() == without_beginnings(by_the_library(library))
    assert generate_latest(registry).decode().splitlines() == without_beginnings(generate_latest(library).decode())


def without_beginnings(text: str) -> list[str]:
    return [line for line in text.splitlines() if "_created" not in line]
