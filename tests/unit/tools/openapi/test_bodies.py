"""Bodies that the collector decodes itself: the description says what its decoder does."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, strategies as st

from services.collector.convert import json_bodies
from services.collector.convert.json_points import EventBody, HeartbeatBody, LogBody, MetricBody
from services.core.errors import InvalidInput
from tools.openapi.bodies import BODIES, COMPONENTS
from tools.openapi.examples import BODIES as EXAMPLES

FACES = {
    "JsonIntakeService_PostEvents": ("POST /events", EventBody),
    "JsonIntakeService_PostMetrics": ("POST /metrics", MetricBody),
    "JsonIntakeService_PostHeartbeat": ("POST /heartbeat", HeartbeatBody),
    "JsonIntakeService_PostLogs": ("POST /logs", LogBody),
}
VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.just({}) | st.just([])
)
FIELDS = ["type", "service", "data", "name", "value", "status", "metrics", "message", "level", "timestamp", "unknown"]


def is_described(name: str, value: Any) -> bool:
    schema = {**BODIES[name]["application/json"]["schema"], "components": {"schemas": COMPONENTS}}
    return jsonschema_rs.Draft202012Validator(schema).is_valid(value)


def is_decoded(item: type[Any], value: Any) -> bool:
    try:
        body = json_bodies.decode("application/json", json.dumps(value).encode(), item, "objects")
    except InvalidInput:
        return False
    return body.undecodable.count == 0


@pytest.mark.parametrize("name", FACES)
def test_examples_are_right(name: str) -> None:
    label, item = FACES[name]
    assert is_described(name, EXAMPLES[label])
    assert is_decoded(item, EXAMPLES[label])


@pytest.mark.parametrize("name", FACES)
@given(extra=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3), several=st.booleans())
def test_what_is_described_is_what_is_decoded(name: str, extra: dict[str, Any], several: bool) -> None:
    label, item = FACES[name]
    one = {**EXAMPLES[label], **extra}
    value = [one, EXAMPLES[label]] if several else one
    assert is_described(name, value) is is_decoded(item, value)
