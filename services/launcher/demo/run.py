"""The demo's life: the made-up world at the pace of the real clock, told through the client."""

import asyncio
from random import Random

from binnacle_client import Client, Options
from services.core.clock import Clock
from services.launcher.delivery_watch import watch_delivery
from services.launcher.demo.happenings import Beat, Event, Line, Trace, Value
from services.launcher.demo.span_sender import SpanSender
from services.launcher.demo.world import World
from services.runtime.logs import Log

STEP_SECONDS = 0.25
# A minute or so of the default rate: old news of a demo are not worth keeping.
OPTIONS = Options(flush_interval=0.02, capacity=20_000)
MARK = {"demo": True}
LABEL = {"demo": "true"}


async def run(target: str, token: str | None, rate: float, seed: int | None, log: Log, clock: Clock) -> None:
    """Tell until cancelled; `rate` in requests a second."""
    world = World(clock.now(), rate, Random(seed))
    async with (
        Client(target, token, options=OPTIONS, clock=clock) as client,
        SpanSender(target, token) as spans,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(watch_delivery(client, log, clock))
        tasks.create_task(spans.run())
        while True:
            for happening in world.advance(clock.now()):
                if isinstance(happening, Trace):
                    spans.write(happening)
                else:
                    write(client, happening)
            await clock.sleep(STEP_SECONDS)


def write(client: Client, happening: Event | Line | Value | Beat) -> None:
    """Write one happening, marked as made up."""
    match happening:
        case Event():
            client.events.write(
                happening.type,
                {**happening.data, **MARK},
                service=happening.service,
                user_id=happening.user_id,
                session_id=happening.session_id,
                time=happening.time,
            )
        case Line():
            client.logs.write(
                happening.message,
                happening.level,
                service=happening.service,
                attributes={**happening.attributes, **MARK},
                trace_id=happening.trace_id,
                time=happening.time,
            )
        case Value():
            client.metrics.write(
                happening.name,
                happening.value,
                {**happening.labels, **LABEL},
                time=happening.time,
                kind=happening.kind,
                unit=happening.unit,
            )
        case Beat():
            client.heartbeats.write(
                happening.service,
                happening.status,
                kind=happening.kind,
                request_count=happening.requests,
                error_count=happening.errors,
                avg_latency=happening.avg_latency,
                uptime=happening.uptime,
                time=happening.time,
            )
