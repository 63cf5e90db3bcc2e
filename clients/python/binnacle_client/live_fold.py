"""What a live subscription has told so far, put together: changes applied to what they are changes of."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from binnacle.aggregator.v1.pipeline_service_pb2 import GetPipelineResponse
from binnacle.dashboard.v1.dashboard_pb2 import DashboardState, DashboardUpdate
from binnacle.live.v1 import live_pb2 as pb
from binnacle.query.v1.query_pb2 import TimeSeries, TimeSeriesAnswer

ROWS: Final = 100
HISTORY_NS: Final = 5 * 60 * 10**9
COLUMNS: Final = ("values", "minimums", "maximums")


@dataclass(slots=True)
class Snapshot:
    """All of a subscription as it stands."""

    overview: DashboardState | None = None
    answer: TimeSeriesAnswer | None = None
    figures: pb.Figures | None = None
    stats: pb.Stats | None = None
    health: pb.Health | None = None
    pipeline: GetPipelineResponse | None = None
    events: deque[pb.LiveEvent] = field(default_factory=lambda: deque(maxlen=ROWS))
    """The newest 100, oldest first, with nothing left out between them."""
    log_lines: deque[pb.LiveLogLine] = field(default_factory=lambda: deque(maxlen=ROWS))
    """The newest 100, oldest first."""

    def take(self, update: pb.Update) -> None:
        """Go on with one more update."""
        match update.WhichOneof("content"):
            case "subscribed" if not update.subscribed.resumed:
                self.events.clear()
                self.log_lines.clear()
            case "state":
                self.overview = update.state
            case "change" if self.overview is not None:
                self.overview = _changed(self.overview, update.change)
            case "events":
                self.events.extend(update.events.events)
            case "log_lines":
                self.log_lines.extend(update.log_lines.lines)
            case "answer":
                self.answer = refreshed(self.answer, update.answer)
            case "figures":
                self.figures = update.figures
            case "stats":
                self.stats = update.stats
            case "health":
                self.health = update.health
            case "pipeline":
                self.pipeline = update.pipeline
            case _:
                return


def _changed(former: DashboardState, change: DashboardUpdate) -> DashboardState:
    points = {point.time.ToNanoseconds(): point for point in (*former.history, *change.points)}
    oldest = max(points, default=0) - HISTORY_NS
    return DashboardState(
        snapshot=change.snapshot,
        history=[points[time] for time in sorted(points) if time > oldest],
        inferred_services=change.inferred_services,
        machines=change.machines,
        demo=former.demo,
    )


def refreshed(former: TimeSeriesAnswer | None, news: TimeSeriesAnswer) -> TimeSeriesAnswer:
    """The answer as it stands: one that is not full tells only the steps that are new or have changed.

    Where its series are listed they are all there are, in that order. Otherwise series keep the place they had, new
    ones come after them, and one that has no value any more goes.
    """
    if news.full or former is None:
        return news
    times = sorted({time for time in (*former.times_unix_ms, *news.times_unix_ms) if time >= news.start_unix_ms})
    # With `instant` there is one step, whose time moves on.
    held = former.times_unix_ms if news.step_ms else times
    steps = _Steps(times, _places(held), _places(news.times_unix_ms))
    made = TimeSeriesAnswer()
    made.CopyFrom(news)
    made.full = True
    made.times_unix_ms[:] = times
    before = {result.name: result.series for result in former.results}
    for result in made.results:
        put_together = _listed if result.listed else _joined
        joined = list(put_together(before.get(result.name, ()), list(result.series), steps))
        del result.series[:]
        result.series.extend(joined)
        result.listed = False
    return made


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of the joined answer, and the place of each in the two it is made of."""

    times: Sequence[float]
    former: dict[float, int]
    news: dict[float, int]


def _places(times: Iterable[float]) -> dict[float, int]:
    return {time: place for place, time in enumerate(times)}


def _listed(former: Sequence[TimeSeries], news: Iterable[TimeSeries], steps: _Steps) -> Iterable[TimeSeries]:
    for series in news:
        if not series.former_place:
            yield series
            continue
        held = former[series.former_place - 1]
        made = _at_steps(held, series, steps if series.values else replace(steps, news={}))
        made.labels.update(held.labels)
        yield made


def _joined(former: Sequence[TimeSeries], news: Iterable[TimeSeries], steps: _Steps) -> Iterable[TimeSeries]:
    told = {_key(series): series for series in news}
    pairs = [(series, told.pop(_key(series), None)) for series in former]
    for old, new in [*pairs, *((None, series) for series in told.values())]:
        made = _at_steps(old, new, steps)
        if not all(map(math.isnan, made.values)):
            yield made


def _at_steps(former: TimeSeries | None, news: TimeSeries | None, steps: _Steps) -> TimeSeries:
    held = former if news is None else news
    made = TimeSeries(labels=held.labels if held is not None else {})
    for name in COLUMNS:
        old, new = getattr(former, name, ()), getattr(news, name, ())
        if old or new:
            getattr(made, name).extend(_value(time, old, new, steps) for time in steps.times)
    return made


def _value(time: float, former: Sequence[float], news: Sequence[float], steps: _Steps) -> float:
    place, values = (steps.news[time], news) if time in steps.news else (steps.former.get(time, -1), former)
    return values[place] if 0 <= place < len(values) else math.nan


def _key(series: TimeSeries) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(series.labels.items()))
