"""How many people there are, when they come, and whether they come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose numbers: of events within a range, of one service or all. `starts` of steps are in Unix seconds."""

    from_us: int
    to_us: int
    service: str = ""
    starts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class HourCounts:
    """What happened in one hour; people are different ones."""

    requests: float = 0.0
    events: int = 0
    users: int = 0


@dataclass(frozen=True, slots=True)
class CohortQuestion:
    """Periods by their starts in Unix seconds, and the types that begin and continue; empty words match all."""

    from_us: int
    to_us: int
    starts: Sequence[int]
    first_type: str = ""
    return_type: str = ""


class AudienceReader(Protocol):
    """Asks about people and times. Methods raise what adapters/clickhouse/reader.py says."""

    async def users(self, tenant: str, audience: Audience) -> int:
        """Different people within a range."""
        ...

    async def users_over_time(self, tenant: str, audience: Audience) -> Mapping[int, int]:
        """Different people in each step that has any."""
        ...

    async def hours(self, tenant: str, audience: Audience) -> Mapping[int, HourCounts]:
        """What happened in each step that has anything."""
        ...

    async def returns(self, tenant: str, question: CohortQuestion) -> Sequence[tuple[int, int, int]]:
        """People by the period they came first in, and a period from then on they were there in."""
        ...
