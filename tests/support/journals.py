"""Records as a collector would journal them, and segments of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from binnacle.journal.v1 import journal_pb2
from services.aggregator.convert.journal import record_from
from services.aggregator.domain.intake.durations import Durations
from services.aggregator.domain.intake.rollups import disturbed_minutes
from services.aggregator.domain.intake.series_roles import SeriesRoles
from services.aggregator.domain.intake.signals import signals_by_tenant
from services.aggregator.ports.records import Record
from services.aggregator.ports.store import Segment

NOW = 1_800_000_000.0
JOURNAL = "00000000000000aa"

Event = Mapping[str, Any]
SeriesKey = tuple[int, str, Mapping[str, str]]
Sample = tuple[int, float, float]


def record(
    *,
    tenant: str = "default",
    accepted: float = NOW,
    events: Sequence[Event] = (),
    heartbeats: Sequence[Event] = (),
    logs: Sequence[Event] = (),
    series: Sequence[SeriesKey] = (),
    samples: Sequence[Sample] = (),
    kind: int = 0,
    batch: str = "",
) -> journal_pb2.Record:
    """A record; times in seconds since the Unix epoch.

    Events: type, and where given service, user, session, time, data. Heartbeats: service, and where given status, kind,
    time, requests, errors, latency, uptime. Logs: message, and where given service, time, level, trace, span,
    attributes. Samples: series id, time, value. `batch` names the request.
    """
    made = journal_pb2.Record(tenant=tenant, accepted_time_unix_us=_micros(accepted), batch_id=batch)
    for identity, name, labels in series:
        made.series.add(id=identity, definition={"name": name, "labels": dict(labels), "kind": kind})
    if events:
        _fill_events(made.events, events, accepted)
    if heartbeats:
        _fill_heartbeats(made.heartbeats, heartbeats, accepted)
    if logs:
        _fill_logs(made.logs, logs, accepted)
    if samples:
        made.samples.series_ids = np.array([each[0] for each in samples], "<u8").tobytes()
        made.samples.times_unix_ms = np.array([round(each[1] * 1e3) for each in samples], "<i8").tobytes()
        made.samples.values = np.array([each[2] for each in samples], "<f8").tobytes()
    return made


def imported_hours(made: journal_pb2.Record, series: int, hours: Sequence[int]) -> journal_pb2.Record:
    """The record with sums of an import in it: in the hour of place `n` two samples, 0 and `n`, the newest `n`."""
    block, size = made.rollups, len(hours)
    block.series_ids, block.tiers = np.full(size, series, "<u8").tobytes(), np.full(size, 3_600, "<u4").tobytes()
    block.buckets_unix_s, block.counts = np.array(hours, "<i8").tobytes(), np.full(size, 2, "<u8").tobytes()
    block.mins = np.zeros(size, "<f8").tobytes()
    block.sums = block.maxs = block.lasts = np.arange(size, dtype="<f8").tobytes()
    block.last_times_unix_ms = (np.array(hours, "<i8") * 1_000).tobytes()
    return made


def _micros(seconds: float) -> int:
    return round(seconds * 1e6)


def _times(rows: Sequence[Event], otherwise: float) -> bytes:
    return np.array([_micros(row.get("time", otherwise)) for row in rows], "<i8").tobytes()


def _fill_events(block: journal_pb2.EventBlock, rows: Sequence[Event], accepted: float) -> None:
    block.times_unix_us = _times(rows, accepted)
    block.types.extend(row["type"] for row in rows)
    block.services.extend(row.get("service", "") for row in rows)
    block.user_ids.extend(row.get("user", "") for row in rows)
    block.session_ids.extend(row.get("session", "") for row in rows)
    block.data_json.extend(json.dumps(row.get("data", {})) for row in rows)


def _fill_heartbeats(block: journal_pb2.HeartbeatBlock, rows: Sequence[Event], accepted: float) -> None:
    def figures(name: str) -> bytes:
        return np.array([row.get(name, float("nan")) for row in rows], "<f8").tobytes()

    block.times_unix_us = _times(rows, accepted)
    block.services.extend(row["service"] for row in rows)
    block.statuses.extend(row.get("status", "healthy") for row in rows)
    block.kinds.extend(row.get("kind", "service") for row in rows)
    block.request_counts, block.error_counts = figures("requests"), figures("errors")
    block.avg_latencies_ms, block.uptimes_hours = figures("latency"), figures("uptime")


def _fill_logs(block: journal_pb2.LogBlock, rows: Sequence[Event], accepted: float) -> None:
    block.times_unix_us = _times(rows, accepted)
    block.levels = np.array([row.get("level", 2) for row in rows], np.uint8).tobytes()
    block.services.extend(row.get("service", "") for row in rows)
    block.messages.extend(row["message"] for row in rows)
    block.trace_ids.extend(row.get("trace", "") for row in rows)
    # As collectors do: left out where no line has one.
    if any("span" in row for row in rows):
        block.span_ids.extend(row.get("span", "") for row in rows)
    block.attributes_json.extend(json.dumps(row.get("attributes", {})) for row in rows)


def read(first_offset: int, records: Sequence[journal_pb2.Record]) -> list[Record]:
    """The records as the aggregator reads them."""
    return [record_from(offset, each.SerializeToString()) for offset, each in enumerate(records, first_offset)]


def segment(*records: journal_pb2.Record, first_offset: int = 0, journal_id: str = JOURNAL) -> Segment:
    """Records as one sealed segment."""
    taken = read(first_offset, records)
    roles: dict[str, SeriesRoles] = {}
    for each in taken:
        roles.setdefault(each.tenant, SeriesRoles()).learn(each.series)
    end = first_offset + len(taken)
    # What an intake does when it feeds the records: running totals are told by what they add.
    durations: dict[str, Durations] = {}
    for each in taken:
        durations.setdefault(each.tenant, Durations()).feed(journal_id, each, roles[each.tenant])
    pending = {offset: added for known in durations.values() for offset, added in known.pending(journal_id).items()}
    signals = signals_by_tenant(taken, roles, pending)
    return Segment(journal_id, first_offset, end, taken, signals, minutes=disturbed_minutes(taken))
