"""What a segment holds of each tenant and day, as a Native block."""

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.native import Column
from services.aggregator.ports.records import Record
from services.aggregator.ports.store import Segment
from services.aggregator.ports.usage import NOT_REFUSED
from services.core.columns import NO_TELEMETRY, Telemetry

TABLE = "usage"
DAY_US = 86_400_000_000
COLUMNS = ("points", "events", "log_lines", "spans", "heartbeats", "requests", "bytes", "refused")
_POINTS, _EVENTS, _LOG_LINES, _SPANS, _HEARTBEATS, _REQUESTS, _BYTES, _REFUSED = range(len(COLUMNS))


def usage_columns(segment: Segment) -> tuple[list[Column], int]:
    """A row for each tenant and day, and their number."""
    sums: dict[tuple[str, int], list[int]] = {}
    for record in segment.records:
        # What repeats another was left nothing to count; what was done is nothing sent.
        if record.warnings is not None or (record.bytes and not record.audit):
            key = (record.tenant, record.accepted_us // DAY_US)
            _count(sums.get(key) or sums.setdefault(key, [0] * len(COLUMNS)), record)
    figures = np.array([*sums.values()], np.uint64).reshape(-1, len(COLUMNS))
    return [
        native.words("tenant", [tenant for tenant, _day in sums]),
        native.numbers("day", "Date", np.array([day for _tenant, day in sums], np.uint16)),
        *(native.numbers(name, "UInt64", figures[:, place].copy()) for place, name in enumerate(COLUMNS)),
    ], len(sums)


def _count(row: list[int], record: Record) -> None:
    if record.warnings is not None:
        refused = [reason != NOT_REFUSED for reason in record.warnings.reasons]
        row[_REFUSED] += int(record.warnings.counts[refused].sum())
        return
    row[_REQUESTS] += 1
    row[_BYTES] += record.bytes
    if record.samples is not None:
        row[_POINTS] += len(record.samples.values)
    if record.events is not None:
        row[_EVENTS] += len(record.events.types)
    if record.logs is not None:
        row[_LOG_LINES] += len(record.logs.messages)
    if record.heartbeats is not None:
        row[_HEARTBEATS] += len(record.heartbeats.services)
    if record.rollups is not None:
        row[_POINTS] += len(record.rollups)
    if record.telemetry is not NO_TELEMETRY:
        _count_telemetry(row, record.telemetry)


def _count_telemetry(row: list[int], telemetry: Telemetry) -> None:
    blocks = (telemetry.histograms, telemetry.exponential_histograms, telemetry.summaries)
    row[_POINTS] += sum(len(block.times_ns) for block in blocks if block is not None)
    row[_SPANS] += 0 if telemetry.spans is None else len(telemetry.spans.times_ns)
