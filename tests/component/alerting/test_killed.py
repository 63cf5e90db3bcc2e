"""Alerting as a process of its own that is killed without a warning."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from binnacle.alerts.v1 import alerts_pb2
from services.runtime.channels import open_channel
from tests.component.alerting.scene import Client, Scene
from tests.support.alerts import START, failing, seen, window
from tests.support.services import socket_address

PENDING, FIRING = alerts_pb2.ALERT_STATE_PENDING, alerts_pb2.ALERT_STATE_FIRING

pytestmark = [pytest.mark.network, pytest.mark.redis, pytest.mark.processes]


@asynccontextmanager
async def alerting_until_killed(scene: Scene) -> AsyncIterator[Client]:
    """A process that is killed at the end of the block."""
    address = socket_address("alerting")
    settings = {
        "BINNACLE_LISTEN": address,
        "BINNACLE_AGGREGATOR": scene.aggregator,
        "BINNACLE_COLLECTOR": scene.collector,
        "BINNACLE_REDIS_URL": scene.redis.url,
        "BINNACLE_LOG_LEVEL": "error",
    }
    command = (sys.executable, "-m", "services.alerting")
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **settings})
    try:
        async with open_channel(address) as channel:
            client = Client(channel)
            await client.listening()
            yield client
    finally:
        process.kill()
        await process.wait()


async def test_a_hold_goes_on_and_what_fired_is_not_told_again(scene: Scene) -> None:
    async with alerting_until_killed(scene) as client:
        await scene.overview.say(seen(0, failing("a"), window("b", beat=START - 200)))
        await client.shows(PENDING, FIRING)
        before = {alert.service: alert.id for alert in await client.listed()}
        await scene.recorded("pending", "firing")
        await scene.keeps('"pending"', '"firing"')
    async with alerting_until_killed(scene) as client:
        await scene.overview.say(seen(10, failing("a"), window("b", beat=START - 200)))
        await client.shows(FIRING, FIRING)
        alerts = await client.listed()
        assert {alert.service: alert.id for alert in alerts} == before
        assert {alert.started_at.seconds for alert in alerts} == {int(START)}
        await scene.recorded("pending", "firing", "firing")
