"""Alerts stand on the page as they are, and can be taken there."""

import uuid

import pytest
from playwright.sync_api import Browser, expect

from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]


def test_an_alert_appears_fires_and_is_acknowledged(browser: Browser, suite: Suite) -> None:
    mine = f"page-{uuid.uuid4().hex[:8]}"
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(suite.url)
    panel = page.locator("[data-panel=alerts]")
    expect(panel).not_to_contain_text("Waiting for the first answer", timeout=60_000)
    # Of a rule of its own: what another alert of its rule was acknowledged with would be its acknowledgement too.
    selection = {"metric": mine, "function": "FUNCTION_LAST", "window": "600s"}
    rule = {
        "id": mine,
        "name": "Too hot",
        "condition": {"threshold": {"expressions": [{"selection": selection}]}},
        "levels": [{"severity": "SEVERITY_CRITICAL", "threshold": 90}],
    }
    suite.post("/api/v1/rules", rule)

    def fires() -> bool:
        # The rule is judged by what comes once alerting has it.
        suite.post("/metrics", {"name": mine, "value": 95, "tags": {"service": mine}})
        return bool(suite.get("/api/v1/alerts", rule_id=mine)["alerts"])

    eventually_sync(fires, "the alert fires")
    row = panel.locator("tbody tr", has_text=mine)
    # Sooner than the list is asked for by itself.
    expect(row).to_have_attribute("data-state", "firing", timeout=40_000)
    for text in ("critical", "Too hot", "95", "limit 90"):
        expect(row).to_contain_text(text)
    expect(panel.locator("header")).to_contain_text("firing")
    button = row.get_by_role("button", name=f"Acknowledge Too hot of {mine}")
    button.click()
    expect(button).to_have_count(0)

    def is_acknowledged() -> bool:
        [told] = suite.get("/api/v1/alerts", service=mine)["alerts"]
        return bool((told.get("acknowledgement") or {}).get("time"))

    eventually_sync(is_acknowledged, "it is acknowledged")
    page.close()
