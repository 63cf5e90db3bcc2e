"""Sessions, their figures and the use of features as messages, and the ranges they are asked for with."""

from collections.abc import Mapping

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value

from binnacle.aggregator.v1 import session_service_pb2 as pb
from binnacle.query.v1 import query_pb2
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.reports import at_second, zone_from
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps, zoned_steps
from services.aggregator.ports.sessions import (
    FeatureFilter,
    FeatureUsage,
    FeatureUse,
    Session,
    SessionFigures,
    SessionFilter,
    SessionPosition,
)
from services.core.conventions import SESSION_ACTIVE_SECONDS
from services.core.errors import InvalidInput
from services.runtime import page_tokens

MAX_ID = 200


def id_from(field: str, given: str) -> str:
    """An id. Raises InvalidInput for an empty one and for over 200 characters."""
    if not 1 <= len(given) <= MAX_ID:
        raise InvalidInput.of(field, f"must have 1 to {MAX_ID} characters")
    return given


def active_from_us(now: float, to_us: int) -> int:
    """When a session must have been seen to be active: at `now`, or at an earlier end of the range."""
    return min(int(now * 1e6), to_us) - SESSION_ACTIVE_SECONDS * 1_000_000


def steps_from(step_seconds: int, zone: str, from_us: int, to_us: int) -> ZonedSteps | None:
    """The steps asked for; None for none. Raises InvalidInput."""
    within = Range.around(from_us, to_us)
    chosen = zone_from(zone)
    return zoned_steps(within.first, within.end, step_seconds, chosen) if step_seconds else None


def filter_from(tenant: str, asked: pb.ListSessionsRequest, now: float) -> tuple[SessionFilter, SessionPosition | None]:
    """Which sessions to list, and where to go on. Raises InvalidInput."""
    state = page_tokens.state_of(tenant, asked)
    from_us, to_us = range_from(asked, now) if state is None else (int(state[0]), int(state[1]))
    matching = SessionFilter(
        from_us,
        to_us,
        int(now * 1e6) - SESSION_ACTIVE_SECONDS * 1_000_000 if asked.active_only else 0,
        asked.user_id,
        asked.feature,
        asked.service,
        asked.errors_only,
    )
    return matching, None if state is None else (int(state[2]), str(state[3]))


def page_token(tenant: str, asked: pb.ListSessionsRequest, matching: SessionFilter, last: Session) -> str:
    """Where the page after `last` begins, within the range of the first page."""
    return page_tokens.token_of(tenant, asked, (matching.from_us, matching.to_us, *last.position))


def feature_filter_from(asked: pb.GetFeatureUsageRequest, now: float) -> tuple[FeatureFilter, ZonedSteps | None]:
    """Which uses to count, and by which steps. Raises InvalidInput."""
    from_us, to_us = range_from(asked, now)
    steps = steps_from(asked.step_seconds, asked.time_zone, from_us, to_us)
    starts = steps.edges[:-1] if steps else ()
    return FeatureFilter(from_us, to_us, asked.feature, asked.service, starts), steps


def session(one: Session, now: float) -> pb.Session:
    """A session."""
    return pb.Session(
        session_id=one.session_id,
        user_id=one.user_id,
        start_time=timestamp(one.start_us),
        end_time=timestamp(one.end_us),
        duration_seconds=(one.end_us - one.start_us) / 1e6,
        active=one.end_us >= int(now * 1e6) - SESSION_ACTIVE_SECONDS * 1_000_000,
        events=one.events,
        page_views=one.page_views,
        pages=one.pages,
        features=one.features,
        purchases=one.purchases,
        revenue=money(one.revenue),
        requests=one.requests,
        errors=one.errors,
        services=one.services,
        entry_page=one.entry_page,
        exit_page=one.exit_page,
        last_event_type=one.last_event_type,
        context=_context(one.context),
    )


def money(amounts: Mapping[str, float]) -> list[query_pb2.Money]:
    """Amounts by currency, largest first."""
    ordered = sorted(amounts.items(), key=lambda each: (-each[1], each[0]))
    return [query_pb2.Money(currency=currency, amount=amount) for currency, amount in ordered]


def _context(facts: Mapping[str, str]) -> Struct:
    return Struct(fields={name: json_format.Parse(text, Value()) for name, text in sorted(facts.items())})


def figures(found: SessionFigures, from_us: int, to_us: int) -> pb.SessionFigures:
    """Figures over sessions."""
    return pb.SessionFigures(
        start_time=timestamp(from_us),
        end_time=timestamp(to_us),
        sessions=found.sessions,
        active_sessions=found.active,
        users=found.users,
        average_duration_seconds=found.average_seconds,
        median_duration_seconds=found.median_seconds,
        events_per_session=found.events / max(1, found.sessions),
        page_views_per_session=found.page_views / max(1, found.sessions),
        bounce_rate=100.0 * found.bounced / max(1, found.with_pages),
        sessions_with_errors=found.with_errors,
        sessions_with_purchase=found.with_purchase,
        sessions_with_conversion=found.with_conversion,
    )


def feature_usage(found: FeatureUsage, steps: ZonedSteps | None) -> pb.GetFeatureUsageResponse:
    """Use of features."""
    return pb.GetFeatureUsageResponse(
        features=[_feature(one, steps) for one in found.features],
        total_features=found.total_features,
        total_users=found.total_users,
    )


def _feature(one: FeatureUse, steps: ZonedSteps | None) -> pb.FeatureUsage:
    told = {start: (uses, users) for start, uses, users in one.points}
    points = [(start, *told.get(start, (0, 0))) for start in steps.edges[:-1]] if steps else []
    return pb.FeatureUsage(
        feature=one.feature,
        uses=one.uses,
        users=one.users,
        sessions=one.sessions,
        first_time=timestamp(one.first_us),
        last_time=timestamp(one.last_us),
        points=[pb.FeaturePoint(time=at_second(start), uses=uses, users=users) for start, uses, users in points],
    )
