"""Remote write to columns."""

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, strategies as st

from binnacle.remotewrite.v1 import remote_write_pb2 as pb
from services.collector.convert import packed_samples
from services.collector.convert.remote_write import MAX_SAMPLES, RemoteWriteReader
from services.collector.domain.columns import COUNTER, GAUGE, LabelledColumns, SeriesDefinition
from services.core.conventions import STALE_BITS
from services.core.errors import InvalidInput
from tests.support.redactors import redactor
from tests.support.remote_write import STALE, V1, V2, WriteV2, compressed, sample, series, write_v1

NOW = 1_800_000_000_000
SECRETS = redactor()
UP = {"__name__": "up", "instance": "a:9100", "job": "node"}
# The request that Prometheus' own documentation of the format leads to, byte for byte: up{job="node"} 1 at NOW.
GOLDEN_V1 = (
    b"\x0a\x2f"
    b"\x0a\x0e\x0a\x08__name__\x12\x02up"
    b"\x0a\x0b\x0a\x03job\x12\x04node"
    b"\x12\x10\x09" + struct.pack("<d", 1.0) + b"\x10\x80\xa0\xf1\xc2\xb1\x34"
)
GOLDEN_V2 = (
    b"\x22\x00\x22\x08__name__\x22\x02up\x22\x03job\x22\x04node"
    b"\x2a\x18\x0a\x04\x01\x02\x03\x04"
    b"\x12\x10\x09" + struct.pack("<d", 1.0) + b"\x10\x80\xa0\xf1\xc2\xb1\x34"
    b"\x2a\x00"
)


def rows(columns: LabelledColumns) -> list[tuple[SeriesDefinition, int, float]]:
    """Each sample beside its series."""
    definitions = [columns.definitions[number] for number in columns.rows.tolist()]
    return list(zip(definitions, columns.times_ms.tolist(), columns.values.tolist(), strict=True))


def read(body: bytes, content_type: str = V1, reader: RemoteWriteReader | None = None) -> LabelledColumns:
    return (reader or RemoteWriteReader()).read("acme", content_type, body, SECRETS).draft.columns


def test_the_bytes_of_the_format_1_0() -> None:
    [(definition, at, value)] = rows(read(compressed(GOLDEN_V1)))
    assert (definition.name, definition.labels) == ("up", (("job", "node"),))
    assert (at, value) == (NOW, 1.0)


def test_the_bytes_of_the_format_2_0() -> None:
    [(definition, at, value)] = rows(read(compressed(GOLDEN_V2), V2))
    assert (definition.name, definition.labels) == ("up", (("job", "node"),))
    assert (at, value) == (NOW, 1.0)


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**62), 2**62) | st.integers(NOW - 10**9, NOW + 10**9),
            st.floats() | st.just(0.0) | st.just(-0.0),
        ),
        max_size=30,
    )
)
def test_samples_come_back_as_they_were(given_samples: list[tuple[int, float]]) -> None:
    times, values = packed_samples.decode([sample(*each) for each in given_samples])
    assert times.tolist() == [at for at, _value in given_samples]
    expected = np.array([value for _at, value in given_samples], np.float64)
    np.testing.assert_array_equal(values, expected)


def test_samples_whose_fields_come_in_another_order() -> None:
    turned = b"\x10\x80\xa0\xf1\xc2\xb1\x34\x09" + struct.pack("<d", 2.5)
    times, values = packed_samples.decode([turned, sample(NOW, 1.5)])
    assert (times.tolist(), values.tolist()) == ([NOW, NOW], [2.5, 1.5])


def test_the_end_of_a_series_keeps_its_bits() -> None:
    columns = read(write_v1(series(UP, (NOW, 1.0), (NOW + 1, STALE))))
    assert columns.values.view(np.uint64).tolist() == [np.float64(1.0).view(np.uint64), STALE_BITS]


def test_what_is_no_number_is_no_sample() -> None:
    body = write_v1(series(UP, (NOW, float("nan")), (NOW + 1, 1.0)), series({"__name__": "a"}, (NOW, float("nan"))))
    written = RemoteWriteReader().read("acme", V1, body, SECRETS)
    assert written.unvalued == 2
    assert written.draft.columns.times_ms.tolist() == [NOW + 1]
    assert written.draft.columns.rows.tolist() == [0]


def test_a_series_named_again_is_the_same_whatever_comes_with_it() -> None:
    reader = RemoteWriteReader()
    long = {"__name__": "up", "id": "x" * 400}
    bodies = [
        write_v1(series(UP, (NOW, 1.0)), series(long, (NOW, 2.0))),
        write_v1(series(UP, (NOW + 1, 0.0)), series(long, (NOW + 1, 3.0), (NOW + 2, 4.0))),
        write_v1(series(long, (NOW + 3, 5.0)), series(UP, (NOW + 3, 6.0))),
    ]
    found = [rows(read(body, reader=reader)) for body in bodies]
    up, other = found[0][0][0], found[0][1][0]
    assert other.labels == (("id", "x" * 400),)
    assert found[1] == [(up, NOW + 1, 0.0), (other, NOW + 1, 3.0), (other, NOW + 2, 4.0)]
    assert found[2] == [(other, NOW + 3, 5.0), (up, NOW + 3, 6.0)]


def test_labels_after_the_samples_belong_to_the_series_too() -> None:
    reader = RemoteWriteReader()
    whole = pb.Series(labels=[pb.Label(name="__name__", value="up")]).SerializeToString()
    late = pb.Series(labels=[pb.Label(name="job", value="b")]).SerializeToString()
    samples = pb.Series(samples=[sample(NOW, 1.0)]).SerializeToString()
    columns = read(write_v1(whole + samples + late, whole + samples), reader=reader)
    assert [definition.labels for definition in columns.definitions] == [(("job", "b"),), ()]


@pytest.mark.parametrize(
    ("name", "metric_type", "family", "kind"),
    [
        ("http_requests_total", pb.METRIC_TYPE_COUNTER, "http_requests", COUNTER),
        ("http_requests_total", pb.METRIC_TYPE_COUNTER, "http_requests_total", COUNTER),
        ("took_seconds_count", pb.METRIC_TYPE_HISTOGRAM, "took_seconds", COUNTER),
        ("took_seconds", pb.METRIC_TYPE_SUMMARY, "took_seconds", GAUGE),
        ("took_seconds_sum", pb.METRIC_TYPE_SUMMARY, "took_seconds", COUNTER),
        ("thread_count", pb.METRIC_TYPE_GAUGE, "thread_count", GAUGE),
        ("odd_total", pb.METRIC_TYPE_GAUGE, "odd_total", GAUGE),
    ],
)
def test_metadata_says_what_a_series_is(name: str, metric_type: int, family: str, kind: int) -> None:
    reader = RemoteWriteReader()
    about = pb.Metadata(type=pb.MetricType.ValueType(metric_type), name=family, unit="seconds")
    one = series({"__name__": name}, (NOW, 1.0))
    before = read(write_v1(one), reader=reader).definitions[0]
    assert before.unit == ""
    assert len(read(write_v1(metadata=[about]), reader=reader)) == 0
    after = read(write_v1(one), reader=reader).definitions[0]
    assert (after.kind, after.unit) == (kind, "seconds")
    told = WriteV2()
    told.add({"__name__": name}, (NOW, 1.0), kind=metric_type, unit="seconds")
    of_v2 = read(told.body(), V2).definitions[0]
    assert (of_v2.kind, of_v2.unit) == (kind, "seconds")


@pytest.mark.parametrize(("name", "kind"), [("a_total", COUNTER), ("a_bucket", COUNTER), ("a_count", GAUGE)])
def test_without_metadata_the_name_says_it_where_it_is_sure(name: str, kind: int) -> None:
    assert read(write_v1(series({"__name__": name}, (NOW, 1.0)))).definitions[0].kind == kind


def test_metadata_of_one_tenant_says_nothing_to_another() -> None:
    reader = RemoteWriteReader()
    reader.read("acme", V1, write_v1(metadata=[pb.Metadata(type=pb.METRIC_TYPE_COUNTER, name="x")]), SECRETS)
    one = write_v1(series({"__name__": "x"}, (NOW, 1.0)))
    assert reader.read("acme", V1, one, SECRETS).draft.columns.definitions[0].kind == COUNTER
    assert reader.read("other", V1, one, SECRETS).draft.columns.definitions[0].kind == GAUGE


def test_an_empty_label_is_no_label() -> None:
    columns = read(write_v1(series({"__name__": "up", "zone": "", "job": "a"}, (NOW, 1.0))))
    assert columns.definitions[0].labels == (("job", "a"),)


@pytest.mark.parametrize(
    ("content_type", "body", "field"),
    [
        ("application/json", write_v1(), "content-type"),
        ("application/x-protobuf;proto=some.Other", write_v1(), "content-type"),
        (V1, b"not snappy at all", "body"),
        (V1, b"", "body"),
        (V1, compressed(b"\xff\xff\xff\xff"), "body"),
        (V1, write_v1(b"\x0a\x05\x0a\x03abc\x12"), "body"),
        # 4 GiB once uncompressed, or so it says.
        (V1, b"\xff\xff\xff\xff\x0f\x00", "body"),
        (V1, compressed(bytes(33 * 1024 * 1024)), "body"),
        (V2, compressed(b"\x22\x00\x2a\x04\x0a\x02\x01\x02"), "timeseries[0].labels_refs"),
        (V2, compressed(b"\x22\x00\x22\x01a\x2a\x03\x0a\x01\x01"), "timeseries[0].labels_refs"),
        (V1, write_v1(series(UP, *[(NOW, 1.0)] * (MAX_SAMPLES + 1))), "timeseries"),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(content_type: str, body: bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(body, content_type)
    assert [violation.field for violation in caught.value.violations] == [field]


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_read(noise: bytes) -> None:
    for content_type in (V1, V2):
        for body in (noise, compressed(noise)):
            with suppress(InvalidInput):
                read(body, content_type)
