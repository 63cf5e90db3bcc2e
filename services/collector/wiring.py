"""The collector put together: the only module that knows all its rooms."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from random import SystemRandom
from typing import NoReturn

import grpc
import numpy as np

from binnacle.aggregator.v1 import append_service_pb2_grpc
from binnacle.collector.v1.import_service_pb2_grpc import add_ImportServiceServicer_to_server
from binnacle.collector.v1.json_intake_service_pb2_grpc import add_JsonIntakeServiceServicer_to_server
from binnacle.collector.v1.log_generator_service_pb2_grpc import add_LogGeneratorServiceServicer_to_server
from binnacle.collector.v1.record_service_pb2_grpc import add_RecordServiceServicer_to_server
from binnacle.collector.v1.remote_write_service_pb2_grpc import add_RemoteWriteServiceServicer_to_server
from services.collector.adapters import series_key
from services.collector.adapters.forwarder import Forwarder
from services.collector.adapters.limits_file import LimitsFile
from services.collector.adapters.lmdb_journal import LmdbJournal
from services.collector.adapters.metrics import CollectorMetrics
from services.collector.adapters.orphans import carry_home, journal_folder, orphans
from services.collector.adapters.series_list import SeriesListFile
from services.collector.config import CollectorConfig
from services.collector.convert import records
from services.collector.convert.tenant_limits import limits_of
from services.collector.domain.admission import Admission
from services.collector.domain.intake import Intake
from services.collector.domain.limits import LimitBook
from services.collector.domain.otlp_intake import OtlpIntake
from services.collector.domain.redaction import SecretNames
from services.collector.domain.series import SeriesRegistry
from services.collector.domain.warning_writer import WarningWriter
from services.collector.ports import NewSeries
from services.collector.service.gate import RequestGate
from services.collector.service.http_intake import HttpIntake
from services.collector.service.imports import IMPORT, ImportServicer
from services.collector.service.ingest import IngestServicer
from services.collector.service.json_intake import SERVICE as JSON_INTAKE, JsonIntake, JsonIntakeServicer
from services.collector.service.log_generator import LOG_GENERATOR, LogGeneratorServicer
from services.collector.service.otlp import Otlp, registrations as otlp_registrations
from services.collector.service.records import RECORDS, RecordServicer
from services.collector.service.registration import INGEST, add_ingest
from services.collector.service.remote_write import REMOTE_WRITE, RemoteWriteServicer
from services.runtime.channels import OPTIONS
from services.runtime.process import Process, Registration, Wired
from services.runtime.standing import Follower

OBSERVE_SECONDS = 1.0
SERIES_FILE = "series/known"
STANDING_FILE = "standing"
NO_LIMIT = 2**62


@asynccontextmanager
async def wire(config: CollectorConfig, process: Process) -> AsyncIterator[Wired]:
    """Open the journal, start to forward it, and offer the intake. Ready while the journal can be written."""
    metrics = CollectorMetrics(process.registry)
    key = series_key.load(config.series_key_file or config.data_dir / "series.key")
    async with AsyncExitStack() as opened:
        journal = _journal(journal_folder(config.data_dir, config.collector_worker), config, metrics, process)
        opened.enter_context(closing(journal))
        channel = await opened.enter_async_context(grpc.aio.insecure_channel(config.aggregator, options=OPTIONS))
        stub = append_service_pb2_grpc.AppendServiceStub(channel)
        series = opened.enter_context(closing(SeriesListFile(config.data_dir / SERIES_FILE)))
        secrets = SecretNames.told(config.redact)
        admission = Admission(
            config.tenant_limits, config.capacity_limits, process.clock, metrics, config.share, secrets
        )
        registry = SeriesRegistry(key, series.news(), config.series_max, lambda: _heard(series, admission))
        await _share_series(journal, registry, series)
        intake = Intake(journal, registry, records.encode, process.clock, metrics, admission, series)
        _tell_of_refusals(intake, process, opened)
        _follow_limits(config, admission.limits, process)
        telemetry = OtlpIntake(intake, registry, metrics)
        otlp, remote_write = Otlp(intake, telemetry), RemoteWriteServicer(intake, telemetry)
        forwarder = Forwarder(journal, stub, process.clock, process.log, process.stopping, secret=process.access.peer)
        process.tasks.create_task(forwarder.run(), name="forwarder")
        process.tasks.create_task(_follow_series(registry, process), name="series of other workers")
        held = [journal]
        if config.collector_worker == 0:
            await _adopt(config, held, stub, registry, series, metrics, process)
        process.tasks.create_task(_observe(held, metrics, process), name="journal metrics")

        async def ready() -> None:
            journal.check()

        _follow_standing(config, process)
        json, gate = JsonIntake(intake), RequestGate(admission)
        if config.intake_listen:
            http_intake = HttpIntake(json.faces(), gate, process, ready)
            await opened.enter_async_context(http_intake.listening(config.intake_listen))
        services = [
            *_of_intake(intake, process.stopping),
            Registration(add_JsonIntakeServiceServicer_to_server, JsonIntakeServicer(json), JSON_INTAKE),
            Registration(add_RemoteWriteServiceServicer_to_server, remote_write, REMOTE_WRITE),
            *otlp_registrations(otlp),
        ]
        yield Wired(services, ready, gate=gate, handed_over=forwarder.handed_over)


def _of_intake(intake: Intake, stopping: asyncio.Event) -> list[Registration]:
    generator = LogGeneratorServicer(intake, SystemRandom())
    return [
        Registration(add_ingest, IngestServicer(intake, stopping), INGEST),
        Registration(add_ImportServiceServicer_to_server, ImportServicer(intake), IMPORT),
        Registration(add_LogGeneratorServiceServicer_to_server, generator, LOG_GENERATOR),
        Registration(add_RecordServiceServicer_to_server, RecordServicer(intake), RECORDS),
    ]


def _follow_standing(config: CollectorConfig, process: Process) -> None:
    channel, kept = process.channel(config.aggregator), config.data_dir / STANDING_FILE
    follower = Follower(process.access.standing, channel, process.clock, kept)
    process.tasks.create_task(follower.run(), name="standing")


def _tell_of_refusals(intake: Intake, process: Process, opened: AsyncExitStack) -> None:
    writer = WarningWriter(intake, process.clock)
    process.tasks.create_task(writer.run(), name="intake warnings")
    opened.push_async_callback(writer.flush)


def _follow_limits(config: CollectorConfig, book: LimitBook, process: Process) -> None:
    standing = process.access.standing
    standing.listeners.append(lambda: book.tell(limits_of(standing.tenants.values(), book.default)))
    if config.limits_file is not None:
        limits = LimitsFile(config.limits_file, book, process.clock, process.log)
        process.tasks.create_task(limits.follow(), name="limits")


def _journal(folder: Path, config: CollectorConfig, metrics: CollectorMetrics, process: Process) -> LmdbJournal:
    journal = LmdbJournal(folder, config.journal_bytes, metrics.written)
    if journal.rescue is not None:
        rescue = journal.rescue
        metrics.damaged(rescue.lost)
        process.log.error(
            "the journal was damaged; what could be read of it was kept",
            fault=rescue.fault,
            records_lost=rescue.lost,
            set_aside=str(rescue.aside),
        )
    return journal


async def _share_series(journal: LmdbJournal, registry: SeriesRegistry, series: SeriesListFile) -> None:
    """Put on the list what only a journal knows: written before there was a list, or the list was lost."""
    for entry in await journal.series():
        if (fresh := registry.unknown(entry.tenant, entry.ids)) is not None:
            await series.add(fresh)
            registry.learn()


def _heard(series: SeriesListFile, admission: Admission) -> Sequence[NewSeries]:
    """What the workers registered of late; whoever did, it counts as written now."""
    news = series.news()
    for entry in news:
        admission.active.write(entry.tenant, np.array(entry.ids, dtype=np.uint64), NO_LIMIT)
    return news


async def _follow_series(registry: SeriesRegistry, process: Process) -> NoReturn:
    while True:
        await process.clock.sleep(OBSERVE_SECONDS)
        registry.learn()


async def _adopt(
    config: CollectorConfig,
    held: list[LmdbJournal],
    stub: "append_service_pb2_grpc.AppendServiceAsyncStub",
    registry: SeriesRegistry,
    series: SeriesListFile,
    metrics: CollectorMetrics,
    process: Process,
) -> None:
    """Forward the journals that workers of an earlier start left behind, when there were more of them."""

    def make(journal: LmdbJournal, stopping: asyncio.Event) -> Forwarder:
        return Forwarder(journal, stub, process.clock, process.log, stopping, secret=process.access.peer)

    async def carry(folder: Path, journal: LmdbJournal) -> None:
        try:
            await carry_home(folder, journal, make, process.clock)
        finally:
            held.remove(journal)
        process.log.info("the journal of a former worker is forwarded and removed", folder=str(folder))

    for folder in orphans(config.data_dir, config.collector_workers):
        journal = _journal(folder, config, metrics, process)
        held.append(journal)
        process.tasks.create_task(carry(folder, journal), name=folder.name)
        await _share_series(journal, registry, series)


async def _observe(held: Sequence[LmdbJournal], metrics: CollectorMetrics, process: Process) -> NoReturn:
    """Keep the journals' metrics, and end the process when a file is out of use: a new one opens it afresh."""
    while True:
        # An orphan may be closed while another is asked.
        lags = [await _lag(journal, process) for journal in list(held) if journal in held]
        size, waiting = (
            sum(each.size_bytes for each in held),
            sum(each.next_offset - each.first_offset for each in held),
        )
        metrics.held(size, waiting, max(lags, default=0.0))
        await process.clock.sleep(OBSERVE_SECONDS)


async def _lag(journal: LmdbJournal, process: Process) -> float:
    """Age of the oldest record in seconds."""
    journal.check()
    first = journal.first_offset
    oldest = await journal.read(first, 1, 1) if first < journal.next_offset else ()
    return max(process.clock.now() - records.accepted_seconds(oldest[0]), 0.0) if oldest and oldest[0] else 0.0
