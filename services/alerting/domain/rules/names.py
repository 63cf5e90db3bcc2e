"""Which rules name which: composites are judged by the states of others, and never, by however many, of themselves."""

from collections.abc import Iterator, Mapping

from services.alerting.ports.rules import AllOf, AnyOf, Composite, Formula, Not, OfRule, Rule


def rules_named(formula: Formula) -> Iterator[str]:
    """Identities of the rules that a formula names, as often as it does."""
    match formula:
        case OfRule(rule_id):
            yield rule_id
        case Not(inner):
            yield from rules_named(inner)
        case AllOf(formulas) | AnyOf(formulas):
            for each in formulas:
                yield from rules_named(each)


def names_itself(rule_id: str, rules: Mapping[str, Rule]) -> bool:
    """Whether a rule is reached again by what it names, and what that names."""
    seen: set[str] = set()
    waiting = [rule_id]
    while waiting:
        rule = rules.get(waiting.pop())
        if rule is None or not isinstance(rule.condition, Composite):
            continue
        for name in rules_named(rule.condition.formula):
            if name == rule_id:
                return True
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return False
