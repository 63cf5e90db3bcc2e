"""What Prometheus' metadata say of a series: its kind and unit."""

from binnacle.remotewrite.v1 import remote_write_pb2 as pb
from services.collector.domain.columns import COUNTER, GAUGE
from services.collector.domain.rules import MAX_UNIT

MAX_FAMILIES = 100_000
# Without metadata a name tells little: `_count` and `_sum` may be anything.
SURE_TOTALS = ("_total", "_bucket")
PARTS = ("_total", "_bucket", "_count", "_sum", "_created", "_info")
TOTALS = {
    pb.METRIC_TYPE_COUNTER: ("", "_total"),
    pb.METRIC_TYPE_HISTOGRAM: ("_bucket", "_count", "_sum"),
    pb.METRIC_TYPE_SUMMARY: ("_count", "_sum"),
}

Meaning = tuple[int, str]
"""Type of a metric family and its unit."""


class Families:
    """The metric families that senders of remote write 1.0 told of, by tenant; at most 100,000 in all."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Meaning] = {}

    def learn(self, tenant: str, name: str, meaning: Meaning) -> bool:
        """Take in what a family is; whether that is news."""
        known = self._known.get((tenant, name))
        if known == meaning or (known is None and len(self._known) >= MAX_FAMILIES):
            return False
        self._known[tenant, name] = meaning
        return True

    def kind_and_unit(self, tenant: str, name: str) -> Meaning:
        """Kind and unit of a series by its name."""
        for family in (name, *(name.removesuffix(part) for part in PARTS if name.endswith(part))):
            meaning = self._known.get((tenant, family))
            if meaning is not None:
                return kind_of(name, family, meaning[0]), bounded(meaning[1])
        return (COUNTER if name.endswith(SURE_TOTALS) else GAUGE), ""


def told_kind(name: str, metric_type: int) -> int:
    """Kind of a series whose metric's type came with it."""
    suffixes = TOTALS.get(pb.MetricType.ValueType(metric_type))
    if suffixes is None:
        return COUNTER if metric_type == pb.METRIC_TYPE_UNSPECIFIED and name.endswith(SURE_TOTALS) else GAUGE
    return COUNTER if any(name.endswith(suffix) for suffix in suffixes) else GAUGE


def kind_of(name: str, family: str, metric_type: int) -> int:
    """Kind of the series `name` of a metric family."""
    suffixes = TOTALS.get(pb.MetricType.ValueType(metric_type), ())
    return COUNTER if name.removeprefix(family) in suffixes else GAUGE


def bounded(unit: str) -> str:
    """The unit, or nothing where it is longer than any unit."""
    return unit if len(unit) <= MAX_UNIT else ""
