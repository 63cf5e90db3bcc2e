"""Dashboards as they are recorded."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from binnacle.dashboards.v1 import dashboards_pb2 as pb
from services.core.records import AuditRecord
from services.runtime.recorded_messages import message_recorded, payload_of
from services.streamer.convert.dashboards.messages import ORIGINS, dashboard_from, dashboard_message
from services.streamer.ports.dashboards import Dashboard


def dashboard_payload(dashboard: Dashboard) -> Mapping[str, Any]:
    """What is recorded of a dashboard."""
    return payload_of(dashboard_message(replace(dashboard, version=0, updated_at=0.0, updated_by="")))


def dashboard_recorded(record: AuditRecord) -> Dashboard:
    """The dashboard that a record holds. Raises InvalidInput where it holds none that can be read."""
    message = message_recorded(record, pb.Dashboard())
    return replace(
        dashboard_from(message),
        id=record.id,
        origin=ORIGINS.word("dashboard.origin", message.origin),
        edited=message.edited,
        version=record.revision,
        updated_at=record.time_us / 1e6,
        updated_by=record.subject,
        former_version=message.former_version,
    )
