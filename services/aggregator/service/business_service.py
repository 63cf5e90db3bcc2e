"""Business figures, rules, and what breaks them."""

from collections.abc import Sequence
from dataclasses import replace

import grpc

from binnacle.aggregator.v1 import business_service_pb2 as pb, business_service_pb2_grpc
from services.aggregator.convert import business, business_rules, pages
from services.aggregator.domain.business.business import Business, Part
from services.aggregator.domain.business.business_rules import Rules
from services.aggregator.domain.business.revenue import RevenuePeriods
from services.aggregator.domain.ranges.periods import named_period
from services.aggregator.ports.business_rules import BusinessRule
from services.core.clock import Clock
from services.core.errors import NotFound
from services.runtime.calls import current_call


class BusinessServicer(business_service_pb2_grpc.BusinessServiceServicer):
    """Answers from the store; `own` are the rules of the installation."""

    def __init__(
        self, figures: Business, revenue: RevenuePeriods, rules: Rules, own: Sequence[BusinessRule], clock: Clock
    ) -> None:
        self._figures = figures
        self._revenue = revenue
        self._rules = rules
        self._own = own
        self._clock = clock

    async def GetBusiness(
        self,
        request: pb.GetBusinessRequest,
        context: grpc.aio.ServicerContext[pb.GetBusinessRequest, pb.GetBusinessResponse],
    ) -> pb.GetBusinessResponse:
        tenant = current_call().tenant
        period, earlier = business.periods_from(request, self._clock.now())
        top, parts = business.top_from(request), business.parts_from(request)
        found = await self._figures.figures(tenant, period, top, parts)
        before = None if earlier is None else await self._figures.figures(tenant, earlier, top, parts)
        return business.response(found, before)

    async def GetRevenue(
        self,
        request: pb.GetRevenueRequest,
        context: grpc.aio.ServicerContext[pb.GetRevenueRequest, pb.GetRevenueResponse],
    ) -> pb.GetRevenueResponse:
        tenant, period = current_call().tenant, named_period(request.period, self._clock.now())
        steps = business.steps_of(period)
        whole = replace(steps, starts=())
        return business.revenue_response(
            period,
            await self._revenue.until(tenant, period.range.end),
            await self._figures.course(tenant, steps, (Part.REVENUE,)),
            await self._figures.figures(tenant, whole, business.DEFAULT_TOP, (Part.CONVERSIONS, Part.CAMPAIGNS)),
        )

    async def ListBusinessRules(
        self,
        request: pb.ListBusinessRulesRequest,
        context: grpc.aio.ServicerContext[pb.ListBusinessRulesRequest, pb.ListBusinessRulesResponse],
    ) -> pb.ListBusinessRulesResponse:
        return pb.ListBusinessRulesResponse(rules=[business_rules.rule(one) for one in self._own])

    async def ListBusinessViolations(
        self,
        request: pb.ListBusinessViolationsRequest,
        context: grpc.aio.ServicerContext[pb.ListBusinessViolationsRequest, pb.ListBusinessViolationsResponse],
    ) -> pb.ListBusinessViolationsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        within, before = business_rules.page_from(tenant, request, self._clock.now())
        rules = self._asked(request)
        judged = await self._rules.judge(tenant, rules, *within)
        found = await self._rules.violations(tenant, list(zip(rules, judged, strict=True)), *within, size + 1, before)
        page = found[:size]
        more = len(found) > size
        return pb.ListBusinessViolationsResponse(
            results=[business_rules.result(rule, one) for rule, one in zip(rules, judged, strict=True)],
            violations=[business_rules.violation(one) for one in page],
            next_page_token=business_rules.page_token(tenant, request, within, page[-1]) if more else "",
        )

    async def results(self, within: tuple[int, int]) -> list[pb.RuleResult]:
        """How the tenant's rules held within a range, microseconds since the Unix epoch."""
        judged = await self._rules.judge(current_call().tenant, self._own, *within)
        return [business_rules.result(rule, one) for rule, one in zip(self._own, judged, strict=True)]

    def _asked(self, request: pb.ListBusinessViolationsRequest) -> Sequence[BusinessRule]:
        """The rules to judge by. Raises NotFound for an unknown one, and InvalidInput."""
        rules = business_rules.rules_from(request.rules) if request.rules else self._own
        if not request.rule_id:
            return rules
        chosen = [rule for rule in rules if rule.id == request.rule_id]
        if not chosen:
            raise NotFound(f"there is no rule {request.rule_id}")
        return chosen
