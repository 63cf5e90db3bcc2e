"""API keys of the caller's tenant."""

from typing import Any

from binnacle.aggregator.v1 import key_service_pb2 as pb, key_service_pb2_grpc
from services.aggregator.convert import pages
from services.aggregator.convert.tenants import key_message
from services.aggregator.domain.access.keys import USUAL_SECONDS, ApiKey, Keys
from services.runtime import page_tokens
from services.runtime.calls import current_call
from services.runtime.times import seconds_of


class KeyServicer(key_service_pb2_grpc.KeyServiceServicer):
    """Creates, lists and revokes keys."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def CreateKey(self, request: pb.CreateKeyRequest, context: Any) -> pb.CreateKeyResponse:
        call = current_call()
        seconds = seconds_of(request.ttl) if request.HasField("ttl") else USUAL_SECONDS
        key, token = await self._keys.create(call.tenant, request.name, request.roles, seconds, call.subject)
        return pb.CreateKeyResponse(key=self._message(key), token=token)

    async def ListKeys(self, request: pb.ListKeysRequest, context: Any) -> pb.ListKeysResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        known = self._keys.of_tenant(tenant)
        if (state := page_tokens.state_of(tenant, request)) is not None:
            known = [key for key in known if (key.created_us, key.id) < tuple(state)]
        page = known[:size]
        following = [page[-1].created_us, page[-1].id] if len(known) > size else []
        return pb.ListKeysResponse(
            keys=map(self._message, page),
            next_page_token=page_tokens.token_of(tenant, request, following) if following else "",
        )

    async def RevokeKey(self, request: pb.RevokeKeyRequest, context: Any) -> pb.RevokeKeyResponse:
        return pb.RevokeKeyResponse(key=self._message(await self._keys.revoke(current_call().tenant, request.id)))

    def _message(self, key: ApiKey) -> pb.ApiKey:
        return key_message(key, self._keys.last_used_day(key))
