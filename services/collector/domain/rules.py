"""The documented rule of every field, as the contracts in proto/ state them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.collector.domain.columns import (
    KINDS,
    EventColumns,
    HeartbeatColumns,
    LabelledColumns,
    LogColumns,
    PackedEvents,
    SampleColumns,
    SeriesDefinition,
    Values,
)
from services.collector.domain.inspection import Inspection
from services.collector.domain.places import ColumnPlaces, LabelledPlaces, Places
from services.core.conventions import AGENT_KIND, SERVICE_KIND, STALE_BITS

TYPE = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
SERIES_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,199}")
LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,99}")
TRACE_ID = re.compile(r"(?:[0-9a-f]{32})?")
MAX_LABELS = 32
MAX_LABEL_VALUE = 500
MAX_UNIT = 30
MAX_SERVICE = 100
MAX_PERSON = 200
MAX_STATUS = 50
MAX_MESSAGE = 16_384
LEVELS = (1, 5)


@dataclass(frozen=True, slots=True)
class Moment:
    """Acceptance of a request: now in Unix seconds, and the limits of its tenant that points are judged by."""

    now: float
    skew_seconds: float
    max_labels: int = MAX_LABELS
    max_label_value: int = MAX_LABEL_VALUE


DEFAULT = Moment(0.0, 0.0)


def longest(limit: int) -> Callable[[str], bool]:
    """Texts of at most `limit` characters."""
    return lambda text: len(text) <= limit


def between(limit: int) -> Callable[[str], bool]:
    """Texts of 1 to `limit` characters."""
    return lambda text: 1 <= len(text) <= limit


def inspect_events(events: EventColumns, places: Places, moment: Moment) -> Inspection:
    """Judge events."""
    found = Inspection(len(events), places.at)
    found.texts(events.types, TYPE.fullmatch, "type", "must be 1 to 100 characters of A-Z a-z 0-9 _ . : / -")
    found.texts(events.services, longest(MAX_SERVICE), "service", f"must be at most {MAX_SERVICE} characters")
    found.texts(events.user_ids, longest(MAX_PERSON), "user_id", f"must be at most {MAX_PERSON} characters")
    found.texts(events.session_ids, longest(MAX_PERSON), "session_id", f"must be at most {MAX_PERSON} characters")
    found.times(events.times_us, moment.now, moment.skew_seconds, 1_000_000)
    return found


def inspect_packed(events: PackedEvents, places: Places, moment: Moment) -> Inspection:
    """Judge the times of events of which everything else was judged."""
    found = Inspection(len(events), places.at)
    found.times(events.times_us, moment.now, moment.skew_seconds, 1_000_000)
    return found


def inspect_logs(logs: LogColumns, places: Places, moment: Moment) -> Inspection:
    """Judge log lines."""
    found = Inspection(len(logs), places.at)
    found.texts(logs.messages, between(MAX_MESSAGE), "message", f"must be 1 to {MAX_MESSAGE:,} characters")
    found.faults((logs.levels < LEVELS[0]) | (logs.levels > LEVELS[1]), "level", "is no level of the contract")
    found.texts(logs.services, longest(MAX_SERVICE), "service", f"must be at most {MAX_SERVICE} characters")
    found.texts(logs.trace_ids, TRACE_ID.fullmatch, "trace_id", "must be 32 hexadecimal digits")
    found.times(logs.times_us, moment.now, moment.skew_seconds, 1_000_000)
    return found


def inspect_heartbeats(beats: HeartbeatColumns, places: Places, moment: Moment) -> Inspection:
    """Judge heartbeats."""
    found = Inspection(len(beats), places.at)
    found.texts(beats.services, between(MAX_SERVICE), "service", f"must be 1 to {MAX_SERVICE} characters")
    found.texts(beats.statuses, between(MAX_STATUS), "status", f"must be 1 to {MAX_STATUS} characters")
    found.texts(beats.kinds, (SERVICE_KIND, AGENT_KIND).__contains__, "kind", "must be `service` or `agent`")
    found.times(beats.times_us, moment.now, moment.skew_seconds, 1_000_000)
    _figure(found, beats.request_counts, "request_count")
    _figure(found, beats.error_counts, "error_count")
    _figure(found, beats.avg_latencies_ms, "avg_latency")
    _figure(found, beats.uptimes_hours, "uptime")
    return found


def _figure(found: Inspection, column: Values, field: str) -> None:
    # NaN stands for a figure that was not told, and compares as false.
    found.faults((column < 0) | np.isinf(column), f"metrics.{field}", "must be finite and not negative")


def inspect_samples(samples: SampleColumns, places: ColumnPlaces, moment: Moment) -> Inspection:
    """Judge samples of registered series, except for who their series are."""
    found = Inspection(len(samples), lambda row, field: places.at(row, "times_unix_ms" if field == "time" else field))
    found.faults(~np.isfinite(samples.values), "values", "must be finite")
    found.times(samples.times_ms, moment.now, moment.skew_seconds, 1_000)
    return found


def inspect_labelled(
    labelled: LabelledColumns,
    places: LabelledPlaces,
    moment: Moment,
    trusted: Callable[[SeriesDefinition], bool] = lambda _definition: False,
) -> Inspection:
    """Judge samples together with the series they name; a faulty series takes its samples with it.

    Series that are `trusted` were judged before.
    """
    found = Inspection(len(labelled), places.at)
    faulty = {
        number: fault
        for number, definition in enumerate(labelled.definitions)
        if not trusted(definition) and (fault := definition_fault(definition, places.label, KINDS, moment)) is not None
    }
    if faulty:
        bad = np.isin(labelled.rows, np.array(list(faulty), dtype=np.intp))

        def describe(row: int) -> tuple[str, str]:
            number = int(labelled.rows[row])
            field, description = faulty[number]
            return places.series(number, field), description

        found.faults_by(bad, describe)
    strange = ~np.isfinite(labelled.values)
    if strange.any():
        strange &= labelled.values.view(np.uint64) != STALE_BITS
        found.faults(strange, "value", "must be finite, or the marker that ends a series")
    found.times(labelled.times_ms, moment.now, moment.skew_seconds, 1_000)
    return found


def definition_fault(
    definition: SeriesDefinition,
    label: Callable[[str], str],
    kinds: Sequence[int] = KINDS,
    moment: Moment = DEFAULT,
) -> tuple[str, str] | None:
    """The first field of a series that breaks its rule, and the rule; None when all is well."""
    if not SERIES_NAME.fullmatch(definition.name):
        return "name", "must be 1 to 200 characters of A-Z a-z 0-9 _ . : / -, starting with a letter or _"
    if len(definition.labels) > moment.max_labels:
        return label(""), f"must be at most {moment.max_labels} labels (limit labels_per_series)"
    former: str | None = None
    for name, value in definition.labels:
        if name == former:
            return label(name), "is given twice"
        former = name
        if not LABEL_NAME.fullmatch(name):
            return label(name), "name must be 1 to 100 characters of A-Z a-z 0-9 _ . : / -, starting with a letter or _"
        if not 1 <= len(value) <= moment.max_label_value:
            return label(name), f"must be 1 to {moment.max_label_value} characters (limit label_value_length)"
    if definition.kind not in kinds:
        return "kind", "is no kind of the contract"
    if len(definition.unit) > MAX_UNIT:
        return "unit", f"must be at most {MAX_UNIT} characters"
    return None
