"""Single figures over time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from google.api.httpbody_pb2 import HttpBody

from binnacle.aggregator.v1 import figure_service_pb2 as pb, figure_service_pb2_grpc
from services.aggregator.convert import figures as convert
from services.aggregator.convert.exports import CONTENT_TYPES
from services.aggregator.convert.reports import name_from
from services.aggregator.domain.figures.event_figures import EventFigures
from services.aggregator.domain.figures.figures import Asked, Figure, Figures
from services.aggregator.domain.figures.sent_metrics import SentMetrics
from services.aggregator.domain.ranges.periods import named_period
from services.aggregator.ports.exports import ExportFormat
from services.core.clock import Clock
from services.core.errors import NotFound
from services.runtime.calls import current_call

MOST_NAMED = 12
FigureFile = Callable[[Sequence[int], Mapping[str, Figure], ExportFormat], bytes]
"""Makes a file of figures at the starts of steps (Unix seconds)."""


class FigureServicer(figure_service_pb2_grpc.FigureServiceServicer):
    """Answers from what other services read, and from the metrics as they were sent."""

    def __init__(
        self, figures: Figures, events: EventFigures, sent: SentMetrics, file: FigureFile, clock: Clock
    ) -> None:
        self._figures = figures
        self._events = events
        self._sent = sent
        self._file = file
        self._clock = clock

    async def GetFigures(self, request: pb.GetFiguresRequest, context: Any) -> pb.GetFiguresResponse:
        tenant = current_call().tenant
        convert.check_tenant(request.tenant_id, tenant)
        period = named_period(request.period, self._clock.now())
        names = convert.names_from(request.metrics, self._figures.units)
        found = await self._figures.over_time(convert.asked_over(tenant, period), names)
        return convert.figures(period, found)

    async def ExportFigures(self, request: pb.ExportFiguresRequest, context: Any) -> pb.ExportFiguresResponse:
        tenant = current_call().tenant
        convert.check_tenant(request.tenant_id, tenant)
        period, form = named_period(request.period, self._clock.now()), convert.format_from(request.format)
        names = convert.names_from(request.metrics, self._figures.units)
        asked = convert.asked_over(tenant, period)
        found = await self._figures.over_time(asked, names)
        data = await asyncio.to_thread(self._file, asked.starts, found, form)
        disposition = f'attachment; filename="figures-{period.name}.{form}"'
        await context.send_initial_metadata((("content-disposition", disposition), ("cache-control", "no-store")))
        return pb.ExportFiguresResponse(content=HttpBody(content_type=CONTENT_TYPES[form], data=data))

    async def GetFigure(self, request: pb.GetFigureRequest, context: Any) -> pb.GetFigureResponse:
        name = name_from("metric", request.metric)
        asked = convert.asked_from(current_call().tenant, request, self._clock.now())
        return convert.figure(name, asked, await self._one(asked, name))

    async def _one(self, asked: Asked, name: str) -> Figure:
        if name in self._figures.units:
            return (await self._figures.over_time(asked, [name]))[name]
        found = await self._events.over_time(asked, name) or await self._sent.over_time(asked, name)
        if found is None:
            raise NotFound(self._unknown(name, await self._sent.names(asked.tenant)))
        return found

    def _unknown(self, name: str, sent: Sequence[str]) -> str:
        near = get_close_matches(name, [*self._figures.units, *sent], MOST_NAMED, cutoff=0.0)
        return (
            f"there is no figure and no metric {name}; nearest are {', '.join(near)}; GET /api/v1/metrics has all sent"
        )
