"""A whole suite: all children started together, watched, and stopped in the order the data flows."""

import asyncio
import signal
from collections.abc import Callable, Sequence

import httpx

from services.core.clock import Clock
from services.launcher.child import Child, ConfigurationRefused, Plan
from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.probes import NotReady
from services.launcher.renewal import RESTART
from services.launcher.terminal import Terminal
from services.runtime.workers import service_of

# Sources first, then each process before those it writes to. Envoy stays: streams are ended by their services.
# Whoever was restarted is whole again before those who ask it are.
RESTART_ORDER = ("redis", "aggregator", "alerting", "streamer", "collector", "envoy", "agent", "demo")
STOP_ORDER = (("agent", "demo"), ("collector",), ("aggregator",), ("streamer", "alerting"), ("envoy",), ("redis",))
DRAIN_SECONDS = 2.0
PAUSE_SECONDS = 0.1
POLL_SECONDS = 0.02
# Each question is one to the edge that listens now.
NOTHING_KEPT = httpx.Limits(max_keepalive_connections=0)
PATIENCE_SECONDS = 10.0
RENEWAL_SECONDS = 60.0


class Suite:
    """Runs `plans` until it is told to stop. `url` is the edge; `announce` gives the text to show once it answers.

    `transport` is how the launcher itself reaches the edge, where that is not by `url`; `told` hears how each restart
    of all parts went.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        terminal: Terminal,
        clock: Clock,
        *,
        url: str,
        admin: EnvoyAdmin,
        announce: Callable[[], str],
        inherited: Sequence[int] = (),
        transport: httpx.AsyncBaseTransport | None = None,
        told: Callable[[str], None] = lambda _outcome: None,
    ) -> None:
        self._children = {plan.name: Child(plan, terminal, clock, inherited) for plan in plans}
        self._terminal = terminal
        self._clock = clock
        self._url = url
        self._admin = admin
        self._announce = announce
        self._transport = transport
        self._told = told
        self._stop = asyncio.Event()
        self._restart = asyncio.Event()
        self._refused = False

    def stop(self) -> None:
        """Begin to stop; the second time, kill what is left."""
        if self._stop.is_set():
            self._terminal.say("killing what is left", level="warning")
            for child in self._children.values():
                child.kill()
        self._stop.set()

    async def run(self) -> int:
        """Run until stopped; the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # What is ignored from the start was meant to be: nohup.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(RESTART, self._restart.set)
        async with asyncio.TaskGroup() as tasks:
            for child in self._children.values():
                tasks.create_task(self._keep(child), name=child.name)
            life = tasks.create_task(self._serve(), name="life")
            await self._stop.wait()
            life.cancel()
            await self._stop_in_order()
        return 1 if self._refused else 0

    async def _keep(self, child: Child) -> None:
        await self._wait_for(child.waits_for)
        if self._stop.is_set():
            child.kill()
        try:
            await child.run()
        except ConfigurationRefused:
            self._terminal.say("cannot use its configuration; the suite stops", child.name, "error")
            self._refused = True
            self._stop.set()

    async def _wait_for(self, names: Sequence[str]) -> None:
        """Return when these are ready; also when the suite stops, or one of them does not get ready in time."""
        deadline = self._clock.monotonic() + PATIENCE_SECONDS
        awaited = [self._children[name] for name in names if name in self._children]
        while not (self._stop.is_set() or all(child.ready.is_set() for child in awaited)):
            if self._clock.monotonic() > deadline:
                return
            await self._clock.sleep(POLL_SECONDS)

    async def _serve(self) -> None:
        async with httpx.AsyncClient(
            base_url="http://edge" if self._transport else self._url,
            timeout=PATIENCE_SECONDS,
            transport=self._transport,
            limits=NOTHING_KEPT,
        ) as client:
            await self._tell_when_ready(client)
            while True:
                await self._restart.wait()
                self._restart.clear()
                started = self._clock.monotonic()
                failed = await self._renew_all(client)
                took = f"in {self._clock.monotonic() - started:.1f} s"
                outcome = f"not all was restarted: {failed}" if failed else f"all was restarted {took}"
                self._terminal.say(outcome, level="error" if failed else "info")
                self._told(outcome)

    async def _renew_all(self, client: httpx.AsyncClient) -> str:
        """Restart part after part, each when all are well again; what failed, or nothing."""
        for child in (child for name in RESTART_ORDER for child in self._of((name,))):
            try:
                async with asyncio.timeout(RENEWAL_SECONDS):
                    await child.renew()
                    while not await self._answers(client):
                        await self._clock.sleep(PAUSE_SECONDS)
            except TimeoutError:
                return f"after {child.name} was, the suite is not ready ({child.reason})"
        return ""

    async def _tell_when_ready(self, client: httpx.AsyncClient) -> None:
        started = last = self._clock.monotonic()
        while not await self._answers(client):
            await self._clock.sleep(PAUSE_SECONDS)
            if self._clock.monotonic() - last > PATIENCE_SECONDS:
                last = self._clock.monotonic()
                self._tell_what_is_missing()
        self._terminal.say(f"all is ready after {self._clock.monotonic() - started:.1f} s: {self._url}")
        self._terminal.banner(self._announce())

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        if not all(child.ready.is_set() for child in self._children.values()):
            return False
        try:
            return (await client.get("/health")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _tell_what_is_missing(self) -> None:
        waiting = [f"{child.name} ({child.reason})" for child in self._children.values() if not child.ready.is_set()]
        self._terminal.say(f"still waiting for {', '.join(waiting) or 'the edge'}", level="warning")

    async def _stop_in_order(self) -> None:
        self._terminal.say("stopping")
        started = self._clock.monotonic()
        drained = await self._begin_draining()
        for names in STOP_ORDER:
            async with asyncio.TaskGroup() as tasks:
                for child in self._of(names):
                    tasks.create_task(child.stop())
            if drained and names == STOP_ORDER[0]:
                await self._wait_for_clients_to_leave()
        self._terminal.say(f"stopped in {self._clock.monotonic() - started:.1f} s")

    def _of(self, names: Sequence[str]) -> list[Child]:
        """Those of these names, with all workers of a service."""
        return [child for name, child in self._children.items() if service_of(name) in names]

    async def _begin_draining(self) -> bool:
        """Ask clients to leave. False when there are none, or no edge to ask."""
        try:
            if not await self._admin.open_connections():
                return False
            await self._admin.drain()
        except NotReady:
            return False
        return True

    async def _wait_for_clients_to_leave(self) -> None:
        deadline = self._clock.monotonic() + DRAIN_SECONDS
        try:
            while await self._admin.open_connections() and self._clock.monotonic() < deadline:
                await self._clock.sleep(PAUSE_SECONDS)
        except NotReady:
            return
