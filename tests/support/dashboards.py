"""Dashboards, and the book of a process that keeps them, over a log in memory."""

from typing import Any

from binnacle.dashboards.v1 import dashboards_pb2 as pb
from services.core.configuration import Configuration
from services.core.recorded import Forms, Recorded
from services.runtime.dashboard_files import LIST, dashboards_in
from services.streamer.adapters.dashboard_history import version_of
from services.streamer.convert.dashboards.messages import dashboard_from
from services.streamer.convert.dashboards.records import dashboard_payload, dashboard_recorded
from services.streamer.domain.dashboards.book import KIND, DashboardBook
from services.streamer.domain.dashboards.following import Following
from services.streamer.domain.dashboards.past import Past
from services.streamer.ports.dashboards import Claims, Dashboard, Versions
from tests.support.audit import MemoryLog
from tests.support.clock import ManualClock

CAME, OF_INSTALLATION = "came", "own"
FIGURES = {"question": {"figures": ["requests"]}}


def message(**told: Any) -> pb.Dashboard:
    """A dashboard as files have it."""
    [made] = dashboards_in({LIST: [{"title": "One", **told}]})
    return made


def dashboard(identity: str, **told: Any) -> Dashboard:
    """A dashboard with one widget, unless told otherwise."""
    return dashboard_from(message(**{"id": identity, "widgets": [{"line": FIGURES}], **told}))


class MemoryHistory:
    """Every version that the log has, a few on a page."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    async def page(self, tenant: str, identity: str, size: int, token: str | None = None) -> Versions:
        """See History."""
        records = [one for one in self._log.records if (one.tenant, one.id) == (tenant, identity)]
        newest = sorted(records, key=lambda one: -one.revision)
        start = int(token or 0)
        more = len(newest) > start + size
        return Versions([*map(version_of, newest[start : start + size])], str(start + size) if more else None)


class Books:
    """One process."""

    def __init__(self, log: MemoryLog, claims: Claims) -> None:
        self.clock = ManualClock()
        self.configuration = Configuration(log, log, None, self.clock)
        recorded = Recorded(self.configuration, KIND, Forms(dashboard_recorded, dashboard_payload))
        self.book = DashboardBook(recorded, claims, self.clock, [dashboard(CAME)], [dashboard(OF_INSTALLATION)])
        self.past = Past(MemoryHistory(log), self.book)
        self.following = Following(self.book)
        self.configuration.listeners.append(self.following.tell)
