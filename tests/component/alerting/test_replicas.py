"""Two processes of alerting: one leads, the other answers, and takes over."""

import asyncio
import signal
import time

import pytest

from binnacle.alerting.v1 import rule_service_pb2 as rules_pb
from binnacle.alerts.v1 import alerts_pb2
from binnacle.rules.v1 import rules_pb2
from tests.component.alerting.scene import Scene, busy
from tests.support.lost_answers import LossyWay
from tests.support.outages import patience
from tests.support.services import socket_address
from tests.support.waiting import eventually

PENDING, FIRING = alerts_pb2.ALERT_STATE_PENDING, alerts_pb2.ALERT_STATE_FIRING
RESOLVED = alerts_pb2.ALERT_STATE_RESOLVED
LAST_LEASE = "binnacle:{alerts}:last_lease"

pytestmark = [pytest.mark.network, pytest.mark.redis, pytest.mark.processes]


async def test_who_follows_shows_what_happens_and_takes_what_people_say(scene: Scene) -> None:
    async with scene.alerting() as leader, scene.alerting() as follower:
        scene.series.say(shop=95)
        shown = (await follower.shows(shop=FIRING))["shop"]
        async with follower.watching() as read:
            assert (await read()).alert.id == shown.id
            answered = await follower.acknowledge(shown.id, person="ann")
            assert answered.acknowledgement.person == "ann"
            assert (await read()).alert.acknowledgement.person == "ann"
            assert (await leader.shows(shop=FIRING))["shop"].acknowledgement.person == "ann"
            scene.series.say(shop=50)
            assert (await read()).alert.state == RESOLVED
        assert await follower.steps(shown.id) == ["firing", "acknowledged", "resolved"]
        await scene.recorded("firing", "acknowledged", "resolved")


async def test_who_follows_tells_how_rules_fare_as_the_leader_does(scene: Scene) -> None:
    [judged] = scene.access.rules
    scene.series.say(shop=95)
    async with scene.alerting() as leader, scene.alerting() as follower:
        await follower.shows(shop=FIRING)

        async def same() -> bool:
            # Rules are judged between two questions, too.
            told = [await client.rules.ListRules(rules_pb.ListRulesRequest()) for client in (leader, follower)]
            return list(told[0].statuses) == list(told[1].statuses)

        await eventually(same, "both tell the same")
        status = (await follower.rules.GetRule(rules_pb.GetRuleRequest(id=judged.id))).status
        assert (status.health, status.problem) == (rules_pb2.RuleStatus.HEALTH_GOOD, "")
        assert (status.groups, status.firing) == (1, 1)
        assert status.judged_ms > 0
        assert time.time() - status.judged_time.ToSeconds() < patience(10)
        good = rules_pb.ListRulesRequest(health=rules_pb2.RuleStatus.HEALTH_GOOD)
        assert judged.id in {rule.id for rule in (await follower.rules.ListRules(good)).rules}


async def test_the_other_takes_over_within_ten_seconds(scene: Scene) -> None:
    async with scene.process() as (leader, process):
        scene.series.say(shop=95)
        before = (await leader.shows(shop=FIRING))["shop"]
        async with scene.alerting() as follower, follower.watching() as read:
            assert (await read()).alert.id == before.id
            process.kill()
            killed = time.monotonic()
            scene.series.say(shop=50)
            then = await read()
            assert time.monotonic() - killed < patience(10)
            assert (then.alert.id, then.alert.state) == (before.id, RESOLVED)
            await scene.recorded("firing", "resolved")


async def test_a_leader_that_stood_still_overwrites_nothing(scene: Scene) -> None:
    scene.access.rules = [busy(keep_firing=2.0)]
    async with scene.process() as (former, process), scene.alerting() as other:
        scene.series.say(shop=95)
        before = (await other.shows(shop=FIRING))["shop"]
        process.send_signal(signal.SIGSTOP)
        scene.series.say(shop=50, mail=95)
        await other.shows(shop=RESOLVED, mail=FIRING)
        scene.series.say(shop=50, mail=50, cart=95)
        expected = await other.shows(shop=RESOLVED, mail=RESOLVED, cart=FIRING)
        recorded = ["firing", "keep_firing", "firing", "resolved"]
        steps = list(scene.intake.steps)
        assert steps[:1] == recorded[:1]
        process.send_signal(signal.SIGCONT)
        shown = await former.shows(shop=RESOLVED, mail=RESOLVED, cart=FIRING)
        # It has looked at its lease, and follows.
        await asyncio.sleep(2)
        assert await other.shows(shop=RESOLVED, mail=RESOLVED, cart=FIRING) == expected
        assert {name: alert.id for name, alert in shown.items()} == {name: alert.id for name, alert in expected.items()}
        assert expected["shop"].id == before.id
        told = [(event.data["alert_id"], event.data["what"]) for event in scene.intake.events]
        assert len(told) == len(set(told))


async def test_while_redis_is_away_nobody_takes_over(scene: Scene) -> None:
    async with scene.alerting() as leader, scene.alerting() as follower:
        scene.series.say(shop=95)
        await follower.shows(shop=FIRING)
        scene.redis.stop()
        try:
            scene.series.say(shop=50, mail=95)
            expected = await leader.shows(shop=RESOLVED, mail=FIRING)
            await asyncio.sleep(6)
        finally:
            scene.redis.start()
        shown = await follower.shows(shop=RESOLVED, mail=FIRING)
        assert {alert.id for alert in shown.values()} == {alert.id for alert in expected.values()}
        await scene.recorded("firing", "resolved", "firing")


async def test_whose_claim_was_granted_unheard_leads_at_once(scene: Scene) -> None:
    address = socket_address("alerting")
    async with LossyWay(scene.redis).opened() as way:
        way.lose(address, _granted(1))
        async with scene.alerting(address, redis_url=way.url) as client:
            async with asyncio.timeout(20):
                await way.lost.wait()
            scene.series.say(shop=95)
            await client.shows(shop=FIRING)
            # Had it waited until its own claim ran out, it would lead under another.
            assert scene.redis.value(LAST_LEASE) == "1"


async def test_a_leader_whose_new_lease_was_granted_unheard_goes_on_at_once(scene: Scene) -> None:
    address = socket_address("alerting")
    async with LossyWay(scene.redis).opened() as way, scene.alerting(address, redis_url=way.url) as client:
        scene.series.say(shop=95)
        before = await client.shows(shop=FIRING)
        way.lose(address, _granted(2))
        scene.redis.empty()
        async with asyncio.timeout(20):
            await way.lost.wait()
        scene.series.say(shop=95, mail=95)
        after = await client.shows(shop=FIRING, mail=FIRING)
        assert after["shop"].id == before["shop"].id
        await scene.keeps('"service","shop"', '"service","mail"')
        assert scene.redis.value(LAST_LEASE) == "2"
        await scene.recorded("firing", "firing")


def _granted(number: int) -> bytes:
    """How Redis answers a claim that it grants."""
    return f":{number}\r\n".encode()
