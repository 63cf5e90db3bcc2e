"""Answers to questions about time series that are told in parts, put together."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from binnacle.query.v1.query_pb2 import ExpressionResult, TimeSeries, TimeSeriesAnswer

_COLUMNS = ("values", "minimums", "maximums")
_Key = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Held:
    """One series: its values by time, for each column that it has."""

    series: TimeSeries
    columns: dict[str, dict[float, float]] = field(default_factory=dict)


def joined(whole: TimeSeriesAnswer, changes: Sequence[TimeSeriesAnswer]) -> TimeSeriesAnswer:
    """The answer as it stands after changes, of which each tells the steps that are new or no longer as they were."""
    told = [whole, *changes]
    made = TimeSeriesAnswer()
    made.CopyFrom(told[-1])
    made.full = True
    times = sorted({time for one in told for time in one.times_unix_ms if time >= made.start_unix_ms})
    made.times_unix_ms[:] = times
    for result in made.results:
        held = _held(result.name, told)
        del result.series[:]
        result.series.extend(series for one in held if (series := _at(one, times)) is not None)
    return made


def _held(name: str, told: Iterable[TimeSeriesAnswer]) -> Iterable[_Held]:
    found: dict[_Key, _Held] = {}
    for answer in told:
        times = list(answer.times_unix_ms)
        # What a step tells is all of that step: a series that it lacks has no value there any more.
        for values in (values for one in found.values() for values in one.columns.values()):
            for time in times:
                values.pop(time, None)
        for series in _series(answer.results, name):
            one = found.setdefault(tuple(sorted(series.labels.items())), _Held(series))
            for column in _COLUMNS:
                if told_values := getattr(series, column):
                    one.columns.setdefault(column, {}).update(zip(times, told_values, strict=False))
    return found.values()


def _series(results: Iterable[ExpressionResult], name: str) -> Iterable[TimeSeries]:
    return (series for result in results if result.name == name for series in result.series)


def _at(held: _Held, times: Sequence[float]) -> TimeSeries | None:
    """The series at these times; None where it has no value at any."""
    columns = {name: [values.get(time, math.nan) for time in times] for name, values in held.columns.items()}
    if all(map(math.isnan, columns.get("values", ()))):
        return None
    made = TimeSeries(labels=held.series.labels)
    for name, values in columns.items():
        getattr(made, name).extend(values)
    return made
