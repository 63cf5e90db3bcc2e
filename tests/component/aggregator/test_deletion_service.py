"""Deletions through the wired aggregator, and what is left of them on disk."""

import asyncio
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from binnacle.aggregator.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    deletion_service_pb2 as pb,
    deletion_service_pb2_grpc,
    export_service_pb2,
    export_service_pb2_grpc,
    overview_service_pb2,
)
from binnacle.journal.v1 import journal_pb2
from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.component.aggregator.conftest import Start
from tests.support.empty_store import remove_at_once
from tests.support.journals import record
from tests.support.on_disk import files_with
from tests.support.waiting import eventually

pytestmark = pytest.mark.store

WHO = "user-zanzibar-4711"
MARK = "marker-quetzalcoatl"
NDJSON = export_service_pb2.EXPORT_FORMAT_NDJSON
OTHER = as_tenant("other")


@pytest.fixture
async def aggregator(start: Start, tmp_path: Path) -> AsyncIterator[Aggregator]:
    """One whose store removes former parts at once."""
    engine = ChdbEngine(tmp_path / "aggregator" / "chdb")
    remove_at_once(engine)
    engine.close()
    async with start() as started:
        yield started


def everything(tenant: str, accepted: float) -> journal_pb2.Record:
    made = record(
        tenant=tenant,
        accepted=accepted,
        events=[
            {"type": "purchase", "user": WHO, "session": "s1", "service": "shop"},
            {"type": "purchase", "user": "another", "service": "shop"},
            {"type": "note", "data": {"user_id": WHO}},
            {"type": "note", "data": {"user_id": 4711, "text": MARK}},
            {"type": "request", "user": WHO, "service": "shop", "data": {"latency_ms": 5}},
        ],
        logs=[{"message": "hello"}, {"message": MARK}],
        heartbeats=[{"service": "shop"}],
        series=[(1, "cpu", {"host": MARK})],
        samples=[(1, accepted - 90, 1.0)],
    )
    made.logs.attributes_json[0] = f'{{"enduser.id": "{WHO}"}}'
    return made


async def rows(aggregator: Aggregator, source: str, metadata: Any = None) -> list[str]:
    stub: Any = export_service_pb2_grpc.ExportServiceStub(aggregator.channel)
    kind: Any = export_service_pb2.ExportDataRequest
    request = kind(format=NDJSON, **{source: {}})
    data = b"".join([message.data async for message in stub.ExportData(request, metadata=metadata)])
    return data.decode().splitlines()


async def until_done(stub: Any, identity: str) -> pb.Deletion:
    async def done() -> bool:
        found = await stub.GetDeletion(pb.GetDeletionRequest(id=identity))
        return bool(found.deletion.state == pb.Deletion.STATE_DONE)

    await eventually(done, "the deletion is done", within=60)
    found: pb.Deletion = (await stub.GetDeletion(pb.GetDeletionRequest(id=identity))).deletion
    return found


async def test_a_person_is_gone_from_tables_and_figures(aggregator: Aggregator) -> None:
    stub: Any = deletion_service_pb2_grpc.DeletionServiceStub(aggregator.channel)
    now = time.time()
    await aggregator.store(everything("default", now), everything("other", now))
    begun = (await stub.DeleteUserData(pb.DeleteUserDataRequest(user_id=WHO))).deletion
    assert begun.digest == sha256(f"{begun.id}{WHO}".encode()).hexdigest()
    done = await until_done(stub, begun.id)
    assert (done.deleted_rows, done.remaining_rows, done.scope) == (4, 0, "user")
    kept = await rows(aggregator, "events")
    assert len(kept) == 2
    assert not any(WHO in row for row in kept + await rows(aggregator, "logs"))
    assert len(await rows(aggregator, "logs")) == 1
    assert len(await rows(aggregator, "events", OTHER)) == 5
    overview = await aggregator.overview.GetOverview(overview_service_pb2.GetOverviewRequest())
    assert WHO not in str(overview)
    assert overview.state.snapshot.overview.total_requests == 1
    theirs = await stub.ListDeletions(pb.ListDeletionsRequest(), metadata=OTHER)
    assert list(theirs.deletions) == []
    with pytest.raises(grpc.aio.AioRpcError) as absent:
        await stub.GetDeletion(pb.GetDeletionRequest(id=begun.id), metadata=OTHER)
    assert absent.value.code() is grpc.StatusCode.NOT_FOUND


async def test_no_file_of_the_store_holds_a_deleted_person(
    start: Start, aggregator: Aggregator, tmp_path: Path
) -> None:
    stub: Any = deletion_service_pb2_grpc.DeletionServiceStub(aggregator.channel)
    await aggregator.store(everything("default", time.time()))
    assert files_with(tmp_path, WHO)
    assert files_with(tmp_path, MARK)
    begun = (await stub.DeleteUserData(pb.DeleteUserDataRequest(user_id=WHO))).deletion
    await until_done(stub, begun.id)
    assert files_with(tmp_path, WHO) == []
    assert files_with(tmp_path, MARK)
    begun = (await stub.DeleteTenantData(pb.DeleteTenantDataRequest(tenant="default"))).deletion
    await until_done(stub, begun.id)
    assert files_with(tmp_path, MARK) == []


async def test_a_tenant_is_gone_and_goes_on(aggregator: Aggregator) -> None:
    stub: Any = deletion_service_pb2_grpc.DeletionServiceStub(aggregator.channel)
    catalog: Any = catalog_service_pb2_grpc.CatalogServiceStub(aggregator.channel)
    now = time.time()
    await aggregator.store(everything("default", now), everything("other", now))
    request = catalog_service_pb2.ListMetricsRequest()
    assert len((await catalog.ListMetrics(request)).metrics) == 1
    begun = (await stub.DeleteTenantData(pb.DeleteTenantDataRequest(tenant="default"))).deletion
    await until_done(stub, begun.id)
    for source in ("events", "logs", "heartbeats", "samples"):
        assert await rows(aggregator, source) == [], source
        assert await rows(aggregator, source, OTHER), source
    assert len((await catalog.ListMetrics(request)).metrics) == 0
    assert len((await catalog.ListMetrics(request, metadata=OTHER)).metrics) == 1
    overview = await aggregator.overview.GetOverview(overview_service_pb2.GetOverviewRequest())
    assert overview.state.snapshot.overview.total_requests == 0
    assert list(overview.state.snapshot.realtime_stats.recent_events) == []
    async with aggregator.journal() as journal:
        assert await journal.hello() == 2
        await journal.commit(2, everything("default", time.time()))
    assert len(await rows(aggregator, "events")) == 5


async def test_archives_are_written_anew(aggregator: Aggregator, tmp_path: Path) -> None:
    stub: Any = deletion_service_pb2_grpc.DeletionServiceStub(aggregator.channel)
    file = tmp_path / "archive" / "default" / "events" / "20260101" / "0000-0000.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"user_id": [WHO, "another"], "data": ["{}", "{}"]}), file)
    begun = (await stub.DeleteUserData(pb.DeleteUserDataRequest(user_id=WHO))).deletion
    assert (await until_done(stub, begun.id)).deleted_rows == 1
    assert pq.read_table(file).column("user_id").to_pylist() == ["another"]
    begun = (await stub.DeleteTenantData(pb.DeleteTenantDataRequest(tenant="default"))).deletion
    assert (await until_done(stub, begun.id)).remaining_rows == 0
    assert not file.exists()


async def test_rows_that_come_late_name_nobody(aggregator: Aggregator) -> None:
    stub: Any = deletion_service_pb2_grpc.DeletionServiceStub(aggregator.channel)
    before = time.time()
    begun = (await stub.DeleteUserData(pb.DeleteUserDataRequest(user_id=WHO))).deletion
    await stub.DeleteTenantData(pb.DeleteTenantDataRequest(tenant="other"), metadata=OTHER)
    await until_done(stub, begun.id)
    later = everything("default", time.time())
    await aggregator.store(everything("default", before), everything("other", before), later)
    kept = await rows(aggregator, "events")
    assert len(kept) == 10
    assert sum(WHO in row for row in kept) == 3
    assert sum(WHO in row for row in await rows(aggregator, "logs")) == 1
    assert await rows(aggregator, "events", OTHER) == []


async def test_a_deletion_goes_on_after_a_restart(start: Start, tmp_path: Path) -> None:
    before = time.time()
    async with start() as first:
        await first.store(everything("default", before))
        stub: Any = deletion_service_pb2_grpc.DeletionServiceStub(first.channel)
        begun = (await stub.DeleteUserData(pb.DeleteUserDataRequest(user_id=WHO))).deletion
    async with start() as second:
        stub = deletion_service_pb2_grpc.DeletionServiceStub(second.channel)

        async def gone() -> bool:
            return not any(WHO in row for row in await rows(second, "events"))

        await eventually(gone, "the rows are deleted", within=60)
        [listed] = (await stub.ListDeletions(pb.ListDeletionsRequest())).deletions
        assert listed.id == begun.id

        async def taken() -> bool:
            try:
                async with second.journal() as journal:
                    if await journal.hello() == 1:
                        await journal.commit(1, everything("default", before))
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                # What is live is made anew without what was deleted; then streams begin anew too.
                return False
            return True

        await eventually(taken, "late rows are taken", within=60)
        assert not any(WHO in row for row in await rows(second, "events"))


async def test_what_breaks_a_rule_is_named(aggregator: Aggregator) -> None:
    stub: Any = deletion_service_pb2_grpc.DeletionServiceStub(aggregator.channel)
    refused: list[tuple[str, Any, str]] = [
        ("DeleteUserData", pb.DeleteUserDataRequest(), "user_id"),
        ("DeleteTenantData", pb.DeleteTenantDataRequest(tenant="other"), "tenant"),
        ("GetDeletion", pb.GetDeletionRequest(id="x"), "id"),
    ]
    for method, request, field in refused:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await getattr(stub, method)(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert field in str(error.value.details())
