"""Tenants by what the aggregator tells every process."""

from collections.abc import Callable, Mapping

from services.core.tenants import DEFAULT_TENANT
from services.runtime.standing import Standing


class StandingDirectory:
    """See Directory."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def zones(self) -> Mapping[str, str]:
        created = {name: tenant.time_zone for name, tenant in self._standing.tenants.items()}
        return {DEFAULT_TENANT: "", **dict.fromkeys(self._standing.seen, ""), **created}

    def listen(self, listener: Callable[[], None]) -> None:
        self._standing.listeners.append(listener)
