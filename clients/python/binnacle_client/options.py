"""Settings of a client, and the account of what became of what was written."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from binnacle_client.errors import BinnacleError, Violation

REJECTIONS_KEPT = 10


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a client; times in seconds, sizes in records."""

    flush_interval: float = 0.25
    """How long a record may wait for others to travel with."""
    batch_size: int = 1_000
    """Events, log lines or heartbeats a request; at most 10,000."""
    batch_bytes: int = 3 << 20
    """Bytes a request; the server takes 4 MiB."""
    samples_batch: int = 10_000
    """Samples a message; at most 100,000."""
    capacity: int = 100_000
    """Records of one sort that may wait; the oldest are dropped beyond it."""
    max_series: int = 100_000
    """Different series one client may write."""
    unacknowledged: int = 8
    """Messages of samples under way at once."""
    timeout: float = 10.0
    """How long one answer may take."""
    longest_backoff: float = 10.0
    """Longest wait between two tries of our own choosing."""
    repeat_for: float = 12 * 3600.0
    """How long what was not answered is sent again; the server knows it by its name for 24 hours."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one request."""

    accepted: int
    rejected: int
    rejections: Sequence[Violation]
    """The first rejections, at most 10."""


@dataclass(slots=True)
class Delivery:
    """What became of all that was written through a client."""

    accepted: int = 0
    """Durable on the server."""
    rejected: int = 0
    """Refused for good: `rejections` and `last_error` say why."""
    dropped: int = 0
    """Never sent: too much was waiting."""
    uncertain: int = 0
    """Sent and never answered for as long as it may be repeated: taken or not, but never doubled."""
    rejections: deque[Violation] = field(default_factory=lambda: deque(maxlen=REJECTIONS_KEPT))
    last_error: BinnacleError | None = None

    def answered(self, accepted: int, rejected: int, rejections: Iterable[Violation]) -> None:
        """Account for an answer."""
        self.accepted += accepted
        self.rejected += rejected
        self.rejections.extend(rejections)

    def failed(self, records: int, error: BinnacleError) -> None:
        """Account for records that will not be sent again."""
        self.last_error = error
        if error.uncertain:
            self.uncertain += records
        else:
            self.rejected += records
            self.rejections.extend(getattr(error, "violations", ()))
