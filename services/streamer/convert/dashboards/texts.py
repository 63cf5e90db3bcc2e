"""Dashboards, and widgets, of texts that people hand in."""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from binnacle.dashboards.v1 import dashboards_pb2 as pb, widgets_pb2
from binnacle.streamer.v1 import dashboard_help_pb2 as service_pb
from services.core.errors import InvalidInput, NotFound, Violation
from services.runtime.dashboard_files import LIST, dashboards_in
from services.runtime.faults import Faults
from services.runtime.plain_messages import fill
from services.streamer.convert.dashboards.layout import bottom, check_position, moved_down, place_others
from services.streamer.convert.dashboards.messages import (
    LONGEST_TITLE,
    dashboard_from,
    dashboard_message,
    dashboards_from,
)
from services.streamer.convert.dashboards.widgets import CHARTS, KINDS, check_kind
from services.streamer.ports.dashboards import Dashboard

MOST_IMPORTED = 1_000
DEFAULT, DEFAULT_TITLE = "default", "Default"
CHART, CHART_TYPE, METRICS = "chart", "chart_type", "metrics"


def imported(text: str) -> tuple[list[Dashboard], list[Violation]]:
    """The dashboards of a JSON text, and everything that is wrong with them. Raises InvalidInput for what has none."""
    listed = _listed(text)
    if len(listed) > MOST_IMPORTED:
        raise InvalidInput.of("text", f"must have at most {MOST_IMPORTED:,} dashboards")
    found: list[Dashboard] = []
    faults: list[Violation] = []
    for place, plain in enumerate(listed):
        try:
            [message] = dashboards_in({LIST: [plain]})
            found += dashboards_from([message])
        except InvalidInput as fault:
            faults += [Violation(_renumbered(one.field, place), one.description) for one in fault.violations]
    return found, faults


def _renumbered(field: str, place: int) -> str:
    return f"{LIST}[{place}]{field.removeprefix(f'{LIST}[0]')}"


def _listed(text: str) -> list[Any]:
    try:
        held = json.loads(text)
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise InvalidInput.of("text", f"must be JSON, which it is not at {place}") from fault
    except (ValueError, RecursionError) as fault:
        raise InvalidInput.of("text", "must be JSON that is not so deep, of numbers that are not so long") from fault
    if isinstance(held, Mapping):
        # As a list of files, as the answer to a call, or one alone.
        held = held.get(LIST, [held.get("dashboard", held)])
    if not isinstance(held, list) or not held:
        raise InvalidInput.of("text", f"must be a dashboard, a list of some, or an object with such a list as {LIST}")
    return held


def widget_told(given: service_pb.AddWidgetRequest) -> widgets_pb2.Widget:
    """A widget told in few words. Raises InvalidInput, naming each field at fault as it was given."""
    config: dict[str, Any] = json_format.MessageToDict(given.config)
    kind = str(config.pop(CHART_TYPE, CHARTS[0])) if given.widget_type == CHART else given.widget_type
    if kind not in (CHARTS if given.widget_type == CHART else KINDS):
        if given.widget_type == CHART:
            raise InvalidInput.of(f"config.{CHART_TYPE}", f"must be one of {', '.join(CHARTS)}")
        raise InvalidInput.of("widget_type", f"must be {CHART}, or one of {', '.join(KINDS)}")
    widget = widgets_pb2.Widget(title=given.title)
    content = getattr(widget, kind)
    content.SetInParent()
    if METRICS in config and "question" in content.DESCRIPTOR.fields_by_name and "question" not in config:
        config["question"] = {"figures": {"names": config.pop(METRICS)}}
    faults = fill(content, config, "config")
    if faults:
        raise InvalidInput([_as_given(one, "") for one in faults])
    checked = Faults()
    checked.text("title", given.title, LONGEST_TITLE)
    if given.HasField("position"):
        check_position(checked, "position", given.position)
        widget.position.CopyFrom(given.position)
    with checked.gathered():
        check_kind(checked, "config", widget, ())
    try:
        checked.raise_any()
    except InvalidInput as fault:
        raise InvalidInput([_as_given(one, f"config.{kind}.") for one in fault.violations]) from fault
    return widget


def _as_given(one: Violation, prefix: str) -> Violation:
    field = f"config.{one.field.removeprefix(prefix)}" if prefix and one.field.startswith(prefix) else one.field
    # What is named here may be told in one word, too.
    told = one.description.replace("there are question,", f"there are {METRICS}, question,")
    return Violation(field.replace("config.question.figures.names", f"config.{METRICS}"), told)


def with_widget(former: Dashboard | None, identity: str, widget: widgets_pb2.Widget) -> Dashboard:
    """A dashboard with one more widget, its last. Raises NotFound where there is none, but for the default one."""
    if former is None and identity != DEFAULT:
        raise NotFound(f"there is no dashboard {identity[:100]!r}")
    message = pb.Dashboard(id=identity, title=DEFAULT_TITLE) if former is None else dashboard_message(former)
    added = widgets_pb2.Widget()
    added.CopyFrom(widget)
    if added.HasField("position"):
        added.position.CopyFrom(moved_down(added.position, message.widgets))
    else:
        place_others([added])
        added.position.y = bottom(message.widgets)
    message.widgets.append(added)
    return dashboard_from(message)


def last_widget(dashboard: Dashboard) -> widgets_pb2.Widget:
    """What was added last."""
    return dashboard_message(dashboard).widgets[-1]
