"""Deletions of what is known of a person, or of all of a tenant."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Protocol

Scope = Literal["user", "tenant"]
NAMING_ATTRIBUTES = ("user_id", "userId", "user.id", "enduser.id", "enduser_id")
"""Attributes of events, log lines, spans and exemplars whose value is a person's id."""


class DeletionState(enum.IntEnum):
    """How far a deletion is: rows are being deleted; none is left; nor is watched for any more."""

    RUNNING = 1
    DONE = 2
    CLOSED = 3


@dataclass(frozen=True, slots=True)
class Deletion:
    """One deletion of what was accepted up to `requested_us`; a person is known by `digest`, see `digest_of`.

    `remaining` are rows that were left at `verified_us`, in tables and in former parts of them on disk. Times
    in microseconds since the Unix epoch, 0 where there is none yet.
    """

    id: str
    tenant: str
    scope: Scope
    digest: str
    requested_us: int
    state: DeletionState = DeletionState.RUNNING
    done_us: int = 0
    deleted: int = 0
    remaining: int = 0
    verified_us: int = 0

    @property
    def is_begun(self) -> bool:
        """Whether rows may have been deleted for it before, in this life or a former one, and how far is not known."""
        return self.verified_us != self.requested_us


def digest_of(deletion_id: str, user_id: str) -> str:
    """What a person is remembered by: SHA-256 of the deletion's id and the person's, in hexadecimal digits."""
    return sha256(f"{deletion_id}{user_id}".encode()).hexdigest()


class ArchivedRows(Protocol):
    """What was archived of rows that the store holds no more."""

    async def erase(self, deletion: Deletion) -> int:
        """Delete rows from the archives of the tenant; how many. Raises Unavailable while that cannot be done."""
        ...


class DeletionStore(Protocol):
    """Keeps deletions and carries them out. Every method raises Unavailable while the store does not answer."""

    async def save(self, deletion: Deletion) -> None:
        """Keep a deletion as it is now."""
        ...

    async def of_tenant(self, tenant: str, limit: int) -> Sequence[Deletion]:
        """The newest deletions of a tenant, the newest first."""
        ...

    async def unclosed(self) -> Sequence[Deletion]:
        """Everybody's deletions that are not closed."""
        ...

    async def erase(self, deletion: Deletion) -> int:
        """Delete all rows that are there; how many. Returns when no part in use holds any."""
        ...

    async def late(self, deletion: Deletion) -> int:
        """Rows there are that were accepted before the deletion, of tables that tell when."""
        ...

    async def leftovers(self, deletion: Deletion) -> int:
        """Rows in parts that held some, are in use no more, and are still on disk."""
        ...
