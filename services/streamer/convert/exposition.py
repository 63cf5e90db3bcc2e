"""Prometheus text of several processes as one.

Each text is what `prometheus_client` writes: families, each of a HELP line, a TYPE line and its samples. They are put
together as lines, since to read two thousand samples and write them again would hold up every delivery for 50 ms.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
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
    label = f'{PROCESS}="{process}"'
    for line in samples:
        of = _OF_TENANT.search(line)
        if of is not None and of[1] != tenant:
            continue
        name, brace, labels = line.partition("{")
        if brace:
            yield f"{name}{{{label},{labels}"
        else:
            name, _, value = line.partition(" ")
            yield f"{name}{{{label}}} {value}"
