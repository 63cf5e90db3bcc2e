"""What is configured: the newest record of each thing, put together from the store, the hot copy and what comes in.

Of two records of a thing the one of the higher revision holds, whoever tells it first: so all sources may be read in
any order and as often as one likes.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from services.core.aside import aside
from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable
from services.core.records import AuditRecord, HotCopy, NewestRecords, Recorder

LOOK_SECONDS = 1.0
STORE_SECONDS = 10.0
MICRO = 1_000_000

Listener = Callable[[], None]
Preparer = Callable[[Sequence[AuditRecord]], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What a thing is to be, and in a word what was done to it."""

    id: str
    action: str
    payload: Mapping[str, Any]


class Configuration:
    """Everything that is configured, as far as it is known here. Belongs to one event loop, `arrived` apart."""

    def __init__(self, log: NewestRecords, recorder: Recorder, hot: HotCopy | None, clock: Clock) -> None:
        self._log = log
        self._recorder = recorder
        self._hot = hot
        self._clock = clock
        self._things: dict[str, dict[tuple[str, str], AuditRecord]] = {}
        self._changing = asyncio.Lock()
        self._known = False
        self._store_read = 0.0
        self._seen_version: int | None = None
        self._arrived: deque[AuditRecord] = deque()
        self._uncopied: dict[tuple[str, str, str], AuditRecord] = {}
        self.listeners: list[Listener] = []
        self.preparers: list[Preparer] = []
        """Told of records before they hold, in another thread where they are many: what takes time is done there."""

    def of(self, kind: str) -> Mapping[tuple[str, str], AuditRecord]:
        """The newest record of each thing of a kind, by tenant and id. Raises Unavailable until they are known."""
        if not self._known:
            raise Unavailable("what is configured was not read from the store yet")
        return self._things.get(kind, {})

    async def change(self, kind: str, tenant: str, identity: str, action: str, payload: Mapping[str, Any]) -> None:
        """Configure a thing: it is durable when this returns. Raises as Recorder does."""
        await self.change_all(kind, tenant, [Change(identity, action, payload)])

    async def change_all(
        self, kind: str, tenant: str, changes: Sequence[Change], prepare: Preparer | None = None
    ) -> None:
        """Configure several things of a kind, all or none; `prepare` is told instead of `preparers`.

        Raises as Recorder does.
        """
        if not changes:
            return
        async with self._changing:
            now_us = int(self._clock.now() * MICRO)
            things = self.of(kind)

            def made(some: Sequence[Change]) -> list[AuditRecord]:
                return [_record(kind, tenant, change, things.get((tenant, change.id)), now_us) for change in some]

            recorded = await self._recorder.record_all(await aside(made, changes))
            await self._prepare(recorded, self.preparers if prepare is None else [prepare])
            self._learn(recorded)
        await self._copy()

    def arrived(self, records: Iterable[AuditRecord]) -> None:
        """Records have come to the store, whoever wrote them. May be called from any thread."""
        self._arrived.extend(record for record in records if record.revision)

    async def run(self) -> NoReturn:
        """Keep up with the store, the hot copy and what arrives, until cancelled."""
        while True:
            try:
                await self._look()
            # Too late or too busy an answer is none either.
            except BinnacleError:
                self._store_read = 0.0
            await self._clock.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        if self._arrived:
            arrived = [self._arrived.popleft() for _one in range(len(self._arrived))]
            await self._prepare(arrived, self.preparers)
            self._learn(arrived)
        if not self._known or (self._hot is None and self._is_due()):
            await self.read()
        if self._hot is not None:
            await self._follow(self._hot)

    async def _follow(self, hot: HotCopy) -> None:
        try:
            if not await hot.is_whole():
                await self.read()
                await hot.put(self._all(), whole=True)
                self._uncopied.clear()
            await self._copy_to(hot)
            version = await hot.version()
            if version != self._seen_version:
                newest = await hot.newest()
                await self._prepare(newest, self.preparers)
                self._learn(newest, copied=True)
                self._seen_version = version
        except Unavailable:
            # Others' changes are told by the store alone until it answers again.
            self._seen_version = None
            if self._is_due():
                await self.read()

    def _is_due(self) -> bool:
        return self._clock.monotonic() - self._store_read >= STORE_SECONDS

    async def read(self) -> None:
        """Take up what the store has. Raises Unavailable."""
        records = await self._log.newest()
        await self._prepare(records, self.preparers)
        first, self._known = not self._known, True
        # That there is nothing is news, too.
        self._learn(records, news=first)
        self._store_read = self._clock.monotonic()

    def _all(self) -> list[AuditRecord]:
        return [record for things in self._things.values() for record in things.values()]

    async def _copy(self) -> None:
        if self._hot is not None:
            try:
                await self._copy_to(self._hot)
            except Unavailable:
                return

    async def _copy_to(self, hot: HotCopy) -> None:
        while self._uncopied:
            batch = dict(self._uncopied)
            await hot.put(list(batch.values()))
            for thing, record in batch.items():
                if self._uncopied.get(thing) is record:
                    del self._uncopied[thing]

    async def _prepare(self, records: Iterable[AuditRecord], preparers: Iterable[Preparer]) -> None:
        fresh = [record for record in records if self._is_news(record)]
        for prepare in preparers:
            await aside(prepare, fresh)

    def _is_news(self, record: AuditRecord) -> bool:
        known = self._things.get(record.kind, {}).get((record.tenant, record.id))
        return known is None or known.revision < record.revision

    def _learn(self, records: Iterable[AuditRecord], *, copied: bool = False, news: bool = False) -> None:
        """Take up what is newer than what was known; what is not `copied` has to go to the hot copy."""
        for record in records:
            if self._is_news(record):
                self._things.setdefault(record.kind, {})[record.tenant, record.id] = record
                news = True
                if not copied:
                    self._uncopied[record.thing] = record
        if news:
            for listener in self.listeners:
                listener()


def _record(kind: str, tenant: str, change: Change, former: AuditRecord | None, now_us: int) -> AuditRecord:
    # Rises also where another process, whose clock is ahead, made the former one.
    revision = now_us if former is None else max(now_us, former.revision + 1)
    text = json.dumps(change.payload, ensure_ascii=False, separators=(",", ":"))
    return AuditRecord(now_us, tenant, kind, change.id, revision, change.action, payload=text)
