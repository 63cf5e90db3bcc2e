"""What flows into the store, counted by tenant."""

import pytest

from services.aggregator.domain.intake.flow import MAX_TENANTS, FlowMeter
from services.aggregator.ports.records import Record
from tests.support.clock import ManualClock
from tests.support.journals import NOW, read, record

JOURNAL = "00000000000000aa"


def records(tenant: str, *accepted: float) -> list[Record]:
    return read(0, [record(tenant=tenant, accepted=at, events=[{"type": "t"}, {"type": "t"}]) for at in accepted])


async def test_each_tenant_has_a_flow_of_its_own() -> None:
    clock = ManualClock(NOW)
    meter = FlowMeter(clock)
    mixed = [*records("a", NOW - 1, NOW - 3), *records("b", NOW - 9)]
    meter.stored(JOURNAL, mixed, mixed)
    flow = meter.flow("a")
    assert (flow.rows["events"], flow.rows_last_minute["events"], flow.repeated) == (4, 4, 0)
    assert flow.lag is not None
    assert [flow.lag.count, flow.lag.average_ms, flow.longest_ms] == pytest.approx([2, 2_000, 3_000])
    assert (flow.journals[JOURNAL].requests, flow.journals[JOURNAL].newest_us) == (2, round((NOW - 1) * 1e6))
    assert meter.flow("b").rows["events"] == 2
    nobody = meter.flow("nobody")
    assert (sum(nobody.rows.values()), nobody.lag, dict(nobody.journals)) == (0, None, {})


async def test_repeats_are_no_rows() -> None:
    meter = FlowMeter(ManualClock(NOW))
    once, again = records("a", NOW, NOW)
    meter.stored(JOURNAL, [once, again], [once, again.without_rows()])
    flow = meter.flow("a")
    assert (flow.rows["events"], flow.repeated, flow.journals[JOURNAL].requests) == (2, 1, 1)


async def test_what_is_five_minutes_old_is_forgotten() -> None:
    clock = ManualClock(NOW)
    meter = FlowMeter(clock)
    assert meter.flow("a").since == NOW
    for _minute in range(8):
        one = records("a", clock.now())
        meter.stored(JOURNAL, one, one)
        await clock.advance(60)
    flow = meter.flow("a")
    assert (flow.since, flow.until) == (clock.now() - 300, clock.now())
    assert (flow.rows["events"], flow.rows_last_minute["events"]) == (8, 0)
    assert flow.journals[JOURNAL].requests == 8
    await clock.advance(400)
    assert sum(meter.flow("a").rows.values()) == 0


async def test_more_tenants_than_are_counted_do_no_harm() -> None:
    meter = FlowMeter(ManualClock(NOW))
    [one] = records("a", NOW)
    for number in range(MAX_TENANTS + 5):
        many = [Record(0, f"t{number}", one.accepted_us, events=one.events)]
        meter.stored(JOURNAL, many, many)
    assert meter.flow("t0").rows["events"] == 2
    assert meter.flow(f"t{MAX_TENANTS + 1}").rows["events"] == 0
