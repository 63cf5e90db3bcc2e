"""Journals that repeat each other's requests, an aggregator that dies at any moment, and what is left in its store."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from binnacle.journal.v1 import journal_pb2
from services.aggregator.domain.intake.claims import Claims
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.intake.journal_stream import JournalStream
from services.aggregator.domain.live.live import Live, history_bounds
from services.aggregator.ports.store import EventFilter, Store
from tests.component.aggregator.mortal_engine import Killed, MortalEngine
from tests.support.clock import ManualClock
from tests.support.journals import NOW, read, record
from tests.unit.aggregator.observers import SilentObserver

HOUR_US = 3_600_000_000
worlds = itertools.count(1)


@dataclass(slots=True)
class Journal:
    """A collector's journal: records, the bounds of segments once they are sealed, and its stream, if one is open."""

    journal_id: str
    records: list[journal_pb2.Record] = field(default_factory=list)
    bounds: list[int] = field(default_factory=lambda: [0])
    stream: JournalStream | None = None
    commits: AsyncGenerator[int, None] | None = None
    sent: int = 0
    sealed: int = 0


class World:
    """Every named or nameless request is one `request` event of a service of the same name, so that it counts once."""

    def __init__(self, engine: MortalEngine, store: Store, journals: int = 3) -> None:
        self._engine, self._store = engine, store
        number = next(worlds)
        self.tenant = f"tenant-{number}"
        self.journals = [Journal(f"{number:012x}{place:04x}") for place in range(journals)]
        self.written: set[str] = set()
        self._clock = ManualClock(NOW)

    async def start(self) -> None:
        """A new process, over what the store holds."""
        self._engine.revive()
        observer = SilentObserver()
        claims = Claims(self._clock, observer)
        self.intake = Intake(self._store, Live(self._clock, observer), claims, self._clock, observer)
        claims.restore(await self._store.claims(HOUR_US, 1_000_000))
        self.intake.resume(await self.intake.live.rebuild(self._store))
        for journal in self.journals:
            journal.stream = journal.commits = None

    def write(self, place: int, name: str) -> None:
        """A request is accepted; its name is empty for one that cannot be repeated."""
        journal = self.journals[place]
        service = name or f"{journal.journal_id}-{len(journal.records)}"
        event = {"type": "request", "service": service}
        journal.records.append(record(tenant=self.tenant, batch=name, events=[event]))
        self.written.add(service)

    async def send(self, place: int) -> None:
        """All records that are not sent yet travel; segments whose bounds were told before are sealed as they were."""
        journal = self.journals[place]
        if journal.stream is None:
            await self._open(journal)
        assert journal.stream is not None
        for end in (*journal.bounds, len(journal.records)):
            if end > journal.sent:
                records = read(journal.sent, journal.records[journal.sent : end])
                wanted = [each for each in records if each.offset >= journal.stream.wanted_from]
                journal.stream.take(journal.sent, len(records), wanted)
                journal.sent = end
            if end in journal.bounds and end > journal.sealed:
                journal.stream.seal(journal.sealed, end)
                journal.sealed = end

    async def seal(self, place: int) -> None:
        """What was sent is a segment, and committed."""
        journal = self.journals[place]
        await self.send(place)
        assert journal.stream is not None
        if journal.sent > journal.sealed:
            journal.bounds.append(journal.sent)
            journal.stream.seal(journal.sealed, journal.sent)
            journal.sealed = journal.sent
        assert journal.commits is not None
        committed = self.intake_of(journal).committed(journal.journal_id)
        while committed < journal.sealed:
            committed = await anext(journal.commits)

    async def seal_all(self) -> None:
        """All journals at once. Raises Killed when the process died on the way."""
        results = await asyncio.gather(
            *(self.seal(place) for place in range(len(self.journals))), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def run_into_death(self, inserts: int) -> None:
        """Seal everything, with the process dying before some insert, if it comes to that."""
        self._engine.left = inserts
        try:
            await self.seal_all()
        except Killed:
            await self.start()
        self._engine.left = None

    async def break_off(self, place: int) -> None:
        """The stream of a journal breaks."""
        self.journals[place].stream = self.journals[place].commits = None

    def intake_of(self, journal: Journal) -> Intake:
        """The aggregator that carries a journal."""
        return self.intake

    async def _open(self, journal: Journal) -> None:
        journal.stream = self.intake_of(journal).open(journal.journal_id)
        journal.commits = journal.stream.commits()
        journal.sent = journal.sealed = await anext(journal.commits)

    async def stored(self) -> Counter[str]:
        """Rows by request."""
        return Counter(event.service for event in await self._store.events(self.tenant, EventFilter(), 10_000))

    async def counted(self) -> dict[str, float]:
        """Requests counted in the store's signals, by request."""
        signals = (await self._store.live_history(self.tenant, history_bounds(NOW))).signals
        counts: Counter[str] = Counter()
        for service, requests in zip(signals.services, signals.requests.tolist(), strict=True):
            counts[service] += requests
        return dict(counts)

    def shown(self) -> dict[str, float]:
        """Requests counted by the live overview, by request."""
        services = self.intake.live.state(self.tenant).snapshot.services
        return {name: service.request_count for name, service in services.items()}
