"""Alerts in a dict, for tests and for trying things out."""

from collections.abc import Sequence

from services.alerting.ports import Alert


class MemoryStates:
    """Keeps alerts as long as it lives."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Alert]] = {}

    async def load(self, tenant: str) -> Sequence[Alert]:
        return list(self._kept.get(tenant, {}).values())

    async def save(self, tenant: str, alerts: Sequence[Alert], forgotten: Sequence[str]) -> None:
        kept = self._kept.setdefault(tenant, {})
        kept.update({alert.id: alert for alert in alerts})
        for alert_id in forgotten:
            kept.pop(alert_id, None)
