"""A hundred thousand alerts that are active at once: listed, filtered, read again after a kill, changed and ended."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import grpc
import numpy as np
import pytest

from binnacle.alerting.v1 import alert_service_pb2 as pb, rule_service_pb2 as rules_pb
from binnacle.alerts.v1 import alerts_pb2
from services.alerting.convert.rules import rule_message
from services.alerting.ports.rules import Rule, Threshold
from services.core.questions import Expression, Grouping, Selection
from tests.component.alerting.scene import Client, Scene
from tests.support.alerts import rule
from tests.support.outages import patience
from tests.support.turns import longest_turn
from tests.support.waiting import eventually

pytestmark = [pytest.mark.network, pytest.mark.redis, pytest.mark.processes, pytest.mark.timeout(1_800)]
FULL = 100_000
OF_A_RULE = 20_000
"""Series that a question may be about."""
HELD_SECONDS = 0.6
"""Of a heap of a million objects one search for garbage takes half of it."""
LISTED_SECONDS = 0.05
ASKED = 5
FIRING = alerts_pb2.ALERT_STATE_FIRING


def part(number: int) -> Rule:
    """A rule over a part of the series."""
    selection = Selection(f"part-{number}", window=10.0, grouping=Grouping(by=("service",)))
    texts = (("summary", "{{labels.service}} is at {{value}}"),)
    condition = Threshold((Expression("a", selection),))
    return rule(f"part-{number}", condition=condition, interval=5.0, grace=0.0, annotations=texts)


def say(scene: Scene, count: int, value: float) -> None:
    """Every series has this value from now on."""
    for first in range(0, count, OF_A_RULE):
        places = range(first, min(first + OF_A_RULE, count))
        scene.series.others[f"part-{first // OF_A_RULE}"] = {f"service-{place:06d}": value for place in places}


async def reached(client: Client, total: int, **which: Any) -> None:
    async def are_told() -> bool:
        try:
            told = await client.stub.ListAlerts(pb.ListAlertsRequest(page_size=1, **which), timeout=60)
        except grpc.aio.AioRpcError as error:
            # On a machine that is too busy it may lose its lease, and lead again.
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            return False
        return bool(told.total == total)

    await eventually(are_told, f"{total} alerts {which}", within=patience(120))


async def ids(client: Client) -> set[str]:
    """Of all alerts, page by page."""
    found: set[str] = set()
    asked = pb.ListAlertsRequest(page_size=1_000)
    while True:
        told = await client.stub.ListAlerts(asked, timeout=60)
        found |= {alert.id for alert in told.alerts}
        if not told.next_page_token:
            return found
        asked.page_token = told.next_page_token


async def spent(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of processor time that it takes at the median: what other programs do meanwhile counts for nothing."""
    took = []
    for _time in range(ASKED):
        before = time.thread_time()
        await work()
        took.append(time.thread_time() - before)
    return float(np.median(took))


async def test_many_alerts_hold_nobody_up(scene: Scene, scale: float) -> None:
    count = int(FULL * scale)
    parts = [part(number) for number in range(-(-count // OF_A_RULE))]
    scene.access.rules = parts
    say(scene, count, 95.0)
    async with scene.process() as (client, process):
        await reached(client, count, state=FIRING)
        before = await ids(client)
        process.kill()
    # Nothing is judged while it is looked at how long the rest takes.
    scene.series.away = True
    with longest_turn() as turn:
        async with scene.alerting() as client:
            # Until it has read what there is, it says so.
            await reached(client, count)
            assert await ids(client) == before
            for which in (
                pb.ListAlertsRequest(),
                pb.ListAlertsRequest(match=["service=~service-00.*"]),
                pb.ListAlertsRequest(text="SERVICE-000421"),
                pb.ListAlertsRequest(rule_id="part-0", state=FIRING),
            ):
                assert await spent(partial(client.stub.ListAlerts, which)) < LISTED_SECONDS
            recent = pb.ListRecentAlertsRequest()
            assert await spent(partial(client.stub.ListRecentAlerts, recent)) < LISTED_SECONDS
            asked = rules_pb.GetRuleRequest(id="part-0")

            async def is_told() -> bool:
                return bool((await client.rules.GetRule(asked)).status.firing == min(count, OF_A_RULE))

            # A busy machine may not hold its lease in time, and who does not lead does not know.
            await eventually(is_told, "how the rule fares", within=patience(30))
            assert await spent(partial(client.rules.GetRule, asked)) < LISTED_SECONDS
            for one in parts:
                changed = replace(one, annotations=(("summary", "other"),), no_data=replace(one.no_data, after=0.0))
                await client.rules.UpdateRule(rules_pb.UpdateRuleRequest(rule=rule_message(changed)), timeout=60)
            await reached(client, count, text="other")
            say(scene, count, 1.0)
            scene.series.away = False
            await reached(client, 0, active=True)
    assert turn.seconds < HELD_SECONDS
