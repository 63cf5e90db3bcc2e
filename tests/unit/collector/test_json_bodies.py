"""The strict decoder: what it accepts, and how it names what it does not."""

import json
import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.collector.convert import json_points
from services.collector.domain.rules import TYPE
from services.core.errors import InvalidInput, Violation
from tests.support.redactors import redactor

NOW = 1_800_000_000.0
SECRETS = redactor()
JSON = "application/json"
LINES = "application/x-ndjson"

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
EVENTS = st.fixed_dictionaries(
    {"type": st.from_regex(TYPE, fullmatch=True)},
    optional={
        "service": st.none() | TEXTS,
        "user_id": st.none() | TEXTS,
        "session_id": st.none() | TEXTS,
        "timestamp": st.none() | st.floats(0, 5e12),
        "data": st.none() | st.dictionaries(TEXTS, VALUES, max_size=4),
    },
)
BODIES = st.lists(EVENTS, min_size=1, max_size=5)
NOISE = st.binary(max_size=60) | st.text(alphabet='[]{}":,0-1aeEN.\\ \n', max_size=60).map(str.encode)
FORMS = st.sampled_from(["array", "lines", "indented"])


def written(events: list[dict[str, Any]], form: str) -> tuple[str, bytes]:
    if form == "lines":
        return LINES, "\n".join(json.dumps(event) for event in events).encode()
    return JSON, json.dumps(events, indent=2 if form == "indented" else None, ensure_ascii=False).encode()


@given(BODIES, FORMS)
def test_every_accepted_form_says_the_same(events: list[dict[str, Any]], form: str) -> None:
    draft = json_points.events(*written(events, form), NOW, SECRETS)
    assert draft.undecodable.count == 0
    assert list(draft.faults) == []
    columns = draft.columns
    assert columns.types == [event["type"] for event in events]
    assert columns.services == [event.get("service") or "" for event in events]
    assert columns.user_ids == [event.get("user_id") or "" for event in events]
    assert [json.loads(text) for text in columns.data_json] == [event.get("data") or {} for event in events]


SPOILT: list[dict[str, Any]] = [{"type": 5}, {"service": []}, {"stray": 1}, {"timestamp": True}, {"data": "x"}]


@given(BODIES, st.data())
def test_a_spoilt_object_is_named_and_the_others_are_kept(events: list[dict[str, Any]], data: st.DataObject) -> None:
    spoilt = data.draw(st.integers(0, len(events) - 1))
    fault = data.draw(st.sampled_from(SPOILT))
    (field,) = fault
    bodies = [event | fault if number == spoilt else event for number, event in enumerate(events)]
    form = data.draw(FORMS)
    if len(events) == 1:
        with pytest.raises(InvalidInput) as refused:
            json_points.events(*written(bodies, form), NOW, SECRETS)
        assert [violation.field for violation in refused.value.violations] == [f"events[0].{field}"]
        return
    draft = json_points.events(*written(bodies, form), NOW, SECRETS)
    assert draft.undecodable.count == 1
    assert [violation.field for violation in draft.undecodable.first] == [f"events[{spoilt}].{field}"]
    assert draft.columns.types == [event["type"] for number, event in enumerate(events) if number != spoilt]


@given(NOISE, st.sampled_from([JSON, LINES]))
def test_any_body_is_decoded_or_a_fault_of_the_sender(noise: bytes, content_type: str) -> None:
    heartbeats = partial(json_points.heartbeats, now=NOW)
    others = (json_points.events, json_points.metrics, json_points.logs)
    for decode in (heartbeats, *(partial(other, now=NOW, secrets=SECRETS) for other in others)):
        violations: list[Violation] = []
        try:
            decode(content_type, noise)
        except InvalidInput as refused:
            violations.extend(refused.violations)
        assert all(violation.field and violation.description for violation in violations)


def refusal(body: str | bytes, content_type: str = JSON) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as refused:
        json_points.metrics(content_type, body.encode() if isinstance(body, str) else body, NOW, SECRETS)
    (violation,) = refused.value.violations
    return violation.field, violation.description


@pytest.mark.parametrize(
    ("body", "field", "description"),
    [
        ('{"name":"x","value":"1"}', "value", "must be number, not string"),
        ('{"name":"x","value":null}', "value", "must be number, not null"),
        ('{"name":"x"}', "value", "is missing"),
        ('{"name":"x","value":1,"valu":2}', "valu", "is no field of this object"),
        ('{"name":"x","value":Infinity}', "value", "must be a finite number; JSON has no NaN or Infinity"),
        ('[{"name":"x","value":[NaN]}]', "metrics[0].value[0]", "must be a finite number; JSON has no NaN or Infinity"),
        ('{"name":"x","value":1', "body", "is broken JSON: ends too early (byte 21)"),
        ('{"name":"x","value":}', "body", "is broken JSON: invalid character (byte 20)"),
        ('"text"', "body", "must be object, not string"),
        ("[1]", "metrics[0]", "must be object, not number"),
        (b'{"name":"\xff","value":1}', "body", "is not UTF-8 (byte 9)"),
        ('{"name":"\\ud800","value":1}', "body", "holds text that is no valid Unicode"),
        ("[" * 100_000, "body", "is nested too deep"),
    ],
)
def test_each_fault_is_said_by_its_field(body: str | bytes, field: str, description: str) -> None:
    assert refusal(body) == (field, description)


def test_nan_spoils_only_its_own_object() -> None:
    body = b'[{"name":"a","value":NaN},{"name":"b","value":2,"tags":{"n":1.0,"m":1.5}}]'
    draft = json_points.metrics(JSON, body, NOW, SECRETS)
    assert [definition.name for definition in draft.columns.definitions] == ["b"]
    assert draft.columns.definitions[0].labels == (("m", "1.5"), ("n", "1"))
    assert draft.undecodable.first[0].field == "metrics[0].value"


def test_times_are_text_seconds_or_milliseconds() -> None:
    stamps = ['"2027-01-15T08:00:00Z"', '"2027-01-15T09:00:00.5+01:00"', "1800000000", "1800000000500", "null"]
    body = ",".join(f'{{"type":"a","timestamp":{stamp}}}' for stamp in stamps)
    draft = json_points.events(JSON, f"[{body}]".encode(), NOW + 1, SECRETS)
    seconds = [0.0, 0.5, 0.0, 0.5, 1.0]
    assert (draft.columns.times_us - int(NOW * 1e6)).tolist() == [int(second * 1e6) for second in seconds]


@pytest.mark.parametrize("stamp", ['"soon"', '"2027-01-15"', '"2027-01-15T08:00:00"', "1e300", '""'])
def test_other_times_are_faults(stamp: str) -> None:
    draft = json_points.events(JSON, f'{{"type":"a","timestamp":{stamp}}}'.encode(), NOW, SECRETS)
    ((row, field, _description),) = draft.faults
    assert (row, field) == (0, "time")
    assert draft.places.at(row, field) == "timestamp"


@pytest.mark.parametrize(
    ("data", "description"),
    [
        ({"x": "y" * 16_400}, "must be at most 16,384 bytes as JSON"),
        ({"x": 10**400}, "holds a number that is out of range"),
        (json.loads("[" * 20 + "]" * 20), "must be nested at most 16 deep"),
    ],
)
def test_attributes_have_their_limits(data: Any, description: str) -> None:
    body = json.dumps({"type": "a", "data": data if isinstance(data, dict) else {"x": data}})
    draft = json_points.events(JSON, body.encode(), NOW, SECRETS)
    assert [(field, said) for _row, field, said in draft.faults] == [("data", description)]


def test_attributes_within_their_limits_are_kept() -> None:
    data = {"digits": "9" * 400, "deep": json.loads("[" * 15 + "]" * 15), "wide": [{}] * 40}
    draft = json_points.events(JSON, json.dumps({"type": "a", "data": data}).encode(), NOW, SECRETS)
    assert not draft.faults
    assert json.loads(draft.columns.data_json[0]) == data


def test_levels_are_understood_in_any_case() -> None:
    body = b'[{"message":"a","level":"Warning"},{"message":"b"},{"message":"c","level":"loud"}]'
    draft = json_points.logs(JSON, body, NOW, SECRETS)
    assert draft.columns.levels.tolist()[:2] == [3, 2]
    assert [fault[:2] for fault in draft.faults] == [(2, "level")]


def test_figures_that_were_not_told_are_nan() -> None:
    body = b'{"service":"a","status":"ok","metrics":{"uptime":0}}'
    columns = json_points.heartbeats(JSON, body, NOW).columns
    assert columns.uptimes_hours.tolist() == [0.0]
    assert math.isnan(float(columns.request_counts[0]))
    assert np.isnan(columns.avg_latencies_ms).all()
