"""The live state of all tenants, and its readers."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby

from services.aggregator.domain.intake.durations import Added
from services.aggregator.domain.intake.series_roles import LIVE_NAMES, SeriesRoles
from services.aggregator.domain.live.memories import DAY_SECONDS, MICRO, RECENT_EVENTS
from services.aggregator.domain.live.overview import Frame, OverviewEvents, OverviewState, ServiceMetrics
from services.aggregator.domain.live.tenant_live import EVENTS_LEFT_OUT, TenantLive
from services.aggregator.ports.observer import Observer
from services.aggregator.ports.records import Record
from services.aggregator.ports.store import HistoryBounds, LiveHistory, Store
from services.core.clock import Clock
from services.core.conventions import DURATION_METRICS, FIGURES_WINDOW, MACHINE_METRICS
from services.core.errors import BinnacleError, Overloaded, Unavailable

READER_QUEUE = 1_000


class Reader:
    """One reader of a tenant's overview: first the state, then what follows, without a gap."""

    def __init__(self, state: OverviewState) -> None:
        self._queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._queue.put_nowait(state)
        self._failure: BinnacleError | None = None

    def offer(self, frame: Frame) -> None:
        """Hand over a frame; a reader with 1,000 unread is given up."""
        if self._queue.qsize() >= READER_QUEUE:
            self.end(Overloaded(f"the reader fell behind by {READER_QUEUE} messages", retry_after=0.0))
        elif self._failure is None:
            self._queue.put_nowait(frame)

    def end(self, failure: BinnacleError) -> None:
        """Give up the reader; what it has not read is lost to it."""
        self._failure = self._failure or failure
        self._queue.put_nowait(None)

    async def next(self) -> Frame:
        """The next frame. Raises what the reader was ended with, such as Overloaded when it fell behind."""
        frame = None if self._failure else await self._queue.get()
        if frame is None:
            assert self._failure is not None
            raise self._failure
        return frame


class Live:
    """What is happening now, by tenant. Belongs to one event loop; nothing in it waits between reading and writing."""

    def __init__(self, clock: Clock, observer: Observer) -> None:
        self._clock = clock
        self._observer = observer
        self._tenants: dict[str, TenantLive] = {}
        self._readers: dict[str, set[Reader]] = {}
        self._rebuilt = False
        self._counted: dict[str, int] = {}
        self._settled: dict[str, int] = {}
        self._taken_up: dict[str, dict[str, int]] = {}
        self.before_answers: list[Callable[[str], Awaitable[None]]] = []

    async def rebuild(self, store: Store) -> Mapping[str, int]:
        """Read the state back after a start; answers how far each journal is committed, and so counted.

        What was known before is told until then. Nothing may be fed meanwhile.
        """
        committed = await store.committed()
        tenants: dict[str, TenantLive] = {}
        for name in await store.tenants():
            history = await store.live_history(name, history_bounds(self._clock.now()))
            tenants[name] = TenantLive(self._clock.now())
            tenants[name].restore(history, self._clock.now())
        self._begin(tenants)
        self._counted, self._settled = dict(committed), dict(committed)
        self._rebuilt = True
        return committed

    def forget(self) -> None:
        """Begin anew: nothing is known until `rebuild`, and every reader has to come again."""
        self._rebuilt = False
        self._begin({})

    def _begin(self, tenants: dict[str, TenantLive]) -> None:
        """Tell of these from now on; nobody goes on reading of those before."""
        self._tenants = tenants
        self._taken_up.clear()
        self._end_readers(Unavailable("the store is being read", retry_after=0.5))

    def require_rebuilt(self) -> None:
        """Raises Unavailable until the state was read back."""
        if not self._rebuilt:
            raise Unavailable("the store is being read", retry_after=0.5)

    def tenants(self) -> Collection[str]:
        """Who has sent data, or was asked for."""
        return self._tenants.keys()

    def roles(self) -> Mapping[str, SeriesRoles]:
        """What is known of each tenant's series."""
        return {name: tenant.roles for name, tenant in self._tenants.items()}

    def durations(self, journal_id: str) -> Mapping[int, Added]:
        """What histograms and spans of a journal's records add to traffic, by offset, until they are committed."""
        held = [tenant.durations.pending(journal_id) for tenant in self._tenants.values()]
        return {offset: added for each in held for offset, added in each.items()}

    def committed(self, journal_id: str, to_offset: int) -> None:
        """Forget what is needed until records are committed."""
        self._settled[journal_id] = to_offset
        for tenant in self._tenants.values():
            tenant.durations.committed(journal_id, to_offset)

    def feed(self, journal_id: str, records: Sequence[Record]) -> None:
        """Count records; the caller sees to it that each comes once."""
        if records:
            self._counted[journal_id] = records[-1].offset + 1
        ordered = sorted(records, key=lambda record: record.tenant)
        for name, theirs in groupby(ordered, key=lambda record: record.tenant):
            shown = self._tenant(name).feed(journal_id, list(theirs), self._clock.now())
            if shown:
                self._offer(name, OverviewEvents(shown))

    def watched(self) -> list[str]:
        """Tenants that have readers."""
        return list(self._readers)

    def counted(self, name: str) -> dict[str, int]:
        """For each journal, the offset below which everything of a tenant is counted."""
        taken_up = self._taken_up.get(name, {})
        return {
            **self._counted,
            **{journal_id: to for journal_id, to in taken_up.items() if to > self._counted.get(journal_id, 0)},
        }

    def divided(self, journal_id: str) -> bool:
        """Whether of a segment that is not committed here a part may be counted."""
        return self._counted.get(journal_id, 0) != self._settled.get(journal_id, 0)

    def take_up(self, part: LiveHistory, counted: Mapping[str, int]) -> None:
        """Count what others have stored; `counted` are the journals it is of, and how far it goes."""
        self._tenant(part.tenant).restore(part, self._clock.now())
        self._taken_up.setdefault(part.tenant, {}).update(counted)
        if part.events:
            events = sorted(part.events, key=lambda event: (event.accepted_us, event.place))
            self._offer(part.tenant, OverviewEvents(events))

    async def up_to_date(self, name: str) -> None:
        """To be called before a tenant is asked for. Raises Unavailable while the store does not answer."""
        for step in self.before_answers:
            await step(name)

    def tick(self) -> None:
        """Hand each reader the overview as it stands; once a second."""
        for name in list(self._readers):
            self._offer(name, self._tenant(name).update(self._clock.now()))

    def state(self, name: str, seconds: int | None = None) -> OverviewState:
        """The overview of a tenant with the newest `seconds` of its history, or all of it.

        Raises Unavailable until the state was read back.
        """
        self.require_rebuilt()
        return self._tenant(name).state(self._clock.now(), seconds)

    def service_metrics(self, name: str, service: str) -> ServiceMetrics | None:
        """One service of a tenant, or None when it was not seen today."""
        self.require_rebuilt()
        return self._tenant(name).service_metrics(service, self._clock.now())

    def heartbeats(self, name: str) -> dict[str, int]:
        """When each service of a tenant sent its newest heartbeat within a day, in microseconds; agents are none."""
        self.require_rebuilt()
        return self._tenant(name).heartbeats(self._clock.now())

    def services_today(self, name: str) -> int:
        """How many services a tenant's overview lists."""
        self.require_rebuilt()
        return self._tenant(name).services_today(self._clock.now())

    def stop(self) -> None:
        """End every reader."""
        self._end_readers(Unavailable("stopping", retry_after=0.0))

    def _end_readers(self, reason: BinnacleError) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.end(reason)

    @contextmanager
    def reading(self, name: str) -> Iterator[Reader]:
        """A reader of a tenant's overview, from this moment to the end of the block."""
        reader = Reader(self.state(name))
        readers = self._readers.setdefault(name, set())
        readers.add(reader)
        self._count_readers()
        try:
            yield reader
        finally:
            readers.discard(reader)
            if not readers and self._readers.get(name) is readers:
                del self._readers[name]
            self._count_readers()

    def _tenant(self, name: str) -> TenantLive:
        tenant = self._tenants.get(name)
        if tenant is None:
            tenant = self._tenants[name] = TenantLive(self._clock.now())
        return tenant

    def _offer(self, name: str, frame: Frame) -> None:
        for reader in self._readers.get(name, ()):
            reader.offer(frame)

    def _count_readers(self) -> None:
        self._observer.watchers(sum(len(readers) for readers in self._readers.values()))


def history_bounds(now: float) -> HistoryBounds:
    """What of the store a live state still shows at `now`."""
    second = int(now)
    return HistoryBounds(
        signals_from_us=(second - FIGURES_WINDOW + 1) * MICRO,
        day_from_us=second // DAY_SECONDS * DAY_SECONDS * MICRO,
        users_from_us=(second - FIGURES_WINDOW + 1) * MICRO,
        events_from_us=(second - DAY_SECONDS) * MICRO,
        heartbeats_from_us=(second - DAY_SECONDS) * MICRO,
        samples_from_us=(second - FIGURES_WINDOW) * MICRO,
        durations_from_us=(second - DAY_SECONDS) * MICRO,
        names=LIVE_NAMES,
        gauges=MACHINE_METRICS,
        duration_names=DURATION_METRICS,
        event_types_left_out=EVENTS_LEFT_OUT,
        events=RECENT_EVENTS,
    )
