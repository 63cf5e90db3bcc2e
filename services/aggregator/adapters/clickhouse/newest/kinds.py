"""Events, log lines and what is seldom, of which the newest are listed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.adapters.clickhouse.newest.newest_rows import Listed
from services.aggregator.ports.logs import StoredLine
from services.aggregator.ports.records import Longs, Record
from services.aggregator.ports.store import StoredEvent
from services.aggregator.ports.warnings import IntakeWarning, StoredWarning
from services.core.conventions import CHANGE_EVENTS, NOTIFICATION_EVENT
from services.core.records import AuditRecord

# What is seldom is sought among all events: of those before, the store is asked.
_SELDOM_SECONDS = 2 * 86_400


def _events(journal_id: str, record: Record, numbers: Sequence[int]) -> Iterable[StoredEvent]:
    events = record.events
    if events is not None:
        for number in numbers:
            yield StoredEvent(
                int(events.times_us[number]),
                record.accepted_us,
                events.types[number],
                events.services[number],
                events.user_ids[number],
                events.session_ids[number],
                events.data_json[number],
                (journal_id, record.offset, number),
            )


def _event_times(record: Record) -> Longs | None:
    return None if record.events is None else record.events.times_us


def _lines(journal_id: str, record: Record, numbers: Sequence[int]) -> Iterable[StoredLine]:
    logs = record.logs
    if logs is not None:
        for number in numbers:
            yield StoredLine(
                (int(logs.times_us[number]), journal_id, record.offset, number),
                int(logs.levels[number]),
                logs.services[number],
                logs.messages[number],
                logs.trace_ids[number],
                logs.span_ids[number] if logs.span_ids else "",
                logs.attributes_json[number],
            )


def _line_times(record: Record) -> Longs | None:
    return None if record.logs is None else record.logs.times_us


def _warnings(journal_id: str, record: Record, numbers: Sequence[int]) -> Iterable[StoredWarning]:
    block = record.warnings
    if block is not None:
        for number in numbers:
            yield StoredWarning(
                IntakeWarning(
                    block.kinds[number],
                    block.fields[number],
                    block.reasons[number],
                    block.descriptions[number],
                    block.sources[number],
                    block.samples[number],
                    int(block.counts[number]),
                    int(block.first_times_us[number]),
                    int(block.last_times_us[number]),
                ),
                (journal_id, record.offset, number),
            )


def _warning_times(record: Record) -> Longs | None:
    return None if record.warnings is None else record.warnings.last_times_us


def _audited(journal_id: str, record: Record, numbers: Sequence[int]) -> Iterable[AuditRecord]:
    for number in numbers:
        yield replace(record.audit[number], tenant=record.tenant, place=(journal_id, record.offset, number))


def _audit_times(record: Record) -> Longs | None:
    return np.array([each.time_us for each in record.audit], np.int64) if record.audit else None


EVENTS: Listed[StoredEvent] = Listed(
    lambda tenant: TenantQuery(tenant, "events", reading.EVENT_COLUMNS),
    reading.event,
    _event_times,
    _events,
    lambda event: (event.time_us, *event.place),
    lambda event: len(event.data_json),
)
LINES: Listed[StoredLine] = Listed(
    lambda tenant: TenantQuery(tenant, "logs", reading.LOG_COLUMNS),
    reading.line,
    _line_times,
    _lines,
    lambda line: line.position,
    lambda line: len(line.message) + len(line.attributes_json),
)


def _seldom(types: Sequence[str]) -> Listed[StoredEvent]:
    """Events of types that are rare among all of them."""
    rare = frozenset(types)

    def times_us(record: Record) -> Longs | None:
        """Times of all its events, before everything those of other types."""
        events = record.events
        if events is None or rare.isdisjoint(events.types):
            return None
        return np.where([kind in rare for kind in events.types], events.times_us, np.iinfo(np.int64).min)

    return replace(
        EVENTS,
        query=lambda tenant: TenantQuery(
            tenant, "events", reading.EVENT_COLUMNS, ("type IN {kinds:Array(String)}",), {"kinds": list(types)}
        ),
        times_us=times_us,
        lookbacks=(_SELDOM_SECONDS,),
    )


CHANGES, NOTIFICATIONS = _seldom(CHANGE_EVENTS), _seldom((NOTIFICATION_EVENT,))
AUDIT: Listed[AuditRecord] = Listed(
    lambda tenant: TenantQuery(tenant, "audit", reading.AUDIT_COLUMNS),
    reading.audit_record,
    _audit_times,
    _audited,
    lambda record: (record.time_us, *record.place),
    lambda record: len(record.payload),
    lookbacks=(None,),
)
WARNINGS: Listed[StoredWarning] = Listed(
    lambda tenant: TenantQuery(tenant, "intake_warnings", reading.WARNING_COLUMNS),
    reading.warning,
    _warning_times,
    _warnings,
    lambda stored: (stored.warning.last_us, *stored.place),
    lambda stored: len(stored.warning.sample) + len(stored.warning.description),
)
