"""Time series through the wired aggregator: answers, refreshing, bounds, cancelling, tenants."""

import asyncio
import time
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from binnacle.aggregator.v1 import time_series_service_pb2 as service, time_series_service_pb2_grpc
from binnacle.query.v1 import query_pb2 as pb
from services.core.columns import CUMULATIVE, DELTA, Telemetry
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record
from tests.support.metric_queries import at, ranged, selected, values_of
from tests.support.outages import patience
from tests.support.telemetry import exponential, filled, histogram, summary

pytestmark = pytest.mark.store
START = int(time.time()) // 3_600 * 3_600 - 3_600.0
HOSTS = [(n, "heat", {"host": f"web-{n}", "zone": "ab"[n % 2]}) for n in range(4)]
SAMPLES = [(n, START + second, float(n + second // 60)) for n in range(4) for second in range(0, 600, 10)]


def stub(aggregator: Aggregator) -> Any:
    return time_series_service_pb2_grpc.TimeSeriesServiceStub(aggregator.channel)


async def ask(
    aggregator: Aggregator, query: pb.TimeSeriesQuery, token: str = "", tenant: str = "default"
) -> pb.TimeSeriesAnswer:
    request = service.QueryTimeSeriesRequest(query=query, refresh_token=token)
    answer = await stub(aggregator).QueryTimeSeries(request, metadata=as_tenant(tenant))
    told: pb.TimeSeriesAnswer = answer.answer
    return told


def last_ten_minutes(*expressions: pb.Expression, **more: Any) -> pb.TimeSeriesQuery:
    return ranged(*expressions, start=START, end=START + 600, **more)


def heat(**more: Any) -> pb.Expression:
    return selected("heat", **more)


async def test_series_are_selected_grouped_and_calculated_with(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    by_zone = heat(grouping=pb.Grouping(aggregation=pb.Grouping.AGGREGATION_SUM, by=["zone"]))
    share = pb.Expression(
        name="share",
        calculation=pb.Calculation(
            left=pb.Operand(expression="a"), operator=pb.Calculation.OPERATOR_DIVIDE, right=pb.Operand(expression="b")
        ),
    )
    total = heat(grouping=pb.Grouping(aggregation=pb.Grouping.AGGREGATION_SUM))
    total.hidden = True
    answer = await ask(aggregator, last_ten_minutes(by_zone, total, share))
    assert [result.name for result in answer.results] == ["a", "share"]
    assert answer.full
    zones = values_of(answer)
    assert zones[(("zone", "a"),)] == {START + 60 * n: 2.0 + 2 * n for n in range(10)}
    assert zones[(("zone", "b"),)] == {START + 60 * n: 4.0 + 2 * n for n in range(10)}
    assert values_of(answer, 1)[(("zone", "a"),)][START] == pytest.approx(2 / 6)
    zone, quotient = answer.results
    assert quotient.complete_until_unix_ms <= zone.complete_until_unix_ms


MATCHING = [
    (pb.Matcher.OPERATOR_EQUAL, "web-1", {"web-1"}),
    (pb.Matcher.OPERATOR_NOT_EQUAL, "web-1", {"web-0", "web-2", "web-3"}),
    (pb.Matcher.OPERATOR_MATCHES, "web-[12]", {"web-1", "web-2"}),
    (pb.Matcher.OPERATOR_MATCHES, "web", set()),
    (pb.Matcher.OPERATOR_NOT_MATCHES, "web-[12]", {"web-0", "web-3"}),
]


async def test_matchers(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    for operator, value, hosts in MATCHING:
        matcher = pb.Matcher(label="host", operator=operator, value=value)
        answer = await ask(aggregator, last_ten_minutes(heat(matchers=[matcher])))
        assert {series.labels["host"] for series in answer.results[0].series} == hosts


async def test_the_newest_values_of_the_greatest_two_and_an_envelope(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    top = heat(function=pb.FUNCTION_LAST)
    top.ranking.count = 2
    answer = await ask(aggregator, pb.TimeSeriesQuery(expressions=[top], instant=True, end_time=at(START + 600)))
    assert [(s.labels["host"], list(s.values)) for s in answer.results[0].series] == [
        ("web-3", [12.0]),
        ("web-2", [11.0]),
    ]
    assert list(answer.times_unix_ms) == [(START + 600) * 1e3]
    enveloped = last_ten_minutes(heat(matchers=[pb.Matcher(label="host", value="web-0")]), step=300.0, envelope=True)
    [series] = (await ask(aggregator, enveloped)).results[0].series
    assert (list(series.minimums), list(series.values), list(series.maximums)) == ([0.0, 5.0], [2.0, 7.0], [4.0, 9.0])


async def test_what_changed_is_told_alone(aggregator: Aggregator) -> None:
    query = last_ten_minutes(heat(matchers=[pb.Matcher(label="host", value="web-0")]))
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.commit(0, record(series=HOSTS, samples=SAMPLES))
        first = await ask(aggregator, query)
        unchanged = await ask(aggregator, query, first.refresh_token)
        assert (unchanged.full, list(unchanged.times_unix_ms)) == (False, [])
        await journal.commit(1, record(samples=[(0, START + 125.0, 100.0)]))
        late = await ask(aggregator, query, unchanged.refresh_token)
    assert not late.full
    assert values_of(late) == {(("host", "web-0"), ("zone", "a")): {START + 120: pytest.approx((6 * 2 + 100) / 7)}}
    whole = values_of(await ask(aggregator, query))
    assert whole == {key: {**values, START + 120: pytest.approx(16.0)} for key, values in values_of(first).items()}


async def test_a_token_is_of_one_question_and_tenant(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    token = (await ask(aggregator, last_ten_minutes(heat()))).refresh_token
    moved = ranged(heat(), start=START + 60, end=START + 660)
    assert list((await ask(aggregator, moved, token)).times_unix_ms) == [(START + 600) * 1e3]
    for query, tenant in (
        (last_ten_minutes(heat()), "other"),
        (last_ten_minutes(selected("cold")), "default"),
        (last_ten_minutes(heat(), step=30.0), "default"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await ask(aggregator, query, token, tenant)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "refresh_token" in str(error.value.details())


async def test_a_tenant_sees_its_own_series(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES), record(tenant="other", series=HOSTS[:1]))
    answer = await ask(aggregator, last_ten_minutes(heat()), tenant="other")
    assert [list(result.series) for result in answer.results] == [[]]
    assert len((await ask(aggregator, last_ten_minutes(heat()))).results[0].series) == 4


async def test_a_metric_nobody_sent_gives_no_series_and_a_notice(aggregator: Aggregator) -> None:
    answer = await ask(aggregator, last_ten_minutes(selected("nothing")))
    assert [list(result.series) for result in answer.results] == [[]]
    assert "no series matches" in answer.notices[0]


EXPLODING = "(((a{1,100}){1,100}){1,100}){1,100}"
BAD: list[tuple[pb.TimeSeriesQuery, str]] = [
    (pb.TimeSeriesQuery(), "query.expressions"),
    (ranged(heat(), start=START, end=START, step=60), "query.start_time"),
    (ranged(heat(), start=START, end=START + 600, step=0), "query.step"),
    (ranged(heat(), start=START, end=START + 86_400, step=0.1), "query.step"),
    (last_ten_minutes(heat(), pixels=10), "query.pixels"),
    (last_ten_minutes(selected("")), "selection.metric"),
    (last_ten_minutes(heat(matchers=[pb.Matcher(label="host", operator=3, value=EXPLODING)])), "RE2"),  # type: ignore[arg-type]
    (last_ten_minutes(heat(matchers=[pb.Matcher(label="host", operator=3, value="(")])), "RE2"),  # type: ignore[arg-type]
    (last_ten_minutes(heat(function=pb.FUNCTION_QUANTILE, quantile=1.5)), "quantile"),
    (last_ten_minutes(heat(), pb.Expression(name="a", selection=pb.Selection(metric="heat"))), "name"),
    (last_ten_minutes(heat(function=pb.FUNCTION_RATE), envelope=True), "query.envelope"),
    (last_ten_minutes(heat(window=Duration(seconds=-1))), "window"),
]


async def test_bad_questions_are_refused_by_field_at_once(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS))
    for query, field in BAD:
        began = time.monotonic()
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await ask(aggregator, query)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT, field
        assert field in str(error.value.details())
        assert time.monotonic() - began < patience(5)


async def test_too_much_is_refused_and_never_cut(aggregator: Aggregator) -> None:
    many = [(n, "heat", {"n": str(n)}) for n in range(20_001)]
    await aggregator.store(record(series=many, samples=[(n, START + 1, 1.0) for n in range(0, 20_001, 10)]))
    with pytest.raises(grpc.aio.AioRpcError, match="20,001 series match"):
        await ask(aggregator, last_ten_minutes(heat()))
    some = heat(matchers=[pb.Matcher(label="n", operator=pb.Matcher.OPERATOR_MATCHES, value=".*0")])
    with pytest.raises(grpc.aio.AioRpcError, match="1,000,000 values"):
        await ask(aggregator, ranged(some, start=START, end=START + 3_600, step=1.0))


async def test_a_cancelled_call_frees_its_thread(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    slow = last_ten_minutes(heat(function=pb.FUNCTION_QUANTILE, quantile=0.5))
    calls = [stub(aggregator).QueryTimeSeries(service.QueryTimeSeriesRequest(query=slow)) for _call in range(20)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    answer = await asyncio.wait_for(ask(aggregator, last_ten_minutes(heat())), 30)
    assert len(answer.results[0].series) == 4


async def test_a_question_is_explained(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    query = last_ten_minutes(heat(), heat(function=pb.FUNCTION_RATE), selected("nothing"))
    told = await stub(aggregator).ExplainQuery(service.ExplainQueryRequest(query=query))
    first, second, third = told.plans
    assert (told.steps, told.step_ms) == (10, 60_000)
    assert (first.tier, first.series) == (pb.TIER_MINUTES, 4)
    assert (second.tier, second.series, second.rows) == (pb.TIER_SAMPLES, 4, 240)
    assert "exact from samples only" in second.reason
    assert list(third.warnings) == ["no series matches"]
    assert all(plan.stages for plan in told.plans)


async def test_a_question_in_a_url(aggregator: Aggregator) -> None:
    await aggregator.store(record(series=HOSTS, samples=SAMPLES))
    request = service.QueryMetricRequest(
        metric="heat", match=["host!=web-2", "zone=~a|b"], function="last", aggregation="p50", by=["zone"], top=1
    )
    request.start_time.CopyFrom(at(START))
    request.end_time.CopyFrom(at(START + 600))
    request.step.FromSeconds(60)
    answer = (await stub(aggregator).QueryMetric(request)).answer
    assert values_of(answer) == {(("zone", "b"),): {START + 60 * n: 2.0 + n for n in range(10)}}
    with pytest.raises(grpc.aio.AioRpcError, match="must be one of"):
        await stub(aggregator).QueryMetric(service.QueryMetricRequest(metric="heat", function="median"))


async def test_histograms_give_quantiles_of_their_merged_buckets(aggregator: Aggregator) -> None:
    series = [(1, "took", {"host": "a"}), (2, "took", {"host": "b"})]
    rows = [
        filled(record(series=series, kind=4), histogram(1, START + 10, [0, 10, 0], 5.0, temporality=DELTA)),
        filled(record(), histogram(2, START + 20, [10, 0, 0], 0.5, temporality=DELTA)),
        filled(record(), histogram(1, START + 70, [1, 0, 0], 0.5, START, CUMULATIVE)),
        filled(record(), histogram(1, START + 130, [1, 4, 0], 2.5, START, CUMULATIVE)),
    ]
    await aggregator.store(*rows)
    together = pb.Grouping(aggregation=pb.Grouping.AGGREGATION_SUM)
    query = last_ten_minutes(
        selected("took", pb.FUNCTION_QUANTILE, quantile=0.5, grouping=together),
        selected("took", pb.FUNCTION_QUANTILE, quantile=0.75, grouping=together),
        selected("took", pb.FUNCTION_COUNT, grouping=together),
        selected("took", pb.FUNCTION_AVERAGE, grouping=together),
    )
    answer = await ask(aggregator, query)
    assert values_of(answer, 0)[()][START] == pytest.approx(0.1)
    assert values_of(answer, 1)[()][START] == pytest.approx(0.55)
    assert values_of(answer, 2)[()] == {START: 20.0, START + 60: 1.0, START + 120: 4.0}
    assert values_of(answer, 3)[()][START + 120] == pytest.approx(0.5)
    assert answer.results[0].tier == pb.TIER_DISTRIBUTIONS


async def test_exponential_histograms_and_summaries(aggregator: Aggregator) -> None:
    await aggregator.store(
        filled(record(series=[(1, "took", {})], kind=5), exponential(1, START + 10, 0, [0, 0, 8], temporality=DELTA)),
        filled(record(series=[(2, "told", {})], kind=6), Telemetry(summaries=summary(2, START + 10))),
    )
    query = last_ten_minutes(selected("took", pb.FUNCTION_QUANTILE, quantile=0.6), selected("told", pb.FUNCTION_LAST))
    answer = await ask(aggregator, query)
    # Two zeros, and eight between 2^-5 and 2^-4: the sixth of ten is half-way.
    assert values_of(answer, 0)[()][START] == pytest.approx(2**-5 * 1.5)
    assert values_of(answer, 1)[(("quantile", "0.5"),)][START] == 2.5
