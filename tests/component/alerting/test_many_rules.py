"""Ten thousand rules of files at once: taken in whole, without holding up who else asks or is judged."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

import grpc
import pytest

from binnacle.alerting.v1 import alert_service_pb2 as alerts, rule_service_pb2 as pb
from binnacle.rules.v1 import rules_pb2
from services.alerting.service.gate import MEBIBYTE, MOST_APPLIED
from services.runtime.rule_files import rules_in
from tests.component.alerting.scene import Scene, busy
from tests.support import many_rules
from tests.support.alerts import rule
from tests.support.outages import patience
from tests.support.turns import longest_turn
from tests.support.waiting import eventually

pytestmark = [pytest.mark.network, pytest.mark.redis, pytest.mark.timeout(180)]
FULL = 10_000
DEFAULT_CLIENT_BYTES = 4 * MEBIBYTE
# Two programs on one core take twice the time of each.
HELD_SECONDS = 0.1


def made(count: int) -> Sequence[rules_pb2.Rule]:
    return rules_in({"rules": [{**one, "interval": "3s", "grace": "0s"} for one in many_rules.rules(count)]})


async def test_all_rules_of_files_come_at_once_and_hold_nobody_up(scene: Scene, scale: float) -> None:
    scene.access.rules, count = [], int(FULL * scale)
    request = pb.ApplyRulesRequest(rules=made(count))
    async with scene.alerting() as client:
        with longest_turn() as turn:
            answer = await client.rules.ApplyRules(request, timeout=60)
            assert len(answer.differences) == count
            assert {one.change for one in answer.differences} == {pb.RuleDifference.CHANGE_CREATED}
            assert answer.ByteSize() < DEFAULT_CLIENT_BYTES
            [written] = scene.records.taken
            assert len(written.records) == count

            async def judged() -> bool:
                asked = pb.GetRuleRequest(id=f"checkout-latency-{count - 1}")
                return (await client.rules.GetRule(asked)).status.health != rules_pb2.RuleStatus.HEALTH_UNSPECIFIED

            await eventually(judged, "the new rules are judged", within=patience(60))
        assert turn.seconds < patience(HELD_SECONDS)
        again = await client.rules.ApplyRules(request, timeout=60)
        assert (len(again.differences), again.unchanged) == (0, count)


async def test_another_process_reads_as_many_without_holding_anybody_up(scene: Scene, scale: float) -> None:
    scene.access.rules, count = [], int(FULL * scale)
    async with scene.alerting() as client:
        await client.rules.ApplyRules(pb.ApplyRulesRequest(rules=made(count)), timeout=60)
        async with AsyncExitStack() as opened:
            with longest_turn() as turn:
                other = await opened.enter_async_context(scene.alerting())

                async def known() -> bool:
                    return (await other.rules.ListRules(pb.ListRulesRequest(page_size=1))).total > count

                await eventually(known, "the other process knows the rules", within=60)
        assert turn.seconds < patience(HELD_SECONDS)


async def test_what_is_too_large_is_told_what_to_do(scene: Scene) -> None:
    [rule] = made(1)
    rule.description = "x" * 20_000
    several = [rules_pb2.Rule.FromString(rule.SerializeToString()) for _each in range(MOST_APPLIED * 52)]
    request = pb.ApplyRulesRequest(rules=several)
    assert request.ByteSize() > MOST_APPLIED * MEBIBYTE
    async with scene.alerting() as client:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await client.rules.ApplyRules(request)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "12 MiB: shorten the texts" in (refused.value.details() or "")


async def test_pages_of_long_rules_and_their_alerts_fit_a_client_and_leave_none_out(scene: Scene) -> None:
    texts, names = tuple((f"text-{number}", "x" * 2_000) for number in range(20)), [f"s{n}" for n in range(120)]
    others = (rule(name, annotations=texts, enabled=False) for name in names)
    scene.access.rules = [busy(annotations=texts), *others]
    async with scene.alerting() as client:
        scene.series.say(**dict.fromkeys(names, 95.0))
        asked, found = alerts.ListAlertsRequest(page_size=1_000), set[str]()

        async def all_fire() -> bool:
            return (await client.stub.ListAlerts(asked)).total == len(names)

        await eventually(all_fire, "alerts", within=patience(30))
        while not found or asked.page_token:
            page = await client.stub.ListAlerts(asked)
            assert page.ByteSize() < DEFAULT_CLIENT_BYTES
            found |= {alert.service for alert in page.alerts}
            asked.page_token = page.next_page_token
        assert found == {*names}
        of_rules, known = pb.ListRulesRequest(page_size=1_000, text="s"), set[str]()
        while not known or of_rules.page_token:
            told = await client.rules.ListRules(of_rules)
            assert told.ByteSize() < DEFAULT_CLIENT_BYTES
            assert len(told.statuses) == len(told.rules)
            known |= {one.id for one in told.rules}
            of_rules.page_token = told.next_page_token
        assert known >= {*names}
