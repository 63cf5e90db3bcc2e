"""What rules are judged by: answers about series, raw samples, events.

Times are seconds since the Unix epoch. Every method raises Unavailable while nothing answers, InvalidInput for what
cannot be asked, DeadlineExceeded for what takes too long.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats
from services.core.event_conditions import EventCondition
from services.core.matching import Matcher
from services.core.questions import Expression

Ids = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Series, with the name of the metric as `__name__` where they have one; values by series and time, NaN: none."""

    labels: Sequence[Labels]
    values: Floats


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """What each expression that is not hidden comes to; `unmatched` are selections that no series matches.

    `notices` say what else a person should know: ranges of which nothing is kept.
    """

    results: Sequence[Matrix]
    unmatched: Sequence[str] = ()
    notices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """Series of a metric for which all matchers hold; no metric with a matcher on `__name__`."""

    metric: str
    matchers: tuple[Matcher, ...] = ()


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples in order of series and time. `series` are those named for the first time by who gives them."""

    series: Mapping[int, Labels]
    ids: Ids
    times: Floats
    values: Floats
    partial: bool = False
    """Whether others take samples in that are not told, and have to be read."""


NO_SAMPLES = Samples({}, np.empty(0, np.uint64), np.empty(0), np.empty(0))


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many events agree in their values, from `at` on."""

    values: tuple[str, ...]
    at: float
    events: float


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` is its JSON object."""

    at: float
    type: str
    service: str = ""
    user_id: str = ""
    session_id: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


class SeriesSource(Protocol):
    """Answers of the time series that `binnacle.query.v1` describes."""

    async def values(self, tenant: str, expressions: Sequence[Expression], ends: Floats) -> SeriesAnswer:
        """Values of the windows that end at `ends`, which are as far apart as the first from 0, or one alone."""
        ...


class SampleSource(Protocol):
    """Samples as they were sent. Of series without samples there is nothing."""

    def watch(self, tenant: str, selectors: Sequence[Selector]) -> AsyncGenerator[Samples, None]:
        """Samples that come in from the first answer on; an empty answer at first, and where nothing came for a second.

        Ends with Overloaded or Unavailable; what was missed then is to be read.
        """
        ...

    async def read(
        self, tenant: str, selectors: Sequence[Selector], start: float, end: float, *, newest: bool = False
    ) -> Samples:
        """Samples of `[start, end)`, or the newest of each series: all that had come in when this was asked."""
        ...


class EventSource(Protocol):
    """Events as they were sent."""

    def watch(self, tenant: str) -> AsyncGenerator[Sequence[Event], None]:
        """Events that come in from the first answer, which is empty, on. Ends as SampleSource.watch does."""
        ...

    async def counts(
        self,
        tenant: str,
        conditions: Sequence[EventCondition],
        by: Sequence[str],
        start: float,
        end: float,
        stretch: float | None = None,
    ) -> Sequence[EventCount]:
        """How many events of `[start, end)` match, by fields, and by stretches where asked; all that had come in."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything comes from."""

    series: SeriesSource
    samples: SampleSource
    events: EventSource
