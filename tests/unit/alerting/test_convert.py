"""Alerts as messages, and transitions as events and back."""

import pytest
from hypothesis import given, strategies as st

from binnacle.alerting.v1 import alert_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from binnacle.events.v1 import events_pb2
from services.alerting.convert.alerts import alert_message, counts_message, wanted_from
from services.alerting.convert.transitions import transition_event, transition_from
from services.alerting.domain.listing import Wanted
from services.alerting.ports.alerts import (
    Acknowledgement,
    Alert,
    AlertState,
    AlertStep,
    HeldBack,
    Resolution,
    Severity,
    Transition,
)
from services.core.errors import InvalidInput
from services.core.matching import Matcher, Operator
from tests.support.alerts import START, alert, transition

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
LABELS = st.dictionaries(TEXTS, TEXTS, max_size=3).map(lambda labels: tuple(sorted(labels.items())))
TIMES = st.floats(0, 2e9)
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)
ACKNOWLEDGEMENTS = st.none() | st.builds(Acknowledgement, TEXTS, st.just("") | TEXTS, TIMES, st.none() | TIMES)
ALERTS = st.builds(
    Alert,
    id=TEXTS,
    rule_id=TEXTS,
    name=TEXTS,
    severity=st.sampled_from(Severity),
    state=st.sampled_from(AlertState),
    group=LABELS,
    labels=LABELS,
    started_at=TIMES,
    changed_at=TIMES,
    value=VALUES,
    threshold=st.floats(-1e9, 1e9),
    fired_at=st.none() | TIMES,
    ended_at=st.none() | TIMES,
    acknowledgement=ACKNOWLEDGEMENTS,
    resolution=st.none() | st.builds(Resolution, TEXTS, st.just(""), TIMES, TIMES),
)


@given(ALERTS, TIMES, st.sampled_from(["", "ann"]))
def test_a_transition_is_put_together_again_from_its_event(became: Alert, at: float, person: str) -> None:
    made = Transition(became, AlertStep(at, "acknowledged", became.severity, became.value, person, person))
    event = events_pb2.Event.FromString(transition_event(made).SerializeToString())
    assert transition_from(event) == made


def test_people_read_what_they_know_in_an_event() -> None:
    event = transition_event(transition(alert(state=AlertState.FIRING)))
    assert (event.type, event.service, event.time.seconds) == ("alert", "shop", START + 10)
    expected = {"rule_id": "busy", "alert_id": "a1", "name": "Busy", "severity": "critical", "state": "firing"}
    told = {name: event.data[name] for name in expected}
    assert told == expected
    assert (event.data["what"], event.data["value"], event.data["threshold"]) == ("firing", 95.0, 90.0)


def test_what_others_call_an_alert_is_none() -> None:
    event = events_pb2.Event(type="alert")
    event.data.update({"rule_id": "busy", "state": "firing"})
    assert transition_from(event) is None


def test_an_alert_is_told_whole() -> None:
    message = alert_message(
        alert(
            state=AlertState.KEEP_FIRING,
            acknowledgement=Acknowledgement("ann", "on it", START, START + 60),
            resolution=Resolution("bob", "", START, START + 900),
            held_back=HeldBack(("s",), ("i",)),
            annotations=(("summary", "full"),),
        )
    )
    assert (message.state, message.severity) == (alerts_pb2.ALERT_STATE_KEEP_FIRING, alerts_pb2.SEVERITY_CRITICAL)
    assert (message.acknowledgement.person, message.acknowledgement.expires_time.seconds) == ("ann", START + 60)
    assert (message.resolution.person, message.resolution.returns_time.seconds) == ("bob", START + 900)
    assert (list(message.silenced_by), list(message.inhibited_by)) == (["s"], ["i"])
    assert (dict(message.annotations), dict(message.labels)) == ({"summary": "full"}, {"service": "shop"})


def test_a_value_that_was_never_seen_is_not_told() -> None:
    assert not alert_message(alert(value=None)).HasField("current_value")


def test_which_alerts_to_list() -> None:
    asked = pb.ListAlertsRequest(
        state=alerts_pb2.ALERT_STATE_FIRING, severity=alerts_pb2.SEVERITY_INFO, match=["host=~web-.*"], active=True
    )
    expected = Wanted(
        AlertState.FIRING, Severity.INFO, matchers=(Matcher("host", Operator.MATCHES, "web-.*"),), active=True
    )
    assert wanted_from(asked) == expected
    assert wanted_from(pb.ListAlertsRequest()) == Wanted()


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("state", pb.ListAlertsRequest(state=99)),  # type: ignore[arg-type]
        ("text", pb.ListAlertsRequest(text="x" * 201)),
        ("match", pb.ListAlertsRequest(match=["a=b"] * 21)),
    ],
)
def test_faults_name_their_field(field: str, asked: pb.ListAlertsRequest) -> None:
    with pytest.raises(InvalidInput) as fault:
        wanted_from(asked)
    assert [violation.field for violation in fault.value.violations] == [field]


def test_counts_say_what_people_are_told_of() -> None:
    states = (AlertState.FIRING, AlertState.KEEP_FIRING, AlertState.NO_DATA, AlertState.PENDING, AlertState.RESOLVED)
    counts = counts_message({(state, Severity.CRITICAL): 2 for state in states}, START)
    assert (counts.firing, counts.critical, counts.pending, counts.resolved) == (6, 6, 2, 2)
