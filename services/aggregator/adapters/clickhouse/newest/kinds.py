"""Events and log lines, of which the newest are listed."""

from collections.abc import Iterable, Sequence

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.adapters.clickhouse.newest.newest_rows import Listed
from services.aggregator.ports.logs import StoredLine
from services.aggregator.ports.records import Longs, Record
from services.aggregator.ports.store import StoredEvent


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
