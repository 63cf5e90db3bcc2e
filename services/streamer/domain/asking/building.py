"""A widget of what was understood."""

from dataclasses import dataclass, replace
from typing import Literal

from services.core.conventions import CURRENCY_LABEL, TRAFFIC_ERRORS, TRAFFIC_LATENCY, TRAFFIC_REQUESTS
from services.core.questions import Aggregation, Calculation, Expression, Function, Grouping, Ranking, Selection
from services.streamer.domain.asking.asked import Shown
from services.streamer.domain.asking.measures import Measure
from services.streamer.domain.asking.selecting import Chosen
from services.streamer.domain.asking.times import Times
from services.streamer.domain.asking.words import Text
from services.streamer.domain.dashboards.figures import FIGURES, MS, PER_SECOND, PERCENT
from services.streamer.ports.catalogue import Metric

EARLIER = "earlier_"
_LATENCIES = {0.5: "p50_latency_ms", 0.95: "p95_latency_ms", 0.99: "p99_latency_ms"}
_COUNTED = frozenset({"requests", "errors"})
_LATENCY = Metric(TRAFFIC_LATENCY, unit=MS)


@dataclass(frozen=True, slots=True)
class Statistic:
    """What is made of values; `share` is that of a quantile."""

    name: Literal["average", "maximum", "minimum", "sum", "increase", "quantile"]
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that was understood of a text that asks for values."""

    measure: Measure
    chosen: Chosen
    times: Times
    statistic: Statistic | None
    widget: str
    count: int
    lowest: bool
    number: bool
    over: Measure | None = None
    """What it is divided by."""

    @property
    def rate(self) -> bool:
        """Whether it is asked for by the second."""
        return self.times.rate or self.measure.rate

    @property
    def plain(self) -> bool:
        """Whether nothing keeps series apart or leaves some out."""
        return not self.chosen.by and not self.chosen.matchers


def built(text: Text, wanted: Wanted) -> Shown:
    """A widget that shows it; what it cannot show is given back to the text, as not understood."""
    figure = _figure(wanted)
    if figure is not None:
        return _of_figure(text, wanted, figure)
    expressions = [*_expressions(wanted)]
    if wanted.count:
        expressions[-1] = replace(expressions[-1], ranking=Ranking(wanted.count, wanted.lowest))
    if wanted.times.earlier:
        expressions += [*_earlier(expressions, wanted.times.earlier)]
    kind = _kind(wanted)
    return Shown(
        kind,
        expressions=tuple(expressions),
        unit=_unit(wanted),
        reduction=_reduction(wanted),
        count=wanted.count,
        lowest=wanted.lowest,
        step=wanted.times.step,
    )


def _figure(wanted: Wanted) -> str | None:
    """The figure that tells it; of latency while all services are meant, as they are now."""
    measure, statistic = wanted.measure, wanted.statistic
    if measure.kind == "figure":
        return measure.name
    if measure.kind != "latency" or wanted.times.earlier or not wanted.plain:
        return None
    if statistic is None or statistic.name == "average":
        return "average_latency_ms"
    return _LATENCIES.get(statistic.share) if statistic.name == "quantile" else None


def _of_figure(text: Text, wanted: Wanted, name: str) -> Shown:
    for place in (wanted.times.earlier_at, wanted.times.rate_at):
        text.taken.pop(place, None)
    if wanted.measure.kind == "figure" and wanted.statistic and wanted.statistic.name == "quantile":
        _give_back(text, ["the value that", "the median"], [])
    if wanted.chosen.matchers:
        _give_back(text, [str(one) for one in wanted.chosen.matchers], [one.label for one in wanted.chosen.matchers])
    return Shown(
        _kind(wanted),
        figures=(name,),
        unit=FIGURES[name].unit,
        reduction=_reduction(wanted) if wanted.statistic and wanted.measure.kind == "figure" else "total",
        count=wanted.count,
        lowest=wanted.lowest,
        step=wanted.times.step,
    )


def _give_back(text: Text, conditions: list[str], labels: list[str]) -> None:
    """A figure cannot be narrowed down, nor is it spread over values."""
    meant = (*conditions, *(f"{label} is " for label in labels))
    for start, (_end, meaning) in list(text.taken.items()):
        if meaning.startswith(meant):
            del text.taken[start]


def _expressions(wanted: Wanted) -> tuple[Expression, ...]:
    measure = wanted.measure
    if measure.kind in ("error rate", "success rate"):
        share = Calculation("a", "divide", "b")
        whole = [
            Expression("a", _traffic(TRAFFIC_ERRORS, wanted, "sum"), hidden=True),
            Expression("b", _traffic(TRAFFIC_REQUESTS, wanted, "sum"), hidden=True),
            Expression("c", share, hidden=True),
            Expression("d", Calculation("c", "multiply", 100.0), hidden=measure.kind == "success rate"),
        ]
        if measure.kind == "success rate":
            whole.append(Expression("e", Calculation(100.0, "subtract", "d")))
        return tuple(whole)
    if wanted.over is None:
        return (Expression("a", _source(measure, wanted)),)
    return (
        Expression("a", _source(measure, wanted), hidden=True),
        Expression("b", _source(wanted.over, wanted), hidden=True),
        Expression("c", Calculation("a", "divide", "b")),
    )


def _source(measure: Measure, wanted: Wanted) -> Selection:
    if measure.kind in _COUNTED:
        metric = TRAFFIC_REQUESTS if measure.kind == "requests" else TRAFFIC_ERRORS
        return _traffic(metric, wanted, "rate" if wanted.rate else "sum")
    return _selection(measure.metric or _LATENCY, wanted)


def _traffic(metric: str, wanted: Wanted, function: Function) -> Selection:
    chosen = wanted.chosen
    grouping = Grouping("sum", by=tuple(chosen.by))
    return Selection(metric, tuple(chosen.matchers), function, grouping=grouping)


def _selection(metric: Metric, wanted: Wanted) -> Selection:
    function, aggregation = _made_of(metric, wanted)
    share = wanted.statistic.share if function == "quantile" and wanted.statistic else 0.0
    return Selection(
        metric.name,
        tuple(wanted.chosen.matchers),
        function,
        share,
        grouping=Grouping(aggregation, by=_apart(metric, wanted.chosen)),
    )


def _apart(metric: Metric, chosen: Chosen) -> tuple[str, ...]:
    """The labels that stay; sums of money are never added across currencies."""
    named = {*chosen.by, *(one.label for one in chosen.matchers)}
    lacking = (CURRENCY_LABEL,) if CURRENCY_LABEL in metric.labels - named else ()
    return (*chosen.by, *lacking)


def _made_of(metric: Metric, wanted: Wanted) -> tuple[Function, Aggregation]:
    """What is made of the samples of one series, and of several series."""
    name = wanted.statistic.name if wanted.statistic else ""
    if name == "quantile":
        return "quantile", "maximum"
    if metric.kind == "total":
        grown: Function = "increase" if name in ("sum", "increase") or (wanted.number and not wanted.rate) else "rate"
        return grown, "maximum" if name == "maximum" else "average" if name == "average" else "sum"
    if metric.kind == "increments":
        return ("rate" if wanted.rate else "sum"), "sum"
    spread: dict[str, tuple[Function, Aggregation]] = {
        "maximum": ("maximum", "maximum"),
        "minimum": ("minimum", "minimum"),
        "sum": ("average", "sum"),
    }
    return spread.get(name, ("average", "average"))


def _earlier(expressions: list[Expression], seconds: float) -> list[Expression]:
    """The same of an earlier time."""
    found = []
    for one in expressions:
        source = one.source
        if isinstance(source, Selection):
            source = replace(source, offset=seconds)
        else:
            source = replace(source, left=_renamed(source.left), right=_renamed(source.right))
        found.append(replace(one, name=EARLIER + one.name, source=source))
    return found


def _renamed(operand: str | float) -> str | float:
    return EARLIER + operand if isinstance(operand, str) else operand


def _kind(wanted: Wanted) -> str:
    if wanted.widget:
        return wanted.widget
    if wanted.count:
        return "top_list"
    alone = not wanted.chosen.by and wanted.times.step is None and not wanted.times.earlier
    return "number" if wanted.number and alone else "line"


def _reduction(wanted: Wanted) -> str:
    """What is made of the values over the range, where one is shown."""
    statistic = wanted.statistic.name if wanted.statistic else ""
    if statistic in ("maximum", "minimum", "average"):
        return statistic
    if wanted.times.now:
        return "last"
    if wanted.over is not None:
        return "average" if wanted.times.span or wanted.count else "last"
    counted = wanted.measure.kind in _COUNTED and not wanted.rate
    grows = wanted.measure.metric is not None and wanted.measure.metric.kind in ("total", "increments")
    if (counted or (grows and statistic in ("sum", "increase"))) and not wanted.rate:
        return "sum"
    return "average" if wanted.times.span or wanted.count else "last"


def _unit(wanted: Wanted) -> str:
    measure = wanted.measure
    if wanted.over is not None:
        return ""
    if measure.kind in ("error rate", "success rate"):
        return PERCENT
    if measure.kind in _COUNTED:
        return PER_SECOND if wanted.rate else measure.kind
    return (measure.metric or _LATENCY).unit[:30]
