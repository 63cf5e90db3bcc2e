"""Calls whose answers are kept for those who ask the same again: what is counted, or found by what was counted."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from services.aggregator.domain.figures.kept_answers import KeptAnswers
from services.runtime.calls import current_call
from services.runtime.process import Registration

Call = Callable[[Message, Any], Awaitable[Message]]


KEPT: Mapping[str, tuple[str, ...]] = {
    "AgentService": ("ListAgents",),
    "AudienceService": ("GetUniques", "GetPeakHours", "GetUserRetention"),
    "BusinessService": ("GetBusiness", "GetRevenue", "ListBusinessViolations"),
    "CatalogService": ("GetCardinality", "ListMetrics", "ListSeries", "ListLabels", "ListLabelValues"),
    "ClientService": ("GetClientFigures",),
    "ErrorService": ("ListErrorGroups", "GetErrorGroup", "ListErrorOccurrences"),
    "EventService": ("GetEventHistogram",),
    "FigureService": ("GetFigures", "GetFigure"),
    "IntegrationService": ("ListIntegrations", "GetIntegration"),
    "LogService": ("ListLogPatterns", "GetLogHistogram"),
    "MachineService": ("GetSystemFigures",),
    "MonitoringService": ("GetMonitoringMetrics",),
    "OverviewService": ("GetIntakeStats",),
    "PipelineService": ("GetPipeline",),
    "ReliabilityService": ("GetReliability", "ListOutages"),
    "ServiceCatalogService": ("ListServices", "GetService", "ListEndpoints", "QueryTraffic"),
    "SessionService": (
        *("GetSessionFigures", "GetFeatureUsage", "ListActiveSessions", "ListSessions"),
        *("GetSession", "GetUserStory"),
    ),
    "TraceService": ("GetServiceMap",),
}
"""Methods by service. Who lists events, lines or traces looks for what was sent a moment ago; who is active, what there
is, and what somebody did is known by minutes."""


def keep_answers(registrations: Sequence[Registration], kept: KeptAnswers) -> None:
    """Have KEPT answer the same question of the same tenant with what is kept."""
    for registration in registrations:
        for method in KEPT.get(registration.name.rpartition(".")[2], ()):
            call = getattr(registration.servicer, method)
            setattr(registration.servicer, method, _kept(call, kept, method))


def _kept(call: Call, kept: KeptAnswers, method: str) -> Call:
    async def told(request: Message, context: Any) -> Message:
        question = (method, current_call().tenant, request.SerializeToString(deterministic=True))
        return await kept.answer(question, lambda: call(request, context))

    return told
