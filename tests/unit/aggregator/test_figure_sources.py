"""Figures over long ranges: what rows come to, put together once and beside the event loop."""

import threading
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.aggregator.domain.figures import figure_sources
from services.aggregator.domain.figures.figure_sources import IntegrationSource, TrafficSource
from services.aggregator.domain.figures.figures import Asked, Series
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import zoned_steps
from services.aggregator.domain.reports.integrations import CallSums
from services.aggregator.domain.reports.traffic import summed
from services.aggregator.ports.integrations import CallsRow
from services.aggregator.ports.traffic import TrafficRow
from tests.support.clock import ManualClock
from tests.support.journals import NOW

HOUR = 3_600
END = int(NOW) // HOUR * HOUR
ASKED = Asked("a", Range(END - 24 * HOUR, END), zoned_steps(END - 24 * HOUR, END, 300, ZoneInfo("UTC")))
NAMES = ("erp", "pay", "sms")
# Several rows of each step, in no order.
STARTS = [start + second for second in (0, 60, 240) for start in ASKED.starts]


class Stored:
    """A store that has a row of each integration, and of traffic, for several stretches of each step."""

    async def calls(self, _tenant: str, _question: Any) -> Sequence[CallsRow]:
        return [
            CallsRow(False, name, "/", start, float(place), 1.0, 0.0, 0.0, 0, 0)
            for start in STARTS
            for place, name in enumerate(NAMES, 1)
        ]

    async def traffic(self, _tenant: str, _question: Any) -> Sequence[TrafficRow]:
        return [TrafficRow("shop", "", start, 4.0, 1.0, 0.0, 0.0, start) for start in STARTS]


@pytest.fixture
def stored() -> Any:
    return Stored()


def told(series: Series) -> tuple[float | None, set[float], int]:
    return series.value, {value for _start, value in series.points}, len(series.points)


async def test_calls_are_summed_once_for_each_integration_and_step(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers: list[int] = []

    class Counted(CallSums):
        def __init__(self) -> None:
            super().__init__()
            makers.append(threading.get_ident())

    monkeypatch.setattr(figure_sources, "CallSums", Counted)
    found = await IntegrationSource(stored).series(ASKED, ("integration_calls", "integration_success_rate"))
    calls = {one.labels["integration"]: told(one) for one in found["integration_calls"]}
    assert calls == {
        name: (3.0 * place * len(ASKED.steps), {3.0 * place}, len(ASKED.steps)) for place, name in enumerate(NAMES, 1)
    }
    assert [one.value for one in found["integration_success_rate"]] == pytest.approx([0.0, 50.0, 200 / 3])
    assert len(makers) == len(NAMES) * (1 + len(ASKED.steps))
    assert threading.get_ident() not in makers


async def test_traffic_is_summed_beside_the_event_loop(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    makers: set[int] = set()

    def noted(*given: Any) -> Any:
        makers.add(threading.get_ident())
        return summed(*given)

    monkeypatch.setattr(figure_sources, "summed", noted)
    found = await TrafficSource(stored, ManualClock(NOW)).series(ASKED, ("requests", "error_rate"))
    steps = len(ASKED.steps)
    assert {name: told(one) for name, [one] in found.items()} == {
        "requests": (12.0 * steps, {12.0}, steps),
        "error_rate": (25.0, {25.0}, steps),
    }
    assert makers
    assert threading.get_ident() not in makers
