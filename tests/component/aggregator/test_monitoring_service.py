"""Revenue by period, active sessions, and answers side by side, through the wired aggregator."""

import time
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import (
    business_service_pb2 as business,
    business_service_pb2_grpc,
    integration_service_pb2 as integrations,
    integration_service_pb2_grpc,
    monitoring_service_pb2 as monitoring,
    monitoring_service_pb2_grpc,
    session_service_pb2 as sessions,
    session_service_pb2_grpc,
)
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import Event, record

pytestmark = pytest.mark.store
HOUR, DAY = 3_600, 86_400


def purchase(time: float, total: float, currency: str = "USD") -> Event:
    return {"type": "purchase", "time": time, "user": "u", "data": {"total": total, "currency": currency}}


def seen(kind: str, time: float, session: str, **data: Any) -> Event:
    return {"type": kind, "time": time, "user": f"of {session}", "session": session, "service": "shop", "data": data}


async def test_revenue_of_periods_beside_the_ones_before(aggregator: Aggregator) -> None:
    now = time.time()
    ages = {30: 1, HOUR + 600: 2, 3 * HOUR: 4, 25 * HOUR: 8, 3 * DAY: 16, 8 * DAY: 32, 20 * DAY: 64}
    rows = [purchase(now - age, total) for age, total in ages.items()]
    samples = [(7, now - 60, 0.5)]
    series = [(7, "revenue", {"currency": "usd"})]
    await aggregator.store(
        record(accepted=now, events=[*rows, purchase(now - 5, 3, "EUR")], series=series, samples=samples)
    )
    stub: Any = business_service_pb2_grpc.BusinessServiceStub(aggregator.channel)
    found = await stub.GetRevenue(business.GetRevenueRequest())
    told = {
        period.period: {one.currency: (one.amount, one.earlier_amount) for one in period.revenue}
        for period in found.periods
    }
    assert told == {
        "1h": {"USD": (1.5, 2), "EUR": (3, 0)},
        "24h": {"USD": (7.5, 8), "EUR": (3, 0)},
        "7d": {"USD": (31.5, 32), "EUR": (3, 0)},
        "30d": {"USD": (127.5, 0), "EUR": (3, 0)},
    }
    hour, month = found.periods[0], found.periods[-1]
    dollars = next(one for one in hour.revenue if one.currency == "USD")
    euros = next(one for one in hour.revenue if one.currency == "EUR")
    assert dollars.change_percent == pytest.approx(-25)
    assert (dollars.from_purchases, dollars.from_metric, dollars.orders, dollars.average_order) == (1, 0.5, 1, 1)
    assert not euros.HasField("change_percent")
    assert not any(one.HasField("earlier_amount") for one in month.revenue)
    assert [period.purchases for period in found.periods] == [2, 4, 6, 8]
    assert (found.period, found.step_seconds) == ("24h", 1_800)
    assert sum(point.purchases for point in found.trend) == 4
    assert sum(money.amount for point in found.trend for money in point.revenue) == 10.5
    others = await stub.GetRevenue(business.GetRevenueRequest(), metadata=as_tenant("other"))
    assert not any(period.revenue for period in others.periods)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GetRevenue(business.GetRevenueRequest(period="1y"))
    assert str(refused.value.details()).startswith("period:")


async def test_active_sessions_with_context_and_features(aggregator: Aggregator) -> None:
    now = time.time()
    rows = [
        seen("session_start", now - 100, "here", country="BR", plan="pro"),
        seen("feature_used", now - 50, "here", feature="export"),
        seen("feature_used", now - 2 * HOUR, "gone", feature="import"),
    ]
    await aggregator.store(record(accepted=now, events=rows))
    stub: Any = session_service_pb2_grpc.SessionServiceStub(aggregator.channel)
    found = await stub.ListActiveSessions(sessions.ListActiveSessionsRequest())
    [session] = found.sessions
    assert (session.session_id, list(session.features)) == ("here", ["export"])
    assert (session.context["country"], session.context["plan"]) == ("BR", "pro")
    assert (found.figures.sessions, found.figures.active_sessions) == (2, 1)
    assert {feature.feature for feature in found.features} == {"export", "import"}


async def test_everything_side_by_side(aggregator: Aggregator) -> None:
    now = time.time()
    rows = [
        seen("request", now - 40, "s", endpoint="/a", status_code=500, latency_ms=12),
        seen("feature_used", now - 40, "s", feature="export"),
        seen("integration_call", now - 40, "s", provider="SAP", success=True, response_time=8),
        purchase(now - 40, 9),
        purchase(now - 40, -1),
        seen("request", now - 2 * HOUR, "old", endpoint="/a", status_code=200),
    ]
    cpu = [(1, "system_cpu_percent", {"host": "h"})]
    await aggregator.store(record(accepted=now, events=rows, series=cpu, samples=[(1, now - 9, 30.0)]))
    stub: Any = monitoring_service_pb2_grpc.MonitoringServiceStub(aggregator.channel)
    found = await stub.GetMonitoringMetrics(monitoring.GetMonitoringMetricsRequest())
    assert (found.api.total.requests, found.api.total.errors) == (1, 1)
    assert [(one.service, one.endpoint) for one in found.endpoints] == [("shop", "/a")]
    assert [(one.integration, one.status) for one in found.integrations] == [("SAP", "healthy")]
    assert (found.sessions.sessions, found.features[0].feature) == (1, "export")
    assert found.business.purchases == 2
    assert {one.rule.id: one.violations for one in found.rules}["purchase-total"] == 1
    assert [(one.host, one.cpu_percent) for one in found.machines] == [("h", 30)]
    longer = await stub.GetMonitoringMetrics(monitoring.GetMonitoringMetricsRequest(window_seconds=3 * HOUR))
    assert longer.api.total.requests == 2
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GetMonitoringMetrics(monitoring.GetMonitoringMetricsRequest(window_seconds=DAY + 1))
    assert str(refused.value.details()).startswith("window_seconds:")


async def test_an_unknown_integration_is_told_which_there_are(aggregator: Aggregator) -> None:
    now = time.time()
    await aggregator.store(record(accepted=now, events=[seen("ERPCall", now - 9, "s", provider="SAP", success=True)]))
    stub: Any = integration_service_pb2_grpc.IntegrationServiceStub(aggregator.channel)
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await stub.GetIntegration(integrations.GetIntegrationRequest(integration="TOTVS"))
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
    assert str(unknown.value.details()).endswith("SAP")
