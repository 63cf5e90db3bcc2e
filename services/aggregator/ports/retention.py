"""What is kept, for how long, and what became of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Policy:
    """How a tenant keeps one kind of data: `days`, 0 for ever; `archive`: in files before it goes."""

    days: int
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Archived:
    """What was archived of one kind; `end` in seconds since the Unix epoch, None when there is nothing."""

    files: int = 0
    rows: int = 0
    bytes: int = 0
    end: float | None = None


Policies = Mapping[str, Policy]
"""Policies by kind of data."""


class RetentionStore(Protocol):
    """Keeps the policies that tenants have set, and deletes by them.

    Every method raises Unavailable while the store does not answer.
    """

    async def policies(self) -> Mapping[str, Policies]:
        """What tenants have set, by tenant."""
        ...

    async def set_policies(self, tenant: str, policies: Policies) -> None:
        """Set what a tenant keeps, durably."""
        ...

    async def archived(self, tenant: str) -> Mapping[str, Archived]:
        """What was archived of a tenant, by kind."""
        ...

    async def retire(self, now: float) -> bool:
        """Archive and delete what is older than its tenant keeps it; whether this process did so, and none beside it.

        May be killed anywhere and called again: what is to be archived is in a whole file before it is deleted, once.
        """
        ...
