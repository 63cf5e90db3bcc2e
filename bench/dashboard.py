"""The dashboard that the query benchmark asks for: five questions, in our words and in those of PromQL."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from bench import w1
from binnacle.query.v1.query_pb2 import (
    FUNCTION_AVERAGE,
    FUNCTION_LAST,
    FUNCTION_RATE,
    Expression,
    Grouping,
    Matcher,
    Selection,
    TimeSeriesQuery,
)

HOUR_MS = 3_600_000
_EVERY = Matcher(label="__name__", operator=Matcher.OPERATOR_MATCHES, value="app_.*")
_COUNTERS = Matcher(label="__name__", operator=Matcher.OPERATOR_MATCHES, value="app_counter_.*")


@dataclass(frozen=True, slots=True)
class Range:
    """PromQL and the range it is evaluated at, in seconds; a step of 0 is one moment, the end."""

    promql: str
    start: float
    end: float
    step: float


@dataclass(frozen=True, slots=True)
class Question:
    """One question: how it is made for data that end at a time, for us and for rivals."""

    ours: Callable[[int, random.Random], TimeSeriesQuery]
    rival: Callable[[int, random.Random], Range]
    points: int


def _at(ms: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMilliseconds(ms)
    return stamp


def _ranged(selection: Selection, start: int, end: int, step: int) -> TimeSeriesQuery:
    return TimeSeriesQuery(
        expressions=[Expression(selection=selection)],
        start_time=_at(start),
        end_time=_at(end),
        step=Duration(seconds=step),
    )


def _hosts(rng: random.Random) -> str:
    return "|".join(f"host-{rng.randrange(100):03d}" for _each in range(2))


def _last20(end: int, rng: random.Random) -> TimeSeriesQuery:
    hosts = Matcher(label="host", operator=Matcher.OPERATOR_MATCHES, value=_hosts(rng))
    selection = Selection(matchers=[_EVERY, hosts], function=FUNCTION_LAST)
    return TimeSeriesQuery(expressions=[Expression(selection=selection)], end_time=_at(end + 1), instant=True)


def _one(rng: random.Random) -> tuple[str, str, int]:
    """Name and host of a series, and hours before the end."""
    series = rng.randrange(w1.SERIES)
    return w1.name_of(series), w1.labels_of(series)["host"], rng.randrange(1, 23)


def _series1h(end: int, rng: random.Random) -> TimeSeriesQuery:
    name, host, hours = _one(rng)
    selection = Selection(metric=name, matchers=[Matcher(label="host", value=host)], function=FUNCTION_AVERAGE)
    return _ranged(selection, end - hours * HOUR_MS, end - (hours - 1) * HOUR_MS, 10)


def _series1h_of_rival(end: int, rng: random.Random) -> Range:
    name, host, hours = _one(rng)
    start = end / 1e3 - hours * 3_600
    return Range(f'{name}{{host="{host}"}}', start, start + 3_600, 10)


def _grouped(grouping: Grouping, function: int, step: int) -> Callable[[int, random.Random], TimeSeriesQuery]:
    selection = Selection(matchers=[_EVERY, Matcher(label="env", value="prod")], grouping=grouping)
    selection.function = FUNCTION_LAST if function == FUNCTION_LAST else FUNCTION_AVERAGE
    return lambda end, _rng: _ranged(selection, end - w1.DAY_MS, end, step)


def _top10(end: int, _rng: random.Random) -> TimeSeriesQuery:
    expression = Expression(selection=Selection(matchers=[_COUNTERS], function=FUNCTION_RATE))
    expression.ranking.count = 10
    return TimeSeriesQuery(expressions=[expression], end_time=_at(end + 1), instant=True)


_RATES = " or ".join(f'label_replace(rate(app_counter_{n}_total[5m]), "n", "{n}", "", "")' for n in range(5))


def _whole(promql: str, step: float) -> Callable[[int, random.Random], Range]:
    return lambda end, _rng: Range(promql, end / 1e3 - 86_400, end / 1e3, step)


QUESTIONS: Mapping[str, Question] = {
    "last20": Question(
        _last20, lambda end, rng: Range(f'{{__name__=~"app_.*",host=~"{_hosts(rng)}"}}', 0, end / 1e3, 0), 20
    ),
    "series1h": Question(_series1h, _series1h_of_rival, 360),
    "byservice24h": Question(
        _grouped(Grouping(by=["service"]), FUNCTION_AVERAGE, 60), _whole('avg by (service) ({env="prod"})', 60), 28_800
    ),
    "p95_24h": Question(
        _grouped(Grouping(aggregation=Grouping.AGGREGATION_QUANTILE, quantile=0.95), FUNCTION_LAST, 300),
        _whole('quantile(0.95, {env="prod"})', 300),
        288,
    ),
    "top10": Question(_top10, lambda end, _rng: Range(f"topk(10, {_RATES})", 0, end / 1e3, 0), 10),
}
"""By name. The goal is what VictoriaMetrics takes."""
