"""What changed between two whole answers about time series: values, which series there are, their order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from binnacle.query.v1.query_pb2 import ExpressionResult, TimeSeries, TimeSeriesAnswer

MOST_SERIES = 1_000
"""More are told whole: to compare them would keep everybody else waiting."""
_COLUMNS = ("values", "minimums", "maximums")
_Key = tuple[tuple[str, str], ...]
_Places = npt.NDArray[np.intp]
_Floats = npt.NDArray[np.float64]


def changed(former: TimeSeriesAnswer, now: TimeSeriesAnswer) -> TimeSeriesAnswer | None:
    """`now` as a change of `former`, whose results are listed; None where that cannot be told, or takes no less."""
    steps = _steps(former, now)
    if steps is None or sum(len(result.series) for result in now.results) > MOST_SERIES:
        return None
    if [result.name for result in former.results] != [result.name for result in now.results]:
        return None
    results = [_Result(*both, steps) for both in zip(former.results, now.results, strict=True)]
    # The one step of an instant is always told, since its time moves on.
    told = ~steps.both if now.step_ms else steps.both
    for result in results:
        told = told | result.differs
    made = TimeSeriesAnswer()
    made.CopyFrom(now)
    made.full = False
    made.times_unix_ms[:] = np.asarray(now.times_unix_ms)[told].tolist()
    for each, result in zip(made.results, results, strict=True):
        result.tell(each, told)
    return made if made.ByteSize() < now.ByteSize() else None


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of an answer: which the former one has too, and the places of these in both."""

    both: npt.NDArray[np.bool_]
    former: _Places
    now: _Places


def _steps(former: TimeSeriesAnswer, now: TimeSeriesAnswer) -> _Steps | None:
    """None where steps have gone that a client holds on to, or how they are cut is another."""
    before, after = np.asarray(former.times_unix_ms), np.asarray(now.times_unix_ms)
    if former.step_ms != now.step_ms:
        return None
    if now.step_ms == 0:
        one = np.zeros(1, np.intp)
        return _Steps(np.ones(1, bool), one, one) if len(before) == len(after) == 1 else None
    common, at_former, at_now = np.intersect1d(before, after, assume_unique=True, return_indices=True)
    if len(common) < np.count_nonzero(before >= now.start_unix_ms):
        return None
    both = np.zeros(len(after), bool)
    both[at_now] = True
    return _Steps(both, at_former, at_now)


class _Result:
    """One result in both answers; `differs` are the steps of the later one at which a series of both is another."""

    def __init__(self, former: ExpressionResult, now: ExpressionResult, steps: _Steps) -> None:
        self._now = now
        self._steps = steps
        places = {_key(series): place for place, series in enumerate(former.series, 1)}
        self._held: list[tuple[int, npt.NDArray[np.bool_]]] = []
        self.differs = np.zeros(len(steps.both), bool)
        for series in now.series:
            place = places.get(_key(series), 0)
            differs = self._compared(former.series[place - 1], series) if place else None
            self._held.append((0, self.differs) if differs is None else (place, differs))
            if differs is not None:
                self.differs = self.differs | differs

    def _compared(self, former: TimeSeries, now: TimeSeries) -> npt.NDArray[np.bool_] | None:
        """At which steps a series is another than it was; None for one with other columns, which is told anew."""
        differs = np.zeros(len(self._steps.both), bool)
        for before, after in zip(_columns(former).values(), _columns(now).values(), strict=True):
            if bool(len(before)) != bool(len(after)):
                return None
            if len(after):
                left, right = before[self._steps.former], after[self._steps.now]
                differs[self._steps.now] |= (left != right) & ~(np.isnan(left) & np.isnan(right))
        return differs

    def tell(self, made: ExpressionResult, told: npt.NDArray[np.bool_]) -> None:
        """Fill in the change, which tells these steps."""
        made.listed = True
        del made.series[:]
        new_steps = bool((told & ~self._steps.both).any())
        for series, (place, differs) in zip(self._now.series, self._held, strict=True):
            if not place:
                made.series.append(series)
            elif new_steps or differs.any():
                columns = {name: column[told].tolist() for name, column in _columns(series).items() if len(column)}
                made.series.add(former_place=place, **columns)
            else:
                made.series.add(former_place=place)


def _columns(series: TimeSeries) -> Mapping[str, _Floats]:
    return {name: np.asarray(getattr(series, name), np.float64) for name in _COLUMNS}


def _key(series: TimeSeries) -> _Key:
    return tuple(sorted(series.labels.items()))
