"""What series and events are judged by at a moment: the newest, greatest or least sample of a window, or a count."""

from collections import deque
from typing import Literal, Protocol

import numpy as np

from services.alerting.domain.judging.table import Indexes
from services.alerting.ports.judging import Floats

Instant = Literal["last", "maximum", "minimum"]


class Windows(Protocol):
    """Series by index. Samples come in order of time."""

    def grow(self, count: int) -> None:
        """There are so many series now."""
        ...

    def keep(self, indexes: Indexes) -> None:
        """Forget all others; those that are kept have new indexes, in their order."""
        ...

    def add(self, indexes: Indexes, times: Floats, values: Floats) -> None:
        """A sample of each of some series."""
        ...

    def at(self, indexes: Indexes, times: Floats) -> Floats:
        """What the windows of some series come to that end at a time; NaN where they are empty."""
        ...

    @property
    def momentary(self) -> bool:
        """Whether the condition holds at each sample, and never between them."""
        ...


class Newest:
    """The newest sample."""

    momentary = False

    def __init__(self, window: float) -> None:
        self._window = window
        self._times: Floats = np.empty(0)
        self._values: Floats = np.empty(0)

    def grow(self, count: int) -> None:
        more = count - len(self._times)
        self._times = np.append(self._times, np.full(more, -np.inf))
        self._values = np.append(self._values, np.full(more, np.nan))

    def keep(self, indexes: Indexes) -> None:
        self._times, self._values = self._times[indexes], self._values[indexes]

    def add(self, indexes: Indexes, times: Floats, values: Floats) -> None:
        self._times[indexes], self._values[indexes] = times, values

    def at(self, indexes: Indexes, times: Floats) -> Floats:
        return np.where(self._times[indexes] >= times - self._window, self._values[indexes], np.nan)


class Extremes:
    """The greatest sample, or the least: those that a later one outdoes are not kept."""

    momentary = False

    def __init__(self, window: float, sign: float) -> None:
        self._window = window
        self._sign = sign
        self._kept: list[deque[tuple[float, float]]] = []

    def grow(self, count: int) -> None:
        self._kept += [deque() for _ in range(count - len(self._kept))]

    def keep(self, indexes: Indexes) -> None:
        self._kept = [self._kept[index] for index in indexes.tolist()]

    def add(self, indexes: Indexes, times: Floats, values: Floats) -> None:
        for index, time, value in zip(indexes.tolist(), times.tolist(), (self._sign * values).tolist(), strict=True):
            kept = self._kept[index]
            while kept and kept[-1][1] <= value:
                kept.pop()
            kept.append((time, value))

    def at(self, indexes: Indexes, times: Floats) -> Floats:
        return self._sign * np.array([self._first(*one) for one in zip(indexes.tolist(), times.tolist(), strict=True)])

    def _first(self, index: int, time: float) -> float:
        kept = self._kept[index]
        while kept and kept[0][0] < time - self._window:
            kept.popleft()
        return kept[0][1] if kept else np.nan


def windows(function: Instant, window: float) -> Windows:
    """Those of a function, `window` seconds long."""
    if function == "last":
        return Newest(window)
    return Extremes(window, 1.0 if function == "maximum" else -1.0)


class Counts:
    """How many events came since the first after a silence of `silence` seconds."""

    momentary = True

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._times: Floats = np.empty(0)
        self._counts: Floats = np.empty(0)

    def grow(self, count: int) -> None:
        more = count - len(self._times)
        self._times = np.append(self._times, np.full(more, -np.inf))
        self._counts = np.append(self._counts, np.zeros(more))

    def keep(self, indexes: Indexes) -> None:
        self._times, self._counts = self._times[indexes], self._counts[indexes]

    def add(self, indexes: Indexes, times: Floats, values: Floats) -> None:
        anew = times - self._times[indexes] > self._silence
        self._counts[indexes] = np.where(anew, 0.0, self._counts[indexes]) + values
        self._times[indexes] = times

    def at(self, indexes: Indexes, times: Floats) -> Floats:
        return self._counts[indexes]
