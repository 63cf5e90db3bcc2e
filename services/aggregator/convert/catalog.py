"""Questions about the catalog from messages, and its answers as messages."""

from typing import Any

from binnacle.aggregator.v1 import catalog_service_pb2 as pb
from binnacle.metrics.v1 import metrics_pb2
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.ports.catalog import (
    Cardinality,
    LabelEntry,
    MetricEntry,
    Search,
    SearchMode,
    Selection,
    SeriesEntry,
    ValueEntry,
)
from services.core.errors import InvalidInput
from services.runtime.label_matchers import matchers_from, matchers_from_texts

MAX_SEARCH = 200
MAX_NAMES = 100
_MODES = {
    pb.SEARCH_MODE_UNSPECIFIED: SearchMode.SUBSTRING,
    pb.SEARCH_MODE_SUBSTRING: SearchMode.SUBSTRING,
    pb.SEARCH_MODE_PREFIX: SearchMode.PREFIX,
    pb.SEARCH_MODE_FUZZY: SearchMode.FUZZY,
}


def search_from(asked: pb.ListMetricsRequest | pb.ListLabelValuesRequest) -> Search:
    """What to find in names. Raises InvalidInput for a long text and an unknown mode."""
    if len(asked.search) > MAX_SEARCH or "\0" in asked.search:
        raise InvalidInput.of("search", f"must have at most {MAX_SEARCH} characters, none of them 0")
    if asked.search_mode not in _MODES:
        raise InvalidInput.of("search_mode", "must be one that is known")
    return Search(asked.search, _MODES[asked.search_mode])


def names_from(asked: pb.ListMetricsRequest) -> tuple[str, ...]:
    """The names a list is confined to. Raises InvalidInput for too many and for a long one."""
    if len(asked.names) > MAX_NAMES:
        raise InvalidInput.of("names", f"must be at most {MAX_NAMES}")
    if any(len(name) > MAX_SEARCH or "\0" in name for name in asked.names):
        raise InvalidInput.of("names", f"must each have at most {MAX_SEARCH} characters, none of them 0")
    return tuple(asked.names)


def selection_from(asked: Any, now: float, state: list[Any] | None = None) -> Selection:
    """The series a question is about; its range is that of the first page, which `state` holds.

    Raises InvalidInput for matchers and ranges that break a rule.
    """
    matchers = matchers_from_texts(asked.match) + matchers_from(asked.matchers)
    if state is not None:
        return Selection(matchers, None if state[0] is None else (int(state[0]), int(state[1])))
    if not asked.HasField("start_time") and not asked.HasField("end_time"):
        return Selection(matchers)
    return Selection(matchers, range_from(asked, now))


def range_state(selection: Selection) -> list[int | None]:
    """What a page token has to remember of a selection."""
    return [None, None] if selection.range_us is None else list(selection.range_us)


def metric(entry: MetricEntry) -> pb.Metric:
    """A metric."""
    return pb.Metric(
        name=entry.name,
        kinds=[_kind(kind) for kind in entry.kinds],
        units=entry.units,
        series=entry.series,
        labels=entry.labels,
        first_seen=timestamp(entry.first_seen_us),
        last_seen=timestamp(entry.last_seen_us),
    )


def series(entry: SeriesEntry) -> pb.Series:
    """A series."""
    return pb.Series(
        id=str(entry.id),
        name=entry.name,
        labels=entry.labels,
        kind=_kind(entry.kind),
        unit=entry.unit,
        first_seen=timestamp(entry.first_seen_us),
        last_seen=timestamp(entry.last_seen_us),
    )


def label(entry: LabelEntry) -> pb.Label:
    """A label."""
    return pb.Label(name=entry.name, values=entry.values, series=entry.series)


def value(entry: ValueEntry) -> pb.LabelValue:
    """A value."""
    return pb.LabelValue(value=entry.value, series=entry.series)


def cardinality(report: Cardinality) -> pb.GetCardinalityResponse:
    """The report."""
    return pb.GetCardinalityResponse(
        series=report.series,
        metrics=report.metrics,
        top_metrics=[pb.MetricCardinality(name=name, series=count) for name, count in report.top_metrics],
        top_labels=[label(entry) for entry in report.top_labels],
        top_pairs=[pb.LabelPair(label=name, value=text, series=count) for name, text, count in report.top_pairs],
    )


def _kind(number: int) -> metrics_pb2.MetricKind.ValueType:
    # A store that was written without kinds holds gauges.
    return metrics_pb2.MetricKind.ValueType(number or metrics_pb2.METRIC_KIND_GAUGE)
