"""What the made-up world tells; times in seconds since the epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["debug", "info", "warning", "error", "critical"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once."""

    time: float
    type: str
    service: str
    data: Mapping[str, Any] = field(default_factory=dict)
    user_id: str = ""
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A log line."""

    time: float
    level: Level
    message: str
    service: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a request: `duration` in ms; `calls` where it waits for another service or a store."""

    time: float
    name: str
    service: str
    span_id: str
    parent: str
    duration: float
    failed: bool
    attributes: Mapping[str, Any] = field(default_factory=dict)
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """All parts of a request, told when it ends."""

    time: float
    trace_id: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat with the service's own counts; average latency in ms, uptime in hours."""

    time: float
    service: str
    status: str
    kind: str = "service"
    requests: float = 0.0
    errors: float = 0.0
    avg_latency: float = 0.0
    uptime: float = 0.0


@dataclass(frozen=True, slots=True)
class Value:
    """A sample of a metric."""

    time: float
    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    kind: Literal["gauge", "delta"] = "gauge"


Happening = Event | Line | Beat | Value | Trace
