"""A wired collector beside a peer, and clients to it."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.rpc import error_details_pb2, status_pb2

from binnacle.collector.v1 import (
    ingest_service_pb2 as ingest_pb,
    ingest_service_pb2_grpc as ingest_grpc,
    json_intake_service_pb2_grpc as json_grpc,
)
from binnacle.journal.v1 import journal_pb2
from binnacle.metrics.v1 import metrics_pb2
from services.collector.config import CollectorConfig
from services.collector.wiring import wire
from services.core.clock import Clock
from services.runtime.statuses import DETAILS_KEY
from tests.component.collector.aggregators import LedgerPeer
from tests.support.services import neighbour, running_service, socket_address
from tests.support.waiting import eventually


@dataclass(slots=True)
class Collector:
    """Clients of a running collector, and the peer it forwards to."""

    channel: grpc.aio.Channel
    peer: LedgerPeer

    @property
    def ingest(self) -> "ingest_grpc.IngestServiceAsyncStub":
        return ingest_grpc.IngestServiceStub(self.channel)

    @property
    def json(self) -> "json_grpc.JsonIntakeServiceAsyncStub":
        return json_grpc.JsonIntakeServiceStub(self.channel)

    async def committed(self, records: int, within: float = 30.0) -> list[journal_pb2.Record]:
        """All records of the peer, once there are so many."""

        async def arrived() -> bool:
            return len(self.peer.records()) >= records

        await eventually(arrived, f"{records} records are committed", within)
        return self.peer.records()


@asynccontextmanager
async def collector(
    folder: Path,
    peer: LedgerPeer | None = None,
    address: str | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Collector]:
    """A collector with its data in `folder`; without `address` its peer is served too."""
    peer = peer or LedgerPeer()
    if address is None:
        async with (
            neighbour(peer.registration) as served,
            collector(folder, peer, served, clock, **settings) as running,
        ):
            yield running
        return
    config = CollectorConfig.model_validate(
        {
            "listen": socket_address("collector"),
            "aggregator": address,
            "data_dir": folder,
            "drain_seconds": 0.5,
            **settings,
        }
    )
    async with running_service("collector", config, wire, clock) as channel:
        yield Collector(channel, peer)


def body(text: str | bytes, content_type: str = "application/json") -> HttpBody:
    """A body as the edge hands it over."""
    return HttpBody(content_type=content_type, data=text.encode() if isinstance(text, str) else text)


def columns(ids: Sequence[int], values: Sequence[float], at_ms: int | None = None) -> metrics_pb2.SampleColumns:
    """Samples of now."""
    now = int(time.time() * 1000) if at_ms is None else at_ms
    return metrics_pb2.SampleColumns(series_ids=ids, times_unix_ms=[now] * len(ids), values=values)


async def registered(running: Collector, count: int) -> list[int]:
    """So many series, by their ids."""
    definitions = [metrics_pb2.SeriesDefinition(name="cpu", labels={"core": str(core)}) for core in range(count)]
    answer = await running.ingest.RegisterSeries(ingest_pb.RegisterSeriesRequest(series=definitions))
    return list(answer.series_ids)


def violations(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """The fields a refusal names, and what it says of each."""
    status = status_pb2.Status.FromString(dict(error.trailing_metadata() or ())[DETAILS_KEY])
    found = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(found):
            break
    return {violation.field: violation.description for violation in found.field_violations}
