"""Calls whose answers are kept for those who ask the same again: what is counted, or found by what was counted."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from services.aggregator.domain.figures.kept_answers import KeptAnswers
from services.aggregator.domain.figures.shared_answers import SharedAnswers
from services.core.brief_answers import BriefAnswers
from services.runtime.calls import current_call
from services.runtime.process import Registration

Call = Callable[[Message, Any], Awaitable[Message]]
Shared = KeptAnswers | BriefAnswers | SharedAnswers


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
BRIEFLY: Mapping[str, tuple[str, ...]] = {
    "OverviewService": ("GetOverview",),
    "QueryService": ("GetServiceMetrics",),
    "TraceService": ("ListTraces", "GetTrace", "ListExemplars"),
}
"""What is summed of five minutes, second by second, or what the store has to be asked for each time, by several
questions: told again to who looks at the same."""
BRIEF_SECONDS = 0.3
"""With the half second until what was acknowledged is stored it stays well below the second that is promised."""
TOGETHER: Mapping[str, tuple[str, ...]] = {"TimeSeriesService": ("QueryTimeSeries", "QueryMetric")}
"""What is told as it stands: made once for all who ask before the making begins."""


def keep_answers(registrations: Sequence[Registration], kept: KeptAnswers, briefly: BriefAnswers) -> None:
    """Have KEPT and BRIEFLY answer the same question of the same tenant with what is kept, and TOGETHER with one."""
    answers: tuple[tuple[Mapping[str, tuple[str, ...]], Shared], ...]
    answers = (KEPT, kept), (BRIEFLY, briefly), (TOGETHER, SharedAnswers())
    for registration in registrations:
        for methods, those in answers:
            for method in methods.get(registration.name.rpartition(".")[2], ()):
                call = getattr(registration.servicer, method)
                setattr(registration.servicer, method, _kept(call, those, method))


def _kept(call: Call, kept: Shared, method: str) -> Call:
    async def told(request: Message, context: Any) -> Message:
        question = (method, current_call().tenant, request.SerializeToString(deterministic=True))
        return await kept.answer(question, lambda: call(request, context))

    return told
