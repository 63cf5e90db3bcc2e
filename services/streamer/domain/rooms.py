"""The viewers of one tenant, and the one watch that feeds them."""

from dataclasses import replace

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.streamer.domain.folding import noted, updated, without_requests
from services.streamer.domain.shown import Shown
from services.streamer.domain.tally import Tally
from services.streamer.domain.viewers import Viewer
from services.streamer.ports import Events, Frame, OverviewSource, State, Update

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class Room:
    """Follows a tenant's overview, keeps the state as it stands, and hands every frame to every viewer."""

    def __init__(self, tenant: str, tally: Tally) -> None:
        self.tenant = tenant
        self.viewers: set[Viewer] = set()
        self._tally = tally
        self._state: State | None = None
        self._shown = Shown()

    def enter(self, viewer: Viewer) -> None:
        """Add a viewer. It gets the state at once if there is one, and every frame from then on."""
        self.viewers.add(viewer)
        if self._state is not None:
            viewer.offer(replace(self._state, connections=len(self.viewers)))

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer."""
        self.viewers.discard(viewer)

    async def follow(self, source: OverviewSource, clock: Clock) -> None:
        """Watch for ever; begin again whenever the watch is lost. Viewers stay meanwhile."""
        pause = FIRST_PAUSE
        while True:
            try:
                async for frame in source.watch(self.tenant):
                    self._take(frame)
                    pause = FIRST_PAUSE
            except BinnacleError:
                # The source has said why; a viewer sees the age of what it shows.
                pass
            self._tally.losses += 1
            await clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, State):
            self._state = frame
            self._offer(replace(frame, connections=len(self.viewers)))
        elif self._state is None:
            return
        elif isinstance(frame, Update):
            self._state = updated(self._state, frame)
            self._offer(replace(frame, connections=len(self.viewers)))
        else:
            self._take_events(self._state, self._shown.new(without_requests(frame)))

    def _take_events(self, state: State, frame: Events) -> None:
        if frame.events:
            self._state = noted(state, frame)
            self._offer(frame)

    def _offer(self, frame: Frame) -> None:
        for viewer in self.viewers:
            viewer.offer(frame)
