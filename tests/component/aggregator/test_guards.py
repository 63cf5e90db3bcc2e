"""What only an administrator may do, where callers have roles."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import (
    deletion_service_pb2 as deletion_pb,
    deletion_service_pb2_grpc,
    retention_service_pb2 as retention_pb,
    retention_service_pb2_grpc,
)
from services.aggregator.config import AggregatorConfig
from services.aggregator.wiring import wire
from services.runtime.calls import ROLES_KEY
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.empty_store import lay_empty_store
from tests.support.services import GUARDED, running_service, socket_address

pytestmark = pytest.mark.store


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
    lay_empty_store(tmp_path / "aggregator" / "chdb")
    settings: dict[str, Any] = {**GUARDED, "data_dir": tmp_path, "drain_seconds": 1}
    config = AggregatorConfig(listen=socket_address("aggregator"), **settings)
    async with running_service("aggregator", config, wire) as opened:
        await Aggregator(opened).until_ready()
        yield opened


def calls(channel: grpc.aio.Channel) -> list[tuple[Any, Any]]:
    """What changes or deletes what is kept."""
    retention: Any = retention_service_pb2_grpc.RetentionServiceStub(channel)
    deletions: Any = deletion_service_pb2_grpc.DeletionServiceStub(channel)
    change = retention_pb.RetentionChange(kind="logs", days=5)
    return [
        (retention.UpdateRetention, retention_pb.UpdateRetentionRequest(changes=[change])),
        (deletions.DeleteUserData, deletion_pb.DeleteUserDataRequest(user_id="somebody")),
        (deletions.DeleteTenantData, deletion_pb.DeleteTenantDataRequest(tenant="acme")),
    ]


async def test_only_administrators_decide_what_is_kept(channel: grpc.aio.Channel) -> None:
    for roles in ("", "viewer", "ingester,viewer", "administrator"):
        for call, request in calls(channel):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(request, metadata=(*as_tenant("acme"), (ROLES_KEY, roles)))
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED, (request, roles)
    for call, request in calls(channel):
        await call(request, metadata=(*as_tenant("acme"), (ROLES_KEY, "viewer,admin")))
