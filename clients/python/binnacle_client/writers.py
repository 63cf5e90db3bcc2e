"""What a program writes through: events, logs, heartbeats, metrics. No `write` ever waits or opens a connection."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from binnacle.events.v1.events_pb2 import Event, Heartbeat, HeartbeatMetrics
from binnacle.logs.v1.logs_pb2 import LogLevel, LogRecord
from binnacle.metrics.v1.metrics_pb2 import MetricKind, SeriesDefinition
from binnacle_client.calls import Calls
from binnacle_client.options import Delivery, WriteResult
from binnacle_client.records import RecordSender
from binnacle_client.series import Sample, SeriesBook
from binnacle_client.timing import Clock
from binnacle_client.values import Time, seconds, struct, timestamp

Level = Literal["debug", "info", "warning", "error", "critical"]
Kind = Literal["gauge", "counter", "delta"]

_LEVELS: dict[str, LogLevel.ValueType] = {
    "debug": LogLevel.LOG_LEVEL_DEBUG,
    "info": LogLevel.LOG_LEVEL_INFO,
    "warning": LogLevel.LOG_LEVEL_WARNING,
    "error": LogLevel.LOG_LEVEL_ERROR,
    "critical": LogLevel.LOG_LEVEL_CRITICAL,
}
_KINDS: dict[str, MetricKind.ValueType] = {
    "gauge": MetricKind.METRIC_KIND_GAUGE,
    "counter": MetricKind.METRIC_KIND_COUNTER,
    "delta": MetricKind.METRIC_KIND_DELTA,
}


class Events:
    """Writes events."""

    def __init__(self, sender: RecordSender[Event], put: Callable[[Event], object], clock: Clock) -> None:
        self._sender, self._put, self._clock = sender, put, clock

    def write(
        self,
        type: str,  # noqa: A002 - the field's name
        data: Mapping[str, Any] | None = None,
        *,
        service: str = "",
        user_id: str = "",
        session_id: str = "",
        time: Time | None = None,
    ) -> None:
        """Write one; `time` is now unless given. Raises InvalidInput for data that is not JSON."""
        event = Event(type=type, service=service, user_id=user_id, session_id=session_id)
        event.time.CopyFrom(timestamp(self._clock.now() if time is None else time))
        if data:
            event.data.CopyFrom(struct("data", data))
        self._put(event)

    async def send(self, events: Sequence[Event], batch_id: str = "") -> WriteResult:
        """Send 1 to 10,000 ready-made events now and hear what became of them. Raises BinnacleError.

        After a failure they may be sent again: with the same `batch_id` (up to 64 ASCII characters) they count once.
        """
        return await self._sender.send(events, batch_id)


class Logs:
    """Writes log lines."""

    def __init__(self, sender: RecordSender[LogRecord], put: Callable[[LogRecord], object], clock: Clock) -> None:
        self._sender, self._put, self._clock = sender, put, clock

    def write(
        self,
        message: str,
        level: Level = "info",
        *,
        service: str = "",
        trace_id: str = "",
        attributes: Mapping[str, Any] | None = None,
        time: Time | None = None,
    ) -> None:
        """Write one line; `time` is now unless given. Raises InvalidInput for attributes that are not JSON."""
        line = LogRecord(message=message, level=_LEVELS[level], service=service, trace_id=trace_id)
        line.time.CopyFrom(timestamp(self._clock.now() if time is None else time))
        if attributes:
            line.attributes.CopyFrom(struct("attributes", attributes))
        self._put(line)

    async def send(self, logs: Sequence[LogRecord], batch_id: str = "") -> WriteResult:
        """Send 1 to 10,000 ready-made lines now and hear what became of them. Raises BinnacleError.

        After a failure they may be sent again: with the same `batch_id` (up to 64 ASCII characters) they count once.
        """
        return await self._sender.send(logs, batch_id)


class Heartbeats:
    """Writes signs of life."""

    def __init__(self, sender: RecordSender[Heartbeat], put: Callable[[Heartbeat], object], clock: Clock) -> None:
        self._sender, self._put, self._clock = sender, put, clock

    def write(
        self,
        service: str,
        status: str = "healthy",
        *,
        kind: str = "service",
        request_count: float = 0.0,
        error_count: float = 0.0,
        avg_latency: float = 0.0,
        uptime: float = 0.0,
        time: Time | None = None,
    ) -> None:
        """Write one: counts since the service started, `avg_latency` in ms, `uptime` in hours."""
        beat = Heartbeat(service=service, status=status, kind=kind)
        beat.time.CopyFrom(timestamp(self._clock.now() if time is None else time))
        figures = HeartbeatMetrics(
            request_count=request_count, error_count=error_count, avg_latency=avg_latency, uptime=uptime
        )
        if figures.ByteSize():
            # All zero means the service keeps no count of its own: then Binnacle's counts are shown.
            beat.metrics.CopyFrom(figures)
        self._put(beat)

    async def send(self, heartbeats: Sequence[Heartbeat], batch_id: str = "") -> WriteResult:
        """Send 1 to 1,000 ready-made heartbeats now and hear what became of them. Raises BinnacleError.

        After a failure they may be sent again: with the same `batch_id` (up to 64 ASCII characters) they count once.
        """
        return await self._sender.send(heartbeats, batch_id)


class Metrics:
    """Writes samples of series."""

    def __init__(
        self, put: Callable[[Sample], object], series: SeriesBook, calls: Calls, clock: Clock, delivery: Delivery
    ) -> None:
        self._put, self._series, self._calls = put, series, calls
        self._clock, self._delivery = clock, delivery

    def write(
        self,
        name: str,
        value: float,
        labels: Mapping[str, str] | None = None,
        *,
        time: Time | None = None,
        kind: Kind = "gauge",
        unit: str = "",
    ) -> None:
        """Write one sample; `time` is now unless given. Name and labels make the series, told to the server once."""
        place = self._series.place(name, labels or {}, _KINDS[kind], unit)
        if place is None:
            self._delivery.dropped += 1
            return
        moment = self._clock.now() if time is None else seconds(time)
        self._put(Sample(place, round(moment * 1000), value))

    async def register(self, definitions: Sequence[SeriesDefinition]) -> Sequence[int]:
        """Identities of 1 to 10,000 series, for those who send columns of their own. Raises BinnacleError."""
        return await self._calls.register(definitions)
