"""Figures as messages, and what they are asked for with."""

from collections.abc import Collection, Mapping, Sequence
from typing import get_args
from zoneinfo import ZoneInfo

from binnacle.aggregator.v1 import figure_service_pb2 as pb
from services.aggregator.convert.reports import asked_range, at_second
from services.aggregator.domain.figures.figures import Asked, Figure, Series
from services.aggregator.domain.ranges.periods import HOUR, NamedPeriod
from services.aggregator.domain.ranges.zoned_steps import zoned_steps
from services.aggregator.ports.exports import ExportFormat
from services.core.errors import Forbidden, InvalidInput

UTC = ZoneInfo("UTC")
USUAL_FORMAT: ExportFormat = "csv"
FORMATS: Mapping[str, ExportFormat] = {form: form for form in get_args(ExportFormat)}


def check_tenant(given: str, tenant: str) -> None:
    """Raises Forbidden for a tenant that is not the caller's, whether or not there is one of that name."""
    if given and given != tenant:
        raise Forbidden("tenant_id must be the tenant of the credential, or be left out")


def names_from(given: Sequence[str], known: Collection[str]) -> list[str]:
    """The figures asked for, each once; all when none is named. Raises InvalidInput."""
    if not set(given) <= set(known):
        raise InvalidInput.of("metrics", f"must be of {', '.join(known)}")
    return list(dict.fromkeys(given or known))


def format_from(given: str) -> ExportFormat:
    """What a file is written as. Raises InvalidInput."""
    if given and given not in FORMATS:
        raise InvalidInput.of("format", f"must be one of {', '.join(FORMATS)}")
    return FORMATS[given] if given else USUAL_FORMAT


def asked_over(tenant: str, period: NamedPeriod) -> Asked:
    """A named period."""
    within = period.range
    return Asked(tenant, within, zoned_steps(within.first, within.end, period.step_seconds, UTC))


def asked_from(tenant: str, asked: pb.GetFigureRequest, now: float) -> Asked:
    """The range of a question about one figure. Raises InvalidInput."""
    within = asked_range(asked, now, HOUR)
    return Asked(tenant, within, zoned_steps(within.first, within.end, asked.step_seconds, UTC))


def figures(period: NamedPeriod, found: Mapping[str, Figure]) -> pb.GetFiguresResponse:
    """Figures over a period."""
    return pb.GetFiguresResponse(
        period=period.name,
        start_time=at_second(period.range.first),
        end_time=at_second(period.range.end),
        step_seconds=period.step_seconds,
        metrics={name: pb.Figure(unit=one.unit, series=map(_series, one.series)) for name, one in found.items()},
    )


def figure(name: str, asked: Asked, found: Figure) -> pb.GetFigureResponse:
    """One figure over a range."""
    return pb.GetFigureResponse(
        metric=name,
        unit=found.unit,
        start_time=at_second(asked.range.first),
        end_time=at_second(asked.range.end),
        step_seconds=asked.steps.seconds,
        series=map(_series, found.series),
    )


def _series(one: Series) -> pb.FigureSeries:
    return pb.FigureSeries(
        labels=one.labels,
        value=one.value,
        points=[pb.FigurePoint(time=at_second(start), value=value) for start, value in one.points],
    )
