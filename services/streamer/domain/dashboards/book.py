"""The dashboards of all tenants: what was recorded of them, and the ready-made ones where nothing was."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.core.applying import Applied, Difference, Origin, applied, as_it_stands, differences_of, require_room
from services.core.clock import Clock
from services.core.errors import Conflict, NotFound
from services.core.identities import free_identity
from services.core.recorded import Recorded
from services.core.tenants import DEFAULT_TENANT
from services.streamer.domain.dashboards.applying import require_applicable
from services.streamer.domain.dashboards.writing import Change, Writing
from services.streamer.ports.dashboards import Claims, Dashboard

KIND = "dashboard"
MOST_DASHBOARDS = 1_000
READY_MADE_VERSION = 1
SOMEBODY = "somebody"
TRIES, PAUSE_SECONDS = 10, 0.5

Edit = Callable[[Dashboard | None], Dashboard]


class DashboardBook:
    """Creates, tells, changes and deletes dashboards. Methods raise what Configuration does.

    `by` is who asks, for whom they may be in the way of.
    """

    def __init__(
        self,
        recorded: Recorded[Dashboard],
        claims: Claims,
        clock: Clock,
        ready_made: Sequence[Dashboard] = (),
        of_installation: Sequence[Dashboard] = (),
    ) -> None:
        self._recorded = recorded
        self._writing = Writing(recorded, claims)
        self._clock = clock
        self._for_all = _as_ready_made(ready_made)
        self._of_installation = {**self._for_all, **_as_ready_made(of_installation)}
        self._changing = asyncio.Lock()

    def ready_made(self, tenant: str) -> Mapping[str, Dashboard]:
        """What came with Binnacle, as it came."""
        return self._of_installation if tenant == DEFAULT_TENANT else self._for_all

    def of_tenant(self, tenant: str) -> Mapping[str, Dashboard]:
        """A tenant's dashboards by id."""
        return {**self.ready_made(tenant), **self._recorded.of_tenant(tenant)}

    def find(self, tenant: str, identity: str) -> Dashboard | None:
        """One dashboard; None where there is none."""
        return self._recorded.of_tenant(tenant).get(identity) or self.ready_made(tenant).get(identity)

    def get(self, tenant: str, identity: str) -> Dashboard:
        """One dashboard. Raises NotFound."""
        found = self.find(tenant, identity)
        if found is None:
            raise NotFound(f"there is no dashboard {identity[:100]!r}")
        return found

    async def create(self, tenant: str, dashboard: Dashboard, by: str) -> Dashboard:
        """Create one, under an id made of its title where it has none.

        Raises Conflict for an id that is taken and where there are too many.
        """
        async with self._changing:
            known = self.of_tenant(tenant)
            if dashboard.id in known:
                raise Conflict(f"there is a dashboard {dashboard.id} already")
            [made] = _named([dashboard], known)
            require_room(known.values(), MOST_DASHBOARDS, KIND, 1)
            return await self._put(tenant, made, "create", by)

    async def update(self, tenant: str, dashboard: Dashboard, by: str) -> Dashboard:
        """Replace one; nothing where it is the same. Raises NotFound, and Conflict where `version` is another."""
        async with self._changing:
            former = self.get(tenant, dashboard.id)
            # Also where it is sent again because the answer was lost.
            if former.content == dashboard.content:
                return former
            _require_version(former, dashboard.version)
            return await self._put(tenant, _edited(dashboard, former), "update", by)

    async def delete(self, tenant: str, identity: str, version: int, by: str) -> None:
        """Delete one; a ready-made one is as it came again. Raises as `update` does, whose `version` may be 0."""
        async with self._changing:
            former = self.get(tenant, identity)
            _require_version(former, version or former.version)
            if identity in self._recorded.of_tenant(tenant):
                await self._write(tenant, [Change(identity, "delete", None)], by)

    async def restore(self, tenant: str, former: Dashboard, present_version: int, by: str) -> Dashboard:
        """Make one as it was, also where it was deleted. Raises as `delete` does."""
        identity = former.id
        async with self._changing:
            known = self.of_tenant(tenant)
            present = known.get(identity)
            if present is not None:
                _require_version(present, present_version or present.version)
            else:
                require_room(known.values(), MOST_DASHBOARDS, KIND, 1)
            if former != self.ready_made(tenant).get(identity):
                return await self._put(tenant, _edited(former, present), "restore", by)
            if identity in self._recorded.of_tenant(tenant):
                await self._write(tenant, [Change(identity, "delete", None)], by)
            return self.get(tenant, identity)

    async def change(self, tenant: str, identity: str, edit: Edit, by: str) -> Dashboard:
        """Change one, or what there is not yet, as it stands; comes again where another process was first."""
        for left in reversed(range(TRIES)):
            async with self._changing:
                former = self.find(tenant, identity)
                if former is None:
                    require_room(self.of_tenant(tenant).values(), MOST_DASHBOARDS, KIND, 1)
                try:
                    action = "create" if former is None else "update"
                    return await self._put(tenant, _edited(edit(former), former), action, by)
                except Conflict:
                    if not left:
                        raise
            await self._clock.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    async def add_all(self, tenant: str, dashboards: Sequence[Dashboard], by: str, *, dry_run: bool) -> list[Dashboard]:
        """Create several, all or none, under other ids where theirs are taken. Raises Conflict where it is too many."""
        async with self._changing:
            known = self.of_tenant(tenant)
            made = _named(dashboards, known)
            require_room(known.values(), MOST_DASHBOARDS, KIND, len(made))
            if dry_run:
                return made
            await self._write(tenant, [Change(one.id, "import", one) for one in made], by)
            return [self.get(tenant, one.id) for one in made]

    async def apply(
        self, tenant: str, dashboards: Sequence[Dashboard], by: str, *, dry_run: bool, overwrite: bool
    ) -> Applied[Dashboard]:
        """Make these the dashboards that came from files; all or none. See `require_applicable` for what it raises."""
        async with self._changing:
            known = self.of_tenant(tenant)
            require_applicable(dashboards, known, overwrite=overwrite or dry_run)
            wanted = {one.id: replace(one, origin=Origin.FILE, edited=False, version=0) for one in dashboards}
            kept = [one for one in known.values() if one.origin is not Origin.FILE and one.id not in wanted]
            require_room([*kept, *wanted.values()], MOST_DASHBOARDS, KIND)
            differences = differences_of(known, wanted, self.ready_made(tenant), _told)
            if not dry_run:
                await self._write(tenant, [_change(one) for one in differences], by)
                differences = as_it_stands(differences, self.of_tenant(tenant))
        return applied(differences, wanted)

    def revision(self, tenant: str, identity: str) -> int:
        """The version of what was recorded last, a deletion too; 0 where nothing was."""
        return self._recorded.revision(tenant, identity)

    async def _write(self, tenant: str, changes: Iterable[Change], by: str) -> None:
        known = self.of_tenant(tenant)
        await self._writing.write(tenant, [_after(change, known.get(change.id)) for change in changes], by)

    async def _put(self, tenant: str, dashboard: Dashboard, action: str, by: str) -> Dashboard:
        await self._write(tenant, [Change(dashboard.id, action, dashboard)], by)
        return self.get(tenant, dashboard.id)


def when_and_who(dashboard: Dashboard) -> str:
    """Who changed it last, and when, for people."""
    at = datetime.fromtimestamp(dashboard.updated_at, UTC)
    return f"{dashboard.updated_by or SOMEBODY} at {at:%Y-%m-%d %H:%M:%S} UTC"


def _as_ready_made(dashboards: Iterable[Dashboard]) -> Mapping[str, Dashboard]:
    return {one.id: replace(one, origin=Origin.READY_MADE, version=READY_MADE_VERSION) for one in dashboards}


def _edited(dashboard: Dashboard, former: Dashboard | None) -> Dashboard:
    """A dashboard in place of a former one, as a call makes it."""
    origin = dashboard.origin if former is None else former.origin
    return replace(dashboard, origin=origin, edited=origin is not Origin.CALL)


def _named(dashboards: Iterable[Dashboard], known: Mapping[str, Dashboard]) -> list[Dashboard]:
    """As calls make them, each with an id of its own: its own where that is free, else one made of it or its title."""
    taken, made = set(known), []
    for one in dashboards:
        identity = one.id if one.id and one.id not in taken else free_identity(one.id or one.title, taken, "dashboard")
        taken.add(identity)
        made.append(replace(one, id=identity, origin=Origin.CALL, edited=False))
    return made


def _after(change: Change, former: Dashboard | None) -> Change:
    """A change that says what it takes the place of."""
    if change.dashboard is None or former is None:
        return change
    return replace(change, dashboard=replace(change.dashboard, former_version=former.version))


def _change(difference: Difference[Dashboard]) -> Change:
    after = difference.after
    if after is None or after.origin is Origin.READY_MADE:
        return Change(difference.id, "delete", None)
    return Change(difference.id, "apply", after)


def _told(dashboard: Dashboard) -> Dashboard:
    """One without what only the record of it says."""
    return replace(dashboard, version=0, updated_at=0.0, updated_by="", former_version=0)


def _require_version(former: Dashboard, version: int) -> None:
    if version != former.version:
        raise Conflict(
            f"the dashboard {former.id} was changed meanwhile, by {when_and_who(former)}: its version is "
            f"{former.version}, not {version}"
        )
