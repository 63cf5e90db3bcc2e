"""What browsers told, from events."""

from collections.abc import Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.reports.integrations import UNKNOWN, stretch_of, text_of
from services.aggregator.adapters.clickhouse.reports.services import IN_RANGE
from services.aggregator.ports.clients import PageRow
from services.core.conventions import ERROR_EVENT, FRONTEND, PAGE_VIEW_EVENT

_VIEW = "type = {view:String}"
_ERROR = "type = {error:String} AND service = {frontend:String}"
MAX_MESSAGE = 200


class ClickHouseClients:
    """See ports/clients.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def pages(self, tenant: str, from_us: int, to_us: int, stretch: int) -> Sequence[PageRow]:
        start = stretch_of("toUnixTimestamp64Micro(time)")
        query = TenantQuery(
            tenant,
            "events",
            (f"{text_of('data', 'page')} AS page", f"{start} AS start", f"countIf({_VIEW})", f"countIf({_ERROR})"),
            (*IN_RANGE, "type IN ({view:String}, {error:String})", f"{_VIEW} OR {_ERROR}"),
            {**_parameters(from_us, to_us), "stretch": stretch},
            group_by="page, start",
        )
        return [PageRow(*row) for row in await self._reader.rows(query)]

    async def frequent_errors(self, tenant: str, from_us: int, to_us: int, most: int) -> Sequence[tuple[str, float]]:
        word = f"substringUTF8({text_of('data', 'message', 'error')}, 1, {MAX_MESSAGE})"
        query = TenantQuery(
            tenant,
            "events",
            (f"if({word} = '', '{UNKNOWN}', {word}) AS word", "count() AS times"),
            (*IN_RANGE, _ERROR),
            _parameters(from_us, to_us),
            group_by="word",
            order_by="times DESC, word",
            limit=most,
        )
        return [(word, float(times)) for word, times in await self._reader.rows(query)]

    async def active(self, tenant: str, from_us: int, to_us: int) -> int:
        query = TenantQuery(
            tenant,
            "events",
            ("uniqExact(if(session_id = '', user_id, session_id))",),
            (*IN_RANGE, _VIEW, "session_id != '' OR user_id != ''"),
            _parameters(from_us, to_us),
        )
        [[count]] = await self._reader.rows(query)
        return int(count)


def _parameters(from_us: int, to_us: int) -> dict[str, Any]:
    words = {"view": PAGE_VIEW_EVENT, "error": ERROR_EVENT, "frontend": FRONTEND}
    return {"from_us": from_us, "to_us": to_us, **words}
