import pytest

from services.alerting.domain.rules import HEARTBEAT_STALE, READY_MADE, SERVICE_ERROR_RATE
from services.alerting.ports import Severity
from tests.support.alerts import START, window


@pytest.mark.parametrize(
    ("requests", "errors", "holds", "percent"),
    [
        (100, 6, True, 6.0),
        (100, 5, False, 5.0),
        (20, 2, True, 10.0),
        (19, 19, False, 100.0),
        (0, 0, False, 0.0),
        (0, 30, False, 0.0),
        (20, 50, True, 100.0),
    ],
)
def test_error_rate_is_over_5_percent_of_at_least_20(requests: int, errors: int, holds: bool, percent: float) -> None:
    judgement = SERVICE_ERROR_RATE.judge(window(requests=requests, errors=errors), START)
    assert (judgement.holds, judgement.value) == (holds, percent)


@pytest.mark.parametrize(
    ("age", "holds", "value"), [(120, False, 120), (120.5, True, 120.5), (-3600, False, 0), (None, False, 0)]
)
def test_a_heartbeat_is_stale_after_2_minutes_if_there_ever_was_one(
    age: float | None, holds: bool, value: float
) -> None:
    judgement = HEARTBEAT_STALE.judge(window(beat=None if age is None else START - age), START)
    assert (judgement.holds, judgement.value) == (holds, value)


def test_the_ready_made_rules_are_as_documented() -> None:
    terms = {rule.terms.rule_id: rule.terms for rule in READY_MADE}
    assert set(terms) == {"service-error-rate", "heartbeat-stale"}
    rate, stale = terms["service-error-rate"], terms["heartbeat-stale"]
    assert (rate.severity, rate.threshold, rate.hold) == (Severity.CRITICAL, 5.0, 10.0)
    assert (stale.severity, stale.threshold, stale.hold) == (Severity.WARNING, 120.0, 0.0)
