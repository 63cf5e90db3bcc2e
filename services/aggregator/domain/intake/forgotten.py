"""Rows that come late: accepted before a deletion was asked for, stored after it."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from services.aggregator.ports.deletions import NAMING_ATTRIBUTES, Deletion, digest_of
from services.aggregator.ports.records import EventColumns, LogColumns, Record
from services.core.columns import NO_TELEMETRY, ExemplarColumns, SpanColumns

NOTHING = "{}"
Attributed = TypeVar("Attributed", LogColumns, SpanColumns, ExemplarColumns)


class Forgotten:
    """What late rows are held against. Belongs to one event loop."""

    def __init__(self) -> None:
        self._by_tenant: Mapping[str, list[Deletion]] = {}

    def watch(self, deletions: Iterable[Deletion]) -> None:
        """From now on these, and none else."""
        found: dict[str, list[Deletion]] = {}
        for deletion in deletions:
            found.setdefault(deletion.tenant, []).append(deletion)
        self._by_tenant = found

    def without(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records as they may be shown and stored: of a deleted tenant nothing, of a person nothing that names it.

        Places and names of records stay, so that a repeated one is still known.
        """
        if not any(record.tenant in self._by_tenant for record in records):
            return records
        return [self._kept(record) for record in records]

    def _kept(self, record: Record) -> Record:
        late = [one for one in self._by_tenant.get(record.tenant, ()) if record.accepted_us <= one.requested_us]
        if any(one.scope == "tenant" for one in late):
            kept = Record(record.offset, record.tenant, record.accepted_us, size=record.size, batch_id=record.batch_id)
            # Who did what is no data of the tenant's: it stays, whatever is deleted.
            return dataclasses.replace(kept, audit=record.audit)
        for deletion in late:
            record = _without_user(record, deletion)
        return record


def names(deletion: Deletion, user_id: str) -> bool:
    """Whether a deletion is of a person."""
    return digest_of(deletion.id, user_id) == deletion.digest


def _without_user(record: Record, deletion: Deletion) -> Record:
    telemetry = record.telemetry
    if telemetry is not NO_TELEMETRY:
        telemetry = dataclasses.replace(
            telemetry,
            spans=_blanked(telemetry.spans, deletion),
            exemplars=_blanked(telemetry.exemplars, deletion),
        )
    return dataclasses.replace(
        record,
        events=_without_events(record.events, deletion),
        logs=_blanked(record.logs, deletion),
        telemetry=telemetry,
    )


def _without_events(events: EventColumns | None, deletion: Deletion) -> EventColumns | None:
    """Events as nobody's: their type, service and traffic stay, since they are in counts already."""
    if events is None:
        return None
    named = {user for user in set(events.user_ids) if user and names(deletion, user)}
    rows = {
        row for row, user in enumerate(events.user_ids) if user in named or names_in(events.data_json[row], deletion)
    }
    if not rows:
        return events

    def kept(column: Sequence[str], otherwise: str) -> list[str]:
        return [otherwise if row in rows else value for row, value in enumerate(column)]

    return dataclasses.replace(
        events,
        user_ids=kept(events.user_ids, ""),
        session_ids=kept(events.session_ids, ""),
        data_json=kept(events.data_json, NOTHING),
    )


def _blanked(columns: Attributed | None, deletion: Deletion) -> Attributed | None:
    """Rows whose attributes name a person, without attributes, and without their message where they have one."""
    if columns is None:
        return None
    rows = {row for row, text in enumerate(columns.attributes_json) if names_in(text, deletion)}
    if not rows:
        return columns
    changed: dict[str, Any] = {
        "attributes_json": [NOTHING if row in rows else text for row, text in enumerate(columns.attributes_json)]
    }
    if isinstance(columns, LogColumns):
        changed["messages"] = ["" if row in rows else text for row, text in enumerate(columns.messages)]
    if isinstance(columns, SpanColumns):
        for name in ("events_json", "links_json"):
            changed[name] = ["[]" if row in rows else text for row, text in enumerate(getattr(columns, name))]
    return dataclasses.replace(columns, **changed)


def names_in(text: str, deletion: Deletion) -> bool:
    """Whether an attribute of a JSON object names the person that a deletion is of."""
    if "user" not in text:
        return False
    attributes = orjson.loads(text)
    return any(
        isinstance(value := attributes.get(name), str | int) and names(deletion, str(value))
        for name in NAMING_ATTRIBUTES
    )
