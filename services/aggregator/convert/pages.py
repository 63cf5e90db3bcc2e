"""Lists of events as messages, and their pages."""

from binnacle.aggregator.v1 import query_service_pb2
from binnacle.events.v1 import events_pb2
from services.aggregator.convert.dashboard import struct, timestamp
from services.aggregator.convert.row_messages import length_of_event, made_once
from services.aggregator.ports.store import EventPosition, StoredEvent
from services.core.errors import InvalidInput
from services.runtime import page_tokens

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000


@made_once(length_of_event)
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


def page_token(tenant: str, asked: query_service_pb2.ListEventsRequest, last: StoredEvent) -> str:
    """Where the page after `last` begins."""
    return page_tokens.token_of(tenant, asked, (last.time_us, *last.place))


def position_from(tenant: str, asked: query_service_pb2.ListEventsRequest) -> EventPosition | None:
    """Where a page begins; None for the newest. Raises InvalidInput for any token but this list's own."""
    state = page_tokens.state_of(tenant, asked)
    return None if state is None else (int(state[0]), str(state[1]), int(state[2]), int(state[3]))
