"""Actions of rules: a webhook is called when an alert fires, and what came of it is part of the alert's life."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from binnacle.alerting.v1 import alert_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from services.alerting.adapters.redis_states import RedisStates
from services.alerting.ports.notifiers import Notifiers
from services.alerting.ports.rules import Action
from services.alerting.ports.states import Lease, Saving
from services.core.errors import Unavailable
from tests.component.alerting.scene import Client, Scene, busy
from tests.component.alerting.telling import Telling, telling
from tests.support.receivers import SIGNING_SECRET, taken
from tests.support.services import socket_address
from tests.support.waiting import eventually

FIRING, KEEP_FIRING = alerts_pb2.ALERT_STATE_FIRING, alerts_pb2.ALERT_STATE_KEEP_FIRING
RESOLVED = alerts_pb2.ALERT_STATE_RESOLVED
KEPT = 600.0

pytestmark = [pytest.mark.network, pytest.mark.redis]


@pytest.fixture
async def told(scene: Scene) -> AsyncIterator[Telling]:
    """A receiver that nobody but an action is to call."""
    async with telling(scene) as made:
        scene.access.notifiers = Notifiers(made.http.all[:1])
        yield made


async def has_steps(client: Client, alert_id: str, *steps: str) -> None:
    async def is_so() -> bool:
        return await client.steps(alert_id) == list(steps)

    await eventually(is_so, f"steps {steps}", within=30)


async def test_what_an_action_repaired_is_over_once_the_data_agrees(scene: Scene, told: Telling) -> None:
    scene.access.rules = [busy(keep_firing=KEPT, action=Action("hook", resolves=True))]
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        alert = (await client.shows(shop=FIRING))["shop"]
        await has_steps(client, alert.id, "firing", "action_started", "action_succeeded")
        [call] = told.ledger.at("hook")
        sent, at = call.headers["Binnacle-Signature"].removeprefix("t=").split(",v1=")[::-1]
        signed = hmac.new(SIGNING_SECRET.encode(), f"{at}.{call.body['raw']}".encode(), hashlib.sha256)
        assert sent == signed.hexdigest()
        assert (call.key, call.labelled, call.body["alert"]["labels"]) == (
            f"{alert.id}-action",
            False,
            {"service": "shop"},
        )
        scene.series.say(shop=50)
        await client.shows(shop=RESOLVED)
        expected = ["firing", "action_started", "action_succeeded", "keep_firing", "resolved"]
        assert await client.steps(alert.id) == expected
        last = (await client.stub.GetAlert(pb.GetAlertRequest(id=alert.id))).steps[-1]
        assert last.person == "action hook"
        await scene.recorded(*expected)


async def test_without_the_action_s_success_the_alert_goes_on_for_as_long_as_its_rule_says(
    scene: Scene, told: Telling
) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=403, text="not you")

    told.http.answers["hook"] = refuse
    scene.access.rules = [busy(keep_firing=KEPT, action=Action("hook", resolves=True))]
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        alert = (await client.shows(shop=FIRING))["shop"]
        await has_steps(client, alert.id, "firing", "action_started", "action_failed")
        scene.series.say(shop=50)
        await client.shows(shop=KEEP_FIRING)


async def test_no_call_is_made_before_it_is_kept_that_it_is(
    scene: Scene, told: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, save = list[str](), RedisStates.save

    async def refuse_once(states: RedisStates, lease: Lease, tenant: str, saving: Saving) -> None:
        said = [step.what for kept in saving.alerts.values() if kept for step in kept.steps]
        if said[-1:] == ["action_started"]:
            course.append("kept" if course else "refused")
            if course == ["refused"]:
                raise Unavailable("Redis does not answer")
        await save(states, lease, tenant, saving)

    async def answer(request: web.Request) -> web.Response:
        course.append("called")
        return await taken(request)

    monkeypatch.setattr(RedisStates, "save", refuse_once)
    told.http.answers["hook"] = answer
    scene.access.rules = [busy(action=Action("hook"))]
    async with scene.alerting() as client:
        scene.series.say(shop=95)
        alert = (await client.shows(shop=FIRING))["shop"]
        await has_steps(client, alert.id, "firing", "action_started", "action_succeeded")
    assert course[:3] == ["refused", "kept", "called"]


@pytest.mark.processes
async def test_killed_in_the_midst_of_a_call_it_calls_again_and_says_so(scene: Scene, told: Telling) -> None:
    called, address = asyncio.Event(), socket_address("alerting")

    async def answer_late(_request: web.Request) -> web.Response:
        called.set()
        await asyncio.sleep(KEPT)
        return web.Response()

    told.http.answers["hook"] = answer_late
    scene.access.rules = [busy(action=Action("hook"))]
    async with scene.process(address) as (client, process):
        scene.series.say(shop=95)
        await called.wait()
        process.kill()
        await process.wait()
    told.http.answers["hook"] = taken
    async with scene.process(address) as (client, _process):
        alert = (await client.shows(shop=FIRING))["shop"]
        await has_steps(client, alert.id, "firing", "action_started", "action_started", "action_succeeded")
    first, second = told.ledger.at("hook")
    assert (first.key, first.labelled, second.key, second.labelled) == (second.key, False, first.key, True)
