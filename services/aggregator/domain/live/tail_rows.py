"""Rows of records as tails tell them, and messages made of rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from services.aggregator.domain.live.tenant_live import EVENTS_LEFT_OUT, shown_events
from services.aggregator.ports.records import Record
from services.aggregator.ports.store import StoredEvent
from services.aggregator.ports.tails import ALL, Mark, Stretch, Tail, TailFilter, TailLine, TailRow, Topic

MESSAGE_ROWS = 500
MESSAGE_CHARACTERS = 1 << 20
# What a row takes beside its texts, about.
ROW_CHARACTERS = 150
START: Mark = (0, 0)
Form = TypeVar("Form")


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Rows, and the stretches of which they are all; `characters` is about their size."""

    rows: Sequence[TailRow]
    stretches: Sequence[Stretch]
    as_of: float
    characters: int
    _forms: dict[object, object] = field(default_factory=dict, init=False, repr=False)

    def form(self, encode: "Callable[[Told], Form]") -> Form:
        """What `encode` makes of it; made once, however many ask."""
        if encode not in self._forms:
            self._forms[encode] = encode(self)
        return cast("Form", self._forms[encode])


class Messages:
    """Puts rows together to messages of bounded size; of each journal they come in order of place."""

    def __init__(self, marks: Mapping[str, Mark], now: Callable[[], float]) -> None:
        self._now = now
        self._told = dict(marks)
        self._reached: dict[str, Mark] = {}
        self._rows: list[TailRow] = []
        self._characters = 0

    def add(self, row: TailRow) -> None:
        """One more row."""
        journal_id, offset, number = row.place
        self._rows.append(row)
        self._reached[journal_id] = (offset, number + 1)
        self._characters += ROW_CHARACTERS + _characters(row)

    def reach(self, journal_id: str, mark: Mark) -> None:
        """There are no more rows of a journal before a mark."""
        self._reached[journal_id] = max(mark, self._reached.get(journal_id, START))

    def __len__(self) -> int:
        """How many rows wait to be taken."""
        return len(self._rows)

    @property
    def full(self) -> bool:
        """Whether a message has to be taken before another row is added."""
        return len(self._rows) >= MESSAGE_ROWS or self._characters >= MESSAGE_CHARACTERS

    def take(self) -> Told:
        """The rows since the last call, with what they fill."""
        stretches = [
            Stretch(journal_id, start, end)
            for journal_id, end in self._reached.items()
            if (start := self._told.get(journal_id, START)) < end
        ]
        self._told.update((stretch.journal_id, stretch.end) for stretch in stretches)
        told = Told(self._rows, stretches, self._now(), self._characters)
        self._reached, self._rows, self._characters = {}, [], 0
        return told


def _characters(row: TailRow) -> int:
    if isinstance(row, StoredEvent):
        return len(row.data_json)
    return len(row.message) + len(row.attributes_json)


def holds(record: Record, topic: Topic) -> bool:
    """Whether a record may have rows of a topic."""
    return record.logs is not None if topic is Topic.LOGS else record.events is not None


def rows_of(journal_id: str, records: Iterable[Record], tail: Tail) -> Iterator[TailRow]:
    """The rows of a tail that records of a journal hold, in order of place."""
    for record in records:
        if record.tenant == tail.tenant:
            found: Sequence[TailRow] = _rows(journal_id, record, tail.topic)
            yield from found if tail.matching is ALL else (row for row in found if matches(row, tail.matching))


def _rows(journal_id: str, record: Record, topic: Topic) -> Sequence[TailRow]:
    if topic is Topic.LOGS:
        return _lines(journal_id, record)
    return shown_events(journal_id, record, EVENTS_LEFT_OUT if topic is Topic.EVENTS else ())


def _lines(journal_id: str, record: Record) -> list[TailLine]:
    logs = record.logs
    if logs is None:
        return []
    times, levels, spans = logs.times_us.tolist(), logs.levels.tolist(), logs.span_ids or [""] * len(logs.messages)
    return [
        TailLine(
            times[row],
            record.accepted_us,
            levels[row],
            logs.services[row],
            message,
            logs.trace_ids[row],
            spans[row],
            logs.attributes_json[row],
            (journal_id, record.offset, row),
        )
        for row, message in enumerate(logs.messages)
    ]


def matches(row: TailRow, matching: TailFilter) -> bool:
    """Whether a row is one of those."""
    if matching.services and row.service not in matching.services:
        return False
    if isinstance(row, TailLine):
        return not matching.levels or row.level in matching.levels
    return (not matching.types or row.type in matching.types) and (
        not matching.user_ids or row.user_id in matching.user_ids
    )
