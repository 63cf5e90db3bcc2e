"""Attributes from protobuf, and times."""

import json
import math
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from services.collector.convert import attributes, times
from tests.support.redactors import redactor


def struct(**fields: Any) -> Struct:
    made = Struct()
    made.update(fields)
    return made


def test_whole_numbers_are_written_as_such() -> None:
    text = attributes.struct_text(struct(count=3, total=99.5, big=2.0**60, none=None, list=[1, {"a": "b"}]), redactor())
    assert json.loads(text) == {"count": 3, "total": 99.5, "big": 2.0**60, "none": None, "list": [1, {"a": "b"}]}
    assert '"count":3,' in text.replace("}", ",")


def test_a_value_without_a_kind_is_null() -> None:
    made = Struct()
    made.fields["unset"].CopyFrom(Value())
    assert attributes.struct_text(made, redactor()) == '{"unset":null}'
    assert attributes.struct_text(Struct(), redactor()) == "{}"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_know_are_refused(number: float) -> None:
    with pytest.raises(attributes.BadAttributes, match="not finite"):
        attributes.struct_text(struct(inner={"x": number}), redactor())


def test_a_time_keeps_its_microseconds() -> None:
    assert times.from_proto(Timestamp(seconds=-1, nanos=1_999)) == -999_999


@pytest.mark.parametrize(("seconds", "nanos"), [(0, -1), (0, 1_000_000_000), (2**62, 0), (-(2**62), 0)])
def test_a_time_that_is_none_is_refused(seconds: int, nanos: int) -> None:
    with pytest.raises(times.BadTime):
        times.from_proto(Timestamp(seconds=seconds, nanos=nanos))
