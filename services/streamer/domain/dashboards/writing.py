"""Writes changes of dashboards, of which each is made of what was there: of two at once one is refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.errors import Conflict
from services.core.recorded import Recorded
from services.streamer.ports.dashboards import Claims, Dashboard


@dataclass(frozen=True, slots=True)
class Change:
    """What a dashboard is to be, None for no more, and in a word what was done to it."""

    id: str
    action: str
    dashboard: Dashboard | None


class Writing:
    """Claims every dashboard as it is known here, then records all changes, or none."""

    def __init__(self, recorded: Recorded[Dashboard], claims: Claims) -> None:
        self._recorded = recorded
        self._claims = claims

    async def write(self, tenant: str, changes: Sequence[Change], by: str) -> None:
        """Raises Conflict, naming them, where somebody else makes a change, and what Configuration does."""
        revisions = {one.id: self._recorded.revision(tenant, one.id) for one in changes}
        if (other := await self._claims.claim(tenant, revisions, by)) is not None:
            raise Conflict(f"the dashboard {other.dashboard_id} is being changed by {other.by}; look at it again")
        try:
            await self._recorded.put_all(tenant, [(one.id, one.action, one.dashboard) for one in changes])
        except BaseException:
            await self._claims.release(tenant, revisions)
            raise
