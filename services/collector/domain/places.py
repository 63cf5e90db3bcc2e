"""Names of points and their fields as the sender of a request knows them, such as `events[3].type`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Places(Protocol):
    """Names the fields of a request's points."""

    def at(self, row: int, field: str) -> str:
        """The field of one point; `field` by its name in the contract."""
        ...


@dataclass(frozen=True, slots=True)
class ListPlaces:
    """Points in a list: `events[3].type`. `numbers` holds each row's place in the request when rows are missing."""

    collection: str
    numbers: Sequence[int] | None = None

    def at(self, row: int, field: str) -> str:
        number = row if self.numbers is None else self.numbers[row]
        return f"{self.collection}[{number}].{field}" if field else f"{self.collection}[{number}]"


@dataclass(frozen=True, slots=True)
class BodyPlaces:
    """Points of a JSON body: as a list, or `type` alone when the body is one object."""

    collection: str
    numbers: Sequence[int]
    single: bool

    def at(self, row: int, field: str) -> str:
        spoken = "timestamp" if field == "time" else field
        return spoken if self.single else ListPlaces(self.collection, self.numbers).at(row, spoken)


@dataclass(frozen=True, slots=True)
class ColumnPlaces:
    """Points in columns: `samples.values[3]`."""

    prefix: str

    def at(self, row: int, field: str) -> str:
        return f"{self.prefix}.{field}[{row}]"


class LabelledPlaces(Protocol):
    """Names the fields of samples that come with their series."""

    def series(self, number: int, field: str) -> str:
        """A field of the series at `number` in the definitions."""
        ...

    def label(self, name: str) -> str:
        """The field that holds the label `name`."""
        ...

    def at(self, row: int, field: str) -> str:
        """The `time` or `value` of one sample."""
        ...


@dataclass(frozen=True, slots=True)
class SeriesPlaces:
    """`series[2].series.name`, `series[2].values[5]`; `origins` holds series and place within it of each row."""

    origins: Sequence[tuple[int, int]] = ()
    numbers: Sequence[int] | None = None
    inner: str = "series."

    def series(self, number: int, field: str) -> str:
        return ListPlaces("series", self.numbers).at(number, self.inner + field)

    def label(self, name: str) -> str:
        return f"labels[{name!r}]"

    def at(self, row: int, field: str) -> str:
        number, place = self.origins[row]
        column = "times_unix_ms" if field == "time" else "values"
        return ListPlaces("series", self.numbers).at(number, f"{column}[{place}]")


@dataclass(frozen=True, slots=True)
class MetricPlaces:
    """`metrics[2].name`, `metrics[2].tags.endpoint`; every value of a JSON body is a series of its own."""

    body: BodyPlaces

    def series(self, number: int, field: str) -> str:
        return self.body.at(number, field)

    def label(self, name: str) -> str:
        return f"tags.{name}" if name else "tags"

    def at(self, row: int, field: str) -> str:
        return self.body.at(row, field)
