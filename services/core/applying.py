"""Things that come with Binnacle, from calls or from files: what making those of files a tenant's does."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from services.core.errors import Conflict, InvalidInput


class Origin(StrEnum):
    """Where a thing came from."""

    READY_MADE = "ready_made"
    CALL = "call"
    FILE = "file"


class Owned(Protocol):
    """A thing of a tenant; its identity is empty where none was told."""

    @property
    def id(self) -> str: ...
    @property
    def origin(self) -> Origin: ...


Thing = TypeVar("Thing", bound=Owned)


@dataclass(frozen=True, slots=True)
class Difference(Generic[Thing]):
    """One thing before and after; None where there is none."""

    id: str
    before: Thing | None
    after: Thing | None


@dataclass(frozen=True, slots=True)
class Applied(Generic[Thing]):
    """What came, or would come, of applying files; `unchanged` is how many of their things are as they were."""

    differences: tuple[Difference[Thing], ...]
    unchanged: int


def applicable(given: Iterable[Thing], known: Mapping[str, Thing], word: str) -> Iterator[tuple[int, Thing]]:
    """Each thing of files and its place, once it is known that it may be applied; `word` is what one is called.

    Raises InvalidInput for identities that lack or stand twice, Conflict for one that is taken by what a call created.
    """
    seen: set[str] = set()
    for place, one in enumerate(given):
        if not one.id or one.id in seen:
            problem = "must be told" if not one.id else f"stands twice: {one.id}"
            raise InvalidInput.of(f"{word}s[{place}].id", problem)
        seen.add(one.id)
        if (former := known.get(one.id)) is not None and former.origin is Origin.CALL:
            raise Conflict(f"the {word} {one.id} is there already, and did not come from a file")
        yield place, one


def differences_of(
    known: Mapping[str, Thing],
    wanted: Mapping[str, Thing],
    ready_made: Mapping[str, Thing],
    told: Callable[[Thing], Thing],
) -> list[Difference[Thing]]:
    """What is new or not as it was, and what came from files and is in none any more: it is as it came again.

    `told` gives a thing without what only the record of it says.
    """
    return [
        *(
            Difference(identity, former, thing)
            for identity, thing in wanted.items()
            if (former := known.get(identity)) is None or told(former) != told(thing)
        ),
        *(
            Difference(identity, former, ready_made.get(identity))
            for identity, former in known.items()
            if former.origin is Origin.FILE and identity not in wanted
        ),
    ]


def as_it_stands(differences: Sequence[Difference[Thing]], now: Mapping[str, Thing]) -> list[Difference[Thing]]:
    """Differences once they are applied."""
    return [replace(one, after=now.get(one.id)) for one in differences]


def applied(differences: Sequence[Difference[Thing]], wanted: Mapping[str, Thing]) -> Applied[Thing]:
    """What came of making `wanted` the things of files."""
    return Applied(tuple(differences), len(wanted) - sum(one.id in wanted for one in differences))


def require_room(things: Iterable[Owned], most: int, word: str, more: int = 0) -> None:
    """Raise Conflict where a tenant would have more than `most` of its own."""
    if sum(one.origin is not Origin.READY_MADE for one in things) + more > most:
        raise Conflict(f"a tenant may have {most:,} {word}s of its own; delete some first")
