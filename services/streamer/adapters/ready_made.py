"""The dashboards that come with Binnacle, of a file in this package."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.runtime.dashboard_files import LIST, dashboards_in
from services.runtime.yaml_files import load
from services.streamer.convert.dashboards.messages import dashboards_from
from services.streamer.ports.dashboards import Dashboard

FILE = Path(__file__).with_name("ready_made.yaml")
OF_INSTALLATION = "of_installation"


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """Dashboards for every tenant, and those for the tenant that administers the installation."""

    dashboards: Sequence[Dashboard]
    of_installation: Sequence[Dashboard]


def ready_made() -> ReadyMade:
    """All of them. Raises InvalidInput for a file that is not right."""
    held = load(FILE.read_text(encoding="utf-8"))
    return ReadyMade(
        dashboards_from(dashboards_in(held)), dashboards_from(dashboards_in({LIST: held[OF_INSTALLATION]}))
    )
