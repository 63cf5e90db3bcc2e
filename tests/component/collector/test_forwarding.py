"""From an acknowledgement to the aggregator, whatever it does in between."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from binnacle.collector.v1 import json_intake_service_pb2 as json_pb
from services.collector.config import CollectorConfig
from services.collector.wiring import wire
from services.runtime import logs
from services.runtime.channels import open_channel
from services.runtime.main import running as serving
from tests.component.collector.aggregators import Journalled, LedgerPeer
from tests.component.collector.collectors import Collector, body, collector
from tests.support.services import collect_servers, neighbour, socket_address
from tests.support.waiting import eventually

pytestmark = pytest.mark.network
DRAIN_SECONDS = 60


async def post(running: Collector, number: int) -> None:
    await running.json.PostEvents(json_pb.PostEventsRequest(content=body(f'{{"type": "step.{number}"}}')))


def types(peer: LedgerPeer) -> list[str]:
    return [name for record in peer.records() for name in record.events.types]


async def test_what_was_acknowledged_arrives_in_order(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        for number in range(20):
            await post(running, number)
        records = await running.committed(20)
    assert [record.events.types[0] for record in records] == [f"step.{number}" for number in range(20)]
    assert {record.tenant for record in records} == {"default"}


async def test_intake_goes_on_while_the_aggregator_is_away(tmp_path: Path) -> None:
    peer = LedgerPeer()
    peer.away = True
    async with collector(tmp_path, peer) as running:
        for number in range(5):
            await post(running, number)
        assert types(peer) == []
        peer.away = False
        await running.committed(5)
    assert types(peer) == [f"step.{number}" for number in range(5)]


async def test_a_peer_that_starts_later_gets_everything(tmp_path: Path) -> None:
    peer, address = LedgerPeer(), socket_address("late")
    async with collector(tmp_path, peer, address) as running:
        await post(running, 0)
        async with neighbour(peer.registration, address=address):
            await running.committed(1)


async def test_after_a_break_segments_are_repeated_as_they_were(tmp_path: Path) -> None:
    peer = LedgerPeer()
    async with collector(tmp_path, peer) as running:
        peer.holding = True
        await post(running, 0)
        await eventually(functools.partial(_sealed, peer, 1), "a segment is sealed")
        # These wait for it.
        await post(running, 1)
        await post(running, 2)
        first = list(_only(peer).seals)
        peer.holding = False
        peer.breaks.set()
        await post(running, 3)
        await running.committed(4)
    assert types(peer) == [f"step.{number}" for number in range(4)]
    assert peer.streams >= 2
    repeated = _only(peer).seals[len(first) :]
    assert repeated[: len(first)] == first


async def test_a_stream_that_the_peer_cancels_is_opened_again(tmp_path: Path) -> None:
    peer = LedgerPeer()
    peer.cancels = True
    async with collector(tmp_path, peer) as running:
        await post(running, 0)
        await running.committed(1)
        peer.breaks.set()
        await post(running, 1)
        await running.committed(2)
    assert types(peer) == ["step.0", "step.1"]
    assert peer.streams == 2


async def test_a_restart_continues_the_same_journal(tmp_path: Path) -> None:
    peer = LedgerPeer()
    async with collector(tmp_path, peer) as running:
        await post(running, 0)
        await running.committed(1)
    peer.away = True
    async with collector(tmp_path, peer) as running:
        await post(running, 1)
    peer.away = False
    async with collector(tmp_path, peer) as running:
        await post(running, 2)
        await running.committed(3)
    assert types(peer) == ["step.0", "step.1", "step.2"]
    assert len(peer.journals) == 1


async def test_a_store_that_lost_its_data_gets_what_is_still_held_under_a_new_identity(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        await post(running, 0)
        await running.committed(1)
    fresh = LedgerPeer()
    async with collector(tmp_path, fresh) as running:
        await post(running, 1)
        await running.committed(1)
    assert types(fresh) == ["step.1"]


async def test_a_journal_set_back_to_a_copy_starts_over_too(tmp_path: Path) -> None:
    peer = LedgerPeer()
    async with collector(tmp_path / "a", peer) as running:
        for number in range(3):
            await post(running, number)
        await running.committed(3)
    next(iter(peer.journals.values())).store.extend([b""] * 10)
    async with collector(tmp_path / "a", peer) as running:
        await post(running, 3)
        await running.committed(14)
    assert len(peer.journals) == 2
    assert types(peer)[-1] == "step.3"


@asynccontextmanager
async def leaving(folder: Path, peer: LedgerPeer) -> AsyncIterator[Collector]:
    """A collector that is told to stop at the end of the block, as by SIGTERM, and has long enough for it."""
    async with neighbour(peer.registration) as address:
        told = {
            "listen": socket_address("collector"),
            "aggregator": address,
            "data_dir": folder,
            "drain_seconds": DRAIN_SECONDS,
        }
        config = CollectorConfig.model_validate(told)
        log = logs.configure("collector", "warning", "console")
        async with serving("collector", config, wire, log=log) as process, open_channel(config.listen) as channel:
            yield Collector(channel, peer)
            process.leaving.set()
    await collect_servers()


async def test_who_leaves_hands_over_first_what_the_store_has_not_got(tmp_path: Path) -> None:
    async with leaving(tmp_path, peer := LedgerPeer()) as running:
        await post(running, 0)
    assert types(peer) == ["step.0"]


async def test_who_leaves_waits_for_nobody_that_is_away(tmp_path: Path) -> None:
    peer = LedgerPeer()
    peer.away = True
    async with leaving(tmp_path, peer) as running:
        await post(running, 0)
        told = time.monotonic()
    assert time.monotonic() - told < DRAIN_SECONDS / 2
    async with collector(tmp_path, peer := LedgerPeer()) as running:
        await running.committed(1)
    assert types(peer) == ["step.0"]


async def test_a_full_journal_refuses_and_recovers(tmp_path: Path) -> None:
    peer = LedgerPeer()
    peer.away = True
    text = "x" * 16_000
    async with collector(tmp_path, peer, journal_max_bytes=16 * 1024 * 1024) as running:
        lines = ",".join(f'{{"message": "{text}"}}' for _ in range(200))
        request = json_pb.PostLogsRequest(content=body(f"[{lines}]"))
        taken = await _until_refused(running, request)
        peer.away = False
        records = await running.committed(taken)
        assert sum(len(record.logs.messages) for record in records) == taken * 200

        async def accepts() -> bool:
            try:
                return (await running.json.PostLogs(request)).accepted == 200
            except grpc.aio.AioRpcError as refused:
                # Of what the aggregator has, the collector has still to hear.
                if refused.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
                return False

        await eventually(accepts, "there is room again")


async def _until_refused(running: Collector, request: json_pb.PostLogsRequest) -> int:
    for taken in range(20):
        try:
            await running.json.PostLogs(request)
        except grpc.aio.AioRpcError as refused:
            if refused.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            return taken
    raise AssertionError("never refused")


async def test_a_silent_aggregator_is_not_buried(tmp_path: Path) -> None:
    peer = LedgerPeer()
    peer.holding = True
    text = "x" * 16_000
    lines = ",".join(f'{{"message": "{text}"}}' for _ in range(200))
    async with collector(tmp_path, peer) as running:
        async with asyncio.TaskGroup() as tasks:
            for _number in range(20):
                tasks.create_task(_post_logs(running, f"[{lines}]"))

        async def full() -> bool:
            return peer.received_bytes >= 48 * 1024 * 1024

        await eventually(full, "as much as may be in flight is", 60)
        assert peer.received_bytes < 56 * 1024 * 1024
        peer.holding = False
        peer.breaks.set()


async def _post_logs(running: Collector, text: str) -> None:
    await running.json.PostLogs(json_pb.PostLogsRequest(content=body(text)))


async def _sealed(peer: LedgerPeer, segments: int) -> bool:
    return len(peer.journals) == 1 and len(_only(peer).seals) >= segments


def _only(peer: LedgerPeer) -> Journalled:
    (held,) = peer.journals.values()
    return held
