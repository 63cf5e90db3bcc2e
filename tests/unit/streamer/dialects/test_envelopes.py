"""Envelopes of `message_type`, `payload` and `timestamp`."""

import json
from typing import Any

import pytest

from binnacle.streamer.v1 import summary_service_pb2 as pb
from services.core.errors import Forbidden
from services.streamer.convert.dialects.envelopes import Envelopes
from services.streamer.domain.deliveries import Begun, Failed, Pong, Report
from tests.support.clock import ManualClock
from tests.support.dialects import batch
from tests.support.tails import event

ENVELOPES = Envelopes(ManualClock(1_800_000_000.0))
NOW = "2027-01-15T08:00:00.000Z"


def read(messages: tuple[bytes, ...]) -> list[dict[str, Any]]:
    return [json.loads(message) for message in messages]


def test_an_event_says_what_it_is_whose_and_when() -> None:
    (told,) = read(ENVELOPES.events(batch(event("ERPCall", 1, "erp", provider="SAP", success=True), tenant="acme")))
    assert told["message_type"] == "Event"
    assert told["payload"]["event_type"] == "ERPCall"
    assert told["payload"]["data"] == {"provider": "SAP", "success": True}
    assert told["payload"]["tenant_id"] == "acme"
    assert told["payload"]["timestamp"] == told["timestamp"] == "2027-01-15T08:00:01Z"


@pytest.mark.parametrize("kind", ["MessageSent", "MessageReceived"])
def test_a_message_holds_its_time_the_senders_own_if_it_gave_one(kind: str) -> None:
    bare, timed = read(ENVELOPES.events(batch(event(kind, 1), event(kind, 2, timestamp="2026-01-01T00:00:00Z"))))
    assert bare["payload"]["data"]["timestamp"] == "2027-01-15T08:00:01Z"
    assert timed["payload"]["data"]["timestamp"] == "2026-01-01T00:00:00Z"


def alert(state: str, offset: int = 1, what: str = "", person: str = "") -> Any:
    facts = {"rule_id": "r", "alert_id": "a", "name": "Error rate over 5 %", "state": state, "what": what or state}
    return event("alert", offset, "shop", **facts, person=person, value=12.5, threshold=5.0)


def test_alerts_of_the_suite_are_told_when_they_fire_and_end() -> None:
    states = ("pending", "firing", "keep_firing", "no_data", "error", "resolved", "inactive")
    told = batch(*(alert(state, offset) for offset, state in enumerate(states)))
    events, alerts = read(ENVELOPES.events(told)), read(ENVELOPES.alerts(told))
    assert [held["payload"]["data"]["state"] for held in events] == ["firing", "no_data", "error", "resolved"]
    assert {held["payload"]["event_type"] for held in events} == {"SystemAlert"}
    assert [held["payload"]["data"]["state"] for held in alerts] == ["firing", "no_data", "error"]
    fired = alerts[0]
    assert fired["message_type"] == "Alert"
    data = fired["payload"]["data"]
    assert (data["rule_id"], data["threshold"], data["current_value"]) == ("r", 5.0, 12.5)
    assert data["condition"] == data["rule_name"] == "Error rate over 5 %"


def test_what_people_do_about_alerts_is_told_where_it_ends_them() -> None:
    told = batch(alert("firing", 1, "acknowledged", "ada"), alert("resolved", 2, "resolved_by_hand", "ada"))
    (ended,) = read(ENVELOPES.events(told))
    assert (ended["payload"]["data"]["what"], ended["payload"]["data"]["person"]) == ("resolved_by_hand", "ada")
    assert read(ENVELOPES.alerts(told)) == []


def test_an_alert_that_was_sent_has_a_name() -> None:
    facts = {"rule_id": "r", "condition": "too slow", "threshold": 1, "current_value": 2}
    (told,) = read(ENVELOPES.alerts(batch(event("SystemAlert", 1, "shop", **facts))))
    assert told["payload"]["data"] == {**facts, "rule_name": "too slow"}
    (bare,) = read(ENVELOPES.alerts(batch(event("SystemAlert", 1))))
    assert bare["payload"]["data"]["rule_name"] == "SystemAlert"


def test_figures_stand_at_the_top_and_those_not_known_are_absent() -> None:
    body = pb.GetDashboardOverviewResponse(metrics=pb.DashboardMetrics(messages_sent=5), status="healthy")
    body.timestamp.FromSeconds(1_800_000_000)
    (told,) = read(ENVELOPES.metrics(Report(body)))
    assert told["message_type"] == "Metrics"
    assert (told["payload"]["messages_sent"], told["payload"]["status"]) == (5, "healthy")
    assert "system_cpu_usage" not in told["payload"]
    assert told["timestamp"] == "2027-01-15T08:00:00Z"


def test_what_belongs_to_no_room() -> None:
    (error,) = read(ENVELOPES.others(Failed(Forbidden("no"))))
    assert error == {
        "message_type": "Error",
        "payload": {"reason": "FORBIDDEN", "message": "no"},
        "timestamp": NOW,
    }
    assert read(ENVELOPES.others(Pong(0, 0.0)))[0]["message_type"] == "Heartbeat"
    assert read(ENVELOPES.events(Begun(resumed=False))) == []
    assert read(ENVELOPES.events(Begun(resumed=False, broken=True)))[0]["message_type"] == "Gap"
