"""Debian's Chromium as people have it, and what it takes: all its processes, the page's clock, its long tasks."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from bench.rivals import Missing

OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREEN: ViewportSize = {"width": 1920, "height": 1080}
# Every task that held the page up for more than 50 ms, with the time it began at.
WATCHED = """
    window.held = [];
    const hold = list => held.push(...list.getEntries().map(({ startTime, duration }) => [startTime, duration]));
    new PerformanceObserver(hold).observe({ type: 'longtask', buffered: true });
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Raises Missing."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise Missing("no Chromium here; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, screen: ViewportSize = SCREEN, script: str | Path = "") -> Iterator[Page]:
    """A page of somebody who was never here; `script` runs before the page's own."""
    # The page's own policy forbids what is waited by here.
    context = browser.new_context(viewport=screen, bypass_csp=True)
    context.add_init_script(WATCHED)
    if script:
        context.add_init_script(str(script))
    yield context.new_page()
    context.close()


def spent() -> float:
    """Seconds of CPU that all processes of the browser have used."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                times = process.cpu_times()
                total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total


def share_of_a_core(page: Page, seconds: float) -> tuple[float, list[float]]:
    """Percent of a core that the browser takes while it shows `page`, and the tasks over 50 ms, in milliseconds."""
    since = page.evaluate("performance.now()")
    before, began = spent(), time.monotonic()
    page.wait_for_timeout(1_000 * seconds)
    taken = 100 * (spent() - before) / (time.monotonic() - began)
    held: list[float] = page.evaluate("since => held.filter(([at]) => at >= since).map(([, took]) => took)", since)
    return taken, held


def heap_bytes(session: CDPSession) -> float:
    """What a page's scripts hold once what nobody holds is thrown away."""
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return used
