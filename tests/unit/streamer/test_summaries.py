"""Answers of many figures: what could not be learnt is named, and nothing stands in for it."""

import pytest

from binnacle.dashboard.v1 import dashboard_pb2
from binnacle.figures.v1 import figures_pb2
from services.core.errors import Unavailable
from services.streamer.convert import summaries
from services.streamer.convert.components import CACHE, PROCESS, Suite, component
from services.streamer.convert.figures import Overview
from services.streamer.convert.readings import Reading
from services.streamer.domain.kept import Told, Untold

AWAY = Untold("the aggregator does not answer")
WELL = component("collector", PROCESS, None, 0.001)
ILL = component("alerting", PROCESS, "does not answer", 0.0)
NO_REDIS = component("redis", CACHE, "does not answer", 0.0)


def reading(**told: object) -> Reading:
    """What monitoring asks for: all of it unknown but for `told`."""
    names = dict.fromkeys((*summaries.MONITORING, *summaries.BOARD, "components"), AWAY)
    known = {name: body if isinstance(body, Untold) else Told(body, 0.002) for name, body in told.items()}
    return Reading(1_000.0, {**names, **known}, {"websocket": 2, "grpc": 1})


def counts(**states: int) -> Overview:
    made = figures_pb2.ServiceCounts(total=sum(states.values()), **states)  # type: ignore[arg-type]
    return Overview(figures_pb2.TrafficFigures(), made, {}, dashboard_pb2.RealtimeStats(), [])


def integrations(*states: str) -> figures_pb2.IntegrationFigures:
    held = [figures_pb2.IntegrationState(integration=str(n), status=state) for n, state in enumerate(states)]
    return figures_pb2.IntegrationFigures(integrations=held)


@pytest.mark.parametrize(
    ("services", "states", "status"),
    [
        (counts(healthy=3), ["healthy"], "healthy"),
        (counts(healthy=3), [], "healthy"),
        (counts(healthy=3, degraded=1), ["healthy"], "degraded"),
        (counts(healthy=3), ["healthy", "degraded"], "degraded"),
        (counts(healthy=3, stale=1, degraded=1), ["degraded"], "unhealthy"),
        (counts(healthy=3), ["unhealthy", "degraded"], "unhealthy"),
    ],
)
def test_health_is_the_worst_of_services_and_integrations(services: Overview, states: list[str], status: str) -> None:
    found = reading(traffic=services, integrations=integrations(*states))
    assert summaries.monitoring_health(found).status == status


def test_health_that_was_not_learnt_is_unknown() -> None:
    assert summaries.monitoring_health(reading(integrations=integrations("healthy"))).status == "unknown"


def test_a_suite_that_was_not_learnt_is_neither_healthy_nor_ready() -> None:
    found = reading(components=Untold("no answer within 5 s"))
    assert summaries.dashboard_overview(found).status == "unknown"
    with pytest.raises(Unavailable, match="not ready: no answer within 5 s"):
        found.require_ready()


def test_processes_have_to_be_ready_and_redis_need_not() -> None:
    reading(components=Suite([WELL, NO_REDIS], [])).require_ready()
    with pytest.raises(Unavailable, match=r"not ready: alerting \(does not answer\)"):
        reading(components=Suite([WELL, ILL], [])).require_ready()


def test_the_store_is_as_its_owner_tells() -> None:
    flow = figures_pb2.FlowFigures()
    well = reading(components=Suite([WELL], []), pipeline=flow)
    assert {one.name: one.status for one in well.components} == {"collector": "healthy", "store": "healthy"}
    assert summaries.dashboard_overview(well).status == "healthy"
    ill = reading(components=Suite([WELL], []))
    assert {one.name: one.problem for one in ill.components} == {"collector": "", "store": AWAY.reason}
    assert summaries.dashboard_overview(ill).status == "unhealthy"


def test_what_is_missing_is_named_and_no_figure_stands_for_it() -> None:
    told = summaries.dashboard_overview(reading(components=Suite([WELL], [])))
    assert {one.part for one in told.missing} == {*summaries.MONITORING, *summaries.BOARD}
    assert told.metrics.websocket_connections == 2
    assert [field.name for field, _value in told.metrics.ListFields()] == ["websocket_connections"]
