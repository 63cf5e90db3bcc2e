"""What applying files would do, for people to read."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_CONTEXT = 3


def difference_lines(
    differences: Sequence[Mapping[str, Any]], name: str, text_of: Callable[[dict[str, Any]], str]
) -> Iterator[str]:
    """The differences as between two files; `name` is the field that names a thing, `text_of` its file."""
    for difference in differences:
        sides = (difference.get(side) for side in ("before", "after"))
        before, after = ([] if held is None else text_of(held).splitlines() for held in sides)
        here = difference[name]
        if not before and not after:
            yield f"{here}: {_kind(difference)}; there is too much to show all of it"
        elif before == after:
            yield f"{here}: comes from a file from then on; nothing else about it changes"
        yield from difflib.unified_diff(before, after, f"now: {here}", f"then: {here}", n=_CONTEXT, lineterm="")


def summary(differences: Sequence[Mapping[str, Any]], unchanged: int) -> str:
    """How many things are created, changed and deleted."""
    kinds = {"created": 0, "changed": 0, "deleted": 0}
    for difference in differences:
        kinds[_kind(difference)] += 1
    return ", ".join(f"{count} {kind}" for kind, count in [*kinds.items(), ("as they were", unchanged)])


def _kind(difference: Mapping[str, Any]) -> str:
    if told := difference.get("change"):
        return str(told).removeprefix("CHANGE_").lower()
    if not difference.get("before"):
        return "created"
    return "changed" if difference.get("after") else "deleted"
