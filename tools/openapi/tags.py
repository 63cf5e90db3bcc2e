"""Which operations stand together, in the order a reader wants them."""

from collections.abc import Mapping, Sequence
from typing import Any

# What is not named here stands last in its place, so that nothing is ever left out.
_GROUPS: Mapping[str, Sequence[str]] = {
    "Look": (
        "DashboardService",
        "DashboardBuilderService",
        "SummaryService",
        "FigureService",
        "MonitoringService",
        "QueryService",
        "LiveService",
        "ConnectionService",
        "SystemService",
    ),
    "Send": (
        "JsonIntakeService",
        "OtlpHttpService",
        "RemoteWriteService",
        "LogGeneratorService",
        "IntakeWarningService",
    ),
    "Metrics": ("TimeSeriesService", "CatalogService"),
    "Events, logs, traces": ("EventService", "LogService", "TraceService", "ErrorService"),
    "Services and machines": (
        "ServiceCatalogService",
        "ReliabilityService",
        "IntegrationService",
        "MachineService",
        "AgentService",
        "ChangeService",
        "PipelineService",
    ),
    "Alerts": ("AlertService", "IncidentService", "NotifierService", "RuleService", "SilenceService"),
    "People and business": ("SessionService", "AudienceService", "ClientService", "BusinessService"),
    "Data": ("ExportService", "RetentionService", "DeletionService", "UsageService"),
    "Administration": ("CallerService", "TenantService", "KeyService", "AuditService"),
}
_OTHER = "More"


def tags(services: Mapping[str, str]) -> list[dict[str, str]]:
    """The services with what they are for, group by group."""
    return [{"name": name, "description": services[name]} for group in groups(services) for name in group["tags"]]


def groups(services: Mapping[str, str]) -> list[dict[str, Any]]:
    """The groups, as Redoc shows them."""
    known = {name for names in _GROUPS.values() for name in names}
    found = {title: [name for name in names if name in services] for title, names in _GROUPS.items()}
    found[_OTHER] = [name for name in services if name not in known]
    return [{"name": title, "tags": names} for title, names in found.items() if names]
