"""Dashboards as messages."""

import re
from collections.abc import Iterable, Sequence

from binnacle.dashboards.v1 import dashboards_pb2 as pb, widgets_pb2
from binnacle.streamer.v1 import dashboard_builder_service_pb2 as service_pb
from services.core.applying import Origin
from services.core.errors import InvalidInput
from services.runtime.dashboard_files import TOLD
from services.runtime.faults import DAY, HOUR, SECOND, Faults, each_of
from services.runtime.times import duration, timestamp
from services.runtime.words import Words
from services.streamer.convert.dashboards.layout import check_position, place_others
from services.streamer.convert.dashboards.questions import name_expressions, question_of
from services.streamer.convert.dashboards.variables import check_variables
from services.streamer.convert.dashboards.widgets import check_kind
from services.streamer.ports.dashboards import Dashboard

LONGEST_TITLE, LONGEST_TEXT, LONGEST_TAG, MOST_TAGS, MOST_WIDGETS = 200, 2_000, 50, 20, 100
MOST_BYTES = 256 * 1024
RANGE, REFRESH = HOUR, 5 * SECOND
ORIGINS: Words[Origin] = Words(pb.Origin, Origin, Origin.CALL)
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_WIDGET_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


def dashboard_from(given: pb.Dashboard, field: str = "dashboard") -> Dashboard:
    """A dashboard as it is given, with what lacks filled in; its id may be empty, its version is the one it tells.

    Raises InvalidInput, naming each field at fault.
    """
    if len(given.widgets) > MOST_WIDGETS:
        raise InvalidInput.of(f"{field}.widgets", f"must be at most {MOST_WIDGETS}")
    built = pb.Dashboard()
    built.CopyFrom(given)
    for name in (*TOLD, "id"):
        built.ClearField(name)  # type: ignore[arg-type]
    faults = Faults()
    right = not given.id or _ID.fullmatch(given.id) is not None
    faults.require(right, f"{field}.id", "must be 1 to 100 characters of a-z0-9._-, the first a letter or digit")
    _fill_in(built)
    _check(faults, field, built)
    faults.require(built.ByteSize() <= MOST_BYTES, field, f"must be at most {MOST_BYTES // 1024} KiB")
    faults.raise_any()
    return Dashboard(
        id=given.id,
        title=built.title,
        description=built.description,
        tags=tuple(built.tags),
        widgets=len(built.widgets),
        content=built.SerializeToString(deterministic=True),
        version=given.version,
    )


def dashboards_from(given: Sequence[pb.Dashboard]) -> list[Dashboard]:
    """All dashboards of files. Raises InvalidInput, naming dashboard and field, with everything that is wrong."""
    return each_of(given, dashboard_from, "dashboards")


def _fill_in(built: pb.Dashboard) -> None:
    """What goes without saying, so that two that say the same are the same."""
    if not built.HasField("range"):
        built.range.CopyFrom(duration(RANGE))
    if not built.HasField("refresh"):
        built.refresh.CopyFrom(duration(REFRESH))
    taken = {one.id for one in built.widgets}
    for one in built.widgets:
        if (question := question_of(one)) is not None and question.HasField("query"):
            name_expressions(question.query)
        if not one.id:
            kind = one.WhichOneof("kind") or "widget"
            one.id = next(name for number in range(1, MOST_WIDGETS + 1) if (name := f"{kind}-{number}") not in taken)
            taken.add(one.id)
    place_others(built.widgets)


def _check(faults: Faults, field: str, built: pb.Dashboard) -> None:
    faults.text(f"{field}.title", built.title, LONGEST_TITLE, least=1)
    faults.text(f"{field}.description", built.description, LONGEST_TEXT)
    faults.names(f"{field}.tags", built.tags, MOST_TAGS, LONGEST_TAG)
    faults.span(f"{field}.range", built.range, 10 * SECOND, 31 * DAY)
    faults.span(f"{field}.refresh", built.refresh, SECOND, HOUR)
    variables = check_variables(faults, f"{field}.variables", built.variables)
    ids = [one.id for one in built.widgets]
    faults.require(len(set(ids)) == len(ids), f"{field}.widgets", "must have different ids")
    for place, one in enumerate(built.widgets):
        check_widget(faults, f"{field}.widgets[{place}]", one, variables)


def check_widget(faults: Faults, field: str, given: widgets_pb2.Widget, variables: Iterable[str] = ()) -> None:
    """Note what is wrong with a widget that has a place."""
    right = _WIDGET_ID.fullmatch(given.id) is not None
    faults.require(right, f"{field}.id", "must be 1 to 100 characters of A-Za-z0-9._-")
    faults.text(f"{field}.title", given.title, LONGEST_TITLE)
    faults.text(f"{field}.description", given.description, LONGEST_TEXT)
    check_position(faults, f"{field}.position", given.position)
    check_kind(faults, field, given, frozenset(variables))


def dashboard_message(dashboard: Dashboard) -> pb.Dashboard:
    """A dashboard as callers see it: whole, also what nobody told."""
    message = pb.Dashboard.FromString(dashboard.content)
    message.id = dashboard.id
    message.origin = ORIGINS.number(dashboard.origin)
    message.edited = dashboard.edited
    message.version = dashboard.version
    if dashboard.updated_at:
        message.updated_time.CopyFrom(timestamp(dashboard.updated_at))
    message.updated_by = dashboard.updated_by
    message.former_version = dashboard.former_version
    return message


def entry_message(dashboard: Dashboard) -> service_pb.DashboardEntry:
    """A dashboard without what stands on it."""
    return service_pb.DashboardEntry(
        id=dashboard.id,
        title=dashboard.title,
        description=dashboard.description,
        tags=dashboard.tags,
        widgets=dashboard.widgets,
        origin=ORIGINS.number(dashboard.origin),
        edited=dashboard.edited,
        version=dashboard.version,
        updated_time=timestamp(dashboard.updated_at) if dashboard.updated_at else None,
        updated_by=dashboard.updated_by,
    )
