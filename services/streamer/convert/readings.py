"""What is known of a tenant at a moment: figures that are kept, and who is connected."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from binnacle.dashboard.v1 import dashboard_pb2
from binnacle.figures.v1 import figures_pb2
from binnacle.processes.v1 import processes_pb2
from services.core.clock import Clock
from services.core.errors import Unavailable
from services.streamer.convert.components import STORE, Suite, component, unready
from services.streamer.convert.figures import Overview
from services.streamer.domain.kept import Kept, Told, Untold
from services.streamer.domain.presence import Presence
from services.streamer.domain.tally import GRPC, WEBSOCKET

Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was learnt of a tenant by name, at a time; how many connections there are by kind."""

    at: float
    told: Mapping[str, Told | Untold]
    connected: Mapping[str, int]

    def find(self, name: str, kind: type[Body]) -> Body | None:
        """A figure; None where it could not be learnt."""
        told = self.told[name]
        return cast("Body", told.body) if isinstance(told, Told) else None

    @property
    def missing(self) -> list[figures_pb2.MissingPart]:
        """What could not be learnt, and why."""
        return [
            figures_pb2.MissingPart(part=name, reason=told.reason)
            for name, told in self.told.items()
            if isinstance(told, Untold)
        ]

    @property
    def connections(self) -> figures_pb2.ConnectionFigures:
        """Who is connected."""
        by_kind = self.connected
        return figures_pb2.ConnectionFigures(
            active=sum(by_kind.values()), websocket=by_kind.get(WEBSOCKET, 0), grpc=by_kind.get(GRPC, 0)
        )

    def require_ready(self) -> None:
        """Raise Unavailable naming the processes that are not ready, or why that is not known."""
        told = self.told["components"]
        ill = [told.reason] if isinstance(told, Untold) else unready(cast("Suite", told.body).components)
        if ill:
            raise Unavailable(f"not ready: {', '.join(ill)}")

    @property
    def components(self) -> list[processes_pb2.Component]:
        """Every part of the suite; of the store what its owner says."""
        suite, store = self.find("components", Suite), self.told["pipeline"]
        held = component(STORE, STORE, store.reason if isinstance(store, Untold) else None, getattr(store, "took", 0.0))
        return [*(suite.components if suite else ()), held]

    @property
    def realtime(self) -> dashboard_pb2.RealtimeStats | None:
        """The last minutes, with the connections that are known here."""
        overview = self.find("traffic", Overview)
        if overview is None:
            return None
        made = dashboard_pb2.RealtimeStats()
        made.CopyFrom(overview.realtime)
        made.active_connections = sum(self.connected.values())
        return made


class Readings:
    """Reads figures that are kept: `figures` of a tenant, `suite` of the suite as a whole."""

    def __init__(self, figures: Kept, suite: Kept, presence: Presence, clock: Clock) -> None:
        self._figures = figures
        self._suite = suite
        self._presence = presence
        self._clock = clock

    async def of(self, tenant: str, names: Collection[str], *, components: bool = False) -> Reading:
        """What is known under these names. Raises Unavailable where that is nothing."""
        told = await self._figures.tell(tenant, names)
        if all(isinstance(one, Untold) for one in told.values()):
            raise Unavailable("; ".join(sorted({one.reason for one in told.values() if isinstance(one, Untold)})))
        if components:
            told |= await self._suite.tell("", ["components"])
        connected = Counter(connection.kind for connection in self._presence.of(tenant))
        return Reading(self._clock.now(), told, connected)
