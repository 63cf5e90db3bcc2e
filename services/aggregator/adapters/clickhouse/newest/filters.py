"""Searches as conditions on rows in memory, where they mean the same as in the store."""

from collections.abc import Callable

from services.aggregator.ports.audit import AuditSearch
from services.aggregator.ports.changes import ChangeFilter
from services.aggregator.ports.logs import Neighbours, StoredLine
from services.aggregator.ports.searches import EventSearch, LogSearch, TextSearch
from services.aggregator.ports.store import EventFilter, StoredEvent
from services.core.records import AuditRecord


def event_filter(matching: EventFilter) -> Callable[[StoredEvent], bool]:
    """Whether an event meets a filter."""
    return lambda event: matching.type in ("", event.type) and matching.service in ("", event.service)


def event_search_filter(search: EventSearch) -> Callable[[StoredEvent], bool] | None:
    """Whether an event is one of a search, whenever it was; None where only the store can tell."""
    if search.text != TextSearch() or search.attributes:
        return None
    types, without, services = set(search.types), set(search.without_types), set(search.services)
    user_ids, session_ids = set(search.user_ids), set(search.session_ids)

    def matches(event: StoredEvent) -> bool:
        return (
            (not types or event.type in types)
            and event.type not in without
            and (not services or event.service in services)
            and (not user_ids or event.user_id in user_ids)
            and (not session_ids or event.session_id in session_ids)
        )

    return matches


def line_filter(search: LogSearch) -> Callable[[StoredLine], bool] | None:
    """Whether a log line is one of a search, whenever it was; None where only the store can tell."""
    if search.text != TextSearch() or search.attributes or search.pattern:
        return None
    levels, services = set(search.levels), set(search.services)

    def matches(line: StoredLine) -> bool:
        return (
            (not levels or line.level in levels)
            and (not services or line.service in services)
            and (not search.trace_id or line.trace_id == search.trace_id)
            and (not search.span_id or line.span_id == search.span_id)
        )

    return matches


def any_line(_line: StoredLine) -> bool:
    """All of them."""
    return True


def neighbour_filter(among: Neighbours) -> Callable[[StoredLine], bool] | None:
    """Whether a line is one of its neighbours, whenever it was; None where its attributes have to be looked into."""
    if among.host is not None:
        return None
    return lambda line: line.service == among.service


def change_filter(matching: ChangeFilter) -> Callable[[StoredEvent], bool] | None:
    """Whether an event is one of these changes; None where its data has to be looked into."""
    if matching.service:
        return None
    kinds = set(matching.kinds)
    return lambda event: event.type in kinds


def audit_filter(search: AuditSearch) -> Callable[[AuditRecord], bool] | None:
    """Whether a record is one of a search, whenever it was; None where only the store can tell."""
    if search.text != TextSearch():
        return None
    kinds, actions, subjects, ids = set(search.kinds), set(search.actions), set(search.subjects), set(search.ids)

    def matches(record: AuditRecord) -> bool:
        return (
            (not kinds or record.kind in kinds)
            and (not actions or record.action in actions)
            and (not subjects or record.subject in subjects)
            and (not ids or record.id in ids)
        )

    return matches
