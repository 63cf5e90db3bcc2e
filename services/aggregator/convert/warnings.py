"""Lists of intake warnings as messages, and the ranges and page tokens they are asked for with."""

from binnacle.aggregator.v1 import intake_warning_service_pb2 as pb
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.ports.warnings import IntakeWarning, WarningFilter, WarningPosition
from services.runtime import page_tokens


def warning(stored: IntakeWarning) -> pb.IntakeWarning:
    """One row."""
    return pb.IntakeWarning(
        kind=stored.kind,
        field=stored.field,
        reason=stored.reason,
        description=stored.description,
        source=stored.source,
        sample=stored.sample,
        count=stored.count,
        first_time=timestamp(stored.first_us),
        last_time=timestamp(stored.last_us),
    )


def page_token(tenant: str, asked: pb.ListIntakeWarningsRequest, matching: WarningFilter, last: IntakeWarning) -> str:
    """Where the page after `last` begins, within the range of the first page."""
    return page_tokens.token_of(tenant, asked, [matching.from_us, matching.to_us, *last.position])


def page_from(
    tenant: str, asked: pb.ListIntakeWarningsRequest, now: float
) -> tuple[WarningFilter, WarningPosition | None]:
    """The range and where to go on within it; `now` in Unix seconds. Raises InvalidInput."""
    state = page_tokens.state_of(tenant, asked)
    if state is None:
        return WarningFilter(*range_from(asked, now), asked.kind), None
    from_us, to_us, last_us, kind, field, reason, description, source = state
    return WarningFilter(from_us, to_us, asked.kind), (last_us, kind, field, reason, description, source)
