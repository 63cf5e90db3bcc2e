"""Bodies that are not transcoded: the collector decodes them itself, as these types of its decoder say."""

from typing import Any

import msgspec

from services.collector.convert.json_points import EventBody, HeartbeatBody, LogBody, MetricBody

Content = dict[str, Any]
_STRICT: dict[str, type[msgspec.Struct]] = {
    "JsonIntakeService_PostEvents": EventBody,
    "JsonIntakeService_PostMetrics": MetricBody,
    "JsonIntakeService_PostHeartbeat": HeartbeatBody,
    "JsonIntakeService_PostLogs": LogBody,
}
_TEMPLATE = "#/components/schemas/{name}"
_BINARY = {"type": "string", "format": "binary"}
_OTLP: Content = {
    "application/x-protobuf": {"schema": _BINARY},
    "application/json": {"schema": {"type": "object", "description": "The request as OTLP's JSON."}},
}
_REMOTE_WRITE: Content = {
    "application/x-protobuf": {"schema": {**_BINARY, "description": "A write request, compressed with snappy."}}
}


def _strict(item: type[msgspec.Struct]) -> Content:
    """One object, an array of them, or one a line."""
    one = {"$ref": _TEMPLATE.format(name=item.__name__)}
    several = {"type": "array", "items": one, "minItems": 1, "maxItems": 10_000}
    return {
        "application/json": {"schema": {"anyOf": [one, several]}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "One object a line."}},
    }


_SCHEMAS, COMPONENTS = msgspec.json.schema_components(_STRICT.values(), ref_template=_TEMPLATE)
BODIES: dict[str, Content] = {
    **{name: _strict(item) for name, item in _STRICT.items()},
    "RemoteWriteService_PostRemoteWrite": _REMOTE_WRITE,
    **{f"OtlpHttpService_Export{kind}": _OTLP for kind in ("Metrics", "Logs", "Traces")},
}
_FILES = (
    "text/csv",
    "application/json",
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/vnd.apache.arrow.stream",
)
ANSWERS: dict[str, Content] = {
    **{name: {media: {} for media in _FILES} for name in ("ExportService_DownloadData", "FigureService_ExportFigures")},
    "LiveService_Follow": {
        media: {"schema": {"type": "string"}} for media in ("application/x-ndjson", "text/event-stream")
    },
    "SystemService_GetMetricsText": {"text/plain": {"schema": {"type": "string"}}},
    # Headers tell what was written.
    "RemoteWriteService_PostRemoteWrite": {},
    **{f"OtlpHttpService_Export{kind}": {media: {} for media in _OTLP} for kind in ("Metrics", "Logs", "Traces")},
}
