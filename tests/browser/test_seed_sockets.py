"""The socket code of seeds 000, 001 and 002 in a real Chromium; of 001's React hook the same as plain JavaScript.

They speak to `localhost` at ports of their own; the browser is told that this is where the suite is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from services.launcher.keys import issue_token
from tests.browser.conftest import QUIET
from tests.support.suite import Suite, running_suite

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

FOLDER = Path(__file__).parent
BOARD = """options => {
    const board = document.getElementById('board');
    window.hook = useDashboardWebSocket('ws://localhost:8080/ws/dashboard', options, held => {
        board.innerHTML = renderDashboard(held);
    });
}"""


@pytest.fixture(scope="module")
def guarded() -> Iterator[Suite]:
    """A suite that wants tokens, with this machine's figures and nothing else."""
    with running_suite(("--agent", "--auth", "jwt")) as running:
        yield running


@pytest.fixture(scope="module")
def token(guarded: Suite) -> str:
    """A token that may do everything."""
    return issue_token(guarded.data_dir, "default", ["admin"], 600)


@contextmanager
def page_at(playwright: Playwright, chromium: str, suite: Suite, port: int, script: str) -> Iterator[Page]:
    """A page of the seed's own origin with its code, and nothing of ours."""
    mapping = f"--host-resolver-rules=MAP localhost:{port} 127.0.0.1:{suite.port}"
    browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, mapping])
    page = browser.new_page(bypass_csp=True)
    page.goto(f"http://localhost:{port}/health")
    page.set_content("<div id='board'></div>")
    if script:
        page.add_script_tag(content=(FOLDER / script).read_text())
    yield page
    browser.close()


def tell(suite: Suite, token: str, *events: object) -> None:
    answer = suite.http.post("/events", json=list(events), headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text


def test_the_messaging_dashboard_shows_what_happens(
    playwright: Playwright, chromium_path: str, guarded: Suite, token: str
) -> None:
    script = "seed_001/dashboard_websocket.js"
    with page_at(playwright, chromium_path, guarded, 8080, script) as page:
        rooms = {"token": token, "rooms": ["dashboard", "alerts"], "eventTypes": ["MessageSent", "TicketCreated"]}
        page.evaluate(BOARD, rooms | {"tenantId": "default"})
        page.wait_for_selector(".connection-status >> text=Status: Connected")
        page.wait_for_function("Number.isFinite(window.hook.held.metrics.system_cpu_usage)")
        sent = {"message_id": "m-1", "to": "+55 11", "status": "delivered", "conversation_id": "c-1"}
        alert = {"rule_id": "slow", "condition": "Resposta lenta", "threshold": 5, "current_value": 9.5}
        tell(
            guarded,
            token,
            {"type": "ConversationStarted", "service": "chat", "data": {"conversation_id": "c-1", "customer": "Ana"}},
            {"type": "MessageSent", "service": "chat", "data": sent},
            {"type": "SystemAlert", "service": "chat", "data": alert},
        )
        page.wait_for_selector(".event-item .event-type >> text=MessageSent")
        page.wait_for_selector(".alert-item >> text=Resposta lenta: 9.5")
        page.wait_for_selector(".metric-card >> nth=0 >> .value >> text=1")
        page.wait_for_selector(".metric-card >> nth=1 >> .value >> text=1")
        assert page.locator(".event-item").count() == 1
        event = page.evaluate("window.hook.held.events[0]")
        assert event["data"].items() >= sent.items()
        assert "Invalid" not in page.inner_text(".event-time")


def test_the_messaging_dashboard_is_not_let_in_without_a_token_and_comes_back(
    playwright: Playwright, chromium_path: str, guarded: Suite, token: str
) -> None:
    with page_at(playwright, chromium_path, guarded, 8080, "seed_001/dashboard_websocket.js") as page:
        page.evaluate(BOARD, {"token": "your-jwt-token"})
        page.wait_for_selector(".connection-status >> text=Status: Disconnected")
        assert page.evaluate("window.hook.held.metrics") == {}
        page.evaluate(BOARD, {"token": token})
        page.wait_for_function("window.hook.held.metrics.status === 'healthy'")
        page.evaluate("window.hook.close()")
        page.wait_for_selector(".connection-status >> text=Status: Disconnected")
        page.wait_for_selector(".connection-status >> text=Status: Connected")


def test_the_wallboard_is_told_figures_and_insights(playwright: Playwright, chromium_path: str, suite: Suite) -> None:
    with page_at(playwright, chromium_path, suite, 8001, "") as page:
        page.evaluate("""() => {
            window.metrics = [];
            window.insights = [];
            window.updateMetrics = data => window.metrics.push(data);
            window.updateInsights = data => window.insights.push(data);
        }""")
        page.add_script_tag(content=(FOLDER / "seed_000" / "live_updates.js").read_text())
        page.wait_for_function("window.metrics.some(told => told.campaigns?.sent > 0 && told.system?.cpu_percent > 0)")
        page.wait_for_function("window.insights.length > 0")
        assert page.evaluate("window.insights") == [[]]


def test_channels_are_logged(playwright: Playwright, chromium_path: str, suite: Suite) -> None:
    with page_at(playwright, chromium_path, suite, 8001, "") as page:
        page.evaluate("""() => {
            window.logged = {};
            console.log = (label, content) => (window.logged[label] ??= []).push(content);
        }""")
        page.add_script_tag(content=(FOLDER / "seed_002" / "channels.js").read_text())
        page.wait_for_function("window.logged['Stats update:']?.some(({ data }) => data.total_events > 0)")
        # Once a line has come, all that follow do.
        page.wait_for_function("window.logged['New log:']?.length > 0")
        suite.post("/logs", {"level": "error", "service": "seed-002", "message": "it broke"})
        failing = {"type": "request", "service": "seed-002", "data": {"status_code": 500, "latency_ms": 1}}
        suite.post("/events", [failing] * 30)
        page.wait_for_function("window.logged['New log:'].some(line => line.message === 'it broke')")
        page.wait_for_function(
            "window.logged['New alert:']?.some(({ data }) => data.service === 'seed-002')", timeout=90_000
        )
        assert page.evaluate("Object.keys(window.logged).sort()") == ["New alert:", "New log:", "Stats update:"]
