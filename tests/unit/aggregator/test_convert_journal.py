import math

import pytest
from hypothesis import given, strategies as st

from services.aggregator.convert.event_traffic import traffic_of
from services.aggregator.convert.journal import record_from, records_from
from services.core.errors import InvalidInput
from tests.support.journals import record


@pytest.mark.parametrize(
    ("data", "errors", "latency", "endpoint"),
    [
        ('{"endpoint":"/a","status_code":200,"latency_ms":5}', 0.0, 5.0, "/a"),
        ('{"status_code":500}', 1.0, None, ""),
        ('{"status_code":"503","latency_ms":"7.5"}', 1.0, 7.5, ""),
        ('{"status_code":499,"error":"timeout"}', 1.0, None, ""),
        ('{"error":false,"status_code":true}', 0.0, None, ""),
        ('{"latency_ms":-1,"endpoint":5}', 0.0, None, ""),
        ('{"latency_ms":[1],"status_code":{"a":1}}', 0.0, None, ""),
        ("{}", 0.0, None, ""),
    ],
)
def test_what_a_request_event_says(data: str, errors: float, latency: float | None, endpoint: str) -> None:
    traffic = traffic_of(["other", "request"], ["{}", data])
    assert traffic.rows.tolist() == [1]
    assert (traffic.requests.tolist(), traffic.errors.tolist(), list(traffic.endpoints)) == (
        [1.0],
        [errors],
        [endpoint],
    )
    [told] = traffic.latencies_ms.tolist()
    assert math.isnan(told) if latency is None else told == latency


def test_an_error_event_is_an_error_and_no_request() -> None:
    traffic = traffic_of(["error"], ['{"endpoint":"/a","latency_ms":5}'])
    assert (traffic.requests.tolist(), traffic.errors.tolist()) == ([0.0], [1.0])
    assert math.isnan(traffic.latencies_ms[0])


@given(st.text(max_size=30))
def test_no_data_whatever_stops_a_journal(data: str) -> None:
    assert len(traffic_of(["request"], [data]).rows) == 1


def test_records_below_the_wanted_offset_are_not_read() -> None:
    bodies = [b"\xff", record(events=[{"type": "a"}]).SerializeToString()]
    assert [each.offset for each in records_from(5, bodies, 6)] == [6]


def test_bytes_that_are_no_record_are_refused() -> None:
    with pytest.raises(InvalidInput, match="offset 3"):
        record_from(3, b"\xff\xff")
