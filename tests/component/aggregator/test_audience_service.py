"""People and times through the wired aggregator, against plain Python."""

import time
from collections.abc import Sequence
from datetime import date, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import audience_service_pb2 as pb, audience_service_pb2_grpc
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record

pytestmark = pytest.mark.store
HOUR, DAY = 3_600, 86_400
# Offsets of a half hour, and a change of the clock within most ranges of months.
ZONE = ZoneInfo("Australia/Adelaide")


def at(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(round(seconds * 1e6))
    return stamp


def seconds(stamp: Timestamp) -> float:
    return stamp.ToMicroseconds() / 1e6


def stub(aggregator: Aggregator) -> Any:
    return audience_service_pb2_grpc.AudienceServiceStub(aggregator.channel)


def people(rows: Sequence[dict[str, Any]], begin: float, end: float) -> set[str]:
    return {row["user"] for row in rows if begin <= row["time"] < end} - {""}


@pytest.fixture
def now() -> float:
    return float(int(time.time()))


@pytest.fixture
def rows(now: float) -> list[dict[str, Any]]:
    rng = Random(3)
    return [
        {
            "type": rng.choice(("request", "search")),
            "service": rng.choice(("shop", "cart")),
            "user": rng.choice(("", *(f"u{number}" for number in range(30)))),
            "time": round(now - 10 * DAY * rng.random() ** 3, 3),
        }
        for _ in range(600)
    ]


async def test_uniques_now_in_the_range_over_time_and_before(
    aggregator: Aggregator, rows: list[dict[str, Any]], now: float
) -> None:
    await aggregator.store(*(record(accepted=now, events=rows[start::2]) for start in range(2)))
    request = pb.GetUniquesRequest(
        start_time=at(now - 3 * DAY), end_time=at(now + 1), time_zone=ZONE.key, earlier_seconds=3 * DAY
    )
    found = await stub(aggregator).GetUniques(request)
    assert found.users == len(people(rows, now - 3 * DAY, now + 1))
    assert found.earlier_users == len(people(rows, now - 6 * DAY, now + 1 - 3 * DAY))
    # The clock has gone on a little since the rows were made.
    assert len(people(rows, now - 240, now + 1)) <= found.active_users <= len(people(rows, now - 300, now + 1))
    starts = [seconds(point.time) for point in found.points]
    for start, end, point in zip(starts, [*starts[1:], now + 1], found.points, strict=True):
        assert point.users == len(people(rows, start, end))
    assert all(datetime.fromtimestamp(start, ZONE).minute == 0 for start in starts[1:])
    days = await stub(aggregator).GetUniques(
        pb.GetUniquesRequest(start_time=at(now - 3 * DAY), service="shop", step_seconds=DAY, time_zone=ZONE.key)
    )
    of_shop = [row for row in rows if row["service"] == "shop"]
    assert days.users == len(people(of_shop, now - 3 * DAY, now + 1))
    assert all(datetime.fromtimestamp(seconds(point.time), ZONE).hour == 0 for point in days.points[1:])
    others = await stub(aggregator).GetUniques(request, metadata=as_tenant("other"))
    assert (others.users, others.active_users) == (0, 0)


async def test_a_week_by_the_hour(aggregator: Aggregator, rows: list[dict[str, Any]], now: float) -> None:
    await aggregator.store(record(accepted=now, events=rows))
    begin = now - 10 * DAY
    request = pb.GetPeakHoursRequest(start_time=at(begin), end_time=at(now), time_zone=ZONE.key)
    found = await stub(aggregator).GetPeakHours(request)
    assert [(one.weekday, one.hour) for one in found.hours] == [
        (day, hour) for day in range(1, 8) for hour in range(24)
    ]
    within = [row for row in rows if begin <= row["time"] < now]
    local = [(datetime.fromtimestamp(row["time"], ZONE), row) for row in within]
    # The last moment too: it may be of an hour that has just begun.
    moments = [*(begin + 60 * minute for minute in range(14_400)), now - 1e-3]
    hours = {datetime.fromtimestamp(moment, ZONE).strftime("%F %H") for moment in moments}
    for one in found.hours:
        theirs = [(when, row) for when, row in local if (when.isoweekday(), when.hour) == (one.weekday, one.hour)]
        assert one.events == len(theirs)
        assert one.requests == sum(row["type"] == "request" for _when, row in theirs)
        assert one.occurrences == sum(
            (day := datetime.strptime(hour, "%Y-%m-%d %H")).isoweekday() == one.weekday and day.hour == one.hour
            for hour in hours
        )
        each: dict[date, set[str]] = {when.date(): set() for when, _row in theirs}
        for when, row in theirs:
            each[when.date()] |= {row["user"]} - {""}
        assert one.average_users == pytest.approx(sum(map(len, each.values())) / max(1, one.occurrences))
    busiest = max(found.hours, key=lambda one: one.average_events)
    assert (found.busiest_by_events.weekday, found.busiest_by_events.hour) == (busiest.weekday, busiest.hour)


async def test_who_comes_back(aggregator: Aggregator, rows: list[dict[str, Any]], now: float) -> None:
    await aggregator.store(record(accepted=now, events=rows))
    request = pb.GetUserRetentionRequest(
        start_time=at(now - 10 * DAY), end_time=at(now), time_zone=ZONE.key, first_type="search", return_type="request"
    )
    found = (await stub(aggregator).GetUserRetention(request)).cohorts
    begins: dict[str, set[str]] = {}
    returns: dict[str, set[str]] = {}
    for row in rows:
        if row["user"] and now - 10 * DAY <= row["time"] < now:
            day = f"{datetime.fromtimestamp(row['time'], ZONE):%F}"
            (begins if row["type"] == "search" else returns).setdefault(row["user"], set()).add(day)
    first = {user: min(days) for user, days in begins.items()}
    days = sorted({f"{datetime.fromtimestamp(now - 10 * DAY + HOUR * hour, ZONE):%F}" for hour in range(241)})
    assert [f"{datetime.fromtimestamp(seconds(one.time), ZONE):%F}" for one in found] == sorted(set(first.values()))
    for one, day in zip(found, sorted(set(first.values())), strict=True):
        cohort = {user for user, began in first.items() if began == day}
        later = [sum(other in returns.get(user, ()) for user in cohort) for other in days[days.index(day) + 1 :]]
        assert (one.users, list(one.returned)) == (len(cohort), [len(cohort), *later])


async def test_bad_questions_are_refused_by_field(aggregator: Aggregator, now: float) -> None:
    audience = stub(aggregator)
    for call, request, field in (
        (audience.GetUniques, pb.GetUniquesRequest(time_zone="../etc"), "time_zone"),
        (audience.GetUniques, pb.GetUniquesRequest(start_time=at(0), step_seconds=60), "step_seconds"),
        (audience.GetPeakHours, pb.GetPeakHoursRequest(start_time=at(now - 61 * DAY)), "start_time"),
        (audience.GetUserRetention, pb.GetUserRetentionRequest(period_seconds=HOUR), "period_seconds"),
        (audience.GetUserRetention, pb.GetUserRetentionRequest(start_time=at(now - 101 * DAY)), "period_seconds"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(error.value.details()).startswith(field)
