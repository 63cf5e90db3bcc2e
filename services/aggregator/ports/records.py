"""Journal records as columns. Columns of one block are of equal length.

Times are microseconds since the Unix epoch (`_us`) unless named otherwise; NaN means untold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.core.columns import NO_TELEMETRY, RollupColumns, Telemetry
from services.core.records import AuditRecord

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ids = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a tenant: its identity and what it is. `kind` is the number of `MetricKind`."""

    id: int
    name: str
    labels: dict[str, str]
    kind: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SampleColumns:
    """Samples of known series; `times_ms` in milliseconds since the Unix epoch.

    Values are finite, except for the NaN that ends a series (`conventions.STALE_BITS`): it is no reading.
    """

    series_ids: Ids
    times_ms: Longs
    values: Floats


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events; `data_json` is one JSON object per row."""

    times_us: Longs
    types: Sequence[str]
    services: Sequence[str]
    user_ids: Sequence[str]
    session_ids: Sequence[str]
    data_json: Sequence[str]
    traffic: "TrafficColumns"


@dataclass(frozen=True, slots=True)
class TrafficColumns:
    """What the `request` and `error` events of a block say about traffic.

    `rows` are places in the block; endpoint may be empty; latency in milliseconds, NaN when untold.
    """

    rows: npt.NDArray[np.intp]
    endpoints: Sequence[str]
    requests: Floats
    errors: Floats
    latencies_ms: Floats


@dataclass(frozen=True, slots=True)
class LogColumns:
    """Log lines; `levels` are numbers of `LogLevel`; `span_ids` are left out where no line has one."""

    times_us: Longs
    levels: npt.NDArray[np.uint8]
    services: Sequence[str]
    messages: Sequence[str]
    trace_ids: Sequence[str]
    attributes_json: Sequence[str]
    span_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class HeartbeatColumns:
    """Signs of life, with counts the sender told about itself."""

    times_us: Longs
    services: Sequence[str]
    statuses: Sequence[str]
    kinds: Sequence[str]
    request_counts: Floats
    error_counts: Floats
    avg_latencies_ms: Floats
    uptimes_hours: Floats


@dataclass(frozen=True, slots=True)
class WarningColumns:
    """What was refused at intake; refusals that are alike are one row. `counts` are points."""

    kinds: Sequence[str]
    fields: Sequence[str]
    reasons: Sequence[str]
    descriptions: Sequence[str]
    sources: Sequence[str]
    samples: Sequence[str]
    counts: Ids
    first_times_us: Longs
    last_times_us: Longs


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted request of one tenant, at its `offset` in its journal; `batch_id` is what its sender called it.

    `bytes` is its length in the journal, 0 once its rows were taken away; `size` what it takes in memory.
    """

    offset: int
    tenant: str
    accepted_us: int
    series: Sequence[Series] = ()
    samples: SampleColumns | None = None
    events: EventColumns | None = None
    logs: LogColumns | None = None
    heartbeats: HeartbeatColumns | None = None
    warnings: WarningColumns | None = None
    rollups: RollupColumns | None = None
    size: int = 0
    bytes: int = 0
    batch_id: str = ""
    telemetry: Telemetry = NO_TELEMETRY
    span_traffic: TrafficColumns | None = None
    audit: Sequence[AuditRecord] = ()

    def without_rows(self) -> "Record":
        """What is left of a repeated request: its series, which may be told any number of times."""
        return Record(self.offset, self.tenant, self.accepted_us, self.series, size=self.size)


Place = tuple[str, int, int]
"""Where a row came from: journal, offset of its record, row within the record's block."""
