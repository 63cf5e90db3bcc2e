"""Changes as messages."""

import json
from typing import Any

from binnacle.aggregator.v1 import change_service_pb2 as pb
from services.aggregator.convert.dashboard import struct, timestamp
from services.aggregator.convert.reports import asked_range
from services.aggregator.convert.row_messages import length_of_event, made_once
from services.aggregator.ports.changes import ChangeFilter
from services.aggregator.ports.store import StoredEvent
from services.core.conventions import CHANGE_EVENTS, DEPLOY_EVENT
from services.core.errors import InvalidInput

DAY = 86_400
MAX_TITLE = 200


def filter_from(asked: pb.ListChangesRequest, now: float) -> ChangeFilter:
    """Which changes are asked for. Raises InvalidInput."""
    if asked.kind and asked.kind not in CHANGE_EVENTS:
        raise InvalidInput.of("kind", f"must be one of {', '.join(CHANGE_EVENTS)}")
    within = asked_range(asked, now, DAY)
    kinds = (asked.kind,) if asked.kind else CHANGE_EVENTS
    return ChangeFilter(within.first_us, within.end_us, kinds, asked.service)


@made_once(length_of_event)
def change(event: StoredEvent) -> pb.Change:
    """One change."""
    data: dict[str, Any] = json.loads(event.data_json or "{}")
    service = _text(data, "service") or event.service
    version = _text(data, "version")
    title = _text(data, "title", "description", "key")
    if event.type == DEPLOY_EVENT and version:
        title = f"{service} {version}".strip()
    return pb.Change(
        time=timestamp(event.time_us),
        kind=event.type,
        service=service,
        title=title or f"{service} {event.type}".strip(),
        version=version,
        former_version=_text(data, "former_version"),
        user_id=event.user_id,
        data=struct(event.data_json),
    )


def _text(data: dict[str, Any], *keys: str) -> str:
    """The first of these that is a text or a number."""
    found = (data.get(key) for key in keys)
    return next((str(each)[:MAX_TITLE] for each in found if isinstance(each, str | int | float) and each != ""), "")
