"""A collector as a process of its own: how it starts, refuses to, and what it tells of itself."""

import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.collector.v1 import ingest_service_pb2 as pb, json_intake_service_pb2 as json_pb
from binnacle.events.v1 import events_pb2
from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from tests.component.collector.aggregators import LedgerPeer
from tests.component.collector.collectors import Collector, body, collector, violations
from tests.support.clock import ManualClock
from tests.support.services import socket_address
from tests.support.waiting import eventually

pytestmark = [pytest.mark.network, pytest.mark.processes]


def start(settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a collector that is expected not to run."""
    environment = {**os.environ, **{f"BINNACLE_{name}": value for name, value in settings.items()}}
    command = [sys.executable, "-m", "services.collector"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)


def test_all_faults_of_the_configuration_are_told_at_once() -> None:
    ended = start({"CLOCK_SKEW_HOURS": "-1", "JOURNAL_MAX_BYTES": "much"})
    assert ended.returncode == 2
    for name in ("LISTEN", "AGGREGATOR", "DATA_DIR", "CLOCK_SKEW_HOURS", "JOURNAL_MAX_BYTES"):
        assert f"BINNACLE_{name}" in ended.stderr


async def test_a_second_collector_on_the_same_data_says_why_it_cannot_run(tmp_path: Path) -> None:
    async with collector(tmp_path):
        ended = start({"LISTEN": socket_address("second"), "AGGREGATOR": "unix:/none", "DATA_DIR": str(tmp_path)})
    assert ended.returncode == 1
    assert "in use by another process" in ended.stderr


async def metrics(running: Collector) -> dict[str, float]:
    """Every sample of the process's own metrics."""
    stub = telemetry_service_pb2_grpc.TelemetryServiceStub(running.channel)
    answer = await stub.GetProcessMetrics(telemetry_service_pb2.GetProcessMetricsRequest())
    lines = [line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")]
    return {_without_process(name): float(value) for name, value in lines}


def _without_process(name: str) -> str:
    """Every sample tells whose it is."""
    return name.replace(',process="collector"', "").replace('{process="collector"}', "")


async def test_it_tells_what_it_took_and_what_it_holds(tmp_path: Path) -> None:
    peer = LedgerPeer()
    peer.away = True
    async with collector(tmp_path, peer) as running:
        await running.json.PostEvents(json_pb.PostEventsRequest(content=body('[{"type":"a"},{"type":""}]')))

        async def told() -> bool:
            figures = await metrics(running)
            # That a point was refused is a record too, two seconds later.
            return figures["binnacle_collector_journal_uncommitted_records"] >= 1

        await eventually(told, "the record is shown")
        figures = await metrics(running)
        assert figures['binnacle_collector_points_accepted_total{kind="events"}'] == 1
        assert figures['binnacle_collector_points_rejected_total{kind="events"}'] == 1
        assert figures["binnacle_collector_journal_bytes"] > 0
        assert figures["binnacle_collector_journal_write_seconds_count"] >= 1

        async def lags() -> bool:
            return (await metrics(running))["binnacle_collector_forward_lag_seconds"] > 0

        await eventually(lags, "the lag grows")
        peer.away = False
        await running.committed(1)

        async def caught_up() -> bool:
            figures = await metrics(running)
            return figures["binnacle_collector_journal_uncommitted_records"] == 0

        await eventually(caught_up, "nothing is left")


async def test_the_clock_skew_is_a_setting(tmp_path: Path) -> None:
    now = int(ManualClock().now())
    early = events_pb2.Event(type="a", time=Timestamp(seconds=now - 3 * 3600))
    async with collector(tmp_path, clock=ManualClock(), clock_skew_hours=2) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.ingest.WriteEvents(pb.WriteEventsRequest(events=[early]))
    assert violations(caught.value) == {"events[0].time": "must be within 2 hours of now"}
    async with collector(tmp_path, clock=ManualClock(), clock_skew_hours=4) as running:
        assert (await running.ingest.WriteEvents(pb.WriteEventsRequest(events=[early]))).accepted == 1
