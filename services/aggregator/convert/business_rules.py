"""Rules and violations, from messages and back."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from google.protobuf import json_format

from binnacle.aggregator.v1 import business_service_pb2 as pb
from services.aggregator.convert import pages
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.domain.business.business_rules import Violation, ViolationPosition
from services.aggregator.ports.business_rules import (
    BalanceDemand,
    BusinessRule,
    ConditionsDemand,
    Demand,
    Judgement,
    PrecededDemand,
    Severity,
    UniqueDemand,
)
from services.core.errors import InvalidInput
from services.runtime import page_tokens
from services.runtime.event_conditions import condition, conditions_from, field_from

MOST_RULES, MOST_TYPES, MAX_TYPE, MAX_DESCRIPTION = 50, 20, 100, 500
DAY_SECONDS = 86_400
_ID = re.compile(r"[a-z0-9-]{1,100}")
_SEVERITIES: dict[str, Severity] = {"": "warning", "info": "info", "warning": "warning", "critical": "critical"}


def rules_of_file(path: Path) -> tuple[BusinessRule, ...]:
    """The rules of a JSON file: `{"rules": [...]}` as ListBusinessRules answers. Raises InvalidInput."""
    message = pb.ListBusinessRulesResponse()
    try:
        json_format.ParseDict(json.loads(path.read_text(encoding="utf-8")), message)
    except (OSError, ValueError, json_format.ParseError) as error:
        raise InvalidInput.of("business_rules", f"cannot be read: {error}") from error
    return rules_from(message.rules)


def rules_from(given: Sequence[pb.BusinessRule]) -> tuple[BusinessRule, ...]:
    """Rules. Raises InvalidInput for those that break their own, and for too many."""
    if len(given) > MOST_RULES:
        raise InvalidInput.of("rules", f"must be at most {MOST_RULES}")
    rules = tuple(_rule(f"rules[{number}]", one) for number, one in enumerate(given))
    if len({rule.id for rule in rules}) < len(rules):
        raise InvalidInput.of("rules", "must have different ids")
    return rules


def _rule(place: str, given: pb.BusinessRule) -> BusinessRule:
    if not _ID.fullmatch(given.id):
        raise InvalidInput.of(f"{place}.id", "must have 1 to 100 characters of [a-z0-9-]")
    if given.severity not in _SEVERITIES:
        raise InvalidInput.of(f"{place}.severity", "must be info, warning or critical")
    if len(given.description) > MAX_DESCRIPTION:
        raise InvalidInput.of(f"{place}.description", f"must have at most {MAX_DESCRIPTION} characters")
    types = _types(f"{place}.types", given.types)
    demand = _demand(place, given)
    if isinstance(demand, BalanceDemand) and set(types) & set(demand.credit_types):
        raise InvalidInput.of(f"{place}.balance.credit_types", "must not be among types")
    return BusinessRule(given.id, given.description, types, demand, _SEVERITIES[given.severity])


def _types(place: str, given: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(given) <= MOST_TYPES or not all(1 <= len(name) <= MAX_TYPE for name in given):
        raise InvalidInput.of(place, f"must be 1 to {MOST_TYPES}, of 1 to {MAX_TYPE} characters each")
    return tuple(given)


def _demand(place: str, given: pb.BusinessRule) -> Demand:
    match given.WhichOneof("demand"):
        case "conditions":
            within = f"{place}.conditions"
            return ConditionsDemand(
                conditions_from(f"{within}.conditions", given.conditions.conditions, 1),
                conditions_from(f"{within}.where", given.conditions.where),
            )
        case "unique":
            return UniqueDemand(field_from(f"{place}.unique.field", given.unique.field))
        case "balance":
            within = f"{place}.balance"
            return BalanceDemand(
                _types(f"{within}.credit_types", given.balance.credit_types),
                field_from(f"{within}.amount_field", given.balance.amount_field),
                field_from(f"{within}.account_field", given.balance.account_field or "user_id"),
            )
        case "preceded":
            within = f"{place}.preceded"
            if given.preceded.within_seconds > 7 * DAY_SECONDS:
                raise InvalidInput.of(f"{within}.within_seconds", f"must be at most {7 * DAY_SECONDS:,}")
            return PrecededDemand(
                _types(f"{within}.by_types", given.preceded.by_types),
                field_from(f"{within}.field", given.preceded.field),
                (given.preceded.within_seconds or DAY_SECONDS) * 1_000_000,
            )
        case _:
            raise InvalidInput.of(place, "must have conditions, unique, balance or preceded")


def rule(one: BusinessRule) -> pb.BusinessRule:
    """A rule as a message."""
    message = pb.BusinessRule(id=one.id, description=one.description, severity=one.severity, types=one.types)
    match one.demand:
        case ConditionsDemand(conditions, where):
            told = pb.ConditionsDemand(
                conditions=[condition(each) for each in conditions], where=[condition(each) for each in where]
            )
            message.conditions.CopyFrom(told)
        case UniqueDemand(field):
            message.unique.CopyFrom(pb.UniqueDemand(field=field))
        case BalanceDemand(credit_types, amount_field, account_field):
            message.balance.CopyFrom(
                pb.BalanceDemand(credit_types=credit_types, amount_field=amount_field, account_field=account_field)
            )
        case PrecededDemand(by_types, field, within_us):
            message.preceded.CopyFrom(
                pb.PrecededDemand(by_types=by_types, field=field, within_seconds=within_us // 1_000_000)
            )
    return message


def page_from(
    tenant: str, asked: pb.ListBusinessViolationsRequest, now: float
) -> tuple[tuple[int, int], ViolationPosition | None]:
    """The range, and where to go on within it. Raises InvalidInput."""
    state = page_tokens.state_of(tenant, asked)
    if state is None:
        return range_from(asked, now), None
    from_us, to_us, time_us, journal_id, offset, row, number = state
    return (int(from_us), int(to_us)), ((int(time_us), str(journal_id), int(offset), int(row)), int(number))


def page_token(tenant: str, asked: pb.ListBusinessViolationsRequest, within: tuple[int, int], last: Violation) -> str:
    """Where the page after `last` begins, within the range of the first page."""
    place, number = last.position
    return page_tokens.token_of(tenant, asked, (*within, *place, number))


def result(one: BusinessRule, judged: Judgement) -> pb.RuleResult:
    """How a rule held."""
    return pb.RuleResult(rule=rule(one), checked=judged.checked, violations=judged.broken)


def violation(one: Violation) -> pb.BusinessViolation:
    """An event that broke a rule."""
    return pb.BusinessViolation(
        rule_id=one.rule.id, severity=one.rule.severity, reason=_reason(one.rule), event=pages.event(one.event)
    )


def _reason(broken: BusinessRule) -> str:
    told = f"the rule that {broken.description}" if broken.description else f"the rule {broken.id}"
    match broken.demand:
        case ConditionsDemand(conditions):
            fields = ", ".join(dict.fromkeys(each.field for each in conditions))
            return f"{fields}: against {told}"
        case UniqueDemand(field):
            return f"{field} came before: against {told}"
        case BalanceDemand(_, amount_field, account_field):
            return f"{amount_field} is more than {account_field} had left: against {told}"
        case PrecededDemand(by_types, field):
            return f"no {' or '.join(by_types)} with the same {field} came before: against {told}"
