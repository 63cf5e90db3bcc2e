"""Key sets at an address: when it is asked, and what holds while it does not answer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

from services.core.errors import Unavailable
from services.runtime.key_sets import CACHE_SECONDS, PAUSE_SECONDS, RemoteKeys
from tests.support.clock import ManualClock

pytestmark = pytest.mark.network


@dataclass(slots=True)
class Place:
    """Gives its keys, or an error; counts how often it is asked."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    works: bool = True
    asked: int = 0
    url: str = ""

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"keys": self.entries}) if self.works else web.Response(status=500)


@asynccontextmanager
async def place(*names: str) -> AsyncIterator[Place]:
    made = Place([entry(name) for name in names])
    application = web.Application()
    application.router.add_get("/keys", made.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    try:
        yield made
    finally:
        await runner.cleanup()


def entry(name: str) -> dict[str, Any]:
    key = rsa.generate_private_key(65537, 2048).public_key()
    return {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": name, "use": "sig"}


async def found(keys: RemoteKeys, name: str) -> bool:
    return bool(await keys.candidates("RS256", name))


async def test_it_is_asked_once_and_again_when_the_answer_is_old() -> None:
    clock = ManualClock()
    async with place("a") as there:
        keys = RemoteKeys(there.url, clock)
        for _time in range(3):
            assert await found(keys, "a")
        assert there.asked == 1
        await clock.advance(CACHE_SECONDS)
        assert await found(keys, "a")
        assert there.asked == 2


async def test_an_unknown_key_is_asked_for_but_not_all_the_time() -> None:
    clock = ManualClock()
    async with place("a") as there:
        keys = RemoteKeys(there.url, clock)
        assert not await found(keys, "b")
        there.entries.append(entry("b"))
        assert not await found(keys, "b")
        assert there.asked == 1
        await clock.advance(PAUSE_SECONDS)
        assert await found(keys, "b")
        assert there.asked == 2


async def test_an_answer_holds_while_there_is_no_other() -> None:
    clock = ManualClock()
    async with place("a") as there:
        keys = RemoteKeys(there.url, clock)
        there.works = False
        with pytest.raises(Unavailable, match="key set"):
            await found(keys, "a")
        there.works = True
        await clock.advance(PAUSE_SECONDS)
        assert await found(keys, "a")
        there.works = False
        await clock.advance(CACHE_SECONDS)
        assert await found(keys, "a")


async def test_what_everybody_could_sign_with_is_no_key() -> None:
    async with place("a") as there:
        shared = json.loads(HMACAlgorithm.to_jwk(b"x" * 32))
        there.entries += [{**shared, "alg": "HS256", "kid": "h"}, {**entry("c"), "use": "enc"}]
        keys = RemoteKeys(there.url, ManualClock())
        assert not await keys.candidates("HS256", "h")
        assert not await found(keys, "c")
        assert await found(keys, "a")
