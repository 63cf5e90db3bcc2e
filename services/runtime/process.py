"""What a service is given to live with, and what it hands back to be run."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import grpc
from prometheus_client import CollectorRegistry

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.runtime.access import Access
from services.runtime.channels import open_channel
from services.runtime.exposition import exposition
from services.runtime.gates import Gate
from services.runtime.health import Ready
from services.runtime.logs import Log
from services.runtime.metrics import CallMetrics
from services.runtime.records import Recorder
from services.runtime.roles import PEER, Role, roles_of
from services.runtime.standing import End


@dataclass(frozen=True, slots=True)
class Registration:
    """A servicer, the generated function that adds it to a server, and the service's full name.

    `role` is what all its calls need where its contract is another's and does not say; `calls` are those of a service
    whose contract is not loaded.
    """

    add: Callable[[Any, Any], None]
    servicer: object
    name: str
    role: Role | None = None
    calls: tuple[str, ...] = ()

    def roles(self) -> dict[str, Role]:
        """The role that each of its calls needs, by `/package.Service/Method`."""
        if self.calls:
            return dict.fromkeys((f"/{self.name}/{call}" for call in self.calls), self.role or PEER)
        return {method: self.role or role for method, role in roles_of(self.name).items()}


@dataclass(frozen=True, slots=True)
class Wired:
    """A service put together: what it serves, and a check that raises Unavailable while it is not ready.

    `reflected` names the services that reflection lists; those of `registrations` when None. `gate`, if any, stands
    before every unary call. `recorder` writes audited calls into the audit log; without one none are. `handed_over`
    returns when nothing is left that others wait for: a process that leaves waits for it, once its calls are drained.
    """

    registrations: Sequence[Registration]
    ready: Ready
    reflected: Sequence[str] | None = None
    gate: Gate | None = None
    recorder: Recorder | None = None
    handed_over: Callable[[], Awaitable[None]] | None = None


@dataclass(slots=True)
class Process:
    """The surroundings of one service.

    `tasks` runs background work: a task that crashes stops the process; all are cancelled, and awaited, before what
    the wiring opened is closed. `access` judges every call, and `calls` counts it, by whatever listener it came.
    `leaving` is set when the process is told to stop: whoever asks whether to send it more is told no. `stopping` is
    set once they had the time to ask; streams should end then. `under_way` holds what ends each call that is being
    handled.
    """

    name: str
    clock: Clock
    log: Log
    registry: CollectorRegistry
    tasks: asyncio.TaskGroup
    access: Access
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: set[End] = field(default_factory=set)
    calls: CallMetrics = field(init=False)
    _channels: list[grpc.aio.Channel] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = CallMetrics(self.name)

    def metrics(self) -> str:
        """All that it measures of itself, as Prometheus text labelled `process`."""
        return exposition(self.registry, self.name) + self.calls.exposition()

    def channel(self, target: str) -> grpc.aio.Channel:
        """A channel to a peer; closed with the process."""
        channel = open_channel(target, self.access.peer)
        self._channels.append(channel)
        return channel

    def end_calls(self, reason: BinnacleError) -> None:
        """Have every call that is being handled answered with `reason`."""
        for end in self.under_way:
            end(reason)

    async def close_channels(self) -> None:
        """Close every channel that was opened."""
        for channel in self._channels:
            await channel.close()


Wire = Callable[[Any, Process], AbstractAsyncContextManager[Wired]]
