"""Raw samples and counts of events as messages."""

from collections.abc import Iterator, Sequence

from binnacle.aggregator.v1 import sample_service_pb2 as pb
from services.aggregator.convert.time_series import duration_ms, matchings_from, millis_from
from services.aggregator.domain.series.raw_samples import Selector
from services.aggregator.ports.event_counts import EventCount, EventCountQuestion
from services.aggregator.ports.records import SampleColumns, Series
from services.core.errors import InvalidInput
from services.core.matching import NAME
from services.runtime.event_conditions import conditions_from, field_from

MAX_SELECTORS = 10_000
MAX_BY = 5
BLOCK_ROWS = 200_000
BLOCK_COUNTS = 10_000
Request = pb.ReadSamplesRequest | pb.CountMatchingEventsRequest


def selectors_from(given: Sequence[pb.Selector]) -> Sequence[Selector]:
    """Which series are asked for, each selector once. Raises InvalidInput."""
    if not 1 <= len(given) <= MAX_SELECTORS:
        raise InvalidInput.of("selectors", f"must be 1 to {MAX_SELECTORS:,}")
    found = [matchings_from(one.metric, one.matchers, f"selectors[{place}]") for place, one in enumerate(given)]
    return list(dict.fromkeys(found))


def range_from(request: Request) -> tuple[int, int]:
    """The range in milliseconds. Raises InvalidInput."""
    start, end = millis_from("start_time", request.start_time), millis_from("end_time", request.end_time)
    if start >= end:
        raise InvalidInput.of("start_time", "must be before end_time")
    return start, end


def count_question_from(request: pb.CountMatchingEventsRequest) -> EventCountQuestion:
    """Which events are to be counted. Raises InvalidInput."""
    if len(request.by) > MAX_BY:
        raise InvalidInput.of("by", f"must be at most {MAX_BY}")
    by = tuple(field_from(f"by[{place}]", field) for place, field in enumerate(request.by))
    stretch = duration_ms("stretch", request.stretch, least=1) if request.HasField("stretch") else None
    return EventCountQuestion(conditions_from("conditions", request.conditions), by, *range_from(request), stretch)


def sample_rows(series: Sequence[Series], samples: SampleColumns) -> pb.SampleRows:
    """Samples as columns."""
    return pb.SampleRows(
        series=map(_named, series),
        series_ids=samples.series_ids.astype("<u8", copy=False).tobytes(),
        times_unix_ms=samples.times_ms.astype("<i8", copy=False).tobytes(),
        values=samples.values.astype("<f8", copy=False).tobytes(),
    )


def sample_blocks(series: Sequence[Series], samples: SampleColumns) -> Iterator[pb.ReadSamplesResponse]:
    """Samples in blocks; all series are named in the first ones."""
    for first in range(0, len(series), BLOCK_COUNTS):
        part = series[first : first + BLOCK_COUNTS]
        yield pb.ReadSamplesResponse(
            rows=pb.SampleRows(
                series=[pb.NamedSeries(id=one.id, labels={**one.labels, NAME: one.name}) for one in part]
            )
        )
    for first in range(0, len(samples.values), BLOCK_ROWS):
        rows = slice(first, first + BLOCK_ROWS)
        block = SampleColumns(samples.series_ids[rows], samples.times_ms[rows], samples.values[rows])
        yield pb.ReadSamplesResponse(rows=sample_rows((), block))


def count_blocks(counts: Sequence[EventCount]) -> Iterator[pb.CountMatchingEventsResponse]:
    """Counts in blocks."""
    for first in range(0, len(counts), BLOCK_COUNTS):
        yield pb.CountMatchingEventsResponse(
            counts=[
                pb.EventCount(values=one.values, time_unix_ms=one.start_ms, events=one.events)
                for one in counts[first : first + BLOCK_COUNTS]
            ]
        )


def _named(series: Series) -> pb.NamedSeries:
    return pb.NamedSeries(id=series.id, labels={**series.labels, NAME: series.name})
