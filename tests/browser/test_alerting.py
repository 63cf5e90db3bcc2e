"""Alerting on the page: from the first value to an alert that is silenced, rules of every kind, and who is told."""

import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from services.runtime.rule_files import rules_in
from services.runtime.yaml_files import load
from tests.browser.looks import PHONE, serious
from tests.support.rest import failing_requests
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

SLOW_MS = 40_000
"""A machine that is busy with other tests takes its time until an alert is told."""


WITHIN = """[...document.querySelectorAll('.axis span')].every(
    tick => tick.getBoundingClientRect().right <= tick.closest('section').getBoundingClientRect().right)"""
"""Whether no time below lanes stands outside their panel."""


@pytest.fixture
def mine() -> str:
    """A name that nobody else has."""
    return f"page{uuid.uuid4().hex[:8]}"


def opened(page: Page, suite: Suite, view: str = "alerts", **params: Any) -> Page:
    """A view once the page is live."""
    page.goto(f"{suite.url}/app/{view}?{urlencode(params, doseq=True)}")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-condition", "live", timeout=SLOW_MS)
    return page


def send(suite: Suite, metric: str, value: float, ago: float = 0) -> None:
    """A value of a metric of the shop."""
    at = time.time() - ago
    suite.post("/metrics", {"name": metric, "value": value, "tags": {"service": "till"}, "timestamp": at})


def preview(page: Page) -> Locator:
    """What the rule that is written would have done."""
    return page.locator("section", has=page.get_by_role("heading", name="What it would have done"))


def test_from_the_first_value_to_a_silenced_alert(page: Page, suite: Suite, mine: str) -> None:
    suite.post("/events", {"type": "deploy", "service": "till", "data": {"service": "till", "version": mine}})
    for minute in range(20, 0, -1):
        send(suite, mine, 95 if minute == 10 else 20, ago=60.0 * minute)
    opened(page, suite, "explore", metric=mine, function="last", last="1h")
    expect(page.get_by_role("slider", name=f"{mine} over time")).to_be_visible()
    page.get_by_role("link", name="Set an alert").click()
    page.get_by_label("Name", exact=True).fill(mine)
    expect(preview(page)).to_contain_text("Say from which value on it is bad")
    page.get_by_label("From", exact=True).fill("90")
    page.get_by_label("Has to hold for").fill("")
    page.get_by_label("Has to hold for").press("Enter")
    expect(preview(page)).to_contain_text(re.compile(r"fired 1 time\s+for 1\s+group"), timeout=SLOW_MS)
    expect(preview(page).get_by_role("list", name="States over time")).to_contain_text(mine)
    page.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile(f"show=rules&open={mine}"))
    expect(page.get_by_role("heading", name=mine)).to_be_visible()

    page.get_by_role("navigation", name="Parts of alerting").get_by_role("link", name="Alerts").click()
    page.keyboard.press("/")
    page.keyboard.type(mine)
    expect(page).to_have_url(re.compile(f"text={mine}"))
    row = page.locator("[data-panel=alerts] tbody tr", has_text=mine)

    def fires() -> None:
        # The rule is judged by what comes once alerting has it.
        send(suite, mine, 95)
        expect(row).to_have_attribute("data-state", "firing", timeout=2_000)

    patiently(fires)
    row.get_by_role("link", name=mine).click()
    expect(page.locator("section", has=page.get_by_role("heading", name="Why"))).to_contain_text("90")
    suspects = page.get_by_role("list", name="What changed before it began")
    expect(suspects.get_by_role("listitem").first).to_contain_text(f"till {mine}", timeout=SLOW_MS)
    expect(suspects.get_by_role("link", name=mine)).to_have_attribute("href", re.compile("service%3Dtill"))
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Comment").fill("counting the till")
    page.get_by_role("button", name="I am on it").click()
    expect(page.get_by_role("article")).to_contain_text("counting the till")
    expect(page.get_by_role("list", name="What happened")).to_contain_text("acknowledged")

    page.get_by_role("link", name="Silence", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="alert matches now")).to_contain_text("1 active")
    page.get_by_label("Why", exact=True).fill(f"{mine} is counted")
    page.get_by_role("button", name="Silence", exact=True).click()
    listed = page.get_by_role("list", name="Silences").get_by_role("listitem").filter(has_text=mine)
    expect(listed).to_have_attribute("data-phase", "holding")
    expect(listed).to_contain_text("holds back 1 alert", timeout=SLOW_MS)
    opened(page, suite, text=mine)
    expect(row).to_contain_text("silenced")
    opened(page, suite, show="silences")
    page.get_by_role("button", name=f"End the silence {mine} is counted").click()
    expect(listed).to_have_count(0)


def patiently(step: Callable[[], None], times: int = 30) -> None:
    """Try a step until it holds."""
    for _ in range(times - 1):
        try:
            step()
        except AssertionError:
            continue
        return
    step()


def test_every_kind_of_rule_can_be_written_tried_and_taken_to_a_file(page: Page, suite: Suite, mine: str) -> None:
    opened(page, suite, show="rules", open="new")
    kinds = page.locator("input[name=kind]")
    shown = page.get_by_role("region", name="Text of the rule file")
    expect(kinds).to_have_count(10, timeout=SLOW_MS)
    expect(kinds.first).to_be_checked()
    seen = set()
    for place in range(10):
        before = shown.inner_text()
        if place:
            kinds.nth(place).check(force=True)
            expect(shown).not_to_have_text(before, use_inner_text=True)
        [rule] = rules_in(load(shown.inner_text()))
        seen.add(rule.condition.WhichOneof("kind"))
    assert len(seen) == 10

    page.get_by_label("An event happened").check(force=True)
    page.get_by_label("Name", exact=True).fill(mine)
    page.get_by_label("Value of type").fill("refund")
    page.get_by_label("Value of type").press("Enter")
    expect(preview(page)).to_contain_text("fired 0 times", timeout=SLOW_MS)
    page.get_by_label("Field", exact=True).fill("no.such field")
    page.get_by_label("Field", exact=True).press("Enter")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert").filter(has_text="must be type, service")).to_be_visible(timeout=SLOW_MS)
    page.get_by_label("Field", exact=True).fill("type")
    page.get_by_label("Field", exact=True).press("Enter")
    page.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile(f"open={mine}"))
    told = suite.get(f"/api/v1/rules/{mine}")["rule"]
    assert told["condition"]["event_match"]["conditions"] == [
        {"field": "type", "operator": "OPERATOR_EQUAL", "values": ["refund"]}
    ]
    [filed] = rules_in(load(shown.inner_text()))
    assert (filed.id, filed.name) == (mine, mine)

    opened(page, suite, show="rules", text=mine)
    page.get_by_role("checkbox", name=f"{mine} is judged").uncheck()
    expect(page.get_by_role("row", name=mine)).to_contain_text("paused", timeout=SLOW_MS)
    page.get_by_role("link", name=mine).click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page).to_have_url(re.compile("show=rules$"))


def test_what_recurs_and_what_holds_others_back_is_written_here(page: Page, suite: Suite, mine: str) -> None:
    opened(page, suite, show="silences", open="new", match=f"service={mine}")
    page.get_by_label("Why", exact=True).fill(mine)
    page.get_by_label("planned maintenance").check()
    page.get_by_label("again and again").check()
    page.get_by_label("Mon").check(force=True)
    page.get_by_label("At", exact=True).fill("02:30")
    page.get_by_label("Until").fill("")
    page.get_by_role("button", name="Silence", exact=True).click()
    listed = page.get_by_role("list", name="Silences").get_by_role("listitem").filter(has_text=mine)
    expect(listed).to_contain_text("every Mon from 02:30 for 1h")
    expect(listed).to_contain_text("maintenance")
    page.get_by_role("button", name="New inhibition").click()
    page.get_by_label("Name", exact=True).fill(mine)
    for side in ("While one fires of which", "Hold back those of which"):
        group = page.get_by_role("group", name=side)
        group.get_by_role("button", name="condition").click()
        group.get_by_label("Label", exact=True).fill("service")
        group.get_by_label("Label", exact=True).press("Tab")
        group.get_by_label("Value of service").fill(mine)
        group.get_by_label("Value of service").press("Tab")
    page.get_by_role("button", name="Save").click()
    inhibition = page.get_by_role("list", name="Inhibitions").get_by_role("listitem").filter(has_text=mine)
    expect(inhibition).to_contain_text(f"service is {mine}")
    page.get_by_role("button", name=f"Delete {mine}").click()
    expect(inhibition).to_have_count(0)


def test_what_belongs_together_is_acknowledged_once(page: Page, suite: Suite, mine: str) -> None:
    suite.post("/events", failing_requests(mine))
    opened(page, suite, show="incidents", text=mine)
    item = page.get_by_role("list", name="Incidents").get_by_role("listitem").filter(has_text=mine)
    expect(item).to_have_attribute("data-state", "open", timeout=SLOW_MS)
    item.get_by_role("link").click()
    expect(page.get_by_role("list", name="States over time")).to_contain_text("Error rate over 5 %")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("Comment").fill("all of it is mine")
    page.get_by_role("button", name="I am on it").click()
    expect(page.get_by_role("article")).to_contain_text("all of it is mine")
    expect(page.get_by_role("list", name="What happened")).to_contain_text("acknowledged")
    opened(page, suite, service=mine)
    row = page.locator("[data-panel=alerts] tbody tr", has_text=mine)
    expect(row.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_an_incident_says_what_is_wrong_and_who_resolved_it_at_the_time_of_its_link(
    page: Page, suite: Suite, mine: str
) -> None:
    suite.post("/events", failing_requests(mine))
    opened(page, suite, show="incidents", text=mine)
    item = page.get_by_role("list", name="Incidents").get_by_role("listitem").filter(has_text=mine)
    expect(item).to_have_attribute("data-state", "open", timeout=SLOW_MS)
    item.get_by_role("link").click()
    story = page.get_by_role("article")
    expect(story).to_contain_text("Nobody is on it yet.")
    wrong = page.locator("[data-panel=wrong]")
    expect(wrong).to_contain_text(f"100 % of the requests of {mine} fail", timeout=SLOW_MS)
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("button", name="I am on it").click()
    expect(story).to_contain_text("is on it since")
    page.get_by_role("button", name="Resolve").click()
    page.get_by_label("Comment").fill("rolled back")
    page.get_by_role("button", name="Resolve it").click()
    expect(story).to_contain_text(re.compile(r"anonymous resolved it at \d\d:\d\d:\d\d: rolled back"))
    expect(story).to_contain_text("was on it from")
    expect(story).not_to_contain_text("is on it since")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)

    until = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    since = until - timedelta(hours=1)
    asked = {"from": since.isoformat(), "to": until.isoformat()}
    opened(page, suite, show="incidents", open=page.url.rpartition("open=")[2], **asked)
    expect(page.get_by_role("list", name=re.compile(f"States over time, {since.day} "))).to_have_count(1)
    expect(page.get_by_text("None of its alerts goes on at this time.")).to_be_visible()
    whole = page.get_by_role("link", name="From its beginning to its end")
    closer = page.get_by_role("link", name=f"Log lines of {mine} then")
    expect(closer).to_have_attribute("href", re.compile(f"from={since:%Y-%m-%d}"))
    whole.click()
    expect(page.get_by_role("list", name="States over time")).to_contain_text(mine)


def test_what_has_ended_stands_below_what_fires_and_a_phone_shows_no_dash_for_it(
    page: Page, suite: Suite, mine: str
) -> None:
    selection = {"metric": mine, "function": "FUNCTION_LAST", "window": "600s"}
    condition = {"threshold": {"expressions": [{"selection": selection}]}}
    levels = [{"severity": "SEVERITY_CRITICAL", "threshold": 90}]
    suite.post("/api/v1/rules", {"id": mine, "name": mine, "condition": condition, "levels": levels})

    def becomes(service: str, value: float, state: str) -> None:
        def is_so() -> bool:
            # The rule is judged by what comes once alerting has it.
            suite.post("/metrics", {"name": mine, "value": value, "tags": {"service": service}})
            alerts = suite.get("/api/v1/alerts", rule_id=mine, service=service)["alerts"]
            return [alert["state"] for alert in alerts] == [f"ALERT_STATE_{state}"]

        eventually_sync(is_so, f"{service} is {state}", SLOW_MS / 1000)

    becomes("older", 95, "FIRING")
    becomes("newer", 95, "FIRING")
    becomes("newer", 5, "RESOLVED")
    page.set_viewport_size(PHONE)
    opened(page, suite, text=mine, state="all")
    rows = page.locator("[data-panel=alerts] tbody tr")
    expect(rows.nth(0)).to_contain_text("older")
    expect(rows.nth(1)).to_contain_text("newer")
    expect(rows.nth(1).get_by_text("\N{EN DASH}", exact=True)).to_be_hidden()


def test_a_receiver_is_set_up_tried_and_led_to(page: Page, suite: Suite, mine: str) -> None:
    opened(page, suite, show="notifiers")
    page.get_by_role("button", name="Webhook").click()
    page.get_by_label("Identity", exact=True).fill(mine)
    page.get_by_label("Address", exact=True).fill("http://127.0.0.1:9/alerts")
    page.get_by_label("Signed with").fill("a-secret-of-some-length")
    page.get_by_label("Signed with").press("Tab")
    page.get_by_role("button", name="route", exact=True).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Not saved yet")).to_have_count(0)
    row = page.get_by_role("list", name="Receivers").get_by_role("listitem").filter(has_text=mine)
    row.get_by_role("button", name=f"Test {mine}").click()
    # Nobody listens there, nor may anything of a private network be reached unless that is allowed.
    expect(row.get_by_role("status")).to_contain_text("did not arrive", timeout=SLOW_MS)
    expect(page.get_by_role("list", name="Not reached")).to_contain_text(mine)
    expect(page.get_by_role("list", name="Who would be told")).to_contain_text(mine)
    expect(page.get_by_text("One is kept; leave it empty to keep it.")).to_be_visible()
    assert "a-secret" not in page.content()
    row.get_by_role("button", name=f"Take {mine} away").click()
    page.get_by_role("button", name="Take away", exact=True).click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nobody is told yet")).to_be_visible()


def test_what_is_set_of_notifiers_is_folded_and_opened_by_keys(page: Page, suite: Suite) -> None:
    page.set_viewport_size(PHONE)
    opened(page, suite, show="notifiers")
    expect(page.get_by_role("link", name="Notifiers")).to_be_in_viewport(ratio=0.9)
    page.get_by_role("button", name="rotation", exact=True).click()
    rotation = page.locator("[data-panel=rotations] details")
    expect(rotation.get_by_label("Identity", exact=True)).to_be_visible()
    rotation.get_by_label("Identity", exact=True).fill("weekly")
    rotation.get_by_label("Identity", exact=True).press("Tab")
    line = rotation.locator("summary")
    expect(line).to_contain_text("weekly: ?, 7 days each")
    line.press("Enter")
    expect(rotation.get_by_label("Identity", exact=True)).to_be_hidden()
    # Nobody stands in it yet: what is refused is unfolded.
    page.get_by_role("button", name="Save").click()
    expect(rotation.get_by_role("alert").first).to_be_visible(timeout=SLOW_MS)


@pytest.mark.parametrize(("scheme", "size"), [("dark", "desktop"), ("light", "phone")])
def test_axe_finds_nothing_serious(page: Page, suite: Suite, scheme: Literal["dark", "light"], size: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if size == "phone":
        page.set_viewport_size(PHONE)
    for part in ("alerts", "incidents", "history", "silences", "rules", "notifiers"):
        opened(page, suite, show=part, state="all")
        readable(page, part, size)
    opened(page, suite, show="rules", open="service-error-rate")
    readable(page, "editor", size)


def readable(page: Page, part: str, size: str) -> None:
    """By all, and on a phone without moving it sideways."""
    expect(page.get_by_text("Reading…")).to_have_count(0)
    assert serious(page) == [], part
    assert page.evaluate(WITHIN), part
    if size == "phone":
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], part
