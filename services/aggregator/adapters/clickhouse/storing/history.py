"""Reads what a live overview is rebuilt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from services.aggregator.adapters.clickhouse.engine.engines import Engine, Row
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, TenantTable
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.storing.places import add_segments
from services.aggregator.adapters.clickhouse.storing.telemetry_history import newest_durations
from services.aggregator.ports.records import Series
from services.aggregator.ports.signals import SignalColumns
from services.aggregator.ports.store import (
    DayTotals,
    HistoryBounds,
    LastSample,
    LiveHistory,
    StoredEvent,
    StoredHeartbeat,
)
from services.aggregator.ports.tails import Stretch

_FROM = "fromUnixTimestamp64Micro({from_us:Int64})"
# What is stamped ahead of its acceptance counts as of its acceptance.
_SEEN = "least(time, accepted)"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Which rows of tables with places: those of committed segments, or those that `found` says."""

    engine: Engine
    tenant: str
    found: Conditions | None = None

    def ask(
        self,
        table: TenantTable,
        columns: tuple[str, ...],
        where: tuple[str, ...],
        parameters: Mapping[str, Any],
        group_by: str = "",
        order_by: str = "",
        limit: int | None = None,
    ) -> list[Row]:
        """The answer to a question about them."""
        among = self.found or Conditions()
        query = TenantQuery(
            self.tenant,
            table,
            columns,
            (*where, *among.where),
            {**parameters, **among.parameters},
            group_by,
            order_by=order_by,
            limit=limit,
            committed=self.found is None,
        )
        return self.engine.query(query.statement())


def read_part(engine: Engine, tenant: str, bounds: HistoryBounds, stretches: Sequence[Stretch]) -> LiveHistory:
    """See ports/others.py."""
    found = Conditions()
    add_segments(found, stretches)
    return _history(_Rows(engine, tenant, found), bounds)


def read_history(engine: Engine, tenant: str, bounds: HistoryBounds) -> LiveHistory:
    """See ports/store.py."""
    history = _history(_Rows(engine, tenant), bounds)
    ids = [one.id for one in history.series if one.name in bounds.duration_names]
    return replace(history, durations=newest_durations(engine, tenant, ids, bounds.durations_from_us))


def _history(rows: _Rows, bounds: HistoryBounds) -> LiveHistory:
    engine, tenant = rows.engine, rows.tenant
    series = _series(engine, tenant, bounds.names)
    return LiveHistory(
        tenant=tenant,
        series=series,
        signals=_signals(rows, bounds.signals_from_us),
        days=_days(rows, bounds.day_from_us),
        users=_users(rows, bounds.users_from_us),
        events=_events(rows, bounds),
        heartbeats=_heartbeats(rows, bounds.heartbeats_from_us),
        samples=_samples(
            engine, tenant, [one.id for one in series if one.name in bounds.gauges], bounds.samples_from_us
        ),
    )


def _series(engine: Engine, tenant: str, names: Sequence[str]) -> list[Series]:
    columns = ("id", "any(name)", "any(labels)", "any(kind)", "any(unit)")
    where = ("name IN {names:Array(String)}",)
    query = TenantQuery(tenant, "series", columns, where, {"names": list(names)}, group_by="id")
    return [Series(*row) for row in engine.query(query.statement())]


def _signals(rows: _Rows, from_us: int) -> SignalColumns:
    columns = (
        "toUnixTimestamp(second)",
        "service",
        "endpoint",
        "sum(requests)",
        "sum(errors)",
        "sum(latency_count)",
        "sum(latency_sum_ms)",
        "sumMap(latency_buckets, latency_bucket_counts)",
    )
    within = (f"second >= {_FROM}",)
    found = rows.ask("signals", columns, within, {"from_us": from_us}, group_by="second, service, endpoint")
    return _signal_columns(found)


def _signal_columns(rows: list[Row]) -> SignalColumns:
    if not rows:
        return SignalColumns()
    seconds, services, endpoints, requests, errors, counts, sums, histograms = zip(*rows, strict=True)
    lengths = [len(buckets) for buckets, _counts in histograms]
    return SignalColumns(
        np.array(seconds, np.int64),
        services,
        endpoints,
        np.array(requests, np.float64),
        np.array(errors, np.float64),
        np.array(counts, np.float64),
        np.array(sums, np.float64),
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        np.array([bucket for buckets, _counts in histograms for bucket in buckets], np.uint16),
        np.array([count for _buckets, counts in histograms for count in counts], np.int64),
    )


def _days(rows: _Rows, from_us: int) -> list[DayTotals]:
    columns = ("toRelativeDayNum(second)", "service", "sum(requests)", "sum(errors)")
    by = "toRelativeDayNum(second), service"
    found = rows.ask("signals", columns, (f"second >= {_FROM}",), {"from_us": from_us}, group_by=by)
    return [DayTotals(*row) for row in found]


def _users(rows: _Rows, from_us: int) -> dict[str, int]:
    found = rows.ask(
        "events",
        ("user_id", f"toUnixTimestamp64Micro(max({_SEEN}))"),
        ("user_id != ''", f"time >= {_FROM}", f"accepted >= {_FROM}"),
        {"from_us": from_us},
        group_by="user_id",
    )
    return {user: int(seen) for user, seen in found}


def _events(rows: _Rows, bounds: HistoryBounds) -> list[StoredEvent]:
    found = rows.ask(
        "events",
        reading.EVENT_COLUMNS,
        ("type NOT IN {left_out:Array(String)}", f"time >= {_FROM}", f"accepted >= {_FROM}"),
        {"left_out": list(bounds.event_types_left_out), "from_us": bounds.events_from_us},
        order_by=f"{_SEEN} DESC, journal_id DESC, offset DESC, row DESC",
        limit=bounds.events,
    )
    return [reading.event(row) for row in found]


def _heartbeats(rows: _Rows, from_us: int) -> list[StoredHeartbeat]:
    newest = (f"{_SEEN}", "journal_id", "offset", "row")
    fields = (
        "time",
        "accepted",
        "service",
        "status",
        "kind",
        "request_count",
        "error_count",
        "avg_latency_ms",
        "uptime_hours",
        "journal_id",
        "offset",
        "row",
    )
    found = rows.ask(
        "heartbeats",
        tuple(f"toUnixTimestamp64Micro({name})" if name in ("time", "accepted") else name for name in fields),
        (f"time >= {_FROM}",),
        {"from_us": from_us},
        order_by=", ".join(f"{key} DESC" for key in newest) + " LIMIT 1 BY service, kind",
    )
    return [_heartbeat(row) for row in found]


def _heartbeat(row: Row) -> StoredHeartbeat:
    figures = [float("nan") if figure is None else float(figure) for figure in row[5:9]]
    return StoredHeartbeat(*[*row[:5], *figures, tuple(row[9:])])


def _samples(engine: Engine, tenant: str, ids: Sequence[int], from_us: int) -> list[LastSample]:
    query = TenantQuery(
        tenant,
        "samples_values",
        ("series_id", "toUnixTimestamp64Milli(max(time))", "argMax(value, time)"),
        ("series_id IN {ids:Array(UInt64)}", f"time >= {_FROM}", "NOT isNaN(value)"),
        {"ids": list(ids), "from_us": from_us},
        group_by="series_id",
    )
    return [LastSample(*row) for row in engine.query(query.statement())] if ids else []
