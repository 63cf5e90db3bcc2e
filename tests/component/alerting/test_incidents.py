"""Incidents on a real channel, kept in a real Redis."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

import pytest

from binnacle.alerting.v1 import incident_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from binnacle.incidents.v1 import incidents_pb2
from services.core.errors import Conflict, InvalidInput, NotFound
from services.runtime.statuses import translated_errors
from tests.component.alerting.scene import KEY, Client, Scene, busy
from tests.component.alerting.telling import Telling, telling
from tests.support.services import socket_address
from tests.support.waiting import eventually

FIRING, RESOLVED = alerts_pb2.ALERT_STATE_FIRING, alerts_pb2.ALERT_STATE_RESOLVED
OPEN = incidents_pb2.INCIDENT_STATE_OPEN
ACKNOWLEDGED, OVER = incidents_pb2.INCIDENT_STATE_ACKNOWLEDGED, incidents_pb2.INCIDENT_STATE_RESOLVED

pytestmark = [pytest.mark.network, pytest.mark.redis]


async def one_incident(client: Client, **expected: object) -> incidents_pb2.Incident:
    """The only incident, once it is as expected."""
    found: list[incidents_pb2.Incident] = []

    async def is_so() -> bool:
        found[:] = await client.incidents_shown()
        return len(found) == 1 and all(getattr(found[0], name) == value for name, value in expected.items())

    await eventually(is_so, f"an incident {expected}", within=30)
    return found[0]


async def told_of(client: Client, what: Callable[[alerts_pb2.Alert], str], expected: Mapping[str, str]) -> None:
    """Wait until this is told of each service's alert: who follows hears of it from who leads."""

    async def is_so() -> bool:
        return {alert.service: what(alert) for alert in await client.listed()} == expected

    await eventually(is_so, f"{expected}")


async def test_an_incident_is_told_acknowledged_and_resolved_as_one(scene: Scene) -> None:
    scene.traces.calls = [("shop", "bank"), ("bank", "mail")]
    async with scene.alerting() as leader, scene.alerting() as follower:
        scene.series.say(shop=95)
        await one_incident(follower, active=1)
        scene.series.say(shop=95, bank=95)
        incident = await one_incident(leader, active=2)
        both = {"shop": incident.id, "bank": incident.id}
        await told_of(follower, lambda alert: alert.incident_id, both)
        said = pb.AcknowledgeIncidentRequest(id=incident.id, person="ann", comment="on it")
        answered = await follower.incidents.AcknowledgeIncident(said)
        assert (answered.incident.state, answered.incident.acknowledgement.person) == (ACKNOWLEDGED, "ann")
        await told_of(follower, lambda alert: alert.acknowledgement.person, {"shop": "ann", "bank": "ann"})
        assert scene.intake.steps == ["firing", "firing", "acknowledged", "acknowledged"]
        scene.series.say(shop=95, bank=95, mail=95)
        await one_incident(leader, active=3, state=ACKNOWLEDGED)
        done = await leader.incidents.ResolveIncident(pb.ResolveIncidentRequest(id=incident.id, person="bob"))
        assert (done.incident.state, done.incident.active, done.incident.size) == (OVER, 0, 3)

        async def is_told() -> bool:
            return await follower.told(incident.id) == ["opened", "grew", "acknowledged", "grew", "resolved"]

        await eventually(is_told, "who follows tells all of it")
        assert {event.data["incident_id"] for event in scene.intake.events} == {incident.id}
        with pytest.raises(Conflict), translated_errors("alerting"):
            await leader.incidents.AcknowledgeIncident(said)
        with pytest.raises(NotFound):
            await leader.told("0123456789abcdef")
        with pytest.raises(InvalidInput):
            await leader.incidents_shown(text="x" * 201)


async def test_people_may_say_something_of_an_incident_that_waits_for_whether_it_comes_back(scene: Scene) -> None:
    async with scene.alerting() as leader, scene.alerting() as follower:
        for size in (1, 2):
            scene.series.say(shop=95)
            await one_incident(leader, active=1, size=size)
            scene.series.say(shop=50)
            await one_incident(leader, active=0)
        waiting = await one_incident(follower, active=0, state=OPEN)
        said = pb.AcknowledgeIncidentRequest(id=waiting.id, person="ann")
        answered = await follower.incidents.AcknowledgeIncident(said)
        assert (answered.incident.state, answered.incident.acknowledgement.person) == (ACKNOWLEDGED, "ann")
        scene.series.say(shop=95)
        await one_incident(leader, active=1, state=ACKNOWLEDGED)
        [alert] = await leader.listed(state=FIRING)
        assert alert.acknowledgement.person == "ann"
        scene.series.say(shop=50)
        await one_incident(leader, active=0, state=ACKNOWLEDGED)
        done = await leader.incidents.ResolveIncident(pb.ResolveIncidentRequest(id=waiting.id, person="bob"))
        assert done.incident.state == OVER
        with pytest.raises(Conflict, match="the incident is over"), translated_errors("alerting"):
            await leader.incidents.ResolveIncident(pb.ResolveIncidentRequest(id=waiting.id))
        assert await leader.told(waiting.id) == ["opened", "resolved", "reopened", "acknowledged", "resolved"]
        assert (await leader.steps(alert.id))[-2:] == ["resolved", "resolved_by_hand"]
        await scene.recorded(*["firing", "resolved"] * 2, "acknowledged", "firing", "resolved", "resolved_by_hand")


async def test_watching_gives_incidents_then_each_change(scene: Scene) -> None:
    async with scene.alerting() as client:
        watch = aiter(client.incidents.WatchIncidents(pb.WatchIncidentsRequest()))
        assert (await anext(watch)).synchronised
        scene.series.say(shop=95)
        opened = await anext(watch)
        assert (opened.incident.state, list(opened.incident.services)) == (OPEN, ["shop"])
        scene.series.say(shop=50)
        assert (await anext(watch)).incident.state == OVER
        later = aiter(client.incidents.WatchIncidents(pb.WatchIncidentsRequest()))
        assert (await anext(later)).incident.id == opened.incident.id


@pytest.mark.parametrize("lost", [False, True], ids=["a restart", "all is lost"])
async def test_after_a_restart_an_incident_goes_on(scene: Scene, lost: bool) -> None:
    address = socket_address("alerting")
    async with scene.alerting(address) as client:
        scene.series.say(shop=95, mail=95)
        before = await one_incident(client, active=2)
        said = pb.AcknowledgeIncidentRequest(id=before.id, person="ann")
        await client.incidents.AcknowledgeIncident(said)
        await scene.recorded("firing", "firing", "acknowledged", "acknowledged")
    if lost:
        scene.redis.empty()
    async with scene.alerting(address) as client:
        after = await one_incident(client, active=2, state=ACKNOWLEDGED)
        assert (after.id, after.size, after.started_at) == (before.id, 2, before.started_at)
        scene.series.say(shop=50, mail=50)
        await one_incident(client, id=before.id, state=OVER)


async def test_alerts_of_a_former_version_find_their_incident(scene: Scene) -> None:
    """Nothing is kept of an incident but its alerts."""
    address = socket_address("alerting")
    async with scene.alerting(address) as client:
        scene.series.say(shop=95)
        await one_incident(client, active=1)
    fields = {name: value for name, value in scene.redis.fields(KEY).items() if name.startswith("i:")}
    scene.redis.drop_fields(KEY, *fields)
    async with scene.alerting(address) as client:
        assert f"i:{(await one_incident(client, active=1)).id}" in fields


@pytest.fixture
async def told(scene: Scene) -> AsyncIterator[Telling]:
    """A webhook that is told of everything."""
    async with telling(scene) as made:
        made.tells(made.http.all[0])
        yield made


@pytest.mark.timeout(300)
async def test_a_flood_is_one_incident_told_once_and_nothing_of_it_is_lost(scene: Scene, told: Telling) -> None:
    count = 10_000
    scene.access.rules = [replace(busy(), interval=5.0)]
    async with scene.alerting() as client:
        flood = dict.fromkeys((f"s{number}" for number in range(count)), 95.0)
        scene.series.course = lambda at: flood

        async def all_recorded() -> bool:
            return len(scene.intake.of("alert")) == count

        await eventually(all_recorded, "every alert is in history", within=120)
        incident = await one_incident(client, active=count, size=count)
        assert len(incident.members) == 100
        assert len(await client.told(incident.id)) <= 100
        assert {event.data["incident_id"] for event in scene.intake.of("alert")} == {incident.id}
        assert len({event.data["alert_id"] for event in scene.intake.of("alert")}) == count
        # That it grew is told once its interval, of minutes, is over.
        await told.has(lambda arrived: len(arrived) == 1, "one notification")


async def test_what_comes_and_goes_is_one_incident_and_told_a_few_times(scene: Scene, told: Telling) -> None:
    async with scene.alerting() as client:
        scene.series.course = lambda at: {"shop": 95.0 if int(at) % 2 else 50.0}

        async def has_flapped() -> bool:
            return len(scene.intake.of("alert")) >= 8

        await eventually(has_flapped, "it came and went", within=60)
        incident = await one_incident(client)
        assert await client.told(incident.id) == ["opened", "resolved", "reopened"]
        assert incident.size >= 4
        # What comes and goes while it is being told is told as it is then.
        await told.has(lambda arrived: 1 <= len(arrived) <= 3, "a few notifications")
