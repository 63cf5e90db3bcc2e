"""Dashboards as they change, for whoever looks at them."""

import asyncio
from collections.abc import AsyncIterator

from services.core.errors import Unavailable
from services.streamer.domain.dashboards.book import DashboardBook
from services.streamer.ports.dashboards import Dashboard


class Following:
    """Tells of each change, whoever made it. Belongs to one event loop."""

    def __init__(self, book: DashboardBook) -> None:
        self._book = book
        self._news = asyncio.Event()
        self._closed = False

    def tell(self) -> None:
        """Something was configured."""
        self._news.set()
        self._news = asyncio.Event()

    def close(self) -> None:
        """End all that is followed."""
        self._closed = True
        self.tell()

    async def follow(self, tenant: str, identity: str) -> AsyncIterator[Dashboard | None]:
        """One as it stands, then as it is after each change; None once it is deleted.

        Raises NotFound at the beginning, and Unavailable at the end of this process.
        """
        shown: Dashboard | None = self._book.get(tenant, identity)
        yield shown
        while not self._closed:
            news = self._news
            now = self._book.find(tenant, identity)
            if now != shown:
                shown = now
                yield shown
            else:
                await news.wait()
        raise Unavailable("the process stops; come back", retry_after=0.0)
