"""What tenants may take, as their records tell it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from binnacle.tenants.v1 import tenants_pb2
from services.collector.domain.limits import TenantLimits

_FIELDS = {
    "points_per_second": "points_per_second",
    "events_per_second": "events_per_second",
    "bytes_per_second": "bytes_per_second",
    "requests_per_second": "requests_per_second",
    "active_series": "active_series",
    "body_bytes": "request_bytes",
}


def limits_of(tenants: Iterable[tenants_pb2.Tenant], default: TenantLimits) -> Mapping[str, TenantLimits]:
    """The limits of those tenants that have some of their own; the others are as for all."""
    told = {tenant.id: _own(tenant.limits) for tenant in tenants}
    return {tenant: replace(default, **own) for tenant, own in told.items() if own}


def _own(limits: tenants_pb2.TenantLimits) -> dict[str, Any]:
    return {ours: value for theirs, ours in _FIELDS.items() if (value := getattr(limits, theirs))}
