"""Alerts in pages, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.alerting.ports import Alert, AlertState


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: what its last alert is sorted by."""

    started_at: float
    alert_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Alerts, newest first, and where the next page goes on; None on the last."""

    alerts: tuple[Alert, ...]
    next: Place | None


def place_of(alert: Alert) -> Place:
    """The alert's place in the list."""
    return Place(alert.started_at, alert.id)


def page(alerts: Iterable[Alert], state: AlertState | None, after: Place | None, size: int) -> Page:
    """At most `size` alerts of a state (any, if None) after a place. Newer alerts never shift a later page."""
    matching = [alert for alert in alerts if state is None or alert.state is state]
    rest = [alert for alert in matching if after is None or _key(place_of(alert)) > _key(after)]
    rest.sort(key=lambda alert: _key(place_of(alert)))
    shown = tuple(rest[:size])
    return Page(shown, place_of(shown[-1]) if len(rest) > size else None)


def _key(place: Place) -> tuple[float, str]:
    return (-place.started_at, place.alert_id)
