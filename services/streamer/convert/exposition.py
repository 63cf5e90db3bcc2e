"""Prometheus text of several processes as one."""

from collections.abc import Iterable, Mapping

from prometheus_client import Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry

PROCESS = "process"


def merged_exposition(texts: Mapping[str, str | None]) -> bytes:
    """One text of all samples, each labelled `process`, one HELP and TYPE a family.

    `texts` are by process; None stands for one that did not answer, which is told by `binnacle_part_up`.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Merged([_up(texts), *_families(texts)]))
    return generate_latest(registry)


class _Merged(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _up(texts: Mapping[str, str | None]) -> Metric:
    up = GaugeMetricFamily("binnacle_part_up", "Whether this process of the suite answers.", labels=(PROCESS,))
    for name, text in texts.items():
        up.add_metric([name], float(text is not None))
    return up


def _families(texts: Mapping[str, str | None]) -> Iterable[Metric]:
    families: dict[str, Metric] = {}
    for process, text in texts.items():
        for family in text_string_to_metric_families(text or ""):
            merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            merged.samples.extend(
                sample._replace(labels={PROCESS: process, **sample.labels}) for sample in family.samples
            )
    return families.values()
