"""Intake warnings through the wired aggregator."""

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import intake_warning_service_pb2 as pb
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.intake_warnings import Refusals, warning_record

pytestmark = pytest.mark.store


def at(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(round(seconds * 1e6))
    return stamp


async def test_the_last_day_is_listed_unless_a_range_is_given(aggregator: Aggregator) -> None:
    now = time.time()
    rows = [
        Refusals(sample='type "a b"', points=3, first=now - 60, last=now - 30),
        Refusals(source="old", first=now - 90_000, last=now - 90_000),
    ]
    await aggregator.store(warning_record(rows))
    [warning] = (await aggregator.warnings.ListIntakeWarnings(pb.ListIntakeWarningsRequest())).warnings
    assert (warning.kind, warning.field, warning.reason) == ("events", "events.type", "rule")
    assert (warning.source, warning.sample, warning.count) == ("shop", 'type "a b"', 3)
    assert (warning.first_time, warning.last_time) == (at(now - 60), at(now - 30))
    request = pb.ListIntakeWarningsRequest(start_time=at(now - 100_000), end_time=at(now - 80_000))
    [old] = (await aggregator.warnings.ListIntakeWarnings(request)).warnings
    assert old.source == "old"
    logs = await aggregator.warnings.ListIntakeWarnings(pb.ListIntakeWarningsRequest(kind="logs"))
    assert list(logs.warnings) == []
    others = await aggregator.warnings.ListIntakeWarnings(pb.ListIntakeWarningsRequest(), metadata=as_tenant("other"))
    assert list(others.warnings) == []


async def test_pages_hold_each_row_once(aggregator: Aggregator) -> None:
    now = time.time()
    await aggregator.store(warning_record([Refusals(source=f"s{n}", first=now, last=now - n // 3) for n in range(25)]))
    sources: list[str] = []
    token = ""
    while True:
        request = pb.ListIntakeWarningsRequest(page_size=10, page_token=token)
        page = await aggregator.warnings.ListIntakeWarnings(request)
        sources += [warning.source for warning in page.warnings]
        token = page.next_page_token
        if not token:
            break
    assert len(sources) == 25
    assert set(sources) == {f"s{n}" for n in range(25)}


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.ListIntakeWarningsRequest(page_size=1_001), "page_size"),
        (pb.ListIntakeWarningsRequest(page_token="foreign"), "page_token"),
        (pb.ListIntakeWarningsRequest(start_time=Timestamp(seconds=10), end_time=Timestamp(seconds=10)), "start_time"),
        (pb.ListIntakeWarningsRequest(start_time=Timestamp(seconds=-10)), "start_time"),
    ],
)
async def test_bad_questions_are_refused_by_field(
    aggregator: Aggregator, request_: pb.ListIntakeWarningsRequest, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await aggregator.warnings.ListIntakeWarnings(request_)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in str(error.value.details())


async def test_a_token_is_of_one_tenant_and_filter(aggregator: Aggregator) -> None:
    now = time.time()
    await aggregator.store(warning_record([Refusals(source=f"s{n}", first=now, last=now) for n in range(2)]))
    page = await aggregator.warnings.ListIntakeWarnings(pb.ListIntakeWarningsRequest(page_size=1))
    request = pb.ListIntakeWarningsRequest(page_token=page.next_page_token)
    assert len((await aggregator.warnings.ListIntakeWarnings(request)).warnings) == 1
    for foreign, metadata in ((request, as_tenant("other")), (pb.ListIntakeWarningsRequest(kind="x"), None)):
        foreign.page_token = page.next_page_token
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await aggregator.warnings.ListIntakeWarnings(foreign, metadata=metadata)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
