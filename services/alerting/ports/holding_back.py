"""What holds alerts back from people: silences and inhibitions."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from services.alerting.ports.alerts import Alert, HeldBack


class Restraint(Protocol):
    """Knows the silences and inhibitions of one tenant."""

    def review(self, active: Mapping[str, Alert], changed: Iterable[Alert], at: float) -> Mapping[str, HeldBack]:
        """What holds alerts back from now on, by id: of those alone for which it is no longer as they say.

        Asked after each change, with the alerts that changed (ended ones too), and once a second without any. `active`
        are all that have not ended, by id.
        """
        ...


class Restraints(Protocol):
    """Silences and inhibitions of all tenants."""

    def of(self, tenant: str) -> Restraint:
        """Those of one."""
        ...
