"""From decoded OTLP to an acknowledgement. A point that breaks a rule never loses its neighbours."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from services.collector.domain import rules
from services.collector.domain.columns import (
    EVERY_KIND,
    Accepted,
    Ids,
    LogColumns,
    Mask,
    Rows,
    SampleColumns,
    SeriesDefinition,
)
from services.collector.domain.inspection import FIRST, NONE_REFUSED, Inspection, Refused
from services.collector.domain.intake import Draft, Intake, Outcome
from services.collector.domain.places import Places
from services.collector.domain.series import SeriesRegistry
from services.collector.domain.telemetry import MetricsDraft, NumberColumns, Placed, SpansDraft
from services.collector.ports import Meter
from services.core.columns import NO_TELEMETRY, ExemplarColumns, Telemetry, taken

NANO = 1_000_000_000
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
PARENT_ID = re.compile(r"(?:[0-9a-f]{16})?")
MAX_NAME = 1_000
LAST_KIND = 5
LAST_STATUS = 2


class _Series:
    """The series of one request: an identity for each definition, 0 for one that breaks a rule."""

    def __init__(self, registry: SeriesRegistry, tenant: str, definitions: Sequence[SeriesDefinition]) -> None:
        self._definitions = definitions
        self._faults: dict[int, tuple[str, str]] = {}
        self.ids: Ids = np.zeros(len(definitions), np.uint64)
        self._used: Mask = np.zeros(len(definitions), np.bool_)
        for place, definition in enumerate(definitions):
            fault = rules.definition_fault(definition, str, EVERY_KIND)
            if fault is None:
                self.ids[place] = registry.identify(tenant, definition)
            else:
                self._faults[place] = fault

    def judge(self, found: Inspection, places: Rows, metric: Any) -> None:
        """Report the rows whose series breaks a rule."""
        if not self._faults:
            return

        def describe(row: int) -> tuple[str, str]:
            field, description = self._faults[int(places[row])]
            return f"{metric(row)}.{field}" if field else metric(row), description

        found.faults_by(np.isin(places, list(self._faults)), describe)

    def resolve(self, series_ids: Ids, places: Rows) -> Ids:
        """The identities of rows that are kept."""
        fresh = places >= 0
        if not fresh.any():
            return series_ids
        found = series_ids.copy()
        found[fresh] = self.ids[places[fresh]]
        self._used[places[fresh]] = True
        return found

    def entries(self) -> list[tuple[int, SeriesDefinition]]:
        """The series of the rows that were kept."""
        return [(int(self.ids[place]), self._definitions[place]) for place in np.flatnonzero(self._used).tolist()]

    def durable(self) -> Ids:
        """An identity for each definition that was kept, else 0."""
        return np.where(self._used, self.ids, np.uint64(0))


class OtlpIntake:
    """Takes in metrics and traces of any tenant. Returns when what was accepted is durable.

    Nothing but refused points is no error: the outcome says so. Raises Overloaded, Unavailable and, for a request that
    is too large once decoded, InvalidInput as Intake does.
    """

    def __init__(self, intake: Intake, registry: SeriesRegistry, meter: Meter) -> None:
        self._intake = intake
        self._registry = registry
        self._meter = meter

    async def metrics(self, tenant: str, draft: MetricsDraft) -> Outcome:
        """Take metrics."""
        moment = self._intake.moment(tenant)
        series = _Series(self._registry, tenant, draft.definitions)
        parts: list[Outcome] = [Outcome(draft.unrecorded, draft.undecodable)]
        samples = _numbers(draft.numbers, series, moment, parts)
        telemetry = Telemetry(
            _distributions(draft.histograms, series, moment, parts),
            _distributions(draft.exponential_histograms, series, moment, parts),
            _distributions(draft.summaries, series, moment, parts),
            _exemplars(draft.exemplars, series, moment),
        )
        outcome = _together(parts)
        self._meter.taken("otlp_metrics", outcome.accepted, outcome.refused.count)
        if samples is None and telemetry == NO_TELEMETRY:
            return outcome
        fresh = self._registry.unannounced(tenant, series.entries())
        accepted = Accepted(tenant, int(moment.now * 1e6), series=fresh, samples=samples, telemetry=telemetry)
        await self._intake.keep(outcome, accepted)
        draft.learn(series.durable())
        return outcome

    async def logs(self, tenant: str, draft: Draft[LogColumns, Places]) -> Outcome:
        """Take log lines, at least one."""
        moment = self._intake.moment(tenant)
        found = rules.inspect_logs(draft.columns, draft.places, moment)
        for row, field, description in draft.faults:
            found.fault(row, field, description)
        refused = found.refused()
        outcome = Outcome(len(draft.columns) - refused.count, refused)
        self._meter.taken("logs", outcome.accepted, refused.count)
        if outcome.accepted:
            kept = draft.columns if found.keep is None else draft.columns.take(found.keep)
            await self._intake.keep(outcome, Accepted(tenant, int(moment.now * 1e6), logs=kept))
        return outcome

    async def spans(self, tenant: str, draft: SpansDraft) -> Outcome:
        """Take spans."""
        moment = self._intake.moment(tenant)
        found = _inspect_spans(draft, moment)
        refused = found.refused()
        outcome = Outcome(len(draft.columns.names) - refused.count, refused)
        self._meter.taken("spans", outcome.accepted, refused.count)
        if outcome.accepted:
            kept = draft.columns if found.keep is None else taken(draft.columns, found.keep)
            await self._intake.keep(outcome, Accepted(tenant, int(moment.now * 1e6), telemetry=Telemetry(spans=kept)))
        return outcome


def _together(parts: Sequence[Outcome]) -> Outcome:
    if len(parts) == 1:
        return parts[0]
    first = [violation for part in parts for violation in part.refused.first][:FIRST]
    count = sum(part.refused.count for part in parts)
    return Outcome(sum(part.accepted for part in parts), Refused(count, tuple(first)) if count else NONE_REFUSED)


def _numbers(
    numbers: NumberColumns, series: _Series, moment: rules.Moment, parts: list[Outcome]
) -> SampleColumns | None:
    if not len(numbers):
        return None
    found = Inspection(len(numbers), lambda row, field: f"{numbers.metric(row)}.{field}")
    series.judge(found, numbers.places, numbers.metric)
    found.faults(~np.isfinite(numbers.values), "value", "must be finite")
    found.times(numbers.times_ms, moment.now, moment.skew_seconds, 1_000)
    refused, keep = found.refused(), found.keep
    parts.append(Outcome(len(numbers) - refused.count, refused))
    if keep is None:
        return SampleColumns(series.resolve(numbers.series_ids, numbers.places), numbers.times_ms, numbers.values)
    if not keep.any():
        return None
    ids = series.resolve(numbers.series_ids[keep], numbers.places[keep])
    return SampleColumns(ids, numbers.times_ms[keep], numbers.values[keep])


def _distributions(placed: Placed[Any] | None, series: _Series, moment: rules.Moment, parts: list[Outcome]) -> Any:
    """The rows that keep the rules, with their identities; None when there is none."""
    if placed is None:
        return None
    found = Inspection(len(placed.metrics), lambda row, field: f"{placed.metrics[row]}{field and '.'}{field}")
    for row, description in placed.faults:
        found.fault(row, "", description)
    series.judge(found, placed.places, placed.metrics.__getitem__)
    found.times(placed.columns.times_ns, moment.now, moment.skew_seconds, NANO)
    refused = found.refused()
    parts.append(Outcome(len(placed.metrics) - refused.count, refused))
    return _resolved(placed, series, found.keep)


def _exemplars(placed: Placed[ExemplarColumns] | None, series: _Series, moment: rules.Moment) -> Any:
    """Exemplars add to points that count: what is wrong with one is not worth a refusal."""
    if placed is None:
        return None
    found = Inspection(len(placed.metrics), lambda row, _field: placed.metrics[row])
    series.judge(found, placed.places, placed.metrics.__getitem__)
    found.faults(~np.isfinite(placed.columns.values), "value", "must be finite")
    found.times(placed.columns.times_ns, moment.now, moment.skew_seconds, NANO)
    return _resolved(placed, series, found.keep)


def _resolved(placed: Placed[Any], series: _Series, keep: Mask | None) -> Any:
    columns, places = placed.columns, placed.places
    if keep is not None:
        columns, places = taken(columns, keep), places[keep]
    if not len(places):
        return None
    columns.series_ids[:] = series.resolve(columns.series_ids, places)
    return columns


def _inspect_spans(draft: SpansDraft, moment: rules.Moment) -> Inspection:
    spans = draft.columns
    found = Inspection(len(spans.names), lambda row, field: f"spans[{row}].{field}")
    for row, field, description in draft.faults:
        found.fault(row, field, description)
    found.texts(spans.trace_ids, TRACE_ID.fullmatch, "trace_id", "must be 16 bytes, not all zero")
    found.texts(spans.span_ids, SPAN_ID.fullmatch, "span_id", "must be 8 bytes, not all zero")
    found.texts(spans.parent_span_ids, PARENT_ID.fullmatch, "parent_span_id", "must be 8 bytes or none")
    found.texts(spans.names, rules.longest(MAX_NAME), "name", f"must be at most {MAX_NAME:,} characters")
    found.faults(spans.kinds > LAST_KIND, "kind", "is no kind of the protocol")
    found.faults(spans.statuses > LAST_STATUS, "status", "is no status of the protocol")
    found.faults(spans.durations_ns < 0, "end_time_unix_nano", "must not be before the start")
    found.times(spans.times_ns, moment.now, moment.skew_seconds, NANO)
    return found
