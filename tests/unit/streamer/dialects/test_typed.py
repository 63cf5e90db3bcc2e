"""Messages with `type` and `data`."""

import json
from typing import Any

from binnacle.streamer.v1 import connection_service_pb2
from services.core.errors import Overloaded
from services.streamer.convert.dialects.typed import Messages, Typed
from services.streamer.domain.deliveries import Begun, Content, Delivery, Failed, Pong, Report
from tests.support.dialects import batch
from tests.support.tails import event, line


def told(kind: str, content: Content) -> list[dict[str, Any]]:
    return [json.loads(message) for message in Typed(kind)(content)]


def test_a_report_is_the_answer_over_rest() -> None:
    body = connection_service_pb2.GetConnectionStatsResponse(active_connections=3, by_kind={"grpc": 3})
    (message,) = told("stats", Report(body))
    assert message["type"] == "stats"
    assert (message["data"]["active_connections"], message["data"]["by_kind"]) == (3, {"grpc": 3})
    assert message["data"]["most_connections"] == 0


def test_a_list_of_nothing_is_an_empty_list() -> None:
    assert told("ai_insights", Report(())) == [{"type": "ai_insights", "data": []}]


def test_lines_are_told_one_by_one_after_how_many_were_left_out() -> None:
    first, second, third = told("log", batch(line("one", 1), line("two", 2), logs=True, left_out=7))
    assert first == {"type": "left_out", "data": {"channel": "log", "count": 7}}
    assert (second["data"]["message"], third["data"]["message"]) == ("one", "two")
    assert second["data"]["id"] != third["data"]["id"]


def test_an_alert_is_told_in_the_words_of_who_looks_at_alerts() -> None:
    facts: dict[str, Any] = {"rule_id": "r", "alert_id": "a", "name": "Too slow", "severity": "critical"}
    facts["state"] = "firing"
    (message,) = told("alert", batch(event("alert", 1, "shop", **facts, value=7.5, threshold=5)))
    held = message["data"]
    assert {key: held[key] for key in ("id", "rule_id", "rule_name", "severity", "state", "service")} == {
        "id": "a",
        "rule_id": "r",
        "rule_name": "Too slow",
        "severity": "critical",
        "state": "firing",
        "service": "shop",
    }
    assert (held["current_value"], held["threshold"], held["what"], held["labels"]) == (7.5, 5, "firing", {})
    facts |= {"what": "acknowledged", "person": "ada", "comment": "on it", "labels": {"host": "web-1"}}
    (message,) = told("alert", batch(event("alert", 2, "shop", **facts, value=7.5, threshold=5)))
    assert {key: message["data"][key] for key in ("what", "person", "comment", "labels")} == {
        "what": "acknowledged",
        "person": "ada",
        "comment": "on it",
        "labels": {"host": "web-1"},
    }


def test_an_event_is_told_with_what_it_brought() -> None:
    (message,) = told("remediation", batch(event("remediation", 1, "shop", action="restart")))
    assert message["type"] == "remediation"
    assert (message["data"]["type"], message["data"]["data"]) == ("remediation", {"action": "restart"})


def test_a_break_is_told_and_a_beginning_is_not() -> None:
    assert told("log", Begun(resumed=False)) == []
    assert told("log", Begun(resumed=False, broken=True)) == [{"type": "gap", "data": {"channel": "log"}}]


def test_an_error_says_when_to_try_again() -> None:
    (message,) = told("x", Failed(Overloaded("too much", 3.14)))
    assert message == {
        "type": "error",
        "data": {"reason": "OVERLOADED", "message": "too much", "retry_after_seconds": 3.1},
    }


def test_each_subscription_has_its_own_messages_and_they_are_made_once() -> None:
    form = Messages({"a": Typed("one"), "b": Typed("two")}, Typed(""))
    report = Report(())
    first, second, third = form.messages(1, [Delivery("a", report), Delivery("b", report), Delivery("", Pong(0, 0.0))])
    assert (first, second) == (b'{"type":"one","data":[]}', b'{"type":"two","data":[]}')
    assert third == b'{"type":"pong"}'
    assert form.messages(2, [Delivery("a", report)])[0] is first
