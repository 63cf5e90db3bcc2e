"""Lists of events as messages, and page tokens that only their tenant can use."""

import base64
import binascii
import hashlib
import hmac
import json

from binnacle.events.v1 import events_pb2
from services.aggregator.convert.dashboard import struct, timestamp
from services.aggregator.ports.store import EventFilter, EventPosition, StoredEvent
from services.core.errors import InvalidInput

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
_MARK_BYTES = 12


def event(stored: StoredEvent) -> events_pb2.Event:
    """An event in full."""
    return events_pb2.Event(
        type=stored.type,
        service=stored.service,
        user_id=stored.user_id,
        session_id=stored.session_id,
        time=timestamp(stored.time_us),
        data=struct(stored.data_json),
    )


def limit_from(field: str, given: int) -> int:
    """Rows to give. Raises InvalidInput out of 1 to 1,000."""
    if not 1 <= given <= MAX_LIMIT:
        raise InvalidInput.of(field, f"must be between 1 and {MAX_LIMIT:,}")
    return given


def page_token(tenant: str, matching: EventFilter, last: StoredEvent) -> str:
    """Where the page after `last` begins."""
    position: EventPosition = (last.time_us, *last.place)
    body = json.dumps(position, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(tenant, matching, body) + body).decode().rstrip("=")


def position_from(tenant: str, matching: EventFilter, token: str) -> EventPosition | None:
    """The position a token stands for; None for the newest. Raises InvalidInput for any token but this list's own."""
    if not token:
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        mark, body = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        if hmac.compare_digest(mark, _mark(tenant, matching, body)):
            time_us, journal_id, offset, row = json.loads(body)
            return int(time_us), str(journal_id), int(offset), int(row)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidInput.of("page_token", "must be one that this list gave, with the same filters")


def _mark(tenant: str, matching: EventFilter, body: bytes) -> bytes:
    """Ties a position to a tenant and a filter; no secret: the tenant of a query always comes from the credential."""
    named = json.dumps([tenant, matching.type, matching.service]).encode()
    return hashlib.blake2b(named + body, digest_size=_MARK_BYTES).digest()
