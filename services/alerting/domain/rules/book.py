"""The rules of all tenants: what was recorded of them, and the ready-made ones where nothing was."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.alerting.domain.rules.names import names_itself
from services.alerting.ports.rules import Rule
from services.core.applying import (
    Applied,
    Difference,
    Origin,
    applicable,
    applied,
    as_it_stands,
    differences_of,
    require_room,
)
from services.core.aside import aside
from services.core.errors import Conflict, InvalidInput, NotFound
from services.core.identities import free_identity
from services.core.recorded import Recorded
from services.core.tenants import DEFAULT_TENANT

KIND = "rule"
MOST_RULES = 10_000
READY_MADE_VERSION = 1


class RuleBook:
    """Creates, tells, changes and deletes rules. Methods raise what Configuration does."""

    def __init__(
        self, recorded: Recorded[Rule], ready_made: Sequence[Rule], of_installation: Sequence[Rule] = ()
    ) -> None:
        self._recorded = recorded
        self._for_all = _as_ready_made(ready_made)
        self._of_installation = {**self._for_all, **_as_ready_made(of_installation)}
        self._changing = asyncio.Lock()

    def _ready_made(self, tenant: str) -> Mapping[str, Rule]:
        return self._of_installation if tenant == DEFAULT_TENANT else self._for_all

    def all(self, tenants: Iterable[str]) -> Mapping[str, Mapping[str, Rule]]:
        """The rules of these tenants, and of all who ever had any of their own, by tenant and id."""
        recorded = self._recorded.all()
        return {tenant: self.of_tenant(tenant) for tenant in {*tenants, *recorded}}

    def of_tenant(self, tenant: str) -> Mapping[str, Rule]:
        """A tenant's rules by id."""
        return {**self._ready_made(tenant), **self._recorded.of_tenant(tenant)}

    def get(self, tenant: str, rule_id: str) -> Rule:
        """One rule. Raises NotFound."""
        rule = self._recorded.of_tenant(tenant).get(rule_id) or self._ready_made(tenant).get(rule_id)
        if rule is None:
            raise NotFound(f"there is no rule {rule_id[:100]!r}")
        return rule

    async def create(self, tenant: str, rule: Rule) -> Rule:
        """Create one, under an id made of its name where it has none.

        Raises Conflict for an id that is taken and where there are too many; InvalidInput for a circle of names.
        """
        async with self._changing:
            known = self.of_tenant(tenant)
            made = rule if rule.id else replace(rule, id=free_identity(rule.name, known, "rule"))
            if made.id in known:
                raise Conflict(f"there is a rule {made.id} already")
            require_room(known.values(), MOST_RULES, KIND, 1)
            return await self._put(tenant, known, replace(made, origin=Origin.CALL), "create")

    async def update(self, tenant: str, rule: Rule) -> Rule:
        """Replace one. Raises NotFound, InvalidInput, and Conflict where `version` is given and is another."""
        async with self._changing:
            former = self.get(tenant, rule.id)
            if rule.version not in (0, former.version):
                raise Conflict(f"the rule {rule.id} was changed meanwhile: its version is {former.version}")
            return await self._put(tenant, self.of_tenant(tenant), replace(rule, origin=former.origin), "update")

    async def delete(self, tenant: str, rule_id: str) -> None:
        """Delete one; a ready-made one is as it came again. Raises NotFound."""
        async with self._changing:
            self.get(tenant, rule_id)
            if rule_id in self._recorded.of_tenant(tenant):
                await self._recorded.delete(tenant, rule_id)

    async def apply(self, tenant: str, rules: Sequence[Rule], *, dry_run: bool) -> Applied[Rule]:
        """Make these the rules that came from files; all or none.

        Raises Conflict where an id is taken by a rule that a call created, or there are too many; InvalidInput for ids
        that are given twice and circles of names.
        """
        async with self._changing:
            known = self.of_tenant(tenant)
            ready_made = self._ready_made(tenant)

            def compared(given: Sequence[Rule]) -> tuple[Mapping[str, Rule], Sequence[Difference[Rule]]]:
                _require_applicable(given, known)
                wanted = {rule.id: replace(rule, origin=Origin.FILE) for rule in given}
                return wanted, differences_of(known, wanted, ready_made, _told)

            wanted, differences = await aside(compared, rules)
            if not dry_run:
                await self._recorded.put_all(tenant, [_change(one) for one in differences])
                differences = as_it_stands(differences, self.of_tenant(tenant))
        return applied(differences, wanted)

    async def _put(self, tenant: str, known: Mapping[str, Rule], rule: Rule, action: str) -> Rule:
        _require_no_circle(rule, {**known, rule.id: rule}, "rule")
        return await self._recorded.put(tenant, rule.id, action, rule)


def _as_ready_made(rules: Iterable[Rule]) -> Mapping[str, Rule]:
    return {rule.id: replace(rule, origin=Origin.READY_MADE, version=READY_MADE_VERSION) for rule in rules}


def _change(difference: Difference[Rule]) -> tuple[str, str, Rule | None]:
    after = difference.after
    if after is not None and after.origin is Origin.READY_MADE:
        after = None
    return difference.id, "update" if difference.before else "create", after


def _require_applicable(rules: Sequence[Rule], known: Mapping[str, Rule]) -> None:
    after = {key: rule for key, rule in known.items() if rule.origin is not Origin.FILE}
    after.update((rule.id, rule) for rule in rules)
    require_room(after.values(), MOST_RULES, KIND)
    for place, rule in applicable(rules, known, KIND):
        _require_no_circle(rule, after, f"rules[{place}]")


def _told(rule: Rule) -> Rule:
    """A rule without what only the record of it says."""
    return replace(rule, version=0, updated_at=0.0, updated_by="")


def _require_no_circle(rule: Rule, rules: Mapping[str, Rule], field: str) -> None:
    if names_itself(rule.id, rules):
        raise InvalidInput.of(f"{field}.condition.composite.formula", "must not lead back to the rule itself")
