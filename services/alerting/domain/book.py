"""The alerts of one tenant that have not ended, and the state of every group of every rule.

Pure: time comes with what it is told. What it decides waits in `take`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from services.alerting.domain import machine
from services.alerting.domain.groups import NO_LEVEL, WHOLE, ActiveAlerts, Groups
from services.alerting.domain.machine import Judgement
from services.alerting.domain.moves import Changes, Moves
from services.alerting.domain.parts import some_of
from services.alerting.domain.rules.table import RuleTable
from services.alerting.ports.alerts import Alert, AlertState, HeldBack, Labels, Transition
from services.alerting.ports.judging import Floats, GroupStanding, Levels, Places, Tally
from services.alerting.ports.rules import Choice, Rule
from services.alerting.ports.states import GroupMemory

IDLE_KEPT = 3600.0
"""For how long a group without data and without an alert is known at least."""


class AlertBook:
    """See services.alerting.ports.judging.Book. `heard` is called when there is something to take."""

    def __init__(self, tenant: str, heard: Callable[[], None] = lambda: None) -> None:
        self._heard = heard
        self._groups = Groups()
        self._moves = Moves(tenant, self._groups)
        self._failing: set[str] = set()
        self._expiring: dict[str, float] = {}
        self.rules: Mapping[str, Rule] = {}
        self.generation = 0
        self.active: Mapping[str, Alert] = ActiveAlerts(self._groups)
        self.judged_at = -np.inf
        """The time judged last; -inf before."""

    def take_memories(self) -> Mapping[tuple[str, Labels], GroupMemory | None]:
        """What every group has to go on from: what was kept of it may be lost."""
        for place in np.flatnonzero(self._remembered(np.arange(len(self._groups.labels)))).tolist():
            self._moves.note(place)
        memories = dict(self._moves.changes.memories)
        self._moves.changes.memories.clear()
        return memories

    def take(self) -> Changes:
        """What was decided since the last time."""
        taken, self._moves.changes = self._moves.changes, Changes()
        return taken

    def now(self, alert: Alert) -> Alert:
        """An alert with the value seen last, and what its texts say of that."""
        place = self._groups.place_of.get(alert.id)
        return alert if place is None else self._moves.now(place, alert)

    # What is to be judged.

    def set_rules(self, rules: Iterable[Rule], at: float) -> None:
        """Judge by these from now on. Alerts end whose rule is gone, switched off, or asks something else."""
        for _part in self.setting_rules(rules, at):
            pass

    def setting_rules(self, rules: Iterable[Rule], at: float) -> Iterator[None]:
        """The same in parts: the rules hold from the first on, their alerts follow."""
        former, wanted = self._moves.table, {rule.id: rule for rule in rules if rule.enabled}
        if former.rules == tuple(wanted.values()):
            return
        table = RuleTable(tuple(wanted.values()))
        remap = np.array([_row_in(table, wanted, rule) for rule in former.rules], np.int64)
        rows = remap[self._groups["rule"]] if len(remap) else np.zeros(0, np.int64)
        gone = np.flatnonzero(rows < 0)
        going = ((place, self._groups.alerts[place]) for place in gone.tolist())
        ended = [self._moves.now(place, alert) for place, alert in going if alert is not None]
        for place in gone[self._remembered(gone)].tolist():
            self._moves.changes.memories[self._moves.rule(place).id, self._groups.labels[place]] = None
        self._groups["rule"][:] = rows
        self._moves.table, self.rules = table, wanted
        if len(gone):
            self._keep(rows >= 0)
        self._failing &= wanted.keys()
        changed = {rule.id for rule in former.rules if wanted.get(rule.id, rule) != rule}
        others = [alert.id for _place, alert in self._groups.active() if alert.rule_id in changed]
        for some in some_of(ended):
            for alert in some:
                self._moves.tell(machine.end(alert, at), at)
            self._news()
            yield
        for ids in some_of(others):
            self._refresh(ids)
            yield

    def adopt(self, alerts: Iterable[Alert], memories: Iterable[GroupMemory], at: float) -> None:
        """Go on from the state of a former run; alerts of rules that are not judged any more end."""
        for _part in self.adopting([*alerts], memories, at):
            pass

    def adopting(self, alerts: Sequence[Alert], memories: Iterable[GroupMemory], at: float) -> Iterator[None]:
        """The same in parts; nothing may be judged before the last."""
        for some in some_of(alerts):
            for alert in some:
                self._adopt(alert, at)
            yield
        for memory in memories:
            if memory.rule_id not in self.rules:
                self._moves.changes.memories[memory.rule_id, memory.group] = None
                continue
            self._moves.remember(memory)
            if memory.group == WHOLE and memory.lacking_since is not None:
                self._failing.add(memory.rule_id)
        self._news()

    # What judges.

    def places(self, rule_id: str, groups: Sequence[Labels]) -> Places:
        """Where groups of a rule that is judged stand."""
        row, told = self._moves.table.row[rule_id], self.rules[rule_id].no_data.choice is Choice.ALERT
        found = []
        for group in groups:
            new = told and not self._groups.has(rule_id, group)
            found.append(self._groups.place(rule_id, row, group))
            if new:
                self._moves.note(found[-1])
        return np.array(found, np.int64)

    def known(self, rule_id: str) -> Places:
        """Every group of a rule that was seen."""
        return self._groups.of(rule_id)

    def judge(self, places: Places, values: Floats, at: Floats | float, levels: Levels | None = None) -> None:
        """Each group was judged at a time; NaN: there was no data."""
        if not len(places):
            return
        groups, times = self._groups, np.broadcast_to(np.asarray(at, np.float64), places.shape)
        self.judged_at = max(self.judged_at, float(times.max()))
        resting = self._moves.table.resting(groups["rule"][places], times)
        for each in np.flatnonzero(resting):
            self._moves.end(int(places[each]), float(times[each]))
        live = (times > groups["told_at"][places]) & ~resting
        groups["told_at"][places[live]] = times[live]
        some, none = live & ~np.isnan(values), live & np.isnan(values)
        if some.any():
            self._judge_values(places[some], values[some], times[some], None if levels is None else levels[some])
        if none.any():
            self._judge_lack(places[none], times[none])
        self._news()

    def answered(self, rule_ids: Sequence[str], at: float) -> None:
        """The rules could be judged."""
        for rule_id in self._failing.intersection(rule_ids) if self._failing else ():
            self._failing.discard(rule_id)
            place = self._moves.expectant(rule_id, WHOLE)
            self._moves.end(place, at)
            self._moves.quiet.pop(place, None)
            self._groups["lacking_since"][place], self._groups["lacked"][place] = np.nan, False
            self._moves.note(place)
        self._news()

    def failed(self, rule_ids: Sequence[str], at: float) -> None:
        """The rules could not be judged."""
        self.judged_at = max(self.judged_at, at)
        for rule_id in rule_ids:
            if rule_id in self.rules:
                self._failed(rule_id, at)
        self._news()

    def groups(self, rule_id: str) -> Sequence[Labels]:
        """Every group of a rule that was seen."""
        return [self._groups.labels[place] for place in self._groups.of(rule_id)]

    def tally(self, rule_id: str) -> Tally:
        """How many groups of a rule there are, by what they are at."""
        places = self._groups.of(rule_id)
        states = Counter(alert.state for alert in self._of(rule_id))
        heard = int(np.count_nonzero(np.isnan(self._groups["lacking_since"][places])))
        return Tally(len(places), heard, states[AlertState.PENDING], sum(states[one] for one in machine.FIRING))

    def standings(self, rule_id: str, labels: Labels = (), most: int | None = None) -> Sequence[GroupStanding]:
        """The groups of a rule that have some labels: those that fire first, then those with an alert."""
        named, wanted = self._groups.labels, set(labels)
        places = [place for place in self._groups.of(rule_id).tolist() if wanted <= set(named[place])]
        places.sort(key=self._urgency)
        return [self._standing(place) for place in places[:most]]

    def firing(self, rule_ids: Sequence[str]) -> Mapping[str, Sequence[Alert]]:
        """Alerts of rules that fire."""
        return {
            rule_id: [alert for alert in self._of(rule_id) if alert.state in machine.FIRING] for rule_id in rule_ids
        }

    # What people and time do.

    def act(self, said: Transition) -> bool:
        """What a person said of an alert: acknowledged, or resolved by hand. Whether it holds: it had not ended.

        What is said of one that had ended when it was said is for its incident, and only passed on.
        """
        if said.is_after_end:
            self._moves.step(said)
            self._news()
            return True
        place = self._groups.place_of.get(said.alert.id)
        alert = None if place is None else self._groups.alerts[place]
        if place is None or alert is None:
            return False
        alert, resolution, at = self._moves.now(place, alert), said.alert.resolution, said.step.at
        if resolution is None:
            after = replace(alert, acknowledgement=said.alert.acknowledgement)
            self._groups.put(place, after)
            self._moves.step(Transition(after, said.step))
            self._expect(after)
        else:
            after = replace(alert, state=AlertState.RESOLVED, ended_at=at, changed_at=at, resolution=resolution)
            self._moves.resolve(place, after, said.step, resolution.returns_at)
        self._news()
        return True

    def repaired(self, alert_id: str, person: str) -> None:
        """Somebody has repaired what an alert is about: it ends if its condition does not hold."""
        place = self._groups.place_of.get(alert_id)
        alert = None if place is None else self._groups.alerts[place]
        if place is not None and alert is not None and alert.state is AlertState.KEEP_FIRING:
            self._moves.end(place, alert.changed_at, person)
            self._news()

    def hold_back(self, marks: Mapping[str, HeldBack], *, told: bool = True) -> None:
        """Silences and inhibitions hold alerts back, by their ids; `told`: somebody has to be told of that."""
        for alert_id, mark in marks.items():
            if told and alert_id in self._groups.place_of:
                self._moves.touch(self._groups.place_of[alert_id], held_back=mark)
            elif not told:
                self._amend(alert_id, held_back=mark)
        self._news()

    def join(self, alerts: Iterable[Alert]) -> None:
        """Alerts that are told as part of an incident from now on, with its acknowledgement."""
        for alert in alerts:
            self._amend(alert.id, incident_id=alert.incident_id, acknowledgement=alert.acknowledgement)

    def pass_time(self, now: float) -> None:
        """What is over without a judgement: acknowledgements, and groups that nobody heard of for long."""
        for alert_id in [alert_id for alert_id, until in self._expiring.items() if until <= now]:
            del self._expiring[alert_id]
            if alert_id in self._groups.place_of:
                self._moves.touch(self._groups.place_of[alert_id], acknowledgement=None)
        self._drop_idle()
        self._news()

    def _judge_values(self, places: Places, values: Floats, times: Floats, levels: Levels | None) -> None:
        groups = self._groups
        if levels is None:
            levels = self._moves.table.compare(groups["rule"][places], groups["level"][places], values)
        came_back = ~np.isnan(groups["lacking_since"][places]) & self._concerned(places)
        groups["level"][places], groups["value"][places], groups["judged_at"][places] = levels, values, times
        groups["lacking_since"][places], groups["lacked"][places] = np.nan, False
        moving = (levels != groups["settled"][places]) | (times >= groups["due"][places])
        for each in np.flatnonzero(moving):
            judgement = Judgement(int(levels[each]), float(values[each]), float(times[each]))
            self._moves.advance(int(places[each]), judgement)
        for each in np.flatnonzero(came_back):
            self._moves.note(int(places[each]))

    def _judge_lack(self, places: Places, times: Floats) -> None:
        groups = self._groups
        began = np.isnan(groups["lacking_since"][places])
        groups["lacking_since"][places[began]] = times[began]
        long = times - groups["lacking_since"][places] >= self._moves.table.lack_after[groups["rule"][places]]
        ripe = long & ~groups["lacked"][places]
        if self._moves.quiet:
            ripe |= long & (times >= groups["due"][places]) & np.isin(places, list(self._moves.quiet))
        groups["lacked"][places[ripe]] = True
        concerned = self._concerned(places)
        for each in np.flatnonzero(ripe & concerned):
            self._moves.lack(int(places[each]), AlertState.NO_DATA, float(times[each]))
        for each in np.flatnonzero((began | ripe) & concerned):
            self._moves.note(int(places[each]))

    def _concerned(self, places: Places) -> npt.NDArray[np.bool_]:
        """Which groups it may matter to that their data is lacking."""
        groups = self._groups
        concerned: npt.NDArray[np.bool_] = groups["settled"][places] != NO_LEVEL
        concerned |= self._moves.table.told_of_lack[groups["rule"][places]]
        return concerned

    def _remembered(self, places: Places) -> npt.NDArray[np.bool_]:
        """Of which groups something may be kept beside their alerts."""
        kept: npt.NDArray[np.bool_] = ~np.isnan(self._groups["lacking_since"][places])
        kept |= self._moves.table.told_of_lack[self._groups["rule"][places]]
        kept |= np.isin(places, list(self._moves.quiet))
        return kept

    def _refresh(self, alert_ids: Iterable[str]) -> None:
        """The rules of alerts say other things of them now."""
        for alert_id in alert_ids:
            place = self._groups.place_of.get(alert_id)
            alert = None if place is None else self._groups.alerts[place]
            if place is not None and alert is not None:
                self._moves.refresh(place, alert)
        self._news()

    def _adopt(self, alert: Alert, at: float) -> None:
        if alert.rule_id not in self.rules:
            self._moves.tell(machine.end(alert, at), at)
            return
        self._moves.adopt(alert)
        self._expect(alert)
        if alert.state is AlertState.ERROR:
            self._failing.add(alert.rule_id)

    def _failed(self, rule_id: str, at: float) -> None:
        place, rule, groups = self._moves.expectant(rule_id, WHOLE), self.rules[rule_id], self._groups
        if self._moves.table.resting(groups["rule"][[place]], np.array([at]))[0]:
            return
        if rule_id not in self._failing:
            self._failing.add(rule_id)
            groups["lacking_since"][place] = at
            self._moves.note(place)
        returns = self._moves.quiet.get(place, np.inf) <= at
        ripe = at - groups["lacking_since"][place] >= rule.failure.after and not groups["lacked"][place]
        if not ripe and not returns:
            return
        groups["lacked"][place] = True
        if rule.failure.choice is Choice.ALERT:
            self._moves.lack(place, AlertState.ERROR, at)
        elif rule.failure.choice is Choice.RESOLVE:
            for group in groups.of(rule_id):
                self._moves.end(int(group), at)
        self._moves.note(place)

    def _of(self, rule_id: str) -> Iterable[Alert]:
        """Alerts of the groups of a rule."""
        alerts = (self._groups.alerts[place] for place in self._groups.of(rule_id))
        return (alert for alert in alerts if alert is not None)

    def _urgency(self, place: int) -> int:
        alert = self._groups.alerts[place]
        return 2 if alert is None else int(alert.state not in machine.FIRING)

    def _standing(self, place: int) -> GroupStanding:
        groups, alert = self._groups, self._groups.alerts[place]
        lacking = float(groups["lacking_since"][place])
        return GroupStanding(
            labels=groups.labels[place],
            state=alert.state if alert else AlertState.INACTIVE,
            value=float(groups["value"][place]),
            level=int(groups["level"][place]),
            judged_at=float(groups["judged_at"][place]),
            lacking_since=None if np.isnan(lacking) else lacking,
            alert=alert,
        )

    def _amend(self, alert_id: str, **changes: Any) -> None:
        """Go on with what was found out of an alert after it was decided, and is told with that."""
        place = self._groups.place_of.get(alert_id)
        alert = None if place is None else self._groups.alerts[place]
        if place is not None and alert is not None:
            after = replace(alert, **changes)
            self._groups.put(place, after)
            self._expect(after)

    def _expect(self, alert: Alert) -> None:
        """Its acknowledgement may be over before it ends."""
        said = alert.acknowledgement
        if said is not None and said.expires_at is not None:
            self._expiring[alert.id] = said.expires_at
        else:
            self._expiring.pop(alert.id, None)

    def _drop_idle(self) -> None:
        groups = self._groups
        idle = self.judged_at - groups["lacking_since"] > IDLE_KEPT
        idle &= (groups["settled"] == NO_LEVEL) & ~self._moves.table.told_of_lack[groups["rule"]]
        # Places change with it: worth it where many are idle.
        if 4 * np.count_nonzero(idle) > len(idle):
            self._keep(~idle)

    def _keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Drop all other groups, and give places anew."""
        self._moves.renumber({int(former): place for place, former in enumerate(np.flatnonzero(kept))})
        self._groups.keep(kept, [rule.id for rule in self._moves.table.rules])
        self.generation += 1

    def _news(self) -> None:
        if self._moves.changes:
            self._heard()


def _row_in(table: RuleTable, wanted: Mapping[str, Rule], former: Rule) -> int:
    """The new row of a rule; -1 where it is gone or asks something else, so that its groups are others."""
    now = wanted.get(former.id)
    return table.row[former.id] if now is not None and now.condition == former.condition else -1
