"""Records of what was done, of which the newest of each thing is how it is configured, and where they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One change or act; `payload` is one JSON object.

    `time_us` is in microseconds since the Unix epoch, and 0 where it is to be that of its writing. `revision` rises
    with each change of a thing, and is 0 for an act that leaves nothing configured. `place` is where the store has it.
    """

    time_us: int
    tenant: str
    kind: str
    id: str
    revision: int
    action: str
    subject: str = ""
    roles: tuple[str, ...] = ()
    key: str = ""
    method: str = ""
    request_id: str = ""
    payload: str = "{}"
    place: tuple[str, int, int] = ("", 0, 0)

    @property
    def thing(self) -> tuple[str, str, str]:
        """What it is about: kind, tenant, id."""
        return (self.kind, self.tenant, self.id)


class NewestRecords(Protocol):
    """How everything is configured."""

    async def newest(self) -> Sequence[AuditRecord]:
        """The newest record of everything that is configured, of all tenants. Raises Unavailable."""
        ...


class Recorder(Protocol):
    """Writes records."""

    async def record_all(self, records: Sequence[AuditRecord]) -> Sequence[AuditRecord]:
        """Write records of one tenant, all or none; they are durable when this returns them, with who asked and when.

        Raises Unavailable or Overloaded while nothing can be written.
        """
        ...


class HotCopy(Protocol):
    """The newest records again, where every process can reach them at once. Methods raise Unavailable."""

    async def is_whole(self) -> bool:
        """Whether it was filled since it was empty."""
        ...

    async def put(self, records: Sequence[AuditRecord], *, whole: bool = False) -> None:
        """Keep records in place of older ones of the same thing; `whole`: now all of them are there."""
        ...

    async def version(self) -> int:
        """Another number whenever it holds something else."""
        ...

    async def newest(self) -> Sequence[AuditRecord]:
        """All it holds."""
        ...
