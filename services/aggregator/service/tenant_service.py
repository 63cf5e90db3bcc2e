"""Tenants of the installation."""

from typing import Any

from binnacle.aggregator.v1 import tenant_service_pb2 as pb, tenant_service_pb2_grpc
from services.aggregator.convert import pages
from services.aggregator.convert.tenants import change_from, tenant_from, tenant_message
from services.aggregator.domain.access.tenants import Tenant, Tenants
from services.core.errors import Forbidden, NotFound
from services.core.tenants import DEFAULT_TENANT
from services.runtime import page_tokens
from services.runtime.calls import current_call


def administers_all() -> bool:
    """Whether the caller, who is an administrator, is one of the installation: those of the first tenant are."""
    return current_call().tenant == DEFAULT_TENANT


class TenantServicer(tenant_service_pb2_grpc.TenantServiceServicer):
    """Shows administrators their own tenant, and those of the installation all."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    async def CreateTenant(self, request: pb.CreateTenantRequest, context: Any) -> pb.CreateTenantResponse:
        _require_all()
        return pb.CreateTenantResponse(tenant=tenant_message(await self._tenants.create(tenant_from(request))))

    async def GetTenant(self, request: pb.GetTenantRequest, context: Any) -> pb.GetTenantResponse:
        if not administers_all():
            return pb.GetTenantResponse(tenant=tenant_message(self._own(request.id)))
        return pb.GetTenantResponse(tenant=tenant_message(self._tenants.get(request.id)))

    async def ListTenants(self, request: pb.ListTenantsRequest, context: Any) -> pb.ListTenantsResponse:
        own = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        [after] = page_tokens.state_of(own, request) or [""]
        known = self._tenants.all() if administers_all() else [self._own(own)]
        found = [tenant for tenant in known if tenant.id > after]
        return pb.ListTenantsResponse(
            tenants=map(tenant_message, found[:size]),
            next_page_token=page_tokens.token_of(own, request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def UpdateTenant(self, request: pb.UpdateTenantRequest, context: Any) -> pb.UpdateTenantResponse:
        _require_all()
        changed = await self._tenants.update(request.id, change_from(request))
        return pb.UpdateTenantResponse(tenant=tenant_message(changed))

    def _own(self, asked: str) -> Tenant:
        """The caller's tenant, which is there also where nobody created it. Raises NotFound for any other."""
        if asked != current_call().tenant:
            raise NotFound(f"there is no tenant {asked[:64]!r}")
        try:
            return self._tenants.get(asked)
        except NotFound:
            return Tenant(asked)


def _require_all() -> None:
    if not administers_all():
        raise Forbidden(f"tenants are changed by administrators of the tenant {DEFAULT_TENANT} alone")
