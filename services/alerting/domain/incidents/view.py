"""Every incident of a tenant as callers see it, whoever leads: what was decided, once it is kept."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from services.alerting.domain.feed import Feed, Reader
from services.alerting.domain.listing import Place
from services.alerting.ports.alerts import Severity
from services.alerting.ports.incidents import Incident, IncidentState
from services.alerting.ports.states import News
from services.core.errors import NotFound

KEPT = 7 * 86_400.0
MOST_RESOLVED = 1_000
"""For how long an incident that is resolved is listed, and how many of them are, the newest."""


@dataclass(frozen=True, slots=True)
class WantedIncidents:
    """Conditions that all hold; None and what is empty: any. `active`: not what is resolved."""

    state: IncidentState | None = None
    worst: Severity | None = None
    service: str = ""
    text: str = ""
    active: bool = False

    def takes(self, incident: Incident) -> bool:
        """Whether an incident is wanted."""
        return (
            self.state in (None, incident.state)
            and self.worst in (None, incident.worst)
            and not (self.active and incident.state is IncidentState.RESOLVED)
            and (not self.service or self.service in incident.services)
            and (not self.text or self.text.lower() in _text(incident))
        )


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Incidents, newest first; how many match on all pages; where the next page goes on, None on the last."""

    incidents: Sequence[Incident]
    total: int
    next: Place | None


class IncidentView:
    """Incidents that go on, and those that were resolved not long ago."""

    def __init__(self) -> None:
        self._known: dict[str, Incident] = {}
        self.feed: Feed[Incident] = Feed()

    def all(self) -> Mapping[str, Incident]:
        """Every incident by id."""
        return self._known

    def get(self, identity: str) -> Incident:
        """One incident. Raises NotFound."""
        found = self._known.get(identity)
        if found is None:
            raise NotFound(f"there is no incident {identity[:100]!r}")
        return found

    def page(self, wanted: WantedIncidents, after: Place | None, size: int) -> IncidentPage:
        """At most `size` incidents after a place, newest first."""
        found = sorted(filter(wanted.takes, self._known.values()), key=_place)
        start = 0 if after is None else bisect_right(found, after, key=_place)
        shown, more = found[start : start + size], len(found) > start + size
        return IncidentPage(shown, len(found), _place(shown[-1]) if more else None)

    def after(self, news: News) -> Mapping[str, Incident | None]:
        """What is to be kept of incidents that news are about; None: nothing any more."""
        return {**dict.fromkeys(news.over), **{each.id: each for each in news.incidents}}

    def apply(self, news: News) -> None:
        """Take up what became of incidents, and tell it to who watches."""
        for identity in news.over:
            self._known.pop(identity, None)
        self._known.update((each.id, each) for each in news.incidents)
        self.feed.publish(news.incidents)

    def replace(self, incidents: Iterable[Incident]) -> None:
        """Show these instead, and tell what is not as it was."""
        former, self._known = self._known, {each.id: each for each in incidents}
        self.feed.publish(each for each in self._known.values() if former.get(each.id) != each)

    def outdated(self, now: float) -> Sequence[str]:
        """Incidents that ended too long ago to be listed, or before too many others."""
        ended = [each for each in self._known.values() if each.state is IncidentState.RESOLVED]
        ended.sort(key=lambda each: -each.changed_at)
        return [each.id for place, each in enumerate(ended) if place >= MOST_RESOLVED or now - each.changed_at > KEPT]

    @contextmanager
    def watch(self) -> Iterator[tuple[Sequence[Incident], Reader[Incident]]]:
        """Every incident as it stands, newest first, and a reader of what changes from there on."""
        with self.feed.reader() as reader:
            yield sorted(self._known.values(), key=_place), reader


def _place(incident: Incident) -> Place:
    return -incident.started_at, incident.id


def _text(incident: Incident) -> str:
    labels, origins = (value for _, value in incident.group), (origin.name for origin in incident.origins)
    return "\0".join((incident.title, *labels, *incident.services, *origins)).lower()
