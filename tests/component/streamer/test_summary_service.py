"""SummaryService between an aggregator that knows the overview alone and quiet neighbours: what is missing is named."""

import grpc
import pytest

from binnacle.aggregator.v1.overview_service_pb2 import GetIntakeStatsResponse
from binnacle.streamer.v1 import summary_service_pb2 as pb, summary_service_pb2_grpc
from services.core.errors import Unavailable
from services.runtime.statuses import error_from
from tests.support.pictures import snapshot
from tests.support.services import socket_address
from tests.support.streamer import DEADLINE, House, streamer
from tests.support.waiting import eventually

pytestmark = pytest.mark.network


def summaries(house: House) -> "summary_service_pb2_grpc.SummaryServiceAsyncStub":
    return summary_service_pb2_grpc.SummaryServiceStub(house.channel)


async def test_what_is_known_is_told_and_the_rest_is_named(house: House) -> None:
    house.overview.stats = GetIntakeStatsResponse(events=5, samples=6)
    told = await summaries(house).GetGlobalStats(pb.GetGlobalStatsRequest())
    assert (told.stored.events, told.stored.metrics) == (5, 6)
    assert told.traffic.total_requests == snapshot().overview.total_requests
    assert told.services.total == len(snapshot().services)
    missing = {one.part: one.reason for one in told.missing}
    assert missing.keys() == {"sessions", "agents", "integrations", "revenue", "business", "uptime"}
    assert all(missing.values())
    assert not told.HasField("agents")
    assert not told.HasField("uptime")


async def test_no_figure_stands_for_one_that_is_missing(house: House) -> None:
    told = await summaries(house).GetDashboardOverview(pb.GetDashboardOverviewRequest())
    assert told.metrics.HasField("error_rate")
    assert not told.metrics.HasField("messages_sent")
    assert not told.metrics.HasField("system_cpu_usage")
    assert not told.HasField("campaigns")
    store = next(one for one in told.components if one.name == "store")
    assert store.status == told.status == "unhealthy"
    assert store.problem


async def test_nothing_at_all_is_an_error() -> None:
    async with streamer(aggregator=socket_address("nobody")) as house:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await summaries(house).GetLiveMetrics(pb.GetLiveMetricsRequest())
        assert isinstance(error_from(refused.value, "streamer"), Unavailable)
        assert "aggregator" in str(refused.value.details())


async def test_the_summary_holds_what_a_dashboard_needs_to_start(house: House) -> None:
    told = await summaries(house).GetAnalyticsSummary(pb.GetAnalyticsSummaryRequest())
    assert told.overview.traffic.total_requests == snapshot().overview.total_requests
    assert told.services["shop"].request_count == 15234
    assert {one.name for one in told.components} == {"collector", "aggregator", "streamer", "alerting", "store"}
    assert "timeseries" in {one.part for one in told.missing}


async def test_health_names_the_processes_that_are_away() -> None:
    async with streamer(alerting=socket_address("nobody")) as house:

        async def named() -> bool:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await summaries(house).GetMonitoringHealth(pb.GetMonitoringHealthRequest())
            return str(refused.value.details()).endswith("not ready: alerting (does not answer)")

        await eventually(named, "alerting alone is named", within=DEADLINE)


async def test_health_that_cannot_be_learnt_is_unknown(house: House) -> None:
    async def told() -> bool:
        try:
            health = await summaries(house).GetMonitoringHealth(pb.GetMonitoringHealthRequest())
        except grpc.aio.AioRpcError:
            return False
        return health.status == "unknown" and "integrations" in {one.part for one in health.missing}

    await eventually(told, "the state of integrations is unknown", within=DEADLINE)
