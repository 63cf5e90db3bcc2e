"""RuleService: rules for people and programs."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from binnacle.alerting.v1 import rule_service_pb2 as pb, rule_service_pb2_grpc
from services.alerting.convert.rules import ORIGINS, rule_from, rule_message
from services.alerting.convert.trials import HEALTH, range_from, status_message, trial_message
from services.alerting.domain.rules.book import MOST_RULES, RuleBook
from services.alerting.ports.rules import Rule
from services.alerting.ports.trials import Statuses, Trials
from services.alerting.service.pages import fitting, page_size
from services.core.applying import Difference
from services.core.aside import aside
from services.core.clock import Clock
from services.core.errors import InvalidInput
from services.runtime import page_tokens
from services.runtime.calls import current_call
from services.runtime.faults import each_of

SERVICE = "binnacle.alerting.v1.RuleService"
MOST_TOLD_BYTES = 2 * 1024 * 1024
"""Of differences: clients of gRPC take answers of 4 MiB unless they are told otherwise."""
TRIED = "tried"
"""What a rule without an id is called while it is tried."""


class RuleServicer(rule_service_pb2_grpc.RuleServiceServicer):
    """Answers for the tenant of the call."""

    def __init__(self, book: RuleBook, statuses: Statuses, trials: Trials, clock: Clock) -> None:
        self._book = book
        self._statuses = statuses
        self._trials = trials
        self._clock = clock

    async def CreateRule(self, request: pb.CreateRuleRequest, context: Any) -> pb.CreateRuleResponse:
        made = await self._book.create(current_call().tenant, rule_from(request.rule))
        return pb.CreateRuleResponse(rule=rule_message(made))

    async def UpdateRule(self, request: pb.UpdateRuleRequest, context: Any) -> pb.UpdateRuleResponse:
        made = await self._book.update(current_call().tenant, rule_from(request.rule))
        return pb.UpdateRuleResponse(rule=rule_message(made))

    async def DeleteRule(self, request: pb.DeleteRuleRequest, context: Any) -> pb.DeleteRuleResponse:
        await self._book.delete(current_call().tenant, request.id)
        return pb.DeleteRuleResponse()

    async def GetRule(self, request: pb.GetRuleRequest, context: Any) -> pb.GetRuleResponse:
        tenant = current_call().tenant
        rule = self._book.get(tenant, request.id)
        [status] = await self._statuses.statuses(tenant, [rule])
        return pb.GetRuleResponse(rule=rule_message(rule), status=status_message(status))

    async def ListRules(self, request: pb.ListRulesRequest, context: Any) -> pb.ListRulesResponse:
        tenant, size = current_call().tenant, page_size(request.page_size)
        after = page_tokens.state_of(tenant, request)
        found = await self._matching(tenant, request)
        start = 0 if after is None else bisect_right(found, after, key=_place)
        rules = fitting(map(rule_message, found[start : start + size]))
        page = found[start : start + len(rules)]
        more = len(found) > start + len(page)
        return pb.ListRulesResponse(
            rules=rules,
            statuses=map(status_message, await self._statuses.statuses(tenant, page)),
            next_page_token=page_tokens.token_of(tenant, request, _place(page[-1])) if more else "",
            total=len(found),
        )

    async def _matching(self, tenant: str, request: pb.ListRulesRequest) -> Sequence[Rule]:
        """By name."""
        text = request.text.casefold()
        origin = ORIGINS.word("origin", request.origin) if request.origin else None
        health = HEALTH.word("health", request.health) if request.health else None
        rules = [
            rule
            for rule in self._book.of_tenant(tenant).values()
            if text in f"{rule.id}\n{rule.name}\n{rule.owner}".casefold() and origin in (None, rule.origin)
        ]
        if health is not None:
            statuses = await self._statuses.statuses(tenant, rules)
            rules = [rule for rule, status in zip(rules, statuses, strict=True) if status.health is health]
        return sorted(rules, key=_place)

    async def ApplyRules(self, request: pb.ApplyRulesRequest, context: Any) -> pb.ApplyRulesResponse:
        rules = await aside(_rules, request.rules)
        applied = await self._book.apply(current_call().tenant, rules, dry_run=request.dry_run)
        differences = await aside(_difference_messages, applied.differences)
        return pb.ApplyRulesResponse(differences=differences, unchanged=applied.unchanged)

    async def TestRule(self, request: pb.TestRuleRequest, context: Any) -> pb.TestRuleResponse:
        start, end = range_from(request, self._clock.now())
        rule = rule_from(request.rule)
        trial = await self._trials.run(current_call().tenant, replace(rule, id=rule.id or TRIED), start, end)
        return trial_message(trial)


def _rules(given: Sequence[Any]) -> Sequence[Rule]:
    """All rules of files. Raises InvalidInput, naming rule and field, with everything that is wrong in any."""
    if len(given) > MOST_RULES:
        raise InvalidInput.of("rules", f"must be at most {MOST_RULES:,}")
    return each_of(given, rule_from, "rules")


def _place(rule: Rule) -> list[str]:
    return [rule.name.casefold(), rule.id]


def _difference_messages(differences: Sequence[Difference[Rule]]) -> list[pb.RuleDifference]:
    """Differences; without the rules themselves from where they are too large for clients of gRPC."""
    told = []
    left = MOST_TOLD_BYTES
    for one in differences:
        message = pb.RuleDifference(rule_id=one.id, change=_change(one))
        if left > 0:
            if one.before is not None:
                message.before.CopyFrom(rule_message(one.before))
            if one.after is not None:
                message.after.CopyFrom(rule_message(one.after))
            left -= message.ByteSize()
        told.append(message)
    return told


def _change(difference: Difference[Rule]) -> pb.RuleDifference.Change.ValueType:
    if difference.before is None:
        return pb.RuleDifference.CHANGE_CREATED
    return pb.RuleDifference.CHANGE_DELETED if difference.after is None else pb.RuleDifference.CHANGE_CHANGED
