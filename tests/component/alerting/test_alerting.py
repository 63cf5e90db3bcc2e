"""Alerting on a real channel, between an aggregator and a collector in process, over a real Redis."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from binnacle.alerting.v1 import alert_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from services.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from services.runtime.channels import open_channel
from tests.component.alerting.scene import KEY, Client, Scene, busy
from tests.support.services import socket_address
from tests.support.waiting import eventually

PENDING, FIRING = alerts_pb2.ALERT_STATE_PENDING, alerts_pb2.ALERT_STATE_FIRING
RESOLVED, INACTIVE = alerts_pb2.ALERT_STATE_RESOLVED, alerts_pb2.ALERT_STATE_INACTIVE

pytestmark = [pytest.mark.network, pytest.mark.redis]


async def test_an_episode_is_listed_recorded_and_counted(scene: Scene) -> None:
    scene.access.rules = [busy(hold=1.0, labels=(("team", "core"),), annotations=(("summary", "{{value}} %"),))]
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        await client.shows(shop=FIRING)
        scene.series.say(shop=97)
        await scene.recorded("pending", "firing")

        async def says() -> bool:
            (alert,) = await client.listed()
            return (alert.current_value, dict(alert.annotations)) == (97, {"summary": "97 %"})

        await eventually(says, "the value seen last, and the text with it")
        scene.series.say(shop=50)
        await client.shows(shop=RESOLVED)
        await scene.recorded("pending", "firing", "resolved")
        (alert,) = await client.listed()
        assert alert.fired_at.seconds - alert.started_at.seconds == 1
        assert (dict(alert.labels), dict(alert.annotations)) == (
            {"service": "shop", "team": "core"},
            {"summary": "50 %"},
        )
        assert await client.steps(alert.id) == ["pending", "firing", "resolved"]
        assert {event.data["alert_id"] for event in scene.intake.events} == {alert.id}
        assert {(event.type, event.service) for event in scene.intake.events} == {("alert", "shop")}
        assert scene.intake.tenants == {"default"}
        text = await client.metrics()
        for state in ("pending", "firing", "resolved"):
            assert f'binnacle_alerting_transitions_total{{process="alerting",state="{state}"}} 1.0' in text


async def test_watching_gives_the_state_then_each_transition(scene: Scene) -> None:
    # So long that it does not fire before it is watched.
    scene.access.rules = [busy(hold=60.0)]
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        await client.shows(shop=PENDING)
        async with client.watching() as read:
            first = await read()
            assert (first.alert.service, first.alert.state, first.synchronised) == ("shop", PENDING, True)
            scene.series.say(shop=50)
            then = await read()
            assert (then.alert.service, then.alert.state, then.synchronised) == ("shop", INACTIVE, True)
        assert await client.listed() == []


async def test_watching_nothing_says_at_once_that_there_is_nothing(scene: Scene) -> None:
    async with scene.alerting() as client, client.watching() as read:
        message = await read()
    assert (message.synchronised, message.HasField("alert")) == (True, False)


async def test_watchers_are_told_when_alerting_stops(scene: Scene) -> None:
    address = socket_address("alerting")
    async with open_channel(address) as outside, AsyncExitStack() as left:
        async with scene.alerting(address):
            read = await left.enter_async_context(Client(outside).watching())
            assert (await read()).synchronised
            waiting = asyncio.create_task(read())
        with pytest.raises(Unavailable, match="stopping"):
            await waiting


async def test_lists_come_in_pages_and_by_conditions(scene: Scene) -> None:
    async with scene.alerting() as client:
        scene.series.say(**{f"s{place}": 95.0 for place in range(5)}, quiet=50.0)
        await client.shows(**{f"s{place}": FIRING for place in range(5)})
        asked = pb.ListAlertsRequest(state=FIRING, page_size=3, match=["service=~s[0-3]"])
        first = await client.stub.ListAlerts(asked)
        asked.page_token = first.next_page_token
        second = await client.stub.ListAlerts(asked)
        assert sorted(alert.service for alert in [*first.alerts, *second.alerts]) == ["s0", "s1", "s2", "s3"]
        assert (first.total, first.counts.firing, first.counts.critical, second.next_page_token) == (4, 5, 5, "")
        recent = await client.stub.ListRecentAlerts(pb.ListRecentAlertsRequest(limit=2))
        assert (len(recent.alerts), recent.count) == (2, 2)


@pytest.mark.parametrize(
    ("field", "which"),
    [
        ("page_size", {"page_size": 1001}),
        ("page_token", {"page_token": "x"}),
        ("state", {"state": 99}),
        ("severity", {"severity": 99}),
        ("text", {"text": "x" * 201}),
        ("match[0]", {"match": ["service"]}),
    ],
)
async def test_bad_requests_name_the_field(scene: Scene, field: str, which: dict[str, Any]) -> None:
    async with scene.alerting() as client:
        with pytest.raises(InvalidInput) as fault:
            await client.listed(**which)
    assert [violation.field for violation in fault.value.violations] == [field]


async def test_people_acknowledge_and_resolve_and_it_is_recorded_when_they_are_answered(scene: Scene) -> None:
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        firing = (await client.shows(shop=FIRING))["shop"]
        await scene.recorded("firing")
        answered = await client.acknowledge(firing.id, person="ann", comment="on it")
        assert scene.intake.steps == ["firing", "acknowledged"]
        assert (answered.acknowledgement.person, answered.state) == ("ann", FIRING)
        ended = await client.resolve(firing.id, comment="done")
        assert scene.intake.steps == ["firing", "acknowledged", "resolved_by_hand"]
        assert (ended.state, ended.resolution.person, ended.acknowledgement.person) == (RESOLVED, "anonymous", "ann")
        assert ended.resolution.returns_time.seconds - ended.resolution.time.seconds == 900
        assert await client.steps(firing.id) == ["firing", "acknowledged", "resolved_by_hand"]
        with pytest.raises(Conflict):
            await client.acknowledge(firing.id)
        with pytest.raises(NotFound):
            await client.resolve("0123456789abcdef")
        with pytest.raises(InvalidInput):
            await client.resolve(firing.id, comment="x" * 2001)
        assert len(await client.listed()) == 1


async def test_after_a_restart_holds_alerts_and_acknowledgements_go_on_where_they_were(scene: Scene) -> None:
    scene.access.rules = [busy(hold=3.0)]
    async with scene.alerting() as client:
        scene.series.say(old=95)
        old = (await client.shows(old=FIRING))["old"]
        await client.acknowledge(old.id, person="ann")
        scene.series.say(old=95, new=95)
        new = (await client.shows(old=FIRING, new=PENDING))["new"]
    async with scene.alerting() as client:
        after = await client.shows(old=FIRING, new=FIRING)
        assert {alert.id for alert in after.values()} == {old.id, new.id}
        assert after["old"].acknowledgement.person == "ann"
        assert after["new"].fired_at.seconds - after["new"].started_at.seconds >= 3
        await scene.recorded("pending", "firing", "acknowledged", "pending", "firing")


async def test_nothing_fires_or_resolves_while_the_aggregator_is_away(scene: Scene) -> None:
    scene.access.rules = [busy(hold=4.0)]
    async with scene.alerting() as client:
        scene.series.say(fires=95)
        await client.shows(fires=FIRING)
        scene.series.say(fires=95, waits=95)
        await client.shows(fires=FIRING, waits=PENDING)
        scene.series.away = True
        await client.failed("source")
        await asyncio.sleep(5)
        assert {alert.service: alert.state for alert in await client.listed()} == {"fires": FIRING, "waits": PENDING}
        scene.series.say(fires=50, waits=50)
        scene.series.away = False
        await client.shows(fires=RESOLVED)


async def test_transitions_wait_for_the_collector(scene: Scene) -> None:
    scene.intake.full = True
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        await client.shows(shop=FIRING)
        await client.failed("record")
        scene.series.say(shop=50)
        await client.shows(shop=RESOLVED)
        assert scene.intake.steps == []
    # What was not recorded when it ended is recorded by who goes on.
    scene.intake.full = False
    async with scene.alerting():
        await scene.recorded("firing", "resolved")
    assert scene.intake.names[0] in scene.intake.names[1:]


async def test_judging_goes_on_while_redis_is_away_and_its_state_catches_up(scene: Scene) -> None:
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        await client.shows(shop=FIRING)
        await scene.keeps('"firing"')
        scene.redis.stop()
        try:
            scene.series.say(shop=50, mail=95)
            shown = await client.shows(shop=RESOLVED, mail=FIRING)
            answered = await client.acknowledge(shown["mail"].id, person="ann")
            assert answered.acknowledgement.person == "ann"
            await client.failed("store")
        finally:
            scene.redis.start()
        await scene.keeps('"resolved"', '"ann"')


async def test_what_redis_has_lost_is_written_again(scene: Scene) -> None:
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        await client.shows(shop=FIRING)
        scene.redis.empty()
        await scene.keeps('"firing"')
        scene.series.say(shop=50)
        await client.shows(shop=RESOLVED)
        await scene.keeps('"resolved"')


@pytest.mark.parametrize("torn", [False, True], ids=["all is lost", "it was just being written"])
async def test_alerts_are_put_together_again_from_their_record(scene: Scene, torn: bool) -> None:
    scene.access.rules = [busy(annotations=(("summary", "{{value}} %"),))]
    async with scene.alerting() as client:
        scene.series.say(one=95, two=96, three=97)
        before = await client.shows(one=FIRING, two=FIRING, three=FIRING)
        await client.acknowledge(before["one"].id, person="ann", comment="on it")
        await client.resolve(before["two"].id, person="bob")
        scene.series.say(one=95, two=96, three=50)
        before = await client.shows(one=FIRING, two=RESOLVED, three=RESOLVED)
        await scene.recorded("firing", "firing", "firing", "acknowledged", "resolved_by_hand", "resolved")
    if torn:
        scene.redis.drop_fields(KEY, "whole", f"a:{before['one'].id}")
    else:
        scene.redis.empty()
    async with scene.alerting() as client:

        async def are_back() -> bool:
            after = {alert.service: alert for alert in await client.listed()}
            # Texts are not recorded: those of what has ended may stay away, the others are filled in again.
            for each in (before, after):
                each["two"].annotations.clear()
                each["three"].annotations.clear()
            return after == before

        await client.shows(one=FIRING, two=RESOLVED, three=RESOLVED)
        await eventually(are_back, "all that was known of them")
        assert await client.steps(before["one"].id) == ["firing", "acknowledged"]
    assert len(scene.intake.events) == 6
