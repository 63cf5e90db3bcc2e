"""The pages that describe the REST face work without anything from outside, and let a reader try it."""

from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(600)]


READINGS = 8
GROUND = """() => {
  const shown = getComputedStyle(document.documentElement).backgroundColor;
  const [red, green, blue, alpha = 1] = shown.match(/[\\d.]+/g).map(Number);
  return alpha === 0 ? [255, 255, 255] : [red, green, blue];
}"""


def is_fault(message: ConsoleMessage) -> bool:
    """Whether something went wrong; Swagger UI also tells of links whose form is old."""
    return message.type == "error" and not message.text.startswith("Deprecated: escaping deep link")


def opened(browser: Browser, suite: Suite, path: str) -> tuple[Page, list[str]]:
    """A page, and what went wrong on it: errors, refusals of the security policy, requests to elsewhere."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((suite.url, "data:", "blob:")) else faults.append(request.url),
    )
    page.goto(suite.url + path)
    return page, faults


def test_an_operation_can_be_tried_on_the_page(browser: Browser, suite: Suite) -> None:
    page, faults = opened(browser, suite, "/docs#/SystemService/SystemService_GetHealth")
    health = page.locator("#operations-SystemService-SystemService_GetHealth")
    health.get_by_role("button", name="Execute").click()
    live = health.locator(".live-responses-table")
    expect(live).to_contain_text('"status": "healthy"', timeout=45_000)
    assert faults == []
    page.close()


def test_what_an_operation_wants_is_an_example_from_the_suite_itself(browser: Browser, suite: Suite) -> None:
    eventually_sync(lambda: bool(suite.get("/api/v1/sessions")["sessions"]), "the demo has sessions", within=30)
    page, faults = opened(browser, suite, "/docs#/SessionService/SessionService_GetSession")
    session = page.locator("#operations-SessionService-SessionService_GetSession")
    wanted = session.get_by_placeholder("session_id")
    # The page does not wait for examples of a suite that is slow to answer.
    for _reading in range(READINGS):
        expect(wanted).to_be_visible(timeout=45_000)
        if wanted.input_value():
            break
        page.reload()
    assert suite.get(f"/api/v1/sessions/{wanted.input_value()}")["session"]["session_id"] == wanted.input_value()
    assert faults == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_page_has_the_face_of_the_system(browser: Browser, suite: Suite, path: str, scheme: Any) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(suite.url + path)
    expect(page.locator("#api")).to_contain_text("Binnacle", timeout=45_000)
    red, green, blue = page.evaluate(GROUND)
    assert (red + green + blue < 3 * 80) is (scheme == "dark")
    page.close()


def test_every_path_can_be_read(browser: Browser, suite: Suite) -> None:
    page, faults = opened(browser, suite, "/redoc")
    expect(page.get_by_role("heading", name="Binnacle", exact=False).first).to_be_visible(timeout=45_000)
    expect(page.locator("#api")).to_contain_text("/services/{service}/metrics", timeout=45_000)
    assert faults == []
    page.close()
