"""The client for programs without an event loop."""

import asyncio
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from binnacle_client.client import Client
from binnacle_client.errors import DeadlineExceeded
from binnacle_client.options import Delivery, Options
from binnacle_client.writers import Events, Heartbeats, Logs, Metrics


class SyncClient:
    """The same writers over a thread of its own: `write` returns at once and may be called from any thread."""

    events: Events
    logs: Logs
    heartbeats: Heartbeats
    metrics: Metrics

    def __init__(
        self, target: str = "127.0.0.1:8080", token: str | None = None, *, options: Options | None = None
    ) -> None:
        self._target, self._token, self._options = target, token, options or Options()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready: Future[Client] = Future()
        self._thread = threading.Thread(target=self._serve, name="binnacle-client", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        client = self._ready.result()
        self.events, self.logs, self.heartbeats, self.metrics = (
            client.events,
            client.logs,
            client.heartbeats,
            client.metrics,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flush for up to the timeout of the options, then end the thread."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def flush(self, within: float | None = None) -> Delivery:
        """As Client.flush. Raises DeadlineExceeded."""
        limit = self._options.timeout if within is None else within
        waiting = asyncio.run_coroutine_threadsafe(self._ready.result().flush(limit), self._loop)
        try:
            # A little longer than the flush itself may take: its own error tells more.
            return waiting.result(limit + 5.0)
        except TimeoutError as error:
            raise DeadlineExceeded("the client's thread does not answer") from error

    def delivery(self) -> Delivery:
        """What became of all that was written so far."""
        return self._ready.result().delivery()

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._live())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _live(self) -> None:
        post = self._loop.call_soon_threadsafe
        async with Client(self._target, self._token, options=self._options, post=post) as client:
            self._ready.set_result(client)
            await self._stop.wait()
