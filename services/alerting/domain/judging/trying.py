"""Tries rules on the past."""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.composites import named_in
from services.alerting.domain.judging.event_matching import Expressions
from services.alerting.domain.judging.replay import Replay
from services.alerting.ports.alerts import Transition
from services.alerting.ports.rules import Composite, Rule
from services.alerting.ports.sources import Sources
from services.alerting.ports.trials import Trial, TriedAlert
from services.core.errors import DeadlineExceeded, InvalidInput

MOST_JUDGEMENTS = 50_000
MOST_ALERTS = 1_000
MOST_SECONDS = 60.0
MILLISECOND = 0.001

RulesOf = Callable[[str], Mapping[str, Rule]]
"""The rules of a tenant by id."""


class Trying:
    """See Trials."""

    def __init__(self, sources: Sources, rules_of: RulesOf, expressions: Expressions) -> None:
        self._sources = sources
        self._rules_of = rules_of
        self._expressions = expressions

    async def run(self, tenant: str, rule: Rule, start: float, end: float) -> Trial:
        judgements = math.ceil(end / rule.interval) - math.ceil(start / rule.interval)
        if judgements > MOST_JUDGEMENTS:
            told = f"is judged {judgements:,} times between start_time and end_time, more than {MOST_JUDGEMENTS:,}"
            raise InvalidInput.of("rule.interval", f"{told}: choose a shorter range, or a longer interval")
        book = AlertBook(tenant)
        book.set_rules(with_named(replace(rule, enabled=True), self._rules_of(tenant)).values(), start)
        replay = Replay(tenant, book, self._sources, self._expressions, start - MILLISECOND)
        try:
            async with asyncio.timeout(MOST_SECONDS):
                await replay.run(end - MILLISECOND)
        except TimeoutError:
            raise DeadlineExceeded("the trial took too long: choose a shorter range") from None
        told_of = [each for each in book.take().transitions if each.alert.rule_id == rule.id]
        alerts = _episodes(told_of)
        return Trial(
            alerts=alerts[:MOST_ALERTS],
            total=len(alerts),
            judgements=judgements,
            groups=book.tally(rule.id).groups,
            fired=sum(each.alert.fired_at is not None for each in alerts),
            notices=replay.notices(rule),
        )


def with_named(rule: Rule, rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """A rule, and those that it needs to be judged."""
    found, waiting = {rule.id: rule}, [rule]
    while waiting:
        condition = waiting.pop().condition
        for rule_id in named_in(condition.formula) if isinstance(condition, Composite) else ():
            if rule_id in rules and rule_id not in found:
                found[rule_id] = rules[rule_id]
                waiting.append(rules[rule_id])
    return found


def _episodes(transitions: list[Transition]) -> list[TriedAlert]:
    """Each alert with its steps, oldest first; those that never were told of, too."""
    found: dict[str, list[Transition]] = {}
    for each in transitions:
        found.setdefault(each.alert.id, []).append(each)
    return [TriedAlert(steps[-1].alert, [each.step for each in steps]) for steps in found.values()]
