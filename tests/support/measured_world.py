"""A store that samples come to in any order, the plain list of them, and questions whose answers both give."""

import random
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from services.aggregator.adapters.clickhouse.series.time_series import ClickHouseTimeSeries
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.intake.rollups import RollUps, disturbed_minutes
from services.aggregator.domain.series.answering import Answer, Answers, Held
from services.aggregator.domain.series.grid import Grid, stepped
from services.aggregator.domain.series.question import Expression, Grouping, Matching, Question, Selection
from services.aggregator.domain.series.tier_choice import window_of
from services.aggregator.domain.series.time_series import TimeSeriesReader
from services.aggregator.ports.time_series import Fold, Function
from services.runtime.regular_expressions import matches
from tests.support import plain_series
from tests.support.clock import ManualClock
from tests.support.journals import Sample, record, segment

METRIC = "heat"
PLACES = ("north", "south", "south", "west")
Told = dict[object, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """A selection, in words that the plain recomputation knows too."""

    function: Function
    share: float = 0.0
    window_ms: int | None = None
    offset_ms: int = 0
    by: tuple[str, ...] | None = None
    aggregation: str = "sum"
    step_ms: int = 60_000

    def question(self, grid: Grid) -> Question:
        """As it is asked."""
        grouping = None if self.by is None else Grouping(self.aggregation, self.share, self.by)  # type: ignore[arg-type]
        fold = Fold(self.function, self.share)
        matchings = (Matching("__name__", "=", METRIC),)
        selection = Selection(matchings, fold, self.window_ms, self.offset_ms, grouping)
        return Question((Expression("a", selection, fill="null"),), grid)


@dataclass
class World:
    """One tenant's series, as the store has them and as a list."""

    store: ClickHouseStore
    clock: ManualClock
    rng: random.Random
    samples: list[Sample] = field(default_factory=list)
    offset: int = 0
    kept_seconds: float = inf
    beside: list[Coroutine[None, None, None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = TimeSeriesReader(
            ClickHouseTimeSeries(self.store.reader, self.store.summed_minutes),
            self.clock,
            matches,
            lambda _tenant, _tier: self.kept_seconds,
            self.beside.append,
        )
        self.store.listeners.extend(self.reader.listeners)
        self.answers = Answers(self.reader)
        self.work = RollUps(self.store, self.clock)

    async def open(self) -> None:
        """Open the store, and let the series be known."""
        await self.store.open()
        await self.work.resume()
        names = [(place, METRIC, {"place": name, "number": str(place)}) for place, name in enumerate(PLACES)]
        await self.commit([], series=names)

    async def restart(self, store: ClickHouseStore) -> None:
        """Go on in a new life, with what the store has."""
        await self.store.close()
        self.store = store
        self.__post_init__()
        await store.open()
        await self.work.resume()

    async def commit(self, samples: Sequence[Sample], series: object = ()) -> None:
        """Store samples as one segment."""
        made = segment(record(samples=samples, series=series), first_offset=self.offset)  # type: ignore[arg-type]
        self.offset += 1
        await self.store.commit(made)
        self.work.disturb(disturbed_minutes(made.records))
        self.samples += samples

    async def ask(self, asked: Asked, start: float, end: float, held: Held | None = None) -> Answer:
        """The store's answer."""
        grid = stepped(int(start * 1e3), int(end * 1e3), asked.step_ms)
        answer = await self.answers.answer("default", asked.question(grid), held)
        while self.beside:
            await self.beside.pop()
        return answer

    def plain(self, asked: Asked, answer: Answer) -> Told:
        """What the list of samples gives for the steps of an answer."""
        grid = answer.grid
        selection = asked.question(grid).expressions[0].source
        assert isinstance(selection, Selection)
        window = window_of(selection, grid)
        points = [[(round(at * 1e3), v) for s, at, v in self.samples if s == place] for place in range(len(PLACES))]
        told: Told = {}
        for at in grid.times_ms.tolist():
            end = at + grid.step_ms - asked.offset_ms
            values = [plain_series.folded(mine, asked.function, asked.share, end - window, end) for mine in points]
            told.update(self._grouped(asked, at, values))
        return told

    def _grouped(self, asked: Asked, at: int, values: Sequence[float]) -> Iterator[tuple[object, float]]:
        if asked.by is None:
            for number, value in enumerate(values):
                yield (("number", str(number)), ("place", PLACES[number]), at), value
            return
        keys = [tuple(("place", name) for _label in asked.by) for name in PLACES]
        for key in sorted(set(keys)):
            mine = [value for one, value in zip(keys, values, strict=True) if one == key]
            yield (*key, at), plain_series.across(mine, asked.aggregation, asked.share)


def told(answer: Answer) -> Told:
    """The values of an answer by series and time."""
    [result] = answer.results
    keys = [tuple(sorted((k, v) for k, v in labels.items() if k != "__name__")) for labels in result.matrix.labels]
    return {
        (*key, at): value
        for key, row in zip(keys, result.matrix.values.tolist(), strict=True)
        for at, value in zip(answer.times_ms.tolist(), row, strict=True)
    }


@dataclass
class Viewer:
    """A client that asks for what has changed, and keeps the rest."""

    asked: Asked
    held: Held | None = None
    has: Told = field(default_factory=dict)
    refreshed: int = 0

    def take(self, answer: Answer) -> None:
        """As TimeSeriesAnswer says."""
        times = set(answer.times_ms.tolist())
        if answer.full:
            self.has = {}
        self.refreshed += not answer.full
        first, end = answer.grid.first_ms, answer.grid.end_ms
        self.has = {k: v for k, v in self.has.items() if k[-1] not in times and first <= k[-1] < end}  # type: ignore[index]
        self.has |= told(answer)
        self.held = answer.held
