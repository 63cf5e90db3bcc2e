"""How rules fare, whichever process is asked: the one that judges knows, the others ask it."""

from collections.abc import Sequence
from typing import NoReturn

from services.alerting.domain.judging.judging import Judgings
from services.alerting.domain.judging.trying import RulesOf
from services.alerting.domain.retries import Backoff
from services.alerting.ports.gauges import Gauges
from services.alerting.ports.inquiries import Inquiries, Inquiry
from services.alerting.ports.rules import Rule
from services.alerting.ports.trials import RuleStatus
from services.core.clock import Clock
from services.core.errors import Unavailable


class RuleStatuses:
    """See Statuses and Answering."""

    def __init__(
        self, judgings: Judgings, rules_of: RulesOf, inquiries: Inquiries, clock: Clock, gauges: Gauges
    ) -> None:
        self._judgings = judgings
        self._rules_of = rules_of
        self._inquiries = inquiries
        self._clock = clock
        self._gauges = gauges

    async def statuses(self, tenant: str, rules: Sequence[Rule]) -> Sequence[RuleStatus]:
        told: dict[str, RuleStatus] = {}
        if not self._judgings.judges(tenant):
            try:
                answer = await self._inquiries.ask(tenant, [rule.id for rule in rules])
                told = {status.rule_id: status for status in answer}
            except Unavailable:
                self._gauges.store_failed()
        known = await self._judgings.statuses(tenant, rules)
        return [told.get(status.rule_id, status) for status in known]

    async def answer(self) -> NoReturn:
        """Answer what other processes ask, until cancelled: for who leads."""
        backoff = Backoff(self._clock)
        while True:
            try:
                inquiry = await self._inquiries.next()
                if inquiry is not None:
                    await self._inquiries.answer(inquiry, await self._known(inquiry))
            except Unavailable:
                self._gauges.store_failed()
                await backoff.wait()
            else:
                backoff.succeeded()

    async def _known(self, inquiry: Inquiry) -> Sequence[RuleStatus]:
        """Nothing where this process judges nothing yet: whoever asks need not wait for that."""
        if not self._judgings.judges(inquiry.tenant):
            return []
        rules = self._rules_of(inquiry.tenant)
        asked = [rules[rule_id] for rule_id in inquiry.rule_ids if rule_id in rules]
        return await self._judgings.statuses(inquiry.tenant, asked)
