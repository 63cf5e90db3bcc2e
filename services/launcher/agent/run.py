"""The agent's life: every source at its own pace, one client."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from binnacle_client import Client, Options
from services.core import conventions
from services.core.clock import Clock
from services.launcher.agent.databases import ClickHouseConnections, RedisConnections, is_server
from services.launcher.agent.envoy import EnvoyStatistics
from services.launcher.agent.machine import Machine
from services.launcher.agent.own import OwnFigures
from services.launcher.agent.processes import SuiteProcesses
from services.launcher.agent.readings import Reading
from services.launcher.agent.scrape import Scraper, Target
from services.launcher.delivery_watch import watch_delivery
from services.runtime.logs import Log

HEARTBEAT_SECONDS = 30.0
ENVOY_SECONDS = 5.0
DATABASES_SECONDS = 5.0
OWN_SECONDS = 5.0
# About ten minutes of a machine with a few scraped endpoints.
OPTIONS = Options(capacity=100_000, flush_interval=0.2)

Read = Callable[[], Awaitable[Sequence[Reading]]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent is told; `interval` and `scrape_interval` in seconds."""

    target: str
    token: str | None
    interval: float
    scrape_interval: float
    scrape: Sequence[Target]
    process_root: int | None
    envoy_admin: str | None
    host: str
    redis_url: str | None = None
    clickhouse_dsn: str | None = None
    own_figures: bool = False


async def run(settings: Settings, log: Log, clock: Clock) -> None:
    """Send until cancelled."""
    async with (
        Client(settings.target, settings.token, options=OPTIONS, clock=clock) as client,
        AsyncExitStack() as opened,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(watch_delivery(client, log, clock))
        tasks.create_task(_heartbeats(client, settings.host, clock))
        for read, interval in await _sources(settings, opened, log, clock):
            tasks.create_task(repeat(read, interval, client, clock))


async def _sources(settings: Settings, opened: AsyncExitStack, log: Log, clock: Clock) -> list[tuple[Read, float]]:
    """What to read, and how often in seconds."""
    sources = [(_in_thread(Machine(settings.host, clock).read), settings.interval)]
    if settings.process_root is not None:
        processes = SuiteProcesses(settings.process_root, settings.host, clock)
        sources.append((_in_thread(processes.read), settings.interval))
    if settings.envoy_admin:
        envoy = EnvoyStatistics(settings.envoy_admin, settings.host, clock)
        opened.push_async_callback(envoy.close)
        sources.append((envoy.read, max(settings.interval, ENVOY_SECONDS)))
    if settings.own_figures:
        own = OwnFigures(settings.target, settings.token, settings.host)
        opened.push_async_callback(own.close)
        sources.append((own.read, max(settings.interval, OWN_SECONDS)))
    for databases in _databases(settings):
        opened.push_async_callback(databases.close)
        sources.append((databases.read, max(settings.interval, DATABASES_SECONDS)))
    if settings.scrape:
        http = await opened.enter_async_context(httpx.AsyncClient(follow_redirects=True, timeout=None))
        for target in settings.scrape:
            scraper = Scraper(target, http, clock, settings.scrape_interval)
            sources.append((_telling(scraper, log), settings.scrape_interval))
    return sources


def _databases(settings: Settings) -> Iterator[RedisConnections | ClickHouseConnections]:
    if settings.redis_url:
        yield RedisConnections(settings.redis_url)
    if settings.clickhouse_dsn and is_server(settings.clickhouse_dsn):
        yield ClickHouseConnections(settings.clickhouse_dsn)


async def repeat(read: Read, interval: float, client: Client, clock: Clock) -> None:
    """Read and write every `interval` seconds, from a fixed start; a reading that takes longer skips its successors."""
    due = clock.monotonic()
    while True:
        moment = clock.now()
        for reading in await read():
            client.metrics.write(
                reading.name,
                reading.value,
                reading.labels,
                time=moment if reading.time is None else reading.time,
                kind=reading.kind,
                unit=reading.unit,
            )
        behind = clock.monotonic() - due
        due += interval * (int(behind / interval) + 1)
        await clock.sleep(due - clock.monotonic())


def _in_thread(read: Callable[[], list[Reading]]) -> Read:
    # Asking a disk that hangs must not stop the others.
    async def ask() -> list[Reading]:
        return await asyncio.to_thread(read)

    return ask


def _telling(scraper: Scraper, log: Log) -> Read:
    """Reads as the scraper, and says when its target fails or comes back."""
    failing = False

    async def ask() -> list[Reading]:
        nonlocal failing
        found = await scraper.read()
        if scraper.failure is not None and not failing:
            log.warning("a Prometheus endpoint does not answer", url=scraper.target.url, reason=str(scraper.failure))
        elif scraper.failure is None and failing:
            log.info("a Prometheus endpoint answers again", url=scraper.target.url)
        failing = scraper.failure is not None
        return found

    return ask


async def _heartbeats(client: Client, host: str, clock: Clock) -> None:
    began = clock.monotonic()
    while True:
        hours = (clock.monotonic() - began) / 3600.0
        client.heartbeats.write(f"agent@{host}", conventions.HEALTHY, kind=conventions.AGENT_KIND, uptime=hours)
        await clock.sleep(HEARTBEAT_SECONDS)
