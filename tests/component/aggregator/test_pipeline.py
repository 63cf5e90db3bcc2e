"""The pipeline through the wired aggregator: what flows, what waits, what is stored, and who may know."""

import time
from typing import Any

import pytest

from binnacle.aggregator.v1 import pipeline_service_pb2 as pb, pipeline_service_pb2_grpc
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.intake_warnings import Refusals, warning_record
from tests.support.journals import JOURNAL, record
from tests.support.waiting import eventually

pytestmark = pytest.mark.store


async def pipeline(aggregator: Aggregator, tenant: str = "default") -> Any:
    stub: Any = pipeline_service_pb2_grpc.PipelineServiceStub(aggregator.channel)
    return await stub.GetPipeline(pb.GetPipelineRequest(), metadata=as_tenant(tenant))


async def test_what_flows_is_counted_by_kind(aggregator: Aggregator) -> None:
    now = time.time()
    events = [{"type": "purchase"}] * 3
    first = record(accepted=now - 2, events=events, batch="once", logs=[{"message": "hello"}])
    again = record(accepted=now - 1, events=events, batch="once")
    samples = record(
        accepted=now,
        series=[(1, "cpu", {}), (2, "binnacle_collector_journal_bytes", {"instance": "c:1"})],
        samples=[(1, now, 1.0), (1, now - 60, 2.0), (2, now, 4096.0)],
        heartbeats=[{"service": "shop"}],
    )
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.commit(0, first, again, samples, warning_record([Refusals(points=7, first=now, last=now)]))
        await journal.send(4, record(events=[{"type": "late"}]))

        async def waiting() -> bool:
            return bool((await pipeline(aggregator)).journals[0].waiting_requests == 1)

        await eventually(waiting, "a record that is not sealed waits")
        found = await pipeline(aggregator)
    rows = {flow.kind: flow.rows for flow in found.flows}
    assert rows == {
        "samples": 3, "events": 3, "logs": 1, "heartbeats": 1, "spans": 0, "distributions": 0, "exemplars": 0,
        "rollups": 0,
    }  # fmt: skip
    [events_flow] = [flow for flow in found.flows if flow.kind == "events"]
    seconds = (found.end_time.ToMicroseconds() - found.start_time.ToMicroseconds()) / 1e6
    # Times are told to the microsecond, of which half a second has few.
    assert events_flow.rows_per_second == pytest.approx(3 / seconds, rel=1e-3)
    assert events_flow.rows_per_second_last_minute == pytest.approx(3 / min(seconds, 60), rel=1e-3)
    assert found.repeated_requests == 1
    assert found.lag.count == 3
    assert 2.0 <= found.lag.max_seconds < 60
    [refusal] = found.refusals
    assert (refusal.kind, refusal.reason, refusal.count) == ("events", "rule", 7)
    [journal_state] = found.journals
    assert (journal_state.journal_id, journal_state.connected, journal_state.stored_requests) == (JOURNAL, True, 3)
    assert journal_state.waiting_bytes > 0
    # That of a minute ago may be rolled up by now.
    assert {pending.bucket_seconds: pending.buckets for pending in found.rollups}[60] in (1, 2)
    tables = {table.table: table for table in found.tables}
    assert (tables["events"].rows, tables["samples"].rows, tables["spans"].rows) == (3, 3, 0)
    assert tables["events"].bytes > 0
    assert found.alone
    assert found.HasField("running_merges")
    assert found.free_bytes > 0
    [collector] = found.collectors
    assert (collector.instance, collector.journal_bytes, collector.HasField("lag_seconds")) == ("c:1", 4096, False)


async def test_a_tenant_with_neighbours_is_told_of_itself_alone(aggregator: Aggregator) -> None:
    now = time.time()
    async with aggregator.journal() as journal:
        await journal.hello()
        mine = record(accepted=now, events=[{"type": "purchase"}])
        theirs = record(accepted=now, tenant="other", events=[{"type": "purchase"}] * 5, samples=[(1, now, 1.0)])
        await journal.commit(0, mine, theirs)
    async with aggregator.journal("00000000000000bb") as journal:
        await journal.hello()
        await journal.commit(0, record(accepted=now, tenant="other", events=[{"type": "purchase"}]))
        found = await pipeline(aggregator)
    assert {flow.kind: flow.rows for flow in found.flows}["events"] == 1
    assert {flow.kind: flow.rows for flow in found.flows}["samples"] == 0
    tables = {table.table: table for table in found.tables}
    assert (tables["events"].rows, tables["samples"].rows) == (1, 0)
    assert [one.journal_id for one in found.journals] == [JOURNAL]
    assert not found.alone
    assert not any(one.HasField("waiting_requests") or one.HasField("waiting_bytes") for one in found.journals)
    assert not any(one.HasField("bytes") or one.HasField("parts") for one in found.tables)
    assert not found.HasField("running_merges")
    assert not found.HasField("free_bytes")
    assert list(found.rollups) == []
    nobody = await pipeline(aggregator, "nobody")
    assert sum(flow.rows for flow in nobody.flows) + len(nobody.journals) + sum(t.rows for t in nobody.tables) == 0
