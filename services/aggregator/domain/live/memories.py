"""Small bounded memories of a tenant: totals of the day, who was seen, what happened, who is alive.

What is stamped ahead of its acceptance counts as of its acceptance, so that a wrong clock cannot hold a place for
hours.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass

from services.aggregator.domain.live.window import OTHER
from services.aggregator.ports.records import Place
from services.aggregator.ports.signals import SignalColumns
from services.aggregator.ports.store import DayTotals, StoredEvent, StoredHeartbeat
from services.core.conventions import AGENT_KIND, FIGURES_WINDOW

DAY_SECONDS = 86_400
MAX_SERVICES_A_DAY = 1_000
MAX_USERS = 200_000
MAX_HEARTBEATS = 1_000
RECENT_EVENTS = 20
MICRO = 1_000_000

Seen = tuple[int, Place]


@dataclass(slots=True)
class DayCount:
    """Requests and errors of one service on one day."""

    requests: float = 0.0
    errors: float = 0.0


class DayCounters:
    """Requests and errors by service, for today and days ahead."""

    def __init__(self) -> None:
        self._days: dict[int, dict[str, DayCount]] = {}

    def add(self, columns: SignalColumns, today: int) -> None:
        """Count signals on the day they happened; days gone by are passed over."""
        rows = zip(
            columns.seconds.tolist(), columns.services, columns.requests.tolist(), columns.errors.tolist(), strict=True
        )
        for second, service, requests, errors in rows:
            self.add_totals(DayTotals(second // DAY_SECONDS, service, requests, errors), today)

    def add_totals(self, totals: DayTotals, today: int) -> None:
        """Count what happened on one day."""
        if totals.day < today:
            return
        services = self._days.setdefault(totals.day, {})
        known = totals.service in services or len(services) < MAX_SERVICES_A_DAY
        count = services.setdefault(totals.service if known else OTHER, DayCount())
        count.requests += totals.requests
        count.errors += totals.errors

    def of(self, today: int) -> dict[str, DayCount]:
        """Counts of a day by service; former days are forgotten."""
        for day in [day for day in self._days if day < today]:
            del self._days[day]
        return self._days.get(today, {})


class ActiveUsers:
    """Who was seen within five minutes; at most MAX_USERS."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._by_second: dict[int, set[str]] = {}

    def see(self, user: str, second: int) -> None:
        """Somebody was seen; earlier sightings do not count any more."""
        former = self._seen.get(user)
        if former is None:
            if len(self._seen) >= MAX_USERS:
                return
        elif former >= second:
            return
        else:
            self._by_second[former].discard(user)
        self._seen[user] = second
        self._by_second.setdefault(second, set()).add(user)

    def count(self, now: int) -> int:
        """Users seen within five minutes before second `now`; others are forgotten."""
        for second in [second for second in self._by_second if second <= now - FIGURES_WINDOW]:
            for user in self._by_second.pop(second):
                del self._seen[user]
        return len(self._seen)


class RecentEvents:
    """The newest events."""

    def __init__(self) -> None:
        self._newest: list[tuple[Seen, StoredEvent]] = []

    def add(self, events: Iterable[StoredEvent]) -> None:
        """Take in events; all but the newest are forgotten."""
        for event in events:
            entry = ((min(event.time_us, event.accepted_us), event.place), event)
            if len(self._newest) < RECENT_EVENTS or entry[0] > self._newest[0][0]:
                insort(self._newest, entry, key=lambda each: each[0])
                del self._newest[:-RECENT_EVENTS]

    def newest(self, now: int) -> list[StoredEvent]:
        """The newest events of the last day, newest first."""
        oldest = (now - DAY_SECONDS) * MICRO
        return [event for (seen, _place), event in reversed(self._newest) if seen > oldest]


class Heartbeats:
    """The newest sign of life of each service within a day; agents are no services."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[Seen, StoredHeartbeat]] = {}

    def add(self, beats: Iterable[StoredHeartbeat]) -> None:
        """Take in signs of life."""
        for beat in beats:
            if beat.kind == AGENT_KIND:
                continue
            seen = (min(beat.time_us, beat.accepted_us), beat.place)
            known = self._newest.get(beat.service)
            if (known is None and len(self._newest) < MAX_HEARTBEATS) or (known is not None and seen > known[0]):
                self._newest[beat.service] = (seen, beat)

    def newest(self, now: int) -> dict[str, StoredHeartbeat]:
        """The newest of each service; what is a day old is forgotten."""
        oldest = (now - DAY_SECONDS) * MICRO
        for service in [service for service, ((seen, _place), _beat) in self._newest.items() if seen <= oldest]:
            del self._newest[service]
        return {service: beat for service, (_seen, beat) in self._newest.items()}


def seen_us(beat: StoredHeartbeat) -> int:
    """When a sign of life counts as given, in microseconds."""
    return min(beat.time_us, beat.accepted_us)
