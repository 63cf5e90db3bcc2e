"""Prometheus text to readings."""

import math
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from services.launcher.agent.readings import Reading

INSTANCE = "instance"
OPENMETRICS = "application/openmetrics-text"
# Running totals, by the ends of their names.
_COUNTED = ("_total", "_bucket", "_count", "_sum")


def parse(text: str, content_type: str) -> Iterator[Metric]:
    """The families of a text. Raises ValueError for what is no exposition."""
    families = openmetrics_families if content_type.startswith(OPENMETRICS) else text_families
    yield from families(text)


def readings(text: str, content_type: str, instance: str) -> list[Reading]:
    """Every finite sample, under its own name and labels and `instance`. Raises ValueError."""
    return [reading for family in parse(text, content_type) for reading in _of_family(family, instance)]


def _of_family(family: Metric, instance: str) -> Iterator[Reading]:
    for sample in family.samples:
        if not math.isfinite(sample.value):
            continue
        # As Prometheus: an empty label is no label, and a label of the source gives way to ours.
        labels = {name: value for name, value in sample.labels.items() if value}
        if INSTANCE in labels:
            labels["exported_instance"] = labels.pop(INSTANCE)
        labels[INSTANCE] = instance
        counted = family.type in ("counter", "histogram", "summary") and sample.name.endswith(_COUNTED)
        time = float(sample.timestamp) if sample.timestamp is not None else None
        kind = "counter" if counted or family.type == "counter" else "gauge"
        yield Reading(sample.name, sample.value, labels, "counter" if kind == "counter" else "gauge", family.unit, time)
