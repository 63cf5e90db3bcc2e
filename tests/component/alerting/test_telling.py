"""People are told of incidents, by receivers that answer as they please."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from math import log2
from typing import Any

import pytest
from aiohttp import web

from binnacle.alerting.v1 import notifier_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from binnacle.notifications.v1 import notifications_pb2
from services.alerting.adapters.senders import posting
from tests.component.alerting.scene import PUBLIC_URL, Scene
from tests.component.alerting.telling import BAD, GOOD, Telling, telling
from tests.support.receivers import SIGNING_SECRET

FIRING, RESOLVED = alerts_pb2.ALERT_STATE_FIRING, alerts_pb2.ALERT_STATE_RESOLVED
RETRYING = notifications_pb2.Delivery.OUTCOME_RETRYING
CRITICAL = "CRITICAL: Busy: one"
DOWN_SECONDS = 120.0

pytestmark = [pytest.mark.network, pytest.mark.redis]


@pytest.fixture
async def told(scene: Scene) -> AsyncIterator[Telling]:
    async with telling(scene) as made:
        made.about("one")
        yield made


def answers(*statuses: int, **headers: str) -> Any:
    """Answers with these statuses, then takes everything."""
    left = list(statuses)

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True}, status=left.pop(0) if left else 200, headers=headers)

    return answer


async def test_everybody_is_told_of_an_incident_from_its_beginning_to_its_end(told: Telling) -> None:
    async with told.scene.alerting() as client:
        told.say(one=BAD)
        expected = [CRITICAL]
        await told.arrives(dict.fromkeys(("hook", "slack", "pagerduty", "mail"), expected))
        [alert] = await client.listed()
        await client.acknowledge(alert.id, person="ann", comment="on it")
        expected = [*expected, "ACKNOWLEDGED: Busy: one"]
        await told.arrives(dict.fromkeys(("hook", "slack", "pagerduty", "mail"), expected))
        told.say(one=GOOD)
        expected = [*expected, "RESOLVED: Busy: one"]
        await told.arrives(dict.fromkeys(("hook", "slack", "pagerduty", "mail"), expected))
        await told.recorded(*["delivered"] * 12)
    first, _then, last = told.ledger.at("hook")
    sent, at = first.headers["Binnacle-Signature"].removeprefix("t=").split(",v1=")[::-1]
    signed = hmac.new(SIGNING_SECRET.encode(), f"{at}.{first.body['raw']}".encode(), hashlib.sha256)
    assert sent == signed.hexdigest()
    assert first.headers["Idempotency-Key"] == first.key
    assert first.headers["Authorization"] == "Bearer hook-secret"
    [incident] = first.body["incidents"]
    assert incident["link"].startswith(f"{PUBLIC_URL}/app/alerts?show=incidents&open={incident['id']}&from=")
    assert "ann had acknowledged it" in last.body["text"]
    actions = [one.body["event_action"] for one in told.ledger.at("pagerduty")]
    assert actions == ["trigger", "acknowledge", "resolve"]
    assert len({one.body["dedup_key"] for one in told.ledger.at("pagerduty")}) == 1
    assert len({one.headers["References"] for one in told.ledger.at("mail")}) == 1
    assert not any(one.labelled for one in told.ledger.entries)


async def test_a_receiver_that_fails_is_told_again_and_that_it_may_have_heard_it(told: Telling) -> None:
    told.http.answers["hook"] = answers(500, 503)
    async with told.scene.alerting():
        told.say(one=BAD)
        await told.has(lambda entries: sum(one.place == "hook" for one in entries) == 3, "three attempts")
        await told.has(lambda entries: {one.place for one in entries} >= {"slack", "pagerduty", "mail"}, "the others")
    hook = told.ledger.at("hook")
    assert [one.labelled for one in hook] == [False, True, True]
    assert len({one.key for one in hook}) == 1
    assert [one.headers.get("Binnacle-May-Be-Repeat") for one in hook] == [None, "true", "true"]


@pytest.mark.timeout(1200)
async def test_a_receiver_that_is_down_for_minutes_is_told_how_things_are_once_it_is_back(
    told: Telling, scale: float
) -> None:
    told.about("one", "two")
    told.tells(*told.http.all)
    places, down = ("hook", "slack", "pagerduty"), max(10.0, DOWN_SECONDS * scale)
    async with told.scene.alerting() as client:
        async with told.http.away():
            told.say(one=BAD, two=BAD)
            await client.shows(one=FIRING, two=FIRING)
            told.say(two=GOOD)
            await client.shows(one=FIRING, two=RESOLVED)
            await asyncio.sleep(down)
            listed = (await client.notifiers.ListDeliveries(pb.ListDeliveriesRequest())).deliveries
            assert {(one.receiver_id, one.outcome) for one in listed} == {(place, RETRYING) for place in places}
            assert all(one.detail and one.HasField("next_time") for one in listed)
            # Less and less often.
            assert max(one.attempt for one in listed) <= 3 + 2 * log2(down)
        # The next attempt is as far off as it was down, and half as much more.
        both = sorted([CRITICAL, "RESOLVED: Busy: two"])
        await told.has(lambda entries: len(entries) >= 6, "all are told", 60 + 3 * down)
        assert {place: sorted(told.ledger.titles(place)) for place in places} == dict.fromkeys(places, both)
    assert not any(one.labelled for one in told.ledger.entries)


async def test_a_receiver_that_has_too_much_is_left_alone_and_told_without_a_label(told: Telling) -> None:
    told.tells(told.http.all[0])
    told.http.answers["hook"] = answers(429, **{"Retry-After": "3"})
    async with told.scene.alerting() as client:
        told.say(one=BAD)
        await told.recorded("retrying", "delivered")
        listed = await client.notifiers.ListDeliveries(pb.ListDeliveriesRequest())
    first, second = told.scene.intake.of("notification")
    assert second.time.ToNanoseconds() - first.time.ToNanoseconds() >= 3e9
    assert [one.labelled for one in told.ledger.at("hook")] == [False]
    assert [(one.status, one.attempt) for one in listed.deliveries] == [(200, 2), (429, 1)]


async def test_what_is_refused_is_given_up_and_what_comes_then_is_told(told: Telling) -> None:
    told.tells(told.http.all[0])
    told.http.answers["hook"] = answers(400)
    async with told.scene.alerting():
        told.say(one=BAD)
        await told.recorded("given_up")
        told.say(one=GOOD)
        await told.arrives({"hook": ["RESOLVED: Busy: one"]})
    assert told.http.refused["hook"] == 1


async def test_a_receiver_that_does_not_answer_may_have_heard_it(
    told: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ATTEMPT_SECONDS", 3.0)
    told.tells(told.http.all[0])

    async def never(_request: web.Request) -> web.Response:
        told.http.answers["hook"] = answers()
        await asyncio.Event().wait()
        raise AssertionError

    told.http.answers["hook"] = never
    async with told.scene.alerting():
        told.say(one=BAD)
        await told.arrives({"hook": [CRITICAL, f"[may be a repeat] {CRITICAL}"]})


async def test_mail_that_is_put_off_comes_later_and_mail_that_is_refused_never(told: Telling) -> None:
    told.tells(*told.http.all[:1], told.scene.access.notifiers.receivers[-1])  # type: ignore[union-attr]
    told.mail.refuses = "451 later"
    async with told.scene.alerting():
        told.say(one=BAD)
        await told.has(lambda _entries: "retrying" in _outcomes(told), "put off")
        told.mail.refuses = ""
        await told.arrives({"mail": [CRITICAL]})
        told.mail.refuses = "554 never"
        told.say(one=GOOD)
        await told.has(lambda _entries: _outcomes(told).count("given_up") == 1, "given up")
    assert [one.labelled for one in told.ledger.at("mail")] == [False]


def _outcomes(told: Telling) -> list[str]:
    return [str(event.data["outcome"]) for event in told.scene.intake.of("notification")]
