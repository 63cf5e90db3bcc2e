"""From decoded points to an acknowledgement: judge, identify, write to the journal, answer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from services.collector.domain import evidence, rules
from services.collector.domain.admission import Admission
from services.collector.domain.columns import (
    KINDS,
    Accepted,
    Ids,
    LabelledColumns,
    Mask,
    SampleColumns,
    SeriesDefinition,
    WarningColumns,
)
from services.collector.domain.history import PRESENT, Present
from services.collector.domain.inspection import FIRST, NONE_REFUSED, Inspection, PointsRefused, Refused
from services.collector.domain.kinds import Kind, Points
from services.collector.domain.places import ColumnPlaces, LabelledPlaces, Places
from services.collector.domain.repeats import RecentBatches, Remembered
from services.collector.domain.series import SeriesRegistry
from services.collector.ports import Journal, Meter, NewSeries, SeriesList
from services.core.clock import Clock
from services.core.errors import InvalidInput, Violation

# What travels to the aggregator in one message must hold at least one record.
MAX_RECORD_BYTES = 8 * 1024 * 1024
MAX_AUDIT_BYTES = 30 * 1024 * 1024
"""Records of what was done are one or none, however many: all rules of a tenant's files come at once."""

Columns = TypeVar("Columns")
Naming = TypeVar("Naming")

Fault = tuple[int, str, str]
"""Row, field and rule of a point that a decoder could not make sense of."""

Series = Sequence[tuple[int, SeriesDefinition]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request's points."""

    accepted: int
    refused: Refused


NOTHING = Outcome(0, NONE_REFUSED)


@dataclass(frozen=True, slots=True)
class Draft(Generic[Columns, Naming]):
    """Decoded points, not judged yet: `faults` are rows that decoding found bad, `undecodable` points without a row."""

    columns: Columns
    places: Naming
    faults: Sequence[Fault] = ()
    undecodable: Refused = NONE_REFUSED


class Intake:
    """Takes in points of any tenant. Returns when what was accepted is durable.

    All methods raise InvalidInput when nothing could be kept, Overloaded when the journal or the number of series is
    at its limit or the tenant at one of its own, Unavailable when the disk fails. A request that its sender named by a
    `batch_id` gets the answer of the first of this name, and adds nothing.
    """

    def __init__(
        self,
        journal: Journal,
        registry: SeriesRegistry,
        encode: Callable[[Accepted], bytes],
        clock: Clock,
        meter: Meter,
        admission: Admission,
        series_list: SeriesList | None = None,
    ) -> None:
        self._journal = journal
        self._registry = registry
        self._encode = encode
        self._clock = clock
        self._meter = meter
        self.admission = admission
        self._series_list = series_list
        self._recent: RecentBatches[Outcome] = RecentBatches()

    def now(self) -> float:
        """Time of acceptance, for points that carry none; Unix seconds."""
        return self._clock.now()

    async def register(self, tenant: str, definitions: Sequence[SeriesDefinition], places: LabelledPlaces) -> list[int]:
        """Identities of series, in order. All are registered or none. To register a series makes it an active one."""
        self.admission.points(tenant, len(definitions), "series")
        moment = self.moment(tenant)
        violations = [
            Violation(places.series(number, fault[0]), fault[1])
            for number, definition in enumerate(definitions)
            if (fault := rules.definition_fault(definition, places.label, KINDS, moment)) is not None
        ]
        if violations:
            raise InvalidInput(violations[:FIRST])
        entries = [(self._registry.identify(tenant, definition), definition) for definition in definitions]
        self._registry.learn()
        self.admission.register(tenant, np.array([identity for identity, _definition in entries], dtype=np.uint64))
        await self.keep(NOTHING, Accepted(tenant, self._now_us(), series=list(dict(entries).items())))
        return [identity for identity, _definition in entries]

    def samples(
        self, tenant: str, samples: SampleColumns, batch_id: str = ""
    ) -> tuple[Outcome, asyncio.Future[int] | None]:
        """Take samples of registered series; the future is done when they are durable (None: nothing was kept)."""
        if (known := self.recall(tenant, batch_id)) is not None:
            return known.outcome, asyncio.shield(known.durable)
        self.admission.points(tenant, len(samples), "samples")
        found = rules.inspect_samples(samples, ColumnPlaces("samples"), self.moment(tenant))
        # A series that is active was found to be this tenant's before.
        if not self.admission.active.touch(tenant, samples.series_ids):
            self._judge_series(tenant, samples.series_ids, found)
        refused = found.refused()
        outcome = Outcome(len(samples) - refused.count, refused)
        self._meter.taken("samples", outcome.accepted, refused.count)
        if refused.count:
            self.admission.refusals.note(tenant, "samples", found.tallies(evidence.of_samples(samples)))
        if not outcome.accepted:
            return outcome, None
        kept = samples if found.keep is None else samples.take(found.keep)
        return outcome, self._append(outcome, Accepted(tenant, self._now_us(), samples=kept, batch_id=batch_id))

    async def labelled(
        self,
        tenant: str,
        draft: Draft[LabelledColumns, LabelledPlaces],
        batch_id: str = "",
        era: Present = PRESENT,
    ) -> Outcome:
        """Take samples that come with their series."""
        if (known := self.recall(tenant, batch_id)) is not None:
            return await known.answer()
        labelled = draft.columns
        self.admission.points(tenant, len(labelled) + draft.undecodable.count, "series")
        trusted = partial(self._registry.identified, tenant)
        moment = self.moment(tenant)
        found = rules.inspect_labelled(labelled, draft.places, era.moment(moment), trusted)
        era.inspect_samples(found, labelled.times_ms, moment)
        _note_faults(found, draft)
        identities = self._identities(tenant, labelled, found.keep)
        over = self.without_room(tenant, identities[labelled.rows], found.keep)
        if over is not None:
            found.faults_by(over, self._explain_series(tenant, draft), "active_series")
        outcome = self._judged(tenant, "samples", found, draft, evidence.of_labelled(labelled))
        keep = found.keep if found.keep is not None else np.ones(len(labelled), dtype=np.bool_)
        rows = labelled.rows[keep]
        samples = SampleColumns(identities[rows], labelled.times_ms[keep], labelled.values[keep])
        raw, rollups = era.parted(samples, moment.now)
        used = [(int(identities[number]), labelled.definitions[number]) for number in np.unique(rows).tolist()]
        series = self._registry.unannounced(tenant, used)
        accepted = Accepted(tenant, self._now_us(), series=series, samples=raw, batch_id=batch_id, rollups=rollups)
        return await self.keep(outcome, accepted)

    async def points(
        self, kind: Kind[Points], tenant: str, draft: Draft[Points, Places], batch_id: str = "", era: Present = PRESENT
    ) -> Outcome:
        """Take events, log lines or heartbeats."""
        if (known := self.recall(tenant, batch_id)) is not None:
            return await known.answer()
        self.admission.points(tenant, len(draft.columns) + draft.undecodable.count, kind.name)
        moment = self.moment(tenant)
        found = kind.inspect(draft.columns, draft.places, era.moment(moment))
        era.inspect_times(found, draft.columns.times_us, moment)
        outcome = self._judged(tenant, kind.name, found, draft, kind.witness(draft.columns))
        kept = draft.columns if found.keep is None else draft.columns.take(found.keep)
        await self._append(outcome, Accepted(tenant, self._now_us(), **kind.named(kept), batch_id=batch_id))
        return outcome

    async def warnings(self, tenant: str, warnings: WarningColumns) -> None:
        """Record what a tenant was refused."""
        await self._append(NOTHING, Accepted(tenant, self._now_us(), warnings=warnings))

    async def audit(self, tenant: str, records: Sequence[bytes], batch_id: str = "") -> None:
        """Record what was done."""
        if (known := self.recall(tenant, batch_id)) is not None:
            await known.answer()
        else:
            await self._append(NOTHING, Accepted(tenant, self._now_us(), audit=records, batch_id=batch_id))

    def _judge_series(self, tenant: str, ids: Ids, found: Inspection) -> None:
        unknown = self._registry.missing(tenant, ids)
        if unknown is not None:
            found.faults(unknown, "series_ids", "is not registered; register the series again", "unknown_series")
        over = self.without_room(tenant, ids, found.keep)
        if over is not None:
            found.faults(over, "series_ids", self.admission.series_rule(tenant), "active_series")

    def _identities(self, tenant: str, labelled: LabelledColumns, keep: Mask | None) -> Ids:
        """An identity for each definition that a row to keep names; 0 for the others."""
        used = np.unique(labelled.rows if keep is None else labelled.rows[keep])
        ids = np.zeros(len(labelled.definitions), dtype=np.uint64)
        ids[used] = [self._registry.identify(tenant, labelled.definitions[number]) for number in used.tolist()]
        return ids

    def without_room(self, tenant: str, ids: Ids, keep: Mask | None) -> Mask | None:
        """Of the rows to keep, those whose series would be one active series too many; None when there is none."""
        kept = ids if keep is None else ids[keep]
        if self.admission.active.touch(tenant, kept):
            return None
        # What other workers let in takes its room here as well.
        self._registry.learn()
        over = self.admission.write_series(tenant, kept)
        if over is None or keep is None:
            return over
        among_all = np.zeros(len(ids), dtype=np.bool_)
        among_all[np.flatnonzero(keep)[over]] = True
        return among_all

    def _explain_series(
        self, tenant: str, draft: Draft[LabelledColumns, LabelledPlaces]
    ) -> Callable[[int], tuple[str, str]]:
        rule = self.admission.series_rule(tenant)
        return lambda row: (draft.places.series(int(draft.columns.rows[row]), "name"), rule)

    def _judged(
        self, tenant: str, kind: str, found: Inspection, draft: Draft[Any, Any], witness: evidence.Witness
    ) -> Outcome:
        _note_faults(found, draft)
        refused = found.refused(draft.undecodable)
        accepted = len(draft.columns) + draft.undecodable.count - refused.count
        self._meter.taken(kind, accepted, refused.count)
        if refused.count:
            self.admission.refusals.note(tenant, kind, found.tallies(witness, draft.undecodable))
        if not accepted:
            raise PointsRefused(refused.first)
        return Outcome(accepted, refused)

    async def keep(self, outcome: Outcome, accepted: Accepted) -> Outcome:
        """Write what was judged, with the series it names for the first time; the outcome once it is durable."""
        stored = self._registry.admit(accepted.tenant, [identity for identity, _definition in accepted.series])
        if stored is not None and self._series_list is not None:
            # Before the answer: its receiver may go on with another worker.
            await self._series_list.add(stored)
        await self._append(outcome, accepted, stored)
        self._registry.announce(accepted.tenant, accepted.series, stored)
        return outcome

    def recall(self, tenant: str, batch_id: str) -> Remembered[Outcome] | None:
        """The request that its sender gave this name before, if it is remembered; counted as a repetition."""
        known = self._recent.recall(tenant, batch_id)
        if known is not None:
            self._meter.repeated()
        return known

    def _append(self, outcome: Outcome, accepted: Accepted, series: NewSeries | None = None) -> asyncio.Future[int]:
        record = self._encode(accepted)
        if len(record) > (MAX_AUDIT_BYTES if accepted.audit else MAX_RECORD_BYTES):
            raise InvalidInput.of("", f"the request takes {len(record):,} bytes once decoded; send it in parts")
        durable = self._journal.append(record, series)
        if not accepted.batch_id:
            return durable
        self._recent.remember(accepted.tenant, accepted.batch_id, outcome, durable)
        # The sender of this request may go away while the one of its repetition waits for the same future.
        return asyncio.shield(durable)

    def moment(self, tenant: str) -> rules.Moment:
        """What points of a tenant are judged by that arrive now."""
        return self.admission.moment(tenant)

    def _now_us(self) -> int:
        return int(self._clock.now() * 1_000_000)


def _note_faults(found: Inspection, draft: Draft[Any, Any]) -> None:
    """Report what decoding found bad; once is enough, twice does no harm."""
    for row, field, description in draft.faults:
        found.fault(row, field, description)
