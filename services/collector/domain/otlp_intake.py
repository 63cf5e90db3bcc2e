"""From decoded OTLP to an acknowledgement. A point that breaks a rule never loses its neighbours."""

from services.collector.domain import evidence, rules
from services.collector.domain.columns import Accepted, LogColumns, SeriesDefinition
from services.collector.domain.intake import Draft, Intake, Outcome
from services.collector.domain.otlp_points import (
    Verdicts,
    inspect_spans,
    kept_distributions,
    kept_exemplars,
    kept_numbers,
    spans_witness,
)
from services.collector.domain.places import Places
from services.collector.domain.portions import named, only, portions
from services.collector.domain.request_series import RequestSeries
from services.collector.domain.series import SeriesRegistry
from services.collector.domain.telemetry import MetricsDraft, SpansDraft
from services.collector.ports import Meter
from services.core.columns import NO_TELEMETRY, Telemetry, taken


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
        series = RequestSeries(self._intake, self._registry, tenant, draft.definitions)
        parts = Verdicts(Outcome(draft.unrecorded, draft.undecodable))
        samples = kept_numbers(draft.numbers, series, moment, parts)
        telemetry = Telemetry(
            kept_distributions(draft.histograms, series, moment, parts),
            kept_distributions(draft.exponential_histograms, series, moment, parts),
            kept_distributions(draft.summaries, series, moment, parts),
            kept_exemplars(draft.exemplars, series, moment),
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
            for portion, name in named(portions([sum(map(len, text)) for text in texts]), batch_id):
                part = kept.take(only(portion, len(kept)))
                accepted = Accepted(tenant, int(moment.now * 1e6), logs=part, batch_id=name)
                await self._intake.keep(outcome, accepted)
        return outcome

    async def spans(self, tenant: str, draft: SpansDraft, batch_id: str = "") -> Outcome:
        """Take spans."""
        if (known := self._intake.recall(tenant, batch_id)) is not None:
            return await known.answer()
        moment = self._intake.moment(tenant)
        self._intake.admission.points(tenant, len(draft.columns.names), "resource_spans")
        found = inspect_spans(draft, moment)
        refused = found.refused()
        outcome = Outcome(len(draft.columns.names) - refused.count, refused)
        self._meter.taken("spans", outcome.accepted, refused.count)
        if refused.count:
            self._intake.admission.refusals.note(tenant, "spans", found.tallies(spans_witness(draft.columns)))
        if outcome.accepted:
            kept = draft.columns if found.keep is None else taken(draft.columns, found.keep)
            texts = zip(kept.names, kept.attributes_json, kept.events_json, kept.links_json, strict=True)
            for portion, name in named(portions([sum(map(len, text)) for text in texts]), batch_id):
                part = Telemetry(spans=taken(kept, only(portion, len(kept.names))))
                accepted = Accepted(tenant, int(moment.now * 1e6), telemetry=part, batch_id=name)
                await self._intake.keep(outcome, accepted)
        return outcome


def _size(definition: SeriesDefinition) -> int:
    return len(definition.name) + sum(len(name) + len(value) for name, value in definition.labels)


def _points(draft: MetricsDraft) -> int:
    placed = (draft.histograms, draft.exponential_histograms, draft.summaries)
    lists = sum(len(part.metrics) for part in placed if part is not None)
    return len(draft.numbers) + lists + draft.unrecorded + draft.undecodable.count
