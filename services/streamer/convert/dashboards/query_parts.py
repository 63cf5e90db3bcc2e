"""Parts of questions, as messages."""

from collections.abc import Sequence

from binnacle.query.v1 import query_pb2 as pb
from services.runtime.times import duration
from services.streamer.ports.catalogue import Metric

MINUTES = 300.0
"""The window of what is watched, in seconds."""


def grouped(
    metric: str,
    function: pb.Function.ValueType,
    aggregation: pb.Grouping.Aggregation.ValueType,
    by: Sequence[str] = (),
) -> pb.Selection:
    """All series of a metric as one, or one for each value of some labels, over the last minutes."""
    grouping = pb.Grouping(aggregation=aggregation, by=by)
    return pb.Selection(metric=metric, function=function, window=duration(MINUTES), grouping=grouping)


def summed(metric: str) -> pb.Selection:
    """What was counted within the last minutes."""
    return grouped(metric, pb.FUNCTION_SUM, pb.Grouping.AGGREGATION_SUM)


def average(metric: Metric) -> pb.Selection:
    """A metric as it was sent: its average, or its growth a second where it is a running total."""
    function = pb.FUNCTION_RATE if metric.kind == "total" else pb.FUNCTION_AVERAGE
    return pb.Selection(metric=metric.name, function=function, window=duration(MINUTES))


def event_in(field: str, values: Sequence[str]) -> pb.EventCondition:
    """A condition that a field of an event is one of some values."""
    return pb.EventCondition(field=field, operator=pb.EventCondition.OPERATOR_EQUAL, values=values)
