"""Two aggregators over one store, between which journals go to and fro; either dies at any moment."""

from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.intake.claims import Claims
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.live.live import Live
from services.aggregator.domain.live.others import Others
from services.aggregator.domain.live.overview import OverviewState
from services.core.errors import Unavailable
from tests.component.aggregator.mortal_engine import MortalEngine
from tests.component.aggregator.repeating_world import HOUR_US, Journal, World
from tests.unit.aggregator.observers import SilentObserver


class RivalWorld(World):
    """As one aggregator, but that each journal is carried by one of two. What is live is a part with each."""

    def __init__(self, engine: MortalEngine, store: ClickHouseStore, journals: int = 3) -> None:
        super().__init__(engine, store, journals)
        self._store: ClickHouseStore = store
        # As a server's would be.
        store.shared = True
        self._homes = {journal.journal_id: place % 2 for place, journal in enumerate(self.journals)}
        self._intakes: list[Intake] = []

    async def start(self) -> None:
        self._engine.revive()
        self._intakes = [await self._made(), await self._made()]
        for journal in self.journals:
            journal.stream = journal.commits = None

    async def _made(self) -> Intake:
        observer = SilentObserver()
        claims = Claims(self._clock, observer)
        intake = Intake(self._store, Live(self._clock, observer), claims, self._clock, observer)
        claims.restore(await self._store.claims(HOUR_US, 1_000_000))
        intake.resume(await intake.live.rebuild(self._store))
        return intake

    async def restart(self, which: int) -> None:
        """One of the two dies and comes back; the other goes on."""
        self._intakes[which] = await self._made()
        for place, journal in enumerate(self.journals):
            if self._homes[journal.journal_id] == which:
                await self.break_off(place)

    async def move(self, place: int) -> None:
        """A collector goes on to the other aggregator."""
        await self.break_off(place)
        self._homes[self.journals[place].journal_id] ^= 1

    async def settle(self, which: int) -> None:
        """What one does now and then."""
        await self._intakes[which].settle()

    async def send(self, place: int) -> None:
        for _again in range(3):
            try:
                await super().send(place)
                return
            except Unavailable:
                # Its aggregator read the store anew.
                await self.break_off(place)
        raise AssertionError

    async def seal(self, place: int) -> None:
        for _again in range(3):
            try:
                await super().seal(place)
                return
            except Unavailable:
                await self.break_off(place)
        raise AssertionError

    def intake_of(self, journal: Journal) -> Intake:
        return self._intakes[self._homes[journal.journal_id]]

    async def _open(self, journal: Journal) -> None:
        await self.intake_of(journal).catch_up(journal.journal_id)
        await super()._open(journal)
        assert journal.stream is not None
        # What the other committed must not be asked for again: its collector has let go of it.
        assert journal.stream.wanted_from == (await self._store.committed()).get(journal.journal_id, 0)

    async def states(self) -> list[OverviewState]:
        """What each shows once it has taken up what the other has stored, and what one shows that starts now."""
        for intake in self._intakes:
            await Others(intake.live, self._store, intake.read_anew, self._clock).catch_up(self.tenant)
        return [intake.live.state(self.tenant) for intake in (*self._intakes, await self._made())]
