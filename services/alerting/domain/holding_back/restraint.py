"""Which alerts are held back from people, by what: kept up with every change, so that a look costs nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from services.alerting.domain.holding_back.inhibiting import Inhibiting
from services.alerting.domain.holding_back.silences import Inhibitions, Silences
from services.alerting.domain.label_matching import Expressions, all_hold, labels_of
from services.alerting.ports.alerts import Alert, HeldBack
from services.alerting.ports.silences import Phase, Silence


@dataclass(slots=True)
class _Silencing:
    """What is known of the silences of one tenant; `until` is when it may change though nobody changes anything."""

    silences: Mapping[str, Silence] = field(default_factory=dict)
    holding: tuple[Silence, ...] = ()
    until: float = -inf


class TenantRestraint:
    """Silences and inhibitions over the alerts of one tenant; see Restraint."""

    def __init__(self, tenant: str, silences: Silences, inhibitions: Inhibitions, expressions: Expressions) -> None:
        self._tenant = tenant
        self._silences = silences
        self._inhibitions = inhibitions
        self._expressions = expressions
        self._silencing = _Silencing()
        self._inhibiting = Inhibiting({}, expressions)
        self._reviewed = False

    def review(self, active: Mapping[str, Alert], changed: Iterable[Alert], at: float) -> Mapping[str, HeldBack]:
        """What holds alerts back from now on, by id: of those alone for which it is no longer as they say."""
        # At first, alerts say what held them back when they were kept.
        anew = self._silences_changed(at) or not self._reviewed
        self._reviewed = True
        inhibitions = self._inhibitions.of_tenant(self._tenant)
        if inhibitions != self._inhibiting.inhibitions:
            self._inhibiting = Inhibiting(inhibitions, self._expressions)
            anew = True
        touched = self._inhibiting.update(active, active.values() if anew else changed)
        concerned = active.values() if anew else (active[name] for name in touched if name in active)
        found = ((alert, self._held_back(alert)) for alert in concerned)
        return {alert.id: held for alert, held in found if held != alert.held_back}

    def _silences_changed(self, at: float) -> bool:
        """Whether other silences hold than before."""
        known = self._silencing
        silences = self._silences.of_tenant(self._tenant)
        if at < known.until and silences == known.silences:
            return False
        phases = [(one, *self._silences.phase(self._tenant, one, at)) for one in silences.values()]
        holding = tuple(one for one, phase, _until in phases if phase is Phase.HOLDING)
        until = min((until for _one, _phase, until in phases), default=inf)
        self._silencing = _Silencing(silences, holding, until)
        return holding != known.holding

    def _held_back(self, alert: Alert) -> HeldBack:
        labels = labels_of(alert) if self._silencing.holding else {}
        silenced = (one.id for one in self._silencing.holding if all_hold(one.matchers, labels, self._expressions))
        return HeldBack(tuple(silenced), self._inhibiting.sources_of(alert.id))


class TenantRestraints:
    """See Restraints."""

    def __init__(self, silences: Silences, inhibitions: Inhibitions, expressions: Expressions) -> None:
        self._silences = silences
        self._inhibitions = inhibitions
        self._expressions = expressions

    def of(self, tenant: str) -> TenantRestraint:
        """Those of one."""
        return TenantRestraint(tenant, self._silences, self._inhibitions, self._expressions)
