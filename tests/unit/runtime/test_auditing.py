"""Calls that are recorded: what of them, and when not."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import (
    deletion_service_pb2 as deletion_pb,
    deletion_service_pb2_grpc as deletion_grpc,
    export_service_pb2 as export_pb,
    export_service_pb2_grpc as export_grpc,
)
from binnacle.alerting.v1 import rule_service_pb2 as rule_pb
from binnacle.audit.v1 import audit_pb2
from binnacle.collector.v1 import record_service_pb2 as pb, record_service_pb2_grpc as pb_grpc
from binnacle.query.v1 import filters_pb2
from services.core.clock import SystemClock
from services.core.errors import NotFound, Unavailable
from services.core.records import AuditRecord
from services.runtime.auditing import Auditor
from services.runtime.calls import ROLES_KEY, SUBJECT_KEY, TENANT_KEY, acting_for
from services.runtime.config import ServiceConfig
from services.runtime.process import Process, Registration, Wired
from services.runtime.records import Recorder
from tests.support.services import neighbour, running_service, socket_address

pytestmark = pytest.mark.network
ANN = ((TENANT_KEY, "acme"), (SUBJECT_KEY, "ann"), (ROLES_KEY, "admin,viewer"))


class Collector(pb_grpc.RecordServiceServicer):
    """Keeps what it is told to record."""

    def __init__(self) -> None:
        self.records: list[audit_pb2.AuditRecord] = []
        self.away = 0

    async def WriteRecords(self, request: pb.WriteRecordsRequest, context: object) -> pb.WriteRecordsResponse:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.records += request.records
        return pb.WriteRecordsResponse()


class Deletions(deletion_grpc.DeletionServiceServicer):
    """Deletes nothing; one kind of call records itself, another fails."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def DeleteUserData(self, request: Any, context: object) -> deletion_pb.DeleteUserDataResponse:
        return deletion_pb.DeleteUserDataResponse(deletion=deletion_pb.Deletion(id="d1"))

    async def DeleteTenantData(self, request: Any, context: object) -> deletion_pb.DeleteTenantDataResponse:
        if request.tenant != "acme":
            raise NotFound("no such tenant")
        await self._recorder.record(AuditRecord(0, "acme", "own", "", 3, "do"))
        return deletion_pb.DeleteTenantDataResponse()

    async def GetDeletion(self, request: Any, context: object) -> deletion_pb.GetDeletionResponse:
        return deletion_pb.GetDeletionResponse()

    async def ListDeletions(self, request: Any, context: object) -> deletion_pb.ListDeletionsResponse:
        return deletion_pb.ListDeletionsResponse()


class Exports(export_grpc.ExportServiceServicer):
    """Exports two pieces."""

    async def ExportData(self, request: Any, context: object) -> AsyncIterator[export_pb.ExportDataResponse]:
        for _piece in range(2):
            yield export_pb.ExportDataResponse()

    async def DownloadData(self, request: Any, context: object) -> AsyncIterator[export_pb.DownloadDataResponse]:
        yield export_pb.DownloadDataResponse()


class World:
    def __init__(self, collector: Collector, channel: grpc.aio.Channel) -> None:
        self.collector = collector
        self.deletions: Any = deletion_grpc.DeletionServiceStub(channel)
        self.exports: Any = export_grpc.ExportServiceStub(channel)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    collector = Collector()
    add = pb_grpc.add_RecordServiceServicer_to_server
    service = Registration(add, collector, "binnacle.collector.v1.RecordService")
    async with AsyncExitStack() as opened:
        address = await opened.enter_async_context(neighbour(service))

        @asynccontextmanager
        async def wire(_config: ServiceConfig, process: Process) -> AsyncIterator[Wired]:
            async def ready() -> None:
                return

            recorder = Recorder(process.channel(address), SystemClock())
            services = [
                Registration(
                    deletion_grpc.add_DeletionServiceServicer_to_server,
                    Deletions(recorder),
                    "binnacle.aggregator.v1.DeletionService",
                ),
                Registration(
                    export_grpc.add_ExportServiceServicer_to_server, Exports(), "binnacle.aggregator.v1.ExportService"
                ),
            ]
            yield Wired(services, ready, recorder=recorder)

        config = ServiceConfig(listen=socket_address("audited"), drain_seconds=0)
        channel = await opened.enter_async_context(running_service("audited", config, wire))
        yield World(collector, channel)


async def test_a_call_is_recorded_without_whom_it_names(world: World) -> None:
    request = deletion_pb.DeleteUserDataRequest(user_id="jane@example.com")
    await world.deletions.DeleteUserData(request, metadata=ANN)
    [record] = world.collector.records
    assert (record.tenant, record.kind, record.id, record.action) == ("acme", "deletion", "d1", "delete")
    assert (record.subject, list(record.roles)) == ("ann", ["admin", "viewer"])
    assert record.method == "binnacle.aggregator.v1.DeletionService/DeleteUserData"
    assert (json.loads(record.payload_json), record.revision) == ({"user_id": "***"}, 0)


async def test_what_records_itself_is_recorded_once(world: World) -> None:
    await world.deletions.DeleteTenantData(deletion_pb.DeleteTenantDataRequest(tenant="acme"), metadata=ANN)
    [record] = world.collector.records
    assert (record.kind, record.revision, record.subject) == ("own", 3, "ann")
    assert record.method == "binnacle.aggregator.v1.DeletionService/DeleteTenantData"


async def test_what_fails_or_only_reads_is_not_recorded(world: World) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await world.deletions.DeleteTenantData(deletion_pb.DeleteTenantDataRequest(tenant="x"), metadata=ANN)
    await world.deletions.ListDeletions(deletion_pb.ListDeletionsRequest(), metadata=ANN)
    assert not world.collector.records


async def test_an_export_is_recorded_before_its_first_piece(world: World) -> None:
    filter_ = filters_pb2.EventFilter(types=["purchase"], user_ids=["jane"])
    call = world.exports.ExportData(export_pb.ExportDataRequest(events=filter_), metadata=ANN)
    await call.read()
    [record] = world.collector.records
    assert (record.kind, record.action) == ("export", "export")
    assert json.loads(record.payload_json) == {"events": {"types": ["purchase"], "user_ids": "***"}}
    await call.read()
    assert len(world.collector.records) == 1


async def test_what_is_no_json_is_recorded_with_the_reason(world: World) -> None:
    request = export_pb.DownloadDataRequest(end_time=Timestamp(nanos=-1))
    call = world.exports.DownloadData(request, metadata=ANN)
    await call.read()
    [record] = world.collector.records
    assert (record.kind, record.action, record.subject) == ("export", "download", "ann")
    assert "end_time" in json.loads(record.payload_json)["unreadable"]


async def test_a_collector_that_is_away_for_a_moment_is_waited_for(world: World) -> None:
    world.collector.away = 2
    await world.deletions.DeleteUserData(deletion_pb.DeleteUserDataRequest(user_id="x"), metadata=ANN)
    assert len(world.collector.records) == 1


async def test_what_cannot_be_recorded_is_no_success(world: World) -> None:
    world.collector.away = 100
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.deletions.DeleteUserData(deletion_pb.DeleteUserDataRequest(user_id="x"), metadata=ANN)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    call = world.exports.ExportData(export_pb.ExportDataRequest(), metadata=ANN)
    with pytest.raises(grpc.aio.AioRpcError):
        await call.read()


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_dry_run_is_no_change(dry_run: bool) -> None:
    class Kept(Recorder):
        async def record(self, record: AuditRecord) -> AuditRecord:
            kept.append(record.action)
            return record

    async def apply(_request: Any, _context: object) -> rule_pb.ApplyRulesResponse:
        return rule_pb.ApplyRulesResponse()

    kept: list[str] = []
    method = "/binnacle.alerting.v1.RuleService/ApplyRules"
    auditor = Auditor(Kept(None, SystemClock()), frozenset([method]))
    handler = auditor.audited(method, grpc.unary_unary_rpc_method_handler(apply))
    with acting_for("acme"):
        await handler.unary_unary(rule_pb.ApplyRulesRequest(dry_run=dry_run), None)
    assert kept == ([] if dry_run else ["apply"])
