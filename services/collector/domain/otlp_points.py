"""What of the points and spans of one request keeps the rules."""

import re
from typing import Any

import numpy as np

from services.collector.domain import evidence, rules
from services.collector.domain.columns import Mask, SampleColumns
from services.collector.domain.inspection import FIRST, NONE_REFUSED, Inspection, Refused, undecodable_tallies
from services.collector.domain.intake import Intake, Outcome
from services.collector.domain.refusals import Tally
from services.collector.domain.request_series import RequestSeries
from services.collector.domain.telemetry import NumberColumns, Placed, SpansDraft
from services.core.columns import ExemplarColumns, SpanColumns, taken
from services.core.conventions import STALE_BITS

NANO = 1_000_000_000
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
PARENT_ID = re.compile(r"(?:[0-9a-f]{16})?")
MAX_NAME = 1_000
LAST_KIND = 5
LAST_STATUS = 2


class Verdicts:
    """What became of the parts of one request."""

    def __init__(self, first: Outcome) -> None:
        self._outcomes = [first]
        self._tallies: list[Tally] = []

    def add(self, rows: int, found: Inspection, witness: evidence.Witness) -> None:
        """Add what was found of the rows of one kind."""
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


def kept_numbers(
    numbers: NumberColumns, series: RequestSeries, moment: rules.Moment, parts: Verdicts
) -> SampleColumns | None:
    """The samples that keep the rules, with their identities; None when there is none."""
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


def kept_distributions(placed: Placed[Any] | None, series: RequestSeries, moment: rules.Moment, parts: Verdicts) -> Any:
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


def kept_exemplars(placed: Placed[ExemplarColumns] | None, series: RequestSeries, moment: rules.Moment) -> Any:
    """Exemplars add to points that count: what is wrong with one is not worth a refusal."""
    if placed is None:
        return None
    found = Inspection(len(placed.metrics), lambda row, _field: placed.metrics[row])
    series.judge(found, placed.places, placed.metrics.__getitem__)
    found.faults(~np.isfinite(placed.columns.values), "value", "must be finite")
    found.times(placed.columns.times_ns, moment.now, moment.skew_seconds, NANO)
    return _resolved(placed, series, found.keep)


def _resolved(placed: Placed[Any], series: RequestSeries, keep: Mask | None) -> Any:
    columns, places = placed.columns, placed.places
    if keep is not None:
        columns, places = taken(columns, keep), places[keep]
    if not len(places):
        return None
    columns.series_ids[:] = series.resolve(columns.series_ids, places)
    return columns


def spans_witness(spans: SpanColumns) -> evidence.Witness:
    """Tells service and name of a span."""
    return lambda row: evidence.Evidence(evidence.cut(spans.services[row]), evidence.cut(f'span "{spans.names[row]}"'))


def inspect_spans(draft: SpansDraft, moment: rules.Moment) -> Inspection:
    """Which spans break a rule."""
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
