"""Alerts and observations for tests."""

from prometheus_client import CollectorRegistry

from services.alerting.ports import Alert, AlertState, Observation, ServiceWindow, Severity

START = 1_800_000_000.0


def window(service: str = "shop", requests: float = 100, errors: float = 0, beat: float | None = None) -> ServiceWindow:
    return ServiceWindow(service, requests, errors, beat)


def failing(service: str = "shop") -> ServiceWindow:
    """A service of which every tenth request fails."""
    return window(service, requests=100, errors=10)


def seen(at: float, *windows: ServiceWindow) -> Observation:
    """An observation `at` seconds after START."""
    return Observation(START + at, windows)


def alert(alert_id: str = "a1", state: AlertState = AlertState.PENDING, at: float = 0, service: str = "shop") -> Alert:
    """An alert in a state, whose episode began `at` seconds after START."""
    started = START + at
    fired = started + 10 if state in {AlertState.FIRING, AlertState.RESOLVED} else None
    ended = started + 20 if state in {AlertState.RESOLVED, AlertState.INACTIVE} else None
    return Alert(
        id=alert_id,
        rule_id="service-error-rate",
        name="Error rate over 5 %",
        severity=Severity.CRITICAL,
        service=service,
        state=state,
        started_at=started,
        fired_at=fired,
        ended_at=ended,
        value=10.0,
        threshold=5.0,
    )


def count(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """A metric's value; 0 if it is not there."""
    return registry.get_sample_value(name, labels) or 0.0
