"""What to send to the aggregator next, on one stream. Reads no clock, no disk and no socket."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from services.collector.ports import Segment
from services.core.errors import Conflict


@dataclass(frozen=True, slots=True)
class Pace:
    """How records are forwarded.

    A message is held back while another was sent less than `coalesce_seconds` ago, so that a lone record travels at
    once and many travel together. A segment ends `seal_seconds` after its first record was sent, but not before the
    one sealed last is committed: the aggregator could not begin with it, and a large one costs it less. It ends at once
    when it holds `segment_bytes` (about 900,000 samples). Bytes are those of unpacked records, but for `message_bytes`:
    samples may unpack to 255 times theirs. No more than `in_flight_bytes` are sent ahead of what is committed.
    """

    coalesce_seconds: float = 0.03
    seal_seconds: float = 0.4
    segment_bytes: int = 21 * 1024 * 1024
    message_bytes: int = 256 * 1024
    in_flight_bytes: int = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Send:
    """Send records from an offset on: at least one, no more than fit both limits."""

    from_offset: int
    max_records: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Seal:
    """End a segment; one that is not `stored` must be before it is sent."""

    segment: Segment
    stored: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until something changes, or for `seconds` at most."""

    seconds: float | None


class Forwarding:
    """The state of one stream, from the aggregator's first answer on.

    `stored` are the segments whose bounds were stored in an earlier life of the stream: they are repeated as they were.
    """

    def __init__(self, pace: Pace, committed: int, stored: Sequence[Segment]) -> None:
        self._pace = pace
        self._stored = deque(segment for segment in stored if segment.to_offset > committed)
        self._committed = committed
        self._open_from = committed
        self._open_bytes = 0
        self._open_since = 0.0
        self._sent = committed
        self._in_flight: deque[tuple[int, int]] = deque()
        self._in_flight_bytes = 0
        self._quiet_until = 0.0

    @property
    def committed(self) -> int:
        """Every record below this offset is in the store."""
        return self._committed

    def next(self, now: float, end: int) -> Send | Seal | Wait:
        """What to do at `now` (monotonic seconds) when the journal ends at `end`."""
        if self._seal_due(now):
            bounds = self._stored[0] if self._stored else Segment(self._open_from, self._sent)
            return Seal(bounds, stored=bool(self._stored))
        limit = self._stored[0].to_offset if self._stored else end
        if self._sent < limit and not self._full():
            if now >= self._quiet_until:
                return Send(self._sent, limit - self._sent, self._pace.message_bytes)
            return Wait(self._patience(now, self._quiet_until))
        return Wait(self._patience(now, None))

    def sent(self, records: int, size: int, now: float, end: int) -> None:
        """A Send was done: so many records of so many bytes; the journal ends at `end` now."""
        if self._sent == self._open_from:
            self._open_since = now
        self._sent += records
        self._open_bytes += size
        self._in_flight.append((self._sent, size))
        self._in_flight_bytes += size
        behind = self._stored or self._sent < end
        self._quiet_until = now if behind else now + self._pace.coalesce_seconds

    def sealed(self, segment: Segment) -> None:
        """A Seal was done."""
        if self._stored:
            self._stored.popleft()
        self._open_from = segment.to_offset
        self._open_bytes = 0

    def commit(self, offset: int) -> None:
        """The aggregator answered. Raises Conflict for an offset it cannot know."""
        if offset > self._open_from:
            raise Conflict(f"the aggregator committed {offset}, but segments are sealed up to {self._open_from} only")
        self._committed = max(self._committed, offset)
        while self._in_flight and self._in_flight[0][0] <= offset:
            self._in_flight_bytes -= self._in_flight.popleft()[1]

    def _seal_due(self, now: float) -> bool:
        if self._stored:
            return self._sent == self._stored[0].to_offset
        if self._sent == self._open_from:
            return False
        full = self._open_bytes >= self._pace.segment_bytes or self._in_flight_bytes >= self._pace.in_flight_bytes
        return full or (not self._is_committing() and now >= self._open_since + self._pace.seal_seconds)

    def _is_committing(self) -> bool:
        return self._committed < self._open_from

    def _full(self) -> bool:
        # A stored segment that is under way is finished whatever its size: only then can it be committed.
        under_way = bool(self._stored) and self._sent > self._open_from
        return self._in_flight_bytes >= self._pace.in_flight_bytes and not under_way

    def _patience(self, now: float, until: float | None) -> float | None:
        moments = [] if until is None else [until]
        if not self._stored and self._sent > self._open_from and not self._is_committing():
            moments.append(self._open_since + self._pace.seal_seconds)
        return max(min(moments) - now, 0.0) if moments else None
