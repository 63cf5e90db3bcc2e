"""Data as files."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.api.httpbody_pb2 import HttpBody

from binnacle.aggregator.v1 import export_service_pb2 as pb, export_service_pb2_grpc
from services.aggregator.convert import exports as messages
from services.aggregator.convert.time_series import question_from
from services.aggregator.domain.series.question import Question
from services.aggregator.ports.exports import Export, ExportFormat, ExportStore
from services.core.clock import Clock
from services.runtime.calls import current_call

MESSAGE_BYTES = 256 << 10
QueryExport = Callable[[str, Question, ExportFormat, bool], Awaitable[Export]]
"""Opens what a question about time series answers, for a tenant, in a form, with or without an end line."""


@dataclass(frozen=True, slots=True)
class _Opened:
    export: Export
    form: ExportFormat
    file_name: str


class ExportServicer(export_service_pb2_grpc.ExportServiceServicer):
    """Streams exports."""

    def __init__(self, exports: ExportStore, queries: QueryExport, clock: Clock) -> None:
        self._exports = exports
        self._queries = queries
        self._clock = clock

    async def ExportData(self, request: pb.ExportDataRequest, context: Any) -> AsyncIterator[pb.ExportDataResponse]:
        opened = await self._open(request)
        start = pb.ExportStart(
            file_name=opened.file_name,
            content_type=messages.CONTENT_TYPES[opened.form],
            columns=opened.export.columns,
            estimated_rows=opened.export.estimated_rows,
        )
        yield pb.ExportDataResponse(start=start)
        digest = hashlib.sha256()
        rows = size = 0
        async for piece in opened.export.pieces():
            rows += piece.rows
            digest.update(piece.data)
            for part in _parts(piece.data):
                size += len(part)
                yield pb.ExportDataResponse(data=part, rows=rows, bytes=size)
        end = pb.ExportEnd(rows=rows, bytes=size, sha256=digest.hexdigest())
        yield pb.ExportDataResponse(rows=rows, bytes=size, end=end)

    async def DownloadData(
        self, request: pb.DownloadDataRequest, context: Any
    ) -> AsyncIterator[pb.DownloadDataResponse]:
        opened = await self._open(messages.request_from(request))
        disposition = f'attachment; filename="{opened.file_name}"'
        await context.send_initial_metadata((("content-disposition", disposition), ("cache-control", "no-store")))
        kind = messages.CONTENT_TYPES[opened.form]
        async for piece in opened.export.pieces():
            for part in _parts(piece.data):
                yield pb.DownloadDataResponse(content=HttpBody(content_type=kind, data=part))

    async def _open(self, request: pb.ExportDataRequest) -> _Opened:
        now = self._clock.now()
        form = messages.format_from(request.format)
        tenant = current_call().tenant
        export: Export
        if request.HasField("query"):
            export = await self._queries(tenant, question_from(request.query, now), form, request.end_line)
        else:
            search = messages.search_from(request, now)
            export = await self._exports.open(tenant, search, form, end_line=request.end_line)
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        return _Opened(export, form, f"{request.WhichOneof('source')}-{day}.{form}")


def _parts(data: bytes) -> list[bytes]:
    return [data[start : start + MESSAGE_BYTES] for start in range(0, len(data), MESSAGE_BYTES)]
