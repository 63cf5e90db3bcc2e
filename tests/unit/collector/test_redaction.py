"""Which names are those of secrets, and what becomes of their values wherever they come in."""

import json
from collections import Counter
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from binnacle.collector.v1.ingest_service_pb2 import WriteEventsRequest
from binnacle.events.v1.events_pb2 import Event
from binnacle.journal.v1.journal_pb2 import EventBlock
from binnacle.metrics.v1.metrics_pb2 import SeriesDefinition
from services.collector.convert import attributes, event_blocks, json_points, messages
from services.collector.convert.event_blocks import EventReader
from services.collector.convert.otlp import logs, metrics, traces
from services.collector.convert.otlp.decoder import Decoder
from services.collector.convert.remote_write import RemoteWriteReader
from services.collector.domain.columns import EventColumns
from services.collector.domain.redaction import REDACTED, WORDS, SecretNames
from tests.support import otlp
from tests.support.redactors import redactor
from tests.support.remote_write import V1, V2, WriteV2, series, write_v1

NOW = 1_800_000_000.0
SECRET = "hunter2"

SECRETS = (
    "password", "db.password", "userPassword", "PASSWD", "client-secret", "access_token", "accessToken", "X-API-Key",
    "apikey", "Authorization", "http.request.header.authorization", "Set-Cookie", "cookie", "private_key",
    "aws_secret_access_key", "credential", "Credentials", "token",
)  # fmt: skip
PLAIN = (
    "tokens", "input_tokens", "token_count", "cookie_consent", "secretary", "keyboard", "author", "pass", "user_id",
    "", "_-", "sécrét",
)  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_names_of_secrets(name: str) -> None:
    assert SecretNames().has(name)


@pytest.mark.parametrize("name", PLAIN)
def test_names_of_anything_else(name: str) -> None:
    names = SecretNames()
    assert not names.has(name)
    assert not names.has(name), "also when it is known"


def test_a_setting_adds_and_takes_away() -> None:
    names = SecretNames.told(" iban , -cookie, Tax ID")
    assert all(map(names.has, ("customer_iban", "tax-id", "password")))
    assert not names.has("cookie")
    assert not SecretNames.told("off").has("password")
    assert SecretNames.told("").words == SecretNames(WORDS).words


@given(st.text(), st.sampled_from(WORDS), st.text("_-./: ", max_size=3))
def test_whatever_stands_before_a_word_and_whatever_separates_it(before: str, word: str, separator: str) -> None:
    assert SecretNames().has(before + separator + separator.join(word.upper()) + separator)


def hidden(text: str, *names: str) -> None:
    assert SECRET not in text
    assert text.count(REDACTED) == len(names), text


def test_nothing_true_false_and_empty_are_no_secrets() -> None:
    told: Counter[str] = Counter()
    given_ = {"token": None, "password": "", "cookie": True, "secret": 0, "credentials": {"a": 1}, "api_key": [1]}
    text = attributes.json_text(given_, redactor(replaced=told))
    assert json.loads(text) == {**given_, "secret": REDACTED, "credentials": REDACTED, "api_key": REDACTED}
    assert told == {"secret": 1, "credentials": 1, "api_key": 1}


def test_nested_attributes_of_json() -> None:
    told: Counter[str] = Counter()
    data = {"user": {"name": "ann", "Password": SECRET}, "list": [{"token": SECRET}, 1], "plain": "x"}
    body = json.dumps([{"type": "a", "data": data}, {"type": "b", "data": {"plain": 1}}]).encode()
    draft = json_points.events("application/json", body, NOW, redactor(replaced=told))
    hidden(draft.columns.data_json[0], "Password", "token")
    assert json.loads(draft.columns.data_json[0])["plain"] == "x"
    assert draft.columns.data_json[1] == '{"plain":1}'
    assert told == {"Password": 1, "token": 1}


def test_logs_and_metrics_of_json() -> None:
    body = json.dumps({"message": "m", "attributes": {"authorization": f"Bearer {SECRET}"}}).encode()
    [text] = json_points.logs("application/json", body, NOW, redactor()).columns.attributes_json
    hidden(text, "authorization")
    body = json.dumps({"name": "cpu", "value": 1, "tags": {"api_key": SECRET, "host": "a"}}).encode()
    [definition] = json_points.metrics("application/json", body, NOW, redactor()).columns.definitions
    assert definition.labels == (("api_key", REDACTED), ("host", "a"))


def test_labels_of_typed_series() -> None:
    told = messages.definition(SeriesDefinition(name="up", labels={"token": SECRET, "job": "a"}), redactor())
    assert told.labels == (("job", "a"), ("token", REDACTED))


def test_labels_of_remote_write() -> None:
    labels = {"__name__": "up", "token": SECRET, "job": "a"}
    second = WriteV2()
    second.add(labels, (int(NOW) * 1000, 1.0))
    for kind, body in ((V1, write_v1(series(labels, (int(NOW) * 1000, 1.0)))), (V2, second.body())):
        reader = RemoteWriteReader()
        for _time in range(2):  # the second time by what is remembered
            [definition] = reader.read("t", kind, body, redactor()).draft.columns.definitions
            assert definition.labels == (("job", "a"), ("token", REDACTED))


def test_bodies_and_labels_that_hold_attributes_themselves() -> None:
    nested = otlp.any_value({"user": "ann", "logins": [{"password": SECRET}]})
    request = otlp.logs(LogRecord(body=nested)).SerializeToString()
    [message] = logs.read(request, NOW, redactor()).columns.messages
    hidden(message, "password")
    request = otlp.metrics(otlp.gauge("g", 1.0, who={"token": SECRET})).SerializeToString()
    [definition] = metrics.read("t", request, Decoder(), redactor()).definitions
    hidden(dict(definition.labels)["who"], "token")


def test_everything_of_opentelemetry() -> None:
    secret = {"db.password": SECRET, "plain": "x"}
    [line] = logs.read(
        otlp.logs(LogRecord(attributes=otlp.attributes(secret)), resource=secret).SerializeToString(), NOW, redactor()
    ).columns.attributes_json
    hidden(line, "db.password")
    request = otlp.metrics(otlp.gauge("g", 1.0, x_token=SECRET), resource=secret).SerializeToString()
    for compiled in (True, False):
        [definition] = metrics.read("t", request, Decoder(compiled=compiled), redactor()).definitions
        labels = dict(definition.labels)
        assert (labels["x_token"], labels["db.password"], labels["plain"]) == (REDACTED, REDACTED, "x")
    spans = otlp.spans(otlp.span("s", attributes=otlp.attributes(secret)))
    span = spans.resource_spans[0].scope_spans[0].spans[0]
    span.events.add(name="e").attributes.add(key="cookie").value.string_value = SECRET
    span.links.add().attributes.add(key="secret").value.string_value = SECRET
    columns = traces.read(spans.SerializeToString(), redactor()).columns
    hidden(columns.attributes_json[0], "db.password")
    hidden(columns.events_json[0], "cookie")
    hidden(columns.links_json[0], "secret")


@pytest.mark.skipif(not event_blocks.available(), reason="the walk was not compiled")
@given(
    st.dictionaries(
        st.one_of(st.sampled_from([*SECRETS, *PLAIN]), st.text(st.characters(codec="utf-8"), max_size=8)),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.just(""), st.integers(0, 9).map(float), st.just(SECRET)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=2), st.dictionaries(st.sampled_from([*SECRETS, "user"]), inner, max_size=2)
            ),
            max_leaves=5,
        ),
        max_size=5,
    )
)
def test_the_compiled_walk_replaces_and_counts_what_python_does(data: dict[str, Any]) -> None:
    struct = Struct()
    for name, value in data.items():
        struct[name] = value
    request = WriteEventsRequest(events=[Event(type="a", data=struct)] * 2)
    expected: Counter[str] = Counter()
    found: Counter[str] = Counter()
    texts = messages.events(request.events, NOW, redactor(replaced=expected)).columns.data_json
    batch = EventReader().read(request.SerializeToString(), NOW, redactor(replaced=found), _never)
    assert batch is not None
    walked = EventBlock.FromString(batch.events.block).data_json
    assert [json.loads(text) for text in walked] == [json.loads(text) for text in texts]
    assert found == expected


def _never() -> EventColumns:
    raise AssertionError("nothing has to be unpacked")


@pytest.mark.skipif(not event_blocks.available(), reason="the walk was not compiled")
def test_too_many_names_are_left_to_python() -> None:
    struct = Struct()
    struct.update({f"{number}_token": SECRET for number in range(17)})
    request = WriteEventsRequest(events=[Event(type="a", data=struct)]).SerializeToString()
    assert EventReader().read(request, NOW, redactor(), _never) is None
