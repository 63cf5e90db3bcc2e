"""Live clients that lose their connections, come back with their positions, and keep what they were told."""

import asyncio
import json
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

Json = dict[str, Any]
FORM = Subprotocol("binnacle.v1.json")
EVENTS, FIGURES = "events", "figures"
# How long it waits after a refusal; a real client waits longer and longer.
REFUSED_SECONDS = 0.3
LONGEST_SILENCE = 45.0
# Figures come every second, to one client sooner than to the other.
KEPT_OVERVIEWS = 10


@dataclass
class Told:
    """What one client was told: numbers of events in order, and the last overviews by their moments, oldest first."""

    numbers: list[int] = field(default_factory=list)
    overviews: dict[str, Json] = field(default_factory=dict)
    position: str = ""
    connections: int = 0
    breaks: int = 0
    """How often it was told that something cannot be told any more."""

    def take(self, update: Json) -> None:
        """What a page would do with an update."""
        if update["subscription"] == FIGURES:
            for figures in ("state", "change"):
                if snapshot := (update.get(figures) or {}).get("snapshot"):
                    self._show(snapshot)
            return
        self.position = update.get("position") or self.position
        if "subscribed" in update:
            self._begin(resumed=bool(update["subscribed"].get("resumed")))
        for held in (update.get("events") or {}).get("events", []):
            self.numbers.append(int(held["event"]["data"]["number"]))

    def _show(self, snapshot: Json) -> None:
        self.overviews[snapshot["updated_at"]] = snapshot
        if len(self.overviews) > KEPT_OVERVIEWS:
            del self.overviews[min(self.overviews)]

    def _begin(self, *, resumed: bool) -> None:
        if not resumed and self.connections > 1:
            # What it shows of the past it would fetch anew.
            self.breaks += 1
            self.numbers.clear()


class CutClient:
    """One client of events of a type and of the dashboard."""

    def __init__(self, port: int, kind: str, chance: random.Random) -> None:
        self.told = Told()
        self._url = f"ws://127.0.0.1:{port}/ws/v1/live"
        self._kind = kind
        self._chance = chance
        self._socket: ClientConnection | None = None
        self._may_return = asyncio.Event()
        self._may_return.set()

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            await self._may_return.wait()
            try:
                await self._follow()
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                await asyncio.sleep(REFUSED_SECONDS * self._chance.uniform(0.5, 1.5))

    async def cut(self, away: float) -> None:
        """Lose the connection in the middle of whatever comes, and stay away for so many seconds."""
        self._may_return.clear()
        if self._socket is not None:
            self._socket.transport.abort()
        await asyncio.sleep(away)
        self._may_return.set()

    async def _follow(self) -> None:
        async with AsyncExitStack() as opened:
            # A busy machine may answer a ping late; silence is what tells that a connection is gone.
            connecting = connect(self._url, proxy=None, subprotocols=[FORM], max_size=None, ping_interval=None)
            socket = self._socket = await opened.enter_async_context(connecting)
            self.told.connections += 1
            asked: Json = {"id": EVENTS, "events": {"types": [self._kind]}, "position": self.told.position}
            await socket.send(json.dumps({"subscribe": asked}))
            await socket.send(json.dumps({"subscribe": {"id": FIGURES, "room": "dashboard"}}))
            while True:
                async with asyncio.timeout(LONGEST_SILENCE):
                    frame = json.loads(await socket.recv())
                for update in frame.get("updates", []):
                    self.told.take(update)
