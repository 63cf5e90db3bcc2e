"""Single figures over time through the wired aggregator, against what was stored."""

import csv
import io
import json
import re
import time
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import figure_service_pb2 as pb, figure_service_pb2_grpc
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import Event, record

pytestmark = pytest.mark.store


def stub(aggregator: Aggregator) -> Any:
    return figure_service_pb2_grpc.FigureServiceStub(aggregator.channel)


def event(kind: str, time: float, user: str = "u", **data: Any) -> Event:
    return {"type": kind, "time": time, "user": user, "data": data}


@pytest.fixture
async def told(aggregator: Aggregator) -> Aggregator:
    """Something for every source of figures, ten minutes and one minute ago."""
    now = float(int(time.time()))
    long, late = now - 600, now - 60
    events = [
        event("request", long, endpoint="/a", status_code=200, latency_ms=10),
        event("request", late, endpoint="/a", status_code=500, latency_ms=30),
        event("request", late, endpoint="/a", status_code=200, latency_ms=20),
        event("MessageSent", long, to="x", conversation_id="c1", status="sent"),
        event("MessageSent", late, to="x", conversation_id="c1", status="failed"),
        event("MessageReceived", late, "v", **{"from": "y"}),
        event("purchase", long, total=10.5, currency="USD"),
        event("purchase", late, total=4, currency="EUR"),
        event("AIInteraction", late, tokens=7, cost=0.5, currency="USD"),
        event("ERPCall", late, provider="SAP", endpoint="/o", response_time=40, success=True),
        event("integration_call", late, provider="SAP", endpoint="/o", response_time=60, success=False),
    ]
    await aggregator.store(
        record(
            accepted=now,
            events=events,
            logs=[{"message": "m", "service": "s", "level": 4, "time": late}] * 3,
            series=[(1, "system_cpu_percent", {"host": "h"}), (2, "queue_depth", {"queue": "q"})],
            samples=[(1, long, 20.0), (1, late, 60.0), (2, late, 5.0)],
        ),
        record(
            accepted=now,
            series=[(3 + pool, "database_connections", {"database": "d", "pool": str(pool)}) for pool in range(2)],
            samples=[(3, late, 3.0), (4, late, 4.0)],
        ),
    )
    return aggregator


def values(figure: pb.Figure | pb.GetFigureResponse) -> dict[str, float]:
    """The value of each series, by its only label."""
    return {"".join(one.labels.values()): one.value for one in figure.series}


def points(series: Any) -> list[float]:
    return [point.value for point in series.points]


async def test_every_figure_of_a_period(told: Aggregator) -> None:
    answer = await stub(told).GetFigures(pb.GetFiguresRequest(period="1h"))
    assert (answer.period, answer.step_seconds) == ("1h", 120)
    assert 3_600 <= answer.end_time.seconds - answer.start_time.seconds < 3_660
    found = answer.metrics
    assert {name: values(found[name])[""] for name in ("requests", "errors", "messages_sent", "ai_tokens")} == {
        "requests": 3,
        "errors": 1,
        "messages_sent": 2,
        "ai_tokens": 7,
    }
    assert values(found["error_rate"])[""] == pytest.approx(100 / 3)
    assert values(found["average_latency_ms"])[""] == pytest.approx(20)
    assert points(found["average_latency_ms"].series[0]) == pytest.approx([10, 25])
    assert values(found["message_failure_rate"]) == {"": 50}
    assert points(found["message_failure_rate"].series[0]) == [0, 100]
    assert values(found["revenue"]) == {"EUR": 4, "USD": 10.5}
    assert [one for one in points(found["active_conversations"].series[0]) if one] == [1, 2]
    assert values(found["active_conversations"]) == {"": 2}
    assert values(found["integration_calls"]) == {"SAP": 2}
    assert values(found["integration_success_rate"]) == {"SAP": 50}
    assert values(found["integration_response_ms"]) == {"SAP": pytest.approx(50)}
    assert values(found["log_lines"]) == {"error": 3}
    assert values(found["active_users"]) == {"": 2}
    assert values(found["system_cpu_usage"]) == {"h": 60}
    assert points(found["system_cpu_usage"].series[0]) == [20, 60]
    assert points(found["database_connections"].series[0]) == [7]
    # What is counted has every step, what is measured those with an observation.
    assert 30 <= len(found["requests"].series[0].points) <= 31
    assert sum(points(found["requests"].series[0])) == 3
    for period in ("24h", "7d", "30d"):
        longer = (await stub(told).GetFigures(pb.GetFiguresRequest(period=period))).metrics
        assert values(longer["messages_sent"]) == {"": 2}
        assert values(longer["integration_calls"]) == {"SAP": 2}
        assert values(longer["log_lines"]) == {"error": 3}


async def test_some_figures_and_nobody_elses(told: Aggregator) -> None:
    asked = pb.GetFiguresRequest(period="1h", metrics=["requests", "ai_cost"], tenant_id="default")
    found = (await stub(told).GetFigures(asked)).metrics
    assert set(found) == {"requests", "ai_cost"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub(told).GetFigures(asked, metadata=as_tenant("other"))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    others = await stub(told).GetFigures(pb.GetFiguresRequest(period="1h"), metadata=as_tenant("other"))
    assert values(others.metrics["requests"]) == {"": 0}


async def test_a_file_has_a_row_for_each_step_and_a_column_for_each_series(told: Aggregator) -> None:
    metrics = ["messages_sent", "revenue"]
    body = (await stub(told).ExportFigures(pb.ExportFiguresRequest(period="1h", metrics=metrics))).content
    assert body.content_type.startswith("text/csv")
    names, *rows = csv.reader(io.StringIO(body.data.decode(), newline=""))
    assert names == ["time", "messages_sent", "revenue{currency=EUR}", "revenue{currency=USD}"]
    assert 30 <= len(rows) <= 31
    assert [sum(float(row[place]) for row in rows) for place in (1, 2, 3)] == [2, 4, 10.5]
    assert all(row[0].endswith("Z") for row in rows)
    asked = pb.ExportFiguresRequest(period="1h", metrics=["system_cpu_usage"], format="json")
    listed = json.loads((await stub(told).ExportFigures(asked)).content.data)
    assert [row["system_cpu_usage{host=h}"] for row in listed if row["system_cpu_usage{host=h}"]] == [20, 60]


async def test_one_figure_and_any_metric_that_was_sent(told: Aggregator) -> None:
    one = await stub(told).GetFigure(pb.GetFigureRequest(metric="requests", window_seconds=1_800, step_seconds=300))
    assert (one.metric, one.unit, one.step_seconds, one.series[0].value) == ("requests", "requests", 300, 3)
    assert one.end_time.seconds - one.start_time.seconds in (1_800, 1_801)
    sent = await stub(told).GetFigure(pb.GetFigureRequest(metric="queue_depth"))
    assert [(dict(series.labels), series.value) for series in sent.series] == [({"queue": "q"}, 5)]
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await stub(told).GetFigure(pb.GetFigureRequest(metric="queue_sent"))
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
    assert {"messages_sent", "queue_depth"} <= set(re.findall(r"\w+", str(unknown.value.details())))


async def test_events_are_counted_by_what_stands_in_the_name(told: Aggregator) -> None:
    async def counted(name: str, tenant: str = "default") -> pb.GetFigureResponse:
        request = pb.GetFigureRequest(metric=name, window_seconds=1_800, step_seconds=300)
        answer: pb.GetFigureResponse = await stub(told).GetFigure(request, metadata=as_tenant(tenant))
        return answer

    all_of_them = await counted("events")
    assert (all_of_them.metric, all_of_them.unit, values(all_of_them)) == ("events", "events", {"": 11})
    assert sum(points(all_of_them.series[0])) == 11
    purchases = await counted("events{type=purchase}")
    assert (values(purchases), len(purchases.series[0].points) >= 6) == ({"": 2}, True)
    assert values(await counted("events{type=purchase,service=nobody}")) == {"": 0}
    by_type = values(await counted("events_by_type"))
    assert (by_type["request"], by_type["purchase"], sum(by_type.values())) == (3, 2, 11)
    assert values(await counted("events{type=purchase}", "other")) == {"": 0}


async def test_a_bad_question_names_its_field(aggregator: Aggregator) -> None:
    bad = [
        ("GetFigures", pb.GetFiguresRequest(period="2h"), "period"),
        ("GetFigures", pb.GetFiguresRequest(metrics=["nothing"]), "metrics"),
        ("ExportFigures", pb.ExportFiguresRequest(format="xls"), "format"),
        ("GetFigure", pb.GetFigureRequest(metric="requests", step_seconds=7), "step_seconds"),
    ]
    for call, request, field in bad:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(stub(aggregator), call)(request)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(refused.value.details()).startswith(f"{field}:")
