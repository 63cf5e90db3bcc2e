"""The audit log in the store: what arrives is listed, exactly once, and outlives what is deleted."""

import time
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import (
    access_service_pb2 as access_pb,
    access_service_pb2_grpc,
    audit_service_pb2 as pb,
    audit_service_pb2_grpc,
    deletion_service_pb2 as deletion_pb,
    deletion_service_pb2_grpc,
)
from binnacle.audit.v1 import audit_pb2
from binnacle.journal.v1 import journal_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.waiting import eventually

pytestmark = pytest.mark.store
ACME = as_tenant("acme")


def audited(*records: audit_pb2.AuditRecord, tenant: str = "acme", name: str = "") -> journal_pb2.Record:
    now = int(time.time() * 1e6)
    return journal_pb2.Record(tenant=tenant, accepted_time_unix_us=now, audit=records, batch_id=name)


def done(
    action: str, kind: str = "rule", identity: str = "r1", payload: str = "{}", **more: Any
) -> audit_pb2.AuditRecord:
    record = audit_pb2.AuditRecord(
        tenant="acme", kind=kind, id=identity, action=action, payload_json=payload, subject="ann", roles=["admin"],
        key="k1", method="a.B/C", request_id="q1", revision=5, **more,
    )  # fmt: skip
    record.time.FromMicroseconds(int(time.time() * 1e6))
    return record


async def listed(aggregator: Aggregator, metadata: Any = ACME, **asked: Any) -> pb.ListAuditRecordsResponse:
    stub: Any = audit_service_pb2_grpc.AuditServiceStub(aggregator.channel)
    answer: pb.ListAuditRecordsResponse = await stub.ListAuditRecords(
        pb.ListAuditRecordsRequest(**asked), metadata=metadata
    )
    return answer


async def test_a_record_is_listed_as_it_was_written(aggregator: Aggregator) -> None:
    written = done("create", payload='{"above":5}')
    await aggregator.store(audited(written))
    assert list((await listed(aggregator)).records) == [written]
    assert not (await listed(aggregator, as_tenant("other"))).records
    assert list((await listed(aggregator, as_tenant("default"), tenant="acme")).records) == [written]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await listed(aggregator, as_tenant("other"), tenant="acme")
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["revoke", "update", "create"]),
        ({"kind": ["key"]}, ["revoke"]),
        ({"action": ["update", "create"]}, ["update", "create"]),
        ({"id": ["r2"]}, ["update"]),
        ({"subject": ["nobody"]}, []),
        ({"search": "Checkout -above"}, ["update"]),
    ],
)
async def test_records_are_chosen_and_paged(aggregator: Aggregator, asked: dict[str, Any], found: list[str]) -> None:
    records = [
        done("create", payload='{"above":5,"for":"checkout"}'),
        done("update", identity="r2", payload='{"for":"checkout"}'),
        done("revoke", kind="key"),
    ]
    await aggregator.store(audited(*records[:2]), audited(records[2]))
    paged: list[str] = []
    token = ""
    while True:
        page = await listed(aggregator, page_size=1, page_token=token, **asked)
        paged += [record.action for record in page.records]
        token = page.next_page_token
        if not token:
            break
    assert paged == found


async def test_a_record_that_was_sent_twice_is_in_the_log_once(aggregator: Aggregator) -> None:
    twice = audited(done("create"), name="n1")
    await aggregator.store(twice, twice, audited(done("update")))
    assert [record.action for record in (await listed(aggregator)).records] == ["update", "create"]


async def test_the_log_outlives_its_tenant(aggregator: Aggregator) -> None:
    deletions: Any = deletion_service_pb2_grpc.DeletionServiceStub(aggregator.channel)
    async with aggregator.journal() as journal:
        assert await journal.hello() == 0
        await journal.commit(0, audited(done("create")))
        late = audited(done("update"))
        begun = await deletions.DeleteTenantData(deletion_pb.DeleteTenantDataRequest(tenant="acme"), metadata=ACME)

        async def is_done() -> bool:
            request = deletion_pb.GetDeletionRequest(id=begun.deletion.id)
            return bool((await deletions.GetDeletion(request, metadata=ACME)).deletion.state != 1)

        await eventually(is_done, "the deletion is done", within=60)
        # What was accepted before, and comes only now, stays too.
        await journal.commit(1, late)
    assert [record.action for record in (await listed(aggregator)).records] == ["update", "create"]


async def test_peers_are_told_what_is_configured(aggregator: Aggregator) -> None:
    stub: Any = access_service_pb2_grpc.AccessServiceStub(aggregator.channel)
    before = await stub.GetAccess(access_pb.GetAccessRequest())
    same = await stub.GetAccess(access_pb.GetAccessRequest(known_version=before.version))
    assert (same.version, len(same.tenants)) == (before.version, 0)
    first, newer = done("create", payload='{"above":5}'), done("update", payload='{"above":6}')
    newer.revision = 6
    tenant = done("disable", kind="tenant", identity="acme", payload='{"id":"acme","disabled":true}')
    await aggregator.store(audited(newer, first, tenant))

    async def is_told() -> bool:
        answer = await stub.GetAccess(access_pb.GetAccessRequest(known_version=before.version))
        return [(one.id, one.disabled) for one in answer.tenants] == [("acme", True)]

    await eventually(is_told, "the tenant is told")
    rules = await stub.ListNewestRecords(access_pb.ListNewestRecordsRequest(kind="rule"))
    assert list(rules.records) == [newer]


async def test_peers_are_told_who_sends_data(aggregator: Aggregator) -> None:
    stub: Any = access_service_pb2_grpc.AccessServiceStub(aggregator.channel)
    before = await stub.GetAccess(access_pb.GetAccessRequest())
    assert "acme" not in before.seen_tenants
    await aggregator.store(audited(done("create")))

    async def told() -> bool:
        answer = await stub.GetAccess(access_pb.GetAccessRequest(known_version=before.version))
        return "acme" in answer.seen_tenants

    await eventually(told, "the tenant was seen")
