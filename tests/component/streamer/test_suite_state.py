"""SystemService about the suite: its parts, what they are, what they were told without what is secret."""

from pathlib import Path

import grpc
import pytest

from binnacle.streamer.v1.system_service_pb2 import (
    GetConfigRequest,
    GetSystemHealthRequest,
    GetSystemInfoRequest,
    ListComponentsRequest,
)
from services.core.errors import Forbidden
from services.runtime.statuses import error_from
from tests.support.services import GUARDED, socket_address
from tests.support.streamer import DEADLINE, House, streamer
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

PROCESSES = {"aggregator", "alerting", "collector", "streamer"}


async def test_every_part_tells_how_it_does_and_what_it_is(house: House) -> None:
    async def answering() -> bool:
        told = await house.system.ListComponents(ListComponentsRequest())
        parts = {one.name: one for one in told.components}
        assert parts.keys() == PROCESSES | {"store"}
        assert told.total == len(parts)
        return all(parts[name].status == "healthy" and parts[name].process.pid for name in PROCESSES)

    await eventually(answering, "every process is described", within=DEADLINE)
    info = await house.system.GetSystemInfo(GetSystemInfoRequest())
    assert (info.service, info.auth, info.demo) == ("binnacle", "off", False)
    assert {one.memory_bytes > 0 for one in info.processes} == {True}
    assert not info.missing


async def test_a_process_that_is_away_is_named_everywhere() -> None:
    async with streamer(alerting=socket_address("nobody")) as house:

        async def named() -> bool:
            told = await house.system.ListComponents(ListComponentsRequest())
            ill = {one.name: one.problem for one in told.components if one.kind == "process" and one.problem}
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await house.system.GetSystemHealth(GetSystemHealthRequest())
            assert "alerting (does not answer)" in str(refused.value.details())
            return ill == {"alerting": "does not answer"}

        await eventually(named, "alerting alone is named", within=DEADLINE)
        info = await house.system.GetSystemInfo(GetSystemInfoRequest())
        assert {one.part for one in info.missing} == {"alerting"}
        config = await house.system.GetConfig(GetConfigRequest())
        assert {one.process for one in config.processes} == PROCESSES - {"alerting"}


async def test_settings_are_told_without_secrets_and_redis_is_looked_at() -> None:
    async with streamer(redis_url="redis://:hunter2@127.0.0.1:1/0", web_dir=Path("/nowhere")) as house:
        config = await house.system.GetConfig(GetConfigRequest())
        (own,) = [one for one in config.processes if one.process == "streamer"]
        settings = {one.name: one for one in own.settings}
        assert settings["BINNACLE_REDIS_URL"].value == "redis://:***@127.0.0.1:1/0"
        assert settings["BINNACLE_REDIS_URL"].hidden
        assert settings["BINNACLE_WEB_DIR"].value == "/nowhere"
        assert "hunter2" not in str(config)

        async def degraded() -> bool:
            try:
                health = await house.system.GetSystemHealth(GetSystemHealthRequest())
            except grpc.aio.AioRpcError:
                return False
            ill = {one.name for one in health.components if one.status != "healthy"}
            return health.status == "degraded" and ill == {"redis", "store"}

        await eventually(degraded, "without Redis the suite is degraded", within=DEADLINE)


@pytest.mark.parametrize(("tenant", "role"), [("default", "viewer"), ("t", "admin")])
async def test_settings_are_for_administrators_of_the_installation(tenant: str, role: str) -> None:
    async with streamer(**GUARDED) as house:
        reader = (("x-binnacle-tenant", tenant), ("x-binnacle-roles", role))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.system.GetConfig(GetConfigRequest(), metadata=reader)
        assert isinstance(error_from(refused.value, "streamer"), Forbidden)
