"""How a live connection stands, and how far behind it is."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.live.v1 import live_pb2 as pb
from binnacle_client.errors import BinnacleError

LATE_SECONDS: Final = 5.0
"""Rows that were accepted longer ago than this are told late."""
CATCHING_UP_SECONDS: Final = 2.0
"""So long after rows that were late, a subscription still counts as catching up."""
OLD_AFTER: Final = {"state": 5.0, "change": 5.0, "stats": 20.0, "pipeline": 20.0}
"""After how long without news figures are old: they are told every second, every 5 seconds."""
SAMPLES_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class LiveState:
    """How a live connection stands."""

    kind: Literal["connecting", "live", "behind", "offline", "closed"]
    """`behind`: connected, but what is told is of the past. `offline`: it comes back by itself."""
    since: float
    """Unix time in seconds."""
    reason: BinnacleError | None = None
    """Why it is offline."""
    retry_at: float | None = None
    """When the next attempt is; None while it is being made."""


@dataclass(slots=True)
class ServerClock:
    """The server's clock as seen from here: told by pongs, to within half of the shortest round trip of late."""

    _samples: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=SAMPLES_KEPT))

    def heard(self, sent: float, server: float, received: float) -> None:
        """A ping came back; the server read its own clock in between."""
        self._samples.append((received - sent, server - (sent + received) / 2))

    @property
    def ahead(self) -> float:
        """Seconds it is ahead of ours; 0 as long as nothing was heard."""
        return min(self._samples)[1] if self._samples else 0.0


@dataclass(slots=True)
class Lateness:
    """How far behind one subscription is, by the server's clock."""

    interval: float = 5.0
    _figures_at: float | None = None
    _old_after: float = 0.0
    _late_until: float = 0.0

    def took(self, update: pb.Update, now: float) -> None:
        """Something came."""
        match update.WhichOneof("content"):
            case "state":
                self._figures("state", _seconds(update.state.snapshot.updated_at))
            case "change":
                self._figures("change", _seconds(update.change.snapshot.updated_at))
            case "stats" | "pipeline" as kind:
                self._figures(kind, now)
            case "answer" | "figures":
                self._figures_at, self._old_after = now, 15.0 + 2 * self.interval
            case "events":
                self._rows(update.events.events[-1].accepted_time, now)
            case "log_lines" if update.log_lines.lines:
                self._rows(update.log_lines.lines[-1].accepted_time, now)
            case _:
                return

    def is_behind(self, now: float) -> bool:
        """Whether what was told is of the past."""
        old = self._figures_at is not None and now - self._figures_at > self._old_after
        return old or now < self._late_until

    def _figures(self, kind: str, made: float) -> None:
        self._figures_at, self._old_after = made, OLD_AFTER[kind]

    def _rows(self, accepted: Timestamp, now: float) -> None:
        late = now - _seconds(accepted) > LATE_SECONDS
        self._late_until = now + CATCHING_UP_SECONDS if late else 0.0


def _seconds(time: Timestamp) -> float:
    return time.seconds + time.nanos / 1e9
