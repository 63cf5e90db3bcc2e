"""What the server spans of a block say about traffic."""

from typing import Any

import msgspec
import numpy as np

from services.aggregator.domain.intake.durations import meaning
from services.aggregator.ports.records import TrafficColumns
from services.core.columns import SpanColumns

SERVER = 2
FAILED = 2
MAX_ENDPOINT = 200
NANO_PER_MS = 1e6

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def traffic_of_spans(spans: SpanColumns) -> TrafficColumns | None:
    """Requests, errors and latencies; None when no span is a server's."""
    rows = np.flatnonzero(spans.kinds == SERVER)
    if not len(rows):
        return None
    told = [meaning(_decoded(spans.attributes_json[row]).get) for row in rows.tolist()]
    failed = np.array([failed for _endpoint, failed in told], np.bool_) | (spans.statuses[rows] == FAILED)
    endpoints = [endpoint[:MAX_ENDPOINT] for endpoint, _failed in told]
    latencies_ms = np.maximum(spans.durations_ns[rows], 0) / NANO_PER_MS
    return TrafficColumns(rows, endpoints, np.ones(len(rows)), failed.astype(np.float64), latencies_ms)


def _decoded(text: str) -> dict[str, Any]:
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return {}
