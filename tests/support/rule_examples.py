"""One rule of each kind of condition, as people write them."""

from typing import Any

from binnacle.rules.v1 import rules_pb2
from services.runtime.plain_messages import fill

EXPRESSION = {"selection": {"metric": "latency", "matchers": ['service="shop"'], "function": "average", "window": "5m"}}
SUM = {"function": "sum", "window": "5m", "grouping": {"aggregation": "sum", "by": ["service"]}}
LEVELS = [{"severity": "warning", "threshold": 5}, {"severity": "critical", "threshold": 9, "recovery_threshold": 8}]
EVENT = [{"field": "type", "values": ["purchase"]}, {"field": "data.total", "operator": "less", "values": ["0"]}]
CONDITIONS: dict[str, dict[str, Any]] = {
    "threshold": {"expressions": [EXPRESSION], "comparison": "above"},
    "ratio": {"part": {"metric": "__errors__", **SUM}, "whole": {"metric": "__requests__", **SUM}, "minimum_whole": 20},
    "change": {"selection": EXPRESSION["selection"], "period": "1h", "percent": True, "comparison": "at_least"},
    "absence": {"metric": "up", "matchers": ["job=~a|b"], "by": ["job"], "after": "5m"},
    "stale_heartbeat": {"services": ["shop"], "grace": "1m"},
    "event_match": {"conditions": EVENT, "by": ["service"]},
    "event_rate": {"conditions": EVENT, "by": ["data.provider"], "window": "5m"},
    "composite": {"formula": {"all": ["one", {"any": ["two", {"not": "three"}]}]}, "by": ["service"]},
    "burn_rate": {
        "bad": {"metric": "__errors__", **SUM},
        "total": {"metric": "__requests__", **SUM},
        "objective": 0.999,
    },
    "anomaly_score": {"selection": EXPRESSION["selection"]},
}
WITHOUT_VALUE = ("absence", "event_match", "composite")


def plain(kind: str = "threshold", **told: Any) -> dict[str, Any]:
    """A rule with a condition of a kind."""
    levels = [] if kind == "burn_rate" else [{"severity": "warning"}] if kind in WITHOUT_VALUE else LEVELS
    return {"id": f"a-{kind}", "name": "A rule", "condition": {kind: CONDITIONS[kind]}, "levels": levels, **told}


def message(held: dict[str, Any]) -> rules_pb2.Rule:
    """The message that is written so."""
    made = rules_pb2.Rule()
    assert not fill(made, held, "rule")
    return made
