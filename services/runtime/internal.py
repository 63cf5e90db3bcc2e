"""Which services are spoken between our own processes only. Whatever is not named here is reachable from outside."""

INTERNAL = frozenset(
    {
        "binnacle.aggregator.v1.AppendService",
        "binnacle.aggregator.v1.OverviewService",
        "binnacle.aggregator.v1.TailService",
        "binnacle.telemetry.v1.TelemetryService",
    }
)
