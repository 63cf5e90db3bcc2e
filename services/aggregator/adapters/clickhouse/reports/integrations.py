"""Calls to the services of others: events that tell of one, and client spans."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, quoted
from services.aggregator.adapters.clickhouse.reports.services import IN_RANGE
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


class ClickHouseIntegrations:
    """See ports/integrations.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def calls(self, tenant: str, question: CallsQuestion) -> Sequence[CallsRow]:
        groups = ["integration", *(["endpoint"] if question.by_endpoint else [])]
        stretch = "0"
        if question.bucket_seconds is not None:
            stretch = stretch_of("at")
            groups.append(stretch)
        columns = (
            "integration",
            "endpoint" if question.by_endpoint else "''",
            stretch,
            "count()",
            "countIf(failed)",
            "countIf(ms >= 0)",
            "sumIf(ms, ms >= 0)",
            "maxIf(at, NOT failed)",
            "maxIf(at, failed)",
            f"sumMapIf([{bucket_of('ms')}], [toUInt64(1)], ms >= 0)",
        )
        of_events, of_spans = await self._both(tenant, question, columns, groups)
        return [
            CallsRow(from_spans, *cells[:-1], *cells[-1])
            for from_spans, rows in ((False, of_events), (True, of_spans))
            for cells in rows
        ]

    async def failures(self, tenant: str, question: CallsQuestion) -> Sequence[FailuresRow]:
        kind = f"if(failure = '', '{UNKNOWN}', substringUTF8(failure, 1, {MAX_KIND}))"
        columns = ("integration", f"{kind} AS word", "count()")
        answers = await self._both(tenant, question, columns, ["integration", "word"], "failed")
        return [FailuresRow(*cells) for rows in answers for cells in rows]

    async def _both(
        self, tenant: str, question: CallsQuestion, columns: tuple[str, ...], groups: list[str], condition: str = "1"
    ) -> list[list[list[Any]]]:
        """What events and what spans say."""
        parameters: dict[str, Any] = {
            "from_us": question.from_us,
            "to_us": question.to_us,
            "types": list(INTEGRATION_EVENTS),
            "integration": question.integration,
            "stretch": question.bucket_seconds or 1,
        }
        events = TenantQuery(tenant, "events", _OF_EVENTS, (*IN_RANGE, "type IN {types:Array(String)}"), parameters)
        spans = TenantQuery(tenant, "spans", _OF_SPANS, (*IN_RANGE, f"kind = {_CLIENT}"), parameters)
        named = "integration = {integration:String}" if question.integration else "integration != ''"
        return await asyncio.gather(
            *(
                self._reader.rows(
                    TenantQuery(tenant, told, columns, (named, condition), parameters, group_by=", ".join(groups))
                )
                for told in (events, spans)
            )
        )
