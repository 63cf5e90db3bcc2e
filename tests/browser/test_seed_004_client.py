"""The JavaScript classes of seed 004, unmodified, in a real Chromium.

They speak to `localhost:8099`; the browser is told that this is where the suite is.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.browser.conftest import QUIET
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

SEED = Path(__file__).parent / "seed_004"
SEED_URL = "http://localhost:8099"


@pytest.fixture(scope="module")
def quiet_suite() -> Iterator[Suite]:
    """A suite without demo, so that every figure is this test's own."""
    with running_suite() as running:
        yield running


@pytest.fixture
def page(playwright: Playwright, chromium_path: str, quiet_suite: Suite) -> Iterator[Page]:
    mapping = f"--host-resolver-rules=MAP localhost:8099 127.0.0.1:{quiet_suite.port}"
    browser = playwright.chromium.launch(executable_path=chromium_path, args=[*QUIET, mapping])
    page = browser.new_page(bypass_csp=True)
    page.goto(f"{SEED_URL}/health")
    # A page of its own on that origin: the seed's code, the container it renders into, and nothing of ours.
    page.set_content("<div id='dashboard-container'></div>")
    for name in ("analytics_client.js", "realtime_dashboard.js"):
        source = (SEED / name).read_text()
        page.add_script_tag(content=source + _exported(source))
    yield page
    browser.close()


def _exported(source: str) -> str:
    name = source.split("class ", 1)[1].split()[0]
    return f"\nwindow.{name} = {name};"


def test_the_analytics_client_writes(page: Page, quiet_suite: Suite) -> None:
    statuses = page.evaluate(
        """async () => {
            const analytics = new AnalyticsClient();
            const answers = [
                await analytics.trackPageView('/products', 'user-123'),
                await analytics.trackPurchase('ORDER-456', 99.99, 'user-123'),
                await analytics.recordMetric('page_load_time', 1250, {page: '/products'}),
                await analytics.trackEvent('inventory_update', {product_id: 'p', change: -1}),
            ];
            return answers.map(a => a.status);
        }"""
    )
    assert statuses == [200, 200, 200, 200]

    def purchase_is_there() -> bool:
        return bool(quiet_suite.get("/events", type="purchase")["count"])

    eventually_sync(purchase_is_there, "the purchase can be asked for")
    event = quiet_suite.get("/events", type="purchase")["events"][0]
    assert event["service"] == "frontend"
    assert event["user_id"] == "user-123"
    assert event["data"] == {"order_id": "ORDER-456", "total": 99.99, "currency": "USD"}


def test_the_realtime_dashboard_renders_and_follows(page: Page, quiet_suite: Suite) -> None:
    quiet_suite.post(
        "/heartbeat",
        {
            "service": "productcatalog",
            "status": "healthy",
            "metrics": {"request_count": 1000, "error_count": 5, "avg_latency": 23.5, "uptime": 72.5},
        },
    )
    page.evaluate(
        """() => {
            window.notified = [];
            window.dashboard = new RealtimeDashboard(document.getElementById('dashboard-container'));
            const show = window.dashboard.showEventNotification;
            window.dashboard.showEventNotification = event => { window.notified.push(event); show(event); };
        }"""
    )
    page.wait_for_selector(".service.healthy >> text=Uptime: 72.5h")
    before = page.inner_text(".overview .metric >> nth=0")
    for number in range(3):
        quiet_suite.post(
            "/events",
            {
                "type": "request",
                "service": "productcatalog",
                "user_id": f"user-{number}",
                "data": {"endpoint": "/products", "status_code": 200, "latency_ms": 22.0},
            },
        )
    page.wait_for_selector(".realtime li >> text=/products: 3 requests (22.0ms avg)")
    after = page.inner_text(".overview .metric >> nth=0")
    assert before != after
    quiet_suite.post("/events", {"type": "purchase", "service": "checkout", "data": {"total": 5}})
    page.wait_for_function("window.notified.some(event => event.type === 'purchase' && event.data.total === 5)")
