"""Metrics of a process as Prometheus text: what `prometheus_client` writes, in half of its time.

It works out the labels of every sample anew; ours hardly change, and a thousand samples held up everything else in the
process for five milliseconds. Each sample is labelled with its process here, where that is known before it changes, so
that whoever puts together the texts of several need not look at single samples.
"""

from collections.abc import Mapping
from functools import lru_cache

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.utils import floatToGoString

PROCESS = "process"
_ENDINGS = {"counter": "_total", "info": "_info"}
_KINDS = {"info": "gauge", "unknown": "untyped"}
# What the text has no place for within its metric: gauges of their own, after it.
_APART = "_created"


def exposition(registry: CollectorRegistry, process: str) -> str:
    """All metrics of a registry: counters, gauges, summaries, histograms, and info; each labelled `process`."""
    lines: list[str] = []
    for metric in registry.collect():
        kind = _KINDS.get(metric.type, metric.type)
        lines += _head(metric.name + _ENDINGS.get(metric.type, ""), metric, kind)
        created = metric.name + _APART
        apart: list[str] = []
        for name, labels, value, *_rest in metric.samples:
            told = f"{name}{labels_told({**labels, PROCESS: process})} {floatToGoString(value)}"  # type: ignore[no-untyped-call]
            (apart if name == created else lines).append(told)
        if apart:
            lines += [*_head(created, metric, "gauge"), *apart]
    return "\n".join([*lines, ""])


def _head(name: str, metric: Metric, kind: str) -> list[str]:
    told = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    return [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]


def labels_told(labels: Mapping[str, str]) -> str:
    """Labels, of which there is one at least, as they stand behind a name."""
    return _labels(tuple(labels.items()))


@lru_cache(maxsize=20_000)
def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels)) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
