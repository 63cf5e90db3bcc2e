"""The series that a metrics request names, each once, and what stands behind a metric of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from services.collector.convert.otlp.attributes import Labels, label_set, labels
from services.collector.domain.columns import COUNTER, DELTA, GAUGE, SeriesDefinition
from services.collector.domain.redaction import Redactor
from services.core.columns import CUMULATIVE, DELTA as DELTA_TEMPORALITY

MAX_UNIT = 30


@dataclass(frozen=True, slots=True)
class Source:
    """What the series of one metric share; `unit` and `kind` as series have them."""

    resource: Labels
    scope: str
    name: str
    unit: str
    kind: int


class Series:
    """Definitions in order of first mention."""

    def __init__(self, secrets: Redactor) -> None:
        self._secrets = secrets
        self.definitions: list[SeriesDefinition] = []
        self._places: dict[SeriesDefinition, int] = {}

    def place(self, source: Source, attributes: Iterable[KeyValue]) -> int:
        """Where the definition of a point's series is, entered if it is new."""
        named = label_set(source.resource, source.scope, labels(attributes, self._secrets))
        definition = SeriesDefinition(source.name, named, source.kind, source.unit[:MAX_UNIT])
        place = self._places.setdefault(definition, len(self.definitions))
        if place == len(self.definitions):
            self.definitions.append(definition)
        return place


def number_kind(metric: Metric) -> int | None:
    """The kind of a gauge or sum; None when its temporality is not told."""
    if metric.HasField("gauge"):
        return GAUGE
    told = metric.sum.aggregation_temporality
    if told == DELTA_TEMPORALITY:
        return DELTA
    if told != CUMULATIVE:
        return None
    return COUNTER if metric.sum.is_monotonic else GAUGE
