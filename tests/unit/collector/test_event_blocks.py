"""The compiled walk of events agrees with Python: what it takes, Python takes alike; what Python refuses, it leaves."""

import json
import math
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings, strategies as st

from binnacle.collector.v1.ingest_service_pb2 import WriteEventsRequest
from binnacle.events.v1.events_pb2 import Event
from binnacle.journal.v1.journal_pb2 import EventBlock, Record
from services.collector.convert import event_blocks, messages, records
from services.collector.convert.event_blocks import EventBatch, EventReader
from services.collector.domain import rules
from services.collector.domain.columns import Accepted, EventColumns
from tests.support.examples import examples
from tests.support.redactors import redactor

pytestmark = pytest.mark.skipif(not event_blocks.available(), reason="the walk was not compiled")

NOW = 1_800_000_000.25
READER = EventReader()
SECRETS = redactor()


def never() -> EventColumns:
    raise AssertionError("nothing has to be unpacked")


def read(raw: bytes) -> EventBatch | None:
    return READER.read(raw, NOW, SECRETS, never)


def rows(block: EventBlock) -> list[tuple[Any, ...]]:
    """Each event; attributes as what their JSON means."""
    times = [block.times_unix_us[at : at + 8] for at in range(0, len(block.times_unix_us), 8)]
    data = [json.loads(text) for text in block.data_json]
    return list(zip(times, block.types, block.services, block.user_ids, block.session_ids, data, strict=True))


def by_python(raw: bytes) -> tuple[EventBlock, bool]:
    """The same by convert/messages.py, and whether all of it keeps the rules (of times, those of their form)."""
    draft = messages.events(WriteEventsRequest.FromString(raw).events, NOW, SECRETS)
    found = rules.inspect_events(draft.columns, draft.places, rules.Moment(NOW, 1e11))
    record = Record.FromString(records.encode(Accepted("t", 0, events=draft.columns)))
    return record.events, not draft.faults and found.keep is None


texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=9)
numbers = st.one_of(
    st.floats(),
    st.integers(-(2**60), 2**60).map(float),
    st.builds(lambda whole, digits: whole / 10.0**digits, st.integers(-(10**12), 10**12), st.integers(0, 9)),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
events = st.builds(
    lambda kind, service, user, session, data, time: (kind, service, user, session, data, time),
    st.one_of(st.sampled_from(["request", "a.b:c/d-E_9", "", "no such"]), texts, st.just("x" * 101)),
    st.one_of(texts, st.sampled_from(["ä" * 100, "ä" * 101])),
    st.one_of(texts, st.sampled_from(["€" * 200, "€" * 201])),
    texts,
    st.dictionaries(texts, values, max_size=4),
    st.one_of(st.none(), st.tuples(st.integers(-5, 2**33), st.integers(-1, 10**9))),
)


def message(given_: Any) -> Event:
    kind, service, user, session, data, time = given_
    event = Event(type=kind, service=service, user_id=user, session_id=session)
    struct = Struct()
    fill(struct, data)
    event.data.CopyFrom(struct)
    if time is not None:
        event.time.seconds, event.time.nanos = time
    return event


def fill(struct: Struct, data: dict[str, Any]) -> None:
    for name, value in data.items():
        struct[name] = value


@settings(max_examples=examples(1_500))
@given(
    st.lists(events, min_size=1, max_size=4), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=9)
)
def test_what_it_takes_python_takes_alike(drawn: list[Any], name: str) -> None:
    raw = WriteEventsRequest(events=[message(each) for each in drawn], batch_id=name).SerializeToString()
    expected, good = by_python(raw)
    batch = read(raw)
    if not good:
        assert batch is None
    if batch is not None:
        block = EventBlock.FromString(batch.events.block)
        assert rows(block) == rows(expected)
        assert batch.events.times_us.astype("<i8").tobytes() == block.times_unix_us
        assert (batch.batch_id, len(batch.events)) == (name, len(drawn))


@settings(max_examples=examples(1_500))
@given(st.lists(events, min_size=1, max_size=2), st.data())
def test_damaged_bytes_do_no_harm(drawn: list[Any], data: st.DataObject) -> None:
    raw = bytearray(WriteEventsRequest(events=[message(each) for each in drawn]).SerializeToString())
    for _time in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    batch = read(bytes(raw[: data.draw(st.integers(0, len(raw)))]) if data.draw(st.booleans()) else bytes(raw))
    if batch is not None:
        assert len(rows(EventBlock.FromString(batch.events.block))) == len(batch.events)


def test_usual_events_are_taken() -> None:
    request = WriteEventsRequest(batch_id="b")
    for number in range(1_000):
        event = request.events.add(type="request", service=f"s-{number % 7}", user_id="u", session_id="ß")
        event.time.FromSeconds(int(NOW))
        ParseDict(
            {"endpoint": '/a\n"b"', "ms": 12.5 + number / 100, "ok": True, "none": None, "l": [1, {}]}, event.data
        )
    raw = request.SerializeToString()
    batch = read(raw)
    assert batch is not None
    assert rows(EventBlock.FromString(batch.events.block)) == rows(by_python(raw)[0])
    record = records.encode(Accepted("t", 5, events=batch.events, batch_id="b"))
    whole = Record.FromString(record)
    assert (whole.tenant, whole.accepted_time_unix_us, whole.batch_id, len(whole.events.types)) == ("t", 5, "b", 1_000)
    assert records.weight(record) == len(record)


@pytest.mark.parametrize(
    "number", [0.1, 12.34, 1e-7, 1e22, 5e-324, math.pi, -0.0, 2.0**53, 2.0**53 + 2, 123456.789012, -33.17, 1 / 3]
)
def test_numbers_come_out_as_they_went_in(number: float) -> None:
    event = Event(type="a")
    event.data["n"] = number
    batch = read(WriteEventsRequest(events=[event]).SerializeToString())
    assert batch is not None
    [text] = EventBlock.FromString(batch.events.block).data_json
    assert json.loads(text)["n"] == number
    assert len(text) <= len('{"n":}') + max(len(repr(number)), 24)


@pytest.mark.parametrize("raw", [b"", b"\x0a\x00", b"\x0a", b"\x0b\x0c", bytes([0x0A, 3, 0x0A, 1, 0xFF])])
def test_what_python_must_judge_is_left_to_it(raw: bytes) -> None:
    assert read(raw) is None


def test_more_than_a_request_may_hold_is_left_to_python() -> None:
    assert read(WriteEventsRequest(events=[Event(type="a")] * 10_000).SerializeToString()) is not None
    assert read(WriteEventsRequest(events=[Event(type="a")] * 10_001).SerializeToString()) is None


def test_deep_or_doubled_attributes_are_left_to_python() -> None:
    event = Event(type="a")
    inner = event.data
    for _level in range(20):
        inner = inner.fields["x"].struct_value
    inner.fields["y"].bool_value = True
    assert read(WriteEventsRequest(events=[event]).SerializeToString()) is None
    once = Struct()
    once["a"] = 1
    doubled = b"\x32" + bytes([2 * once.ByteSize()]) + 2 * once.SerializeToString()
    body = Event(type="a").SerializeToString() + doubled
    assert read(b"\x0a" + bytes([len(body)]) + body) is None
