"""Alerting is killed at random, again and again, while alerts come, are acknowledged, and go."""

import asyncio
import random
from collections import Counter

import pytest

from binnacle.alerts.v1 import alerts_pb2
from tests.component.alerting.scene import Client, Scene, busy
from tests.support.services import socket_address
from tests.support.waiting import eventually

PENDING, FIRING = alerts_pb2.ALERT_STATE_PENDING, alerts_pb2.ALERT_STATE_FIRING
ROUNDS = 50
HOLD = 2.0

pytestmark = [pytest.mark.network, pytest.mark.redis, pytest.mark.processes]


async def acknowledge(client: Client, service: str) -> str | None:
    """Acknowledge the alert of a service if it is there; its id."""
    for alert in await client.listed():
        if alert.service == service and not alert.HasField("acknowledgement"):
            await client.acknowledge(alert.id, person="ann", comment=service)
            return str(alert.id)
    return None


@pytest.mark.timeout(1800)
async def test_nothing_is_lost_however_often_it_is_killed(scene: Scene, scale: float) -> None:
    scene.access.rules = [busy(hold=HOLD)]
    chance, address = random.Random(8), socket_address("alerting")
    acknowledged, firing = set[str](), dict[str, alerts_pb2.Alert]()
    rounds = max(3, round(ROUNDS * scale))
    for number in range(rounds):
        async with scene.process(address) as (client, _process):
            shown = {alert.service: alert for alert in await client.listed()}
            for name, before in firing.items():
                assert (shown[name].id, shown[name].started_at) == (before.id, before.started_at)
            scene.series.say(**{f"s{place}": 95.0 for place in range(number + 1)})
            await asyncio.sleep(chance.uniform(0.0, 2 * HOLD))
            firing |= {alert.service: alert for alert in await client.listed()}
            said = await acknowledge(client, f"s{chance.randrange(number + 1)}")
            acknowledged |= {said} if said else set()
    async with scene.process(address) as (client, _process):
        shown = await client.shows(**{f"s{place}": FIRING for place in range(rounds)})
        assert {alert.id for alert in shown.values() if alert.HasField("acknowledgement")} >= acknowledged
        assert all(alert.fired_at.seconds - alert.started_at.seconds >= HOLD for alert in shown.values())

        async def all_recorded() -> bool:
            return Counter(scene.intake.steps)["firing"] == rounds

        await eventually(all_recorded, "every transition is recorded")
    told = Counter((event.data["alert_id"], event.data["what"]) for event in scene.intake.events)
    assert {what: sum(1 for _, one in told if one == what) for what in ("pending", "firing")} == {
        "pending": rounds,
        "firing": rounds,
    }
    assert {key for key, times in told.items() if times > 1} == set()
