"""What every process has to know of tenants and keys."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from heapq import nsmallest
from typing import Any

from binnacle.aggregator.v1 import access_service_pb2 as pb, access_service_pb2_grpc
from services.aggregator.convert.tenants import tenant_message
from services.aggregator.domain.access.keys import Keys
from services.aggregator.domain.access.tenants import Tenants
from services.core.configuration import Configuration
from services.runtime.record_messages import record_message

_DIGEST_BYTES = 12
_TOGETHER = 1_000


class AccessServicer(access_service_pb2_grpc.AccessServiceServicer):
    """Tells what is configured, and who was `seen` to send data.

    `created_only`: whether tokens of tenants that nobody created are refused.
    """

    def __init__(
        self,
        configuration: Configuration,
        tenants: Tenants,
        keys: Keys,
        seen: Callable[[], Collection[str]],
        *,
        created_only: bool,
    ) -> None:
        self._configuration = configuration
        self._tenants = tenants
        self._keys = keys
        self._seen = seen
        self._created_only = created_only
        self._told: pb.GetAccessResponse | None = None
        configuration.listeners.append(self._forget)

    def _forget(self) -> None:
        self._told = None

    async def GetAccess(self, request: pb.GetAccessRequest, context: Any) -> pb.GetAccessResponse:
        self._keys.note_used((key.tenant, key.id) for key in request.used_keys)
        answer = self.access()
        return pb.GetAccessResponse(version=answer.version) if answer.version == request.known_version else answer

    def access(self) -> pb.GetAccessResponse:
        """What holds now. Raises Unavailable until it is known."""
        seen = sorted(self._seen())
        if self._told is None or self._told.seen_tenants != seen:
            self._told = self._made(seen)
        return self._told

    def _made(self, seen: Sequence[str]) -> pb.GetAccessResponse:
        answer = pb.GetAccessResponse(
            tenants=[tenant_message(tenant) for tenant in sorted(self._tenants.recorded(), key=lambda one: one.id)],
            revoked_keys=[
                pb.KeyOfTenant(tenant=key.tenant, id=key.id)
                for key in sorted(self._keys.revoked(), key=lambda one: (one.tenant, one.id))
            ],
            created_only=self._created_only,
            seen_tenants=seen,
        )
        told = answer.SerializeToString(deterministic=True)
        answer.version = hashlib.blake2b(told, digest_size=_DIGEST_BYTES).hexdigest()
        return answer

    async def ListNewestRecords(
        self, request: pb.ListNewestRecordsRequest, context: Any
    ) -> pb.ListNewestRecordsResponse:
        known, after = self._configuration.of(request.kind), (request.after_tenant, request.after_id)
        some = nsmallest(_TOGETHER, (key for key in known if key > after))
        return pb.ListNewestRecordsResponse(records=[record_message(known[key]) for key in some])
