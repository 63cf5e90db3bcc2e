"""Prometheus text of several processes as one.

Each text is families, each of a HELP line, a TYPE line and its samples, which the process that tells them has labelled
`process`. They are put together as they are: to read two thousand samples and write them again would hold up every
delivery for 50 ms.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from services.runtime.exposition import PROCESS

_HELP = "# HELP "
# A line end within a value is escaped: this is always the beginning of a family. So is a quotation mark: what follows
# is always a label.
_FAMILY = f"\n{_HELP}"
_TENANT = 'tenant="'
_OF_TENANT = re.compile(r"[{,]" + _TENANT + r'((?:[^"\\]|\\.)*)"')
_UP = ("# HELP binnacle_part_up Whether this process of the suite answers.", "# TYPE binnacle_part_up gauge")


def merged_exposition(texts: Mapping[str, str | None], tenant: str) -> bytes:
    """One text of all samples, one HELP and TYPE a family; of tenants those of `tenant` alone.

    `texts` are by process; None stands for one that did not answer, which is told by `binnacle_part_up`.
    """
    up = [f'binnacle_part_up{{{PROCESS}="{name}"}} {float(text is not None)}' for name, text in texts.items()]
    families: dict[str, list[str]] = {"binnacle_part_up": [*_UP, *up]}
    for text in filter(None, texts.values()):
        for name, head, samples in _families(text):
            families.setdefault(name, head).extend(chain.from_iterable(_told(each, tenant) for each in samples))
    return "\n".join([*chain.from_iterable(families.values()), ""]).encode()


def _families(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Of each family its name, the lines before its samples, and these as one text, if there are any."""
    for family in text.split(_FAMILY):
        about, kind, *samples = family.removeprefix(_HELP).rstrip("\n").split("\n", 2)
        yield about.partition(" ")[0], [f"{_HELP}{about}", kind], samples


def _told(samples: str, tenant: str) -> list[str]:
    """As one text where no tenant is named, otherwise the lines of this tenant or of none."""
    if _TENANT not in samples:
        return [samples]
    return [line for line in samples.split("\n") if (of := _OF_TENANT.search(line)) is None or of[1] == tenant]
