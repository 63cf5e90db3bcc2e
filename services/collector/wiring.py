"""The collector put together: the only module that knows all its rooms."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import NoReturn

import grpc

from binnacle.aggregator.v1 import append_service_pb2_grpc
from binnacle.collector.v1.import_service_pb2_grpc import add_ImportServiceServicer_to_server
from binnacle.collector.v1.json_intake_service_pb2_grpc import add_JsonIntakeServiceServicer_to_server
from binnacle.collector.v1.remote_write_service_pb2_grpc import add_RemoteWriteServiceServicer_to_server
from services.collector.adapters import series_key
from services.collector.adapters.forwarder import Forwarder
from services.collector.adapters.limits_file import LimitsFile
from services.collector.adapters.lmdb_journal import LmdbJournal
from services.collector.adapters.metrics import CollectorMetrics
from services.collector.config import CollectorConfig
from services.collector.convert import records
from services.collector.domain.admission import Admission
from services.collector.domain.intake import Intake
from services.collector.domain.otlp_intake import OtlpIntake
from services.collector.domain.series import SeriesRegistry
from services.collector.domain.warning_writer import WarningWriter
from services.collector.service.gate import RequestGate
from services.collector.service.imports import IMPORT, ImportServicer
from services.collector.service.ingest import IngestServicer
from services.collector.service.json_intake import JsonIntakeServicer
from services.collector.service.otlp import Otlp, registrations as otlp_registrations
from services.collector.service.registration import INGEST, JSON_INTAKE, add_ingest
from services.collector.service.remote_write import REMOTE_WRITE, RemoteWriteServicer
from services.runtime.channels import OPTIONS
from services.runtime.process import Process, Registration, Wired

OBSERVE_SECONDS = 1.0


@asynccontextmanager
async def wire(config: CollectorConfig, process: Process) -> AsyncIterator[Wired]:
    """Open the journal, start to forward it, and offer the intake. Ready while the journal can be written."""
    metrics = CollectorMetrics(process.registry)
    key = series_key.load(config.series_key_file or config.data_dir / "series.key")
    async with AsyncExitStack() as opened:
        folder = config.data_dir / "collector"
        journal = opened.enter_context(closing(LmdbJournal(folder, config.journal_max_bytes, metrics.written)))
        _tell_of_damage(journal, metrics, process)
        channel = await opened.enter_async_context(grpc.aio.insecure_channel(config.aggregator, options=OPTIONS))
        registry = SeriesRegistry(key, await journal.series(), config.series_max)
        admission = Admission(config.tenant_limits, config.capacity_limits, process.clock, metrics)
        intake = Intake(journal, registry, records.encode, process.clock, metrics, admission)
        _tell_of_refusals(intake, process, opened)
        _follow_limits(config, admission, process)
        telemetry = OtlpIntake(intake, registry, metrics)
        otlp, remote_write = Otlp(intake, telemetry), RemoteWriteServicer(intake, telemetry)
        stub = append_service_pb2_grpc.AppendServiceStub(channel)
        forwarder = Forwarder(journal, stub, process.clock, process.log, process.stopping)
        process.tasks.create_task(forwarder.run(), name="forwarder")
        process.tasks.create_task(_observe(journal, metrics, process), name="journal metrics")

        async def ready() -> None:
            journal.check()

        yield Wired(
            [
                Registration(add_ingest, IngestServicer(intake, process.stopping), INGEST),
                Registration(add_JsonIntakeServiceServicer_to_server, JsonIntakeServicer(intake), JSON_INTAKE),
                Registration(add_RemoteWriteServiceServicer_to_server, remote_write, REMOTE_WRITE),
                Registration(add_ImportServiceServicer_to_server, ImportServicer(intake), IMPORT),
                *otlp_registrations(otlp),
            ],
            ready,
            gate=RequestGate(admission),
        )


def _tell_of_refusals(intake: Intake, process: Process, opened: AsyncExitStack) -> None:
    writer = WarningWriter(intake, process.clock)
    process.tasks.create_task(writer.run(), name="intake warnings")
    opened.push_async_callback(writer.flush)


def _follow_limits(config: CollectorConfig, admission: Admission, process: Process) -> None:
    if config.limits_file is not None:
        limits = LimitsFile(config.limits_file, admission.limits, process.clock, process.log)
        process.tasks.create_task(limits.follow(), name="limits")


def _tell_of_damage(journal: LmdbJournal, metrics: CollectorMetrics, process: Process) -> None:
    if journal.rescue is not None:
        rescue = journal.rescue
        metrics.damaged(rescue.lost)
        process.log.error(
            "the journal was damaged; what could be read of it was kept",
            fault=rescue.fault,
            records_lost=rescue.lost,
            set_aside=str(rescue.aside),
        )


async def _observe(journal: LmdbJournal, metrics: CollectorMetrics, process: Process) -> NoReturn:
    """Keep the journal's metrics, and end the process when its file is out of use: a new one opens it afresh."""
    while True:
        journal.check()
        first, end = journal.first_offset, journal.next_offset
        lag = 0.0
        if first < end and (oldest := await journal.read(first, 1, 1)) and oldest[0]:
            lag = max(process.clock.now() - records.accepted_seconds(oldest[0]), 0.0)
        metrics.held(journal.size_bytes, end - first, lag)
        await process.clock.sleep(OBSERVE_SECONDS)
