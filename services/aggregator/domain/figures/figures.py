"""Single figures over time, by name, whatever they are made of."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps

# Units; what is counted is its own.
PERCENT, MILLISECONDS, PER_SECOND, BYTES_PER_SECOND = "percent", "ms", "1/s", "bytes/s"


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom and when: `range` in `steps`."""

    tenant: str
    range: Range
    steps: ZonedSteps

    @property
    def starts(self) -> Sequence[int]:
        """Where the steps begin, in Unix seconds."""
        return self.steps.edges[:-1]


@dataclass(frozen=True, slots=True)
class Series:
    """A figure over time: start of a step in Unix seconds and value; `value` is that of the whole range."""

    value: float | None
    points: Sequence[tuple[int, float]]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """What it is counted in, and its series."""

    unit: str
    series: Sequence[Series]


class Source(Protocol):
    """Knows some figures, and asks once for all of them."""

    @property
    def units(self) -> Mapping[str, str]:
        """The figures by name, with their units."""
        ...

    async def series(self, asked: Asked, names: Collection[str]) -> Mapping[str, Sequence[Series]]:
        """The series of some of them, at least one. Raises what a Reader raises."""
        ...


class Figures:
    """All figures of some sources."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self.units = {name: unit for source in sources for name, unit in source.units.items()}

    async def over_time(self, asked: Asked, names: Collection[str]) -> dict[str, Figure]:
        """Some figures; those that none was told of have no series."""
        wanted = [(source, source.units.keys() & set(names)) for source in self._sources]
        found = await asyncio.gather(*(source.series(asked, some) for source, some in wanted if some))
        series = {name: each for one in found for name, each in one.items()}
        return {name: Figure(self.units[name], series.get(name, ())) for name in names}


def counted(points: Sequence[tuple[int, float]], **labels: str) -> Series:
    """What is counted: the whole is the sum of its steps."""
    return Series(sum(value for _start, value in points), points, labels)
