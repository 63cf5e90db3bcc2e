"""Ranges of whole seconds."""

from dataclasses import dataclass

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Range:
    """Whole seconds `[first, end)` since the Unix epoch."""

    first: int
    end: int

    @classmethod
    def around(cls, from_us: int, to_us: int) -> "Range":
        """The whole seconds that a range, in microseconds, touches."""
        return cls(from_us // MICRO, -(-to_us // MICRO))

    @property
    def first_us(self) -> int:
        """The start in microseconds."""
        return self.first * MICRO

    @property
    def end_us(self) -> int:
        """The end in microseconds."""
        return self.end * MICRO

    def past_seconds(self, now: float) -> float:
        """How much of it is past."""
        return max(0.0, min(float(self.end), now) - self.first)
