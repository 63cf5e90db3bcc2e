"""Questions about time series, in few words."""

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.query.v1 import query_pb2 as pb

Values = dict[tuple[tuple[str, str], ...], dict[float, float]]


def at(seconds: float) -> Timestamp:
    """A time."""
    stamp = Timestamp()
    stamp.FromMilliseconds(round(seconds * 1e3))
    return stamp


def selected(metric: str, function: "pb.Function.ValueType" = pb.FUNCTION_AVERAGE, **more: object) -> pb.Expression:
    """A selection as an expression."""
    return pb.Expression(selection=pb.Selection(metric=metric, function=function, **more))  # type: ignore[arg-type]


def ranged(
    *expressions: pb.Expression, start: float, end: float, step: float = 60.0, **more: object
) -> pb.TimeSeriesQuery:
    """A question over a range, in seconds."""
    length = Duration()
    length.FromMilliseconds(round(step * 1e3))
    query = pb.TimeSeriesQuery(expressions=expressions, start_time=at(start), end_time=at(end), **more)  # type: ignore[arg-type]
    query.step.CopyFrom(length)
    return query


def values_of(answer: pb.TimeSeriesAnswer, number: int = 0) -> Values:
    """Values of an expression by labels (the name apart) and time in seconds; gaps left out."""
    times: Sequence[float] = [each / 1e3 for each in answer.times_unix_ms]
    return {
        tuple(sorted((k, v) for k, v in series.labels.items() if k != "__name__")): {
            time: value for time, value in zip(times, series.values, strict=True) if value == value
        }
        for series in answer.results[number].series
    }
