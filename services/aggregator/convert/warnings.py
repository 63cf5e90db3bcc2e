"""Lists of intake warnings as messages, and the ranges and page tokens they are asked for with."""

import base64
import binascii
import hashlib
import hmac
import json

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import intake_warning_service_pb2 as pb
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.ports.warnings import IntakeWarning, WarningFilter, WarningPosition
from services.core.errors import InvalidInput

DAY_US = 86_400_000_000
_LIMIT_US = 2**62
_MARK_BYTES = 12


def warning(stored: IntakeWarning) -> pb.IntakeWarning:
    """One row."""
    return pb.IntakeWarning(
        kind=stored.kind,
        field=stored.field,
        reason=stored.reason,
        description=stored.description,
        source=stored.source,
        sample=stored.sample,
        count=stored.count,
        first_time=timestamp(stored.first_us),
        last_time=timestamp(stored.last_us),
    )


def range_from(request: pb.ListIntakeWarningsRequest, now: float) -> WarningFilter:
    """The range and kind asked for; `now` in Unix seconds ends it where no end is given. Raises InvalidInput."""
    end = _micros("end_time", request.end_time) if request.HasField("end_time") else int(now * 1e6) + 1
    start = _micros("start_time", request.start_time) if request.HasField("start_time") else end - DAY_US
    if start >= end:
        raise InvalidInput.of("start_time", "must be before end_time")
    return WarningFilter(start, end, request.kind)


def _micros(field: str, time: Timestamp) -> int:
    micros = time.seconds * 1_000_000 + time.nanos // 1_000
    if not 0 <= micros < _LIMIT_US:
        raise InvalidInput.of(field, "must be a time from 1970 on")
    return micros


def page_token(tenant: str, asked: pb.ListIntakeWarningsRequest, matching: WarningFilter, last: IntakeWarning) -> str:
    """Where the page after `last` begins, within the range of the first page."""
    body = json.dumps([matching.from_us, matching.to_us, *last.position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(tenant, asked, body) + body).decode().rstrip("=")


def page_from(
    tenant: str, asked: pb.ListIntakeWarningsRequest, now: float
) -> tuple[WarningFilter, WarningPosition | None]:
    """The range and where to go on within it. Raises InvalidInput for any token but this list's own."""
    if not asked.page_token:
        return range_from(asked, now), None
    try:
        raw = base64.urlsafe_b64decode(asked.page_token + "=" * (-len(asked.page_token) % 4))
        mark, body = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        if hmac.compare_digest(mark, _mark(tenant, asked, body)):
            from_us, to_us, last_us, kind, field, reason, description, source = json.loads(body)
            return WarningFilter(from_us, to_us, asked.kind), (last_us, kind, field, reason, description, source)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidInput.of("page_token", "must be one that this list gave, with the same filters")


def _mark(tenant: str, asked: pb.ListIntakeWarningsRequest, body: bytes) -> bytes:
    """Ties a position to a tenant and a filter; no secret: the tenant of a query always comes from the credential."""
    times = [asked.start_time.ToNanoseconds(), asked.end_time.ToNanoseconds()]
    named = json.dumps([tenant, asked.kind, *times]).encode()
    return hashlib.blake2b(named + body, digest_size=_MARK_BYTES).digest()
