"""Refusals reach the journal, and wait while it is full."""

import asyncio
import secrets

from prometheus_client import CollectorRegistry

from binnacle.journal.v1 import journal_pb2
from services.collector.adapters.memory_journal import MemoryJournal
from services.collector.adapters.metrics import CollectorMetrics
from services.collector.convert import records
from services.collector.domain.admission import Admission
from services.collector.domain.capacity import CapacityLimits
from services.collector.domain.intake import Intake
from services.collector.domain.limits import TenantLimits
from services.collector.domain.refusals import Refusal, Tally
from services.collector.domain.series import SeriesRegistry
from services.collector.domain.warning_writer import EVERY_SECONDS, WarningWriter
from tests.support.clock import ManualClock

MIB = 1024 * 1024


def scene(journal_bytes: int) -> tuple[MemoryJournal, Intake, ManualClock]:
    clock, journal = ManualClock(), MemoryJournal(journal_bytes)
    metrics = CollectorMetrics(CollectorRegistry())
    admission = Admission(TenantLimits(), CapacityLimits(), clock, metrics)
    registry = SeriesRegistry(secrets.token_bytes(16), (), 100)
    return journal, Intake(journal, registry, records.encode, clock, metrics, admission), clock


async def held(journal: MemoryJournal) -> list[journal_pb2.Record]:
    return [journal_pb2.Record.FromString(raw) for raw in await journal.read(journal.first_offset, 100, MIB)]


async def test_it_writes_every_two_seconds_and_only_what_is_new() -> None:
    journal, intake, clock = scene(MIB)
    writing = asyncio.create_task(WarningWriter(intake, clock).run())
    try:
        await clock.advance(EVERY_SECONDS)
        assert await held(journal) == []
        for tenant in ("a", "b"):
            intake.admission.refusals.note(tenant, "events", [Tally(Refusal.of("rule", "events[1].type", "is bad"), 3)])
        await clock.advance(EVERY_SECONDS)
        await clock.advance(EVERY_SECONDS)
        written = await held(journal)
    finally:
        writing.cancel()
    assert [record.tenant for record in written] == ["a", "b"]
    assert list(written[0].warnings.fields) == ["events.type"]


async def test_what_a_full_journal_has_no_room_for_is_written_later() -> None:
    journal, intake, clock = scene(200)
    await journal.append(b"x" * 200)
    writer = WarningWriter(intake, clock)
    for _time in range(2):
        intake.admission.refusals.note("a", "events", [Tally(Refusal.of("journal", "", "the journal is full"), 2)])
        await writer.flush()
    journal.trim(1)
    await writer.flush()
    [record] = await held(journal)
    assert int.from_bytes(record.warnings.counts, "little") == 4
