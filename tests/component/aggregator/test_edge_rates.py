"""Rates that several edges share: counted in a real Redis, and nothing held up where it is away."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from binnacle.ratelimit.v1 import rate_limit_pb2 as pb
from services.aggregator.adapters.redis_counters import RedisCounters
from services.aggregator.domain.access.edge_rates import Caller, EdgeRates
from services.aggregator.service.edge_rate_service import METHOD, SERVICE, EdgeRateServicer, registration
from services.runtime.channels import open_channel
from services.runtime.redis_client import open_redis
from tests.support.clock import ManualClock
from tests.support.redis_server import RedisServer, running_redis
from tests.support.services import neighbour

LIMITS = {"acme": 3, "other": 2}
KEY_LIMIT = 2


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


def limit(caller: Caller) -> int:
    return KEY_LIMIT if caller.key else LIMITS.get(caller.tenant, 1)


@asynccontextmanager
async def rates(redis: RedisServer, clock: ManualClock) -> AsyncIterator[EdgeRates]:
    async with open_redis(redis.url) as client:
        yield EdgeRates(RedisCounters(client, seconds=20.0), limit, clock)


def asked(tenant: str, key: str = "") -> pb.ShouldRateLimitRequest:
    entries = [pb.Entry(key="tenant", value=tenant)]
    descriptors = [pb.Descriptor(entries=entries)]
    if key:
        descriptors.append(pb.Descriptor(entries=[*entries, pb.Entry(key="jti", value=key)]))
    return pb.ShouldRateLimitRequest(domain="binnacle", descriptors=descriptors)


@asynccontextmanager
async def service(judging: EdgeRates) -> AsyncIterator[Any]:
    async with neighbour(registration(EdgeRateServicer(judging))) as address, open_channel(address, "") as channel:
        yield channel.unary_unary(
            f"/{SERVICE}/{METHOD}",
            request_serializer=pb.ShouldRateLimitRequest.SerializeToString,
            response_deserializer=pb.ShouldRateLimitResponse.FromString,
        )


async def test_two_aggregators_count_together_and_begin_anew_each_second(redis: RedisServer) -> None:
    redis.empty()
    clock = ManualClock(1_800_000_000.25)
    async with rates(redis, clock) as one, rates(redis, clock) as two:
        acme = [Caller("acme")]
        told = [(await judging.judge(acme, 1))[0] for judging in (one, two, one, two)]
        assert [(each.remaining, each.over) for each in told] == [(2, False), (1, False), (0, False), (0, True)]
        assert told[0].wait == pytest.approx(0.75)
        assert not (await one.judge([Caller("other")], 2))[0].over
        assert (await two.judge([Caller("other")], 1))[0].over
        await clock.advance(1.0)
        assert not (await two.judge(acme, 1))[0].over


async def test_the_answer_is_one_that_envoy_takes(redis: RedisServer) -> None:
    redis.empty()
    clock = ManualClock()
    async with rates(redis, clock) as judging, service(judging) as ask:
        answers = [await ask(asked("acme", "k")) for _time in range(3)]
        assert [answer.overall_code for answer in answers] == [pb.CODE_OK, pb.CODE_OK, pb.CODE_OVER_LIMIT]
        tenant, key = answers[-1].statuses
        assert (tenant.code, tenant.limit_remaining, tenant.current_limit.requests_per_unit) == (pb.CODE_OK, 0, 3)
        assert (key.code, key.current_limit.unit) == (pb.CODE_OVER_LIMIT, pb.UNIT_SECOND)
        assert [(header.key, header.value) for header in answers[-1].response_headers_to_add] == [("retry-after", "1")]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(pb.ShouldRateLimitRequest(descriptors=[pb.Descriptor(entries=[pb.Entry(key="city", value="a")])]))
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_without_redis_everything_passes_and_that_is_told() -> None:
    # What another server wrote is in the same folder.
    clock = ManualClock(1_800_001_000.0)
    with running_redis() as server:
        async with rates(server, clock) as judging, service(judging) as ask:
            assert (await ask(asked("acme"))).statuses[0].limit_remaining == 2
            assert (judging.unjudged, judging.unjudged_at) == (0, 0.0)
            server.stop()
            for _time in range(10):
                answer = await ask(asked("acme", "k"))
                assert answer.overall_code == pb.CODE_OK
                assert [status.code for status in answer.statuses] == [pb.CODE_OK, pb.CODE_OK]
            assert (judging.unjudged, judging.unjudged_at) == (10, clock.now())
            server.start()
            assert not await judging.judge([Caller("acme")], 1), "it rests for a moment"
            await clock.advance(1.0)
            assert await judging.judge([Caller("acme")], 1)
