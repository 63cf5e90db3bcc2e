"""Events on their way in: batches over gRPC, and one JSON event a request beside FastAPI."""

import asyncio
from pathlib import Path

from bench import processor, rivals, suite_load, workload
from bench.http_events import post_events
from bench.report import Result, note, tell
from bench.rivals import Missing
from binnacle_client import Client
from tests.support.suite import free_port

EVENTS = 200_000
EVENTS_A_REQUEST = 1_000
AT_ONCE = 4
JSON_EVENTS = 30_000
WARM_UP = 2_000
MICROSECONDS = "µs of CPU an event"
PACKAGES = ("fastapi", "uvicorn[standard]")


def batches() -> None:
    """Batches over gRPC."""
    with suite_load.fresh_suite() as suite:
        address = suite_load.target(suite)
        _answer, spent = suite_load.measured(suite, "total_events", EVENTS, lambda: send_events(address, EVENTS))
    tell(Result("intake.events.cpu", spent.ours / EVENTS * 1e6, MICROSECONDS, goal=5.0))
    for name, seconds in sorted(spent.cpu.items()):
        shown = "edge" if name == suite_load.EDGE else name
        tell(Result(f"intake.events.cpu.{shown}", seconds / EVENTS * 1e6, MICROSECONDS))


async def send_events(address: str, count: int) -> None:
    """Batches of events, four at a time. Raises WrongCount when one is refused."""
    async with Client(address) as client:
        events = workload.events(EVENTS_A_REQUEST)
        left = iter(range(count // EVENTS_A_REQUEST))

        async def sender() -> None:
            for _request in left:
                result = await client.events.send(events)
                if result.rejected:
                    raise suite_load.WrongCount(f"{result.rejected} were refused")

        async with asyncio.TaskGroup() as tasks:
            for _sender in range(AT_ONCE):
                tasks.create_task(sender())


def json() -> None:
    """One JSON event a request."""
    rival = _fastapi()
    with suite_load.fresh_suite() as suite:
        asyncio.run(post_events(suite.url, WARM_UP))
        suite_load.wait_stored(suite, "total_events", WARM_UP)
        _answer, spent = suite_load.measured(
            suite, "total_events", JSON_EVENTS, lambda: post_events(suite.url, JSON_EVENTS)
        )
    cost = spent.cpu["collector"] / JSON_EVENTS * 1e6
    ratio = None if rival is None else cost / rival
    tell(Result("intake.json.cpu", cost, MICROSECONDS, rival, ratio, 1.0))
    for name, seconds in sorted(spent.cpu.items()):
        shown = "edge" if name == suite_load.EDGE else name
        tell(Result(f"intake.json.cpu.{shown}", seconds / JSON_EVENTS * 1e6, MICROSECONDS))


def _fastapi() -> float | None:
    """CPU of FastAPI for the same, in memory, its access log off; None when it cannot be had."""
    app = Path(__file__).with_name("fastapi_app.py")
    try:
        python, port = rivals.python_with("fastapi", *PACKAGES), free_port()
        command = [str(python), "-m", "uvicorn", "fastapi_app:app", "--app-dir", str(app.parent), "--port", str(port)]
        with rivals.running("FastAPI", [*command, "--no-access-log"], port, "/health", rivals.FOLDER) as rival:
            asyncio.run(post_events(rival.url, WARM_UP))
            before = processor.spent(rival.pid)
            asyncio.run(post_events(rival.url, JSON_EVENTS))
            return (processor.spent(rival.pid) - before) / JSON_EVENTS * 1e6
    except Missing as why:
        note(f"no rival beside it: {why}")
        return None
