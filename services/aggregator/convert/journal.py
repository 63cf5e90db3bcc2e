"""Journal records as columns: arrays are views of the message's bytes, never copies."""

from collections.abc import Iterable

import numpy as np
from google.protobuf.message import DecodeError

from binnacle.journal.v1 import journal_pb2
from services.aggregator.convert.event_traffic import traffic_of
from services.aggregator.convert.rollups import rollup_columns
from services.aggregator.convert.samples import sample_columns, unpacked_bytes
from services.aggregator.convert.span_traffic import traffic_of_spans
from services.aggregator.convert.telemetry import telemetry_from
from services.aggregator.ports.records import (
    EventColumns,
    HeartbeatColumns,
    LogColumns,
    Record,
    Series,
    WarningColumns,
)
from services.core.errors import InvalidInput
from services.runtime import record_messages


def record_from(offset: int, body: bytes) -> Record:
    """The record at `offset`. Raises InvalidInput for bytes that are none."""
    message = journal_pb2.Record()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise InvalidInput.of("records.records", f"the record at offset {offset} cannot be read") from error
    telemetry = telemetry_from(message)
    return Record(
        offset=offset,
        tenant=message.tenant,
        accepted_us=message.accepted_time_unix_us,
        batch_id=message.batch_id,
        telemetry=telemetry,
        span_traffic=traffic_of_spans(telemetry.spans) if telemetry.spans is not None else None,
        series=[_series(entry) for entry in message.series],
        samples=sample_columns(message.samples) if message.HasField("samples") else None,
        events=_events(message.events) if message.HasField("events") else None,
        logs=_logs(message.logs) if message.HasField("logs") else None,
        heartbeats=_heartbeats(message.heartbeats) if message.HasField("heartbeats") else None,
        warnings=_warnings(message.warnings) if message.HasField("warnings") else None,
        rollups=rollup_columns(message.rollups) if message.HasField("rollups") else None,
        audit=[record_messages.record_from(each) for each in message.audit],
        size=len(body) + unpacked_bytes(message.samples),
        bytes=len(body),
    )


def _series(entry: journal_pb2.SeriesEntry) -> Series:
    definition = entry.definition
    return Series(entry.id, definition.name, dict(definition.labels), definition.kind, definition.unit)


def _events(block: journal_pb2.EventBlock) -> EventColumns:
    types, data = list(block.types), list(block.data_json)
    return EventColumns(
        np.frombuffer(block.times_unix_us, "<i8"),
        types,
        list(block.services),
        list(block.user_ids),
        list(block.session_ids),
        data,
        traffic_of(types, data),
    )


def _logs(block: journal_pb2.LogBlock) -> LogColumns:
    return LogColumns(
        np.frombuffer(block.times_unix_us, "<i8"),
        np.frombuffer(block.levels, np.uint8),
        list(block.services),
        list(block.messages),
        list(block.trace_ids),
        list(block.attributes_json),
        list(block.span_ids),
    )


def _heartbeats(block: journal_pb2.HeartbeatBlock) -> HeartbeatColumns:
    return HeartbeatColumns(
        np.frombuffer(block.times_unix_us, "<i8"),
        list(block.services),
        list(block.statuses),
        list(block.kinds),
        np.frombuffer(block.request_counts, "<f8"),
        np.frombuffer(block.error_counts, "<f8"),
        np.frombuffer(block.avg_latencies_ms, "<f8"),
        np.frombuffer(block.uptimes_hours, "<f8"),
    )


def _warnings(block: journal_pb2.WarningBlock) -> WarningColumns:
    return WarningColumns(
        list(block.kinds),
        list(block.fields),
        list(block.reasons),
        list(block.descriptions),
        list(block.sources),
        list(block.samples),
        np.frombuffer(block.counts, "<u8"),
        np.frombuffer(block.first_times_unix_us, "<i8"),
        np.frombuffer(block.last_times_unix_us, "<i8"),
    )


def records_from(first_offset: int, bodies: Iterable[bytes], wanted_from: int) -> list[Record]:
    """Records with consecutive offsets from `first_offset` on; those below `wanted_from` are not read."""
    return [record_from(offset, body) for offset, body in enumerate(bodies, first_offset) if offset >= wanted_from]
