"""Brings connections and what they look at together: one watch of a kind per tenant, however many look."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from services.core.clock import Clock
from services.core.errors import Unavailable
from services.streamer.domain.bounds import Bounds
from services.streamer.domain.joining import Joining, Sources
from services.streamer.domain.presence import Connection, Presence
from services.streamer.domain.pump import Pump
from services.streamer.domain.session import Session
from services.streamer.domain.tally import Tally

BEAT_SECONDS = 5.0


class Hub:
    """Opens what is to be followed with the first who needs it, and closes it a while after the last has left.

    All of it runs in `tasks`; who owns that group decides how long the hub lives.
    """

    def __init__(
        self,
        sources: Sources,
        clock: Clock,
        tasks: asyncio.TaskGroup,
        tally: Tally,
        presence: Presence | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._clock = clock
        self._tally = tally
        self._bounds = bounds or Bounds()
        self._closed: Unavailable | None = None
        self._sessions: set[Session] = set()
        self.presence = presence or Presence(clock)
        self._pump = Pump(clock)
        self._joining = Joining(sources, self.connections, clock, tasks, tally)

    @contextmanager
    def connected(self, tenant: str, kind: str, client: str = "", expires: float | None = None) -> Iterator[Session]:
        """A connection that subscribes, for the length of the block. Raises as `connect` does."""
        session = self.connect(tenant, kind, client, expires)
        try:
            yield session
        finally:
            self.disconnect(session)

    def connect(self, tenant: str, kind: str, client: str = "", expires: float | None = None) -> Session:
        """A connection that subscribes until it is disconnected, or its credential `expires`.

        Raises Unavailable once the hub is closed, Overloaded when the tenant has as many as it may.
        """
        self.require_room(tenant)
        session = Session(tenant, self._joining, self._pump, self._clock, self._tally)
        connection = session.named = Connection(kind, client, session)
        session.expires = expires
        self.presence.enter(tenant, connection)
        self._tally.connected[kind] += 1
        self._tally.present[tenant] += 1
        self._sessions.add(session)
        return session

    def disconnect(self, session: Session) -> None:
        """Leave everything."""
        self._sessions.discard(session)
        session.close()
        connection = session.named
        assert connection is not None
        self._tally.connected[connection.kind] -= 1
        self._tally.present[session.tenant] -= 1
        self.presence.leave(session.tenant, connection)

    def connections(self, tenant: str) -> int:
        """How many connections a tenant has now."""
        return self._tally.present[tenant]

    async def run(self) -> None:
        """Send what waits and signs of life, and end connections that are stuck, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump.run(), name="send to live connections")
            tasks.create_task(self._beat(), name="signs of life")

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(BEAT_SECONDS)
            now = self._clock.now()
            for session in list(self._sessions):
                session.beat()
                if session.named is not None and (end := self._bounds.end(now - session.named.since)) is not None:
                    session.end(end)

    def close(self) -> None:
        """End every connection with Unavailable, and take no more."""
        self._closed = Unavailable("the streamer is stopping", 0.0)
        now = self._clock.monotonic()
        for session in list(self._sessions):
            session.end(self._closed)
            session.flush(now)

    def require_open(self) -> None:
        """Raise Unavailable once the hub is closed."""
        if self._closed is not None:
            raise self._closed

    def require_room(self, tenant: str) -> None:
        """Raise Overloaded while the tenant may open no more connections, Unavailable once the hub is closed."""
        self.require_open()
        self._bounds.require_room(tenant, self.connections(tenant))
