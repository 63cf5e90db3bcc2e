"""What widgets ask."""

from collections.abc import Collection
from string import ascii_lowercase

from binnacle.dashboards.v1 import widgets_pb2 as pb
from binnacle.query.v1 import query_pb2
from services.runtime.faults import DAY, Faults
from services.runtime.questions import expressions_from
from services.streamer.convert.dashboards.variables import check_matchers

MOST_FIGURES, LONGEST_NAME, MOST_STEPS = 20, 1_000, 10_000
SHORTEST_STEP = 0.01


def name_expressions(query: query_pb2.TimeSeriesQuery) -> None:
    """Give those that have none the names that they have in answers."""
    for letter, one in zip(ascii_lowercase, query.expressions, strict=False):
        one.name = one.name or letter


def question_of(widget: pb.Widget) -> pb.Question | None:
    """What a widget asks; None of one that asks nothing of the kind."""
    content = getattr(widget, str(widget.WhichOneof("kind")), None)
    return getattr(content, "question", None)


def check_question(faults: Faults, field: str, given: pb.Question, variables: Collection[str]) -> None:
    """Note what is wrong with a question."""
    match given.WhichOneof("kind"):
        case "query":
            _check_query(faults, f"{field}.query", given.query, variables)
        case "figures":
            names = given.figures.names
            faults.require(len(names) > 0, f"{field}.figures.names", "must be at least one")
            faults.names(f"{field}.figures.names", names, MOST_FIGURES, LONGEST_NAME)
            if given.figures.HasField("step"):
                seconds = faults.span(f"{field}.figures.step", given.figures.step, 1.0, 31 * DAY)
                whole = seconds >= 1.0 and (DAY % seconds == 0 or seconds % DAY == 0)
                faults.require(whole, f"{field}.figures.step", "must be a divisor of a day, or whole days")
        case _:
            faults.require(False, field, "must be a query or figures")


def _check_query(faults: Faults, field: str, given: query_pb2.TimeSeriesQuery, variables: Collection[str]) -> None:
    for name in ("start_time", "end_time"):
        absent = not given.HasField(name)
        faults.require(absent, f"{field}.{name}", "must be absent: the range is that of the dashboard")
    if given.HasField("step"):
        faults.span(f"{field}.step", given.step, SHORTEST_STEP, 31 * DAY)
    faults.require(given.pixels <= MOST_STEPS, f"{field}.pixels", f"must be at most {MOST_STEPS:,}")
    with faults.gathered():
        expressions_from(faults, f"{field}.expressions", given.expressions)
    for place, expression in enumerate(given.expressions):
        matchers = expression.selection.matchers
        check_matchers(faults, f"{field}.expressions[{place}].selection.matchers", matchers, variables)
