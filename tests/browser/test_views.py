"""The web app beyond its overview: going about in it, Explore, and logs, in a real Chromium on a whole suite."""

import csv
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import PHONE, serious
from tests.support.stored import everything_is_stored
from tests.support.suite import Suite, running_suite

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MINUTES = 30


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    """A suite that holds half an hour of a queue with a spike in it, and some log lines."""
    with running_suite() as running:
        now = int(time.time())
        running.post("/metrics", [point for minute in range(MINUTES) for point in queues(now - 60 * minute, minute)])
        running.post("/logs", [line(now - 60, "started on port 8080"), line(now - 50, "order 17 took 31 ms")])
        running.post("/logs", [line(now - 40 + n, f"order {n} took {7 * n} ms") for n in range(20)])
        running.post("/logs", {**line(now - 15, "card declined for order 4", "error"), "trace_id": TRACE})
        running.post("/events", [request() for _ in range(30)])
        running.post("/events", {"type": "purchase", "service": "shop", "data": {"total": 84.5, "currency": "EUR"}})
        running.post("/events", {"type": "deploy", "service": "shop", "data": {"service": "shop", "version": "7.1"}})
        everything_is_stored(running)
        yield running


def queues(at: int, minute: int) -> list[dict[str, Any]]:
    """Values of two services; the shop's queue is long ten minutes ago."""
    spike = 900 if minute == 10 else 0
    return [
        {"name": "queue_length", "value": value, "tags": {"service": service}, "timestamp": at}
        for service, value in (("shop", 20 + spike), ("mail", 5))
    ]


def line(at: int, message: str, level: str = "info") -> dict[str, Any]:
    return {"service": "shop", "level": level, "message": message, "timestamp": at, "attributes": {"host": "one"}}


def request() -> dict[str, Any]:
    """A slow request."""
    data = {"endpoint": "/checkout", "status_code": 200, "latency_ms": 900}
    return {"type": "request", "service": "shop", "data": data}


def opened(page: Page, suite: Suite, view: str, **params: Any) -> Page:
    """A view once the page is live."""
    page.goto(f"{suite.url}/app/{view}?{urlencode(params, doseq=True)}")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-condition", "live", timeout=60_000)
    return page


def filled(page: Page, charts: int) -> None:
    """Return once so many charts have values."""
    tables = page.get_by_role("region", name="Series")
    expect(tables).to_have_count(charts)
    for number in range(charts):
        expect(tables.nth(number).get_by_role("row", name="shop")).to_be_visible()


def test_links_keys_and_the_browsers_buttons_go_about(page: Page, suite: Suite) -> None:
    opened(page, suite, "overview")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Explore").click()
    expect(page.get_by_role("heading", name="What do you want to see?")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page).to_have_url(re.compile("/app/logs$"))
    expect(page).to_have_title(re.compile("^Logs"))
    page.go_back()
    expect(page.get_by_role("link", name="Explore")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("region", name="By keyboard")).to_be_visible()
    assert page.evaluate("window.same"), "nothing of this loads the page anew"


def test_keys_that_nobody_needs_are_said_so_without_filters(page: Page, suite: Suite) -> None:
    opened(page, suite, "admin", show="keys")
    keys = page.locator("[data-panel=api-keys]")
    expect(keys).to_contain_text("Nobody needs a key here")
    expect(keys.get_by_text("Reading…")).to_have_count(0)
    expect(keys.get_by_role("searchbox")).to_have_count(0)
    expect(keys.get_by_text("There is no key yet")).to_have_count(0)


def test_an_address_that_is_nothings_says_so(page: Page, suite: Suite) -> None:
    opened(page, suite, "treasure")
    page.get_by_role("link", name="To the overview").click()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_attached()


def test_the_overview_says_how_things_are_and_what_was_earned_and_changed(page: Page, suite: Suite) -> None:
    opened(page, suite, "overview")
    expect(page.get_by_test_id("verdict")).to_contain_text("All is well")
    expect(page.locator('[data-figure="Revenue today"] .value')).to_have_text("€84.50", timeout=30_000)
    expect(page.get_by_role("list", name="Changes within the time shown")).to_contain_text("7.1", timeout=30_000)
    hours = page.get_by_role("table", name="Requests of each hour of the last 7 days")
    expect(hours.get_by_role("row")).to_have_count(8)
    expect(hours.get_by_role("cell", name="30", exact=True)).to_have_count(1)


def test_a_slow_endpoint_leads_to_its_charts(page: Page, suite: Suite) -> None:
    # Figures are of five minutes.
    suite.post("/events", request())
    opened(page, suite, "overview")
    page.get_by_label("Which endpoints").select_option("slowest")
    expect(page.locator("[data-panel=endpoints]").get_by_role("row", name="/checkout")).to_contain_text(
        re.compile(r"(89|90)\d\s?ms")
    )
    page.get_by_role("link", name="/checkout").click()
    tables = page.get_by_role("region", name="Series")
    expect(tables).to_have_count(2)
    expect(tables.first).to_contain_text(re.compile(r"(89|90)\d\s?ms"))
    page.get_by_role("combobox", name="by", exact=True).first.select_option("service")
    expect(tables.first.get_by_role("row", name="shop")).to_be_visible()


def test_a_metric_is_found_grouped_compared_and_the_address_holds_it(page: Page, suite: Suite) -> None:
    opened(page, suite, "explore")
    page.keyboard.press("/")
    page.keyboard.type("queu len")
    option = page.get_by_role("option", name="queue_length")
    expect(option).to_contain_text("2 series")
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name="Series")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table.get_by_role("row", name="shop")).to_contain_text("920")
    page.get_by_role("combobox", name="together").select_option("sum")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table).to_contain_text("925")
    page.get_by_role("combobox", name="by", exact=True).select_option("service")
    page.get_by_role("combobox", name="beside").select_option("an hour earlier")
    expect(table.get_by_role("columnheader", name="Change")).to_be_visible()
    address = page.url
    assert "metric=queue_length" in address
    assert "aggregation=sum&by=service&earlier=1h" in address
    page.goto(address)
    expect(table.get_by_role("row", name="shop")).to_contain_text("920")


def test_a_condition_leaves_only_what_it_says(page: Page, suite: Suite) -> None:
    opened(page, suite, "explore", metric="queue_length", match="service=~sh.*")
    table = page.get_by_role("region", name="Series")
    expect(table.get_by_role("row")).to_have_count(2)
    page.get_by_label("Value of service").fill("mail")
    page.get_by_label("Value of service").press("Enter")
    expect(table.get_by_role("row").last).to_contain_text("5")
    page.get_by_role("button", name="Take the condition on service away").click()
    expect(table.get_by_role("row")).to_have_count(3)


def test_dragging_zooms_all_charts_and_back_leads_back(page: Page, suite: Suite) -> None:
    opened(page, suite, "explore", metric=["queue_length", "queue_length"], last="1h")
    charts = page.get_by_role("slider", name="queue_length over time")
    expect(charts).to_have_count(2)
    filled(page, 2)
    box = charts.first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("from=.*&to=.*&metric=queue_length"))
    expect(page.get_by_role("button", name="Zoom out")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("last=1h"))


def test_charts_are_read_together_by_keyboard(page: Page, suite: Suite) -> None:
    opened(page, suite, "explore", metric=["queue_length", "queue_length"], last="1h")
    charts = page.get_by_role("slider", name="queue_length over time")
    expect(charts).to_have_count(2)
    filled(page, 2)
    charts.first.focus()
    page.keyboard.press("Home")
    expect(charts.nth(1)).to_have_attribute("aria-valuenow", "0")
    expect(charts.first).to_have_attribute("aria-valuetext", re.compile("shop 20"))


def test_what_is_exported_is_what_is_shown(page: Page, suite: Suite, tmp_path: Path) -> None:
    opened(page, suite, "explore", metric="queue_length", function="maximum", last="1h")
    page.get_by_role("button", name="shop").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    waiting.value.save_as(tmp_path / "shown.csv")
    rows = list(csv.DictReader((tmp_path / "shown.csv").read_text().splitlines()))
    assert set(rows[0]) >= {"time", "shop"}
    assert "mail" not in rows[0]
    assert max(float(row["shop"]) for row in rows if row["shop"]) == 920


def test_a_moment_leads_to_what_happened_then(page: Page, suite: Suite) -> None:
    opened(page, suite, "explore", metric="queue_length", match="service=shop", last="15m")
    chart = page.get_by_role("slider", name="queue_length over time")
    chart.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    about = page.get_by_role("complementary", name="About")
    expect(about).to_contain_text("in shop")
    expect(about).to_contain_text("card declined for order 4")
    expect(about).to_contain_text("deploy")
    about.get_by_role("link", name="All log lines of then").click()
    expect(page).to_have_url(re.compile("/app/logs.*service=shop"))
    expect(page.get_by_role("list", name="Lines, newest first")).to_contain_text("card declined")


def test_lines_come_live_and_wait_while_paused(page: Page, suite: Suite) -> None:
    opened(page, suite, "logs", last="1h")
    lines = page.get_by_role("list", name="Lines, newest first")
    expect(lines).to_contain_text("card declined")
    suite.post("/logs", {"service": "shop", "level": "info", "message": "first marker"})
    expect(lines).to_contain_text("first marker")
    page.get_by_role("button", name="Pause").click()
    suite.post("/logs", {"service": "shop", "level": "info", "message": "second marker"})
    expect(page.locator("[data-panel=logs]")).to_contain_text("1 new")
    expect(lines).not_to_contain_text("second marker")
    page.get_by_role("button", name="Resume").click()
    expect(lines).to_contain_text("second marker")


@pytest.mark.parametrize("view", ["logs", "events"])
def test_what_was_changed_stands_beside_what_came(page: Page, suite: Suite, view: str) -> None:
    opened(page, suite, view)
    expect(page.get_by_role("list", name="Changes within the time shown")).to_contain_text("shop 7.1", timeout=30_000)


def test_filters_narrow_what_is_shown_and_what_comes(page: Page, suite: Suite) -> None:
    opened(page, suite, "logs", last="15m")
    lines = page.get_by_role("list", name="Lines, newest first").get_by_role("listitem")
    page.keyboard.press("/")
    page.keyboard.type('"card declined"')
    expect(lines).to_have_count(1)
    expect(page).to_have_url(re.compile("text=%22card"))
    suite.post("/logs", {"service": "shop", "level": "error", "message": "card was declined"})
    suite.post("/logs", {"service": "shop", "level": "error", "message": "Card declined again"})
    expect(lines).to_have_count(2)
    page.get_by_label("Words in the message").fill("")
    page.get_by_role("checkbox", name="error").check(force=True)
    expect(page).to_have_url(re.compile("level=error$"))
    expect(lines.filter(has_text="info")).to_have_count(0)


def test_a_line_opens_to_its_attributes_and_its_surroundings(page: Page, suite: Suite) -> None:
    opened(page, suite, "logs", last="15m", text='"card declined for"')
    page.get_by_role("button", name="card declined for").click()
    row = page.get_by_role("listitem").filter(has_text="card declined for")
    expect(row.first).to_contain_text(TRACE)
    page.get_by_role("button", name="Lines around it").click()
    around = page.get_by_role("list", name="Lines around it")
    expect(around).to_contain_text("order 19 took 133 ms")
    expect(around.locator("[aria-current]")).to_contain_text("card declined")
    page.get_by_role("button", name="All lines of its trace").click()
    expect(page).to_have_url(re.compile(f"trace={TRACE}"))


def test_patterns_lead_to_their_lines(page: Page, suite: Suite) -> None:
    opened(page, suite, "logs", last="15m", show="patterns")
    page.get_by_role("button", name=re.compile("order .* took")).click()
    lines = page.get_by_role("list", name="Lines, newest first").get_by_role("listitem")
    expect(lines).to_have_count(21)


@pytest.mark.parametrize(("scheme", "size"), [("dark", "desktop"), ("light", "phone")])
@pytest.mark.parametrize("view", ["explore", "logs"])
def test_axe_finds_nothing_serious(
    page: Page, suite: Suite, view: str, scheme: Literal["dark", "light"], size: str
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if size == "phone":
        page.set_viewport_size(PHONE)
    opened(page, suite, view, metric="queue_length", match="service!=nobody")
    shown = page.get_by_role("region", name="Series") if view == "explore" else page.get_by_text("card declined for")
    expect(shown).to_be_visible()
    if view == "explore":
        # Faint until the labels are known.
        expect(page.get_by_role("button", name="condition", exact=True)).to_be_enabled()
    assert serious(page) == []
    if size == "phone":
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
