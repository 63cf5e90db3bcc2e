"""Makes alerting rules of widgets."""

from collections.abc import Sequence
from math import ceil, floor, log10

from binnacle.alerts.v1 import alerts_pb2
from binnacle.dashboards.v1 import widgets_pb2
from binnacle.rules.v1 import rules_pb2
from binnacle.streamer.v1 import dashboard_help_pb2 as pb
from services.core.errors import InvalidInput, NotFound
from services.core.event_figures import event_figure
from services.runtime.faults import Faults
from services.runtime.times import duration
from services.streamer.convert.dashboards import rule_drafts
from services.streamer.convert.dashboards.questions import name_expressions, question_of
from services.streamer.convert.dashboards.widgets import check_kind
from services.streamer.domain.dashboards.figures import FIGURES
from services.streamer.ports.catalogue import Catalogue, PastValues

HOLD_SECONDS = 60.0
MARGIN = 0.1
DIGITS = 2
LEAST_EXPONENT = -300
_UNWATCHED = {"log_view": "log lines", "alert_list": "alerts", "markdown": "text"}


class RuleDrafting:
    """Answers for a tenant. `past` says what is usual, `catalogue` what a metric is."""

    def __init__(self, past: PastValues, catalogue: Catalogue) -> None:
        self._past = past
        self._catalogue = catalogue

    async def draft(self, tenant: str, request: pb.DraftRuleRequest) -> pb.DraftRuleResponse:
        """A rule that watches what a widget shows. Raises InvalidInput where none can."""
        widget = widgets_pb2.Widget()
        widget.CopyFrom(request.widget)
        faults = Faults()
        check_kind(faults, "widget", widget, ())
        faults.raise_any()
        kind = str(widget.WhichOneof("kind"))
        if kind in _UNWATCHED:
            raise InvalidInput.of("widget", f"no rule can watch {_UNWATCHED[kind]}")
        if kind == "event_feed":
            return _of_events(widget)
        return await self._of_values(tenant, request, widget)

    async def _of_values(
        self, tenant: str, request: pb.DraftRuleRequest, widget: widgets_pb2.Widget
    ) -> pb.DraftRuleResponse:
        question = question_of(widget)
        assert question is not None  # or it was refused
        notices: list[str] = []
        below = request.below or _bad_below(widget)
        if question.HasField("query"):
            name_expressions(question.query)
            shown = [one.name for one in question.query.expressions if not one.hidden]
            name = _chosen(request.expression, shown)
            condition, told = rule_drafts.query_condition(question.query, name, below=below)
            notices += told
        else:
            shown = [*question.figures.names]
            name = _chosen(request.expression, shown)
            metrics = (await self._catalogue.known(tenant)).metrics
            if name not in FIGURES and name not in metrics and event_figure(name) is None:
                raise InvalidInput.of("widget", f"nothing is known as {name[:100]}: neither a figure nor a metric")
            condition = rule_drafts.figure_condition(name, metrics.get(name), below=below)
        if len(shown) > 1:
            notices.append(f"The rule watches {name} alone; the widget shows {', '.join(shown)}.")
        levels = await self._levels(tenant, request, widget, name, below, notices)
        rule = rules_pb2.Rule(
            name=(widget.title or name)[:200],
            description=widget.description,
            condition=condition,
            levels=levels,
            hold=duration(HOLD_SECONDS),
            annotations={"summary": f"{widget.title or name}: {{{{value}}}}"},
        )
        return pb.DraftRuleResponse(rule=rule, notices=notices)

    async def _levels(
        self,
        tenant: str,
        request: pb.DraftRuleRequest,
        widget: widgets_pb2.Widget,
        name: str,
        below: bool,
        notices: list[str],
    ) -> Sequence[rules_pb2.Level]:
        if request.HasField("threshold"):
            return [rules_pb2.Level(severity=alerts_pb2.SEVERITY_WARNING, threshold=request.threshold)]
        if levels := rule_drafts.levels_of(_marks(widget), below=below):
            notices.append("The thresholds are the marks of the widget.")
            return levels
        try:
            bounds = await self._past.bounds(tenant, question_of(widget), name)
        except NotFound:
            bounds = None
        if bounds is None:
            raise InvalidInput.of("threshold", "must be told: there was no value within the last 24 hours")
        threshold = beyond(bounds[0] if below else bounds[1], below=below)
        side, word = ("below", "least") if below else ("above", "greatest")
        notices.append(f"The threshold is {side} the {word} value of the last 24 hours, in steps of 5 minutes.")
        return [rules_pb2.Level(severity=alerts_pb2.SEVERITY_WARNING, threshold=threshold)]


def _marks(widget: widgets_pb2.Widget) -> Sequence[widgets_pb2.Mark]:
    return getattr(getattr(widget, str(widget.WhichOneof("kind"))), "marks", ())


def _bad_below(widget: widgets_pb2.Widget) -> bool:
    """Whether every mark of the widget is one below which it is grave."""
    marks = _marks(widget)
    return bool(marks) and all(mark.below for mark in marks)


def beyond(value: float, *, below: bool) -> float:
    """A round number a tenth beyond a value."""
    wanted = value - MARGIN * abs(value) if below else value + MARGIN * abs(value)
    if not wanted:
        return 0.0
    step = 10.0 ** max(floor(log10(abs(wanted))) - DIGITS + 1, LEAST_EXPONENT)
    return float(f"{(floor if below else ceil)(wanted / step) * step:.12g}")


def _chosen(wanted: str, shown: Sequence[str]) -> str:
    """The one that was asked for, or the last that is shown."""
    if wanted and wanted not in shown:
        raise InvalidInput.of("expression", f"must be one of {', '.join(shown)}")
    return wanted or shown[-1]


def _of_events(widget: widgets_pb2.Widget) -> pb.DraftRuleResponse:
    title = widget.title or ", ".join(widget.event_feed.selection.types) or "Event"
    rule = rules_pb2.Rule(
        name=title[:200],
        description=widget.description,
        condition=rule_drafts.event_condition(widget.event_feed),
        levels=[rules_pb2.Level(severity=alerts_pb2.SEVERITY_WARNING)],
    )
    return pb.DraftRuleResponse(rule=rule, notices=["Each event that matches makes the alert fire at once."])
