"""What a tenant has sent, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["value", "total", "increments", "distribution"]
"""A value that goes up and down, a running total, what is to be added up, or what many values are spread over."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: what its samples are, and the labels that its series have."""

    name: str
    unit: str = ""
    kind: Kind = "value"
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Metrics by name, values by label, types of events."""

    metrics: Mapping[str, Metric]
    values: Mapping[str, Sequence[str]]
    event_types: Sequence[str] = ()


class Catalogue(Protocol):
    """Whoever knows what a tenant has sent."""

    async def known(self, tenant: str) -> Known:
        """All of it, a few seconds old at most. Raises Unavailable."""
        ...


class PastValues(Protocol):
    """Whoever knows what a question has shown. Questions are opaque here, as the wire brought them."""

    async def bounds(self, tenant: str, question: object, name: str) -> tuple[float, float] | None:
        """The least and the greatest value of the last 24 hours; None where there is none. Raises BinnacleError.

        `name` is the expression, or the figure, that counts.
        """
        ...
