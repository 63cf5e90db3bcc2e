"""Alerting on a real channel, between an overview and an intake in process, over a real Redis."""

import asyncio

import pytest

from binnacle.alerting.v1 import alert_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from services.core.errors import InvalidInput, Unavailable
from services.runtime.channels import open_channel
from services.runtime.statuses import translated_errors
from tests.component.alerting.scene import Client, Scene
from tests.support.alerts import START, failing, seen, window
from tests.support.services import socket_address
from tests.support.waiting import eventually

PENDING, FIRING = alerts_pb2.ALERT_STATE_PENDING, alerts_pb2.ALERT_STATE_FIRING
RESOLVED, INACTIVE = alerts_pb2.ALERT_STATE_RESOLVED, alerts_pb2.ALERT_STATE_INACTIVE

pytestmark = [pytest.mark.network, pytest.mark.redis]


async def test_an_episode_is_listed_recorded_and_counted(scene: Scene) -> None:
    async with scene.alerting() as client:
        await scene.overview.say(seen(0, failing()))
        await client.shows(PENDING)
        await scene.overview.say(seen(10, failing()))
        await client.shows(FIRING)
        await scene.overview.say(seen(12, window()))
        await client.shows(RESOLVED)
        await scene.recorded("pending", "firing", "resolved")
        (alert,) = await client.listed()
        times = [alert.started_at.seconds, alert.fired_at.seconds, alert.resolved_at.seconds]
        assert times == [START, START + 10, START + 12]
        assert {event.data["alert_id"] for event in scene.intake.events} == {alert.id}
        assert {(event.type, event.service) for event in scene.intake.events} == {("alert", "shop")}
        assert [event.time.seconds for event in scene.intake.events] == times
        assert (scene.overview.tenants, scene.intake.tenants) == (["default"], {"default"})
        text = await client.metrics()
        for state in ("pending", "firing", "resolved"):
            assert f'binnacle_alerting_transitions_total{{state="{state}"}} 1.0' in text
        assert "binnacle_alerting_evaluations_total 3.0" in text


async def test_it_is_ready_once_the_overview_was_seen(scene: Scene) -> None:
    async with scene.alerting() as client:
        assert not await client.ready()
        await scene.overview.say(seen(0))
        await eventually(client.ready, "alerting is ready")


async def test_watching_gives_the_state_then_each_transition(scene: Scene) -> None:
    async with scene.alerting() as client:
        await scene.overview.say(seen(0, failing("a"), failing("b")))
        await client.shows(PENDING, PENDING)
        async with client.watching() as read:
            first = [await read(), await read()]
            assert [(m.alert.service, m.alert.state, m.synchronised) for m in first] == [
                ("a", PENDING, False),
                ("b", PENDING, True),
            ]
            await scene.overview.say(seen(10, failing("a"), window("b")))
            then = [await read(), await read()]
            assert [(m.alert.service, m.alert.state, m.synchronised) for m in then] == [
                ("a", FIRING, True),
                ("b", INACTIVE, True),
            ]


async def test_watching_nothing_says_at_once_that_there_is_nothing(scene: Scene) -> None:
    async with scene.alerting() as client:
        await scene.overview.say(seen(0))
        await eventually(client.ready, "alerting is ready")
        async with client.watching() as read:
            message = await read()
        assert (message.synchronised, message.HasField("alert")) == (True, False)


async def test_watchers_are_told_when_alerting_stops(scene: Scene) -> None:
    address = socket_address("alerting")
    async with open_channel(address) as outside, Client(outside).watching() as read:
        async with scene.alerting(address) as client:
            await scene.overview.say(seen(0))
            await eventually(client.ready, "alerting is ready")
            assert (await read()).synchronised
            waiting = asyncio.create_task(read())
        with pytest.raises(Unavailable, match="stopping"):
            await waiting


async def test_lists_come_in_pages_and_by_state(scene: Scene) -> None:
    async with scene.alerting() as client:
        await scene.overview.say(seen(0, *(failing(f"s{place}") for place in range(4))))
        await client.shows(*[PENDING] * 4)
        await scene.overview.say(seen(10, *(failing(f"s{place}") for place in range(5))))
        await client.shows(PENDING, *[FIRING] * 4)
        first = await client.stub.ListAlerts(pb.ListAlertsRequest(state=FIRING, page_size=3))
        second = await client.stub.ListAlerts(
            pb.ListAlertsRequest(state=FIRING, page_size=3, page_token=first.next_page_token)
        )
        assert sorted(alert.service for alert in [*first.alerts, *second.alerts]) == ["s0", "s1", "s2", "s3"]
        assert second.next_page_token == ""
        assert [alert.service for alert in await client.listed(state=PENDING)] == ["s4"]


@pytest.mark.parametrize(
    ("field", "which"),
    [("page_size", {"page_size": 1001}), ("page_token", {"page_token": "x"}), ("state", {"state": 9})],
)
async def test_bad_requests_name_the_field(scene: Scene, field: str, which: dict[str, object]) -> None:
    async with scene.alerting() as client:
        with pytest.raises(InvalidInput) as fault, translated_errors("alerting"):
            await client.listed(**which)
    assert [violation.field for violation in fault.value.violations] == [field]


async def test_after_a_restart_holds_and_alerts_go_on_where_they_were(scene: Scene) -> None:
    async with scene.alerting() as client:
        await scene.overview.say(seen(0, failing("a"), window("b", beat=START - 200)))
        await client.shows(PENDING, FIRING)
        before = {alert.id for alert in await client.listed()}
        await scene.recorded("pending", "firing")
        await scene.keeps('"pending"', '"firing"')
    async with scene.alerting() as client:
        await scene.overview.say(seen(10, failing("a"), window("b", beat=START - 200)))
        await client.shows(FIRING, FIRING)
        assert {alert.id for alert in await client.listed()} == before
        await scene.recorded("pending", "firing", "firing")


async def test_nothing_fires_or_resolves_while_the_aggregator_is_away(scene: Scene) -> None:
    async with scene.alerting() as client:
        await scene.overview.say(seen(0, failing("a"), window("b", beat=START - 200)))
        await client.shows(PENDING, FIRING)
        await scene.overview.go_away()
        await client.failed("source")
        await client.shows(PENDING, FIRING)
        scene.overview.away = False
        await scene.overview.say(seen(60, failing("a"), window("b", beat=START + 60)))
        await client.shows(FIRING, RESOLVED)


async def test_transitions_wait_for_the_collector(scene: Scene) -> None:
    scene.intake.full = True
    async with scene.alerting() as client:
        await scene.overview.say(seen(0, failing()))
        await client.shows(PENDING)
        await scene.overview.say(seen(10, failing()))
        await client.shows(FIRING)
        await client.failed("record")
        assert scene.intake.states == []
        scene.intake.full = False
        await scene.recorded("pending", "firing")
    # Repeated under the name it had: had it been taken and the answer lost, it would count once.
    assert scene.intake.names[0] in scene.intake.names[1:]
    assert all(scene.intake.names)


async def test_judging_goes_on_while_redis_is_away_and_its_state_catches_up(scene: Scene) -> None:
    async with scene.alerting() as client:
        await scene.overview.say(seen(0, failing()))
        await client.shows(PENDING)
        await scene.keeps('"pending"')
        scene.redis.stop()
        try:
            await scene.overview.say(seen(10, failing()))
            await client.shows(FIRING)
            await scene.recorded("pending", "firing")
            await client.failed("store")
        finally:
            scene.redis.start()
        await scene.keeps('"firing"')


async def test_it_starts_and_judges_without_redis(scene: Scene) -> None:
    scene.redis.stop()
    try:
        async with scene.alerting() as client:
            await scene.overview.say(seen(0, window(beat=START - 200)))
            await client.shows(FIRING)
            await eventually(client.ready, "alerting is ready")
    finally:
        scene.redis.start()
