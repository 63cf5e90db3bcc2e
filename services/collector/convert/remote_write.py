"""Prometheus remote write, 1.0 and 2.0, to columns.

Senders name the same series again and again: what their labels mean is remembered by the bytes (1.0) or texts (2.0)
that they came as, so that a series costs a look into a dict and a sample a part of an array.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cramjam
import numpy as np
from google.protobuf.message import DecodeError

from binnacle.remotewrite.v1 import remote_write_pb2 as pb
from services.collector.convert import packed_samples
from services.collector.convert.native_histograms import NativePoints
from services.collector.convert.prometheus_kinds import Families, bounded, told_kind
from services.collector.domain.columns import LabelledColumns, Rows, SeriesDefinition
from services.collector.domain.intake import Draft
from services.collector.domain.places import LabelledPlaces
from services.collector.domain.recent import Recent
from services.collector.domain.redaction import Redactor
from services.collector.domain.telemetry import MetricsDraft
from services.core.conventions import STALE_BITS
from services.core.errors import InvalidInput

MAX_BYTES = 4 * 1024 * 1024
MAX_PLAIN_BYTES = 32 * 1024 * 1024
MAX_SAMPLES = 100_000
REMEMBERED_SERIES = 200_000
NAME = "__name__"
CONTENT = "application/x-protobuf"
V1 = "prometheus.WriteRequest"
V2 = "io.prometheus.write.v2.Request"
LABEL_TAG = 0x0A
# The tag and length of one sample with time and value, and its own first tag.
SAMPLE_HEAD = b"\x12\x10\x09"
SAMPLE_FIELD = 2 + packed_samples.WITH_VALUE

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WrittenPlaces:
    """`timeseries[2](up).value`: place and metric of a series in the request."""

    definitions: Sequence[SeriesDefinition]
    rows: Rows

    def series(self, number: int, field: str) -> str:
        return f"timeseries[{number}]({self.definitions[number].name}).{field}"

    def label(self, name: str) -> str:
        return f"labels[{name!r}]" if name else "labels"

    def at(self, row: int, field: str) -> str:
        return self.series(int(self.rows[row]), field)


@dataclass(frozen=True, slots=True)
class Written:
    """What a request holds: samples; histograms, exemplars and ends of histograms; how many of the exemplars.

    `unvalued` samples are NaN, such as quantiles of nothing: accepted, and nothing to keep.
    """

    draft: Draft[LabelledColumns, LabelledPlaces]
    unvalued: int
    native: MetricsDraft | None
    exemplars: int


@dataclass(slots=True)
class _Gathered:
    """Series of one request, and what was found in them."""

    secrets: Redactor
    native: NativePoints
    definitions: list[SeriesDefinition] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)

    def take(self, definition: SeriesDefinition, samples: Sequence[bytes]) -> None:
        self.definitions.append(definition)
        self.counts.append(len(samples))
        self.samples.extend(samples)

    def take_rest(self, series: pb.Series | pb.SeriesV2, exemplar_labels: Sequence[Labels]) -> None:
        definition = self.definitions[-1]
        metric = f"timeseries[{len(self.definitions) - 1}]({definition.name})"
        self.native.histograms(definition, metric, series.histograms)
        exemplars: Sequence[pb.Exemplar | pb.ExemplarV2] = series.exemplars
        for exemplar, labels in zip(exemplars, exemplar_labels, strict=True):
            self.native.exemplar(definition, metric, exemplar.time_unix_ms, exemplar.value, labels)

    def written(self) -> "Written":
        if len(self.samples) > MAX_SAMPLES:
            raise InvalidInput.of("timeseries", f"must hold at most {MAX_SAMPLES:,} samples, not {len(self.samples):,}")
        times, values = packed_samples.decode(self.samples)
        rows = np.repeat(np.arange(len(self.counts)), self.counts)
        unvalued = np.isnan(values) & (values.view(np.uint64) != STALE_BITS)
        if unvalued.any():
            rows, times, values = rows[~unvalued], times[~unvalued], values[~unvalued]
        columns = LabelledColumns(self.definitions, rows, times, values)
        places: LabelledPlaces = WrittenPlaces(self.definitions, rows)
        return Written(Draft(columns, places), int(unvalued.sum()), self.native.draft(), len(self.native.exemplars))


class RemoteWriteReader:
    """Decodes the requests of all tenants."""

    def __init__(self) -> None:
        self._families = Families()
        self._by_bytes: Recent[tuple[str, bytes], SeriesDefinition] = Recent(REMEMBERED_SERIES)
        self._by_texts: Recent[tuple[str, ...], SeriesDefinition] = Recent(REMEMBERED_SERIES)

    def read(self, tenant: str, content_type: str, body: bytes, secrets: Redactor) -> Written:
        """The samples of a request. Raises InvalidInput when it cannot be read as a whole."""
        version = _version(content_type)
        plain = _decompressed(body)
        try:
            gathered = _Gathered(secrets, NativePoints(secrets))
            return self._read_v2(plain, gathered) if version == V2 else self._read_v1(tenant, plain, gathered)
        except DecodeError as error:
            raise InvalidInput.of("body", f"is no valid {version}") from error

    def _read_v1(self, tenant: str, plain: bytes, gathered: _Gathered) -> Written:
        request = pb.WriteRequest.FromString(plain)
        news = [self._families.learn(tenant, about.name, (about.type, about.unit)) for about in request.metadata]
        if any(news):
            self._by_bytes.clear()
        for entry in request.series:
            end = _labels_end(entry)
            definition = self._by_bytes.get((tenant, entry[:end]))
            if definition is not None and len(entry) - end == SAMPLE_FIELD and entry.startswith(SAMPLE_HEAD, end):
                gathered.take(definition, (entry[end + 2 :],))
            else:
                self._take_rest(tenant, entry, end, definition, gathered)
        return gathered.written()

    def _take_rest(
        self, tenant: str, entry: bytes, end: int, definition: SeriesDefinition | None, gathered: _Gathered
    ) -> None:
        """Take a series of which more is to be read than one sample of labels that are known."""
        series = pb.Series.FromString(entry[end:])
        # Labels may follow the samples, as far as the format goes; then what precedes does not identify the series.
        if series.labels:
            definition = self._definition(tenant, pb.Series.FromString(entry), gathered.secrets)
        elif definition is None:
            definition = self._definition(tenant, pb.Series.FromString(entry[:end]), gathered.secrets)
            self._by_bytes.put((tenant, entry[:end]), definition)
        gathered.take(definition, series.samples)
        if series.histograms or series.exemplars:
            told = [tuple((label.name, label.value) for label in each.labels) for each in series.exemplars]
            gathered.take_rest(series, told)

    def _definition(self, tenant: str, series: pb.Series, secrets: Redactor) -> SeriesDefinition:
        name, rest = _parted(tuple((label.name, label.value) for label in series.labels))
        return SeriesDefinition(name, secrets.pairs(rest), *self._families.kind_and_unit(tenant, name))

    def _read_v2(self, plain: bytes, gathered: _Gathered) -> Written:
        request = pb.WriteRequestV2.FromString(plain)
        symbols = list(request.symbols)
        for number, series in enumerate(request.series):
            refs, about = series.label_refs, series.metadata
            try:
                # What was told of the metric is part of the key: another kind makes another definition.
                texts = (str(about.type), symbols[about.unit_ref], *[symbols[ref] for ref in refs])
            except IndexError as error:
                raise InvalidInput.of(f"timeseries[{number}].labels_refs", "names no symbol") from error
            definition = self._by_texts.get(texts)
            if definition is None:
                definition = _told_definition(texts, number, gathered.secrets)
                self._by_texts.put(texts, definition)
            gathered.take(definition, series.samples)
            if series.histograms or series.exemplars:
                gathered.take_rest(series, [_pairs(exemplar, symbols, number) for exemplar in series.exemplars])
        return gathered.written()


def _told_definition(texts: tuple[str, ...], number: int, secrets: Redactor) -> SeriesDefinition:
    metric_type, unit, *labels = texts
    if len(labels) % 2:
        raise InvalidInput.of(f"timeseries[{number}].labels_refs", "must be pairs of name and value")
    name, rest = _parted(tuple(zip(labels[::2], labels[1::2], strict=True)))
    return SeriesDefinition(name, secrets.pairs(rest), told_kind(name, int(metric_type)), bounded(unit))


def _parted(labels: Labels) -> tuple[str, Labels]:
    """The name of the metric and the other labels; as in Prometheus an empty label is no label."""
    name = next((value for label, value in labels if label == NAME), "")
    return name, tuple(sorted((label, value) for label, value in labels if value and label != NAME))


def _pairs(exemplar: pb.ExemplarV2, symbols: Sequence[str], number: int) -> Labels:
    refs = exemplar.label_refs
    if len(refs) % 2 or any(ref >= len(symbols) for ref in refs):
        raise InvalidInput.of(f"timeseries[{number}].exemplars", "must name symbols, in pairs of name and value")
    return tuple((symbols[name], symbols[value]) for name, value in zip(refs[::2], refs[1::2], strict=True))


def _labels_end(entry: bytes) -> int:
    """Where the labels end that a series begins with; a label of 16 KiB or more ends the search."""
    at, size = 0, len(entry) - 2
    while at < size and entry[at] == LABEL_TAG:
        length, more = entry[at + 1], entry[at + 2]
        if length < 0x80:
            at += 2 + length
        elif more < 0x80:
            at += 3 + (length & 0x7F | more << 7)
        else:
            break
    return at


def _version(content_type: str) -> str:
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    proto = next((value for name, _, value in (p.partition("=") for p in parameters) if name.strip() == "proto"), V1)
    if kind.lower() != CONTENT or proto not in (V1, V2):
        raise InvalidInput.of("content-type", f"must be {CONTENT}, its proto {V1} or {V2}")
    return proto


def _decompressed(body: bytes) -> bytes:
    if len(body) > MAX_BYTES:
        raise InvalidInput.of("body", f"must be at most {MAX_BYTES // 1024 // 1024} MiB; send fewer samples at once")
    try:
        size = cramjam.snappy.decompress_raw_len(body)
        if size > MAX_PLAIN_BYTES:
            raise InvalidInput.of("body", f"must be at most {MAX_PLAIN_BYTES // 1024 // 1024} MiB uncompressed")
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise InvalidInput.of("body", "must be compressed with snappy (its block format)") from error
