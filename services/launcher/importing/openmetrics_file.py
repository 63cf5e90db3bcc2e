"""OpenMetrics text whose samples carry their times, by Prometheus' own parser, a few lines at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from binnacle.metrics.v1.metrics_pb2 import METRIC_KIND_COUNTER, METRIC_KIND_GAUGE
from services.launcher.importing.chunks import Chunk, Gathering
from services.launcher.importing.faults import BadFile, Place
from services.launcher.importing.tables import Columns
from services.launcher.importing.values import number

LONGEST_LINE = 1 << 20
RUN_LINES = 1_000
EXEMPLAR = " # {"
COUNTED = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("_count", "_sum"),
}
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created", "_info", "_gcount", "_gsum")


class _Families:
    """Type and unit of each family, as the file's comments tell."""

    def __init__(self) -> None:
        self._types: dict[str, str] = {}
        self._units: dict[str, str] = {}

    def learn(self, line: str) -> None:
        words = line.split(" ", 3)
        if len(words) == 4 and words[1] in ("TYPE", "UNIT"):
            (self._types if words[1] == "TYPE" else self._units)[words[2]] = words[3]

    def kind_and_unit(self, name: str) -> tuple[int, str]:
        families = (name, *(name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)))
        family = next((one for one in families if one in self._types), name)
        counted = name.removeprefix(family) in COUNTED.get(self._types.get(family, ""), ())
        return METRIC_KIND_COUNTER if counted else METRIC_KIND_GAUGE, self._units.get(family, "")


def chunks(path: Path, columns: Columns) -> Iterator[Chunk]:
    """The samples of a file. Raises BadFile."""
    families, gathering, done = _Families(), Gathering(), 0
    for first, run, done in _runs(path, families):
        for line, sample in _samples(path, first, run):
            kind, unit = families.kind_and_unit(sample.name)
            labels = tuple(sorted((name, value) for name, value in sample.labels.items() if value))
            figure = number(float(sample.value))
            if sample.timestamp is None:
                raise BadFile(Place(path, line), f"{sample.name} carries no time")
            if figure is not None:
                at_ms = round(float(sample.timestamp) * 1_000)
                gathering.sample((sample.name, labels, kind, unit or columns.unit), at_ms, figure, line)
            if gathering.full():
                yield from gathering.taken(done)
    yield from gathering.taken(done)


def _runs(path: Path, families: _Families) -> Iterator[tuple[int, list[str], int]]:
    """Lines of samples of one name that follow each other: the number of the first, the lines, what was read."""
    first, run, name, done = 0, [""], "", 0
    run.clear()
    with path.open("rb") as file:
        for line, text in enumerate(_lines(path, file), 1):
            done += len(text)
            decoded = _decoded(Place(path, line), text)
            found = "" if not decoded or decoded.startswith("#") else decoded.partition("{")[0].partition(" ")[0]
            if run and (found != name or len(run) >= RUN_LINES):
                yield first, run, done
                run = []
            if decoded.startswith("#"):
                families.learn(decoded)
            elif decoded:
                first, name = (first, name) if run else (line, found)
                run.append(decoded)
    if run:
        yield first, run, done


def _lines(path: Path, file: "Iterator[bytes]") -> Iterator[bytes]:
    for line, text in enumerate(file, 1):
        if len(text) > LONGEST_LINE:
            raise BadFile(Place(path, line), f"is longer than {LONGEST_LINE >> 20} MiB")
        yield text


def _decoded(place: Place, text: bytes) -> str:
    try:
        return text.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadFile(place, "is not UTF-8") from error


def _samples(path: Path, first: int, run: list[str]) -> Iterator[tuple[int, Sample]]:
    """The samples of a run.

    The parser wants series grouped and times rising; where they are not, it gets single lines.
    """
    try:
        found = list(_parsed(run))
    except ValueError:
        found = []
    if len(found) == len(run):
        yield from enumerate(found, first)
        return
    for line, text in enumerate(run, first):
        try:
            yield from ((line, sample) for sample in _single(text))
        except ValueError as error:
            raise BadFile(Place(path, line), f"is no OpenMetrics: {error}") from error


def _single(text: str) -> list[Sample]:
    try:
        return list(_parsed([text]))
    except ValueError:
        # An exemplar is allowed in some families only, and here none is known.
        plain, exemplar, _rest = text.rpartition(EXEMPLAR)
        if not exemplar:
            raise
        return list(_parsed([plain]))


def _parsed(lines: list[str]) -> Iterator[Sample]:
    parse: Callable[[str], Iterator[Metric]] = text_string_to_metric_families
    for family in parse("\n".join([*lines, "# EOF", ""])):
        yield from family.samples
