"""The viewers of one tenant, and the one watch that feeds them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.streamer.domain.folding import noted, updated, without_requests
from services.streamer.domain.tally import Tally
from services.streamer.ports import Frame, OverviewSource, State, Update

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class Watcher(Protocol):
    """Whoever watches."""

    def offer(self, frame: State | Update) -> None:
        """Take a frame."""
        ...


class Room:
    """Follows a tenant's overview, keeps the state as it stands, and hands states and updates to every viewer.

    `connections` counts what the overview says is connected.
    """

    def __init__(
        self, tenant: str, source: OverviewSource, connections: Callable[[], int], clock: Clock, tally: Tally
    ) -> None:
        self.tenant = tenant
        self._viewers: set[Watcher] = set()
        self._source = source
        self._connections = connections
        self._clock = clock
        self._tally = tally
        self._state: State | None = None

    def enter(self, viewer: Watcher) -> None:
        """Add a viewer. It gets the state of the last second at once if there is one, and every update from then on."""
        self._viewers.add(viewer)
        if self._state is not None:
            viewer.offer(self._state)

    def leave(self, viewer: Watcher) -> None:
        """Remove a viewer."""
        self._viewers.discard(viewer)

    async def follow(self) -> None:
        """Watch for ever; begin again whenever the watch is lost. Viewers stay meanwhile."""
        pause = FIRST_PAUSE
        while True:
            try:
                async for frame in self._source.watch(self.tenant):
                    self._take(frame)
                    pause = FIRST_PAUSE
            except BinnacleError:
                # The source has said why; a viewer sees the age of what it shows.
                pass
            self._tally.losses += 1
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, State):
            self._state = replace(frame, connections=self._connections())
            self._offer(self._state)
        elif self._state is None:
            return
        elif isinstance(frame, Update):
            counted = replace(frame, connections=self._connections())
            self._state = updated(self._state, counted)
            self._offer(counted)
        else:
            # Whoever wants events follows them for themselves; here they belong to the picture.
            self._state = noted(self._state, without_requests(frame))

    def _offer(self, frame: State | Update) -> None:
        for viewer in list(self._viewers):
            viewer.offer(frame)
