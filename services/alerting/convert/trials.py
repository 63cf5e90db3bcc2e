"""How rules fare, and what they would have done, as messages."""

from binnacle.alerting.v1 import rule_service_pb2 as pb
from binnacle.rules.v1 import rules_pb2
from services.alerting.convert.alerts import alert_message
from services.alerting.convert.steps import step_message
from services.alerting.ports.trials import Health, RuleStatus, Trial, TriedAlert
from services.core.errors import InvalidInput
from services.runtime.times import optional_timestamp, seconds_of
from services.runtime.words import Words

DAY = 86_400.0
HEALTH: Words[Health] = Words(rules_pb2.RuleStatus.Health, Health)


def status_message(status: RuleStatus) -> rules_pb2.RuleStatus:
    """How a rule fares."""
    return rules_pb2.RuleStatus(
        rule_id=status.rule_id,
        health=HEALTH.number(status.health) if status.health else rules_pb2.RuleStatus.HEALTH_UNSPECIFIED,
        problem=status.problem,
        judged_time=optional_timestamp(status.judged_at),
        judged_ms=status.judged_ms,
        groups=status.groups,
        pending=status.pending,
        firing=status.firing,
    )


def range_from(asked: pb.TestRuleRequest, now: float) -> tuple[float, float]:
    """From when until when to try; the last day where that is not told. Raises InvalidInput."""
    end = seconds_of(asked.end_time) if asked.HasField("end_time") else now
    start = seconds_of(asked.start_time) if asked.HasField("start_time") else end - DAY
    if not 0 <= start < end:
        raise InvalidInput.of("start_time", "must be before end_time")
    if end > now:
        raise InvalidInput.of("end_time", "must not be in the future")
    return start, end


def trial_message(trial: Trial) -> pb.TestRuleResponse:
    """What a rule would have done."""
    return pb.TestRuleResponse(
        alerts=map(_tried_message, trial.alerts),
        total=trial.total,
        judgements=trial.judgements,
        groups=trial.groups,
        fired=trial.fired,
        notices=trial.notices,
    )


def _tried_message(tried: TriedAlert) -> pb.TestedAlert:
    return pb.TestedAlert(alert=alert_message(tried.alert), steps=map(step_message, tried.steps))
