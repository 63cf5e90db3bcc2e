"""What the store of alerting's state promises, over a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from services.alerting.adapters.redis_states import RedisStates
from services.alerting.ports.alerts import ACKNOWLEDGED, Acknowledgement, AlertState, AlertStep, Resolution, Transition
from services.alerting.ports.incidents import Incident, IncidentState
from services.alerting.ports.notifications import Notice, Reason, Sending, Thread, Told
from services.alerting.ports.states import Act, Batch, GroupMemory, Lease, News, Saving
from services.core.errors import Conflict, Unavailable
from services.runtime import logs
from services.runtime.redis_client import open_redis
from tests.support.alerts import SHOP, START, alert, kept, transition
from tests.support.redis_server import RedisServer, running_redis
from tests.support.waiting import eventually

LOG = logs.configure("test", "error", "console")
LONG = 60.0
KEY = "binnacle:{alerts}:of:default"

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@asynccontextmanager
async def opened(server: RedisServer) -> AsyncIterator[RedisStates]:
    async with open_redis(server.url) as client:
        yield RedisStates(client, LOG)


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[RedisStates]:
    redis.empty()
    async with opened(redis) as states:
        yield states


async def leader(store: RedisStates, holder: str = "one") -> Lease:
    lease = await store.claim(holder, None, LONG)
    assert lease is not None
    return lease


async def _led_by(store: RedisStates, who: str) -> bool:
    return await store.leader() == who


async def test_nothing_is_kept_at_first(store: RedisStates) -> None:
    assert (await store.load("default"), list(await store.tenants()), await store.leader()) == (None, [], "nobody")


@pytest.mark.parametrize("state", AlertState)
async def test_everything_comes_back_as_it_was(store: RedisStates, state: AlertState) -> None:
    said = Acknowledgement("ann", "auf dem Weg", START, START + 60)
    one = alert("a", state, at=0.123456, service='läden "1"', value=None, acknowledgement=said)
    memory = GroupMemory("busy", SHOP, START, True, START + 5.5)
    batch = Batch("b1", (transition(one),))
    told = Told(IncidentState.OPEN, one.severity, 3, 0, START, 1, START - 5)
    incident = Incident(
        id="i",
        title="é",
        severity=one.severity,
        worst=one.severity,
        state=told.state,
        started_at=START,
        changed_at=START,
    )
    sending = Sending(
        "key", Notice(Reason.GREW, incident, SHOP, "https://run"), told, START, START + 1, 2, 7, True, "d"
    )
    thread = Thread("i", "chat", 3, told, sending)
    saving = Saving(
        alerts={"a": kept(one)},
        memories={("busy", SHOP): memory},
        batches={"b1": batch},
        threads={thread.name: thread},
        judged_at=START + 0.25,
    )
    await store.save(await leader(store), "default", saving)
    found = await store.load("default")
    assert found is not None
    assert (list(found.alerts), list(found.memories), list(found.batches)) == ([kept(one)], [memory], [batch])
    assert (list(found.threads), found.judged_at) == ([thread], START + 0.25)
    assert list(await store.tenants()) == ["default"]


async def test_later_ones_replace_former_ones_and_what_is_none_is_dropped(store: RedisStates) -> None:
    lease, memory = await leader(store), GroupMemory("busy", SHOP, START)
    first = Saving(alerts={"a": kept(alert("a")), "b": kept(alert("b"))}, memories={("busy", SHOP): memory})
    await store.save(lease, "default", first)
    firing = kept(alert("a", AlertState.FIRING))
    then = Saving(alerts={"a": firing, "b": None, "never seen": None}, memories={("busy", SHOP): None})
    await store.save(lease, "default", then)
    found = await store.load("default")
    assert found is not None
    assert (list(found.alerts), list(found.memories)) == ([firing], [])
    await store.save(lease, "default", Saving(anew=True, judged_at=START))
    found = await store.load("default")
    assert found is not None
    assert (list(found.alerts), found.judged_at) == ([], START)


async def test_what_is_written_as_a_whole_is_not_whole_before_its_end(store: RedisStates) -> None:
    lease = await leader(store)
    told = []
    for saving in (Saving(anew=True), Saving(alerts={"a": kept(alert("a"))}, judged_at=START), Saving(whole=True)):
        await store.save(lease, "default", saving)
        found = await store.load("default")
        told.append(found is not None and found.whole)
    assert told == [False, False, True]
    await store.save(lease, "default", Saving(anew=True, judged_at=START))
    found = await store.load("default")
    assert found is not None
    assert not found.whole


async def test_tenants_do_not_see_each_other(store: RedisStates) -> None:
    lease = await leader(store)
    await store.save(lease, "one", Saving(alerts={"a": kept(alert("a"))}))
    await store.save(lease, "two", Saving(alerts={"a": None}, judged_at=START))
    one, two = await store.load("one"), await store.load("two")
    assert one is not None
    assert two is not None
    assert (len(one.alerts), len(two.alerts)) == (1, 0)


async def test_one_leads_and_renews_its_lease(store: RedisStates, redis: RedisServer) -> None:
    lease = await leader(store)
    async with opened(redis) as other:
        assert await other.claim("two", None, LONG) is None
        assert await store.claim("one", lease, LONG) == lease
        assert (await store.leader(), await other.leader()) == ("this", "another")


@pytest.mark.parametrize("former", [None, Lease("one", 1)], ids=["none", "one that ran out"])
async def test_a_claim_whose_answer_was_lost_is_answered_again(store: RedisStates, former: Lease | None) -> None:
    if former is not None:
        await store.claim("one", None, 0.001)
        await eventually(lambda: _led_by(store, "nobody"), "the lease ran out")
    unheard = await store.claim("one", former, LONG)
    assert unheard is not None
    assert await store.claim("one", former, LONG) == unheard
    await store.save(unheard, "default", Saving(judged_at=START))


async def test_who_takes_the_name_of_a_leader_takes_its_place(store: RedisStates, redis: RedisServer) -> None:
    former = await leader(store)
    async with opened(redis) as successor:
        now = await leader(successor)
    assert now.number > former.number
    assert await store.claim("one", former, LONG) is None
    with pytest.raises(Conflict):
        await store.save(former, "default", Saving(judged_at=START))


async def test_a_lease_that_ran_out_goes_to_another_and_the_former_leader_writes_nothing(
    store: RedisStates, redis: RedisServer
) -> None:
    former = await store.claim("one", None, 0.001)
    assert former is not None
    await eventually(lambda: _led_by(store, "nobody"), "the lease ran out")
    async with opened(redis) as other:
        now = await leader(other, "two")
        await other.save(now, "default", Saving(alerts={"a": kept(alert("a", AlertState.FIRING))}))
    with pytest.raises(Conflict):
        await store.save(former, "default", Saving(alerts={"a": kept(alert("a", AlertState.RESOLVED))}))
    assert await store.claim("one", former, LONG) is None
    found = await store.load("default")
    assert found is not None
    assert [each.alert.state for each in found.alerts] == ["firing"]


async def test_a_lease_that_ran_out_goes_on_where_nobody_has_led_since(store: RedisStates) -> None:
    former = await store.claim("one", None, 0.001)
    assert former is not None
    await eventually(lambda: _led_by(store, "nobody"), "the lease ran out")
    await store.save(former, "default", Saving(judged_at=START))
    now = await store.claim("one", former, LONG)
    assert now is not None
    assert now.number > former.number


async def test_a_leader_of_what_was_lost_has_to_claim_again(store: RedisStates, redis: RedisServer) -> None:
    former = await leader(store)
    redis.empty()
    with pytest.raises(Unavailable, match="lost"):
        await store.save(former, "default", Saving(judged_at=START))
    now = await store.claim("one", former, LONG)
    assert now is not None
    assert now.number > former.number


async def test_news_are_told_in_order_to_who_follows(store: RedisStates) -> None:
    lease = await leader(store)
    await store.save(lease, "default", Saving(news=News((transition(alert("before")),))))
    place = await store.place()
    assert await store.news(place, 0.01) == (place, [])
    first, second = News((transition(alert("a")),)), News(told=(alert("a"),), forgotten=("old",))
    await store.save(lease, "default", Saving(news=first))
    await store.save(lease, "default", Saving(judged_at=START))
    await store.save(lease, "other", Saving(news=second))
    place, told = await store.news(place, LONG)
    assert list(told) == [("default", first), ("other", second)]
    assert await store.news(place, 0.01) == (place, [])


async def test_who_missed_news_has_to_read_everything(store: RedisStates, redis: RedisServer) -> None:
    lease, place = await leader(store), await store.place()
    await store.save(lease, "default", Saving(whole=True))
    with pytest.raises(Conflict):
        await store.news(place, LONG)
    place = await store.place()
    redis.empty()
    again = await leader(store)
    await store.save(again, "default", Saving(news=News((transition(alert("a")),))))
    with pytest.raises(Conflict):
        await store.news(place, LONG)


async def test_acts_wait_until_a_leader_has_done_them(store: RedisStates) -> None:
    said = Resolution("ann", "", START, START + 60)
    step = AlertStep(START, ACKNOWLEDGED, alert().severity, 1.5, "ann", "")
    one, two = (Act(name, "default", (Transition(alert("a", resolution=said), step),)) for name in ("one", "two"))
    await store.hand_over(one)
    await store.hand_over(two)
    assert {each.name: each for each in await store.acts()} == {"one": one, "two": two}
    await store.save(await leader(store), "default", Saving(acts_done=["one"]))
    assert list(await store.acts()) == [two]


async def test_the_rest_is_given_when_one_alert_is_not_readable(store: RedisStates, redis: RedisServer) -> None:
    saving = Saving(alerts={"a": kept(alert("a")), "b": kept(alert("b"))})
    await store.save(await leader(store), "default", saving)
    redis.put_field(KEY, "a:b", '{"id": "b"}')
    found = await store.load("default")
    assert found is not None
    assert [each.alert.id for each in found.alerts] == ["a"]


@pytest.mark.parametrize("turns", range(40))
async def test_no_cancellation_is_swallowed(redis: RedisServer, turns: int) -> None:
    async with opened(redis) as states:
        loading = asyncio.create_task(states.load("default"))
        for _turn in range(turns):
            await asyncio.sleep(0)
        if loading.cancel():
            with pytest.raises(asyncio.CancelledError):
                await loading


async def test_redis_that_was_killed_is_unavailable_then_has_everything_again() -> None:
    with running_redis() as server:
        async with opened(server) as states:
            lease = await leader(states)
            await states.save(lease, "default", Saving(alerts={"a": kept(alert("a"))}))
            server.stop()
            for asked in (states.load("default"), states.save(lease, "default", Saving()), states.acts()):
                with pytest.raises(Unavailable):
                    await asked
            server.start()
            found = await states.load("default")
            assert found is not None
            assert len(found.alerts) == 1
