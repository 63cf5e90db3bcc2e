"""Rates against a plain model, sizes, and limits that change."""

import pytest
from hypothesis import given, strategies as st

from services.collector.domain.capacity import Capacity, CapacityLimits
from services.collector.domain.limits import (
    MIB,
    POINTS,
    RATES,
    LimitBook,
    LimitReached,
    TenantLimits,
    TokenBucket,
    TooLarge,
)


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


steps = st.lists(
    st.tuples(st.floats(0, 5, allow_nan=False), st.integers(1, 500)).map(lambda step: (round(step[0], 3), step[1])),
    max_size=60,
)


@given(steps, st.integers(1, 200), st.integers(1, 400))
def test_a_bucket_never_gives_more_than_its_rate_its_burst_and_one_request(
    steps: list[tuple[float, int]], rate: int, burst: int
) -> None:
    now, taken, largest = 0.0, 0, 0
    bucket = TokenBucket(rate, burst, now)
    for pause, points in steps:
        now += pause
        if bucket.wait(now) == 0:
            bucket.take(points, now)
            taken += points
            largest = max(largest, points)
        assert taken <= burst + rate * now + largest + 1e-6


@given(steps, st.integers(1, 200), st.integers(1, 400))
def test_a_bucket_is_what_a_plain_account_is(steps: list[tuple[float, int]], rate: int, burst: int) -> None:
    now, level = 0.0, float(burst)
    bucket = TokenBucket(rate, burst, now)
    for pause, points in steps:
        now += pause
        level = min(burst, level + pause * rate)
        if abs(level) < 1e-6:
            return  # equal but for rounding
        assert (bucket.wait(now) == 0) is (level > 0)
        if level > 0:
            bucket.take(points, now)
            level -= points


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(1, 100_000))
def test_who_waits_as_long_as_it_is_told_is_let_in(rate: int, burst: int, points: int) -> None:
    bucket = TokenBucket(rate, burst, 0.0)
    bucket.take(points, 0.0)
    wait = bucket.wait(0.0)
    assert bucket.wait(wait + 1e-6) == 0


def test_a_clock_that_is_set_back_gives_nothing_away() -> None:
    bucket = TokenBucket(10, 10, 100.0)
    bucket.take(15, 100.0)
    assert bucket.wait(50.0) == pytest.approx(0.5)
    assert bucket.wait(100.6) == 0


def test_tenants_have_rates_of_their_own() -> None:
    time = Time()
    book = LimitBook(TenantLimits(points_per_second=100, burst_seconds=1), time)
    book.check_rates("a", RATES)
    book.spend("a", {POINTS: 150})
    with pytest.raises(LimitReached, match="100 points per second") as refused:
        book.check_rates("a", RATES)
    assert refused.value.limit == "rate"
    assert refused.value.retry_after == pytest.approx(0.5)
    book.check_rates("b", RATES)
    time.at += 0.51
    book.check_rates("a", RATES)


def test_without_a_rate_nothing_is_counted() -> None:
    book = LimitBook(TenantLimits(), Time())
    book.spend("a", {POINTS: 10**9})
    book.check_rates("a", RATES)


def test_limits_of_one_tenant_replace_those_of_all_and_go_again() -> None:
    time = Time()
    book = LimitBook(TenantLimits(points_per_second=10, burst_seconds=1, request_points=5), time)
    book.spend("a", {POINTS: 20})
    book.replace({"a": TenantLimits(points_per_second=1000, request_points=50)})
    book.check_points("a", 50, "events")
    time.at += 0.02  # what it owes is paid back at the new rate
    book.check_rates("a", RATES)
    book.replace({"a": TenantLimits(points_per_second=0)})
    book.spend("a", {POINTS: 10**6})
    book.check_rates("a", RATES)
    book.replace({})
    with pytest.raises(TooLarge, match="at most 5 points"):
        book.check_points("a", 50, "events")


def test_a_size_is_named_with_its_limit() -> None:
    book = LimitBook(TenantLimits(request_bytes=1000), Time())
    book.check_size("a", 1000)
    with pytest.raises(TooLarge, match=r"1,000 bytes \(limit request_bytes\)"):
        book.check_size("a", 1001)


def test_what_is_in_flight_is_bounded() -> None:
    capacity = Capacity(CapacityLimits(bytes_in_flight=MIB, requests_in_flight=2), Time())
    capacity.enter(5 * MIB)  # alone, it may be as large as it likes
    with pytest.raises(LimitReached, match="BYTES_IN_FLIGHT"):
        capacity.enter(1)
    capacity.leave(5 * MIB)
    capacity.enter(1)
    capacity.enter(1)
    with pytest.raises(LimitReached, match="REQUESTS_IN_FLIGHT"):
        capacity.enter(1)
    capacity.leave(1)
    capacity.enter(1)


def test_capacity_is_for_all_tenants_together() -> None:
    time = Time()
    capacity = Capacity(CapacityLimits(points_per_second=1000), time)
    capacity.enter(10)
    capacity.spend(300)
    with pytest.raises(LimitReached, match="1,000 points per second") as refused:
        capacity.enter(10)
    assert refused.value.limit == "capacity"
    time.at += refused.value.retry_after + 0.001
    capacity.enter(10)
