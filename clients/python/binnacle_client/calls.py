"""The calls of the intake service, with credential and deadline. A `batch_id` names a request for repeating it."""

from collections.abc import Sequence

import grpc

from binnacle.collector.v1 import ingest_service_pb2 as intake
from binnacle.collector.v1.ingest_service_pb2_grpc import IngestServiceStub
from binnacle.events.v1.events_pb2 import Event, Heartbeat
from binnacle.logs.v1.logs_pb2 import LogRecord
from binnacle.metrics.v1.metrics_pb2 import LabelledSeries, SeriesDefinition
from binnacle_client.errors import error_from

SamplesCall = grpc.aio.StreamStreamCall[intake.WriteSamplesRequest, intake.WriteSamplesResponse]

CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),
    # Come back soon after the edge does; the default waits up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


def open_channel(target: str, credentials: grpc.ChannelCredentials | None) -> grpc.aio.Channel:
    """A channel to the edge: `host:port` or `unix:/path`; with TLS where credentials are given."""
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
    return grpc.aio.secure_channel(target, credentials, options=CHANNEL_OPTIONS)


class Calls:
    """Bound calls; each fails with grpc.aio.AioRpcError."""

    def __init__(self, channel: grpc.aio.Channel, token: str | None, timeout: float) -> None:
        self._stub = IngestServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._timeout = timeout

    async def write_events(self, events: Sequence[Event], batch_id: str) -> intake.WriteEventsResponse:
        """Write 1 to 10,000 events."""
        request = intake.WriteEventsRequest(events=events, batch_id=batch_id)
        return await self._stub.WriteEvents(request, timeout=self._timeout, metadata=self._metadata)

    async def write_logs(self, logs: Sequence[LogRecord], batch_id: str) -> intake.WriteLogsResponse:
        """Write 1 to 10,000 log lines."""
        request = intake.WriteLogsRequest(logs=logs, batch_id=batch_id)
        return await self._stub.WriteLogs(request, timeout=self._timeout, metadata=self._metadata)

    async def write_heartbeats(self, heartbeats: Sequence[Heartbeat], batch_id: str) -> intake.WriteHeartbeatsResponse:
        """Write 1 to 1,000 heartbeats."""
        request = intake.WriteHeartbeatsRequest(heartbeats=heartbeats, batch_id=batch_id)
        return await self._stub.WriteHeartbeats(request, timeout=self._timeout, metadata=self._metadata)

    async def write_series(self, series: Sequence[LabelledSeries]) -> intake.WriteSeriesResponse:
        """Write samples with their labels, 1 to 10,000 series."""
        request = intake.WriteSeriesRequest(series=series)
        return await self._stub.WriteSeries(request, timeout=self._timeout, metadata=self._metadata)

    async def register(self, definitions: Sequence[SeriesDefinition]) -> Sequence[int]:
        """Identities of 1 to 10,000 series, in order. Raises the typed error of a failure."""
        request = intake.RegisterSeriesRequest(series=definitions)
        try:
            answer = await self._stub.RegisterSeries(request, timeout=self._timeout, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            raise error_from(error) from error
        return list(answer.series_ids)

    def write_samples(self) -> SamplesCall:
        """A long call for samples of registered series."""
        return self._stub.WriteSamples(metadata=self._metadata)
