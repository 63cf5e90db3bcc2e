"""What browsers told, from events."""

from collections.abc import Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.reports.integrations import UNKNOWN, stretch_of, text_of
from services.aggregator.adapters.clickhouse.reports.services import IN_RANGE
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import WHOLE, Groups, RowMerging
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.ports.clients import PageRow
from services.core.conventions import ERROR_EVENT, FRONTEND, PAGE_VIEW_EVENT

_VIEW = "type = {view:String}"
_ERROR = "type = {error:String} AND service = {frontend:String}"
MAX_MESSAGE = 200
# Key: page and stretch; figures: views and errors.
_PAGES = RowMerging(2, (WHOLE, WHOLE))
_WORDS = RowMerging(1, (WHOLE,))


class ClickHouseClients:
    """See ports/clients.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def pages(self, tenant: str, from_us: int, to_us: int, stretch: int) -> Sequence[PageRow]:
        def ask(part: Part, place: str) -> TenantQuery:
            micros = "toUnixTimestamp64Micro(time)"
            columns = (
                f"{place.format(micros)} AS part",
                f"{text_of('data', 'page')} AS page",
                f"{stretch_of(micros)} AS start",
                f"countIf({_VIEW})",
                f"countIf({_ERROR})",
            )
            where = (*IN_RANGE, "type IN ({view:String}, {error:String})", f"{_VIEW} OR {_ERROR}")
            parameters = {**_parameters(part.start_us, part.end_us), "stretch": stretch}
            return TenantQuery(tenant, "events", columns, where, parameters, group_by="part, page, start")

        question: Sliced[Groups] = Sliced("events", ask, _PAGES)
        found = await self._reader.slices.answer(tenant, question, from_us, to_us)
        return [PageRow(*key, *figures) for key, figures in found.items()]

    async def frequent_errors(self, tenant: str, from_us: int, to_us: int, most: int) -> Sequence[tuple[str, float]]:
        def ask(part: Part, place: str) -> TenantQuery:
            word = f"substringUTF8({text_of('data', 'message', 'error')}, 1, {MAX_MESSAGE})"
            columns = (
                f"{place.format('toUnixTimestamp64Micro(time)')} AS part",
                f"if({word} = '', '{UNKNOWN}', {word}) AS word",
                "count()",
            )
            parameters = _parameters(part.start_us, part.end_us)
            return TenantQuery(tenant, "events", columns, (*IN_RANGE, _ERROR), parameters, group_by="part, word")

        question: Sliced[Groups] = Sliced("events", ask, _WORDS)
        found = await self._reader.slices.answer(tenant, question, from_us, to_us)
        times = [(word, float(count)) for (word,), (count,) in found.items()]
        return sorted(times, key=lambda one: (-one[1], one[0]))[:most]

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
