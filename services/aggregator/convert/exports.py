"""Questions about exports from messages."""

from typing import Any

from binnacle.aggregator.v1 import export_service_pb2 as pb
from binnacle.logs.v1 import logs_pb2
from binnacle.query.v1 import query_pb2
from services.aggregator.convert import searches
from services.aggregator.convert.time_ranges import DAY_US, HOUR_US, range_from
from services.aggregator.ports.exports import (
    Bucket,
    ExportFormat,
    ExportSearch,
    HeartbeatSearch,
    SampleSearch,
    SumSearch,
)
from services.aggregator.ports.searches import TimeRange
from services.core.errors import InvalidInput
from services.core.matching import Matcher, Operator
from services.runtime.label_matchers import matchers_from, matchers_from_texts

MAX_SERVICES = 100
FORMATS: dict[int, ExportFormat] = {
    pb.EXPORT_FORMAT_CSV: "csv",
    pb.EXPORT_FORMAT_JSON: "json",
    pb.EXPORT_FORMAT_NDJSON: "ndjson",
    pb.EXPORT_FORMAT_PARQUET: "parquet",
    pb.EXPORT_FORMAT_ARROW: "arrow",
}
CONTENT_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
_BUCKETS: dict[int, Bucket] = {
    pb.SumSelection.BUCKET_MINUTE: "minutes",
    pb.SumSelection.BUCKET_HOUR: "hours",
    pb.SumSelection.BUCKET_DAY: "days",
}
_SUMS = {bucket: number for number, bucket in _BUCKETS.items()}
_OPERATORS = {
    Operator.EQUAL: query_pb2.Matcher.OPERATOR_EQUAL,
    Operator.NOT_EQUAL: query_pb2.Matcher.OPERATOR_NOT_EQUAL,
    Operator.MATCHES: query_pb2.Matcher.OPERATOR_MATCHES,
    Operator.NOT_MATCHES: query_pb2.Matcher.OPERATOR_NOT_MATCHES,
}
# Which words of a URL go with which data, beside the range.
_WORDS = {
    "events": ("services", "types", "user_ids", "text"),
    "logs": ("services", "levels", "text"),
    "spans": ("services",),
    "heartbeats": ("services",),
    "samples": ("match",),
    "minutes": ("match",),
    "hours": ("match",),
    "days": ("match",),
}
_OPTIONAL = ("services", "types", "user_ids", "levels", "text", "match")


def format_from(number: int) -> ExportFormat:
    """What to write. Raises InvalidInput for what is not known."""
    if number not in FORMATS:
        raise InvalidInput.of("format", "must be one of CSV, JSON, NDJSON, PARQUET and ARROW")
    return FORMATS[number]


def search_from(asked: pb.ExportDataRequest, now: float) -> ExportSearch:
    """What to read; nothing after `now`. Raises InvalidInput, naming the field within its source."""
    source = asked.WhichOneof("source")
    if source is None:
        raise InvalidInput.of("source", "one of events, logs, spans, heartbeats, samples, sums and query must be given")
    chosen = getattr(asked, source)
    usual = HOUR_US if source == "spans" else DAY_US
    range_ = TimeRange(*range_from(chosen, now, usual, f"{source}."))
    if source == "events":
        return searches.event_search(chosen, range_)
    if source == "logs":
        return searches.log_search(chosen, range_)
    if source == "spans":
        return searches.span_search(chosen, range_)
    if source == "heartbeats":
        return HeartbeatSearch(range_, _services(chosen))
    matchers = matchers_from(chosen.matchers, f"{source}.matchers")
    if source == "samples":
        return SampleSearch(range_, matchers)
    if chosen.bucket not in _BUCKETS:
        raise InvalidInput.of("sums.bucket", "must be a minute, an hour or a day")
    return SumSearch(range_, _BUCKETS[chosen.bucket], matchers)


def request_from(asked: pb.DownloadDataRequest) -> pb.ExportDataRequest:
    """The question of a URL in full. Raises InvalidInput for words that do not go together."""
    if asked.HasField("export"):
        return asked.export
    if asked.data not in _WORDS:
        raise InvalidInput.of("data", f"must be one of {', '.join(_WORDS)}")
    for word in _OPTIONAL:
        if getattr(asked, word) and word not in _WORDS[asked.data]:
            raise InvalidInput.of(word, f"does not go with {asked.data}")
    formats = {name: number for number, name in FORMATS.items()}
    if (asked.format or "csv") not in formats:
        raise InvalidInput.of("format", f"must be one of {', '.join(formats)}")
    made = pb.ExportDataRequest(end_line=asked.end_line)
    made.format = pb.ExportFormat.ValueType(formats[asked.format or "csv"])  # type: ignore[index]
    _fill(getattr(made, asked.data if asked.data in _SOURCES else "sums"), asked)
    return made


_SOURCES = ("events", "logs", "spans", "heartbeats", "samples")


def _fill(source: Any, asked: pb.DownloadDataRequest) -> None:
    """The words of a URL as the source of an export."""
    source.SetInParent()
    for name in ("start_time", "end_time"):
        if asked.HasField(name):
            getattr(source, name).CopyFrom(getattr(asked, name))
    for name in ("services", "types", "user_ids"):
        if getattr(asked, name):
            getattr(source, name).extend(getattr(asked, name))
    if asked.text:
        source.text = asked.text
    if asked.levels:
        source.levels.extend(_level(level) for level in asked.levels)
    if asked.data in _SUMS:
        source.bucket = _SUMS[asked.data]
    if asked.match:
        source.matchers.extend(_matcher(one) for one in matchers_from_texts(asked.match))


def _level(word: str) -> int:
    levels = {name.removeprefix("LOG_LEVEL_").lower(): number for name, number in logs_pb2.LogLevel.items() if number}
    if word not in levels:
        raise InvalidInput.of("levels", f"must be of {', '.join(levels)}")
    return levels[word]


def _matcher(one: Matcher) -> query_pb2.Matcher:
    return query_pb2.Matcher(label=one.label, operator=_OPERATORS[one.operator], value=one.value)


def _services(chosen: pb.HeartbeatSelection) -> tuple[str, ...]:
    if len(chosen.services) > MAX_SERVICES:
        raise InvalidInput.of("heartbeats.services", f"must have at most {MAX_SERVICES} values")
    return tuple(chosen.services)
