"""Metrics are written as prometheus_client writes them."""

import math

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary, generate_latest

from services.runtime.exposition import exposition
from services.runtime.metrics import LATENCY_BUCKETS, CallMetrics


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
    assert exposition(registry) == generate_latest(registry).decode()
    calls.labels("b", "OK").inc()
    assert exposition(registry) == generate_latest(registry).decode()


def test_nothing_is_an_empty_text() -> None:
    assert exposition(CollectorRegistry()) == generate_latest(CollectorRegistry()).decode() == ""


def test_calls_are_told_as_a_histogram_of_the_library() -> None:
    registry, calls = CollectorRegistry(), CallMetrics()
    expected = Histogram(
        "binnacle_rpc_duration_seconds",
        "Calls handled: time from the request to the end of the answer.",
        ("method", "code"),
        buckets=LATENCY_BUCKETS,
        registry=registry,
    )
    for method, code, seconds in (
        ("/s/A", "OK", 0.0),
        ("/s/A", "OK", 0.01),
        ('/s/"B"', "OK", 99.0),
        ("/s/A", "X", 1e-7),
    ):
        calls.took(method, code, seconds)
        expected.labels(method, code).observe(seconds)
    by_the_library = exposition(registry).splitlines()
    # When each of them was first seen is told by nobody else, and wanted by nobody.
    assert calls.exposition().splitlines() == [line for line in by_the_library if "_created" not in line]
