"""The compiled walk and Python's read every request alike, whatever its bytes."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from services.collector.convert.otlp import decoder, metrics
from services.collector.convert.otlp.decoder import Decoder
from services.collector.domain.telemetry import MetricsDraft
from services.core.errors import InvalidInput
from tests.support import otlp
from tests.support.examples import examples
from tests.support.redactors import redactor

needs_compiler = pytest.mark.skipif(not decoder.available(), reason="no compiler was here when `make setup` ran")
BOTH = [pytest.param(True, marks=needs_compiler, id="compiled"), pytest.param(False, id="python")]

SECRETS = redactor()

words = st.text(min_size=0, max_size=8)
values = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), words, st.binary(max_size=4), st.none()
)
labels = st.dictionaries(words, st.one_of(values, st.lists(values, max_size=2)), max_size=4)
TIMES = st.sampled_from([0, 1, 10**18, 2**63, 2**64 - 1])


@st.composite
def number_metrics(draw: Any) -> Metric:
    """A gauge or sum, sound or not."""
    metric = Metric(name=draw(words), unit=draw(st.text(max_size=40)), description=draw(words))
    points = metric.gauge.data_points
    if draw(st.booleans()):
        metric.sum.aggregation_temporality = draw(st.integers(0, 3))
        metric.sum.is_monotonic = draw(st.booleans())
        points = metric.sum.data_points
    for _point in range(draw(st.integers(0, 3))):
        point = points.add(time_unix_nano=draw(TIMES), attributes=otlp.attributes(draw(labels)))
        value = draw(st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1)))
        if isinstance(value, float):
            point.as_double = value
        elif value is not None:
            point.as_int = value
        point.flags = draw(st.sampled_from([0, 0, 0, 1, 3]))
        if draw(st.booleans()):
            point.exemplars.add(time_unix_nano=draw(TIMES), as_int=3, trace_id=b"\1" * 16)
    return metric


@st.composite
def histograms(draw: Any) -> Metric:
    bounds = draw(st.lists(st.floats(allow_nan=False), max_size=3))
    buckets = draw(st.lists(st.integers(0, 9), max_size=4))
    return otlp.histogram(draw(words), bounds, buckets, 1.0, at=10**18, **draw(st.dictionaries(st.just("a"), values)))


@st.composite
def requests(draw: Any) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    for _part in range(draw(st.integers(0, 3))):
        made = draw(st.lists(st.one_of(number_metrics(), histograms()), max_size=3))
        request.MergeFrom(otlp.metrics(*made, resource=draw(labels), scope=draw(words)))
    return request


def told(draft: MetricsDraft, ids: dict[int, Any]) -> list[Any]:
    """A draft in a form that can be compared; `ids` resolves identities."""
    numbers = draft.numbers
    rows = zip(numbers.series_ids.tolist(), numbers.places.tolist(), numbers.times_ms.tolist(),
               numbers.values.view(np.uint64).tolist(), strict=True)  # fmt: skip
    samples = [
        (draft.definitions[place] if place >= 0 else ids[identity], time, value, numbers.metric(row))
        for row, (identity, place, time, value) in enumerate(rows)
    ]
    placed = (draft.histograms, draft.exponential_histograms, draft.summaries, draft.exemplars)
    others = [
        [
            draft.definitions[place] if place >= 0 else ids[identity]
            for place, identity in zip(part.places.tolist(), part.columns.series_ids.tolist(), strict=True)
        ]
        + [part.metrics, part.faults, [repr(getattr(part.columns, "values", None))]]
        for part in placed
        if part is not None
    ]
    refused = sorted((violation.field, violation.description) for violation in draft.undecodable.first)
    return [samples, others, draft.unrecorded, draft.undecodable.count, refused]


@needs_compiler
@settings(max_examples=examples(1_500))
@given(st.lists(requests(), min_size=1, max_size=3))
def test_both_walks_say_the_same_of_any_request(given_requests: list[ExportMetricsServiceRequest]) -> None:
    compiled, python = Decoder(), Decoder(compiled=False)
    ids: dict[int, Any] = {}
    for request in [*given_requests, *given_requests]:
        raw = request.SerializeToString()
        draft = metrics.read("a", raw, compiled, SECRETS)
        assert told(draft, ids) == told(metrics.read("a", raw, python, SECRETS), {})
        # Once durable, a series is known by its identity alone.
        known = {definition: identity for identity, definition in ids.items()}
        fresh = [known.setdefault(each, len(known) + 1) for each in draft.definitions]
        ids.update((identity, definition) for definition, identity in known.items())
        draft.learn(np.array(fresh, np.uint64))


@needs_compiler
def test_a_known_series_needs_no_definition() -> None:
    known = Decoder()
    raw = otlp.metrics(otlp.gauge("a", 1.0, host="x"), otlp.gauge("b", 1.0, host="x")).SerializeToString()
    draft = metrics.read("t", raw, known, SECRETS)
    draft.learn(np.array([7, 0], np.uint64))
    again = metrics.read("t", raw, known, SECRETS)
    assert again.numbers.series_ids.tolist() == [7, 0]
    assert [each.name for each in again.definitions] == ["b"]
    assert len(metrics.read("another tenant", raw, known, SECRETS).definitions) == 2


@needs_compiler
def test_more_series_than_the_table_holds_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "MOST_ENTRIES", 1 << 13)
    known = Decoder()
    for batch in range(12):
        points = [otlp.gauge(f"m{number}", 1.0, at=10**18) for number in range(batch * 1000, batch * 1000 + 1000)]
        raw = otlp.metrics(*points).SerializeToString()
        draft = metrics.read("t", raw, known, SECRETS)
        draft.learn(np.arange(1, len(draft.definitions) + 1, dtype=np.uint64) + np.uint64(batch * 1000))
        again = metrics.read("t", raw, known, SECRETS)
        assert again.numbers.series_ids.tolist() == list(range(batch * 1000 + 1, batch * 1000 + 1001))


def spoilt(raw: bytes, rng: random.Random) -> bytes:
    """The same bytes with a few of them changed, left out or doubled."""
    found = bytearray(raw)
    for _change in range(rng.randint(1, 4)):
        place = rng.randrange(len(found) + 1)
        kind = rng.randrange(4)
        if kind == 0 and place < len(found):
            found[place] = rng.randrange(256)
        elif kind == 1:
            del found[place : place + rng.randint(1, 9)]
        elif kind == 2:
            found[place:place] = rng.randbytes(rng.randint(1, 9))
        else:
            found[place:place] = found[place : place + rng.randint(1, 40)]
    return bytes(found)


def outcome(raw: bytes, known: Decoder) -> Any:
    try:
        return told(metrics.read("t", raw, known, SECRETS), {})
    except InvalidInput as refused:
        return str(refused)


@needs_compiler
def test_spoilt_bytes_never_harm(scale: float) -> None:
    rng = random.Random(11)
    sound = otlp.metrics(
        otlp.gauge("g", 1.0, 2, host="a", n=3), otlp.total("t", 5, host="b"), otlp.histogram("h", [1.0], [1, 2], 3.0)
    ).SerializeToString()
    compiled, python = Decoder(), Decoder(compiled=False)
    strange = 0
    for _round in range(int(30_000 * scale)):
        raw = spoilt(sound, rng) if rng.random() < 0.8 else rng.randbytes(rng.randrange(60))
        here, there = outcome(raw, compiled), outcome(raw, python)
        if here != there:
            # The walk does not read texts that nobody asked for, so it may pass over bad UTF-8 in a description.
            strange += isinstance(there, str) and not isinstance(here, str)
            assert isinstance(there, str), (raw, here, there)
    assert strange < 30_000 * scale * 0.02


@pytest.mark.parametrize("compiled", BOTH)
def test_too_many_points_are_refused(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "MAX_POINTS", 100)
    raw = otlp.metrics(otlp.gauge("g", *map(float, range(101)))).SerializeToString()
    with pytest.raises(InvalidInput, match="may hold 100"):
        metrics.read("t", raw, Decoder(compiled=compiled), SECRETS)


LABELS: list[tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = [
    ({"service.name": "shop"}, {"http.route": "/a"}, {"service": "shop", "http.route": "/a"}),
    ({"service.name": "shop"}, {"service": "own"}, {"service": "own"}),
    ({"host": "r"}, {"host": "p"}, {"host": "p"}),
    ({}, {"odd name!": "x", "9lives": "y", "": "z"}, {"odd_name_": "x", "_9lives": "y"}),
    (
        {},
        {"empty": "", "none": None, "yes": True, "n": 5, "list": [1, "a"]},
        {"yes": "true", "n": "5", "list": '[1,"a"]'},
    ),
    ({}, {"long": "x" * 600}, {"long": "x" * 500}),
]


@pytest.mark.parametrize("compiled", BOTH)
@pytest.mark.parametrize(("resource", "point", "expected"), LABELS)
def test_attributes_become_labels(
    compiled: bool, resource: dict[str, Any], point: dict[str, Any], expected: dict[str, str]
) -> None:
    metric = otlp.gauge("g", 1.0)
    metric.gauge.data_points[0].attributes.extend(otlp.attributes(point))
    raw = otlp.metrics(metric, resource=resource, scope="").SerializeToString()
    (definition,) = metrics.read("t", raw, Decoder(compiled=compiled), SECRETS).definitions
    assert dict(definition.labels) == expected


def test_a_request_in_parts_is_put_together_by_protobuf() -> None:
    """Messages that come in two parts are one: the compiled walk leaves them to the parser that knows."""
    parts = [otlp.metrics(otlp.gauge("g", 1.0), resource={"a": "1"}), otlp.metrics(resource={"b": "2"})]
    inner = [part.resource_metrics[0].SerializeToString() for part in parts]
    joined = b"".join(inner)
    raw = b"\x0a" + bytes([len(joined)]) + joined
    make: Callable[[bool], MetricsDraft] = lambda compiled: metrics.read("t", raw, Decoder(compiled=compiled), SECRETS)  # noqa: E731
    assert told(make(True), {}) == told(make(False), {})
    assert {"a", "b"} <= set(dict(make(True).definitions[0].labels))


@pytest.mark.parametrize("bounds", [[1.0, 1.0], [2.0, 1.0], [np.inf, np.inf], [np.nan]])
def test_bounds_that_do_not_rise_are_refused(bounds: list[float]) -> None:
    made = otlp.histogram("waits", bounds, [0] * (len(bounds) + 1), 1.0, at=10**18)
    draft = metrics.read("a", otlp.metrics(made).SerializeToString(), Decoder(compiled=False), SECRETS)
    assert draft.histograms is not None
    assert draft.histograms.faults == [(0, "explicit_bounds must rise")]
