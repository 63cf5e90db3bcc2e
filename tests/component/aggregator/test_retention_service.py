"""How long data is kept, asked and set at a running aggregator."""

from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import retention_service_pb2 as pb, retention_service_pb2_grpc
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.component.aggregator.conftest import Start

pytestmark = pytest.mark.store

DEFAULTS = {
    "samples": 7,
    "minutes": 30,
    "hours": 400,
    "days": 0,
    "events": 30,
    "logs": 30,
    "spans": 7,
    "traffic": 30,
}


def stub(aggregator: Aggregator) -> Any:
    return retention_service_pb2_grpc.RetentionServiceStub(aggregator.channel)


def days(answer: Any) -> dict[str, int]:
    return {kind.kind: kind.days for kind in answer.kinds}


async def test_what_is_set_holds_for_its_tenant_and_over_restarts(start: Start) -> None:
    async with start() as aggregator:
        assert days(await stub(aggregator).GetRetention(pb.GetRetentionRequest())) == DEFAULTS
        changes = [pb.RetentionChange(kind="logs", days=5, archive=True), pb.RetentionChange(kind="days", days=400)]
        answer = await stub(aggregator).UpdateRetention(pb.UpdateRetentionRequest(changes=changes))
        assert days(answer) == {**DEFAULTS, "logs": 5, "days": 400}
        other = await stub(aggregator).GetRetention(pb.GetRetentionRequest(), metadata=as_tenant("other"))
        assert days(other) == DEFAULTS
    async with start() as aggregator:
        again = [pb.RetentionChange(kind="logs", archive=False), pb.RetentionChange(kind="days", days=0)]
        answer = await stub(aggregator).UpdateRetention(pb.UpdateRetentionRequest(changes=again))
        assert days(answer) == {**DEFAULTS, "logs": 5}
        assert not any(kind.archive for kind in answer.kinds)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ([], "changes"),
        ([("rain", 3)], "changes[0].kind"),
        ([("logs", 3), ("logs", 4)], "changes[1].kind"),
        ([("logs", 3), ("samples", 6)], "changes[1].days"),
        ([("samples", 0)], "changes[0].days"),
        ([("events", 3_651)], "changes[0].days"),
        ([("days", 399)], "changes[0].days"),
    ],
)
async def test_bad_changes_are_named_and_nothing_is_set(
    changes: list[tuple[str, int]], field: str, aggregator: Aggregator
) -> None:
    request = pb.UpdateRetentionRequest(changes=[pb.RetentionChange(kind=kind, days=n) for kind, n in changes])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub(aggregator).UpdateRetention(request)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert field in (refused.value.details() or "")
    assert days(await stub(aggregator).GetRetention(pb.GetRetentionRequest())) == DEFAULTS
