"""What a tenant sent, day by day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

NOT_REFUSED = "redacted"
"""The reason of intake warnings that tell of points which were kept."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was accepted on one day (UTC), and `refused` of what else came; `bytes` as the journal holds them.

    Points are samples, distributions and imported sums. A message of a stream is a request.
    """

    points: int = 0
    events: int = 0
    log_lines: int = 0
    spans: int = 0
    heartbeats: int = 0
    requests: int = 0
    bytes: int = 0
    refused: int = 0

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(*(mine + its for mine, its in zip(self.columns(), other.columns(), strict=True)))

    def columns(self) -> tuple[int, ...]:
        """The figures in the order of the fields."""
        return (
            self.points, self.events, self.log_lines, self.spans,
            self.heartbeats, self.requests, self.bytes, self.refused,
        )  # fmt: skip


class UsageStore(Protocol):
    """Answers from what is stored. Methods raise Unavailable while the store does not answer."""

    async def sent(self, tenant: str, first_day: int, end_day: int) -> Mapping[int, Sent]:
        """What a tenant sent, by days since the Unix epoch from the first on, without the end; empty days left out."""
        ...

    async def active_series(self, tenant: str, first_day: int, end_day: int, today: int) -> Mapping[int, int]:
        """Distinct series with a sample of a day, by the times of the samples."""
        ...
