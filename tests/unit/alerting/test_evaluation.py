from collections.abc import Iterable

from hypothesis import given, strategies as st

from services.alerting.domain.evaluation import RESOLVED_KEPT, AlertBook, Changes
from services.alerting.domain.rules import READY_MADE
from services.alerting.domain.states import ACTIVE
from services.alerting.ports import Alert, AlertState
from tests.support.alerts import START, alert, failing, seen, window

PENDING, FIRING, RESOLVED, INACTIVE = AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED, AlertState.INACTIVE


def book() -> AlertBook:
    return AlertBook("default", READY_MADE)


def told(changes: Changes) -> list[tuple[str, AlertState]]:
    return [(alert.service, alert.state) for alert in changes.transitions]


def by_id(alerts: Iterable[Alert]) -> dict[str, Alert]:
    return {alert.id: alert for alert in alerts}


def test_an_episode_from_pending_to_resolved_is_told_transition_by_transition() -> None:
    alerts = book()
    assert told(alerts.evaluate(seen(0, failing()))) == [("shop", PENDING)]
    assert told(alerts.evaluate(seen(9, failing()))) == []
    assert told(alerts.evaluate(seen(10, failing()))) == [("shop", FIRING)]
    assert told(alerts.evaluate(seen(11, failing()))) == []
    assert told(alerts.evaluate(seen(12, window()))) == [("shop", RESOLVED)]
    assert told(alerts.evaluate(seen(13, window()))) == []


def test_services_are_judged_apart() -> None:
    alerts = book()
    alerts.evaluate(seen(0, failing("a"), window("b")))
    alerts.evaluate(seen(5, failing("a"), failing("b")))
    assert told(alerts.evaluate(seen(10, failing("a"), failing("b")))) == [("a", FIRING)]


def test_one_service_can_break_both_rules() -> None:
    alerts = book()
    changes = alerts.evaluate(seen(0, window(errors=50, beat=START - 200)))
    assert {(a.rule_id, a.state) for a in changes.transitions} == {
        ("service-error-rate", PENDING),
        ("heartbeat-stale", FIRING),
    }


def test_what_never_fired_is_forgotten_and_not_listed() -> None:
    alerts = book()
    (pending,) = alerts.evaluate(seen(0, failing())).transitions
    changes = alerts.evaluate(seen(1, window()))
    assert told(changes) == [("shop", INACTIVE)]
    assert changes.forgotten == (pending.id,)
    assert alerts.alerts() == ()


def test_a_service_that_is_gone_ends_its_alerts() -> None:
    alerts = book()
    alerts.evaluate(seen(0, window(beat=START - 200)))
    assert told(alerts.evaluate(seen(1))) == [("shop", RESOLVED)]


def test_a_resolved_alert_is_listed_for_24_hours() -> None:
    alerts = book()
    (fired,) = alerts.evaluate(seen(0, window(beat=START - 200))).transitions
    alerts.evaluate(seen(1, window()))
    assert alerts.evaluate(seen(1 + RESOLVED_KEPT, window())).forgotten == ()
    assert [listed.state for listed in alerts.alerts()] == [RESOLVED]
    assert alerts.evaluate(seen(2 + RESOLVED_KEPT, window())).forgotten == (fired.id,)
    assert alerts.alerts() == ()


def test_another_episode_is_listed_beside_the_resolved_one() -> None:
    alerts = book()
    for at, beat in ((0, -200.0), (1, 0.0), (2, -200.0)):
        alerts.evaluate(seen(at, window(beat=START + beat)))
    assert sorted(listed.state for listed in alerts.alerts()) == [FIRING, RESOLVED]
    assert len(by_id(alerts.alerts())) == 2


def test_an_adopted_pending_alert_keeps_the_time_it_began() -> None:
    alerts = book()
    alerts.adopt([alert("kept", PENDING, at=-8)], START)
    changes = alerts.evaluate(seen(2, failing()))
    assert [(a.id, a.state) for a in changes.transitions] == [("kept", FIRING)]


def test_an_adopted_firing_alert_is_not_told_again() -> None:
    alerts = book()
    assert alerts.adopt([alert("kept", FIRING, at=-60)], START) == Changes()
    assert told(alerts.evaluate(seen(0, failing()))) == []
    assert told(alerts.evaluate(seen(1, window()))) == [("shop", RESOLVED)]


def test_an_episode_begun_before_the_state_was_read_gives_way_to_the_one_kept() -> None:
    alerts = book()
    (begun,) = alerts.evaluate(seen(0, failing())).transitions
    changes = alerts.adopt([alert("kept", FIRING, at=-60)], START + 1)
    assert [(a.id, a.state) for a in changes.transitions] == [(begun.id, INACTIVE)]
    assert changes.forgotten == (begun.id,)
    assert [listed.id for listed in alerts.alerts()] == ["kept"]


def test_an_alert_of_a_rule_that_is_gone_ends() -> None:
    alerts = AlertBook("default", [])
    alerts.adopt([alert("kept", FIRING, at=-60)], START)
    assert told(alerts.evaluate(seen(0, failing()))) == [("shop", RESOLVED)]


def test_resolved_alerts_that_are_old_by_now_are_forgotten_when_adopted() -> None:
    alerts = book()
    assert alerts.adopt([alert("old", RESOLVED, at=-RESOLVED_KEPT - 60)], START).forgotten == ("old",)
    assert alerts.alerts() == ()


SERVICES = st.sampled_from(["a", "b"])
SHARES = st.dictionaries(SERVICES, st.sampled_from([0, 10]))
STEPS = st.lists(st.tuples(st.floats(0.1, 15), SHARES), max_size=40)


@given(STEPS, st.integers(0, 40))
def test_going_on_from_what_was_kept_makes_the_transitions_of_one_that_never_stopped(
    steps: list[tuple[float, dict[str, int]]], killed_at: int
) -> None:
    whole, broken, kept, at = book(), book(), dict[str, Alert](), 0.0
    for step, (seconds, errors) in enumerate(steps):
        at += seconds
        observation = seen(at, *(window(service, errors=count) for service, count in errors.items()))
        if step == killed_at:
            broken = book()
            broken.adopt(kept.values(), START + at)
        changes = broken.evaluate(observation)
        assert changes == whole.evaluate(observation)
        kept |= by_id(changes.transitions)
        kept = {alert_id: alert for alert_id, alert in kept.items() if alert_id not in changes.forgotten}


@given(STEPS)
def test_a_rule_and_service_have_one_active_alert_at_most(steps: list[tuple[float, dict[str, int]]]) -> None:
    alerts, at = book(), 0.0
    for seconds, errors in steps:
        at += seconds
        alerts.evaluate(seen(at, *(window(service, errors=count) for service, count in errors.items())))
        active = [(a.rule_id, a.service) for a in alerts.alerts() if a.state in ACTIVE]
        assert len(active) == len(set(active))
