"""Limits from the records of tenants, and what stands before them."""

import pytest

from binnacle.tenants.v1.tenants_pb2 import Tenant, TenantLimits as Told
from services.collector.convert.tenant_limits import limits_of
from services.collector.domain.limits import RATES, LimitBook, LimitReached, TenantLimits

DEFAULT = TenantLimits(points_per_second=100, active_series=7)


def test_what_a_record_does_not_tell_is_as_for_all() -> None:
    tenants = [
        Tenant(id="acme", limits=Told(events_per_second=5, bytes_per_second=9, body_bytes=1_000)),
        Tenant(id="plain", display_name="Plain"),
        Tenant(id="busy", limits=Told(points_per_second=500, requests_per_second=3, active_series=9, streams=4)),
    ]
    found = limits_of(tenants, DEFAULT)
    assert found == {
        "acme": TenantLimits(100, 5, 9, request_bytes=1_000, active_series=7),
        "busy": TenantLimits(500, 0, 0, 3, active_series=9),
    }


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_is_counted_by_itself(rate: str) -> None:
    now = [0.0]
    book = LimitBook(TenantLimits(**{rate: 10, "burst_seconds": 1}), lambda: now[0])
    book.spend("a", dict.fromkeys(set(RATES) - {rate}, 10**9))
    book.check_rates("a", RATES)
    book.spend("a", {rate: 25})
    book.check_rates("a", set(RATES) - {rate})
    with pytest.raises(LimitReached, match=rf"more than 10 .* per second \(limit {rate}\)") as late:
        book.check_rates("a", RATES)
    assert late.value.retry_after == pytest.approx(1.5)
    now[0] = 1.6
    book.check_rates("a", RATES)


def test_a_file_of_the_operator_stands_before_records_and_records_before_settings() -> None:
    book = LimitBook(DEFAULT, lambda: 0.0)
    book.tell({"a": TenantLimits(points_per_second=1), "b": TenantLimits(points_per_second=2)})
    book.replace({"a": TenantLimits(points_per_second=3)})
    assert [book.of(tenant).points_per_second for tenant in "abc"] == [3, 2, 100]
    book.replace({})
    book.tell({"b": TenantLimits(points_per_second=4)})
    assert [book.of(tenant).points_per_second for tenant in "abc"] == [100, 4, 100]


def test_a_share_of_each_rate_is_given_out() -> None:
    book = LimitBook(TenantLimits(events_per_second=100, burst_seconds=1), lambda: 0.0, share=0.25)
    book.spend("a", {"events_per_second": 24})
    book.check_rates("a", RATES)
    book.spend("a", {"events_per_second": 2})
    with pytest.raises(LimitReached):
        book.check_rates("a", RATES)
