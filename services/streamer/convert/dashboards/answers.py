"""What was asked in words, as a message."""

from binnacle.alerts.v1 import alerts_pb2
from binnacle.dashboards.v1 import widgets_pb2 as pb
from binnacle.live.v1 import live_pb2
from binnacle.logs.v1 import logs_pb2
from binnacle.query.v1 import query_pb2
from binnacle.streamer.v1 import dashboard_help_pb2 as service_pb
from services.runtime.questions import expression_message
from services.runtime.times import duration
from services.streamer.convert.dashboards.layout import place_others
from services.streamer.convert.dashboards.messages import LONGEST_TITLE
from services.streamer.domain.asking.asked import Asked, Shown

WIDGET_ID = "asked"


def asked_message(text: str, asked: Asked) -> service_pb.AskInWordsResponse:
    """The answer to a text."""
    span = asked.span
    return service_pb.AskInWordsResponse(
        widget=None if asked.shown is None else _widget(text, asked.shown),
        range=duration(span.seconds) if span else None,
        offset=duration(span.offset) if span and span.offset else None,
        understood=[service_pb.UnderstoodPart(words=one.words, meaning=one.meaning) for one in asked.understood],
        not_understood=asked.not_understood,
        suggestions=asked.suggestions,
    )


def _widget(text: str, shown: Shown) -> pb.Widget:
    title = " ".join(text.split())
    widget = pb.Widget(id=WIDGET_ID, title=(title[:1].upper() + title[1:])[:LONGEST_TITLE])
    _fill(getattr(widget, shown.kind), shown)
    place_others([widget])
    return widget


def _fill(content: object, shown: Shown) -> None:
    match content:
        case pb.EventFeed():
            content.selection.CopyFrom(live_pb2.EventSelection(types=shown.types, services=shown.services))
        case pb.LogView():
            levels = [logs_pb2.LogLevel.Value(f"LOG_LEVEL_{level.upper()}") for level in shown.levels]
            selection = live_pb2.LogSelection(levels=levels, services=shown.services, text=shown.text)
            content.selection.CopyFrom(selection)
        case pb.AlertList():
            severities = [alerts_pb2.Severity.Value(f"SEVERITY_{level.upper()}") for level in shown.levels]
            content.CopyFrom(pb.AlertList(severities=severities, ended=shown.ended))
            content.SetInParent()
        case _:
            _fill_values(content, shown)


def _fill_values(content: object, shown: Shown) -> None:
    reduction = pb.Reduction.Value(f"REDUCTION_{shown.reduction.upper()}")
    question = _question(shown)
    match content:
        case pb.Number():
            content.CopyFrom(pb.Number(question=question, reduction=reduction, unit=shown.unit, sparkline=True))
        case pb.Gauge():
            content.CopyFrom(pb.Gauge(question=question, reduction=reduction, unit=shown.unit))
        case pb.Table():
            content.CopyFrom(pb.Table(question=question, columns=[reduction], unit=shown.unit))
        case pb.TopList():
            ranked = pb.TopList(question=question, reduction=reduction, unit=shown.unit)
            ranked.count, ranked.lowest = shown.count, shown.lowest
            content.CopyFrom(ranked)
        case pb.Chart():
            content.CopyFrom(pb.Chart(question=question, unit=shown.unit, changes=True))
        case pb.HeatMap() | pb.Histogram():
            content.question.CopyFrom(question)
            content.unit = shown.unit


def _question(shown: Shown) -> pb.Question:
    step = None if shown.step is None else duration(shown.step)
    if shown.figures:
        return pb.Question(figures=pb.Figures(names=shown.figures, step=step))
    query = query_pb2.TimeSeriesQuery(expressions=map(expression_message, shown.expressions), step=step)
    return pb.Question(query=query)
