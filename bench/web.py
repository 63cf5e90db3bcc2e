"""The page: how soon there is a picture, what thirty charts take, how steady it is, and whether it grows.

A real Chromium without a graphics card on a running suite. BINNACLE_BENCH_SECONDS (30) is how long CPU is counted;
BINNACLE_BENCH_ONLY (`first`, `fifty`, `cpu`, `day`, `memory`, with commas between) chooses lines.
"""

import math
import os
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any
from urllib.parse import urlencode

import httpx
from playwright.sync_api import Browser, Page, ViewportSize

from bench import web_hour, web_rival
from bench.report import Result, note, tell
from bench.rivals import Missing
from bench.web_browser import SCREEN, chromium, opened, share_of_a_core
from tests.support import fifty
from tests.support.fifty import fifty_widgets, shown_within
from tests.support.suite import Suite, running_suite

CHARTS, SERIES, SECONDS_SHOWN = 30, 10, 300
DAY_CHARTS, DAY_MINUTES = 12, 1_430
CHARTS_AN_HOUR = 4
TIMES = 5
POINTS_A_REQUEST = 9_000
WARM_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
# What comes late is rolled up once nothing has come for a while.
SETTLE_SECONDS = 20.0
# So tall that no chart is out of sight, and no taller: what is empty is painted too.
TALL: ViewportSize = {"width": 1920, "height": 16_000}
DAY_TALL: ViewportSize = {"width": 1920, "height": 6_000}
LIVE = '[data-testid="connection"][data-condition="live"]'
MEBIBYTE = 1024 * 1024
# Times from the beginning of the navigation until a live picture is on the screen.
PICTURED = """
    const look = () => {
        const isLive = document.querySelector('[data-testid="connection"][data-condition="live"]') !== null;
        if (!isLive) return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => (window.pictured = performance.now())));
    };
    requestAnimationFrame(look);
"""
# Milliseconds from going to an address until so many charts are drawn and their tables stand beside them.
GO = """async ([address, charts]) => {
    const start = performance.now();
    history.pushState(null, '', address);
    dispatchEvent(new PopStateEvent('popstate'));
    const drawn = () => document.querySelectorAll('[data-panel] canvas').length >= charts
        && document.querySelectorAll('[data-panel] tbody tr').length >= charts;
    while (!drawn()) await new Promise(requestAnimationFrame);
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
}"""
LOADED = """performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""


def run() -> None:
    """Measure and tell."""
    chosen = os.environ.get("BINNACLE_BENCH_ONLY", "first,fifty,cpu,day,memory").split(",")
    seconds = float(os.environ.get("BINNACLE_BENCH_SECONDS", "30"))
    with running_suite() as suite, chromium() as browser:
        if "first" in chosen:
            _first(suite, browser)
        if "fifty" in chosen:
            _fifty(suite, browser)
        if "cpu" in chosen:
            _cpu(suite, browser, seconds)
        if "day" in chosen:
            _day(suite, browser)
        if "memory" in chosen:
            _memory(suite, browser)


def _first(suite: Suite, browser: Browser) -> None:
    suite.post("/events", [{"type": "request", "service": "shop", "data": {"endpoint": "/", "latency_ms": 9}}] * 50)
    times, size = [], 0.0
    for _each in range(TIMES):
        with opened(browser, script=PICTURED) as page:
            page.goto(suite.url)
            page.wait_for_function("window.pictured")
            times.append(page.evaluate("window.pictured"))
            size = page.evaluate(LOADED)
    tell(Result("web.first", statistics.median(times) / 1000, "s", goal=1.5))
    tell(Result("web.first.size", size / 1024, "KB", goal=250.0))


def _fifty(suite: Suite, browser: Browser) -> None:
    """A dashboard of fifty widgets that somebody has open: until another sees the values of all."""
    address = fifty_widgets(suite)
    with opened(browser, fifty.TALL) as other:
        shown_within(other, address, PATIENCE_SECONDS)
        times = []
        for _each in range(TIMES):
            with opened(browser, fifty.TALL) as page:
                times.append(shown_within(page, address, PATIENCE_SECONDS))
    tell(Result("web.fifty", statistics.median(times), "s", goal=1.0))
    tell(Result("web.fifty.slowest", max(times), "s"))


def _cpu(suite: Suite, browser: Browser, seconds: float) -> None:
    now = int(time.time())
    _send(suite, (_second(at) for at in range(now - SECONDS_SHOWN, now)))
    for name, screen in (("web.cpu", TALL), ("web.cpu.window", SCREEN)):
        with _sending(suite), opened(browser, screen) as page:
            page.goto(suite.url + address(CHARTS, "5m"))
            seen = CHARTS if screen is TALL else 1
            page.wait_for_function(f"document.querySelectorAll('[data-panel] canvas').length >= {seen}")
            page.wait_for_timeout(1_000 * WARM_SECONDS)
            taken, held = share_of_a_core(page, seconds)
        beside = _rival(browser, screen, seconds)
        tell(Result(name, taken, "% of a core", beside, beside and taken / beside, 30.0))
        tell(Result(f"{name}.held", len(held), "tasks over 50 ms", goal=0.0))


def _rival(browser: Browser, screen: ViewportSize, seconds: float) -> float | None:
    try:
        with opened(browser, screen) as page:
            web_rival.show(page, CHARTS, SERIES, SECONDS_SHOWN)
            page.wait_for_timeout(1_000 * WARM_SECONDS)
            return share_of_a_core(page, seconds)[0]
    except Missing as missing:
        note(f"no {web_rival.NAME} beside it: {missing}")
        return None


def _day(suite: Suite, browser: Browser) -> None:
    now = int(time.time())
    _send(suite, (_second(now - 60 * minute, DAY_CHARTS) for minute in range(DAY_MINUTES)))
    time.sleep(SETTLE_SECONDS)
    with opened(browser, DAY_TALL) as page:
        page.goto(f"{suite.url}/app/explore")
        page.wait_for_selector(LIVE)
        times = [_went(page, address(DAY_CHARTS, "24h")) for _each in range(TIMES)]
    tell(Result("web.day", statistics.median(times), "ms", goal=500.0))
    tell(Result("web.day.slowest", max(times), "ms"))


def _went(page: Page, where: str) -> float:
    taken: float = page.evaluate(GO, [where, DAY_CHARTS])
    page.evaluate("history.pushState(null, '', '/app/explore'); dispatchEvent(new PopStateEvent('popstate'))")
    page.wait_for_function("document.querySelectorAll('[data-panel] canvas').length === 0")
    return taken


def _memory(suite: Suite, browser: Browser) -> None:
    for name, where, asked in (
        ("overview", "/app/overview", 0),
        ("explore", address(CHARTS_AN_HOUR, "5m"), CHARTS_AN_HOUR),
    ):
        with opened(browser) as page:
            early, late = web_hour.play(page, suite.url + where, asked)
        note(f"{name}: {early / MEBIBYTE:.2f} MB after ten minutes' worth, {late / MEBIBYTE:.2f} after an hour's")
        tell(Result(f"web.memory.{name}", (late - early) / MEBIBYTE, "MB", goal=1.0))


def address(charts: int, last: str) -> str:
    """Where so many charts are, of ten series each."""
    return f"/app/explore?{urlencode([('last', last), *(('metric', _metric(number)) for number in range(charts))])}"


def _metric(number: int) -> str:
    return f"bench_{number:02d}"


def _second(at: int, charts: int = CHARTS) -> list[dict[str, Any]]:
    return [
        {
            "name": _metric(number),
            "value": round(100 * number + 10 * host + 20 * math.sin(at / 37 + host), 3),
            "tags": {"host": f"host-{host}"},
            "timestamp": at,
        }
        for number in range(charts)
        for host in range(SERIES)
    ]


def _send(suite: Suite, seconds: Iterator[Sequence[dict[str, Any]]]) -> None:
    points = chain.from_iterable(seconds)
    while batch := list(islice(points, POINTS_A_REQUEST)):
        suite.post("/metrics", batch)


@contextmanager
def _sending(suite: Suite) -> Iterator[None]:
    """Within the block each second brings a value of every series."""
    ended = threading.Event()

    def send() -> None:
        with httpx.Client(base_url=suite.url) as client:
            while not ended.wait(1.0 - time.time() % 1.0):
                client.post("/metrics", json=_second(int(time.time())))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
