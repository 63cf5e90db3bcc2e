"""Who calls whom, as alerting is told it by a real aggregator: spans and events about integrations."""

import random
import time
from collections.abc import Mapping, Sequence

import pytest

from services.alerting.adapters.aggregator_answers import AggregatorEvents
from services.alerting.adapters.aggregator_calls import AggregatorCalls
from services.alerting.ports.calls import Call
from tests.component.aggregator.aggregators import Aggregator
from tests.support.journals import record
from tests.support.span_trees import Shop, telemetry
from tests.support.telemetry import filled

pytestmark = pytest.mark.store

PROVIDERS: Mapping[str, Sequence[object]] = {"SAP": [True, True, False, "true"], "Stripe": [None, False, 1]}
"""What is told of the success of each call."""


async def test_calls_are_those_of_spans_and_of_events(aggregator: Aggregator) -> None:
    now = time.time()
    shop = Shop(random.Random(5), int(now - 600) * 1_000_000_000)
    for number in range(50):
        shop.trace(number)
    told = [
        {"provider": name} | ({} if success is None else {"success": success})
        for name, successes in PROVIDERS.items()
        for success in successes
    ]
    events = [{"type": "ERPCall", "service": "shop", "time": now - 60, "data": data} for data in told]
    nobody = {"type": "integration_call", "time": now - 60, "data": {"provider": "SAP", "success": True}}
    spans = filled(record(accepted=now), telemetry(shop.spans))
    await aggregator.store(spans, record(accepted=now, events=[*events, nobody]))
    calls = AggregatorCalls(aggregator.channel, AggregatorEvents(aggregator.channel))
    found = await calls.calls("default", now - 3_600, now + 1)
    edges = {(call.caller, call.callee): call for call in found}
    assert edges.keys() - {("shop", "SAP"), ("shop", "Stripe")} == {pair for pair in shop.truth.durations if pair[0]}
    assert edges["shop", "SAP"] == Call("shop", "SAP", 4, 1)
    assert edges["shop", "Stripe"] == Call("shop", "Stripe", 3, 1)
    assert all(0 <= call.errors <= call.calls for call in found)
    assert await calls.calls("other", now - 3_600, now + 1) == []
