"""Takes the pictures for the docs: the web app on a whole suite with demonstration input, in Debian's Chromium.

`python -m tools.screenshots [--warm SECONDS] [--into DIR]` writes `<view>-<dark|light>-<desktop|phone>.png`. The
charts show five minutes, so that is how long the suite runs first unless told otherwise.
"""

import argparse
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

ROOT = Path(__file__).resolve().parent.parent
VIEWS = {"overview": "/"}
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
        launcher = subprocess.Popen(command)
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


def take(browser: Browser, address: str, scheme: Literal["dark", "light"], screen: Screen, target: Path) -> None:
    """One picture of one page, once it is live."""
    page = browser.new_page(
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=screen.scale,
        color_scheme=scheme,
    )
    page.goto(address)
    page.wait_for_selector('[data-testid="connection"][data-condition="live"]')
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
    with demo_suite() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        time.sleep(given.warm)
        for view, path in VIEWS.items():
            for scheme in ("dark", "light"):
                for size, screen in SCREENS.items():
                    take(browser, address + path, scheme, screen, given.into / f"{view}-{scheme}-{size}.png")
        browser.close()


if __name__ == "__main__":
    main()
