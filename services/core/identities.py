"""Identities made of names that people give."""

import re
from collections.abc import Container

_LONGEST = 90
_FOREIGN = re.compile(r"[^a-z0-9]+")


def free_identity(name: str, taken: Container[str], usual: str) -> str:
    """One like a name: `Error rate over 5 %` is `error-rate-over-5`, or `error-rate-over-5-2` where that is taken.

    `usual` is what it is like where the name has nothing to make one of.
    """
    made = _FOREIGN.sub("-", name.lower()).strip("-")[:_LONGEST].strip("-") or usual
    number = 1
    while (found := made if number == 1 else f"{made}-{number}") in taken:
        number += 1
    return found
