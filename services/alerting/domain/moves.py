"""Moves groups through the machine one by one, and keeps true what their columns say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from services.alerting.domain import machine
from services.alerting.domain.groups import NO_LEVEL, UNSETTLED, WHOLE, Groups
from services.alerting.domain.machine import Judgement, Subject
from services.alerting.domain.rules.table import RuleTable
from services.alerting.domain.texts import filled, told
from services.alerting.ports.alerts import Alert, AlertState, AlertStep, Labels, Transition
from services.alerting.ports.rules import Choice, Rule
from services.alerting.ports.states import GroupMemory


@dataclass(frozen=True, slots=True)
class Changes:
    """What was decided, in order: alerts as they became, each with the step that made it so.

    `told` are alerts of which something else is to be told, after the steps; `memories` what groups have to go on
    from, None where there is nothing.
    """

    transitions: list[Transition] = field(default_factory=list)
    told: dict[str, Alert] = field(default_factory=dict)
    memories: dict[tuple[str, Labels], GroupMemory | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.transitions or self.told or self.memories)


class Moves:
    """Groups of one tenant, by their places."""

    def __init__(self, tenant: str, groups: Groups) -> None:
        self._tenant = tenant
        self._groups = groups
        self.table = RuleTable(())
        self.quiet: dict[int, float] = {}
        """Until when alerts that were resolved by hand do not come back."""
        self.changes = Changes()

    def rule(self, place: int) -> Rule:
        """The rule of a group."""
        return self.table.rules[int(self._groups["rule"][place])]

    def seen(self, place: int) -> float | None:
        """The value seen last."""
        value = float(self._groups["value"][place])
        return None if np.isnan(value) else value

    def now(self, place: int, alert: Alert) -> Alert:
        """The alert of a group with the value seen last, and what its texts say of that."""
        value = self.seen(place)
        return alert if value in {None, alert.value} else told(self.rule(place), replace(alert, value=value))

    def expectant(self, rule_id: str, group: Labels) -> int:
        """The place of a group whose next judgement goes to the machine whatever it says."""
        place = self._groups.place(rule_id, self.table.row[rule_id], group)
        self._groups["settled"][place] = UNSETTLED
        return place

    def advance(self, place: int, judgement: Judgement) -> None:
        """A group was judged by a value."""
        subject, quiet = self._subject(place), self.quiet.get(place)
        if quiet is not None:
            if judgement.level >= 0 and judgement.at < quiet:
                self._settle(place, judgement.level)
                return
            # Its condition held all the while, if it still holds: there is nothing to wait for.
            subject = replace(subject, rule=replace(subject.rule, hold=0.0))
            del self.quiet[place]
        self._become(place, machine.advance(self._groups.alerts[place], subject, judgement), judgement.at)
        self._settle(place, judgement.level)
        if quiet is not None:
            self.note(place)

    def lack(self, place: int, state: AlertState, at: float) -> None:
        """A group has lacked data, or judgements, for as long as its rule bears."""
        if self.quiet.get(place, at) > at:
            return
        self.quiet.pop(place, None)
        alert = self._groups.alerts[place]
        alert = alert and self.now(place, alert)
        self._become(place, machine.lack(alert, self._subject(place), state, self.seen(place), at), at)
        self._settle(place, int(self._groups["level"][place]))

    def end(self, place: int, at: float, person: str = "") -> None:
        """Whatever its condition: an alert ends, if there is one; `person` is who did it."""
        alert = self._groups.alerts[place]
        if alert is not None:
            self._become(place, machine.end(self.now(place, alert), at), at, person)
            self._settle(place, NO_LEVEL)

    def resolve(self, place: int, alert: Alert, step: AlertStep, returns_at: float) -> None:
        """A person has resolved an alert, which comes back at a time if its condition holds until then."""
        self.quiet[place] = returns_at
        self._groups.put(place, None)
        self._groups["settled"][place] = UNSETTLED
        self.step(Transition(alert, step))
        self.note(place)

    def step(self, transition: Transition) -> None:
        """Something happened to an alert."""
        self.changes.told.pop(transition.alert.id, None)
        self.changes.transitions.append(transition)

    def tell(self, alert: Alert, at: float, person: str = "") -> None:
        """An alert went into its state."""
        self.step(Transition(alert, AlertStep(at, alert.state.value, alert.severity, alert.value, person)))

    def touch(self, place: int, **changes: object) -> None:
        """Change what is said of an alert, without a step in its life."""
        alert = self._groups.alerts[place]
        after = None if alert is None else replace(alert, **changes)  # type: ignore[arg-type]
        if after is not None and after != alert:
            self._groups.put(place, after)
            self.changes.told[after.id] = self.now(place, after)

    def refresh(self, place: int, alert: Alert) -> None:
        """Its rule says other things of an alert now, and may grade it otherwise."""
        subject = self._subject(place)
        rule, labels = subject.rule, machine.labels_of(subject)
        texts = filled(rule, replace(alert, labels=labels))
        self.touch(
            place, name=rule.name, runbook_url=rule.runbook_url, owner=rule.owner, labels=labels, annotations=texts
        )
        self._groups["level"][place] = machine.level_of(alert, rule)
        self._groups["settled"][place] = UNSETTLED

    def adopt(self, alert: Alert) -> None:
        """Go on with an alert of a former run."""
        place = self.expectant(alert.rule_id, WHOLE if alert.state is AlertState.ERROR else alert.group)
        self._groups.put(place, alert)
        self._groups["told_at"][place] = alert.changed_at
        self.refresh(place, alert)

    def remember(self, memory: GroupMemory) -> None:
        """Go on with what a group was at."""
        place = self.expectant(memory.rule_id, memory.group)
        if memory.lacking_since is not None:
            self._groups["lacking_since"][place] = memory.lacking_since
            self._groups["lacked"][place] = memory.lacked
        if memory.quiet_until is not None:
            self.quiet[place] = memory.quiet_until

    def note(self, place: int) -> None:
        """Keep what a group has to go on from, or that there is nothing."""
        key = (self.rule(place).id, self._groups.labels[place])
        lacking, quiet = float(self._groups["lacking_since"][place]), self.quiet.get(place)
        since = None if np.isnan(lacking) else lacking
        of_whole = key[1] == WHOLE
        matters = not of_whole and self.rule(place).no_data.choice is Choice.ALERT
        goes_on = since is not None and (of_whole or self._groups.alerts[place] is not None)
        found = GroupMemory(*key, since, bool(self._groups["lacked"][place]), quiet)
        self.changes.memories[key] = found if matters or goes_on or quiet is not None else None

    def renumber(self, moved: Mapping[int, int]) -> None:
        """Places have changed; those that are not told are gone."""
        self.quiet = {moved[place]: until for place, until in self.quiet.items() if place in moved}

    def _become(self, place: int, after: Alert | None, at: float, person: str = "") -> None:
        """Take up what the machine made of an alert; it is a transition where state or severity are others."""
        before = self._groups.alerts[place]
        if after is None or after is before:
            return
        self._groups.put(place, None if after.state in machine.ENDED else after)
        if before is None or (before.state, before.severity) != (after.state, after.severity):
            self.tell(after, at, person)

    def _settle(self, place: int, level: int) -> None:
        """Say which judgements will change nothing."""
        alert, quiet = self._groups.alerts[place], self.quiet.get(place)
        settled, due = NO_LEVEL, machine.due(alert, self.rule(place))
        if alert is None and quiet is not None:
            settled, due = level, quiet
        elif alert is None:
            self._groups["level"][place] = NO_LEVEL
        elif alert.state in {AlertState.PENDING, AlertState.FIRING}:
            settled = level
        elif alert.state is not AlertState.KEEP_FIRING:
            settled = UNSETTLED
        self._groups["settled"][place] = settled
        self._groups["due"][place] = np.inf if due is None else due

    def _subject(self, place: int) -> Subject:
        group = self._groups.labels[place]
        return Subject(self._tenant, self.rule(place), () if group == WHOLE else group)
