"""Accepted columns to journal records, and the little that forwarding must know of a record."""

import numpy as np
import numpy.typing as npt

from binnacle.journal.v1 import journal_pb2 as pb
from binnacle.metrics.v1 import metrics_pb2
from services.collector.convert import rollups
from services.collector.convert.event_blocks import field
from services.collector.convert.otlp import telemetry
from services.collector.domain.columns import (
    Accepted,
    EventColumns,
    HeartbeatColumns,
    LogColumns,
    PackedEvents,
    SampleColumns,
    SeriesDefinition,
    WarningColumns,
)
from services.core.columns import NO_TELEMETRY

SAMPLE_BYTES = 24
# Tenant and time of acceptance; a few series.
FIELDS_BEFORE = 8
BYTES = 2
FIXED = {1: 8, 5: 4}


def encode(accepted: Accepted) -> bytes:
    """A serialised `binnacle.journal.v1.Record`."""
    record = pb.Record(
        tenant=accepted.tenant,
        accepted_time_unix_us=accepted.accepted_us,
        batch_id=accepted.batch_id,
        series=[_entry(identity, definition) for identity, definition in accepted.series],
        samples=None if accepted.samples is None else _samples(accepted.samples),
        events=_events(accepted.events) if isinstance(accepted.events, EventColumns) else None,
        logs=None if accepted.logs is None else _logs(accepted.logs),
        heartbeats=None if accepted.heartbeats is None else _heartbeats(accepted.heartbeats),
        warnings=None if accepted.warnings is None else _warnings(accepted.warnings),
        rollups=None if accepted.rollups is None else rollups.block(accepted.rollups),
    )
    if accepted.telemetry is not NO_TELEMETRY:
        telemetry.fill(record, accepted.telemetry)
    encoded = record.SerializeToString()
    if accepted.audit:
        return encoded + b"".join(field(pb.Record.AUDIT_FIELD_NUMBER, each) for each in accepted.audit)
    if isinstance(accepted.events, PackedEvents):
        # A message may be written in parts: what follows belongs to it.
        return encoded + field(pb.Record.EVENTS_FIELD_NUMBER, accepted.events.block)
    return encoded


def accepted_seconds(record: bytes) -> float:
    """When a record was accepted, in Unix seconds."""
    return pb.Record.FromString(record).accepted_time_unix_us / 1_000_000


def weight(record: bytes) -> int:
    """Bytes that a record takes in memory once its samples are unpacked."""
    # To parse a record that holds none would cost as much as to write it.
    if not _may_hold_samples(record):
        return len(record)
    message = pb.Record.FromString(record)
    unpacked = message.samples.rows * SAMPLE_BYTES if message.samples.lz4 else 0
    return len(record) + unpacked


def _may_hold_samples(record: bytes) -> bool:
    """Whether samples are among the first fields, which is where they are; or too many others are before them."""
    place, size = 0, len(record)
    for _field in range(FIELDS_BEFORE):
        if place >= size:
            return False
        tag = record[place]
        if tag >> 3 >= pb.Record.SAMPLES_FIELD_NUMBER or tag & 0x80:
            return tag >> 3 == pb.Record.SAMPLES_FIELD_NUMBER or bool(tag & 0x80)
        if tag & 7 in FIXED:
            place += 1 + FIXED[tag & 7]
            continue
        length, place = _varint(record, place + 1)
        place += length if tag & 7 == BYTES else 0
    return True


def _varint(record: bytes, place: int) -> tuple[int, int]:
    """A number, and where it ends."""
    number = shift = 0
    while place < len(record):
        byte = record[place]
        number |= (byte & 0x7F) << shift
        shift, place = shift + 7, place + 1
        if byte < 0x80:
            break
    return number, place


def _bytes(column: npt.NDArray[np.generic], form: str) -> bytes:
    return column.astype(form, copy=False).tobytes()


def _entry(identity: int, definition: SeriesDefinition) -> pb.SeriesEntry:
    return pb.SeriesEntry(
        id=identity,
        definition=metrics_pb2.SeriesDefinition(
            name=definition.name,
            labels=dict(definition.labels),
            kind=metrics_pb2.MetricKind.ValueType(definition.kind),
            unit=definition.unit,
        ),
    )


def _samples(samples: SampleColumns) -> pb.SampleBlock:
    if samples.packed:
        return pb.SampleBlock(lz4=samples.packed, rows=len(samples))
    return pb.SampleBlock(
        series_ids=_bytes(samples.series_ids, "<u8"),
        times_unix_ms=_bytes(samples.times_ms, "<i8"),
        values=_bytes(samples.values, "<f8"),
    )


def _events(events: EventColumns) -> pb.EventBlock:
    return pb.EventBlock(
        times_unix_us=_bytes(events.times_us, "<i8"),
        types=events.types,
        services=events.services,
        user_ids=events.user_ids,
        session_ids=events.session_ids,
        data_json=events.data_json,
    )


def _logs(logs: LogColumns) -> pb.LogBlock:
    return pb.LogBlock(
        times_unix_us=_bytes(logs.times_us, "<i8"),
        levels=logs.levels.tobytes(),
        services=logs.services,
        messages=logs.messages,
        trace_ids=logs.trace_ids,
        attributes_json=logs.attributes_json,
        span_ids=logs.span_ids,
    )


def _heartbeats(beats: HeartbeatColumns) -> pb.HeartbeatBlock:
    return pb.HeartbeatBlock(
        times_unix_us=_bytes(beats.times_us, "<i8"),
        services=beats.services,
        statuses=beats.statuses,
        kinds=beats.kinds,
        request_counts=_bytes(beats.request_counts, "<f8"),
        error_counts=_bytes(beats.error_counts, "<f8"),
        avg_latencies_ms=_bytes(beats.avg_latencies_ms, "<f8"),
        uptimes_hours=_bytes(beats.uptimes_hours, "<f8"),
    )


def _warnings(warnings: WarningColumns) -> pb.WarningBlock:
    return pb.WarningBlock(
        kinds=warnings.kinds,
        fields=warnings.fields,
        reasons=warnings.reasons,
        descriptions=warnings.descriptions,
        sources=warnings.sources,
        samples=warnings.samples,
        counts=_bytes(warnings.counts, "<u8"),
        first_times_unix_us=_bytes(warnings.first_times_us, "<i8"),
        last_times_unix_us=_bytes(warnings.last_times_us, "<i8"),
    )
