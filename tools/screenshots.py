"""Takes the pictures for the docs: the web app on a whole suite with demonstration input, in Debian's Chromium.

`python -m tools.screenshots [--warm SECONDS] [--into DIR]` writes `<view>-<dark|light>-<desktop|phone>.png`. The
charts show five minutes, so that is how long the suite runs first unless told otherwise.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from tools.pictured import receivers, set_up

ROOT = Path(__file__).resolve().parent.parent
VIEWS = {
    "overview": "/",
    "dashboards": "/app/dashboards",
    "dashboard": "/app/dashboards/shop?last=15m",
    "alerts": "/app/alerts?state=all",
    "alert": "/app/alerts?rule=pages-slow&state=all",
    "incidents": "/app/alerts?show=incidents&state=all",
    "history": "/app/alerts?show=history&last=15m",
    "silences": "/app/alerts?show=silences",
    "rule": "/app/alerts?show=rules&open=pages-slow",
    "notifiers": "/app/alerts?show=notifiers",
    "explore": "/app/explore?last=5m&metric=traffic:p95_latency_ms&by=service&metric=process_cpu_percent",
    "logs": "/app/logs?last=5m",
    "patterns": "/app/logs?last=5m&show=patterns",
    "events": "/app/events?last=15m",
    "traces": "/app/traces?last=5m&order=longest",
    "trace": "/app/traces?last=15m&service=checkout&order=longest",
    "map": "/app/traces?last=15m&show=map",
    "sessions": "/app/sessions?last=1h",
    "funnel": "/app/sessions?last=1h&show=funnel&step=page_view&step=cart_add&step=purchase&by=country",
    "integrations": "/app/integrations?last=15m",
    "integration": "/app/integrations?last=15m",
    "pipeline": "/app/pipeline",
    "admin": "/app/admin?show=usage&last=7d",
}
# What is a press away from where it begins.
PRESSED = {
    "alert": "[data-panel=alerts] tbody a",
    "trace": "[data-panel=traces] tbody a",
    "integration": "[data-panel=integrations] tbody a",
}
READY_SECONDS = 90.0
STOP_SECONDS = 30.0
WARM_SECONDS = 310.0
SETTLE_MS = 4_000
# Without these Chromium asks the outside for updates and the like at every start.
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Screen(NamedTuple):
    """A screen in CSS pixels, and how many of its own pixels each of them has."""

    width: int
    height: int
    scale: float
    whole_page: bool


SCREENS = {"desktop": Screen(1440, 900, 1, True), "phone": Screen(360, 1560, 2, False)}


@contextmanager
def demo_suite() -> Iterator[str]:
    """A suite with demonstration input in a fresh folder; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="binnacle-pictures-") as folder:
        binnacle = str(Path(sys.executable).with_name("binnacle"))
        command = [binnacle, "up", "--demo", "--port", str(port), "--data-dir", folder]
        # What is told in the pictures goes to this machine.
        launcher = subprocess.Popen(command, env=os.environ | {"BINNACLE_OUTGOING_HOSTS": "127.0.0.1"})
        try:
            wait_ready(f"http://127.0.0.1:{port}/health", launcher)
            yield f"http://127.0.0.1:{port}"
        finally:
            launcher.terminate()
            launcher.wait(STOP_SECONDS)


def wait_ready(address: str, launcher: subprocess.Popen[bytes]) -> None:
    """Return once the address answers 200; fail when the launcher ends or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while launcher.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise SystemExit("The suite did not become ready; its log is above.")


def take(
    browser: Browser, address: str, pressed: str | None, scheme: Literal["dark", "light"], screen: Screen, target: Path
) -> None:
    """One picture of one page, once it is live and what is to be `pressed` was."""
    page = browser.new_page(
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=screen.scale,
        color_scheme=scheme,
    )
    page.goto(address)
    page.wait_for_selector('[data-testid="connection"][data-condition="live"]')
    if pressed:
        page.locator(pressed).first.click()
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=target, full_page=screen.whole_page)
    page.close()
    print(target)


def main() -> None:
    """Start the suite, let its charts fill, take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", type=float, default=WARM_SECONDS, help="seconds the suite runs first")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "img", help="folder of the pictures")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("No Chromium here; on Debian: apt-get install chromium")
    given.into.mkdir(parents=True, exist_ok=True)
    with receivers() as receiver, demo_suite() as address, sync_playwright() as playwright:
        set_up(address, receiver)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        time.sleep(given.warm)
        for view, path in VIEWS.items():
            for scheme in ("dark", "light"):
                for size, screen in SCREENS.items():
                    target = given.into / f"{view}-{scheme}-{size}.png"
                    take(browser, address + path, PRESSED.get(view), scheme, screen, target)
        browser.close()


if __name__ == "__main__":
    main()
