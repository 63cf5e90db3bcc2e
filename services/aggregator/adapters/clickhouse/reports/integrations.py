"""Calls to the services of others: events that tell of one, and client spans."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Literal

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, quoted
from services.aggregator.adapters.clickhouse.reports.services import IN_RANGE
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import COUNTS, MOST, REAL, WHOLE, Groups, RowMerging
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.domain.intake.buckets import GAMMA, LAST_BUCKET
from services.aggregator.ports.integrations import CallsQuestion, CallsRow, FailuresRow
from services.core.conventions import INTEGRATION_EVENTS

UNKNOWN = "unknown"
MAX_KIND = 100
_CLIENT, _FAILED = 3, 2


def text_of(column: str, *keys: str) -> str:
    """The first of these keys of a JSON object that says something, as a text; an empty one when none does."""
    if len(keys) == 1:
        return f"JSONExtractString({column}, {quoted(keys[0])})"
    listed = ", ".join(quoted(key) for key in keys)
    # One lambda over many keys: written out, the expression alone would take milliseconds to analyse.
    return (
        "arrayFirst(word -> word NOT IN ('', 'true', 'false'),"
        f" arrayMap(key -> JSONExtractString({column}, key), [{listed}]))"
    )


def bucket_of(milliseconds: str) -> str:
    """The number that domain/buckets.py gives a latency."""
    number = f"ceil(log(greatest({milliseconds} * 1000, 1)) / log({GAMMA}) - 1e-9)"
    return f"toUInt16(least(greatest({number}, 0), {LAST_BUCKET}))"


def stretch_of(microseconds: str) -> str:
    """The first second of the stretch a time falls into; its length is the parameter `stretch`."""
    return f"intDiv({microseconds}, {{stretch:Int64}} * 1000000) * {{stretch:Int64}}"


_NUMBERS = "('Int64', 'UInt64', 'Double')"
_TIMES = ("response_time", "response_time_ms", "latency_ms")
_TOLD_MS = ", ".join(f"JSONType(data, '{key}') IN {_NUMBERS}, JSONExtractFloat(data, '{key}')" for key in _TIMES)
_EVENT_FAILED = (
    "if(JSONHas(data, 'success'), JSONExtractRaw(data, 'success') NOT IN ('true', '1', '\"true\"'),"
    " JSONExtractRaw(data, 'error') NOT IN ('', '\"\"', 'false', 'null') OR JSONExtractInt(data, 'status_code') >= 400)"
)
_OF_EVENTS = (
    f"{text_of('data', 'provider')} AS integration",
    f"{text_of('data', 'endpoint')} AS endpoint",
    "toUnixTimestamp64Micro(time) AS at",
    f"{_EVENT_FAILED} AS failed",
    f"multiIf({_TOLD_MS}, -1.) AS ms",
    f"if(failed, {text_of('data', 'error_kind', 'error_type', 'error', 'status_code')}, '') AS failure",
)
# Where several are told, the one that says most about who was called.
_PEERS = (
    "peer.service", "server.address", "net.peer.name", "http.host",
    "db.system.name", "db.system", "messaging.system", "rpc.system",
)  # fmt: skip
_RPC = f"concat({text_of('attributes', 'rpc.service')}, '/', {text_of('attributes', 'rpc.method')})"
_OF_SPAN = (
    f"multiIf({text_of('attributes', 'url.template', 'http.route')} AS route != '', route,"
    f" {_RPC} AS method != '/', method, toString(name))"
)
_SPAN_FAILURE = text_of(
    "attributes", "error.type", "http.response.status_code", "http.status_code", "rpc.grpc.status_code"
)
_OF_SPANS = (
    f"{text_of('attributes', *_PEERS)} AS integration",
    f"{_OF_SPAN} AS endpoint",
    "toUnixTimestamp64Micro(time) AS at",
    f"status = {_FAILED} AS failed",
    "duration_ns / 1e6 AS ms",
    f"multiIf(NOT failed, '', {_SPAN_FAILURE} AS told != '', told, status_message) AS failure",
)


# Key: integration, endpoint and stretch; figures: calls, failures, those that told a time, milliseconds, last success
# and failure, histogram.
_CALLS = RowMerging(3, (WHOLE, WHOLE, WHOLE, REAL, MOST, MOST, COUNTS))
_FAILURES = RowMerging(2, (WHOLE,))


class ClickHouseIntegrations:
    """See ports/integrations.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def calls(self, tenant: str, question: CallsQuestion) -> Sequence[CallsRow]:
        of_events, of_spans = await self._both(tenant, question, _calls, _CALLS)
        return [
            CallsRow(*[from_spans, *key, *figures, list(times), list(times.values())])
            for from_spans, groups in ((False, of_events), (True, of_spans))
            for key, (*figures, times) in groups.items()
        ]

    async def failures(self, tenant: str, question: CallsQuestion) -> Sequence[FailuresRow]:
        answers = await self._both(tenant, question, _failures, _FAILURES)
        return [FailuresRow(*[*key, count]) for groups in answers for key, (count,) in groups.items()]

    async def _both(
        self,
        tenant: str,
        question: CallsQuestion,
        counted: Callable[[TenantQuery, CallsQuestion], TenantQuery],
        merging: RowMerging,
    ) -> tuple[Groups, Groups]:
        """What events and what spans say."""

        async def ask(rows: Literal["events", "spans"]) -> Groups:
            def told(part: Part, place: str) -> TenantQuery:
                return counted(_told(tenant, rows, part, place), question)

            sliced: Sliced[Groups] = Sliced(rows, told, merging)
            return await self._reader.slices.answer(tenant, sliced, question.from_us, question.to_us)

        return await asyncio.gather(ask("events"), ask("spans"))


def _told(tenant: str, rows: Literal["events", "spans"], part: Part, place: str) -> TenantQuery:
    """Calls within a part."""
    parameters = {"from_us": part.start_us, "to_us": part.end_us}
    columns = (*(_OF_EVENTS if rows == "events" else _OF_SPANS), f"{place.format('at')} AS part")
    if rows == "spans":
        return TenantQuery(tenant, rows, columns, (*IN_RANGE, f"kind = {_CLIENT}"), parameters)
    types = {"types": list(INTEGRATION_EVENTS)}
    return TenantQuery(tenant, rows, columns, (*IN_RANGE, "type IN {types:Array(String)}"), parameters | types)


def _calls(told: TenantQuery, question: CallsQuestion) -> TenantQuery:
    columns = (
        "part",
        "integration",
        "endpoint" if question.by_endpoint else "''",
        (stretch_of("at") if question.bucket_seconds is not None else "0") + " AS start",
        "count()",
        "countIf(failed)",
        "countIf(ms >= 0)",
        "sumIf(ms, ms >= 0)",
        "maxIf(at, NOT failed)",
        "maxIf(at, failed)",
        f"sumMapIf([{bucket_of('ms')}], [toUInt64(1)], ms >= 0)",
    )
    groups = "part, integration, start" + (", endpoint" if question.by_endpoint else "")
    return TenantQuery(told.tenant, told, columns, (_named(question),), _parameters(question), group_by=groups)


def _failures(told: TenantQuery, question: CallsQuestion) -> TenantQuery:
    kind = f"if(failure = '', '{UNKNOWN}', substringUTF8(failure, 1, {MAX_KIND}))"
    columns = ("part", "integration", f"{kind} AS word", "count()")
    where = (_named(question), "failed")
    groups = "part, integration, word"
    return TenantQuery(told.tenant, told, columns, where, _parameters(question), group_by=groups)


def _named(question: CallsQuestion) -> str:
    return "integration = {integration:String}" if question.integration else "integration != ''"


def _parameters(question: CallsQuestion) -> dict[str, Any]:
    return {"integration": question.integration, "stretch": question.bucket_seconds or 1}
