"""The silences and inhibitions of all tenants."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import inf

from services.alerting.domain.holding_back.silence_times import phase
from services.alerting.ports.directory import Directory
from services.alerting.ports.silences import Inhibition, Phase, Silence
from services.core.clock import Clock
from services.core.errors import Conflict, InvalidInput, NotFound
from services.core.recorded import Recorded

SILENCE, INHIBITION = "silence", "inhibition"
MOST_SILENCES, MOST_INHIBITIONS = 1_000, 100
LONGEST = 366 * 86_400.0
_PHASES = (Phase.HOLDING, Phase.WAITING, Phase.ENDED)


class Silences:
    """Creates, tells, changes and ends silences. Methods raise what Configuration does."""

    def __init__(self, recorded: Recorded[Silence], directory: Directory, clock: Clock) -> None:
        self._recorded = recorded
        self._directory = directory
        self._clock = clock

    def of_tenant(self, tenant: str) -> Mapping[str, Silence]:
        """A tenant's silences by id, ended ones too."""
        return self._recorded.of_tenant(tenant)

    def phase(self, tenant: str, silence: Silence, at: float | None = None) -> tuple[Phase, float]:
        """Where one is in its life, now or at a time, and when that may change next."""
        zone = self._directory.zones().get(tenant, "")
        return phase(silence, self._clock.now() if at is None else at, zone)

    def listed(self, tenant: str, wanted: Collection[Phase]) -> Sequence[Silence]:
        """Those in some phases: the ones that hold now first, then by end."""
        found = [(self.phase(tenant, one)[0], one) for one in self.of_tenant(tenant).values()]
        kept = [(held, one) for held, one in found if held in wanted]
        kept.sort(key=lambda pair: (_PHASES.index(pair[0]), inf if pair[1].end is None else pair[1].end, pair[1].id))
        return [one for _held, one in kept]

    async def create(self, tenant: str, silence: Silence, by: str) -> Silence:
        """Create one that begins now, or at its start. Raises InvalidInput, and Conflict where there are too many."""
        now = self._clock.now()
        made = replace(silence, id=secrets.token_hex(8), start=silence.start or now, created_by=by, created_at=now)
        _check(made, now)
        if len(self.listed(tenant, (Phase.HOLDING, Phase.WAITING))) >= MOST_SILENCES:
            raise Conflict(f"a tenant may have {MOST_SILENCES:,} silences that have not ended; end some first")
        return await self._recorded.put(tenant, made.id, "create", made)

    async def update(self, tenant: str, silence: Silence) -> Silence:
        """Replace one. Raises NotFound, InvalidInput, and Conflict where it has ended."""
        former = self._get(tenant, silence.id)
        if self.phase(tenant, former)[0] is Phase.ENDED:
            raise Conflict(f"the silence {silence.id} has ended; create another")
        made = replace(
            silence,
            start=silence.start or former.start,
            created_by=former.created_by,
            created_at=former.created_at,
        )
        _check(made, self._clock.now())
        return await self._recorded.put(tenant, made.id, "update", made)

    async def end(self, tenant: str, identity: str) -> Silence:
        """End one now; nothing where it has ended. Raises NotFound."""
        former = self._get(tenant, identity)
        if self.phase(tenant, former)[0] is Phase.ENDED:
            return former
        now = self._clock.now()
        ended = replace(former, start=min(former.start, now), end=now)
        return await self._recorded.put(tenant, identity, "end", ended)

    def _get(self, tenant: str, identity: str) -> Silence:
        silence = self.of_tenant(tenant).get(identity)
        if silence is None:
            raise NotFound(f"there is no silence {identity[:100]!r}")
        return silence


class Inhibitions:
    """Sets, tells and deletes inhibitions. Methods raise what Configuration does."""

    def __init__(self, recorded: Recorded[Inhibition]) -> None:
        self._recorded = recorded

    def of_tenant(self, tenant: str) -> Mapping[str, Inhibition]:
        """A tenant's inhibitions by id."""
        return self._recorded.of_tenant(tenant)

    async def set(self, tenant: str, inhibition: Inhibition) -> Inhibition:
        """Create one, or replace that of the same id. Raises Conflict where there are too many."""
        known = self.of_tenant(tenant)
        if inhibition.id not in known and len(known) >= MOST_INHIBITIONS:
            raise Conflict(f"a tenant may have {MOST_INHIBITIONS} inhibitions; delete some first")
        action = "update" if inhibition.id in known else "create"
        return await self._recorded.put(tenant, inhibition.id, action, inhibition)

    async def delete(self, tenant: str, identity: str) -> None:
        """Delete one. Raises NotFound."""
        if identity not in self.of_tenant(tenant):
            raise NotFound(f"there is no inhibition {identity[:100]!r}")
        await self._recorded.delete(tenant, identity)


def _check(silence: Silence, now: float) -> None:
    if silence.end is None:
        if silence.recurrence is None:
            raise InvalidInput.of("silence.end_time", "must be told, unless it recurs")
        return
    if not silence.start < silence.end <= silence.start + LONGEST:
        raise InvalidInput.of("silence.end_time", "must be after the start, at most a year")
    if silence.end <= now:
        raise InvalidInput.of("silence.end_time", "must not have passed")
