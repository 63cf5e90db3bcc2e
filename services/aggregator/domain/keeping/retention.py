"""How long each kind of data is kept: what holds for all, and what a tenant has set."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NoReturn

from services.aggregator.ports.retention import Archived, Policies, Policy, RetentionStore
from services.core.clock import Clock
from services.core.errors import InvalidInput, Unavailable, Violation

READ_SECONDS = 60.0
RETRY_SECONDS = 2.0
ROUND_SECONDS = 3_600.0
_LONGEST = 36_500
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data and the bounds of its retention in days; 0 is for ever."""

    name: str
    days: int
    least: int
    most: int


# Samples are kept for a week at least: imports bring what is younger than that as samples.
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("samples", 7, 7, 400),
        Kind("minutes", 30, 7, 3_650),
        Kind("hours", 400, 30, 3_650),
        Kind("days", 0, 400, 0),
        Kind("events", 30, 1, 3_650),
        Kind("logs", 30, 1, 3_650),
        Kind("spans", 7, 1, 3_650),
        Kind("traffic", 30, 1, 3_650),
    )
}

DEFAULTS: Policies = {kind.name: Policy(kind.days) for kind in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one kind; None leaves as it is."""

    kind: str
    days: int | None = None
    archive: bool | None = None


def changed(policies: Policies, changes: Sequence[Change]) -> dict[str, Policy]:
    """The policies of the kinds that are changed. Raises InvalidInput, naming every fault."""
    faults = list(_faults(changes))
    if faults:
        raise InvalidInput(faults)
    made = {}
    for change in changes:
        former = policies[change.kind]
        made[change.kind] = Policy(
            former.days if change.days is None else change.days,
            former.archive if change.archive is None else change.archive,
        )
    return made


def _faults(changes: Sequence[Change]) -> Iterator[Violation]:
    if not changes:
        yield Violation("changes", "must name at least one kind")
    seen = set()
    for place, change in enumerate(changes):
        kind = KINDS.get(change.kind)
        if kind is None:
            yield Violation(f"changes[{place}].kind", f"must be one of {', '.join(KINDS)}")
        elif change.kind in seen:
            yield Violation(f"changes[{place}].kind", "must be named once")
        elif change.days is not None and not _within(kind, change.days):
            most = f"and {kind.most:,}" if kind.most else "and more, or 0 for ever"
            yield Violation(f"changes[{place}].days", f"must be between {kind.least:,} {most}")
        seen.add(change.kind)


def _within(kind: Kind, days: int) -> bool:
    if kind.most:
        return kind.least <= days <= kind.most
    return days == 0 or kind.least <= days <= _LONGEST


class Retentions:
    """The policies of all tenants, as this process knows them: the one place that says how long anything is kept."""

    def __init__(self, store: RetentionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._set: Mapping[str, Policies] = {}
        self._known = False

    def of(self, tenant: str) -> dict[str, Policy]:
        """What a tenant keeps, by kind."""
        return {**DEFAULTS, **self._set.get(tenant, {})}

    def seconds(self, tenant: str, kind: str) -> float:
        """How long a tenant keeps a kind; infinite where that is for ever, or not known yet."""
        if not self._known:
            return inf
        return self.of(tenant)[kind].days * DAY or inf

    async def read(self) -> None:
        """Learn what was set, here or by another aggregator."""
        self._set = await self._store.policies()
        self._known = True

    async def change(self, tenant: str, changes: Sequence[Change]) -> None:
        """Set what a tenant keeps. Raises InvalidInput, naming every fault; then nothing is set."""
        await self.read()
        await self._store.set_policies(tenant, changed(self.of(tenant), changes))
        await self.read()

    async def archived(self, tenant: str) -> Mapping[str, Archived]:
        """What was archived of a tenant, by kind."""
        return await self._store.archived(tenant)

    async def run(self) -> NoReturn:
        """Learn each minute what was set, delete each hour what is older; until cancelled."""
        due = 0.0
        while True:
            pause = READ_SECONDS
            try:
                await self.read()
            except Unavailable:
                pause = RETRY_SECONDS
            else:
                if self._clock.monotonic() >= due and await self._retired():
                    due = self._clock.monotonic() + ROUND_SECONDS
            await self._clock.sleep(pause)

    async def _retired(self) -> bool:
        try:
            await self._store.retire(self._clock.now())
        except Unavailable:
            return False
        return True
