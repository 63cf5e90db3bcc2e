"""As many rules as a company has in its files, each as long as people write them."""

from collections.abc import Iterator
from typing import Any

TEAMS = 40


def rule(number: int) -> dict[str, Any]:
    """One, as it stands in a file: 700 bytes as a message, 1,300 as JSON."""
    service = f"checkout-{number}"
    selection = {
        "metric": "latency",
        "matchers": [f'service="{service}"', 'endpoint!="/health"'],
        "function": "quantile",
        "quantile": 0.95,
        "window": "5m",
        "grouping": {"aggregation": "maximum", "by": ["endpoint"]},
    }
    return {
        "id": f"checkout-latency-{number}",
        "name": f"The checkout of shop {number} is slow",
        "description": "The 95th percentile of what a checkout takes, by endpoint. Look at the database first.",
        "condition": {"threshold": {"expressions": [{"selection": selection}], "comparison": "above"}},
        "levels": [
            {"severity": "warning", "threshold": 300, "recovery_threshold": 250},
            {"severity": "critical", "threshold": 1000, "recovery_threshold": 800},
        ],
        "for": "2m",
        "keep_firing": "5m",
        "labels": {"team": f"shop-{number % TEAMS}", "service": service, "tier": "1"},
        "annotations": {
            "summary": "{{labels.endpoint}} takes {{value}} ms, which is more than {{threshold}} ms",
            "description": "People wait for the checkout. See the dashboard of the shop and its runbook, and tell the "
            "team of the shop if it goes on for longer than half an hour.",
        },
        "runbook_url": f"https://wiki.example.com/runbooks/checkout-slow-{number}",
        "owner": "shop@example.com",
    }


def rules(count: int) -> Iterator[dict[str, Any]]:
    """So many, all different."""
    return map(rule, range(count))
