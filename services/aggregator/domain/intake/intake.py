"""Takes journals: checks order, feeds the live state at once, commits sealed segments one after the other."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields
from typing import TypeVar

from services.aggregator.domain.intake.claims import Claims, Verdict
from services.aggregator.domain.intake.flow import FlowMeter
from services.aggregator.domain.intake.forgotten import Forgotten
from services.aggregator.domain.intake.journal_stream import JournalStream
from services.aggregator.domain.intake.rollups import RollUps, disturbed_minutes
from services.aggregator.domain.intake.signals import signals_by_tenant
from services.aggregator.domain.live.live import Live
from services.aggregator.domain.live.tails import Tails
from services.aggregator.ports.observer import Observer
from services.aggregator.ports.pipeline import Waiting
from services.aggregator.ports.records import Record
from services.aggregator.ports.store import Segment, Store
from services.core.clock import Clock
from services.core.columns import NO_TELEMETRY
from services.core.errors import Unavailable

FIRST_RETRY_SECONDS = 0.1
LAST_RETRY_SECONDS = 5.0
Answer = TypeVar("Answer")


class Intake:
    """The journals, and how far each is counted and committed."""

    def __init__(
        self,
        store: Store,
        live: Live,
        claims: Claims,
        clock: Clock,
        observer: Observer,
        rollups: RollUps | None = None,
        flow: FlowMeter | None = None,
        forgotten: Forgotten | None = None,
        tails: Tails | None = None,
    ) -> None:
        self.live = live
        self._claims = claims
        self._store = store
        self._clock = clock
        self._observer = observer
        self._rollups = rollups
        self._flow = flow
        self._forgotten = forgotten or Forgotten()
        self.tails = tails or Tails(clock)
        self._committed: dict[str, int] = {}
        self._fed: dict[str, int] = {}
        self._streams: dict[str, JournalStream] = {}
        self._failing = False
        self._judging = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._writing: Counter[str] = Counter()
        self._written = asyncio.Event()
        self._outdated = False

    def resume(self, committed: Mapping[str, int]) -> None:
        """Go on after a start: what is committed was counted when the live state was rebuilt."""
        self._committed = dict(committed)
        self._fed = dict(committed)
        self.tails.resume(committed)

    def require_storing(self) -> None:
        """Raises Unavailable while the store takes no segments."""
        if self._failing:
            raise Unavailable("the store takes no segments")

    async def catch_up(self, journal_id: str) -> None:
        """To be called before a stream is opened: another aggregator may have taken the journal further meanwhile.

        Then everything is read anew, as after a start: what the live state, the series and the running totals owe to
        the journal is in the store alone. All streams end, and are opened again by their collectors. Raises Unavailable
        while the store does not answer.
        """
        if not self._outdated:
            self.live.require_rebuilt()
        former = self._streams.get(journal_id)
        if former is not None:
            former.end(Unavailable("a newer stream carries this journal"))
        async with self._reading:
            await self._quiet(journal_id)
            if self._outdated or (await self._store.committed()).get(journal_id, 0) > self.committed(journal_id):
                await self._read_anew()

    async def _read_anew(self) -> None:
        """As after a start: until it is done nothing is told."""
        self.live.forget()
        self.tails.forget()
        await self._renew()

    async def _renew(self) -> None:
        """What was known before is told until what the store has takes its place."""
        self._outdated = True
        for stream in self._streams.values():
            stream.end(Unavailable("the store is read anew", retry_after=0.5))
        await self._quiet(*self._writing)
        committed = await self.live.rebuild(self._store)
        self.tails.forget()
        self.resume(committed)
        self._outdated = False

    async def _quiet(self, *journal_ids: str) -> None:
        """Return when nothing of these journals is being committed."""
        while any(self._writing[journal_id] for journal_id in journal_ids):
            self._written.clear()
            await self._written.wait()

    async def quiet(self) -> None:
        """Return when nothing that is being committed now is any more."""
        await self._quiet(*self._writing)

    async def read_anew(self) -> None:
        """Read everything from the store, as after a start. Streams end, and are opened again."""
        async with self._reading:
            await self._read_anew()

    async def renew(self) -> None:
        """The same where what was told is not wrong: rows were deleted. Who asks meanwhile is answered."""
        async with self._reading:
            await self._renew()

    async def settle(self) -> None:
        """Let go of the places of claims that are committed, by whomever; finish reading anew what was cut short."""
        async with self._reading:
            if self._outdated:
                await self._read_anew()
        committed = await self._store.committed()
        self._claims.settle(committed)
        self.tails.committed(committed)

    def open(self, journal_id: str) -> JournalStream:
        """A stream of a journal; a former one of the same journal ends. Raises Unavailable until `resume`."""
        self.live.require_rebuilt()
        former = self._streams.get(journal_id)
        if former is not None:
            former.end(Unavailable("a newer stream carries this journal"))
        stream = self._streams[journal_id] = JournalStream(self, journal_id, self.committed(journal_id))
        self._observer.journals(len(self._streams))
        return stream

    def close(self, stream: JournalStream) -> None:
        """Forget a stream that is over."""
        if self._streams.get(stream.journal_id) is stream:
            del self._streams[stream.journal_id]
            self._observer.journals(len(self._streams))

    def stop(self) -> None:
        """End every stream; what it did not commit will be sent again."""
        for stream in self._streams.values():
            stream.end(Unavailable("stopping", retry_after=0.0))

    def waiting(self) -> list[Waiting]:
        """What each connected journal has brought that is not stored yet."""
        return [
            Waiting(name, max(0, self._fed.get(name, 0) - self.committed(name)), stream.held_bytes)
            for name, stream in sorted(self._streams.items())
        ]

    def committed(self, journal_id: str) -> int:
        """The offset below which a journal is committed."""
        return self._committed.get(journal_id, 0)

    def feed(self, journal_id: str, records: Sequence[Record]) -> None:
        """Count records that were not counted before, and repeat none that were."""
        fed = self._fed.get(journal_id, 0)
        new = [record for record in records if record.offset >= fed]
        if new:
            self._fed[journal_id] = new[-1].offset + 1
            shown = self._claims.arrived(journal_id, self._forgotten.without(new))
            self.live.feed(journal_id, shown)
            self.tails.fed(journal_id, new[-1].offset + 1, shown)

    async def commit(self, stream: JournalStream, from_offset: int, to_offset: int, records: list[Record]) -> None:
        """Commit a segment, trying again until the store has it or the stream is over."""
        self._writing[stream.journal_id] += 1
        try:
            await self._commit(stream, from_offset, to_offset, records)
        finally:
            self._writing[stream.journal_id] -= 1
            self._written.set()

    async def _commit(self, stream: JournalStream, from_offset: int, to_offset: int, records: list[Record]) -> None:
        records = list(self._forgotten.without(records))
        verdict = await self._until_stored(stream, lambda: self._judge(stream.journal_id, records))
        signals = await asyncio.to_thread(
            signals_by_tenant, verdict.records, self.live.roles(), self.live.durations(stream.journal_id)
        )
        minutes = await asyncio.to_thread(disturbed_minutes, verdict.records)
        segment = Segment(stream.journal_id, from_offset, to_offset, verdict.records, signals, minutes)
        await self._until_stored(stream, lambda: self._commit_once(segment))
        if self._flow is not None:
            self._flow.stored(stream.journal_id, records, verdict.records)
        if self._rollups is not None:
            self._rollups.disturb(segment.minutes)
        self._claims.committed(stream.journal_id, verdict)
        self.live.committed(stream.journal_id, to_offset)
        self.tails.committed({stream.journal_id: to_offset})
        self._committed[stream.journal_id] = max(to_offset, self.committed(stream.journal_id))

    async def _judge(self, journal_id: str, records: Sequence[Record]) -> Verdict:
        """What of a segment is stored, with every claim it depends on durable; one judgement after the other."""
        async with self._judging:
            while True:
                verdict = self._claims.decide(journal_id, records)
                if not verdict.claims:
                    return verdict
                told = await self._store.claim(verdict.claims, self._claims.position)
                if not told.others:
                    self._claims.made_durable(verdict, told.position)
                    return verdict
                self._claims.learn(told)

    async def _until_stored(self, stream: JournalStream, step: Callable[[], Awaitable[Answer]]) -> Answer:
        """What a step answers, trying again until the store takes it or the stream is over."""
        pause = FIRST_RETRY_SECONDS
        while True:
            stream.require_open()
            try:
                answer = await step()
            except Unavailable:
                self._failing = True
                self._observer.commit_failed()
            else:
                self._failing = False
                return answer
            await self._clock.sleep(pause)
            pause = min(2 * pause, LAST_RETRY_SECONDS)

    async def _commit_once(self, segment: Segment) -> None:
        started = self._clock.monotonic()
        await self._store.commit(segment)
        oldest = min((record.accepted_us for record in segment.records), default=0) / 1e6
        now = self._clock.now()
        self._observer.committed(_rows(segment), self._clock.monotonic() - started, max(now - (oldest or now), 0.0))


def _rows(segment: Segment) -> dict[str, int]:
    """Rows of a segment by table."""
    rows = dict.fromkeys(("series", "samples", "events", "logs", "heartbeats", "rollups", "signals"), 0)
    for record in segment.records:
        rows["series"] += len(record.series)
        rows["samples"] += len(record.samples.values) if record.samples else 0
        rows["events"] += len(record.events.types) if record.events else 0
        rows["logs"] += len(record.logs.messages) if record.logs else 0
        rows["heartbeats"] += len(record.heartbeats.services) if record.heartbeats else 0
        rows["rollups"] += len(record.rollups) if record.rollups else 0
        for table in fields(record.telemetry) if record.telemetry is not NO_TELEMETRY else ():
            block = getattr(record.telemetry, table.name)
            rows[table.name] = rows.get(table.name, 0) + (len(block.times_ns) if block is not None else 0)
    rows["signals"] = sum(len(columns) for columns in segment.signals.values())
    return rows
