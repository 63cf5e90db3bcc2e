"""Every alert of a tenant as callers see it, whoever leads: what was decided, once it is kept."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from services.alerting.domain.feed import Feed, Reader
from services.alerting.domain.incidents.view import IncidentView
from services.alerting.domain.label_index import TextsOf
from services.alerting.domain.listing import Listing, Page, Place, Wanted
from services.alerting.domain.machine import ENDED
from services.alerting.domain.parts import some_of
from services.alerting.ports.alerts import Alert, AlertState, Severity
from services.alerting.ports.states import Kept, KeptAlert, News
from services.core.errors import NotFound

MOST_STEPS = 1_000
RESOLVED_KEPT = 24 * 3600.0
"""For how long an alert that has ended is listed."""
MOST_FORGOTTEN = 2_000

Counts = Mapping[tuple[AlertState, Severity], int]
"""How many alerts there are, by state and severity."""


class AlertView:
    """Alerts that have not ended, or were resolved within 24 hours, and incidents."""

    def __init__(self, texts: TextsOf) -> None:
        self._kept: dict[str, KeptAlert] = {}
        self._listing = Listing(texts)
        self._counts: Counter[tuple[AlertState, Severity]] = Counter()
        self.feed: Feed[Alert] = Feed()
        self.incidents = IncidentView()

    def __len__(self) -> int:
        return len(self._kept)

    def alerts(self) -> Iterator[Alert]:
        """Every alert, in no order."""
        return (kept.alert for kept in self._kept.values())

    def get(self, alert_id: str) -> KeptAlert:
        """One alert. Raises NotFound."""
        found = self._kept.get(alert_id)
        if found is None:
            raise NotFound(f"there is no alert {alert_id[:100]!r}")
        return found

    def all(self) -> Mapping[str, KeptAlert]:
        """Every alert by id."""
        return self._kept

    def counts(self) -> Counts:
        """How many alerts there are."""
        return self._counts

    def page(self, wanted: Wanted, after: Place | None, size: int) -> Page:
        """Alerts that match, newest first. Raises InvalidInput for an expression that is none."""
        return self._listing.page(wanted, after, size)

    def after(self, news: News) -> Mapping[str, KeptAlert | None]:
        """What is to be kept of the alerts that news are about; None: nothing any more."""
        found: dict[str, KeptAlert | None] = dict.fromkeys(news.forgotten)
        for transition in news.transitions:
            former = found.get(transition.alert.id) or self._kept.get(transition.alert.id)
            steps = former.steps if former else ()
            # Who begins to follow may be told what was read with the rest.
            if transition.step not in steps:
                steps = (*steps, transition.step)[-MOST_STEPS:]
            found[transition.alert.id] = KeptAlert(transition.alert, steps)
        for alert in news.told:
            former = found.get(alert.id) or self._kept.get(alert.id)
            found[alert.id] = KeptAlert(alert, former.steps if former else ())
        return {
            key: kept if kept and kept.alert.state is not AlertState.INACTIVE else None for key, kept in found.items()
        }

    def apply(self, news: News) -> None:
        """Take up what happened, and tell it to who watches."""
        self._show(self.after(news))
        self.feed.publish([*(transition.alert for transition in news.transitions), *news.told])
        self.incidents.apply(news)

    def replace(self, kept: Kept) -> None:
        """Show what was kept instead, and tell what is not as it was."""
        for _part in self.replacing(kept):
            pass

    def replacing(self, kept: Kept) -> Iterator[None]:
        """The same in parts."""
        self.incidents.replace(kept.incidents)
        wanted = {each.alert.id: each for each in kept.alerts}
        for gone in some_of([*(self._kept.keys() - wanted.keys())]):
            self._show(dict.fromkeys(gone))
            yield
        changed = [each for key, each in wanted.items() if self._kept.get(key) != each]
        # Each is put behind the one before it, or near to it.
        changed.sort(key=lambda each: each.alert.started_at, reverse=True)
        for some in some_of(changed):
            self._show({each.alert.id: each for each in some})
            self.feed.publish(each.alert for each in some)
            yield

    def _show(self, changed: Mapping[str, KeptAlert | None]) -> None:
        former = [self._kept.pop(key).alert for key in changed if key in self._kept]
        kept = {key: each for key, each in changed.items() if each is not None}
        self._kept.update(kept)
        self._counts.subtract((alert.state, alert.severity) for alert in former)
        self._counts.update((each.alert.state, each.alert.severity) for each in kept.values())
        self._listing.update(former, [each.alert for each in kept.values()])

    def outdated(self, now: float) -> News:
        """That alerts and incidents which ended too long ago are told no more; of many some at a time."""
        ended = (one.id for one in self.alerts() if one.state in ENDED and now - one.changed_at > RESOLVED_KEPT)
        return News(forgotten=tuple(islice(ended, MOST_FORGOTTEN)), over=tuple(self.incidents.outdated(now)))

    def close(self) -> None:
        """End every watcher, and each that joins later."""
        self.feed.close()
        self.incidents.feed.close()

    @contextmanager
    def watch(self) -> Iterator[tuple[tuple[Alert, ...], Reader[Alert]]]:
        """Every alert as it stands, newest first, and a reader of what changes from there on."""
        with self.feed.reader() as reader:
            yield self.page(Wanted(), None, len(self)).alerts, reader
