"""Prometheus text of several processes as one.

Each text is what `prometheus_client` writes: families, each of a HELP line, a TYPE line and its samples. They are put
together as lines, since to read two thousand samples and write them again would hold up every delivery for 50 ms.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain

PROCESS = "process"
TENANT = "tenant"
# A line end within a value is escaped: this is always the beginning of a family. So is a quotation mark: that is
# always a label.
_FAMILY = "\n# HELP "
_OF_TENANT = re.compile(r"[{,]" + TENANT + r'="((?:[^"\\]|\\.)*)"')
_UP = ("# HELP binnacle_part_up Whether this process of the suite answers.", "# TYPE binnacle_part_up gauge")


def merged_exposition(texts: Mapping[str, str | None], tenant: str) -> bytes:
    """One text of all samples, each labelled `process`, one HELP and TYPE a family; of tenants those of `tenant` alone.

    `texts` are by process; None stands for one that did not answer, which is told by `binnacle_part_up`.
    """
    up = [f'binnacle_part_up{{{PROCESS}="{name}"}} {float(text is not None)}' for name, text in texts.items()]
    families: dict[str, list[str]] = {"binnacle_part_up": [*_UP, *up]}
    for process, text in texts.items():
        for name, lines, samples in _families(text or ""):
            families.setdefault(name, lines).extend(_told(samples, process, tenant))
    return "\n".join([*chain.from_iterable(families.values()), ""]).encode()


def _families(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Of each family its name, what comes before its samples, and these."""
    for family in f"\n{text}".split(_FAMILY)[1:]:
        help_text, kind, *samples = family.rstrip("\n").split("\n")
        yield help_text.partition(" ")[0], [f"# HELP {help_text}", kind], samples


def _told(samples: Iterable[str], process: str, tenant: str) -> Iterator[str]:
    for line in samples:
        series, _, value = line.rpartition(" ")
        labelled = _labelled(series, process, tenant)
        if labelled is not None:
            yield f"{labelled} {value}"


@lru_cache(maxsize=50_000)
def _labelled(series: str, process: str, tenant: str) -> str | None:
    """Name and labels with one more; None for those of another tenant. They hardly change from one time to the next."""
    of = _OF_TENANT.search(series)
    if of is not None and of[1] != tenant:
        return None
    name, _, labels = series.partition("{")
    return f'{name}{{{PROCESS}="{process}"{f",{labels}" if labels else "}"}'
