"""Puts the services together that tell what people and the business do."""

from binnacle.aggregator.v1 import session_service_pb2_grpc
from services.aggregator.adapters.clickhouse.funnels import ClickHouseFunnels
from services.aggregator.adapters.clickhouse.reader import Reader
from services.aggregator.adapters.clickhouse.sessions import ClickHouseSessions
from services.aggregator.adapters.clickhouse.stories import ClickHouseStories
from services.aggregator.service.session_service import SessionServicer
from services.core.clock import Clock
from services.runtime.process import Registration


def business(reader: Reader, clock: Clock) -> list[Registration]:
    """Sessions, business figures, audience."""
    return [
        Registration(
            session_service_pb2_grpc.add_SessionServiceServicer_to_server,
            SessionServicer(ClickHouseSessions(reader), ClickHouseStories(reader), ClickHouseFunnels(reader), clock),
            "binnacle.aggregator.v1.SessionService",
        ),
    ]
