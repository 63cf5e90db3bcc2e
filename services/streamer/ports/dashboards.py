"""Dashboards that people build, and what is needed to keep them. What stands on them is opaque here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.core.applying import Origin


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard; `content` is all that people build, in a form that is equal where they are.

    `version`, `updated_at` (unix seconds) and `updated_by` are told by the record of it, and `former_version` is what
    that took the place of; `edited` is one that a call changed although it did not come from one.
    """

    id: str
    title: str
    description: str
    tags: tuple[str, ...]
    widgets: int
    content: bytes
    origin: Origin = Origin.CALL
    edited: bool = False
    version: int = 0
    updated_at: float = 0.0
    updated_by: str = ""
    former_version: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """What was done to a dashboard once; `dashboard` is None of a deletion, and of what cannot be read any more."""

    version: int
    at: float
    by: str
    action: str
    dashboard: Dashboard | None


@dataclass(frozen=True, slots=True)
class Versions:
    """Some versions, newest first, and what to ask with for those before them; None on the last page."""

    versions: Sequence[Version]
    next: str | None = None


class History(Protocol):
    """Every version there ever was."""

    async def page(self, tenant: str, identity: str, size: int, token: str | None = None) -> Versions:
        """Versions of one dashboard; what was recorded within the last seconds may lack. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who makes a change of a dashboard at this moment."""

    dashboard_id: str
    by: str


class Claims(Protocol):
    """Sees to it that of several processes one changes a version of a dashboard."""

    async def claim(self, tenant: str, revisions: Mapping[str, int], by: str) -> Claimed | None:
        """None where all changes, by id of the dashboard with what is known of it, are the caller's to make now.

        Otherwise one that is somebody else's; none is claimed then.
        """
        ...

    async def release(self, tenant: str, revisions: Mapping[str, int]) -> None:
        """Nothing came of what was claimed."""
        ...
