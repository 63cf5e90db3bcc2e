"""Scrapes of a real HTTP server in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web

from services.core.clock import SystemClock
from services.launcher.agent.readings import Reading
from services.launcher.agent.scrape import Scraper, Target

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/metrics", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def scrape(address: str, timeout_seconds: float = 5.0) -> tuple[dict[str, Reading], Scraper]:
    async with httpx.AsyncClient() as http:
        scraper = Scraper(Target.of(address), http, SystemClock(), timeout_seconds)
        return {reading.name: reading for reading in await scraper.read()}, scraper


@pytest.mark.network
async def test_a_target_that_answers_is_up() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="queue_length 7\n")

    async with served(answer) as address:
        found, scraper = await scrape(address)
    assert scraper.failure is None
    assert {name: reading.value for name, reading in found.items() if name != "scrape_duration_seconds"} == {
        "queue_length": 7.0,
        "up": 1.0,
        "scrape_samples_scraped": 1.0,
    }
    assert all(reading.labels == {"instance": address} for reading in found.values())


@pytest.mark.network
@pytest.mark.parametrize(("status", "text"), [(500, "broken"), (200, "<html>"), (404, "")])
async def test_a_target_that_fails_is_down_and_says_why(status: int, text: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async with served(answer) as address:
        found, scraper = await scrape(address)
    assert found["up"].value == 0.0
    assert str(scraper.failure)


@pytest.mark.network
async def test_a_target_that_hangs_is_down_after_the_timeout() -> None:
    import asyncio

    never = asyncio.Event()

    async def answer(_request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    async with served(answer) as address:
        found, scraper = await scrape(address, timeout_seconds=0.1)
        never.set()
    assert found["up"].value == 0.0
    assert "0.1 s" in str(scraper.failure)


async def test_nobody_there_is_down() -> None:
    found, _ = await scrape("127.0.0.1:9")
    assert found["up"].value == 0.0


@pytest.mark.parametrize(
    ("written", "url", "instance"),
    [
        ("db:9187", "http://db:9187/metrics", "db:9187"),
        ("http://db/", "http://db/metrics", "db:80"),
        ("https://db/probe?x=1", "https://db/probe?x=1", "db:443"),
    ],
)
def test_addresses_are_completed(written: str, url: str, instance: str) -> None:
    assert Target.of(written) == Target(url, instance)


@pytest.mark.parametrize("written", ["ftp://db", "http://", "db:port"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Target.of(written)
