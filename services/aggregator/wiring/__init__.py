"""Puts the aggregator together; the only module that knows all its rooms."""

import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from binnacle.aggregator.v1 import (
    append_service_pb2_grpc,
    intake_warning_service_pb2_grpc,
    overview_service_pb2_grpc,
    query_service_pb2_grpc,
)
from services.aggregator.adapters.clickhouse.engine.engines import open_engine
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.prometheus_observer import PrometheusObserver
from services.aggregator.config import AggregatorConfig
from services.aggregator.convert import row_messages
from services.aggregator.domain.figures.kept_answers import KeptAnswers
from services.aggregator.domain.intake.aggregator import Aggregator
from services.aggregator.domain.intake.claims import RepeatLimits
from services.aggregator.domain.intake.rollups import RAW_SECONDS
from services.aggregator.ports.store import Store
from services.aggregator.service import edge_rate_service
from services.aggregator.service.append_service import AppendServicer
from services.aggregator.service.intake_warning_service import IntakeWarningServicer
from services.aggregator.service.kept_calls import BRIEF_SECONDS, keep_answers
from services.aggregator.service.overview_service import OverviewServicer
from services.aggregator.service.query_service import QueryServicer
from services.aggregator.service.warming import warm
from services.aggregator.wiring.access import access, configuration
from services.aggregator.wiring.data import data, deletion
from services.aggregator.wiring.edge_rates import edge_rates
from services.aggregator.wiring.figures import figures
from services.aggregator.wiring.questions import questions
from services.aggregator.wiring.reports import flow, usage
from services.aggregator.wiring.retention import retention_service, retentions
from services.aggregator.wiring.tails import follow_others, tail_service
from services.aggregator.wiring.time_series import raw_samples, time_series, time_series_reader
from services.core.brief_answers import BriefAnswers
from services.core.clock import Clock
from services.runtime.health import Ready
from services.runtime.process import Process, Registration, Wired
from services.runtime.records import Recorder


@asynccontextmanager
async def wire(config: AggregatorConfig, process: Process) -> AsyncIterator[Wired]:
    """The aggregator over the ClickHouse that `config` names."""
    store = ClickHouseStore(
        lambda: open_engine(config.store_dsn, config.clickhouse_cluster), process.clock, process.log
    )
    recorder = Recorder(process.channel(config.collector) if config.collector else None, process.clock)
    kept = retentions(store, config, process)
    measured = time_series_reader(store, process, kept)
    answers, briefly = KeptAnswers(process.clock, process.tasks), BriefAnswers(process.clock, BRIEF_SECONDS)

    def forget(tenant: str) -> None:
        measured.forget(tenant)
        answers.forget()
        briefly.forget()
        row_messages.forget()

    def more(aggregator: Aggregator) -> list[Registration]:
        follow_others(store, aggregator, process)
        aggregator.before_intake.append(configured.read)
        deleting = deletion(store, aggregator, config, process, forget)
        rows = tail_service(store, aggregator.tails, process.clock)
        raw = raw_samples(store, measured, aggregator)
        let_in = access(configured, aggregator.live.tenants, store, config, process)
        return [*flow(store.reader, aggregator, rates), rows, raw, *deleting, *let_in]

    async with AsyncExitStack() as opened:
        configured = await configuration(store, config, process, recorder, opened)
        rates = await edge_rates(config, process, opened)
        over = wired_over(store, config, process, more, lambda tenant: kept.seconds(tenant, "samples"))
        wired = await opened.enter_async_context(over)
        asked = [*questions(store.reader, process.clock, config.business_rules), *time_series(store, measured)]
        asked += [*data(store.reader, process.clock, measured), retention_service(kept)]
        asked.append(figures(store.reader, process.clock, measured))
        asked.append(usage(store.reader, answers, process))
        if rates is not None:
            asked.append(edge_rate_service.registration(edge_rate_service.EdgeRateServicer(rates)))
        registrations = [*wired.registrations, *asked]
        keep_answers(registrations, answers, briefly)
        process.tasks.create_task(_warm(registrations, store, wired.ready, process), name="questions in advance")
        yield dataclasses.replace(wired, registrations=registrations, recorder=recorder if config.collector else None)


async def _warm(registrations: Sequence[Registration], store: Store, ready: Ready, process: Process) -> None:
    async def tenants() -> Sequence[str]:
        # Of a store that others write to nothing is kept.
        return () if store.shared else await store.tenants()

    await warm(registrations, tenants, ready, process.clock, process.log)


@asynccontextmanager
async def wired_over(
    store: Store,
    config: AggregatorConfig,
    process: Process,
    more: Callable[[Aggregator], Sequence[Registration]] = lambda _aggregator: (),
    raw_seconds: Callable[[str], float] = lambda _tenant: RAW_SECONDS,
) -> AsyncIterator[Wired]:
    """The aggregator over any store, with what `more` there is to ask it; closes the store at the end."""
    limits = RepeatLimits(config.repeat_horizon_hours * 3600, config.repeat_names_max)
    aggregator = Aggregator(store, process.clock, PrometheusObserver(process.registry), limits, raw_seconds)
    process.tasks.create_task(aggregator.run(), name="aggregator")
    process.tasks.create_task(_stop(aggregator, process), name="end streams")
    try:
        registrations = [*_registrations(aggregator, store, process.clock), *more(aggregator)]
        yield Wired(registrations, ready=aggregator.ready)
    finally:
        await store.close()


def _registrations(aggregator: Aggregator, store: Store, clock: Clock) -> list[Registration]:
    return [
        Registration(
            append_service_pb2_grpc.add_AppendServiceServicer_to_server,
            AppendServicer(aggregator.intake),
            "binnacle.aggregator.v1.AppendService",
        ),
        Registration(
            overview_service_pb2_grpc.add_OverviewServiceServicer_to_server,
            OverviewServicer(aggregator.live, store),
            "binnacle.aggregator.v1.OverviewService",
        ),
        Registration(
            query_service_pb2_grpc.add_QueryServiceServicer_to_server,
            QueryServicer(store, aggregator.live),
            "binnacle.aggregator.v1.QueryService",
        ),
        Registration(
            intake_warning_service_pb2_grpc.add_IntakeWarningServiceServicer_to_server,
            IntakeWarningServicer(store, clock),
            "binnacle.aggregator.v1.IntakeWarningService",
        ),
    ]


async def _stop(aggregator: Aggregator, process: Process) -> None:
    await process.stopping.wait()
    aggregator.stop()
