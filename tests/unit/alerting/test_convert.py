import pytest
from google.protobuf.json_format import MessageToDict

from binnacle.aggregator.v1.overview_service_pb2 import WatchOverviewResponse
from binnacle.alerts.v1 import alerts_pb2
from services.alerting import convert
from services.alerting.domain.listing import Place
from services.alerting.ports import AlertState, Observation, ServiceWindow
from services.core.errors import InvalidInput
from tests.support.alerts import START, alert


def overview(kind: str) -> WatchOverviewResponse:
    response = WatchOverviewResponse()
    response.windows.add(service="shop", requests=40, errors=4).last_heartbeat.seconds = 7
    response.windows.add(service="mail", requests=1)
    snapshot = response.frame.state.snapshot if kind == "state" else response.frame.update.snapshot
    snapshot.updated_at.FromMilliseconds(1_500)
    return response


@pytest.mark.parametrize("kind", ["state", "update"])
def test_state_and_update_are_observations(kind: str) -> None:
    windows = (ServiceWindow("shop", 40, 4, 7.0), ServiceWindow("mail", 1, 0, None))
    assert convert.observation(overview(kind)) == Observation(1.5, windows)


def test_events_are_none() -> None:
    response = WatchOverviewResponse()
    response.frame.events.events.add(type="deploy")
    assert convert.observation(response) is None


def test_an_alert_is_told_whole() -> None:
    assert MessageToDict(convert.alert_message(alert("a1", AlertState.RESOLVED)), preserving_proto_field_name=True) == {
        "id": "a1",
        "rule_id": "service-error-rate",
        "name": "Error rate over 5 %",
        "severity": "SEVERITY_CRITICAL",
        "state": "ALERT_STATE_RESOLVED",
        "service": "shop",
        "labels": {"service": "shop"},
        "started_at": "2027-01-15T08:00:00Z",
        "fired_at": "2027-01-15T08:00:10Z",
        "resolved_at": "2027-01-15T08:00:20Z",
        "current_value": 10.0,
        "threshold": 5.0,
    }


def test_times_that_have_not_come_are_absent() -> None:
    message = convert.alert_message(alert("a1", AlertState.PENDING))
    assert not message.HasField("fired_at")
    assert not message.HasField("resolved_at")


@pytest.mark.parametrize(
    ("state", "after"),
    [(AlertState.PENDING, 0), (AlertState.FIRING, 10), (AlertState.RESOLVED, 20), (AlertState.INACTIVE, 20)],
)
def test_a_transition_is_an_event_at_the_time_it_happened(state: AlertState, after: int) -> None:
    event = convert.transition_event(alert("a1", state))
    assert (event.type, event.service, event.time.seconds) == ("alert", "shop", int(START) + after)
    assert MessageToDict(event.data) == {
        "rule_id": "service-error-rate",
        "alert_id": "a1",
        "name": "Error rate over 5 %",
        "severity": "critical",
        "state": state.value,
        "value": 10.0,
        "threshold": 5.0,
    }


def test_a_page_token_leads_back_to_its_place() -> None:
    place = Place(START + 0.123456, "a1")
    token = convert.page_token(place, AlertState.FIRING)
    assert convert.place_from(token, AlertState.FIRING) == place
    assert convert.page_token(None, None) == ""
    assert convert.place_from("", None) is None


@pytest.mark.parametrize("token", ["!", "é", "abc", "e30", "W10", "WzEsMl0", "bnVsbA", "WyJhIiwieCIsMV0"])
def test_a_foreign_page_token_is_named(token: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        convert.place_from(token, None)
    assert [violation.field for violation in fault.value.violations] == ["page_token"]


def test_a_page_token_of_another_state_is_refused() -> None:
    token = convert.page_token(Place(START, "a1"), AlertState.FIRING)
    with pytest.raises(InvalidInput):
        convert.place_from(token, None)


def test_every_state_can_be_asked_for() -> None:
    assert convert.state_filter(alerts_pb2.ALERT_STATE_UNSPECIFIED) is None
    for state, number in convert.STATES.items():
        assert convert.state_filter(number) is state


def test_a_number_without_meaning_is_named() -> None:
    with pytest.raises(InvalidInput) as fault:
        convert.state_filter(alerts_pb2.AlertState.ValueType(99))
    assert [violation.field for violation in fault.value.violations] == ["state"]
