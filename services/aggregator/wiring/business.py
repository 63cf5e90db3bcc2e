"""Puts the services together that tell what people and the business do."""

from pathlib import Path

from binnacle.aggregator.v1 import (
    audience_service_pb2_grpc,
    business_service_pb2_grpc,
    session_service_pb2_grpc,
)
from services.aggregator.adapters.clickhouse.business.audience import ClickHouseAudience
from services.aggregator.adapters.clickhouse.business.business import ClickHouseBusiness
from services.aggregator.adapters.clickhouse.business.business_rules import ClickHouseRules
from services.aggregator.adapters.clickhouse.business.funnels import ClickHouseFunnels
from services.aggregator.adapters.clickhouse.business.sessions import ClickHouseSessions
from services.aggregator.adapters.clickhouse.business.stories import ClickHouseStories
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.convert.business_rules import rules_of_file
from services.aggregator.domain.business.business import Business
from services.aggregator.domain.business.business_rules import READY_MADE, Rules
from services.aggregator.domain.business.revenue import RevenuePeriods
from services.aggregator.service.audience_service import AudienceServicer
from services.aggregator.service.business_service import BusinessServicer
from services.aggregator.service.session_service import SessionServicer
from services.core.clock import Clock
from services.runtime.process import Registration


def business(reader: Reader, clock: Clock, rules: Path | None) -> list[Registration]:
    """Sessions, business figures, audience; `rules` is a file of business rules. Raises InvalidInput for a bad one."""
    return [
        Registration(
            session_service_pb2_grpc.add_SessionServiceServicer_to_server,
            session_servicer(reader, clock),
            "binnacle.aggregator.v1.SessionService",
        ),
        Registration(
            business_service_pb2_grpc.add_BusinessServiceServicer_to_server,
            business_servicer(reader, clock, rules),
            "binnacle.aggregator.v1.BusinessService",
        ),
        Registration(
            audience_service_pb2_grpc.add_AudienceServiceServicer_to_server,
            AudienceServicer(ClickHouseAudience(reader), clock),
            "binnacle.aggregator.v1.AudienceService",
        ),
    ]


def session_servicer(reader: Reader, clock: Clock) -> SessionServicer:
    """Answers about sessions, stories, features and funnels."""
    return SessionServicer(ClickHouseSessions(reader), ClickHouseStories(reader), ClickHouseFunnels(reader), clock)


def business_servicer(reader: Reader, clock: Clock, rules: Path | None) -> BusinessServicer:
    """Answers about business figures and rules. Raises InvalidInput for a bad file of rules."""
    own = rules_of_file(rules) if rules else READY_MADE
    figures = ClickHouseBusiness(reader)
    return BusinessServicer(
        Business(figures, clock), RevenuePeriods(figures, clock), Rules(ClickHouseRules(reader)), own, clock
    )
