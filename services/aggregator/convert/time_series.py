"""Questions about time series, as validated."""

import re
import string
from collections.abc import Sequence
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.query.v1 import query_pb2 as pb
from services.aggregator.domain.series.grid import Grid, round_step, stepped
from services.aggregator.domain.series.question import (
    NAME_LABEL,
    Aggregation,
    Arithmetic,
    Calculation,
    Comparison,
    Expression,
    Fill,
    Grouping,
    Matching,
    Question,
    Ranking,
    Selection,
)
from services.aggregator.ports.time_series import Fold, Function
from services.core.errors import InvalidInput

MAX_EXPRESSIONS = 20
MAX_MATCHERS = 20
MAX_LABELS = 20
MAX_RANKED = 1_000
MAX_PIXELS = 10_000
MAX_LABEL = 100
MAX_VALUE = 1_000
USUAL_STEPS = 300
HOUR_MS = 3_600_000
LONGEST_MS = 10 * 366 * 86_400_000
_LAST_MS = 4_102_444_800_000
_NAME = re.compile(r"[A-Za-z0-9_]{1,50}")
_FUNCTIONS: Sequence[Function] = (
    "average",
    "average",
    "sum",
    "minimum",
    "maximum",
    "last",
    "count",
    "rate",
    "increase",
    "quantile",
    "distinct",
)
_AGGREGATIONS: Sequence[Aggregation] = ("average", "average", "sum", "minimum", "maximum", "count", "quantile")
_COMPARISONS: Sequence[Comparison] = ("=", "=", "!=", "=~", "!~")
_FILLS: Sequence[Fill] = ("none", "none", "null", "zero", "previous", "linear")
Word = TypeVar("Word")
_OPERATORS: Sequence[Arithmetic] = ("+", "+", "-", "*", "/")


def question_from(asked: pb.TimeSeriesQuery, now: float) -> Question:
    """The question a message asks at a time in Unix seconds. Raises InvalidInput, naming the field."""
    grid = _grid(asked, int(now * 1e3))
    if not 1 <= len(asked.expressions) <= MAX_EXPRESSIONS:
        raise InvalidInput.of("query.expressions", f"must be 1 to {MAX_EXPRESSIONS}")
    expressions: list[Expression] = []
    for place, each in enumerate(asked.expressions):
        expressions.append(_expression(each, f"query.expressions[{place}]", place, [one.name for one in expressions]))
    if asked.envelope and any(isinstance(each.source, Calculation) or each.ranking for each in expressions):
        raise InvalidInput.of("query.envelope", "goes with selections only, and with no ranking")
    if grid.instant and asked.envelope:
        raise InvalidInput.of("query.envelope", "goes with steps only")
    return Question(tuple(expressions), grid, asked.envelope)


def _grid(asked: pb.TimeSeriesQuery, now_ms: int) -> Grid:
    end = millis_from("query.end_time", asked.end_time) if asked.HasField("end_time") else now_ms
    if asked.instant:
        if asked.HasField("start_time") or asked.HasField("step") or asked.pixels:
            raise InvalidInput.of("query.instant", "has neither start_time, step nor pixels")
        return Grid(end, 0, 1)
    start = millis_from("query.start_time", asked.start_time) if asked.HasField("start_time") else end - HOUR_MS
    if start >= end:
        raise InvalidInput.of("query.start_time", "must be before end_time")
    if end - start > LONGEST_MS:
        raise InvalidInput.of("query.start_time", "must be at most 10 years before end_time")
    if asked.HasField("step"):
        if asked.pixels:
            raise InvalidInput.of("query.pixels", "must be left out where there is a step")
        return stepped(start, end, duration_ms("query.step", asked.step, least=1))
    if asked.pixels > MAX_PIXELS:
        raise InvalidInput.of("query.pixels", f"must be at most {MAX_PIXELS:,}")
    return stepped(start, end, round_step(start, end, asked.pixels or USUAL_STEPS))


def millis_from(field: str, time: Timestamp) -> int:
    """A time in milliseconds, rounded up. Raises InvalidInput."""
    millis = time.seconds * 1_000 + -(-time.nanos // 1_000_000)
    if not 0 <= millis <= _LAST_MS:
        raise InvalidInput.of(field, "must be a time between 1970 and 2100")
    return millis


def duration_ms(field: str, duration: Duration, least: int = 0) -> int:
    """Whole milliseconds of a duration of at most 10 years. Raises InvalidInput."""
    nanos = duration.seconds * 1_000_000_000 + duration.nanos
    if nanos % 1_000_000 or not least * 1_000_000 <= nanos <= LONGEST_MS * 1_000_000:
        raise InvalidInput.of(field, f"must be whole milliseconds, {'more than none' if least else 'none or more'}")
    return nanos // 1_000_000


def _expression(asked: pb.Expression, field: str, place: int, before: Sequence[str]) -> Expression:
    name = asked.name or string.ascii_lowercase[place]
    if not _NAME.fullmatch(name):
        raise InvalidInput.of(f"{field}.name", "must be 1 to 50 characters of A-Za-z0-9_")
    if name in before:
        raise InvalidInput.of(f"{field}.name", "must differ from those of the others")
    source: Selection | Calculation
    match asked.WhichOneof("source"):
        case "selection":
            source = _selection(asked.selection, f"{field}.selection")
        case "calculation":
            source = _calculation(asked.calculation, f"{field}.calculation", before)
        case _:
            raise InvalidInput.of(field, "must have a selection or a calculation")
    ranking = None
    if asked.HasField("ranking"):
        if not 1 <= asked.ranking.count <= MAX_RANKED:
            raise InvalidInput.of(f"{field}.ranking.count", f"must be 1 to {MAX_RANKED:,}")
        ranking = Ranking(asked.ranking.count, asked.ranking.lowest)
    return Expression(name, source, ranking, _of(_FILLS, asked.fill, f"{field}.fill"), asked.hidden)


def matchings_from(metric: str, matchers: Sequence[pb.Matcher], field: str) -> tuple[Matching, ...]:
    """The conditions that a metric and matchers make. Raises InvalidInput."""
    matchings = [Matching(NAME_LABEL, "=", metric)] if metric else []
    if len(matchers) > MAX_MATCHERS:
        raise InvalidInput.of(f"{field}.matchers", f"must be at most {MAX_MATCHERS}")
    for place, matcher in enumerate(matchers):
        here = f"{field}.matchers[{place}]"
        if not 1 <= len(matcher.label) <= MAX_LABEL or len(matcher.value) > MAX_VALUE:
            raise InvalidInput.of(here, f"has a label of 1 to {MAX_LABEL} characters, a value of at most {MAX_VALUE:,}")
        matchings.append(Matching(matcher.label, _of(_COMPARISONS, matcher.operator, here), matcher.value))
    if not any(each.label == NAME_LABEL for each in matchings):
        raise InvalidInput.of(f"{field}.metric", f"must be the name of a metric, without a matcher on {NAME_LABEL}")
    return tuple(matchings)


def _selection(asked: pb.Selection, field: str) -> Selection:
    matchings = matchings_from(asked.metric, asked.matchers, field)
    function = _of(_FUNCTIONS, asked.function, f"{field}.function")
    fold = Fold(function, _share(asked.quantile, f"{field}.quantile") if function == "quantile" else 0.0)
    window = duration_ms(f"{field}.window", asked.window, least=1) if asked.HasField("window") else None
    offset = duration_ms(f"{field}.offset", asked.offset)
    grouping = _grouping(asked.grouping, f"{field}.grouping") if asked.HasField("grouping") else None
    return Selection(matchings, fold, window, offset, grouping)


def _grouping(asked: pb.Grouping, field: str) -> Grouping:
    aggregation = _of(_AGGREGATIONS, asked.aggregation, f"{field}.aggregation")
    quantile = _share(asked.quantile, f"{field}.quantile") if aggregation == "quantile" else 0.0
    if asked.by and asked.without:
        raise InvalidInput.of(field, "must have by or without, not both")
    for name, labels in (("by", asked.by), ("without", asked.without)):
        if len(labels) > MAX_LABELS or any(not 1 <= len(label) <= MAX_LABEL for label in labels):
            raise InvalidInput.of(f"{field}.{name}", f"must be at most {MAX_LABELS}, of 1 to {MAX_LABEL} characters")
    return Grouping(aggregation, quantile, tuple(asked.by), tuple(asked.without) if asked.without else None)


def _calculation(asked: pb.Calculation, field: str, before: Sequence[str]) -> Calculation:
    sides: list[str | float] = []
    for name, side in (("left", asked.left), ("right", asked.right)):
        match side.WhichOneof("kind"):
            case "number":
                sides.append(side.number)
            case "expression" if side.expression in before:
                sides.append(side.expression)
            case _:
                raise InvalidInput.of(f"{field}.{name}", "must be a number or an expression before this one")
    if not asked.operator:
        raise InvalidInput.of(f"{field}.operator", "must be told")
    return Calculation(sides[0], _of(_OPERATORS, asked.operator, f"{field}.operator"), sides[1])


def _share(given: float, field: str) -> float:
    if not 0.0 <= given <= 1.0:
        raise InvalidInput.of(field, "must be between 0 and 1")
    return given


def _of(words: Sequence[Word], number: int, field: str) -> Word:
    if not 0 <= number < len(words):
        raise InvalidInput.of(field, "must be one of those that there are")
    return words[number]
