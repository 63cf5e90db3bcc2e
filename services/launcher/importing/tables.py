"""Rows of named columns, from CSV and Parquet: one sample a row (long), or one a cell (wide)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from binnacle.metrics.v1.metrics_pb2 import METRIC_KIND_COUNTER, METRIC_KIND_DELTA, METRIC_KIND_GAUGE
from services.launcher.importing.chunks import Chunk, Gathering, Labels
from services.launcher.importing.faults import BadFile, Place
from services.launcher.importing.values import BadValue, number, time_ms

KINDS = {"gauge": METRIC_KIND_GAUGE, "counter": METRIC_KIND_COUNTER, "delta": METRIC_KIND_DELTA}
TIMES = ("time", "timestamp", "ts", "date")
NAMES = ("name", "metric", "__name__")
VALUES = ("value",)

Row = tuple[int, Sequence[Any], int]
"""Line, cells, and how much of the file was read with it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what; None looks for its usual names. `labels` None: in a long table all others, else none."""

    time: str | None = None
    metric: str | None = None
    value: str | None = None
    labels: Sequence[str] = ()
    kind: str = "gauge"
    unit: str = ""


@dataclass(slots=True)
class Table:
    """A table whose header is known."""

    path: Path
    header: Sequence[str]
    columns: Columns
    _labels: dict[tuple[Any, ...], Labels] = field(default_factory=dict)

    def chunks(self, rows: Iterable[Row]) -> Iterator[Chunk]:
        """The samples of rows. Raises BadFile."""
        self._check_header()
        gathering, done = Gathering(), 0
        add = self._long(gathering) if self._find(self.columns.metric, NAMES, "metric") else self._wide(gathering)
        width = len(self.header)
        for line, cells, done in rows:
            if len(cells) != width:
                raise BadFile(Place(self.path, line), f"has {len(cells)} cells, the header {width}")
            add(line, cells)
            if gathering.full():
                yield from gathering.taken(done)
                self._labels.clear()
        yield from gathering.taken(done)

    def _check_header(self) -> None:
        twice = {name for name in self.header if self.header.count(name) > 1}
        if twice:
            raise BadFile(Place(self.path, 1), f"the header names {', '.join(sorted(twice))} more than once")
        if self._find(self.columns.time, TIMES, "time") is None:
            raise BadFile(
                Place(self.path, 1), f"no column is the time ({', '.join(TIMES)}); name it with --time-column"
            )

    def _find(self, told: str | None, usual: Sequence[str], option: str) -> str | None:
        if told is not None:
            if told not in self.header:
                raise BadFile(Place(self.path, 1), f"there is no column {told} (--{option}-column)")
            return told
        return next((name for name in self.header if name.lower() in usual), None)

    def _place(self, name: str | None) -> int:
        assert name is not None
        return list(self.header).index(name)

    def _label_places(self, taken: set[int]) -> list[int]:
        for name in self.columns.labels:
            self._find(name, (), "label")
        if self.columns.labels:
            return [self._place(name) for name in self.columns.labels]
        return [place for place in range(len(self.header)) if place not in taken]

    def _long(self, gathering: Gathering) -> Any:
        time_at = self._place(self._find(self.columns.time, TIMES, "time"))
        name_at = self._place(self._find(self.columns.metric, NAMES, "metric"))
        value = self._find(self.columns.value, VALUES, "value")
        if value is None:
            raise BadFile(Place(self.path, 1), "no column is the value; name it with --value-column")
        value_at = self._place(value)
        labels_at = self._label_places({time_at, name_at, value_at})
        kind, unit = KINDS[self.columns.kind], self.columns.unit

        def add(line: int, cells: Sequence[Any]) -> None:
            figure = self._number(line, value_at, cells)
            if cells[name_at] in (None, ""):
                raise BadFile(Place(self.path, line, self.header[name_at]), "names no metric")
            if figure is not None:
                key = (str(cells[name_at]), self._labels_of(line, labels_at, cells), kind, unit)
                gathering.sample(key, self._time(line, time_at, cells), figure, line)

        return add

    def _wide(self, gathering: Gathering) -> Any:
        time_at = self._place(self._find(self.columns.time, TIMES, "time"))
        labels_at = [self._place(self._find(name, (), "label")) for name in self.columns.labels]
        metrics = [(at, name) for at, name in enumerate(self.header) if at != time_at and at not in labels_at]
        kind, unit = KINDS[self.columns.kind], self.columns.unit

        def add(line: int, cells: Sequence[Any]) -> None:
            at_ms, labels = self._time(line, time_at, cells), self._labels_of(line, labels_at, cells)
            for at, name in metrics:
                figure = self._number(line, at, cells)
                if figure is not None:
                    gathering.sample((name, labels, kind, unit), at_ms, figure, line)

        return add

    def _labels_of(self, line: int, places: Sequence[int], cells: Sequence[Any]) -> Labels:
        given = tuple([cells[at] for at in places])
        try:
            labels = self._labels.get(given)
        except TypeError as nested:
            raise BadFile(Place(self.path, line), "has a list or a structure for a label") from nested
        if labels is None:
            names = [self.header[at] for at in places]
            pairs = zip(names, given, strict=True)
            labels = tuple(sorted((name, str(text)) for name, text in pairs if text is not None and text != ""))
            self._labels[given] = labels
        return labels

    def _time(self, line: int, at: int, cells: Sequence[Any]) -> int:
        try:
            return time_ms(cells[at])
        except BadValue as bad:
            raise BadFile(Place(self.path, line, self.header[at]), str(bad)) from bad

    def _number(self, line: int, at: int, cells: Sequence[Any]) -> float | None:
        try:
            return number(cells[at])
        except BadValue as bad:
            raise BadFile(Place(self.path, line, self.header[at]), str(bad)) from bad
