"""Uptime, error budgets and outages as messages."""

from binnacle.aggregator.v1 import reliability_service_pb2 as pb
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.domain.reports.reliability import Reliability, ReliabilityReport
from services.aggregator.domain.reports.uptime import Budget, Outage
from services.core.errors import InvalidInput

TARGET_PERCENT = 99.9
LOWEST, HIGHEST = 50.0, 99.9999


def target_from(asked: pb.GetReliabilityRequest) -> float:
    """The share of time that is promised, in percent. Raises InvalidInput."""
    target = asked.target_percent or TARGET_PERCENT
    if not LOWEST <= target <= HIGHEST:
        raise InvalidInput.of("target_percent", f"must be between {LOWEST:g} and {HIGHEST:g}")
    return target


def report(found: ReliabilityReport) -> pb.GetReliabilityResponse:
    """All of it."""
    traffic = found.traffic
    return pb.GetReliabilityResponse(
        overall=_reliability(found.overall),
        services=[_reliability(one) for one in found.services],
        success_rate=100.0 - traffic.error_rate if traffic.requests else None,
        requests=traffic.requests,
        errors=traffic.errors,
        optimization_score=_score(found) if found.parts else None,
    )


def outage(found: Outage) -> pb.Outage:
    """One outage."""
    return pb.Outage(
        service=found.service,
        cause=found.cause,
        start_time=timestamp(found.start_us),
        end_time=None if found.end_us is None else timestamp(found.end_us),
        seconds=found.seconds,
    )


def _reliability(found: Reliability) -> pb.Reliability:
    return pb.Reliability(
        service=found.service,
        uptime_percent=found.uptime_percent,
        observed_seconds=found.share.observed,
        down_seconds=found.share.down,
        outages=found.outages,
        down=found.down,
        budget=_budget(found.budget),
    )


def _budget(found: Budget) -> pb.ErrorBudget | None:
    if not found.observed:
        return None
    return pb.ErrorBudget(
        target_percent=found.target_percent,
        observed_seconds=found.observed,
        total_seconds=found.total,
        burnt_seconds=found.burnt,
        left_seconds=found.left,
        left_percent=found.left_percent,
        burn_rates=[pb.BurnRate(window_seconds=window, rate=rate) for window, rate in found.rates],
    )


def _score(found: ReliabilityReport) -> pb.OptimizationScore:
    return pb.OptimizationScore(
        score=found.score,
        parts=[
            pb.ScorePart(
                name=part.name,
                value=part.value,
                weight=part.weight,
                measured=part.measured,
                baseline=part.baseline,
            )
            for part in found.parts
        ],
    )
