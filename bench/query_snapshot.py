"""The dashboard's snapshot with many events stored, asked for again and again through the edge."""

import asyncio
import os
import time

import grpc
import numpy as np

from bench import suite_load
from bench.intake_events import send_events
from bench.report import Result, tell
from binnacle.streamer.v1.dashboard_service_pb2 import GetDashboardRequest
from binnacle.streamer.v1.dashboard_service_pb2_grpc import DashboardServiceStub

EVENTS = 10_000_000
CALLS = 1_000
PAUSE_SECONDS = 0.01


def measure() -> None:
    """Store BINNACLE_BENCH_EVENTS (10000000) events, and ask."""
    events = int(os.environ.get("BINNACLE_BENCH_EVENTS", str(EVENTS)))
    with suite_load.fresh_suite() as suite:
        target = suite_load.target(suite)
        suite_load.measured(suite, "total_events", events, lambda: send_events(target, events))
        took = asyncio.run(_asked(target))
    tell(Result("query.snapshot", float(np.percentile(took, 99)), "ms", goal=10.0))
    tell(Result("query.snapshot.p50", float(np.median(took)), "ms"))


async def _asked(target: str) -> list[float]:
    took = []
    async with grpc.aio.insecure_channel(target) as channel:
        dashboard = DashboardServiceStub(channel)
        for _call in range(CALLS):
            start = time.perf_counter()
            await dashboard.GetDashboard(GetDashboardRequest(), timeout=30)
            took.append((time.perf_counter() - start) * 1e3)
            await asyncio.sleep(PAUSE_SECONDS)
    return took
