"""Alerting ends, stands still, or loses its memory in the middle of telling people: none is missed, none told twice."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from binnacle.alerts.v1 import alerts_pb2
from services.alerting.ports.notifiers import Route
from tests.component.alerting.scene import Scene
from tests.component.alerting.telling import BAD, Telling, telling
from tests.support.receivers import Received, taken
from tests.support.services import socket_address

ROUNDS, REMINDERS = 50, 10
AWAY_SECONDS = 60.0
CRITICAL = "CRITICAL: Busy: one"
PLACES = frozenset({"hook", "slack", "pagerduty", "mail"})

pytestmark = [pytest.mark.network, pytest.mark.redis, pytest.mark.processes]


@pytest.fixture
async def told(scene: Scene) -> AsyncIterator[Telling]:
    async with telling(scene) as made:
        made.about("one")
        yield made


def told_everywhere(entries: list[Received], name: str) -> bool:
    """Whether every receiver has heard of an incident."""
    return {one.place for one in entries if one.title.endswith(f": Busy: {name}")} == PLACES


@pytest.mark.timeout(1800)
async def test_nobody_is_missed_and_nobody_told_twice_however_often_it_is_killed(told: Telling, scale: float) -> None:
    rounds, chance, address = max(3, round(ROUNDS * scale)), random.Random(9), socket_address("alerting")
    names = [f"s{number}" for number in range(rounds)]
    told.about(*names)
    arrived = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        arrived.set()
        return await taken(request)

    told.http.answers = dict.fromkeys(("hook", "slack", "pagerduty"), answer)
    for number, name in enumerate(names):
        async with told.scene.process(address):
            arrived.clear()
            told.say(**{name: BAD})
            if number % 2:
                # Before, while and after it is claimed and sent: whenever that is.
                await asyncio.sleep(chance.uniform(0.0, 2.0))
            else:
                # Just when it is answered: nobody has kept that yet.
                await asyncio.wait_for(arrived.wait(), 60)
    async with told.scene.process(address):
        for name in names:
            await told.has(lambda entries, name=name: told_everywhere(entries, name), f"{name} is told", 60)  # type: ignore[misc]
    assert told.ledger.unlabelled_repeats() == []


@pytest.mark.timeout(1800)
async def test_a_reminder_is_told_once_or_labelled_however_often_it_is_killed(told: Telling, scale: float) -> None:
    [hook, *_] = told.http.all
    told.tells(hook, routes=(Route(tell=("hook",), repeat_interval=10.0),))
    arrived, address = asyncio.Event(), socket_address("alerting")

    async def answer(request: web.Request) -> web.Response:
        if not told.ledger.entries[-1].labelled:
            arrived.set()
        return await taken(request)

    told.http.answers["hook"] = answer
    told.say(one=BAD)
    rounds = max(1, round(REMINDERS * scale))
    for _ in range(1 + rounds):
        arrived.clear()
        async with told.scene.process(address):
            # Just when it is answered: nobody has kept that yet.
            await asyncio.wait_for(arrived.wait(), 60)
    assert told.ledger.unlabelled_repeats() == []
    said = {one.key: one.title.removeprefix("[may be a repeat] ") for one in told.ledger.entries}
    first, *others = said.values()
    assert first == CRITICAL
    assert len(others) >= rounds
    assert set(others) == {"REMINDER: Busy: one"}


async def test_a_leader_that_stands_still_while_it_sends_says_nothing_unlabelled_after(told: Telling) -> None:
    told.tells(told.http.all[0])
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def stuck(request: web.Request) -> web.Response:
        arrived.set()
        told.http.answers.clear()
        await go_on.wait()
        return await taken(request)

    told.http.answers["hook"] = stuck
    async with told.scene.process() as (_former, process), told.scene.alerting():
        told.say(one=BAD)
        await asyncio.wait_for(arrived.wait(), 60)
        process.send_signal(signal.SIGSTOP)
        await told.has(lambda entries: len(entries) == 2, "the other has told it again", 60)
        told.say(one=50.0)
        await told.has(lambda entries: len(entries) == 3, "the other tells the end")
        process.send_signal(signal.SIGCONT)
        go_on.set()
        # It has looked at its lease, and follows.
        await asyncio.sleep(3)
    assert [one.labelled for one in told.ledger.at("hook")] == [False, True, False]
    assert told.ledger.titles("hook")[-1] == "RESOLVED: Busy: one"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("replicas", [1, 2], ids=["one", "two"])
async def test_while_redis_is_away_nothing_is_told_and_after_it_all_once(
    told: Telling, scale: float, replicas: int
) -> None:
    async with AsyncExitStack() as stack:
        leader = await stack.enter_async_context(told.scene.alerting())
        for _ in range(1, replicas):
            await stack.enter_async_context(told.scene.alerting())
        told.scene.redis.stop()
        try:
            told.say(one=BAD)
            await leader.shows(one=alerts_pb2.ALERT_STATE_FIRING)
            # Longer than any lease lasts.
            await asyncio.sleep(max(6.0, AWAY_SECONDS * scale))
            assert told.ledger.entries == []
        finally:
            told.scene.redis.start()
        await told.has(lambda entries: told_everywhere(entries, "one"), "told after", 60)
        await told.recorded(*["delivered"] * len(PLACES))
        await told.scene.recorded("firing")
    assert told.ledger.unlabelled_repeats() == []
    assert not any(one.labelled for one in told.ledger.entries)


async def test_what_is_put_together_again_is_told_as_a_possible_repeat_where_that_was_not_recorded(
    told: Telling,
) -> None:
    told.about("one", "two")
    async with told.scene.alerting():
        told.say(one=BAD)
        await told.has(lambda entries: told_everywhere(entries, "one"), "told")
        await told.recorded(*["delivered"] * 4)
        told.scene.intake.full_of = "notification"
        told.say(two=BAD)
        await told.has(lambda entries: told_everywhere(entries, "two"), "told, and not recorded")
        await told.scene.recorded("firing", "firing")
    told.scene.redis.empty()
    told.scene.intake.full_of = ""
    count = len(told.ledger.entries)
    async with told.scene.alerting():
        await told.has(lambda entries: len(entries) == count + 4, "told again")
    again = told.ledger.entries[count:]
    assert all(one.labelled and one.title.endswith(": Busy: two") for one in again)
