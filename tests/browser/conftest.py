"""Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.support.suite import Suite, running_suite

# Without these Chromium asks the outside for updates and the like at every start.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A machine that is busy with other tests takes its time.
PATIENCE_MS = 60_000
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def suite() -> Iterator[Suite]:
    """One suite with demo and agent, shared by all tests of this folder that only look or add.

    It ends with them: a demo keeps a fourth of a core busy.
    """
    with running_suite(("--demo", "--agent")) as running:
        yield running


# Playwright keeps an event loop running in this thread while it is open, so it must not outlive this folder, where no
# test has a loop of its own.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    return path


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=chromium_path, args=list(QUIET))
    yield running
    running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong unseen: no error, and nothing that the security policy forbids."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    yield page
    page.close()
    assert faults == []
