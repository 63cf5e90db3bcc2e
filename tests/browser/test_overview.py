"""The web app's overview, in a real Chromium, on a whole suite."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.looks import PHONE, serious
from tests.support.outages import patience
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

FIRST_LOAD_BYTES = 250_000
FIRST_PICTURE_MS = 2_500
MOST_LOADS = 3

# Notes, at each frame, what the page says of its connection and whether any figure is gone.
WATCHER = """
window.seen = {conditions: [], lost: 0};
const look = () => {
  const condition = document.querySelector('[data-testid=connection]')?.dataset.condition ?? 'none';
  if (seen.conditions.at(-1) !== condition) seen.conditions.push(condition);
  const total = document.querySelector('[data-figure="Requests today"] .value')?.textContent ?? '';
  const rows = document.querySelectorAll('[data-panel=services] tbody tr').length;
  if (!/[0-9]/.test(total) || rows === 0) seen.lost += 1;
  requestAnimationFrame(look);
};
look();
"""


@pytest.fixture(scope="module")
def fresh() -> Iterator[Suite]:
    """A suite that knows nothing yet, and that a test may hurt."""
    with running_suite() as running:
        yield running


def opened(page: Page, suite: Suite) -> Page:
    """The page once it shows live figures."""
    page.goto(suite.url)
    expect(page.get_by_test_id("connection")).to_have_attribute("data-condition", "live", timeout=60_000)
    return page


def figure(page: Page, name: str) -> str:
    """What stands under a key figure's name."""
    return page.locator(f'[data-figure="{name}"] .value').inner_text()


def request(service: str = "shop") -> dict[str, Any]:
    """An event that counts as a request."""
    data = {"endpoint": "/checkout", "status_code": 200, "latency_ms": 42}
    return {"type": "request", "service": service, "user_id": "ada", "data": data}


def test_an_empty_page_teaches_the_first_step_and_shows_the_first_data(page: Page, fresh: Suite) -> None:
    opened(page, fresh)
    expect(page.get_by_role("heading", name="Send the first data")).to_be_visible()
    expect(page.locator("pre").first).to_contain_text(f"curl -X POST {fresh.url}/events")
    fresh.post("/events", [request() for _ in range(5)])
    expect(page.locator('[data-figure="Requests today"] .value')).to_have_text("5")
    expect(page.get_by_role("row", name="shop")).to_contain_text("inferred from traffic")
    expect(page.get_by_role("row", name="/checkout")).to_contain_text("5")
    expect(page.get_by_role("heading", name="Send the first data")).to_have_count(0)


def test_the_feed_holds_still_while_it_is_read(page: Page, fresh: Suite) -> None:
    fresh.post("/events", {"type": "first_marker", "service": "shop"})
    opened(page, fresh)
    feed = page.get_by_role("region", name="Newest events")
    expect(feed).to_contain_text("first_marker")
    feed.focus()
    fresh.post("/events", {"type": "second_marker", "service": "shop"})
    expect(page.locator("[data-panel=events]")).to_contain_text("1 new")
    expect(feed).not_to_contain_text("second_marker")
    page.keyboard.press("Shift+Tab")
    expect(feed).to_contain_text("second_marker")


def test_it_comes_back_when_the_streamer_is_killed_and_keeps_the_picture(page: Page, fresh: Suite) -> None:
    fresh.post("/events", [request() for _ in range(3)])
    opened(page, fresh)
    expect(page.get_by_role("row", name="shop")).to_be_visible()
    page.evaluate(WATCHER)
    fresh.kill("streamer")
    back = "seen.conditions.includes('reconnecting') && seen.conditions.at(-1) === 'live'"
    eventually_sync(lambda: bool(page.evaluate(back)), "the page says reconnecting, then live", within=45)
    before = figure(page, "Requests today")
    fresh.post("/events", [request() for _ in range(2)])
    expect(page.locator('[data-figure="Requests today"] .value')).not_to_have_text(before)
    assert page.evaluate("seen.lost") == 0


def test_the_last_picture_is_there_before_anything_comes(page: Page, fresh: Suite) -> None:
    fresh.post("/events", [request("kiosk") for _ in range(3)])
    opened(page, fresh)
    # Of a service of their own: where it stands, they are counted, and nothing comes after them.
    expect(page.get_by_role("row", name="kiosk")).to_be_visible()
    total = f"{fresh.get('/dashboard')['overview']['total_requests']:g}"
    expect(page.locator('[data-figure="Requests today"] .value')).to_have_text(total)
    # Who holds the socket open and says nothing is a server that takes its time.
    page.route_web_socket("**/ws/v1/live", lambda _socket: None)
    page.reload()
    expect(page.get_by_test_id("connection")).to_contain_text("Connecting")
    expect(page.locator('[data-figure="Requests today"] .value')).to_have_text(total)
    expect(page.get_by_role("row", name="kiosk")).to_be_visible()


def test_it_says_how_far_behind_it_is(page: Page, suite: Suite) -> None:
    opened(page, suite)
    said = page.get_by_test_id("connection")
    expect(said).to_contain_text(re.compile(r"Live\s+\S+ m?s behind"), timeout=20_000)
    said.click()
    panel = page.get_by_test_id("freshness")
    for name in ("Delay of events", "Delay of figures"):
        expect(panel.get_by_role("img", name=name)).to_be_visible(timeout=30_000)
    expect(panel).to_contain_text("there and back")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_figures_move_by_themselves(page: Page, suite: Suite) -> None:
    opened(page, suite)
    expect(page.get_by_text("Demonstration data")).to_be_visible()
    before = {name: figure(page, name) for name in ("Requests today", "Request rate")}
    eventually_sync(
        lambda: all(figure(page, name) != text for name, text in before.items()), "the key figures move", within=30
    )
    chart = page.get_by_role("slider", name="Requests and errors per second")
    said = chart.get_attribute("aria-valuetext")
    eventually_sync(lambda: chart.get_attribute("aria-valuetext") != said, "the chart goes on")
    expect(page.get_by_role("meter", name="CPU")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_finds_nothing_serious(
    page: Page, suite: Suite, scheme: Literal["dark", "light"], size: Literal["desktop", "phone"]
) -> None:
    # Without motion nothing is judged half-way through fading in.
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if size == "phone":
        page.set_viewport_size(PHONE)
    opened(page, suite).get_by_test_id("connection").click()
    assert serious(page) == []


def test_a_phone_needs_no_sideways_scrolling(page: Page, suite: Suite) -> None:
    page.set_viewport_size(PHONE)
    opened(page, suite)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def tabbed_to(page: Page, target: Locator) -> bool:
    """Whether one more Tab leads there."""
    page.keyboard.press("Tab")
    return bool(target.evaluate("node => node === document.activeElement"))


def test_the_keyboard_reaches_everything(page: Page, suite: Suite) -> None:
    opened(page, suite)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    chart = page.get_by_role("slider", name="Requests and errors per second")
    # On the way there may be alerts.
    eventually_sync(lambda: tabbed_to(page, chart), "Tab reaches the chart", within=60)
    page.keyboard.press("ArrowLeft")
    expect(chart).not_to_have_attribute("aria-valuenow", "0")
    other = page.get_by_role("slider", name="Latency percentiles")
    expect(other).not_to_have_attribute("aria-valuenow", "0")
    head = page.get_by_role("columnheader", name="Requests")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    page.get_by_role("radio", name="As the system").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_first_load_is_small_and_soon_there(page: Page, browser: Browser, suite: Suite) -> None:
    opened(page, suite)
    page.wait_for_load_state("load")
    sizes: dict[str, int] = page.evaluate(
        """Object.fromEntries(['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type))
            .filter(entry => !/\\/(api|binnacle\\.)/.test(entry.name))
            .map(entry => [entry.name, entry.transferSize]))"""
    )
    assert any(name.endswith(".js") for name in sizes)
    assert sum(sizes.values()) <= FIRST_LOAD_BYTES, sizes
    # The best of some times: what else the machine does is not the page's.
    painted = [first_picture(page)]
    while min(painted) > FIRST_PICTURE_MS and len(painted) < MOST_LOADS:
        with fresh_page(browser) as another:
            opened(another, suite)
            painted.append(first_picture(another))
    assert min(painted) <= patience(FIRST_PICTURE_MS), painted


def first_picture(page: Page) -> float:
    """Milliseconds from the beginning of the navigation until something was painted."""
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    painted: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return painted


@contextmanager
def fresh_page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that has loaded nothing yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        yield context.new_page()
    finally:
        context.close()
