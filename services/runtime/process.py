"""What a service is given to live with, and what it hands back to be run."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import grpc
from prometheus_client import CollectorRegistry

from services.core.clock import Clock
from services.runtime.channels import open_channel
from services.runtime.gates import Gate
from services.runtime.health import Ready
from services.runtime.logs import Log
from services.runtime.metrics import CallMetrics


@dataclass(frozen=True, slots=True)
class Registration:
    """A servicer, the generated function that adds it to a server, and the service's full name."""

    add: Callable[[Any, Any], None]
    servicer: object
    name: str


@dataclass(frozen=True, slots=True)
class Wired:
    """A service put together: what it serves, and a check that raises Unavailable while it is not ready.

    `reflected` names the services that reflection lists; those of `registrations` when None. `gate`, if any, stands
    before every unary call.
    """

    registrations: Sequence[Registration]
    ready: Ready
    reflected: Sequence[str] | None = None
    gate: Gate | None = None


@dataclass(slots=True)
class Process:
    """The surroundings of one service.

    `tasks` runs background work: a task that crashes stops the process; all are cancelled, and awaited, before what
    the wiring opened is closed. `stopping` is set when the process is told to stop; streams should end then. `calls`
    counts what is handled, by whatever listener.
    """

    name: str
    clock: Clock
    log: Log
    registry: CollectorRegistry
    tasks: asyncio.TaskGroup
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    calls: CallMetrics = field(init=False)
    _channels: list[grpc.aio.Channel] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = CallMetrics(self.registry)

    def channel(self, target: str) -> grpc.aio.Channel:
        """A channel to a peer; closed with the process."""
        channel = open_channel(target)
        self._channels.append(channel)
        return channel

    async def close_channels(self) -> None:
        """Close every channel that was opened."""
        for channel in self._channels:
            await channel.close()


Wire = Callable[[Any, Process], AbstractAsyncContextManager[Wired]]
