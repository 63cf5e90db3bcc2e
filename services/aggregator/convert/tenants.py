"""Tenants and keys as messages."""

from binnacle.aggregator.v1 import key_service_pb2, tenant_service_pb2 as pb
from binnacle.tenants.v1 import tenants_pb2
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.domain.access.keys import ApiKey
from services.aggregator.domain.access.tenants import Limits, Tenant, TenantChange


def tenant_message(tenant: Tenant) -> tenants_pb2.Tenant:
    """A tenant."""
    return tenants_pb2.Tenant(
        id=tenant.id,
        display_name=tenant.display_name,
        created_time=timestamp(tenant.created_us) if tenant.created_us else None,
        disabled=tenant.disabled,
        time_zone=tenant.time_zone,
        limits=_limits_message(tenant.limits),
        revision=tenant.revision,
        changed_time=timestamp(tenant.changed_us) if tenant.changed_us else None,
    )


def tenant_from(asked: pb.CreateTenantRequest) -> Tenant:
    """The tenant to create."""
    return Tenant(
        id=asked.id, display_name=asked.display_name, time_zone=asked.time_zone, limits=_limits_from(asked.limits)
    )


def change_from(asked: pb.UpdateTenantRequest) -> TenantChange:
    """What to change."""
    return TenantChange(
        display_name=asked.display_name if asked.HasField("display_name") else None,
        disabled=asked.disabled if asked.HasField("disabled") else None,
        time_zone=asked.time_zone if asked.HasField("time_zone") else None,
        limits=_limits_from(asked.limits) if asked.HasField("limits") else None,
        revision=asked.revision,
    )


def key_message(key: ApiKey, last_used_day: str) -> key_service_pb2.ApiKey:
    """What is kept of a key."""
    return key_service_pb2.ApiKey(
        id=key.id,
        name=key.name,
        roles=key.roles,
        created_time=timestamp(key.created_us),
        expires_time=timestamp(key.expires_us),
        revoked_time=timestamp(key.revoked_us) if key.revoked_us else None,
        last_used_day=last_used_day,
        created_by=key.created_by,
    )


def _limits_message(limits: Limits) -> tenants_pb2.TenantLimits:
    return tenants_pb2.TenantLimits(
        points_per_second=limits.points_per_second,
        events_per_second=limits.events_per_second,
        requests_per_second=limits.requests_per_second,
        active_series=limits.active_series,
        streams=limits.streams,
        body_bytes=limits.body_bytes,
        bytes_per_second=limits.bytes_per_second,
    )


def _limits_from(told: tenants_pb2.TenantLimits) -> Limits:
    return Limits(
        points_per_second=told.points_per_second,
        events_per_second=told.events_per_second,
        requests_per_second=told.requests_per_second,
        active_series=told.active_series,
        streams=told.streams,
        body_bytes=told.body_bytes,
        bytes_per_second=told.bytes_per_second,
    )
