"""Counts over time as messages."""

from collections.abc import Sequence

from binnacle.query.v1 import filters_pb2
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.ports.searches import Counts, Steps


def histogram(steps: Steps, found: Sequence[Counts]) -> filters_pb2.Histogram:
    """Columns of counts; one of zeros where nothing was found is left out."""
    starts = range(steps.first_second, steps.first_second + steps.seconds * steps.count, steps.seconds)
    return filters_pb2.Histogram(
        start_times=[timestamp(start * 1_000_000) for start in starts],
        step_seconds=steps.seconds,
        series=[filters_pb2.HistogramSeries(name=one.name, counts=one.counts, total=sum(one.counts)) for one in found],
    )
