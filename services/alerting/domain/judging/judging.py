"""Judges all rules of a tenant: instant ones on intake, the others on schedule, by whatever rules its book has."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from services.alerting.domain.judging.composites import CompositeTable, in_order, named_in
from services.alerting.domain.judging.event_matching import Expressions
from services.alerting.domain.judging.instants import event_panels, sample_panels
from services.alerting.domain.judging.intake import EventIntake, SampleIntake, keep_following
from services.alerting.domain.judging.plans import Cadence, Judged, Plan, plans_of
from services.alerting.domain.judging.schedule import AT_ONCE, Fare, Schedule
from services.alerting.domain.rules.active_times import is_active
from services.alerting.ports.alerts import Labels
from services.alerting.ports.gauges import Gauges
from services.alerting.ports.judging import Book, GroupStanding
from services.alerting.ports.rules import Composite, EventMatch, EventRate, Rule
from services.alerting.ports.sources import Sources
from services.alerting.ports.trials import Health, RuleStatus
from services.core.aside import aside
from services.core.clock import Clock

CHANGES_SECONDS = 0.25
MOST_GRACE_SECONDS = 60.0
COMPOSITE_SECONDS = 1.0
"""How much later composites are judged than the rules that they name, where these do not share their ticks."""


FEW_RULES = 1_000
"""So many rules are made ready to be judged without a pause."""
ELSEWHERE = (
    "it is not known how it fares: of all processes of alerting the one that leads knows, which does not say; ask again"
)
"""Said of the rules of a tenant that is not judged here."""
STATUSES_AT_ONCE = 500
"""Rules that are looked at without a pause."""


class TenantJudging:
    """One tenant, for as long as its rules stay the same."""

    def __init__(
        self,
        tenant: str,
        book: Book,
        sources: Sources,
        expressions: Expressions,
        clock: Clock,
        since: float,
        started_at: float,
    ) -> None:
        self.rules = book.rules
        self.book = book
        self._clock = clock
        self._since = since
        plans = plans_of(self.rules, book, sources, started_at)
        self._schedules = _schedules(tenant, book, plans, self.rules)
        samples, events = sample_panels(self.rules, book, since), event_panels(self.rules, book, since)
        self._intakes: list[SampleIntake | EventIntake] = []
        if samples:
            given = (sources.samples, expressions, clock, since)
            self._intakes.append(SampleIntake(tenant, book, samples, *given))
        if events:
            self._intakes.append(EventIntake(tenant, book, events, sources.events, expressions, clock, since))
        self._fares: dict[str, Fare] = {rule_id: one.fare for one in self._intakes for rule_id in one.rule_ids}
        self._judged: dict[str, Judged] = {rule_id: one for one in samples for rule_id in one.rule_ids}
        self._judged |= {rule_id: plan for plan in plans for rule_id in plan.rule_ids}
        for schedule in self._schedules:
            self._fares |= schedule.fares
            self._judged |= {one.rule.id: one for one in schedule.composites}

    async def run(self, gauges: Gauges) -> None:
        """Judge until the rules of the book are others."""
        slots = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            since = self._since
            judging = [tasks.create_task(one.run(self._clock, gauges, slots, since)) for one in self._schedules]
            judging += [tasks.create_task(keep_following(one, self.book, self._clock, gauges)) for one in self._intakes]
            while self.book.rules is self.rules:
                await self._clock.sleep(CHANGES_SECONDS)
            for task in judging:
                task.cancel()

    def status(self, rule: Rule) -> RuleStatus:
        """How a rule fares."""
        now, fare = self._clock.now(), self._fares.get(rule.id)
        if rule.active_times and not is_active(rule.active_times, now):
            return RuleStatus(rule.id, Health.PAUSED, "it is outside of its active times")
        if fare is None:
            return RuleStatus(rule.id)
        tally = self.book.tally(rule.id)
        health, problem = self._health(rule, fare, seen=tally.heard > 0)
        return RuleStatus(
            rule.id, health, problem, fare.judged_at, fare.judged_ms, tally.groups, tally.pending, tally.firing
        )

    def _health(self, rule: Rule, fare: Fare, *, seen: bool) -> tuple[Health | None, str]:
        if fare.failure:
            return Health.FAILING, fare.failure
        if fare.judged_at is None:
            return None, ""
        if (judged := self._judged.get(rule.id)) and (problem := judged.problem_of(rule)):
            return Health.HOPELESS, problem
        if seen or isinstance(rule.condition, Composite | EventMatch | EventRate):
            return Health.GOOD, ""
        return Health.NO_DATA, "there is no data for any group"


class Judgings:
    """Judges the rules of every tenant; see Judging and Statuses."""

    def __init__(self, sources: Sources, expressions: Expressions, clock: Clock, gauges: Gauges) -> None:
        self._sources = sources
        self._expressions = expressions
        self._clock = clock
        self._gauges = gauges
        self._tenants: dict[str, TenantJudging] = {}

    async def run(self, tenant: str, book: Book, resumed_at: float | None) -> None:
        """Judge until cancelled. What is due once more after a change of rules is judged once."""
        started_at = self._clock.now()
        since = started_at if resumed_at is None else resumed_at
        try:
            while True:
                # What is made of rules that are others by then lasts no longer than it takes to see that.
                made = partial(self._judging, tenant, book, since, started_at)
                judging = await aside(made, tuple(book.rules), FEW_RULES)
                self._tenants[tenant] = judging
                await judging.run(self._gauges)
                graces = [rule.grace for rule in judging.rules.values()]
                since = self._clock.now() - min(max(graces, default=0.0), MOST_GRACE_SECONDS)
        finally:
            self._tenants.pop(tenant, None)

    def _judging(
        self, tenant: str, book: Book, since: float, started_at: float, _rules: Sequence[str]
    ) -> TenantJudging:
        return TenantJudging(tenant, book, self._sources, self._expressions, self._clock, since, started_at)

    def judges(self, tenant: str) -> bool:
        """Whether the rules of a tenant are judged here."""
        return tenant in self._tenants

    def status(self, tenant: str, rule: Rule) -> RuleStatus:
        """How a rule fares; where another process judges, that it is the one to know."""
        if not rule.enabled:
            return RuleStatus(rule.id, Health.PAUSED, "it is switched off")
        judging = self._tenants.get(tenant)
        if judging is None:
            return RuleStatus(rule.id, problem=ELSEWHERE)
        return judging.status(rule) if rule.id in judging.rules else RuleStatus(rule.id)

    async def statuses(self, tenant: str, rules: Sequence[Rule]) -> Sequence[RuleStatus]:
        """How rules fare as far as this process knows."""
        found = []
        for place, rule in enumerate(rules, start=1):
            found.append(self.status(tenant, rule))
            if place % STATUSES_AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    def standings(self, tenant: str, rule: Rule, labels: Labels, most: int) -> Sequence[GroupStanding] | None:
        """The groups of a rule that have some labels, those that fire first; None where another process judges."""
        judging = self._tenants.get(tenant)
        return judging.book.standings(rule.id, labels, most) if judging and rule.id in judging.rules else None

    def firing(self, tenant: str, rule_ids: Sequence[str]) -> Mapping[str, int]:
        """How many alerts of rules fire, as far as is known here."""
        judging = self._tenants.get(tenant)
        return {rule_id: len(alerts) for rule_id, alerts in judging.book.firing(rule_ids).items()} if judging else {}


def _schedules(tenant: str, book: Book, plans: Sequence[Plan], rules: Mapping[str, Rule]) -> list[Schedule]:
    by_cadence: dict[Cadence, tuple[list[Plan], list[CompositeTable]]] = {}
    for plan in plans:
        by_cadence.setdefault(plan.cadence, ([], []))[0].append(plan)
    for rule in in_order(rule for rule in rules.values() if isinstance(rule.condition, Composite)):
        assert isinstance(rule.condition, Composite)
        composite = CompositeTable(rule, rule.condition, book)
        by_cadence.setdefault(_cadence(rule, rules), ([], []))[1].append(composite)
    return [Schedule(tenant, book, cadence, *theirs) for cadence, theirs in by_cadence.items()]


def _cadence(rule: Rule, rules: Mapping[str, Rule], within: frozenset[str] = frozenset()) -> Cadence:
    """That of a composite: as late as it takes for all that it names to be judged."""
    assert isinstance(rule.condition, Composite)
    within |= {rule.id}
    grace = rule.grace
    for one in (rules[rule_id] for rule_id in named_in(rule.condition.formula) if rule_id in rules):
        inner = isinstance(one.condition, Composite) and one.id not in within
        theirs = _cadence(one, rules, within) if inner else (one.interval, one.grace)
        same = theirs == (rule.interval, rule.grace)
        grace = max(grace, theirs[1] + (0.0 if same else COMPOSITE_SECONDS))
    return rule.interval, grace
