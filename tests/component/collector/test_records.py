"""Records of what was done, through a running collector to its journal."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from binnacle.audit.v1 import audit_pb2
from binnacle.collector.v1 import record_service_pb2 as pb, record_service_pb2_grpc
from services.runtime.calls import TENANT_KEY
from tests.component.collector.collectors import Collector, collector, violations

pytestmark = pytest.mark.network
ACME = ((TENANT_KEY, "acme"),)


def stub(running: Collector) -> Any:
    return record_service_pb2_grpc.RecordServiceStub(running.channel)


def done(**more: Any) -> audit_pb2.AuditRecord:
    told = {"tenant": "acme", "kind": "rule", "id": "r1", "revision": 5, "action": "create", "payload_json": '{"a":1}'}
    record = audit_pb2.AuditRecord(**{**told, **more})
    record.time.FromSeconds(1_800_000_000)
    return record


async def test_a_record_travels_as_it_is(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        await stub(running).WriteRecords(pb.WriteRecordsRequest(records=[done(), done(id="r2")]), metadata=ACME)
        [record] = await running.committed(1)
    assert (record.tenant, list(record.audit)) == ("acme", [done(), done(id="r2")])


async def test_a_request_that_is_repeated_is_written_once(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        for _time in range(2):
            request = pb.WriteRecordsRequest(records=[done()], batch_id="n1")
            await stub(running).WriteRecords(request, metadata=ACME)
        await stub(running).WriteRecords(pb.WriteRecordsRequest(records=[done(id="r2")]), metadata=ACME)
        records = await running.committed(2)
    assert [record.audit[0].id for record in records] == ["r1", "r2"]
    assert records[0].batch_id == "n1"


@pytest.mark.parametrize(
    ("records", "field"),
    [
        ([], "records"),
        ([done(tenant="other")], "records[0].tenant"),
        ([done(), done(kind="")], "records[1].kind"),
        ([done(action="x" * 201)], "records[0].action"),
        ([done(payload_json="[1]")], "records[0].payload_json"),
        ([done(payload_json="{")], "records[0].payload_json"),
    ],
)
async def test_what_is_no_record_is_refused(tmp_path: Path, records: list[audit_pb2.AuditRecord], field: str) -> None:
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub(running).WriteRecords(pb.WriteRecordsRequest(records=records), metadata=ACME)
    assert list(violations(refused.value)) == [field]


async def test_a_time_that_no_clock_shows_is_refused(tmp_path: Path) -> None:
    record = done()
    record.time.seconds = 2**40
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub(running).WriteRecords(pb.WriteRecordsRequest(records=[record]), metadata=ACME)
    assert list(violations(refused.value)) == ["records[0].time"]
