"""The flow into the store, what waits for it, and what is in it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.aggregator.domain.intake.flow import Flow, FlowMeter
from services.aggregator.domain.ranges.ranges import MICRO
from services.aggregator.ports.gauges import Gauge, GaugeStore
from services.aggregator.ports.pipeline import (
    Journals,
    OutdatedRollups,
    PipelineStore,
    RefusedRow,
    StoreState,
    Waiting,
)
from services.core.conventions import FIGURES_WINDOW

MAX_REFUSALS = 100
# What collectors tell of themselves, where somebody collects it.
JOURNAL_BYTES = "binnacle_collector_journal_bytes"
UNCOMMITTED = "binnacle_collector_journal_uncommitted_records"
FORWARD_LAG = "binnacle_collector_forward_lag_seconds"
COLLECTOR_METRICS = (JOURNAL_BYTES, UNCOMMITTED, FORWARD_LAG)
INSTANCE_LABEL = "instance"


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """All of it. `waiting` is empty for a tenant that is not alone; `collectors` are newest values by instance.

    `uncounted_at` is when a request last passed the edges uncounted, in Unix seconds; 0 when none did.
    """

    flow: Flow
    connected: Sequence[str]
    waiting: Mapping[str, Waiting]
    refused: Sequence[RefusedRow]
    outdated: Sequence[OutdatedRollups]
    state: StoreState
    collectors: Mapping[str, Mapping[str, Gauge]]
    uncounted_at: float = 0.0


class Pipeline:
    """Answers how the intake of a tenant does."""

    def __init__(
        self,
        meter: FlowMeter,
        journals: Journals,
        store: PipelineStore,
        gauges: GaugeStore,
        uncounted_at: Callable[[], float],
    ) -> None:
        self._meter = meter
        self._journals = journals
        self._store = store
        self._gauges = gauges
        self._uncounted_at = uncounted_at

    async def report(self, tenant: str) -> PipelineReport:
        """The last five minutes."""
        flow = self._meter.flow(tenant)
        end = int(flow.until) + 1
        state, refused, outdated, told = await asyncio.gather(
            self._store.state(tenant),
            self._store.refused(tenant, (end - FIGURES_WINDOW) * MICRO, end * MICRO, MAX_REFUSALS),
            self._store.outdated(tenant),
            self._gauges.newest(tenant, COLLECTOR_METRICS, end - FIGURES_WINDOW, end),
        )
        waiting = {one.journal_id: one for one in self._journals.waiting()}
        mine = flow.journals.keys()
        connected = [name for name in waiting if state.alone or name in mine]
        return PipelineReport(
            flow,
            connected,
            waiting if state.alone else {},
            refused,
            outdated,
            state,
            _by_instance(told),
            self._uncounted_at(),
        )


def _by_instance(told: Sequence[Gauge]) -> dict[str, dict[str, Gauge]]:
    found: dict[str, dict[str, Gauge]] = {}
    for gauge in told:
        found.setdefault(gauge.labels.get(INSTANCE_LABEL, ""), {})[gauge.name] = gauge
    return found
