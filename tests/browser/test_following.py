"""Following a fault through the web app: events, traces, sessions, integrations, the pipeline; on a whole suite."""

import csv
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
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

SLOW = "4bf92f3577b34da6a3ce929d0e0e4736"
VISITORS = 6


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    """A suite that holds a quarter of an hour of a shop, in which one checkout took long."""
    with running_suite() as running:
        now = time.time()
        running.post("/events", [one for number in range(VISITORS) for one in visit(now - 600, number)])
        running.post("/events", [call(now - 120 + number, number) for number in range(20)])
        running.post("/events", [request(now - 300 + number, "/cart", 20) for number in range(40)])
        running.post("/events", request(now - 90, "/checkout", 900, trace_id=SLOW))
        declined = {"service": "bank", "level": "error", "message": "card declined", "trace_id": SLOW}
        running.post("/logs", {**declined, "timestamp": now - 89.5})
        running.post("/v1/metrics", measured(now))
        running.post("/v1/traces", trace(SLOW, now - 90, 900))
        for number in range(5):
            running.post("/v1/traces", trace(f"{number + 1:032x}", now - 200 + number, 60))
        everything_is_stored(running)
        yield running


def visit(at: int | float, number: int) -> list[dict[str, Any]]:
    """What a visitor did: all look, half put something into the cart, two buy."""
    who = {"service": "shop", "user_id": f"u{number}", "session_id": f"s-{number}"}
    did: list[dict[str, Any]] = [
        {"type": "session_start", "data": {"country": "NO", "device": "phone"}},
        {"type": "page_view", "data": {"page": "/"}},
        {"type": "page_view", "data": {"page": "/deck-chairs"}},
        {"type": "feature_used", "data": {"feature": "wish list"}},
    ]
    if number % 2 == 0:
        did.append({"type": "cart_add", "data": {"product_id": "chair"}})
    if number < 3:
        did.append({"type": "purchase", "data": {"total": 40 + number, "currency": "EUR"}})
    return [{**who, **one, "timestamp": at + 10 * number + step} for step, one in enumerate(did)]


def call(at: float, number: int) -> dict[str, Any]:
    """A call of a bank that fails every fifth time."""
    data = {"provider": "bank", "endpoint": "charges", "response_time": 50 + number, "success": number % 5 > 0}
    return {"type": "integration_call", "service": "shop", "timestamp": at, "data": data}


def request(at: float, endpoint: str, latency: float, **more: Any) -> dict[str, Any]:
    data = {"endpoint": endpoint, "status_code": 200, "latency_ms": latency, **more}
    return {"type": "request", "service": "shop", "timestamp": at, "data": data}


def measured(now: float) -> dict[str, Any]:
    """A gauge with a spike that names the slow trace."""
    points = [
        {
            "timeUnixNano": str(int((now - 90 + 15 * step) * 1e9)),
            "asDouble": 900.0 if step == 0 else 50.0,
            **({"exemplars": [exemplar(now - 90)]} if step == 0 else {}),
        }
        for step in range(-20, 6)
    ]
    gauge = {"name": "checkout_ms", "unit": "ms", "gauge": {"dataPoints": points}}
    return {"resourceMetrics": [{**resource("shop"), "scopeMetrics": [{"metrics": [gauge]}]}]}


def exemplar(at: float) -> dict[str, Any]:
    return {"timeUnixNano": str(int(at * 1e9)), "asDouble": 900.0, "traceId": SLOW, "spanId": "1" * 16}


def resource(service: str) -> dict[str, Any]:
    return {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}}


def trace(trace_id: str, at: float, took: float) -> dict[str, Any]:
    """A checkout: the shop asks the stock and then, for most of the time, the bank, which asks its database."""
    spans = [
        ("shop", "POST /checkout", "1", "", 0.0, 1.0, 2),
        ("stock", "GET /stock", "2", "1", 0.05, 0.15, 2),
        ("bank", "POST /charges", "3", "1", 0.2, 0.95, 2),
        ("bank", "SELECT accounts", "4", "3", 0.25, 0.9, 3),
    ]
    told = [
        {
            **resource(service),
            "scopeSpans": [{"spans": [span(trace_id, name, own, parent, at, took, begin, end, kind)]}],
        }
        for service, name, own, parent, begin, end, kind in spans
    ]
    return {"resourceSpans": told}


def span(
    trace_id: str, name: str, own: str, parent: str, at: float, took: float, begin: float, end: float, kind: int
) -> dict[str, Any]:
    database = [{"key": "db.system.name", "value": {"stringValue": "postgresql"}}] if kind == 3 else []
    return {
        "traceId": trace_id,
        "spanId": own * 16,
        **({"parentSpanId": parent * 16} if parent else {}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(int((at + begin * took / 1000) * 1e9)),
        "endTimeUnixNano": str(int((at + end * took / 1000) * 1e9)),
        "attributes": [{"key": "card", "value": {"stringValue": "blue"}}, *database],
    }


def opened(page: Page, suite: Suite, view: str, **params: Any) -> Page:
    """A view once the page is live."""
    page.goto(f"{suite.url}/app/{view}?{urlencode(params, doseq=True)}")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-condition", "live", timeout=60_000)
    return page


def test_the_slow_endpoint_is_found_and_leads_to_what_it_waited_for(page: Page, suite: Suite) -> None:
    opened(page, suite, "overview")
    page.get_by_role("link", name="Traces").click()
    page.get_by_label("Order").select_option("longest")
    rows = page.locator("[data-panel=traces] tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.first).to_contain_text("900 ms")
    rows.first.get_by_role("link", name="POST /checkout").click()
    shares = page.get_by_role("region", name="Where the time went").get_by_role("listitem")
    expect(shares.first).to_contain_text("SELECT accounts")
    expect(shares.first).to_contain_text("65 %")
    expect(page.get_by_role("region", name="Log lines")).to_contain_text("card declined")
    page.get_by_role("link", name="All traces").click()
    expect(page).to_have_url(re.compile("order=longest$"))


def test_a_spike_leads_to_its_trace(page: Page, suite: Suite) -> None:
    opened(page, suite, "explore", metric="checkout_ms", function="maximum", last="15m")
    chart = page.get_by_role("slider", name="checkout_ms over time")
    expect(page.get_by_role("region", name="Series").get_by_role("row")).not_to_have_count(0)
    chart.focus()
    page.keyboard.press("End")
    # As far back as the module may have run on a busy machine.
    for _ in range(400):
        if "900" in (chart.get_attribute("aria-valuetext") or ""):
            break
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    about = page.get_by_role("complementary", name="About")
    about.get_by_role("button", name="checkout_ms").click()
    spans = page.get_by_role("list", name=f"Spans of trace {SLOW}")
    expect(spans.get_by_role("listitem")).to_have_count(4)
    about.get_by_role("link", name="Open this trace").click()
    expect(page).to_have_url(re.compile(f"trace={SLOW}"))
    expect(page.get_by_role("heading", name="POST /checkout")).to_be_visible()


def test_spans_are_walked_folded_and_opened_by_keyboard(page: Page, suite: Suite) -> None:
    opened(page, suite, "traces", trace=SLOW)
    spans = page.get_by_role("list", name=f"Spans of trace {SLOW}")
    rows = spans.get_by_role("listitem")
    expect(rows).to_have_count(4)
    rows.first.get_by_role("button", name="900 ms").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(spans).to_contain_text("db.system.name")
    expect(spans).to_contain_text("on the critical path")


def test_traces_are_found_by_what_their_spans_are(page: Page, suite: Suite) -> None:
    opened(page, suite, "traces", last="1h")
    rows = page.locator("[data-panel=traces] tbody tr")
    expect(rows).to_have_count(6)
    page.get_by_label("Takes at least").fill("0.5 s")
    page.get_by_label("Takes at least").press("Enter")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("min_ms=500"))
    page.get_by_label("Condition on an attribute").fill("card=red")
    page.get_by_label("Condition on an attribute").press("Enter")
    expect(page.get_by_text("No trace is like this")).to_be_visible()
    page.keyboard.press("Tab")
    page.get_by_label("Name of the work, or a trace").fill(SLOW.upper())
    page.get_by_label("Name of the work, or a trace").press("Enter")
    expect(page.get_by_role("heading", name="POST /checkout")).to_be_visible()


def test_the_map_tells_who_calls_whom(page: Page, suite: Suite) -> None:
    opened(page, suite, "traces", show="map", last="1h")
    picture = page.get_by_role("region", name="Who calls whom")
    expect(picture.get_by_role("link", name="stock")).to_be_visible()
    expect(picture.get_by_role("listitem").filter(has_text="database")).to_contain_text("postgresql")
    shop, bank = (picture.get_by_role("listitem").filter(has_text=name).bounding_box() for name in ("shop", "bank"))
    assert shop is not None
    assert bank is not None
    assert shop["x"] < bank["x"]
    expect(
        page.get_by_role("table").get_by_role("row").filter(has_text="bank").filter(has_text="shop")
    ).to_contain_text("6")
    picture.get_by_role("link", name="bank").click()
    expect(page).to_have_url(re.compile("service=bank&order=longest"))


def test_events_come_live_and_lead_on(page: Page, suite: Suite) -> None:
    opened(page, suite, "events", last="1h")
    rows = page.get_by_role("list", name="Events, newest first").get_by_role("listitem")
    expect(rows.filter(has_text="purchase")).to_have_count(3)
    expect(rows.filter(has_text="/cart")).to_have_count(0)
    page.get_by_role("list", name="Types").get_by_role("button", name="purchase").click()
    expect(rows).to_have_count(3)
    who = {"service": "shop", "user_id": "u0", "session_id": "s-0"}
    suite.post("/events", {"type": "purchase", **who, "data": {"total": 99.5, "currency": "EUR", "trace_id": SLOW}})
    expect(rows).to_have_count(4)
    # Once it is stored too it must not stand there twice.
    page.reload()
    expect(rows).to_have_count(4)
    rows.first.get_by_role("button").first.click()
    rows.first.get_by_role("button", name="99.5", exact=True).click()
    expect(page).to_have_url(re.compile("where=total%3D99.5"))
    expect(rows).to_have_count(1)
    expect(rows.first.get_by_role("link", name="Its trace")).to_have_attribute("href", re.compile(SLOW))
    rows.first.get_by_role("link", name="Its session").click()
    expect(page.get_by_role("heading", name="Session s-0")).to_be_visible()


def test_all_that_is_found_is_exported(page: Page, suite: Suite, tmp_path: Path) -> None:
    opened(page, suite, "events", type="page_view", service="shop", last="1h")
    save = page.get_by_role("group", name="Save all that is found")
    for word, read in (("CSV", lambda text: list(csv.DictReader(text.splitlines()))), ("JSON", json.loads)):
        with page.expect_download() as waiting:
            save.get_by_role("button", name=word).click()
        waiting.value.save_as(tmp_path / word)
        rows = read((tmp_path / word).read_text())
        assert len(rows) == 2 * VISITORS
        assert {row["type"] for row in rows} == {"page_view"}


def test_sessions_tell_their_story(page: Page, suite: Suite) -> None:
    opened(page, suite, "sessions", last="1h")
    expect(page.locator('[data-figure="Sessions"] .value')).to_have_text(str(VISITORS))
    page.locator("[data-panel=features]").get_by_role("button", name="wish list").click()
    expect(page).to_have_url(re.compile("feature=wish\\+list"))
    table = page.locator("[data-panel=session-list]")
    expect(table.get_by_role("row")).to_have_count(VISITORS + 1)
    table.get_by_role("link", name="s-2").click()
    story = page.get_by_role("list", name="What happened, oldest first").get_by_role("listitem")
    expect(story.first).to_contain_text("session_start")
    expect(story.last).to_contain_text("purchase")
    page.get_by_role("link", name="What else u2 did").click()
    expect(page.get_by_role("row").filter(has_text="s-2")).to_be_visible()


def test_a_funnel_tells_where_people_leave(page: Page, suite: Suite) -> None:
    opened(page, suite, "sessions", show="funnel", last="1h")
    for number, kind in enumerate(("page_view", "cart_add", "purchase")):
        if number == 2:
            page.get_by_role("button", name="Step", exact=True).click()
        page.get_by_label(f"Event of step {number + 1}").fill(kind)
        page.get_by_label(f"Event of step {number + 1}").press("Enter")
    steps = page.get_by_role("list", name="Steps").get_by_role("listitem")
    expect(steps.nth(1)).to_contain_text("3")
    expect(steps.nth(1)).to_contain_text("3 left before it")
    expect(page.get_by_role("status").filter(has_text="came through")).to_contain_text("33 %")
    page.get_by_text("Who came back", exact=True).click()
    expect(page.get_by_role("region", name="Cohorts")).to_contain_text(str(VISITORS))


def test_an_integration_that_ails_is_told_with_its_failures(page: Page, suite: Suite) -> None:
    opened(page, suite, "integrations", last="1h")
    row = page.get_by_role("row").filter(has_text="bank")
    expect(row).to_contain_text("unhealthy")
    expect(row).to_contain_text("20 %")
    row.get_by_role("link", name="bank").click()
    expect(page.get_by_role("slider", name="Response time over time")).to_be_visible()
    expect(page.locator("[data-panel=endpoints]")).to_contain_text("charges")
    page.get_by_role("link", name="Its calls one by one").click()
    rows = page.get_by_role("list", name="Events, newest first").get_by_role("listitem")
    expect(rows).to_have_count(20)


def test_the_pipeline_tells_what_flows_and_what_was_refused(page: Page, suite: Suite) -> None:
    refused = suite.http.post("/events", json={"type": "not a type!", "service": "shop"})
    assert refused.status_code == 400
    opened(page, suite, "pipeline", last="1h")
    expect(page.get_by_test_id("flow")).to_contain_text("flows to the store")
    expect(page.get_by_role("list", name="From acceptance to the store").get_by_role("listitem")).to_have_count(4)
    expect(page.locator("[data-panel=flows]").get_by_role("row", name="events")).to_be_visible()
    expect(page.locator("[data-panel=refusals]")).to_contain_text("type", timeout=30_000)
    expect(page.locator("[data-panel=parts]").get_by_role("row", name="aggregator")).to_contain_text("healthy")
    expect(page.locator("[data-panel=journals]").get_by_role("row")).to_have_count(2)


VIEWS: dict[str, tuple[str, dict[str, Any], str]] = {
    "events": ("events", {"last": "1h"}, "[data-panel=event-list] ol li"),
    "traces": ("traces", {"last": "1h"}, "[data-panel=traces] tbody tr"),
    "trace": ("traces", {"trace": SLOW}, "[data-span]"),
    "map": ("traces", {"show": "map", "last": "1h"}, "[aria-label='Who calls whom'] li"),
    "sessions": ("sessions", {"last": "1h"}, "[data-panel=session-list] tbody tr"),
    "integrations": ("integrations", {"last": "1h", "name": "bank"}, "[data-panel=endpoints] tbody tr"),
    "pipeline": ("pipeline", {"last": "1h"}, "[data-panel=tables] tbody tr"),
}


@pytest.mark.parametrize("shown", VIEWS)
def test_axe_finds_nothing_serious_by_night_and_on_a_phone_by_day(page: Page, suite: Suite, shown: str) -> None:
    view, params, filled = VIEWS[shown]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    opened(page, suite, view, **params)
    expect(page.locator(filled).first).to_be_visible()
    assert serious(page) == []
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=PHONE["width"])
    assert serious(page) == []
