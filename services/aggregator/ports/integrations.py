"""Calls to the services of others as the store answers them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CallsQuestion:
    """Calls of `[from_us, to_us)`, microseconds since the Unix epoch; an empty integration matches all.

    Rows are told apart by endpoint where asked, and by stretches of `bucket_seconds` where given.
    """

    from_us: int
    to_us: int
    integration: str = ""
    by_endpoint: bool = False
    bucket_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class CallsRow:
    """Calls of one integration, endpoint and stretch; several rows of the same may be added up.

    `start` is the first second of the stretch, 0 without stretches; times of the last are 0 when there was none;
    `buckets` and `counts` are a histogram of how long they took (numbers, see domain/buckets.py).
    """

    from_spans: bool
    integration: str
    endpoint: str
    start: int
    calls: float
    failures: float
    timed: float
    time_ms: float
    last_success_us: int
    last_failure_us: int
    buckets: Sequence[int] = ()
    counts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class FailuresRow:
    """Failures of one kind; rows of the same may be added up."""

    integration: str
    kind: str
    count: float


class IntegrationStore(Protocol):
    """Answers calls. Raises what Reader raises."""

    async def calls(self, tenant: str, question: CallsQuestion) -> Sequence[CallsRow]:
        """The rows, in no order."""
        ...

    async def failures(self, tenant: str, question: CallsQuestion) -> Sequence[FailuresRow]:
        """Failures by integration and kind."""
        ...
