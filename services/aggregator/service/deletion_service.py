"""Deleting for good."""

import re
from typing import Any

from binnacle.aggregator.v1 import deletion_service_pb2 as pb, deletion_service_pb2_grpc
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.domain.keeping.deletions import Deletions
from services.aggregator.ports.deletions import Deletion
from services.core.errors import InvalidInput
from services.runtime.calls import current_call

MAX_USER_ID = 200
_ID = re.compile(r"[0-9a-f]{32}")


class DeletionServicer(deletion_service_pb2_grpc.DeletionServiceServicer):
    """Begins deletions and tells of them."""

    def __init__(self, deletions: Deletions) -> None:
        self._deletions = deletions

    async def DeleteUserData(self, request: pb.DeleteUserDataRequest, context: Any) -> pb.DeleteUserDataResponse:
        if not 1 <= len(request.user_id) <= MAX_USER_ID:
            raise InvalidInput.of("user_id", f"must have 1 to {MAX_USER_ID} characters")
        begun = await self._deletions.begin(current_call().tenant, "user", request.user_id)
        return pb.DeleteUserDataResponse(deletion=_message(begun))

    async def DeleteTenantData(self, request: pb.DeleteTenantDataRequest, context: Any) -> pb.DeleteTenantDataResponse:
        tenant = current_call().tenant
        if request.tenant != tenant:
            raise InvalidInput.of("tenant", "must be the name of the caller's own tenant")
        return pb.DeleteTenantDataResponse(deletion=_message(await self._deletions.begin(tenant, "tenant")))

    async def GetDeletion(self, request: pb.GetDeletionRequest, context: Any) -> pb.GetDeletionResponse:
        if not _ID.fullmatch(request.id):
            raise InvalidInput.of("id", "must be 32 hexadecimal digits")
        return pb.GetDeletionResponse(deletion=_message(await self._deletions.get(current_call().tenant, request.id)))

    async def ListDeletions(self, request: pb.ListDeletionsRequest, context: Any) -> pb.ListDeletionsResponse:
        found = await self._deletions.of_tenant(current_call().tenant)
        return pb.ListDeletionsResponse(deletions=[_message(one) for one in found])


def _message(deletion: Deletion) -> pb.Deletion:
    return pb.Deletion(
        id=deletion.id,
        state=pb.Deletion.State.ValueType(deletion.state),
        scope=deletion.scope,
        requested_time=timestamp(deletion.requested_us),
        done_time=timestamp(deletion.done_us) if deletion.done_us else None,
        deleted_rows=deletion.deleted,
        digest=deletion.digest,
        remaining_rows=deletion.remaining,
        verified_time=timestamp(deletion.verified_us),
    )
