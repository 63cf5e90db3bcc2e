"""Things of one kind that are configured by records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.core.aside import aside
from services.core.configuration import Change, Configuration
from services.core.records import AuditRecord

Thing = TypeVar("Thing")
DELETE = "delete"
"""What was done to a thing that is no more."""


@dataclass(frozen=True, slots=True)
class Forms(Generic[Thing]):
    """How things are recorded: `read` gives None of a record that cannot be read.

    `stamped` gives what `read` makes of the record of a thing, by the thing: where many are written at once, to read
    them back takes longest of all.
    """

    read: Callable[[AuditRecord], Thing | None]
    write: Callable[[Thing], Mapping[str, Any]]
    stamped: Callable[[Thing, AuditRecord], Thing] | None = None


class Recorded(Generic[Thing]):
    """Reads each thing once from the newest record of it. Methods raise what Configuration does."""

    def __init__(self, configuration: Configuration, kind: str, forms: Forms[Thing]) -> None:
        self._configuration = configuration
        self._kind = kind
        self._forms = forms
        self._read: dict[tuple[str, str], tuple[int, Thing | None]] = {}
        self._known: Mapping[str, Mapping[str, Thing]] | None = None
        configuration.listeners.append(self._forget)
        configuration.preparers.append(self._prepare)

    def all(self) -> Mapping[str, Mapping[str, Thing]]:
        """What there is, by tenant and id; of a tenant who had something once, maybe nothing."""
        if self._known is None:
            self._known = self._all()
        return self._known

    def of_tenant(self, tenant: str) -> Mapping[str, Thing]:
        """A tenant's by id."""
        return self.all().get(tenant, {})

    def revision(self, tenant: str, identity: str) -> int:
        """The number of the newest record of one, that of its deletion too; 0 where there never was any."""
        record = self._configuration.of(self._kind).get((tenant, identity))
        return 0 if record is None else record.revision

    async def put(self, tenant: str, identity: str, action: str, thing: Thing) -> Thing:
        """Record what one is from now on; the answer is how it stands."""
        await self.put_all(tenant, [(identity, action, thing)])
        return self.of_tenant(tenant)[identity]

    async def delete(self, tenant: str, identity: str) -> None:
        """Record that one is no more."""
        await self.put_all(tenant, [(identity, DELETE, None)])

    async def put_all(self, tenant: str, things: Sequence[tuple[str, str, Thing | None]]) -> None:
        """Record several, all or none: identity, what was done in a word, and what it is; None is no more."""
        stamped = self._forms.stamped

        def written(records: Sequence[AuditRecord]) -> None:
            assert stamped is not None
            for record, (_identity, _action, thing) in zip(records, things, strict=True):
                known = None if thing is None else stamped(thing, record)
                self._read[record.tenant, record.id] = (record.revision, known)

        changes = await aside(self._changes, things)
        await self._configuration.change_all(self._kind, tenant, changes, written if stamped else None)

    def _changes(self, things: Sequence[tuple[str, str, Thing | None]]) -> list[Change]:
        return [
            Change(identity, DELETE, {"deleted": True})
            if thing is None
            else Change(identity, action, self._forms.write(thing))
            for identity, action, thing in things
        ]

    def _prepare(self, records: Sequence[AuditRecord]) -> None:
        for record in records:
            if record.kind == self._kind:
                self._thing((record.tenant, record.id), record)

    def _forget(self) -> None:
        self._known = None

    def _all(self) -> Mapping[str, Mapping[str, Thing]]:
        found: dict[str, dict[str, Thing]] = {}
        for (tenant, identity), record in sorted(self._configuration.of(self._kind).items()):
            theirs = found.setdefault(tenant, {})
            if (thing := self._thing((tenant, identity), record)) is not None:
                theirs[identity] = thing
        return found

    def _thing(self, key: tuple[str, str], record: AuditRecord) -> Thing | None:
        kept = self._read.get(key)
        if kept is None or kept[0] != record.revision:
            thing = None if record.action == DELETE else self._forms.read(record)
            kept = self._read[key] = (record.revision, thing)
        return kept[1]
