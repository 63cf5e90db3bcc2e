"""Which services the edge shows to the world."""

from pathlib import Path

import pytest

from services.launcher.contracts import public_services
from services.launcher.edge import DESCRIPTORS, EdgeSettings, Target, render
from services.launcher.failures import LauncherError

PUBLIC = {
    "binnacle.aggregator.v1.AgentService": "aggregator",
    "binnacle.aggregator.v1.AudienceService": "aggregator",
    "binnacle.aggregator.v1.AuditService": "aggregator",
    "binnacle.aggregator.v1.BusinessService": "aggregator",
    "binnacle.aggregator.v1.CatalogService": "aggregator",
    "binnacle.aggregator.v1.ChangeService": "aggregator",
    "binnacle.aggregator.v1.ClientService": "aggregator",
    "binnacle.aggregator.v1.DeletionService": "aggregator",
    "binnacle.aggregator.v1.ErrorService": "aggregator",
    "binnacle.aggregator.v1.EventService": "aggregator",
    "binnacle.aggregator.v1.ExportService": "aggregator",
    "binnacle.aggregator.v1.FigureService": "aggregator",
    "binnacle.aggregator.v1.IntakeWarningService": "aggregator",
    "binnacle.aggregator.v1.IntegrationService": "aggregator",
    "binnacle.aggregator.v1.KeyService": "aggregator",
    "binnacle.aggregator.v1.LogService": "aggregator",
    "binnacle.aggregator.v1.MachineService": "aggregator",
    "binnacle.aggregator.v1.MonitoringService": "aggregator",
    "binnacle.aggregator.v1.PipelineService": "aggregator",
    "binnacle.aggregator.v1.QueryService": "aggregator",
    "binnacle.aggregator.v1.ReliabilityService": "aggregator",
    "binnacle.aggregator.v1.RetentionService": "aggregator",
    "binnacle.aggregator.v1.ServiceCatalogService": "aggregator",
    "binnacle.aggregator.v1.SessionService": "aggregator",
    "binnacle.aggregator.v1.TenantService": "aggregator",
    "binnacle.aggregator.v1.TimeSeriesService": "aggregator",
    "binnacle.aggregator.v1.TraceService": "aggregator",
    "binnacle.aggregator.v1.UsageService": "aggregator",
    "binnacle.alerting.v1.AlertService": "alerting",
    "binnacle.alerting.v1.IncidentService": "alerting",
    "binnacle.alerting.v1.NotifierService": "alerting",
    "binnacle.alerting.v1.RuleService": "alerting",
    "binnacle.alerting.v1.SilenceService": "alerting",
    "binnacle.collector.v1.ImportService": "collector",
    "binnacle.collector.v1.IngestService": "collector",
    "binnacle.collector.v1.JsonIntakeService": "collector",
    "binnacle.collector.v1.LogGeneratorService": "collector",
    "binnacle.collector.v1.OtlpHttpService": "collector",
    "binnacle.collector.v1.RemoteWriteService": "collector",
    "binnacle.streamer.v1.CallerService": "streamer",
    "binnacle.streamer.v1.ConnectionService": "streamer",
    "binnacle.streamer.v1.DashboardBuilderService": "streamer",
    "binnacle.streamer.v1.DashboardService": "streamer",
    "binnacle.streamer.v1.LiveService": "streamer",
    "binnacle.streamer.v1.SummaryService": "streamer",
    "binnacle.streamer.v1.SystemService": "streamer",
}


def test_whatever_becomes_public_is_named_here_on_purpose() -> None:
    found = public_services(DESCRIPTORS.read_bytes())
    assert {service.name: service.process for service in found} == PUBLIC


def test_streams_are_told_apart() -> None:
    streams = {service.name.rsplit(".", 1)[1]: service.streams for service in public_services(DESCRIPTORS.read_bytes())}
    assert streams["DashboardService"] == ("WatchDashboard",)
    assert streams["IngestService"] == ("WriteSamples",)
    assert streams["QueryService"] == ()


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("unix:/run/a.sock", Target(path="/run/a.sock")),
        ("unix:///run/a.sock", Target(path="/run/a.sock")),
        ("10.0.0.1:7000", Target(host="10.0.0.1", port=7000)),
        ("[::1]:7000", Target(host="::1", port=7000)),
        ("collector.monitoring.svc:7000", Target(host="collector.monitoring.svc", port=7000)),
    ],
)
def test_targets_are_read(text: str, target: Target) -> None:
    assert Target.parse(text) == target


@pytest.mark.parametrize("text", ["", "collector", "collector:", ":7000", "collector:http"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        Target.parse(text)


def test_missing_contracts_are_told_with_the_way_out(tmp_path: Path) -> None:
    target = Target.parse("127.0.0.1:1")
    settings = EdgeSettings(target, target, {}, descriptors=str(tmp_path / "binnacle.binpb"))
    with pytest.raises(LauncherError, match=r"binnacle\.binpb is missing. Run `make gen`"):
        render(settings)
