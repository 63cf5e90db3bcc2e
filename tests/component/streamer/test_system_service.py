"""SystemService over a real channel: health, counts, metrics."""

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from prometheus_client.parser import text_string_to_metric_families

from binnacle.aggregator.v1.overview_service_pb2 import GetIntakeStatsResponse
from binnacle.streamer.v1.dashboard_service_pb2 import WatchDashboardRequest
from binnacle.streamer.v1.system_service_pb2 import GetHealthRequest, GetMetricsTextRequest, GetStatsRequest
from services.core.errors import Unavailable
from services.launcher.contracts import public_services
from services.launcher.edge import DESCRIPTORS
from services.runtime.statuses import error_from
from services.streamer.adapters.parts import HEALTH_CHECK
from tests.support.overview import registration
from tests.support.services import neighbour, socket_address
from tests.support.streamer import DEADLINE, House, streamer
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

PARTS = ("aggregator", "alerting", "collector", "streamer")


async def readiness(channel: grpc.aio.Channel) -> int:
    """What an orchestrator is told."""
    check = channel.unary_unary(
        HEALTH_CHECK,
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    return (await check(health_pb2.HealthCheckRequest())).status


async def test_all_parts_are_healthy(house: House) -> None:
    async def well() -> bool:
        try:
            health = await house.system.GetHealth(GetHealthRequest())
        except grpc.aio.AioRpcError:
            return False
        assert (health.status, health.service) == ("healthy", "binnacle")
        assert dict(health.components) == dict.fromkeys(PARTS, "healthy")
        assert health.version
        assert health.timestamp.seconds > 0
        return True

    await eventually(well, "every part is ready", within=DEADLINE)


async def test_a_part_that_is_away_is_named() -> None:
    async with streamer(alerting=socket_address("nobody")) as house:

        async def only_alerting() -> bool:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await house.system.GetHealth(GetHealthRequest())
            error = error_from(refused.value, "streamer")
            assert isinstance(error, Unavailable)
            return str(error).endswith("not ready: alerting (does not answer)")

        await eventually(only_alerting, "alerting alone is named", within=DEADLINE)


async def test_it_is_not_ready_without_an_aggregator() -> None:
    async with streamer(aggregator=socket_address("nobody")) as house:
        assert await readiness(house.channel) == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_it_is_ready_from_the_first_answer_of_the_aggregator_on() -> None:
    address = socket_address("aggregator")
    async with streamer(aggregator=address) as house:

        async def ready() -> bool:
            return await readiness(house.channel) == health_pb2.HealthCheckResponse.SERVING

        async def aggregator_is_named() -> bool:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await house.system.GetHealth(GetHealthRequest())
            return "not ready: aggregator (" in str(refused.value.details())

        async with neighbour(registration(house.overview), address=address):
            await eventually(ready, "the streamer is ready", within=DEADLINE)
        await eventually(aggregator_is_named, "the lost aggregator is named", within=DEADLINE)
        assert await ready()


async def test_reflection_lists_the_public_services_of_the_suite(house: House) -> None:
    listed = house.channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )(iter([reflection_pb2.ServerReflectionRequest(list_services="*")]))
    answers = [answer async for answer in listed]
    names = {service.name for service in answers[0].list_services_response.service}
    public = {service.name for service in public_services(DESCRIPTORS.read_bytes())}
    assert names >= public
    assert not any(name.startswith("binnacle.") for name in names - public)


async def test_counts_of_the_store_and_of_viewers(house: House) -> None:
    house.overview.stats = GetIntakeStatsResponse(
        events=5, samples=6, logs=7, heartbeats=8, series=9, services=2, events_by_type={"purchase": 5}
    )
    watch = house.dashboard.WatchDashboard(WatchDashboardRequest())
    await watch.read()
    got = await house.system.GetStats(GetStatsRequest())
    assert (got.total_events, got.total_metrics, got.total_logs, got.total_heartbeats) == (5, 6, 7, 8)
    assert (got.total_series, got.active_services, got.active_connections) == (9, 2, 1)
    assert dict(got.events_by_type) == {"purchase": 5}
    watch.cancel()


async def test_metrics_of_every_process() -> None:
    async with streamer(alerting=socket_address("nobody")) as house:
        watch = house.dashboard.WatchDashboard(WatchDashboardRequest())
        await watch.read()
        content = (await house.system.GetMetricsText(GetMetricsTextRequest())).content
        assert content.content_type.startswith("text/plain; version=0.0.4")
        families = {family.name: family for family in text_string_to_metric_families(content.data.decode())}
        up = {sample.labels["process"]: sample.value for sample in families["binnacle_part_up"].samples}
        assert up == {"aggregator": 1.0, "alerting": 0.0, "collector": 1.0, "streamer": 1.0}
        samples = [sample for family in families.values() for sample in family.samples]
        assert all("process" in sample.labels for sample in samples)
        connected = [s for s in families["binnacle_streamer_connections"].samples if s.labels["kind"] == "grpc"]
        assert [sample.value for sample in connected] == [1.0]
        watch.cancel()


async def test_metrics_are_put_together_once_a_second(house: House) -> None:
    async def told() -> bytes:
        text: bytes = (await house.system.GetMetricsText(GetMetricsTextRequest())).content.data
        return text

    async def again() -> bool:
        # Every call is counted in what is told.
        return await told() == await told()

    async def anew() -> bool:
        return await told() != first

    await eventually(again, "the same text is told again", within=DEADLINE)
    first = await told()
    await eventually(anew, "another text is told", within=DEADLINE)


async def test_headers_that_the_edge_lets_through_are_taken(house: House) -> None:
    much = tuple((f"x-much-{number}", "m" * 600) for number in range(95))

    async def taken() -> bool:
        try:
            return bool((await house.system.GetHealth(GetHealthRequest(), metadata=much)).version)
        except grpc.aio.AioRpcError as error:
            # Until every part has told that it is ready.
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            return False

    await eventually(taken, "the suite tells how it does", within=DEADLINE)
