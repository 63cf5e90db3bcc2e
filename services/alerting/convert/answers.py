"""Answers of the aggregator: series, samples, counts of events, events."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from binnacle.aggregator.v1 import sample_service_pb2, tail_service_pb2
from binnacle.query.v1 import query_pb2
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats
from services.alerting.ports.sources import NO_SAMPLES, Event, EventCount, Matrix, Samples, Selector, SeriesAnswer
from services.runtime.label_matchers import matcher_message
from services.runtime.times import seconds_of

Column = npt.NDArray[Any]
_UNMATCHED = ": no series matches"
_MILLISECONDS = 1e3


def series_answer(answer: query_pb2.TimeSeriesAnswer, ends: Floats) -> SeriesAnswer:
    """Series at the ends of their windows."""
    times = np.array(answer.times_unix_ms) + answer.step_ms
    step = float(ends[1] - ends[0]) * _MILLISECONDS if len(ends) > 1 else 1.0
    places = np.rint((times - ends[0] * _MILLISECONDS) / step).astype(np.intp)
    within = (places >= 0) & (places < len(ends))
    named = [notice.partition(":")[0] for notice in answer.notices if notice.endswith(_UNMATCHED)]
    others = [notice for notice in answer.notices if not notice.endswith(_UNMATCHED)]
    return SeriesAnswer([_matrix(one, places, within, len(ends)) for one in answer.results], named, others)


def _matrix(result: query_pb2.ExpressionResult, places: Column, within: Column, count: int) -> Matrix:
    labels = [labels_of(series.labels) for series in result.series]
    values = np.full((len(labels), count), np.nan)
    if len(within) == count == 1:
        values[:, 0] = [series.values[0] for series in result.series]
    else:
        for row, series in enumerate(result.series):
            values[row, places[within]] = np.array(series.values)[within]
    return Matrix(labels, values)


def labels_of(labels: Mapping[str, str]) -> Labels:
    """Labels in order of their names."""
    return tuple(sorted(labels.items()))


def selector_message(selector: Selector) -> sample_service_pb2.Selector:
    """Series as a message."""
    return sample_service_pb2.Selector(metric=selector.metric, matchers=map(matcher_message, selector.matchers))


def samples_of(rows: sample_service_pb2.SampleRows, *, partial: bool) -> Samples:
    """Samples that came in, in order of series and time; what marks the end of a series is none."""
    if not rows.series and not rows.series_ids:
        return NO_SAMPLES if not partial else Samples({}, NO_SAMPLES.ids, NO_SAMPLES.times, NO_SAMPLES.values, True)
    ids, times, values = _columns([rows])
    return _samples(_named([rows]), ids, times, values, partial=partial)


def samples_read(blocks: Sequence[sample_service_pb2.SampleRows]) -> Samples:
    """Samples that were read."""
    ids, times, values = _columns(blocks)
    return _samples(_named(blocks), ids, times, values, partial=False)


def _named(blocks: Iterable[sample_service_pb2.SampleRows]) -> dict[int, Labels]:
    return {one.id: labels_of(one.labels) for block in blocks for one in block.series}


def _columns(blocks: Iterable[sample_service_pb2.SampleRows]) -> tuple[Column, Column, Column]:
    told = list(blocks)
    return (
        np.frombuffer(b"".join(block.series_ids for block in told), "<u8"),
        np.frombuffer(b"".join(block.times_unix_ms for block in told), "<i8"),
        np.frombuffer(b"".join(block.values for block in told), "<f8"),
    )


def _samples(
    named: Mapping[int, Labels],
    ids: Column,
    times: Column,
    values: Column,
    *,
    partial: bool,
) -> Samples:
    order = np.lexsort((values, times, ids))
    ids, times, values = ids[order], times[order], values[order]
    # Of several of one series at one time the greatest counts.
    kept = ~np.isnan(values)
    ids, times, values = ids[kept], times[kept], values[kept]
    last = np.append((ids[1:] != ids[:-1]) | (times[1:] != times[:-1]), True)[: len(ids)]
    return Samples(named, ids[last], times[last] / _MILLISECONDS, values[last], partial)


def event_count(count: sample_service_pb2.EventCount) -> EventCount:
    """A count of events."""
    return EventCount(tuple(count.values), count.time_unix_ms / _MILLISECONDS, count.events)


def event_of(row: tail_service_pb2.TailRow) -> Event:
    """An event that came in."""
    event = row.event
    data = json.loads(event.data_json) if event.data_json else {}
    return Event(seconds_of(event.time), event.type, event.service, event.user_id, event.session_id, data)
