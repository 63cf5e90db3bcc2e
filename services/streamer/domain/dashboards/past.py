"""Dashboards as they were."""

from collections.abc import AsyncIterator

from services.core.errors import NotFound, Unavailable
from services.streamer.domain.dashboards.book import READY_MADE_VERSION, DashboardBook
from services.streamer.ports.dashboards import Dashboard, History, Version, Versions

READ_AT_ONCE = 200


def held(identity: str, version: Version) -> Dashboard:
    """The dashboard of a version. Raises NotFound for a deletion."""
    if version.dashboard is None:
        raise NotFound(f"version {version.version} of the dashboard {identity[:100]!r} is its deletion")
    return version.dashboard


class Past:
    """Finds versions, and what came with Binnacle before them. Methods raise Unavailable as History does."""

    def __init__(self, history: History, book: DashboardBook) -> None:
        self._history = history
        self._book = book

    async def page(self, tenant: str, identity: str, size: int, token: str | None) -> Versions:
        """Some versions, newest first. Raises NotFound where there never was such a dashboard."""
        found = await self._history.page(tenant, identity, size, token)
        versions = [*found.versions]
        if found.next is None and (came := self._as_it_came(tenant, identity)) is not None:
            versions.append(came)
        if not versions and token is None:
            self._book.get(tenant, identity)
        return Versions(versions, found.next)

    async def find(self, tenant: str, identity: str, version: int) -> Version:
        """One version. Raises NotFound, and Unavailable for one that may not be stored yet."""
        if version == READY_MADE_VERSION and (came := self._as_it_came(tenant, identity)) is not None:
            return came
        newest = 0
        async for one in self._all(tenant, identity):
            newest = max(newest, one.version)
            if one.version == version:
                return one
        self._require_stored(tenant, identity, newest)
        raise NotFound(f"the dashboard {identity[:100]!r} has no version {version}")

    async def before(self, tenant: str, identity: str) -> Version:
        """The version that undoes the last change. Raises as `find` does."""
        present = self._book.find(tenant, identity)
        as_it_came = present is not None and present.version == READY_MADE_VERSION
        if present is not None and not (as_it_came and self._book.revision(tenant, identity)):
            if not present.former_version:
                raise NotFound(f"the dashboard {identity} has no version before the present one")
            return await self.find(tenant, identity, present.former_version)
        newest = 0
        async for one in self._all(tenant, identity):
            newest = max(newest, one.version)
            if one.dashboard is not None:
                self._require_stored(tenant, identity, newest)
                return one
        self._require_stored(tenant, identity, newest)
        raise NotFound(f"there is no dashboard {identity[:100]!r}, and never was")

    def _require_stored(self, tenant: str, identity: str, newest: int) -> None:
        if newest < self._book.revision(tenant, identity):
            raise Unavailable("the last change is not stored yet; come again", retry_after=1.0)

    def _as_it_came(self, tenant: str, identity: str) -> Version | None:
        came = self._book.ready_made(tenant).get(identity)
        return None if came is None else Version(READY_MADE_VERSION, 0.0, "", "ready_made", came)

    async def _all(self, tenant: str, identity: str) -> AsyncIterator[Version]:
        token: str | None = None
        while True:
            found = await self._history.page(tenant, identity, READ_AT_ONCE, token)
            for one in found.versions:
                yield one
            token = found.next
            if token is None:
                return
