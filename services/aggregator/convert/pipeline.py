"""The pipeline as messages."""

from collections.abc import Mapping

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import pipeline_service_pb2 as pb
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.reports import at_second
from services.aggregator.domain.intake.flow import KINDS, Flow
from services.aggregator.domain.ranges.ranges import MICRO
from services.aggregator.domain.reports.pipeline import FORWARD_LAG, JOURNAL_BYTES, UNCOMMITTED, PipelineReport
from services.aggregator.ports.gauges import Gauge
from services.aggregator.ports.pipeline import TableState
from services.core.conventions import MINUTE

_MS = 1_000.0


def report(found: PipelineReport) -> pb.GetPipelineResponse:
    """All of it."""
    flow, state = found.flow, found.state
    return pb.GetPipelineResponse(
        start_time=_time(flow.since),
        end_time=_time(flow.until),
        flows=_flows(flow),
        refusals=[pb.Refusal(kind=one.kind, reason=one.reason, count=one.count) for one in found.refused],
        repeated_requests=flow.repeated,
        lag=_lag(flow),
        journals=_journals(found),
        rollups=[
            pb.PendingRollups(bucket_seconds=one.seconds, buckets=one.buckets, oldest_time=at_second(one.oldest))
            for one in found.outdated
        ],
        tables=[_table(one) for one in state.tables],
        alone=state.alone,
        running_merges=state.running_merges,
        free_bytes=state.free_bytes,
        collectors=[_collector(name, told) for name, told in sorted(found.collectors.items())],
        uncounted_time=_time(found.uncounted_at) if found.uncounted_at else None,
    )


def _time(seconds: float) -> Timestamp:
    return timestamp(int(seconds * MICRO))


def _flows(flow: Flow) -> list[pb.Flow]:
    seconds = max(flow.until - flow.since, 1e-3)
    minute = min(seconds, float(MINUTE))
    return [
        pb.Flow(
            kind=kind,
            rows=flow.rows[kind],
            rows_per_second=flow.rows[kind] / seconds,
            rows_per_second_last_minute=flow.rows_last_minute[kind] / minute,
        )
        for kind in KINDS
    ]


def _lag(flow: Flow) -> pb.Lag | None:
    lag = flow.lag
    if lag is None:
        return None
    return pb.Lag(
        count=lag.count,
        average_seconds=lag.average_ms / _MS,
        p50_seconds=lag.p50_ms / _MS,
        p95_seconds=lag.p95_ms / _MS,
        p99_seconds=lag.p99_ms / _MS,
        max_seconds=flow.longest_ms / _MS,
    )


def _journals(found: PipelineReport) -> list[pb.JournalState]:
    names = sorted({*found.flow.journals, *found.connected})
    return [_journal(name, found) for name in names]


def _journal(name: str, found: PipelineReport) -> pb.JournalState:
    flow, waiting = found.flow.journals.get(name), found.waiting.get(name)
    return pb.JournalState(
        journal_id=name,
        connected=name in found.connected,
        stored_time=timestamp(flow.newest_us) if flow else None,
        stored_requests=flow.requests if flow else 0,
        waiting_requests=waiting.requests if waiting else None,
        waiting_bytes=waiting.bytes if waiting else None,
    )


def _table(found: TableState) -> pb.TableState:
    return pb.TableState(table=found.table, rows=found.rows, bytes=found.bytes, parts=found.parts)


def _collector(instance: str, told: Mapping[str, Gauge]) -> pb.CollectorState:
    values = {name: gauge.value for name, gauge in told.items()}
    return pb.CollectorState(
        instance=instance,
        journal_bytes=values.get(JOURNAL_BYTES),
        uncommitted_records=values.get(UNCOMMITTED),
        lag_seconds=values.get(FORWARD_LAG),
        seen_time=timestamp(max(gauge.time_ms for gauge in told.values()) * 1_000),
    )
