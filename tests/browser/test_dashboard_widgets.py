"""What dashboards show is taken along as it is; live, full screen, others who change them. In a real Chromium."""

import csv
import io
import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.test_dashboards import PATIENCE_MS, add_text, made, menu, saved, second
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

PARTS = ("left", "middle", "right")
METRIC = "depth_of_parts"
TEXT = "# Of $part\n$constructor is no variable"
# A canvas alone is not counted; series are beside it by name.
SERIES, TWO = ("line", "area", "bar", "stacked", "heatMap"), 2


def question(metric: str = METRIC, **more: Any) -> dict[str, Any]:
    chosen = (
        {"matchers": [{"label": "part", "operator": "OPERATOR_EQUAL", "value": "$part"}]} if metric == METRIC else {}
    )
    grouping = {"aggregation": "AGGREGATION_AVERAGE", "by": ["part"]}
    selection = {"metric": metric, "function": "FUNCTION_AVERAGE", "grouping": grouping, **chosen}
    return {"question": {"query": {"expressions": [{"selection": selection}]}}, **more}


def every_kind(suite: Suite) -> str:
    """The address of a dashboard with a widget of each kind, over a stretch of time that is over."""
    now = int(time.time())
    points = [
        {"name": METRIC, "value": 10 * place + minute, "tags": {"part": part}, "timestamp": now - 60 * minute}
        for place, part in enumerate(PARTS)
        for minute in range(1, 6)
    ]
    suite.post("/metrics", points)
    events = [{"type": "parted", "service": "parts", "data": {"part": part, "total": 3.5}} for part in PARTS]
    for event in events:
        suite.post("/events", event)
    kinds: dict[str, dict[str, Any]] = {
        **{kind: question() for kind in ("line", "area", "bar", "stacked", "heatMap", "histogram", "number", "gauge")},
        "table": question(columns=["REDUCTION_LAST", "REDUCTION_MAXIMUM"]),
        "topList": question(count=2),
        "eventFeed": {"selection": {"types": ["parted"]}, "columns": ["part", "total"]},
        "logView": {"selection": {"levels": ["LOG_LEVEL_ERROR", "LOG_LEVEL_WARNING"]}},
        "alertList": {"ended": True},
        "markdown": {"text": TEXT},
    }
    variable = {"name": "part", "several": True, "labelValues": {"label": "part"}}
    asked = {"title": "Kinds of $part", "variables": [variable]}
    widgets = [{"title": f"The {kind}", kind: told} for kind, told in kinds.items()]
    answer = suite.post("/api/v1/dashboards", {**asked, "widgets": widgets})
    return f"{suite.url}/app/dashboards/{answer['dashboard']['id']}"


def taken(page: Page, title: str, item: str) -> str:
    with page.expect_download() as told:
        menu(page, title, item)
    return told.value.path().read_text()


def texts(of: Locator) -> list[str]:
    return [text.strip() for text in of.all_text_contents()]


@pytest.mark.timeout(600)
def test_each_kind_of_widget_exports_exactly_what_it_shows(page: Page, suite: Suite) -> None:
    page.set_viewport_size({"width": 1280, "height": 3_000})
    page.goto(f"{every_kind(suite)}?last=15m&var-part=left&var-part=right")
    wanted = ["left", "right"]
    expect(page.get_by_role("heading", name="Kinds of left, right", exact=True)).to_be_visible(timeout=PATIENCE_MS)

    def widget(kind: str) -> Locator:
        return page.get_by_role("region", name=f"The {kind}", exact=True)

    def exported(kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(taken(page, f"The {kind}", "Save as JSON"))
        written = list(csv.DictReader(io.StringIO(taken(page, f"The {kind}", "Save as CSV"), newline="")))
        assert [list(row) for row in written] == [list(row) for row in rows]
        return rows

    # What moves on is not the same in two files.
    expect(widget("table").get_by_role("row")).to_have_count(1 + TWO, timeout=PATIENCE_MS)
    page.get_by_role("article").get_by_role("button", name="Live", exact=True).click()
    expect(page).to_have_url(re.compile("from=.*to=.*var-part=left&var-part=right"))
    expect(widget("table").get_by_role("row")).to_have_count(1 + TWO, timeout=PATIENCE_MS)
    for kind in SERIES:
        expect(widget(kind).get_by_role("listitem")).to_have_count(TWO, timeout=PATIENCE_MS)
        shown = texts(widget(kind).locator("li span:not(.unseen)" if kind != "heatMap" else "li"))
        rows = exported(kind)
        assert (shown, list(rows[0])) == (wanted, ["time", *wanted])
        assert any(row["left"] is not None for row in rows)
    # Everything shows what it has before any of it is taken along.
    for kind in ("number", "gauge", "topList", "histogram"):
        expect(widget(kind).locator(".body")).to_contain_text(re.compile(r"\d"), timeout=PATIENCE_MS)
    expect(widget("eventFeed").get_by_role("row")).to_have_count(1 + len(PARTS), timeout=PATIENCE_MS)
    [number] = exported("number")
    [gauge] = exported("gauge")
    dial = widget("gauge").get_by_role("meter")
    assert float(dial.get_attribute("aria-valuenow") or "nan") == gauge["value"] == number["value"]
    expect(widget("number")).to_contain_text(f"{number['value']:g}")
    cells = [texts(row.get_by_role("cell")) for row in widget("table").get_by_role("row").all()[1:]]
    assert cells == [[row["part"], f"{row['newest']:g}", f"{row['greatest']:g}"] for row in exported("table")]
    assert texts(widget("topList").locator("li span")) == [row["series"] for row in exported("topList")] == wanted[::-1]
    counts = [int(text.rsplit(": ", 1)[1]) for text in texts(widget("histogram").locator("li"))]
    assert counts == [row["count"] for row in exported("histogram")]
    assert sum(counts) > 0
    events = [texts(row.get_by_role("cell"))[1:] for row in widget("eventFeed").get_by_role("row").all()[1:]]
    assert events == [[str(cell) for cell in list(row.values())[1:]] for row in exported("eventFeed")]
    assert {event[2] for event in events} == {*PARTS}
    if lines := texts(widget("logView").locator("li span")):
        assert lines == [row["message"] for row in exported("logView")]

    def alerts_are_taken_along() -> bool:
        # Alerts are those of now, whatever time is shown.
        named = texts(widget("alertList").get_by_role("link"))
        rows = json.loads(taken(page, "The alertList", "Save as JSON"))
        return named == [f"{row['service']} {row['alert']}".strip() for row in rows]

    eventually_sync(alerts_are_taken_along, "the alerts that are shown are exported", within=60)
    assert taken(page, "The markdown", "Save as Markdown") == TEXT.replace("$part", "left, right")
    expect(widget("markdown")).to_contain_text("$constructor is no variable")


@pytest.mark.timeout(600)
def test_one_goes_live_again_as_it_was_fills_the_screen_and_shows_the_time_asked_for(page: Page, suite: Suite) -> None:
    page.goto(f"{suite.url}/app/dashboards/shop?last=6h")
    page.get_by_role("article").get_by_role("button", name="Live", exact=True).click(timeout=PATIENCE_MS)
    expect(page).to_have_url(re.compile("from=.*to="))
    page.get_by_role("button", name="Go live").click()
    expect(page).to_have_url(re.compile("last=6h"))

    page.get_by_role("button", name="Full screen", exact=True).click()
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    page.get_by_role("button", name="Leave full screen").click()
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    one = page.get_by_role("region", name="Error rate", exact=True)
    for item, fills in (("Full screen", True), ("Leave full screen", False)):
        one.get_by_role("button", name="What to do with").click()
        one.get_by_role("button", name=item, exact=True).click()
        page.wait_for_function("fills => (document.fullscreenElement !== null) === fills", arg=fills)

    made(page, suite, "Asked")
    for words, address in (("errors last 3 hours", "last=3h"), ("errors yesterday", "from=.*to=")):
        page.get_by_role("searchbox", name="Ask in words").fill(words)
        page.get_by_role("button", name="Ask", exact=True).click()
        page.get_by_role("button", name=re.compile(r"^Add (?!a widget)")).click(timeout=PATIENCE_MS)
        expect(page).to_have_url(re.compile(address))
        saved(page)
        page.reload()
        expect(page).to_have_url(re.compile(address))
        expect(page.get_by_role("button", name="Undo last")).to_be_enabled(timeout=PATIENCE_MS)
        if address == "last=3h":
            expect(page.get_by_role("radio", name="3h")).to_be_checked()


@pytest.mark.timeout(600)
def test_who_changes_one_beside_others_sees_whose_change_is_undone_and_is_told_where_they_are(
    page: Page, browser: Browser, suite: Suite
) -> None:
    made(page, suite, "Beside others")
    for title in ("Upper", "Middle", "Lower", "Lowest"):
        add_text(page, title, title)
    grip = page.get_by_role("button", name="Resize Upper")
    box = page.get_by_role("region", name="Upper", exact=True)
    before = box.bounding_box()
    grip.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "Escape"):
        grip.press(key)
    eventually_sync(lambda: box.bounding_box() == before, "it is as it was")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown"):
        grip.press(key)
    expect(page.get_by_text("10 wide, 3 high")).to_be_attached()
    grip.press("Enter")
    saved(page)
    expect(grip).to_be_focused()
    after = box.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] < before["width"]
    assert after["height"] > before["height"]

    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_enabled()
    with second(browser) as other:
        other.goto(page.url)
        expect(other.get_by_role("button", name="Undo last")).to_be_enabled(timeout=PATIENCE_MS)
        menu(page, "Lowest", "Edit")
        page.get_by_label("Text, in Markdown").fill("of the first")
        menu(other, "Lower", "Duplicate")
        saved(other)
        # It appears behind the form, which stays as it is.
        expect(page.get_by_role("region", name="Lower", exact=True)).to_have_count(2, timeout=PATIENCE_MS)
        expect(page.get_by_label("Text, in Markdown")).to_have_value("of the first")
        page.get_by_role("button", name="Save widget").click()
        told = page.get_by_role("alert").filter(has_text="Somebody was first.")
        expect(told).to_be_in_viewport(timeout=PATIENCE_MS)
        expect(page.get_by_role("button", name="Undo last")).to_be_enabled()
        page.get_by_role("button", name="Make my change on theirs").click()
        expect(other.get_by_text("of the first")).to_be_visible(timeout=PATIENCE_MS)
        saved(page)
        undo.click()
        expect(other.get_by_text("of the first")).to_have_count(0, timeout=PATIENCE_MS)
        page.get_by_role("button", name="Redo", exact=True).click(timeout=PATIENCE_MS)
        expect(other.get_by_text("of the first")).to_be_visible(timeout=PATIENCE_MS)
        expect(other.get_by_role("region", name="Lower", exact=True)).to_have_count(2)
