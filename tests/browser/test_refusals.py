"""What was refused at intake stands on the page."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.suite import running_suite

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]


def test_a_refusal_appears_with_its_field_its_reason_and_what_it_held(browser: Browser) -> None:
    with running_suite() as suite:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(suite.url)
        panel = page.locator("[data-panel=refusals]")
        expect(panel).to_contain_text("Nothing was refused", timeout=60_000)
        refused = suite.http.post("/events", json={"type": "no type", "service": "shop"})
        assert refused.status_code == 400
        row = panel.locator("tbody tr")
        expect(row).to_have_count(1, timeout=30_000)
        for text in ("type", "shop", "must be 1 to 100 characters", 'type "no type"', "ago"):
            expect(row).to_contain_text(text)
        page.close()
