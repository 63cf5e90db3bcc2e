"""The pages that describe the REST face work without anything from outside, and let a reader try it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.suite import Suite

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.network]


def opened(browser: Browser, suite: Suite, path: str) -> tuple[Page, list[str]]:
    """A page, and what went wrong on it: errors, refusals of the security policy, requests to elsewhere."""
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((suite.url, "data:", "blob:")) else faults.append(request.url),
    )
    page.goto(suite.url + path)
    return page, faults


def test_an_operation_can_be_tried_on_the_page(browser: Browser, suite: Suite) -> None:
    page, faults = opened(browser, suite, "/docs")
    health = page.locator("#operations-SystemService-SystemService_GetHealth")
    health.locator("button.opblock-summary-control").click()
    health.get_by_role("button", name="Execute").click()
    live = health.locator(".live-responses-table")
    expect(live).to_contain_text('"status": "healthy"', timeout=15_000)
    assert faults == []
    page.close()


def test_every_path_can_be_read(browser: Browser, suite: Suite) -> None:
    page, faults = opened(browser, suite, "/redoc")
    expect(page.get_by_role("heading", name="Binnacle", exact=False).first).to_be_visible(timeout=15_000)
    expect(page.locator("#api")).to_contain_text("/services/{service}/metrics")
    assert faults == []
    page.close()
