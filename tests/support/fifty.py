"""A dashboard of fifty widgets, each with a question of its own, and when a page shows the values of all."""

import time
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tests.support.suite import Suite

FIFTY, FIGURES, MINUTES = 50, 10, 10
METRIC = "fifty"
# So tall that none is out of sight.
TALL: ViewportSize = {"width": 1920, "height": 3_000}
# Milliseconds from the beginning of the navigation until all of them show a value.
SHOWN = """count => {
    const shows = body => body.querySelector('canvas') !== null || /\\d/.test(body.textContent ?? '');
    const shown = [...document.querySelectorAll('[data-widget] section > .body')].filter(shows);
    return shown.length >= count && performance.now();
}"""
_NAMES = ("requests", "errors", "searches", "purchases", "conversions", "messages_sent", "messages_received",
          "messages_failed", "tickets_created", "conversations_started")  # fmt: skip


def fifty_widgets(suite: Suite) -> str:
    """The address of such a dashboard, whose values are sent: numbers, lines, lists, and figures by name."""
    now = int(time.time())
    points = [
        {"name": METRIC, "value": part + 1, "tags": {"part": str(part)}, "timestamp": now - 60 * minute}
        for part in range(FIFTY)
        for minute in range(MINUTES)
    ]
    suite.post("/metrics", points)
    made = suite.post("/api/v1/dashboards", {"title": "Fifty", "widgets": [_widget(n) for n in range(FIFTY)]})
    return f"{suite.url}/app/dashboards/{made['dashboard']['id']}"


def shown_within(page: Page, address: str, seconds: float) -> float:
    """Seconds from going to the address until all fifty show a value."""
    page.goto(address, timeout=1_000 * seconds)
    handle = page.wait_for_function(SHOWN, arg=FIFTY, timeout=1_000 * seconds)
    told: float = handle.json_value()
    return told / 1_000


def _widget(number: int) -> dict[str, Any]:
    position = {"x": number % 6 * 2, "y": number // 6 * 3, "width": 2, "height": 3}
    if number < FIGURES:
        question: dict[str, Any] = {"figures": {"names": [_NAMES[number]]}}
        return {"position": position, "number": {"question": question, "reduction": "REDUCTION_TOTAL"}}
    matchers = [{"label": "part", "value": str(number)}]
    question = {"query": {"expressions": [{"selection": {"metric": METRIC, "matchers": matchers}}]}}
    kind = ("number", "line", "top_list")[number % 3]
    return {"position": position, kind: {"question": question}}
