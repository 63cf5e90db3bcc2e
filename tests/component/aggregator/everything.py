"""A segment with rows for every table, on two days and of two tenants."""

from dataclasses import replace

from binnacle.journal.v1 import journal_pb2
from services.aggregator.domain.intake.claims import id_of
from services.aggregator.ports.claims import Claim
from services.aggregator.ports.store import Segment
from services.core.columns import DELTA
from tests.support.journals import JOURNAL, NOW, record, segment
from tests.support.telemetry import exemplars, exponential, filled, histogram, spans, summary

TELEMETRY = ("histograms", "exponential_histograms", "summaries", "exemplars", "spans")
TABLES = ("series", "samples", "events", "logs", "heartbeats", "signals", *TELEMETRY, "ledger")
DURATION = "http.server.request.duration"


def records() -> list[journal_pb2.Record]:
    """The records of the segment."""
    requests = [
        {
            "type": "request",
            "service": "shop",
            "user": f"u{n}",
            "time": NOW - n,
            "data": {"latency_ms": n, "endpoint": "/a"},
        }
        for n in range(20)
    ]
    return [
        record(events=[*requests, {"type": "purchase", "time": NOW - 86_400}, {"type": "purchase"}]),
        record(tenant="other", events=[{"type": "error", "service": "cart"}], logs=[{"message": "hello"}]),
        record(
            heartbeats=[{"service": "shop", "requests": 7}],
            series=[(1, "requests", {"service": "shop"}), (2, "system_cpu_percent", {"host": "h"})],
            samples=[(1, NOW, 5.0), (1, NOW - 86_400, 3.0), (2, NOW, 12.5)],
        ),
        # Two points of a running total, of which the second counts for what it adds.
        filled(
            record(series=[(3, DURATION, {"service": "cart", "http.route": "/a"})], kind=4),
            replace(histogram(3, NOW - 9, [2, 1, 0], 0.5, start=NOW - 60), exemplars=exemplars(3, NOW)),
        ),
        filled(record(), histogram(3, NOW - 4, [2, 2, 1], 2.5, start=NOW - 60)),
        filled(
            record(series=[(4, DURATION, {"service": "pay"})], kind=5),
            replace(exponential(4, NOW, 2, [1, 2], temporality=DELTA), summaries=summary(4, NOW)),
        ),
        filled(record(tenant="other"), spans(NOW, 2, 0.5, 0.25, service="cart")),
    ]


def everything() -> Segment:
    """The segment, always the same."""
    return segment(*records())


def named_everything() -> Segment:
    """The same, with a name to each record."""
    whole = everything()
    return replace(whole, records=[replace(each, batch_id=f"batch {each.offset}") for each in whole.records])


def claims() -> list[Claim]:
    """The claims of the named records."""
    return [
        Claim(id_of(each.tenant, each.batch_id), JOURNAL, each.offset, round(NOW * 1e6) + each.offset)
        for each in named_everything().records
    ]
