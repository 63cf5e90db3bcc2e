"""A store that does not answer at the start: the aggregator lives, waits, and says so."""

from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from binnacle.aggregator.v1 import overview_service_pb2, query_service_pb2
from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from tests.component.aggregator.aggregators import Aggregator
from tests.support.services import running_service, socket_address

# Nothing listens on port 1.
ABSENT = "clickhouse://someone:secret@127.0.0.1:1/binnacle"


@pytest.mark.network
async def test_calls_are_told_to_come_back_while_the_store_is_absent(tmp_path: Path) -> None:
    config = AggregatorConfig(
        listen=socket_address("aggregator"), data_dir=tmp_path, clickhouse_dsn=ABSENT, drain_seconds=0
    )
    async with running_service("aggregator", config, wire) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        live = await health.Check(health_pb2.HealthCheckRequest(service="live"))
        ready = await health.Check(health_pb2.HealthCheckRequest())
        assert live.status == health_pb2.HealthCheckResponse.SERVING
        assert ready.status == health_pb2.HealthCheckResponse.NOT_SERVING
        aggregator = Aggregator(channel)
        for call in (
            aggregator.overview.GetOverview(overview_service_pb2.GetOverviewRequest()),
            aggregator.overview.GetIntakeStats(overview_service_pb2.GetIntakeStatsRequest()),
            aggregator.query.ListEvents(query_service_pb2.ListEventsRequest()),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        async with aggregator.journal() as journal:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await journal.hello()
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_wrong_address_is_refused_before_anything_listens() -> None:
    with pytest.raises(ValueError, match="clickhouse_dsn"):
        AggregatorConfig(listen="unix:/x", clickhouse_dsn="postgres://host")
