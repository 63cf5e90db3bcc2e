"""From decoded OTLP to an acknowledgement. A point that breaks a rule never loses its neighbours."""

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from services.collector.domain import evidence, rules
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
from services.collector.domain.inspection import FIRST, NONE_REFUSED, Inspection, Refused, undecodable_tallies
from services.collector.domain.intake import Draft, Intake, Outcome
from services.collector.domain.places import Places
from services.collector.domain.refusals import Tally
from services.collector.domain.series import SeriesRegistry
from services.collector.domain.telemetry import MetricsDraft, NumberColumns, Placed, SpansDraft
from services.collector.ports import Meter
from services.core.columns import NO_TELEMETRY, ExemplarColumns, SpanColumns, Telemetry, taken
from services.core.conventions import STALE_BITS

NANO = 1_000_000_000
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
PARENT_ID = re.compile(r"(?:[0-9a-f]{16})?")
MAX_NAME = 1_000
LAST_KIND = 5
LAST_STATUS = 2
# Characters of one record, far below what a record may have in bytes; and of what every row takes beside its texts.
PORTION = 1_500_000
ROW = 200


class _Series:
    """The series of one request: an identity for each definition, 0 for one that breaks a rule."""

    def __init__(
        self, intake: Intake, registry: SeriesRegistry, tenant: str, definitions: Sequence[SeriesDefinition]
    ) -> None:
        moment = intake.moment(tenant)
        self._intake = intake
        self._tenant = tenant
        self._definitions = definitions
        self._faults: dict[int, tuple[str, str]] = {}
        self.ids: Ids = np.zeros(len(definitions), np.uint64)
        self._used: Mask = np.zeros(len(definitions), np.bool_)
        for place, definition in enumerate(definitions):
            fault = rules.definition_fault(definition, str, EVERY_KIND, moment)
            if fault is None:
                self.ids[place] = registry.identify(tenant, definition)
            else:
                self._faults[place] = fault

    def limit(self, found: Inspection, series_ids: Ids, places: Rows, metric: Callable[[int], str]) -> None:
        """Report the rows whose series would be one active series too many; to be asked when all else is judged."""
        over = self._intake.without_room(self._tenant, self._identified(series_ids, places), found.keep)
        if over is not None:
            rule = self._intake.admission.series_rule(self._tenant)
            found.faults_by(over, lambda row: (metric(row), rule), "active_series")

    def witness(self, places: Rows) -> evidence.Witness:
        """Tells the series of a row."""

        def told(row: int) -> evidence.Evidence:
            place = int(places[row])
            return evidence.of_definition(self._definitions[place]) if place >= 0 else evidence.NONE

        return told

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
        self._used[places[places >= 0]] = True
        return self._identified(series_ids, places)

    def _identified(self, series_ids: Ids, places: Rows) -> Ids:
        fresh = places >= 0
        if not fresh.any():
            return series_ids
        found = series_ids.copy()
        found[fresh] = self.ids[places[fresh]]
        return found

    def entries(self) -> list[tuple[int, SeriesDefinition]]:
        """The series of the rows that were kept."""
        return [(int(self.ids[place]), self._definitions[place]) for place in np.flatnonzero(self._used).tolist()]

    def durable(self) -> Ids:
        """An identity for each definition that was kept, else 0."""
        return np.where(self._used, self.ids, np.uint64(0))


class _Verdicts:
    """What became of the parts of one request."""

    def __init__(self, first: Outcome) -> None:
        self._outcomes = [first]
        self._tallies: list[Tally] = []

    def add(self, rows: int, found: Inspection, witness: evidence.Witness) -> None:
        refused = found.refused()
        self._outcomes.append(Outcome(rows - refused.count, refused))
        if refused.count:
            self._tallies += found.tallies(witness)

    def note(self, intake: Intake, tenant: str) -> None:
        """Count what was refused."""
        undecodable = self._outcomes[0].refused
        if self._tallies or undecodable.count:
            intake.admission.refusals.note(tenant, "samples", [*self._tallies, *undecodable_tallies(undecodable)])

    def together(self) -> Outcome:
        """The outcome of the whole request."""
        first = [violation for part in self._outcomes for violation in part.refused.first][:FIRST]
        count = sum(part.refused.count for part in self._outcomes)
        refused = Refused(count, tuple(first)) if count else NONE_REFUSED
        return Outcome(sum(part.accepted for part in self._outcomes), refused)


class OtlpIntake:
    """Takes in metrics and traces of any tenant. Returns when what was accepted is durable.

    Nothing but refused points is no error: the outcome says so. Raises Overloaded, Unavailable and, for a request that
    is too large once decoded, InvalidInput as Intake does.
    """

    def __init__(self, intake: Intake, registry: SeriesRegistry, meter: Meter) -> None:
        self._intake = intake
        self._registry = registry
        self._meter = meter

    async def metrics(self, tenant: str, draft: MetricsDraft, batch_id: str = "") -> Outcome:
        """Take metrics."""
        if (known := self._intake.recall(tenant, batch_id)) is not None:
            return await known.answer()
        moment = self._intake.moment(tenant)
        self._intake.admission.points(tenant, _points(draft), "resource_metrics")
        series = _Series(self._intake, self._registry, tenant, draft.definitions)
        parts = _Verdicts(Outcome(draft.unrecorded, draft.undecodable))
        samples = _numbers(draft.numbers, series, moment, parts)
        telemetry = Telemetry(
            _distributions(draft.histograms, series, moment, parts),
            _distributions(draft.exponential_histograms, series, moment, parts),
            _distributions(draft.summaries, series, moment, parts),
            _exemplars(draft.exemplars, series, moment),
        )
        parts.note(self._intake, tenant)
        outcome = parts.together()
        self._meter.taken("samples", outcome.accepted, outcome.refused.count)
        if samples is None and telemetry == NO_TELEMETRY:
            return outcome
        fresh = self._registry.unannounced(tenant, series.entries())
        accepted_us = int(moment.now * 1e6)
        *before, last = portions([_size(definition) for _identity, definition in fresh]) or [slice(0, 0)]
        for portion in before:  # Series may be told at any time before their samples.
            await self._intake.keep(outcome, Accepted(tenant, accepted_us, fresh[portion]))
        accepted = Accepted(tenant, accepted_us, fresh[last], samples, batch_id=batch_id, telemetry=telemetry)
        await self._intake.keep(outcome, accepted)
        draft.learn(series.durable())
        return outcome

    async def logs(self, tenant: str, draft: Draft[LogColumns, Places], batch_id: str = "") -> Outcome:
        """Take log lines, at least one."""
        if (known := self._intake.recall(tenant, batch_id)) is not None:
            return await known.answer()
        moment = self._intake.moment(tenant)
        self._intake.admission.points(tenant, len(draft.columns), "resource_logs")
        found = rules.inspect_logs(draft.columns, draft.places, moment)
        for row, field, description in draft.faults:
            found.fault(row, field, description)
        refused = found.refused()
        outcome = Outcome(len(draft.columns) - refused.count, refused)
        self._meter.taken("logs", outcome.accepted, refused.count)
        if refused.count:
            self._intake.admission.refusals.note(tenant, "logs", found.tallies(evidence.of_logs(draft.columns)))
        if outcome.accepted:
            kept = draft.columns if found.keep is None else draft.columns.take(found.keep)
            texts = zip(kept.messages, kept.attributes_json, strict=True)
            for portion, name in _named(portions([sum(map(len, text)) for text in texts]), batch_id):
                part = kept.take(_only(portion, len(kept)))
                accepted = Accepted(tenant, int(moment.now * 1e6), logs=part, batch_id=name)
                await self._intake.keep(outcome, accepted)
        return outcome

    async def spans(self, tenant: str, draft: SpansDraft, batch_id: str = "") -> Outcome:
        """Take spans."""
        if (known := self._intake.recall(tenant, batch_id)) is not None:
            return await known.answer()
        moment = self._intake.moment(tenant)
        self._intake.admission.points(tenant, len(draft.columns.names), "resource_spans")
        found = _inspect_spans(draft, moment)
        refused = found.refused()
        outcome = Outcome(len(draft.columns.names) - refused.count, refused)
        self._meter.taken("spans", outcome.accepted, refused.count)
        if refused.count:
            self._intake.admission.refusals.note(tenant, "spans", found.tallies(_of_spans(draft.columns)))
        if outcome.accepted:
            kept = draft.columns if found.keep is None else taken(draft.columns, found.keep)
            texts = zip(kept.names, kept.attributes_json, kept.events_json, kept.links_json, strict=True)
            for portion, name in _named(portions([sum(map(len, text)) for text in texts]), batch_id):
                part = Telemetry(spans=taken(kept, _only(portion, len(kept.names))))
                accepted = Accepted(tenant, int(moment.now * 1e6), telemetry=part, batch_id=name)
                await self._intake.keep(outcome, accepted)
        return outcome


def portions(sizes: Sequence[int]) -> list[slice]:
    """Rows in parts that each fit a record, by the characters of each row."""
    found, start, held = [], 0, 0
    for row, size in enumerate(sizes):
        if row > start and held + size > PORTION:
            found.append(slice(start, row))
            start, held = row, 0
        held += size + ROW
    return [*found, slice(start, len(sizes))] if sizes else []


def _named(parts: Sequence[slice], batch_id: str) -> Iterator[tuple[slice, str]]:
    """Each part with a name of its own, the last with the request's: who knows that one knows that all are durable."""
    for number, part in enumerate(parts, start=1):
        last = number == len(parts) or not batch_id
        yield part, batch_id if last else blake2b(f"{number} {batch_id}".encode(), digest_size=24).hexdigest()


def _only(portion: slice, rows: int) -> Mask:
    mask = np.zeros(rows, np.bool_)
    mask[portion] = True
    return mask


def _size(definition: SeriesDefinition) -> int:
    return len(definition.name) + sum(len(name) + len(value) for name, value in definition.labels)


def _numbers(numbers: NumberColumns, series: _Series, moment: rules.Moment, parts: _Verdicts) -> SampleColumns | None:
    if not len(numbers):
        return None
    found = Inspection(len(numbers), lambda row, field: f"{numbers.metric(row)}.{field}")
    series.judge(found, numbers.places, numbers.metric)
    ends = numbers.values.view(np.uint64) == STALE_BITS
    found.faults(~np.isfinite(numbers.values) & ~ends, "value", "must be finite")
    found.times(numbers.times_ms, moment.now, moment.skew_seconds, 1_000)
    series.limit(found, numbers.series_ids, numbers.places, numbers.metric)
    parts.add(len(numbers), found, series.witness(numbers.places))
    keep = found.keep
    if keep is None:
        return SampleColumns(series.resolve(numbers.series_ids, numbers.places), numbers.times_ms, numbers.values)
    if not keep.any():
        return None
    ids = series.resolve(numbers.series_ids[keep], numbers.places[keep])
    return SampleColumns(ids, numbers.times_ms[keep], numbers.values[keep])


def _distributions(placed: Placed[Any] | None, series: _Series, moment: rules.Moment, parts: _Verdicts) -> Any:
    """The rows that keep the rules, with their identities; None when there is none."""
    if placed is None:
        return None
    found = Inspection(len(placed.metrics), lambda row, field: f"{placed.metrics[row]}{field and '.'}{field}")
    for row, description in placed.faults:
        found.fault(row, "", description)
    series.judge(found, placed.places, placed.metrics.__getitem__)
    found.times(placed.columns.times_ns, moment.now, moment.skew_seconds, NANO)
    series.limit(found, placed.columns.series_ids, placed.places, placed.metrics.__getitem__)
    parts.add(len(placed.metrics), found, series.witness(placed.places))
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


def _points(draft: MetricsDraft) -> int:
    placed = (draft.histograms, draft.exponential_histograms, draft.summaries)
    lists = sum(len(part.metrics) for part in placed if part is not None)
    return len(draft.numbers) + lists + draft.unrecorded + draft.undecodable.count


def _of_spans(spans: SpanColumns) -> evidence.Witness:
    return lambda row: evidence.Evidence(evidence.cut(spans.services[row]), evidence.cut(f'span "{spans.names[row]}"'))


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
