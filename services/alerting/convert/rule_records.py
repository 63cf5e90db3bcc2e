"""Rules as they are recorded."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from binnacle.rules.v1 import rules_pb2 as pb
from services.alerting.convert.rules import ORIGINS, rule_from, rule_message
from services.alerting.ports.rules import Rule
from services.core.records import AuditRecord
from services.runtime.recorded_messages import message_recorded, payload_of


def rule_payload(rule: Rule) -> Mapping[str, Any]:
    """What is recorded of a rule."""
    return payload_of(rule_message(replace(rule, version=0, updated_at=0.0, updated_by="")))


def rule_recorded(record: AuditRecord) -> Rule:
    """The rule that a record holds. Raises InvalidInput where it holds none that can be read."""
    message = message_recorded(record, pb.Rule())
    rule = replace(rule_from(message), origin=ORIGINS.word("rule.origin", message.origin))
    return rule_stamped(rule, record)


def rule_stamped(rule: Rule, record: AuditRecord) -> Rule:
    """A rule with what only its record says."""
    return replace(rule, version=record.revision, updated_at=record.time_us / 1e6, updated_by=record.subject)
