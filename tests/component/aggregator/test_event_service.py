"""Events through the wired aggregator."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import event_service_pb2 as pb
from binnacle.query.v1.filters_pb2 import AttributeCondition, EventFilter
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record

pytestmark = pytest.mark.store
NOW = time.time()
Histogram = pb.GetEventHistogramRequest


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "type": f"type{number % 3}",
            "service": f"service{number % 2}",
            "user": f"u{number}",
            "session": f"s{number // 5}",
            "time": NOW - 600 + number // 2,
            "data": {"total": number, "place": "Main Street" if number % 7 else "Side Lane"},
        }
        for number in range(count)
    ]


async def users(aggregator: Aggregator, **conditions: Any) -> set[int]:
    """Numbers of the events that a filter finds."""
    request = pb.SearchEventsRequest(filter=EventFilter(**conditions), with_total=True, page_size=1_000)
    answer = await aggregator.events.SearchEvents(request)
    assert answer.total == len(answer.events)
    return {int(event.user_id[1:]) for event in answer.events}


async def test_events_are_found_by_what_they_are(aggregator: Aggregator) -> None:
    await aggregator.store(record(accepted=NOW, events=rows(40)))
    every = set(range(40))
    assert await users(aggregator) == every
    assert await users(aggregator, types=["type0", "type1"]) == {n for n in every if n % 3 < 2}
    assert await users(aggregator, without_types=["type0", "none"]) == {n for n in every if n % 3}
    assert await users(aggregator, services=["service1"]) == {n for n in every if n % 2}
    assert await users(aggregator, user_ids=["u7", "u9", "nobody"]) == {7, 9}
    assert await users(aggregator, session_ids=["s1"], services=["service0"]) == {6, 8}
    assert await users(aggregator, text='"side lane"') == {n for n in every if n % 7 == 0}
    assert await users(aggregator, text="street -main") == set()
    over = AttributeCondition(path=["total"], operator=AttributeCondition.OPERATOR_GREATER, number=37)
    assert await users(aggregator, attributes=[over]) == {38, 39}
    odd = "it's \\ \t'; DROP TABLE events; --"
    assert await users(aggregator, types=[odd], text=odd.replace('"', ""), user_ids=[odd]) == set()


async def test_pages_lead_there_and_back(aggregator: Aggregator) -> None:
    await aggregator.store(record(accepted=NOW, events=rows(25)))
    request = pb.SearchEventsRequest(page_size=10)
    first = await aggregator.events.SearchEvents(request)
    assert not first.previous_page_token
    assert not first.HasField("total")
    request.page_token = first.next_page_token
    second = await aggregator.events.SearchEvents(request)
    request.page_token = second.next_page_token
    third = await aggregator.events.SearchEvents(request)
    assert not third.next_page_token
    pages = [[event.user_id for event in page.events] for page in (first, second, third)]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sum(map(len, map(set, pages))) == len(set().union(*pages)) == 25
    request.page_token = third.previous_page_token
    assert await aggregator.events.SearchEvents(request) == second
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await aggregator.events.SearchEvents(request, metadata=as_tenant("other"))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_events_are_counted_over_time(aggregator: Aggregator) -> None:
    start = int(NOW) // 60 * 60 - 300
    made = [{"type": f"t{number % 25}", "time": start + number % 120} for number in range(500)]
    made += [{"type": "t0", "service": "shop", "time": start}] * 100
    await aggregator.store(record(accepted=NOW, events=made))
    within = EventFilter(start_time=Timestamp(seconds=start), end_time=Timestamp(seconds=start + 120))
    answer = await aggregator.events.GetEventHistogram(Histogram(filter=within, step_seconds=60))
    [all_] = answer.histogram.series
    assert (all_.name, list(all_.counts), all_.total) == ("", [360, 240], 600)
    split = Histogram(filter=within, step_seconds=60, split=Histogram.SPLIT_TYPE)
    series = (await aggregator.events.GetEventHistogram(split)).histogram.series
    assert len(series) == 21
    assert (series[0].name, series[0].total) == ("t0", 120)
    assert {one.name: one.total for one in series}["other"] == 5 * 20
    split.split = Histogram.SPLIT_SERVICE
    series = (await aggregator.events.GetEventHistogram(split)).histogram.series
    assert {one.name: one.total for one in series} == {"": 500, "shop": 100}
    chosen = (await aggregator.events.GetEventHistogram(Histogram())).histogram
    assert chosen.step_seconds == 1_800
    assert len(chosen.start_times) in (48, 49)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (Histogram(step_seconds=1), "step_seconds"),
        (Histogram(step_seconds=86_401), "step_seconds"),
        (Histogram(split=9), "split"),  # type: ignore[arg-type]
        (Histogram(filter=EventFilter(text='"')), "filter.text"),
    ],
)
async def test_bad_questions_are_refused_by_field(request_: Histogram, field: str, aggregator: Aggregator) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await aggregator.events.GetEventHistogram(request_)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(error.value.details()).startswith(f"{field}: ")


ODD = (
    "it's",
    'a"b',
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "ret\rurn",
    "nul\0l",
    "{v0:String}",
    "ünïcode✓",
    "\\N",
    "')--",
)


async def test_any_text_is_found_as_it_is(aggregator: Aggregator) -> None:
    made = [
        {"type": "odd", "user": odd, "session": str(number), "time": NOW - 60, "data": {odd: {"in": odd}, "n": number}}
        for number, odd in enumerate(ODD)
    ]
    await aggregator.store(record(accepted=NOW, events=made))
    for number, odd in enumerate(ODD):
        inside = AttributeCondition(path=[odd, "in"], text=odd)
        for filter_ in (EventFilter(user_ids=[odd]), EventFilter(attributes=[inside])):
            answer = await aggregator.events.SearchEvents(pb.SearchEventsRequest(filter=filter_))
            assert [event.session_id for event in answer.events] == [str(number)], (odd, filter_)
