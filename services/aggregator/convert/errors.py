"""Errors and their groups as messages."""

from collections.abc import Mapping

from binnacle.aggregator.v1 import error_service_pb2 as pb
from services.aggregator.convert.dashboard import struct, timestamp
from services.aggregator.convert.searches import SOURCES
from services.aggregator.ports.errors import ErrorGroup, ErrorOrder, Occurrence, Release

ORDERS: Mapping[int, ErrorOrder] = {
    pb.ERROR_ORDER_UNSPECIFIED: "last_seen",
    pb.ERROR_ORDER_LAST_SEEN: "last_seen",
    pb.ERROR_ORDER_FIRST_SEEN: "first_seen",
    pb.ERROR_ORDER_COUNT: "count",
    pb.ERROR_ORDER_USERS: "users",
}
_NUMBERS = {name: number for number, name in SOURCES.items()}


def group(found: ErrorGroup) -> pb.ErrorGroup:
    """A group in full."""
    return pb.ErrorGroup(
        fingerprint=found.fingerprint,
        service=found.service,
        type=found.type,
        message=found.message,
        place=found.place,
        count=found.events + found.logs + found.spans,
        event_count=found.events,
        log_count=found.logs,
        span_count=found.spans,
        users=found.users,
        first_time=timestamp(found.first_us),
        last_time=timestamp(found.last_us),
        trend=found.trend,
        releases=[_release(release) for release in found.releases],
        sample=occurrence(found.sample),
    )


def occurrence(found: Occurrence) -> pb.ErrorOccurrence:
    """One error."""
    return pb.ErrorOccurrence(
        time=timestamp(found.time_us),
        source=_NUMBERS[found.source],
        message=found.message,
        stack=found.stack,
        user_id=found.user_id,
        trace_id=found.trace_id,
        version=found.version,
        attributes=struct(found.attributes_json),
    )


def _release(found: Release) -> pb.ErrorRelease:
    return pb.ErrorRelease(
        version=found.version,
        count=found.count,
        first_time=timestamp(found.first_us),
        last_time=timestamp(found.last_us),
    )
