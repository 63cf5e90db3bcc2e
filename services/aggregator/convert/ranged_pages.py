"""Pages of lists over a range of time: the first page settles the range, later ones are within it."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from services.aggregator.convert.time_ranges import DAY_US, range_from
from services.aggregator.ports.searches import TimeRange
from services.runtime import page_tokens


def ranged_page(
    tenant: str, request: Message, ranged: Message, now: float, otherwise_us: int = DAY_US, prefix: str = "filter."
) -> tuple[TimeRange, list[Any] | None]:
    """The range of a page, and the position it begins after, None for the first page.

    `ranged` is the part of the request that has `start_time` and `end_time`; see `range_from` for the rest. Raises
    InvalidInput.
    """
    state = page_tokens.state_of(tenant, request)
    if state is None:
        return TimeRange(*range_from(ranged, now, otherwise_us, prefix)), None
    return TimeRange(state[0], state[1]), state[2:]


def ranged_token(tenant: str, request: Message, range_: TimeRange, position: Sequence[Any] | None) -> str:
    """What leads to the page after a position; nothing without one."""
    if position is None:
        return ""
    return page_tokens.token_of(tenant, request, [range_.from_us, range_.to_us, *position])
