"""Who calls whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """Calls from a service to another, or to something outside, and how many of them failed."""

    caller: str
    callee: str
    calls: float
    errors: float


class CallSource(Protocol):
    """Knows calls by what was recorded of them: spans, and events about integrations."""

    async def calls(self, tenant: str, start: float, end: float) -> Sequence[Call]:
        """The calls of a time. Raises Unavailable, DeadlineExceeded."""
        ...
