"""The series a client writes: each told to the server once a connection, then named by its identity."""

import re
from array import array
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from binnacle.metrics.v1.metrics_pb2 import MetricKind, SeriesDefinition
from binnacle_client.errors import InvalidInput, Violation

REGISTER_AT_ONCE = 10_000
_PLACE = re.compile(r"^series\[(\d+)\]")


class Sample(NamedTuple):
    """One value of one series, which is named by its place in the book."""

    place: int
    time_ms: int
    value: float


Key = tuple[str, frozenset[tuple[str, str]]]
Register = Callable[[Sequence[SeriesDefinition]], Awaitable[Sequence[int]]]


class SeriesBook:
    """Places of series by name and labels, their identities on the server, and those it refused."""

    def __init__(self, limit: int) -> None:
        self._limit, self._lock = limit, Lock()
        self._places: dict[Key, int] = {}
        self._definitions: list[SeriesDefinition] = []
        self._ids: dict[int, int] = {}
        self._refused: dict[int, Violation] = {}

    def place(self, name: str, labels: Mapping[str, str], kind: MetricKind.ValueType, unit: str) -> int | None:
        """The place of a series, new or known; None when the book is full."""
        key = (name, frozenset(labels.items()))
        place = self._places.get(key)
        return (
            self._add(key, SeriesDefinition(name=name, labels=labels, kind=kind, unit=unit)) if place is None else place
        )

    def _add(self, key: Key, definition: SeriesDefinition) -> int | None:
        # Writers may be threads.
        with self._lock:
            if key not in self._places and len(self._definitions) < self._limit:
                self._definitions.append(definition)
                self._places[key] = len(self._definitions) - 1
            return self._places.get(key)

    def forget_ids(self) -> None:
        """Tell the server anew: it may be another one, or have lost its map."""
        self._ids.clear()

    async def register(self, places: Iterable[int], register: Register) -> None:
        """Have an identity, or a refusal, for every place."""
        missing = sorted({place for place in places if place not in self._ids and place not in self._refused})
        while missing:
            batch, missing = missing[:REGISTER_AT_ONCE], missing[REGISTER_AT_ONCE:]
            try:
                ids = await register([self._definitions[place] for place in batch])
            except InvalidInput as error:
                missing = self._set_aside(batch, error) + missing
            else:
                self._ids.update(zip(batch, ids, strict=True))

    def _set_aside(self, batch: list[int], error: InvalidInput) -> list[int]:
        """Mark the series the server named, or all when it named none; give the rest."""
        for violation in error.violations:
            if (found := _PLACE.match(violation.field)) and int(found[1]) < len(batch):
                self._refused[batch[int(found[1])]] = violation
        if not any(place in self._refused for place in batch):
            self._refused.update((place, Violation("series", str(error))) for place in batch)
        return [place for place in batch if place not in self._refused]

    def refusal(self, sample: Sample) -> Violation | None:
        """Why the series of a sample is refused, if it is."""
        return self._refused.get(sample.place)

    def columns(self, samples: Sequence[Sample]) -> tuple["array[int]", "array[int]", "array[float]"]:
        """Identities, times and values of samples whose series are registered."""
        ids = self._ids
        return (
            array("Q", [ids[sample.place] for sample in samples]),
            array("q", [sample.time_ms for sample in samples]),
            array("d", [sample.value for sample in samples]),
        )
